// Package syncrun moves an integration's records in short steps.
//
// A run is a row; a step is a job. Each step reads from the connector outside
// any transaction, up to a resume token, then saves in one transaction: the
// records, the position under the version it started from (the fence), one feed
// entry, the job's completion and the next step. So a killed process loses
// nothing and doubles nothing: what was not committed is read again, and a
// second worker at the same step is refused by the fence (design, section 4).
//
// A run survives crashes; it fails only after several at one step. One object
// that cannot be read makes a run PARTIAL, never FAILED and never SUCCEEDED
// (requirement G4).
package syncrun

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// StepKind is the kind of the jobs that advance runs.
const StepKind = "syncrun.step"

// queue keeps syncs from taking the slots of what people wait for.
const queue = "sync"

// Integrations is the part of the integration use case that a run needs.
type Integrations interface {
	// Call runs do with a fresh access token; see integration.Service.Call.
	Call(ctx context.Context, integrationID string, do func(ctx context.Context, connector string, target crm.Target) error) error
	// RunChecklist tests the connection and saves the items.
	RunChecklist(ctx context.Context, integrationID string) error
}

// Permissions is the part of the permission use case that a run needs.
type Permissions interface {
	// CheckForRun checks the rights on objects (nil means all of the package)
	// and saves what changed.
	CheckForRun(ctx context.Context, integrationID string, objects []string) error
}

// Picklists is the use case that keeps the choices of settings.
type Picklists interface {
	// Refresh brings the choices up to date that the integration's settings are made
	// from. That the CRM does not answer is no error.
	Refresh(ctx context.Context, integrationID string) error
}

// Reader reads records through a connector.
type Reader interface {
	Read(ctx context.Context, connector string, target crm.Target, request crm.ReadRequest, yield func(crm.Batch) error) error
}

// Limits bound one step. The zero value means the defaults of DefaultLimits.
type Limits struct {
	// Records, Bytes and Time end a step's reading, whichever comes first.
	Records int
	Bytes   int
	Time    time.Duration
	// Crashes is how many crashes at one step fail the run.
	Crashes int
	// Attempts is how many times a step's reading is tried before its object fails.
	Attempts int
	// Backoff is the wait before the second attempt; it doubles each time.
	Backoff time.Duration
}

// DefaultLimits keep a step's transaction well below its deadline on a busy
// machine; 2,000 records are a page of most CRMs.
func DefaultLimits() Limits {
	return Limits{Records: 2000, Bytes: 8 << 20, Time: 10 * time.Second, Crashes: 5, Attempts: 5, Backoff: 2 * time.Second}
}

// Config is what a Service is made of; all of it is required but Picklists and Limits.
type Config struct {
	Store        *store.Store
	Jobs         *job.Engine
	Integrations Integrations
	Permissions  Permissions
	Picklists    Picklists
	Reader       Reader
	Logger       *slog.Logger
	Limits       Limits
}

// Service makes runs and advances them.
type Service struct {
	store        *store.Store
	jobs         *job.Engine
	integrations Integrations
	permissions  Permissions
	picklists    Picklists
	reader       Reader
	log          *slog.Logger
	limits       Limits
}

// New makes a Service and registers its step handler; call it before the job
// engine starts.
func New(config Config) (*Service, error) {
	if config.Store == nil || config.Jobs == nil || config.Integrations == nil || config.Permissions == nil || config.Reader == nil || config.Logger == nil {
		return nil, errors.New("syncrun: incomplete config")
	}
	if config.Limits == (Limits{}) {
		config.Limits = DefaultLimits()
	}
	s := &Service{
		store: config.Store, jobs: config.Jobs, integrations: config.Integrations, permissions: config.Permissions, picklists: config.Picklists,
		reader: config.Reader, log: config.Logger, limits: config.Limits,
	}
	s.jobs.Register(StepKind, s.step, job.HandlerOptions{
		Queue:   queue,
		Timeout: 3 * config.Limits.Time,
		Backoff: s.backoff,
		// The step itself decides when to give up (Limits.Attempts), so that
		// giving up is a saved verdict and not a discarded job.
		MaxAttempts: 1000,
	})
	return s, nil
}

func (s *Service) backoff(attempt int) time.Duration {
	wait := s.limits.Backoff
	for range min(attempt-1, 6) {
		wait *= 2
	}
	return wait
}

// givenUp reports whether a failed attempt was the last worth making.
func (s *Service) givenUp(err error, attempt int) bool {
	e, ok := fault.From(err)
	if !ok {
		return attempt >= s.limits.Attempts
	}
	switch e.Info().Retry {
	case fault.RetryNever:
		return true
	case fault.RetryLater:
		// A spent quota does not come back within a run's time.
		return e.Code == fault.CRMQuotaExhausted || attempt >= s.limits.Attempts
	default:
		return attempt >= s.limits.Attempts
	}
}

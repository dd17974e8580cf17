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
// that cannot be read makes a run PARTIAL, never FAILED and never SUCCEEDED, and so
// does a record that was not taken (requirement G4).
//
// A run spends no more of the CRM's APIs than it may (requirement G5): a short limit
// makes it wait, a limit of the day ends it RATE_LIMITED with its position kept, and
// the next run goes on there. Each step's calls are counted in its transaction.
package syncrun

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/runlog"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/usage"
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

// Alerts opens and resolves alerts inside the caller's transaction, which must hold
// the integration's lock (snapshot.Lock).
type Alerts interface {
	Apply(ctx context.Context, tx *store.Tx, integration *ent.Integration, intents []crm.AlertIntent) error
	// ResolveAll resolves the open alerts of the rules.
	ResolveAll(ctx context.Context, tx *store.Tx, integration *ent.Integration, resolution crm.AlertResolution, rules ...crm.AlertRule) error
}

// Pauser pauses an integration by itself, inside the caller's transaction.
type Pauser interface {
	AutoPause(ctx context.Context, tx *store.Tx, row *ent.Integration, reason string) error
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
	// Backoff is the most that the wait before the second attempt takes; it doubles
	// with each attempt, up to five minutes.
	Backoff time.Duration
	// Waits is how many times in a row a step waits for a short limit of the CRM before
	// the run ends until the next day.
	Waits int
	// LimitBackoff is the most that the first wait for a limit takes of which the CRM
	// does not say when it ends; it doubles with each wait, up to an hour.
	LimitBackoff time.Duration
}

// DefaultLimits keep a step's transaction well below its deadline on a busy
// machine; 2,000 records are a page of most CRMs.
func DefaultLimits() Limits {
	return Limits{
		Records: 2000, Bytes: 8 << 20, Time: 10 * time.Second, Crashes: 5, Attempts: 5, Backoff: 2 * time.Second,
		Waits: 20, LimitBackoff: 30 * time.Second,
	}
}

// Config is what a Service is made of; all of it is required but Picklists, Limits and
// AutoPause.
type Config struct {
	Store        *store.Store
	Jobs         *job.Engine
	Integrations Integrations
	Permissions  Permissions
	Picklists    Picklists
	Reader       Reader
	// Meter counts the calls that runs make: what Integrations, Permissions, Picklists
	// and Reader reach connectors through.
	Meter  *usage.Meter
	Log    *runlog.Log
	Alerts Alerts
	Pauser Pauser
	// Packages says which objects are still needed.
	Packages snapshot.Packages
	Logger   *slog.Logger
	Limits   Limits
	// AutoPause says when failing integrations are paused; the zero value means the
	// default.
	AutoPause crm.AutoPauseLimits
}

// Service makes runs and advances them.
type Service struct {
	store        *store.Store
	jobs         *job.Engine
	integrations Integrations
	permissions  Permissions
	picklists    Picklists
	reader       Reader
	meter        *usage.Meter
	runlog       *runlog.Log
	alerts       Alerts
	pauser       Pauser
	packages     snapshot.Packages
	log          *slog.Logger
	limits       Limits
	autoPause    crm.AutoPauseLimits
}

// New makes a Service and registers its step handler; call it before the job
// engine starts.
func New(config Config) (*Service, error) {
	if config.Store == nil || config.Jobs == nil || config.Integrations == nil || config.Permissions == nil || config.Reader == nil ||
		config.Meter == nil || config.Log == nil || config.Alerts == nil || config.Pauser == nil || config.Packages == nil || config.Logger == nil {
		return nil, errors.New("syncrun: incomplete config")
	}
	if config.Limits == (Limits{}) {
		config.Limits = DefaultLimits()
	}
	if config.AutoPause == (crm.AutoPauseLimits{}) {
		config.AutoPause = crm.DefaultAutoPauseLimits()
	}
	s := &Service{
		store: config.Store, jobs: config.Jobs, integrations: config.Integrations, permissions: config.Permissions, picklists: config.Picklists,
		reader: config.Reader, meter: config.Meter, runlog: config.Log, alerts: config.Alerts, pauser: config.Pauser, packages: config.Packages, log: config.Logger,
		limits: config.Limits, autoPause: config.AutoPause,
	}
	s.jobs.Register(StepKind, s.step, job.HandlerOptions{
		Queue:   queue,
		Timeout: 3 * config.Limits.Time,
		Backoff: panicBackoff,
		// The step itself decides when to give up (maxAttempts), so that giving up is a
		// saved verdict and not a discarded job.
		MaxAttempts: 1000,
	})
	return s, nil
}

// AutoPauseLimits are the limits that hold.
func (s *Service) AutoPauseLimits() crm.AutoPauseLimits { return s.autoPause }

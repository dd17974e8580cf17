package permission

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Caller runs do with a fresh access token of an integration; it refreshes the
// token once and repeats do when the CRM says that it expired. integration.Service
// implements it.
type Caller interface {
	Call(ctx context.Context, integrationID string, do func(ctx context.Context, connector string, target crm.Target) error) error
}

// Checker asks a connector for the rights on objects; the connector host implements
// it. Errors are *fault.Error.
type Checker interface {
	CheckPermissions(ctx context.Context, connector string, target crm.Target, request crm.CheckRequest) ([]crm.ObjectCheck, crm.CheckOutcome, error)
}

// Jobs enqueues a job in a transaction; *job.Engine implements it.
type Jobs interface {
	Enqueue(ctx context.Context, tx *store.Tx, kind, workspaceID string, payload any, opts ...job.Option) (int64, error)
}

// Meter says what an integration may still spend, and what a connector's calls cost;
// *usage.Meter implements it.
type Meter interface {
	Describe(connector string) (crm.Manifest, error)
	Allowance(ctx context.Context, client *ent.Client, integration *ent.Integration, at time.Time) (crm.Allowance, error)
}

// Picklists brings the choices up to date that settings are made from;
// *picklist.Service implements it.
type Picklists interface {
	Refresh(ctx context.Context, integrationID string) error
}

// Defaults of Config.
const (
	DefaultConfirmDelay = 5 * time.Second
	DefaultFreshFor     = 60 * time.Second
)

// Config is what a Service is made of; all of it is required but the picklists, the
// hook, the time and the durations.
type Config struct {
	Store    *store.Store
	Caller   Caller
	Checker  Checker
	Jobs     Jobs
	Alerts   *alert.Service
	Mappings *mapping.Service
	Packages snapshot.Packages
	Meter    Meter
	Logger   *slog.Logger
	// Picklists are fetched before an onboarding check is over, so that the settings
	// can be decided then. Optional.
	Picklists Picklists
	// OnOnboarded runs when an onboarding check had an answer for every object: the
	// step CHECK of the onboarding is done. Optional.
	OnOnboarded func(ctx context.Context, tx *store.Tx, integrationID string) error
	// Now gives the time that decides which probes are due: the database's own, so that
	// nodes with wrong clocks agree. Nil is the store's clock.
	Now func(ctx context.Context) (time.Time, error)
	// ConfirmDelay is how long after a suspicion the second probe is made; zero is
	// five seconds.
	ConfirmDelay time.Duration
	// FreshFor is how old a verdict may be before looking at an object's fields
	// starts another check (design section 11); zero is a minute.
	FreshFor time.Duration
}

// Service checks permissions and keeps the verdicts. It is safe for concurrent use.
type Service struct {
	store        *store.Store
	caller       Caller
	checker      Checker
	jobs         Jobs
	alerts       *alert.Service
	mappings     *mapping.Service
	packages     snapshot.Packages
	meter        Meter
	dueNow       func(ctx context.Context) (time.Time, error)
	log          *slog.Logger
	picklists    Picklists
	onOnboarded  func(ctx context.Context, tx *store.Tx, integrationID string) error
	confirmDelay time.Duration
	freshFor     time.Duration
	looks        looks
	// tidiedAt is when old snapshots were last looked for, in Unix seconds.
	tidiedAt atomic.Int64
}

// New makes a Service. Register its job handlers before the engine starts.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Caller == nil || c.Checker == nil || c.Jobs == nil || c.Alerts == nil || c.Mappings == nil || c.Packages == nil || c.Meter == nil || c.Logger == nil {
		return nil, errors.New("permission: incomplete config")
	}
	if c.ConfirmDelay == 0 {
		c.ConfirmDelay = DefaultConfirmDelay
	}
	if c.FreshFor == 0 {
		c.FreshFor = DefaultFreshFor
	}
	if c.Now == nil {
		clock := c.Store.Clock()
		c.Now = func(context.Context) (time.Time, error) { return clock.Now(), nil }
	}
	return &Service{
		store: c.Store, caller: c.Caller, checker: c.Checker, jobs: c.Jobs, alerts: c.Alerts, mappings: c.Mappings,
		packages: c.Packages, meter: c.Meter, dueNow: c.Now, log: c.Logger, picklists: c.Picklists, onOnboarded: c.OnOnboarded, confirmDelay: c.ConfirmDelay, freshFor: c.FreshFor,
	}, nil
}

// checkable refuses integrations that hold no credential to check with, and those
// that are paused: nothing calls the CRM then (requirement C11).
func checkable(integration *ent.Integration) error {
	switch integration.State {
	case crm.IntegrationOnboarding, crm.IntegrationActive:
		return nil
	case crm.IntegrationPaused:
		return fault.New(fault.IntegrationState, "The integration is paused, so nothing is checked.",
			fault.Detail("state", string(integration.State)))
	default:
		return fault.New(fault.IntegrationState, "The integration is not connected to the CRM, so nothing can be checked.",
			fault.Detail("state", string(integration.State)))
	}
}

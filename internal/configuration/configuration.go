package configuration

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/apibudget"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/recipient"
	"github.com/fieldwarden/fieldwarden/internal/settings"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Schedules sets when daily runs start; schedule.Service is one.
type Schedules interface {
	SetScheduleTx(ctx context.Context, tx *store.Tx, integrationID, wall, zone string) (notes []string, err error)
}

// Budgets sets what runs may spend; syncrun.Service is one.
type Budgets interface {
	SetBudgetTx(ctx context.Context, tx *store.Tx, integrationID, apiType string, dailyLimit *int) error
	SetQuotaShareTx(ctx context.Context, tx *store.Tx, integrationID string, percent int) error
}

// Config is what a Service is made of; all of it is required.
type Config struct {
	Store      *store.Store
	Settings   *settings.Service
	Mappings   *mapping.Service
	Recipients *recipient.Service
	Schedules  Schedules
	Budgets    Budgets
	Packages   snapshot.Packages
}

// Service writes and reads configuration documents and copies configurations. It is
// safe for concurrent use.
type Service struct{ Config }

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Settings == nil || c.Mappings == nil || c.Recipients == nil || c.Schedules == nil || c.Budgets == nil || c.Packages == nil {
		return nil, errors.New("configuration: incomplete config")
	}
	return &Service{Config: c}, nil
}

// Kind is what an effect is about.
type Kind string

// Kinds of effects, in the order of a plan.
const (
	KindSchedule  Kind = "SCHEDULE"
	KindBudget    Kind = "BUDGET"
	KindSetting   Kind = "SETTING"
	KindMapping   Kind = "MAPPING"
	KindRecipient Kind = "RECIPIENT"
)

// Effect is one thing that a change does, or would do.
type Effect struct {
	// Subject is a setting's key, a standard field, an address, "schedule" or "budget".
	Subject string `json:"subject"`
	Kind    Kind   `json:"kind"`
	// Description is a sentence for a person.
	Description string `json:"description"`
	// Before and After become JSON; nil is null.
	Before any `json:"before"`
	After  any `json:"after"`
	// Destructive says that something is taken away.
	Destructive bool `json:"destructive"`
}

// Result is what a change did, or would do.
type Result struct {
	Plan    []Effect `json:"plan"`
	Applied bool     `json:"applied"`
}

// mayConfigure lets those pass who may change settings, mappings, schedules, budgets
// and recipients, all of which a document does.
func mayConfigure(ctx context.Context) error {
	if p, ok := principal.From(ctx); !ok || !p.May(principal.ScopeConfigure) {
		return fault.New(fault.Forbidden, "Only an admin changes the configuration.", fault.Detail("scope", string(principal.ScopeConfigure)))
	}
	return nil
}

// errDryRun ends the transaction of a dry run.
var errDryRun = errors.New("configuration: dry run")

// change runs do in one transaction and rolls it back when it is a dry run. A dry run
// leaves its idempotency key free: the same key can carry the change itself.
func (s *Service) change(
	ctx context.Context, key, operation string, request any, dryRun bool, do func(ctx context.Context, tx *store.Tx) ([]Effect, error),
) (Result, error) {
	if dryRun {
		var plan []Effect
		err := s.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			if plan, err = do(ctx, tx); err != nil {
				return err
			}
			return errDryRun
		})
		if !errors.Is(err, errDryRun) {
			return Result{}, err
		}
		return Result{Plan: plan}, nil
	}
	return store.Idempotent(ctx, s.Store, key, operation, request, func(ctx context.Context, tx *store.Tx) (Result, error) {
		plan, err := do(ctx, tx)
		return Result{Plan: plan, Applied: true}, err
	})
}

// budgetsOf reads the limits of an integration by API type.
func budgetsOf(ctx context.Context, client *ent.Client, integrationID string) (map[string]int, error) {
	rows, err := client.ApiBudget.Query().Where(apibudget.IntegrationID(integrationID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("configuration: budgets: %w", err)
	}
	limits := make(map[string]int, len(rows))
	for _, row := range rows {
		limits[row.APIType] = row.DailyLimit
	}
	return limits, nil
}

package syncrun

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// RunNow starts a manual run (requirement G7). It is refused while another run
// of the integration is active.
func (s *Service) RunNow(ctx context.Context, integrationID, idempotencyKey string) (string, error) {
	p, ok := principal.From(ctx)
	if !ok || !p.IsAdmin() {
		return "", fault.New(fault.Forbidden, "Only an admin may start a run.")
	}
	return store.Idempotent(ctx, s.store, idempotencyKey, "runNow", integrationID, func(ctx context.Context, tx *store.Tx) (string, error) {
		found, err := tx.Ent().Integration.Query().Where(integration.ID(integrationID)).Only(ctx)
		if ent.IsNotFound(err) {
			return "", fault.New(fault.NotFound, "There is no integration with this id.", fault.Field("integrationId"))
		}
		if err != nil {
			return "", fmt.Errorf("syncrun: loading integration: %w", err)
		}
		run, err := s.Insert(ctx, tx, found, crm.RunManual, crm.LocalDate(tx.Now(), Zone(found)).String())
		if err != nil {
			return "", err
		}
		return run.ID, tx.Audit(ctx, store.AuditItem{Action: "runNow", Target: run.ID, Outcome: crm.AuditSucceeded})
	})
}

// EnqueueOnboarding makes the first run of an integration, inside the
// transaction that activates it.
func (s *Service) EnqueueOnboarding(ctx context.Context, tx *store.Tx, found *ent.Integration) error {
	_, err := s.Insert(ctx, tx, found, crm.RunOnboarding, crm.LocalDate(tx.Now(), Zone(found)).String())
	return err
}

// Insert makes a run and enqueues its first step, inside tx. The database holds
// two rules: one SCHEDULED or CATCH_UP run per integration and local date, and
// one active run per integration (requirements G1, G7). RUN_ACTIVE means that
// another run is in the way, CONFLICT that the date has its daily run already.
func (s *Service) Insert(ctx context.Context, tx *store.Tx, found *ent.Integration, kind crm.RunKind, localDate string) (*ent.SyncRun, error) {
	if found.State != crm.IntegrationActive {
		return nil, fault.New(fault.IntegrationState, fmt.Sprintf("The integration is %s; only an ACTIVE one syncs.", found.State))
	}
	active, err := tx.Ent().SyncRun.Query().Where(syncrun.ActiveKey(found.ID)).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("syncrun: looking for an active run: %w", err)
	}
	if active {
		return nil, fault.New(fault.RunActive, "Another run of this integration is active.")
	}
	daily := kind == crm.RunScheduled || kind == crm.RunCatchUp
	dateKey := found.ID + "/" + localDate
	if daily {
		taken, err := tx.Ent().SyncRun.Query().Where(syncrun.DateKey(dateKey)).Exist(ctx)
		if err != nil {
			return nil, fmt.Errorf("syncrun: looking for the date's run: %w", err)
		}
		if taken {
			return nil, fault.New(fault.Conflict, fmt.Sprintf("The daily run of %s exists already.", localDate))
		}
	}
	create := tx.Ent().SyncRun.Create().
		SetWorkspaceID(found.WorkspaceID).SetIntegrationID(found.ID).SetCreatedAt(tx.Now()).
		SetKind(kind).SetLocalDate(localDate).SetActiveKey(found.ID)
	if p, ok := principal.From(ctx); ok {
		create.SetRequestedBy(p.ID)
	}
	if daily {
		create.SetDateKey(dateKey)
	}
	run, err := create.Save(ctx)
	if ent.IsConstraintError(err) {
		return nil, fault.New(fault.RunActive, "Another node made this run.", fault.Cause(err))
	}
	if err != nil {
		return nil, fmt.Errorf("syncrun: inserting run: %w", err)
	}
	tx.Feed(progress(run, ""))
	return run, s.enqueueStep(ctx, tx, run)
}

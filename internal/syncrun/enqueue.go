package syncrun

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// EnqueueOnboarding makes the first run of an integration, inside the
// transaction that activates it.
func (s *Service) EnqueueOnboarding(ctx context.Context, tx *store.Tx, found *ent.Integration) error {
	_, err := s.Insert(ctx, tx, found, crm.RunOnboarding, crm.LocalDate(tx.Now(), Zone(found)).String())
	return err
}

// Insert makes a run of all objects and enqueues its first step, inside tx. The
// database holds two rules: one SCHEDULED or CATCH_UP run per integration and local
// date, and one active run per integration (requirements G1, G7). RUN_ACTIVE means that
// another run is in the way, CONFLICT that the date has its daily run already.
func (s *Service) Insert(ctx context.Context, tx *store.Tx, found *ent.Integration, kind crm.RunKind, localDate string) (*ent.SyncRun, error) {
	return s.insert(ctx, tx, found, newRun{kind: kind, localDate: localDate})
}

// newRun is a run to be.
type newRun struct {
	kind      crm.RunKind
	localDate string
	// objects are the only ones to read; nil means all.
	objects []string
	// records are the only ones to read of each object; nil means all.
	records map[string][]string
}

func (s *Service) insert(ctx context.Context, tx *store.Tx, found *ent.Integration, wanted newRun) (*ent.SyncRun, error) {
	if found.State != crm.IntegrationActive {
		return nil, fault.New(fault.IntegrationState, fmt.Sprintf("The integration is %s; only an ACTIVE one syncs.", found.State))
	}
	if err := refuseWhileActive(ctx, tx, found.ID); err != nil {
		return nil, err
	}
	create := tx.Ent().SyncRun.Create().
		SetWorkspaceID(found.WorkspaceID).SetIntegrationID(found.ID).SetCreatedAt(tx.Now()).
		SetKind(wanted.kind).SetLocalDate(wanted.localDate).SetActiveKey(found.ID)
	if p, ok := principal.From(ctx); ok {
		create.SetRequestedBy(p.ID)
	}
	if wanted.kind == crm.RunScheduled || wanted.kind == crm.RunCatchUp {
		dateKey := found.ID + "/" + wanted.localDate
		taken, err := tx.Ent().SyncRun.Query().Where(syncrun.DateKey(dateKey)).Exist(ctx)
		if err != nil {
			return nil, fmt.Errorf("syncrun: looking for the date's run: %w", err)
		}
		if taken {
			return nil, fault.New(fault.Conflict, fmt.Sprintf("The daily run of %s exists already.", wanted.localDate))
		}
		create.SetDateKey(dateKey)
	}
	if wanted.objects != nil {
		create.SetObjectsWanted(wanted.objects)
	}
	if wanted.records != nil {
		create.SetRecordsWanted(wanted.records)
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

func refuseWhileActive(ctx context.Context, tx *store.Tx, integrationID string) error {
	active, err := tx.Ent().SyncRun.Query().Where(syncrun.ActiveKey(integrationID)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: looking for an active run: %w", err)
	}
	if active {
		return fault.New(fault.RunActive, "Another run of this integration is active.")
	}
	return nil
}

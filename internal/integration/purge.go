package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/failedrecord"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/record"
	"github.com/fieldwarden/fieldwarden/ent/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// PurgeKind is the kind of the jobs that delete imported data.
const PurgeKind = "integration.purge"

const (
	// purgeBatch is how many rows one transaction deletes: a fraction of a second.
	purgeBatch = 1000
	// purgeAttempts is many: nothing but the purge lets somebody sign in again.
	purgeAttempts = 1000
	// purgeWait is the pause until a run under way has noticed that it is over.
	purgeWait = 2 * time.Second
)

// jobPayload is what the jobs of this package carry.
type jobPayload struct {
	IntegrationID string `json:"integrationId"`
}

// integrationOf reads the integration of a job; nil when it is gone.
func (s *Service) integrationOf(ctx context.Context, j job.Job) (*ent.Integration, error) {
	var p jobPayload
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return nil, fault.New(fault.Internal, "A job has an unreadable payload.", fault.Cause(err))
	}
	row, err := snapshot.Find(ctx, s.c.Store.Read(), p.IntegrationID)
	if fault.Is(err, fault.NotFound) {
		return nil, nil //nolint:nilnil // nothing is left to do
	}
	return row, err
}

// enqueuePurge asks for the deletion of an integration's imported data. The job is
// persisted with the transaction, so the deletion goes on after a restart.
func (s *Service) enqueuePurge(ctx context.Context, tx *store.Tx, row *ent.Integration) error {
	_, err := s.c.Jobs.Enqueue(ctx, tx, PurgeKind, row.WorkspaceID, jobPayload{IntegrationID: row.ID}, job.UniqueKey(row.ID))
	if err != nil {
		return fmt.Errorf("ask for the purge: %w", err)
	}
	return nil
}

// handlePurge deletes the imported data of an integration, a batch in a transaction,
// until nothing is left. Until then nobody signs in to the integration, so nothing
// is imported meanwhile; a run that was under way is waited for.
func (s *Service) handlePurge(ctx context.Context, j job.Job) error {
	row, err := s.integrationOf(ctx, j)
	if err != nil || row == nil || row.PurgeRequestedAt == nil {
		return err
	}
	running, err := s.c.Store.Read().SyncRun.Query().Where(syncrun.ActiveKey(row.ID)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for a run under way: %w", err)
	}
	if running {
		return job.Snooze(purgeWait)
	}
	for {
		deleted, err := s.purgeSome(ctx, row.ID)
		if err != nil {
			return err
		}
		if deleted == 0 {
			return s.purged(ctx, row)
		}
		if ctx.Err() != nil {
			return job.Snooze(0) // the job's time is up; the rest is for its next turn
		}
	}
}

// purgeSome deletes a batch of records, or else of the notes on failed ones, and
// returns how many.
func (s *Service) purgeSome(ctx context.Context, integrationID string) (int, error) {
	read := s.c.Store.Read()
	ids, err := read.Record.Query().Where(record.IntegrationID(integrationID)).Limit(purgeBatch).IDs(ctx)
	if err != nil {
		return 0, fmt.Errorf("look for imported records: %w", err)
	}
	deleted := 0
	if len(ids) > 0 {
		err := s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			deleted, err = tx.Ent().Record.Delete().Where(record.IDIn(ids...)).Exec(ctx)
			return err
		})
		return max(deleted, 1), err
	}
	if ids, err = read.FailedRecord.Query().Where(failedrecord.IntegrationID(integrationID)).Limit(purgeBatch).IDs(ctx); err != nil {
		return 0, fmt.Errorf("look for failed records: %w", err)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	err = s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		deleted, err = tx.Ent().FailedRecord.Delete().Where(failedrecord.IDIn(ids...)).Exec(ctx)
		return err
	})
	return max(deleted, 1), err
}

// purged ends a purge: somebody may sign in again.
func (s *Service) purged(ctx context.Context, row *ent.Integration) error {
	return s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Ent().Integration.Update().Where(integration.ID(row.ID), integration.PurgeRequestedAtNotNil()).
			ClearPurgeRequestedAt().SetUpdatedAt(tx.Now()).Save(ctx)
		if err != nil {
			return fmt.Errorf("end the purge: %w", err)
		}
		if n == 0 {
			return nil // another worker was faster
		}
		// Once more: a run's last step may have saved a position after the first time.
		if err := forgetPositions(ctx, tx, row.ID); err != nil {
			return err
		}
		announce(tx, row)
		return tx.Audit(ctx, store.AuditItem{Action: "integration.purged", Target: row.ID, Outcome: crm.AuditSucceeded})
	})
}

package syncrun

import (
	"context"
	"log/slog"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// sweep deletes, some at a time, the records that a reading from the beginning has
// not met: the CRM has them no more. Only a reading that came to the end gets here.
func (s *Service) sweep(ctx context.Context, j job.Job, run *ent.SyncRun, target *ent.RunObject, object *ent.CrmObject) error {
	most := s.stepRecords(j.Attempt)
	gone, err := s.store.UnmetRecords(ctx, run.IntegrationID, target.Name, run.Generation, most)
	if err != nil {
		return err
	}
	finished := len(gone) < most
	if len(gone) > 0 {
		s.log.InfoContext(ctx, "records are gone from the CRM", slog.String("run", run.ID), slog.String("object", target.Name), slog.Int("records", len(gone)))
	}
	return s.save(ctx, j, run, target.Name, func(u *ent.SyncRunUpdate) {
		if finished {
			nextObject(u)
		}
	}, func(ctx context.Context, tx *store.Tx) error {
		swept, err := tx.SweepRecords(ctx, run.IntegrationID, target.Name, run.Generation, gone)
		if err != nil {
			return err
		}
		if err := saveCounts(ctx, tx, run, target, crm.Counters{Deleted: swept}); err != nil || !finished {
			return err
		}
		return readToTheEnd(ctx, tx, target, object, run.ResumeToken, run.ReadFields)
	})
}

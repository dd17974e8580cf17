package syncrun

import (
	"context"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/plural"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// sweep deletes, some at a time, the records that a reading from the beginning has
// not met: the CRM has them no more. Only a reading that came to the end gets here.
func (s *Service) sweep(ctx context.Context, t *turn, target *ent.RunObject, object *ent.CrmObject) error {
	most := s.stepRecords(t.job.Attempt)
	gone, err := s.store.UnmetRecords(ctx, t.run.IntegrationID, target.Name, t.run.Generation, most)
	if err != nil {
		return err
	}
	finished := len(gone) < most
	if len(gone) > 0 {
		t.say(crm.LogInfo, "", plural.Of(len(gone), "record is", "records are")+" gone from the CRM.")
	}
	return s.save(ctx, t, func(u *ent.SyncRunUpdate) {
		if finished {
			nextObject(u)
		}
	}, func(ctx context.Context, tx *store.Tx) error {
		swept, err := tx.SweepRecords(ctx, t.run.IntegrationID, target.Name, t.run.Generation, gone)
		if err != nil {
			return err
		}
		counts := crm.Counters{Deleted: swept}
		if err := saveCounts(ctx, tx, t, target, counts); err != nil || !finished {
			return err
		}
		return readToTheEnd(ctx, tx, t, target, object, target.Counters.Add(counts), t.run.ResumeToken, t.run.ReadFields)
	})
}

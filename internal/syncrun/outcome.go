package syncrun

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/runobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/runlog"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// ending is how a run ends.
type ending struct {
	status crm.RunStatus
	reason string
	code   fault.Code
	// keep keeps the position of the object that was being read, so that the next run
	// goes on there.
	keep bool
	// limit is the limit of the day that ended the run.
	limit crm.LimitKind
}

// end ends the run, whatever it was at. Objects that had no turn, or whose turn was
// cut off, are SKIPPED with the run's reason.
func (s *Service) end(ctx context.Context, t *turn, e ending) error {
	now := s.store.Clock().Now().UTC()
	t.object = ""
	t.say(levelOf(e.status), e.code, endWords(e), "status", string(e.status))
	if e.status == crm.RunFailed && t.run.Phase != crm.PhaseEvaluate {
		t.errors = append(t.errors, runlog.Failure{Code: cmp.Or(e.code, fault.Internal), Message: e.reason})
	}
	return s.save(ctx, t, func(u *ent.SyncRunUpdate) {
		u.SetStatus(e.status).SetPhase(crm.PhaseDone).SetReason(crm.Shorten(e.reason, maxReason)).SetFaultCode(string(e.code)).
			SetFinishedAt(now).ClearActiveKey().ClearResumeToken()
		if e.status == crm.RunRateLimited && t.integration.NextRunAt != nil {
			u.SetResumeAt(*t.integration.NextRunAt)
		}
	}, func(ctx context.Context, tx *store.Tx) error {
		if e.keep {
			if err := s.keepPosition(ctx, tx, t.run); err != nil {
				return err
			}
		}
		if err := closeObjects(ctx, tx, t.run, e); err != nil {
			return err
		}
		return s.judge(ctx, tx, t, e)
	})
}

// maxReason is the length of the columns that hold reasons.
const maxReason = 500

func levelOf(status crm.RunStatus) crm.LogLevel {
	switch status {
	case crm.RunFailed:
		return crm.LogError
	case crm.RunSucceeded:
		return crm.LogInfo
	default:
		return crm.LogWarn
	}
}

func endWords(e ending) string {
	if e.reason == "" {
		return fmt.Sprintf("The run ended %s.", e.status)
	}
	return fmt.Sprintf("The run ended %s. %s", e.status, e.reason)
}

// keepPosition notes how far the reading under way has come. One that was at sweeping
// what it did not meet keeps its end: reading on from there leads to sweeping again.
func (s *Service) keepPosition(ctx context.Context, tx *store.Tx, run *ent.SyncRun) error {
	if len(run.ResumeToken) == 0 {
		return nil // nothing of an object is read and not yet to its end
	}
	target, err := tx.Ent().RunObject.Query().Where(runobject.RunID(run.ID), runobject.Position(run.ObjectIndex)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("syncrun: loading the object under way: %w", err)
	}
	err = tx.Ent().CrmObject.Update().Where(crmobject.IntegrationID(run.IntegrationID), crmobject.Name(target.Name)).
		SetPartial(true).SetPartialToken(run.ResumeToken).SetPartialFields(run.ReadFields).SetPartialGeneration(run.Generation).Exec(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: keeping the position: %w", err)
	}
	return nil
}

// closeObjects ends what the run leaves open.
func closeObjects(ctx context.Context, tx *store.Tx, run *ent.SyncRun, e ending) error {
	open := func(status crm.RunObjectStatus, reason string) error {
		return tx.Ent().RunObject.Update().Where(runobject.RunID(run.ID), runobject.StatusEQ(status)).
			SetStatus(crm.RunObjectSkipped).SetReason(reason).SetFaultCode(string(e.code)).SetFinishedAt(tx.Now()).Exec(ctx)
	}
	cutOff := "The run ended before it was read to the end."
	if e.keep {
		cutOff += " The next run goes on where it stopped."
	}
	if err := open(crm.RunObjectRunning, cutOff); err != nil {
		return fmt.Errorf("syncrun: closing objects: %w", err)
	}
	if err := open(crm.RunObjectPending, "The run ended before its turn."); err != nil {
		return fmt.Errorf("syncrun: closing objects: %w", err)
	}
	return nil
}

// judge draws the conclusions of the run's end for the integration: when it was last
// read, how long its runs have been failing, and the alerts about that.
func (s *Service) judge(ctx context.Context, tx *store.Tx, t *turn, e ending) error {
	row, err := snapshot.Lock(ctx, tx, t.run.IntegrationID)
	if err != nil {
		return err
	}
	switch e.status {
	case crm.RunSucceeded, crm.RunPartial:
		return s.gotThrough(ctx, tx, row, t.run, e.status)
	case crm.RunRateLimited:
		return s.alerts.Apply(ctx, tx, row, []crm.AlertIntent{crm.LimitReached(e.limit, e.reason, row.NextRunAt)})
	case crm.RunFailed:
		if t.run.Kind == crm.RunScheduled || t.run.Kind == crm.RunCatchUp {
			return s.failedAgain(ctx, tx, t, row, e)
		}
	default:
	}
	return nil // the others say nothing about the integration
}

// gotThrough notes that a run has read something: what was said about delays, limits
// and failures is over. A retry of single records is a repair, not a reading.
func (s *Service) gotThrough(ctx context.Context, tx *store.Tx, row *ent.Integration, run *ent.SyncRun, status crm.RunStatus) error {
	if len(run.RecordsWanted) > 0 {
		return nil
	}
	update := tx.Ent().Integration.UpdateOneID(row.ID).SetLastSyncedAt(tx.Now()).SetUpdatedAt(tx.Now()).
		SetConsecutiveFailures(0).ClearFailingSince().ClearFailureWarnedAt()
	if status == crm.RunSucceeded && len(run.ObjectsWanted) == 0 {
		update.SetLastSucceededAt(tx.Now())
	}
	saved, err := update.Save(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: noting the last sync: %w", err)
	}
	return s.alerts.ResolveAll(ctx, tx, saved, crm.ResolvedRestored,
		crm.RuleAPILimitNear, crm.RuleAPILimitReached, crm.RuleRunFailedRepeatedly, crm.RuleSyncDelayed)
}

// failedAgain counts a daily run that failed, and warns or pauses when that has gone
// on for long (requirement G10).
func (s *Service) failedAgain(ctx context.Context, tx *store.Tx, t *turn, row *ent.Integration, e ending) error {
	since := tx.Now()
	if row.FailingSince != nil {
		since = *row.FailingSince
	}
	streak := crm.FailureStreak{Failures: row.ConsecutiveFailures + 1, Since: since, Warned: row.FailureWarnedAt != nil}
	action := s.autoPause.Decide(streak, tx.Now())
	update := tx.Ent().Integration.UpdateOneID(row.ID).SetConsecutiveFailures(streak.Failures).SetFailingSince(since).SetUpdatedAt(tx.Now())
	if action == crm.AutoPauseWarn {
		update.SetFailureWarnedAt(tx.Now())
	}
	saved, err := update.Save(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: counting failures: %w", err)
	}
	switch {
	case action == crm.AutoPauseWarn:
		t.say(crm.LogWarn, "", fmt.Sprintf("The daily run failed %d times in a row; the integration will be paused if that goes on.", streak.Failures))
		return s.alerts.Apply(ctx, tx, saved, []crm.AlertIntent{crm.RunFailedRepeatedly(streak, s.autoPause, e.reason)})
	case action == crm.AutoPausePause && saved.State == crm.IntegrationActive:
		t.say(crm.LogError, "", "The integration was paused because its daily runs kept failing.")
		return s.pause(ctx, tx, saved, streak, e)
	}
	return nil
}

func (s *Service) pause(ctx context.Context, tx *store.Tx, row *ent.Integration, streak crm.FailureStreak, e ending) error {
	reason := fmt.Sprintf("The daily run failed %d times in a row since %s; the last time: %s",
		streak.Failures, streak.Since.UTC().Format(time.DateOnly), cmp.Or(e.reason, string(e.code)))
	if err := s.pauser.AutoPause(ctx, tx, row, crm.Shorten(reason, maxReason-len("AUTO_PAUSED: "))); err != nil {
		return err
	}
	if err := s.alerts.Apply(ctx, tx, row, []crm.AlertIntent{crm.AutoPaused(streak, e.reason)}); err != nil {
		return err
	}
	return nil
}

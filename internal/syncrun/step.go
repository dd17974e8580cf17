package syncrun

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// step advances a run by one step. A job for a version that the run has left
// behind has nothing to do: its work is committed already.
func (s *Service) step(ctx context.Context, j job.Job) error {
	var payload stepPayload
	if err := json.Unmarshal(j.Payload, &payload); err != nil {
		return fault.New(fault.Internal, "A sync step has an unreadable payload.", fault.Cause(err))
	}
	run, err := s.store.Read().SyncRun.Query().Where(syncrun.ID(payload.RunID)).WithIntegration().Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("syncrun: loading run: %w", err)
	}
	if run.Version != payload.Version || run.ActiveKey == nil {
		return nil
	}
	if j.Crashes >= s.limits.Crashes {
		return s.fail(ctx, j, run, fault.New(fault.Internal, fmt.Sprintf("The process died %d times at this step.", j.Crashes)))
	}
	if run.Edges.Integration.State != crm.IntegrationActive {
		return s.fail(ctx, j, run, fault.New(fault.IntegrationState, fmt.Sprintf("The integration became %s.", run.Edges.Integration.State)))
	}
	switch run.Phase {
	case crm.PhaseChecklist:
		return s.checklist(ctx, j, run)
	case crm.PhaseCheck:
		return s.check(ctx, j, run)
	case crm.PhaseRead:
		return s.read(ctx, j, run)
	case crm.PhaseEvaluate:
		return s.evaluate(ctx, j, run)
	case crm.PhaseDone:
		return nil
	default:
		return fmt.Errorf("syncrun: unknown phase %q", run.Phase)
	}
}

// save commits one step: the change of the run under its version, what also
// writes, the progress entry, the job's completion and the next step.
func (s *Service) save(ctx context.Context, j job.Job, run *ent.SyncRun, object string, change func(*ent.SyncRunUpdate), also func(ctx context.Context, tx *store.Tx) error) error {
	return s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		update := tx.Ent().SyncRun.Update().
			Where(syncrun.ID(run.ID), syncrun.Version(run.Version), syncrun.ActiveKeyNotNil()).
			AddVersion(1).AddSteps(1)
		change(update)
		updated, err := update.Save(ctx)
		if err != nil {
			return fmt.Errorf("syncrun: saving step: %w", err)
		}
		if updated == 0 {
			return fault.New(fault.Fenced, "Another worker has advanced this run.")
		}
		if also != nil {
			if err := also(ctx, tx); err != nil {
				return err
			}
		}
		saved, err := tx.Ent().SyncRun.Get(ctx, run.ID)
		if err != nil {
			return fmt.Errorf("syncrun: reloading run: %w", err)
		}
		tx.Feed(progress(saved, object))
		if saved.ActiveKey != nil {
			if err := s.enqueueStep(ctx, tx, saved); err != nil {
				return err
			}
		}
		return s.jobs.Complete(ctx, tx, j)
	})
}

// fail ends a run that cannot go on.
func (s *Service) fail(ctx context.Context, j job.Job, run *ent.SyncRun, cause *fault.Error) error {
	return s.save(ctx, j, run, "", func(u *ent.SyncRunUpdate) {
		u.SetStatus(crm.RunFailed).SetPhase(crm.PhaseDone).SetReason(cause.Message).SetFaultCode(string(cause.Code)).
			SetFinishedAt(s.store.Clock().Now().UTC()).ClearActiveKey()
	}, nil)
}

// asFault gives any error a code; its own text stays in the log.
func asFault(err error) *fault.Error {
	if e, ok := fault.From(err); ok {
		return e
	}
	return fault.New(fault.Internal, "The step failed inside Fieldwarden.", fault.Cause(err))
}

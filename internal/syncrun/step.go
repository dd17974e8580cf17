package syncrun

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/plural"
	"github.com/fieldwarden/fieldwarden/internal/runlog"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/usage"
)

// maxAttempts is how often one step is tried before its run fails, whatever the
// reason: more than any reading is (Limits.Attempts).
const maxAttempts = 20

// turn is one step under way: the run as it was when the step began, and what the
// step leaves behind when it is saved.
type turn struct {
	job     job.Job
	payload stepPayload
	run     *ent.SyncRun
	// integration is as it was when the step began.
	integration *ent.Integration
	// tally gathers the step's calls until they are saved with it.
	tally *usage.Tally
	// object names the object that the step is about; empty when it is about none.
	object string
	lines  []runlog.Line
	errors []runlog.Failure
}

// say adds a line to the log of the run, to be saved with the step. Attributes are
// names and values in turn.
func (t *turn) say(level crm.LogLevel, code fault.Code, message string, attributes ...string) {
	line := runlog.Line{Level: level, Message: message, Object: t.object, Fault: code}
	for i := 0; i+1 < len(attributes); i += 2 {
		if line.Attributes == nil {
			line.Attributes = map[string]string{}
		}
		line.Attributes[attributes[i]] = attributes[i+1]
	}
	t.lines = append(t.lines, line)
}

// failed adds an error to the run's, with a line in its log.
func (t *turn) failed(cause *fault.Error, message string) {
	t.say(crm.LogError, cause.Code, message)
	t.errors = append(t.errors, runlog.Failure{Code: cause.Code, Object: t.object, Field: cause.Details["field"], Message: cause.Message})
}

// step advances a run by one step. A job for a version that the run has left
// behind has nothing to do: its work is committed already.
func (s *Service) step(ctx context.Context, j job.Job) error {
	t := &turn{job: j}
	if err := json.Unmarshal(j.Payload, &t.payload); err != nil {
		return fault.New(fault.Internal, "A sync step has an unreadable payload.", fault.Cause(err))
	}
	run, err := s.store.Read().SyncRun.Query().Where(syncrun.ID(t.payload.RunID)).WithIntegration().Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("syncrun: loading run: %w", err)
	}
	if run.Version != t.payload.Version || run.ActiveKey == nil {
		return nil
	}
	t.run, t.integration = run, run.Edges.Integration
	ctx, t.tally = usage.Hold(ctx, run.IntegrationID)
	if err := s.advance(ctx, t); err != nil {
		return s.again(ctx, t, err)
	}
	return nil
}

func (s *Service) advance(ctx context.Context, t *turn) error {
	stop, err := s.stop(ctx, t)
	if err != nil {
		return err
	}
	if stop != nil {
		return s.end(ctx, t, *stop)
	}
	switch t.run.Phase {
	case crm.PhaseChecklist:
		return s.checklist(ctx, t)
	case crm.PhaseCheck:
		return s.check(ctx, t)
	case crm.PhaseRead:
		return s.read(ctx, t)
	case crm.PhaseEvaluate:
		return s.evaluate(ctx, t)
	case crm.PhaseDone:
		return nil
	default:
		return fmt.Errorf("syncrun: unknown phase %q", t.run.Phase)
	}
}

// stop says how the run ends if it must not take another step; nil when it may.
func (s *Service) stop(ctx context.Context, t *turn) (*ending, error) {
	switch {
	case t.job.Crashes >= s.limits.Crashes:
		return &ending{status: crm.RunFailed, code: fault.Internal, reason: "The process died " + plural.Of(t.job.Crashes, "time", "times") + " at this step."}, nil
	case t.job.Attempt > maxAttempts:
		return &ending{status: crm.RunFailed, code: fault.Internal, reason: "This step failed " + plural.Of(t.job.Attempt-1, "time", "times") + "."}, nil
	case t.integration.State != crm.IntegrationActive:
		return &ending{
			status: crm.RunCancelled, code: fault.IntegrationState, keep: true,
			reason: fmt.Sprintf("The integration became %s.", t.integration.State),
		}, nil
	}
	on, err := s.syncs(ctx, t.run.IntegrationID)
	if err != nil || on {
		return nil, err
	}
	// What has begun to read is not one that read nothing.
	status := crm.RunSkipped
	if t.run.Phase != crm.PhaseChecklist {
		status = crm.RunCancelled
	}
	return &ending{status: status, code: fault.DataSyncOff, keep: true, reason: string(fault.DataSyncOff) + ": the setting dataSync is off."}, nil
}

// save commits one step: the change of the run under its version, what also writes,
// the calls that it cost, its log, the progress entry, the job's completion and the
// next step.
func (s *Service) save(ctx context.Context, t *turn, change func(*ent.SyncRunUpdate), also func(ctx context.Context, tx *store.Tx) error) error {
	return s.saveThen(ctx, t, nextStep{}, change, also)
}

func (s *Service) saveThen(
	ctx context.Context, t *turn, next nextStep, change func(*ent.SyncRunUpdate), also func(ctx context.Context, tx *store.Tx) error,
) error {
	return s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		run := t.run
		update := tx.Ent().SyncRun.Update().
			Where(syncrun.ID(run.ID), syncrun.Version(run.Version), syncrun.ActiveKeyNotNil()).
			AddVersion(1).AddSteps(1).AddCrmCalls(t.tally.Spent().CRMCalls)
		change(update)
		if run.Status == crm.RunRateLimited {
			goOn(update)
		}
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
		if err := s.account(ctx, tx, t); err != nil {
			return err
		}
		saved, err := tx.Ent().SyncRun.Get(ctx, run.ID)
		if err != nil {
			return fmt.Errorf("syncrun: reloading run: %w", err)
		}
		tx.Feed(progress(saved, t.object))
		if saved.ActiveKey != nil {
			if err := s.enqueueNext(ctx, tx, saved, t.payload, next); err != nil {
				return err
			}
		}
		return s.jobs.Complete(ctx, tx, t.job)
	})
}

// goOn ends the wait of a run, as far as the step does not say otherwise.
func goOn(update *ent.SyncRunUpdate) {
	if _, set := update.Mutation().Status(); !set {
		update.SetStatus(crm.RunRunning)
	}
	if _, set := update.Mutation().Reason(); !set {
		update.SetReason("").SetFaultCode("")
	}
	if _, set := update.Mutation().ResumeAt(); !set {
		update.ClearResumeAt()
	}
}

// account saves what the step cost and what it has to tell.
func (s *Service) account(ctx context.Context, tx *store.Tx, t *turn) error {
	if err := s.spend(ctx, tx, t); err != nil {
		return err
	}
	for _, failure := range t.errors {
		if err := s.runlog.Error(ctx, tx, t.run, failure); err != nil {
			return err
		}
	}
	return s.runlog.Append(ctx, tx, t.run, t.lines...)
}

// asFault gives any error a code; its own text stays in the log.
func asFault(err error) *fault.Error {
	if e, ok := fault.From(err); ok {
		return e
	}
	return fault.New(fault.Internal, "The step failed inside Fieldwarden.", fault.Cause(err))
}

// sentence ends a message with a full stop.
func sentence(text string) string {
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

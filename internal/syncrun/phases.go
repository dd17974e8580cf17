package syncrun

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/runobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/plural"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/usage"
)

// checklist tests the connection. A test that fails stands in the checklist; it
// stops the run only when the credential is gone for good or a limit forbids calls.
func (s *Service) checklist(ctx context.Context, t *turn) error {
	if _, ended, err := s.limited(ctx, t); err != nil || ended {
		return err
	}
	if t.payload.Waits == 0 {
		t.say(crm.LogInfo, "", "The run began.", "kind", string(t.run.Kind), "date", t.run.LocalDate)
	}
	if err := s.integrations.RunChecklist(ctx, t.run.IntegrationID); err != nil {
		done, err := s.preludeFailed(ctx, t, err, "The connection could not be tested")
		if done || err != nil {
			return err
		}
	}
	return s.save(ctx, t, func(u *ent.SyncRunUpdate) {
		u.SetStatus(crm.RunRunning).SetPhase(crm.PhaseCheck)
		if t.run.StartedAt == nil {
			u.SetStartedAt(s.store.Clock().Now().UTC())
		}
	}, nil)
}

// check checks the rights on all objects and lists the objects to read. A check
// that fails leaves the old verdicts standing, marked stale, and the run reads
// with them (requirement J4). The choices of settings are brought up to date too.
func (s *Service) check(ctx context.Context, t *turn) error {
	if _, ended, err := s.limited(ctx, t); err != nil || ended {
		return err
	}
	var wanted []string // nil: all
	if len(t.run.ObjectsWanted) > 0 {
		wanted = t.run.ObjectsWanted
	}
	if err := s.permissions.CheckForRun(ctx, t.run.IntegrationID, wanted); err != nil {
		done, err := s.preludeFailed(ctx, t, err, "The rights could not be checked; what was known before holds")
		if done || err != nil {
			return err
		}
	}
	if wanted == nil {
		s.refreshPicklists(ctx, t)
	}
	objects, err := s.objectsToRead(ctx, t)
	if err != nil {
		return err
	}
	t.say(crm.LogInfo, "", "The rights were checked; "+plural.Of(len(objects), "object is", "objects are")+" read.")
	return s.save(ctx, t, func(u *ent.SyncRunUpdate) {
		u.SetPhase(crm.PhaseRead).SetObjectIndex(0).ClearResumeToken()
		if len(objects) == 0 {
			u.SetPhase(crm.PhaseEvaluate)
		}
	}, func(ctx context.Context, tx *store.Tx) error {
		creates := make([]*ent.RunObjectCreate, len(objects))
		for i, object := range objects {
			creates[i] = tx.Ent().RunObject.Create().
				SetWorkspaceID(t.run.WorkspaceID).SetCreatedAt(tx.Now()).SetRunID(t.run.ID).
				SetName(object.Name).SetPosition(i).SetPhase(object.SyncPhase)
		}
		if err := tx.Ent().RunObject.CreateBulk(creates...).Exec(ctx); err != nil {
			return fmt.Errorf("syncrun: listing objects of the run: %w", err)
		}
		return nil
	})
}

// preludeFailed decides what a checklist or a check that could not be made means: the
// run goes on without it, unless the credential is gone or a limit forbids calls. Done
// says that the step was saved.
func (s *Service) preludeFailed(ctx context.Context, t *turn, failure error, what string) (done bool, err error) {
	if ctx.Err() != nil {
		return false, failure // ours ended: that says nothing about the CRM
	}
	cause := asFault(failure)
	switch s.limits.remedyFor(cause, t.job.Attempt, t.payload.Waits) {
	case failRun:
		return true, s.end(ctx, t, ending{status: crm.RunFailed, code: cause.Code, reason: cause.Message})
	case endRun:
		return true, s.endLimited(ctx, t, crm.LimitQuota, cause.Code, cause.Message)
	case waitForLimit:
		return true, s.wait(ctx, t, cause, s.limits.limitWait(cause, t.payload.Waits))
	default:
	}
	t.say(crm.LogWarn, cause.Code, fmt.Sprintf("%s: %s", what, cause.Message))
	s.log.WarnContext(ctx, "a run goes on without its checklist or check", slog.String("run", t.run.ID),
		slog.String("phase", string(t.run.Phase)), slog.String("error", failure.Error()))
	return false, nil
}

// objectsToRead lists the published objects of the run, as far as the package still
// needs them, in the order of their turns: first those whose reading a limit cut off, then those that were last read to the end on an
// earlier day than others, that is, had no turn, then the rest by the package's order.
func (s *Service) objectsToRead(ctx context.Context, t *turn) ([]*ent.CrmObject, error) {
	query := s.store.Read().CrmObject.Query().Where(crmobject.IntegrationID(t.run.IntegrationID), crmobject.Published(true))
	pkg, _, err := s.packages.Of(ctx, s.store.Read(), t.integration)
	if err != nil && !fault.Is(err, fault.ConfigInvalid) { // which the check has told of
		return nil, err
	}
	if err == nil {
		query.Where(crmobject.NameIn(pkg.ObjectNames()...))
	}
	if len(t.run.ObjectsWanted) > 0 {
		query.Where(crmobject.NameIn(t.run.ObjectsWanted...))
	}
	objects, err := query.Order(crmobject.ByPosition(), crmobject.ByName()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("syncrun: listing objects: %w", err)
	}
	turn := func(object *ent.CrmObject) string {
		switch {
		case object.Partial:
			return ""
		case object.LastReadAt == nil:
			return "0000-00-00"
		default:
			return usage.Day(t.integration, *object.LastReadAt)
		}
	}
	slices.SortStableFunc(objects, func(a, b *ent.CrmObject) int { return cmp.Compare(turn(a), turn(b)) })
	return objects, nil
}

// refreshPicklists brings the choices of settings up to date; the run goes on without.
func (s *Service) refreshPicklists(ctx context.Context, t *turn) {
	if s.picklists == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.limits.Time)
	defer cancel()
	if err := s.picklists.Refresh(ctx, t.run.IntegrationID); err != nil {
		t.say(crm.LogWarn, fault.CodeOf(err), "The choices of settings could not be brought up to date.")
		s.log.WarnContext(ctx, "the choices of settings could not be brought up to date",
			slog.String("run", t.run.ID), slog.String("error", err.Error()))
	}
}

// evaluate ends the run with the verdict over its objects.
func (s *Service) evaluate(ctx context.Context, t *turn) error {
	objects, err := s.store.Read().RunObject.Query().Where(runobject.RunID(t.run.ID)).Order(runobject.ByPosition()).All(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: reading the run's objects: %w", err)
	}
	return s.end(ctx, t, verdict(objects))
}

// verdict sums up the objects of a run (requirement G4): all read is SUCCEEDED, none
// read is FAILED, anything between is PARTIAL. An object of which records were refused
// was read, but the run is PARTIAL: something of it is missing.
func verdict(objects []*ent.RunObject) ending {
	var e ending
	read := 0
	because := func(reason string, code fault.Code) {
		if e.reason == "" {
			e.reason, e.code = reason, code
		}
	}
	refused := ""
	for _, object := range objects {
		switch {
		case object.Status != crm.RunObjectSucceeded:
			because(fmt.Sprintf("%s: %s", object.Name, object.Reason), fault.Code(object.FaultCode))
			continue
		case object.Counters.Failed > 0 && refused == "":
			refused = fmt.Sprintf("%s: records that were not stored: %d.", object.Name, object.Counters.Failed)
		}
		read++
	}
	switch {
	case read == 0 && len(objects) > 0:
		e.status = crm.RunFailed
	case read < len(objects):
		e.status = crm.RunPartial
	case refused != "":
		e.status = crm.RunPartial
		because(refused, fault.RecordRefused)
	default:
		e.status = crm.RunSucceeded
	}
	return e
}

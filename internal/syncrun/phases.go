package syncrun

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/runobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// checklist tests the connection. A test that fails stands in the checklist; it
// stops the run only when the credential is gone for good.
func (s *Service) checklist(ctx context.Context, j job.Job, run *ent.SyncRun) error {
	if err := s.integrations.RunChecklist(ctx, run.IntegrationID); err != nil {
		if fault.Is(err, fault.CRMGrantRevoked) {
			return s.fail(ctx, j, run, asFault(err))
		}
		s.log.WarnContext(ctx, "checklist of a run could not be made", slog.String("run", run.ID), slog.String("error", err.Error()))
	}
	return s.save(ctx, j, run, "", func(u *ent.SyncRunUpdate) {
		u.SetStatus(crm.RunRunning).SetPhase(crm.PhaseCheck).SetStartedAt(s.store.Clock().Now().UTC())
	}, nil)
}

// check checks the rights on all objects and lists the objects to read. A check
// that fails leaves the old verdicts standing, marked stale, and the run reads
// with them (requirement J4). The choices of settings are brought up to date too.
func (s *Service) check(ctx context.Context, j job.Job, run *ent.SyncRun) error {
	if err := s.permissions.CheckForRun(ctx, run.IntegrationID, nil); err != nil {
		if fault.Is(err, fault.CRMGrantRevoked) {
			return s.fail(ctx, j, run, asFault(err))
		}
		s.log.WarnContext(ctx, "check of a run failed; verdicts are stale", slog.String("run", run.ID), slog.String("error", err.Error()))
	}
	s.refreshPicklists(ctx, run)
	objects, err := s.store.Read().CrmObject.Query().Where(crmobject.IntegrationID(run.IntegrationID)).
		Order(crmobject.ByPosition(), crmobject.ByName()).All(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: listing objects: %w", err)
	}
	return s.save(ctx, j, run, "", func(u *ent.SyncRunUpdate) {
		u.SetPhase(crm.PhaseRead).SetObjectIndex(0).ClearResumeToken()
		if len(objects) == 0 {
			u.SetPhase(crm.PhaseEvaluate)
		}
	}, func(ctx context.Context, tx *store.Tx) error {
		creates := make([]*ent.RunObjectCreate, len(objects))
		for i, object := range objects {
			creates[i] = tx.Ent().RunObject.Create().
				SetWorkspaceID(run.WorkspaceID).SetCreatedAt(tx.Now()).SetRunID(run.ID).SetName(object.Name).SetPosition(i)
		}
		if err := tx.Ent().RunObject.CreateBulk(creates...).Exec(ctx); err != nil {
			return fmt.Errorf("syncrun: listing objects of the run: %w", err)
		}
		return nil
	})
}

// refreshPicklists brings the choices of settings up to date; the run goes on without.
func (s *Service) refreshPicklists(ctx context.Context, run *ent.SyncRun) {
	if s.picklists == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.limits.Time)
	defer cancel()
	if err := s.picklists.Refresh(ctx, run.IntegrationID); err != nil {
		s.log.WarnContext(ctx, "the choices of settings could not be brought up to date",
			slog.String("run", run.ID), slog.String("error", err.Error()))
	}
}

// evaluate ends the run with the verdict over its objects.
func (s *Service) evaluate(ctx context.Context, j job.Job, run *ent.SyncRun) error {
	objects, err := s.store.Read().RunObject.Query().Where(runobject.RunID(run.ID)).Order(runobject.ByPosition()).All(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: reading the run's objects: %w", err)
	}
	status, reason, code := verdict(objects)
	return s.save(ctx, j, run, "", func(u *ent.SyncRunUpdate) {
		u.SetStatus(status).SetPhase(crm.PhaseDone).SetReason(reason).SetFaultCode(code).
			SetFinishedAt(s.store.Clock().Now().UTC()).ClearActiveKey().ClearResumeToken()
	}, func(ctx context.Context, tx *store.Tx) error {
		if status == crm.RunFailed {
			return nil
		}
		return tx.Ent().Integration.UpdateOneID(run.IntegrationID).SetLastSyncedAt(tx.Now()).SetUpdatedAt(tx.Now()).Exec(ctx)
	})
}

// verdict sums up the objects of a run (requirement G4): all read is SUCCEEDED,
// none read is FAILED, anything between is PARTIAL.
func verdict(objects []*ent.RunObject) (status crm.RunStatus, reason, code string) {
	read := 0
	for _, object := range objects {
		if object.Status == crm.RunObjectSucceeded {
			read++
			continue
		}
		if reason == "" {
			reason, code = fmt.Sprintf("%s: %s", object.Name, object.Reason), object.FaultCode
		}
	}
	switch {
	case read == len(objects):
		return crm.RunSucceeded, "", ""
	case read == 0:
		return crm.RunFailed, reason, code
	default:
		return crm.RunPartial, reason, code
	}
}

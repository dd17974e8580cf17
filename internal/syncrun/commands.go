package syncrun

import (
	"context"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/runlog"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// admin refuses who may not command runs.
func admin(ctx context.Context) (principal.Principal, error) {
	p, ok := principal.From(ctx)
	if !ok || !p.IsAdmin() {
		return p, fault.New(fault.Forbidden, "Only an admin may do this.")
	}
	return p, nil
}

// RunNow starts a manual run (requirement G7), of the named objects or, without any,
// of all. It is counted apart from the daily run, and refused while another run of the
// integration is active. It returns the run's id.
func (s *Service) RunNow(ctx context.Context, integrationID, idempotencyKey string, objects ...string) (string, error) {
	if _, err := admin(ctx); err != nil {
		return "", err
	}
	request := map[string]any{"integrationId": integrationID, "objects": objects}
	return store.Idempotent(ctx, s.store, idempotencyKey, "runNow", request, func(ctx context.Context, tx *store.Tx) (string, error) {
		found, err := snapshot.Find(ctx, tx.Ent(), integrationID)
		if err != nil {
			return "", err
		}
		wanted, err := s.knownObjects(ctx, tx, found, objects)
		if err != nil {
			return "", err
		}
		run, err := s.insert(ctx, tx, found, newRun{kind: crm.RunManual, localDate: today(tx, found), objects: wanted})
		if err != nil {
			return "", err
		}
		return run.ID, tx.Audit(ctx, store.AuditItem{
			Action: "runNow", Target: run.ID, Outcome: crm.AuditSucceeded, After: commandFacts(found.ID, wanted),
		})
	})
}

func today(tx *store.Tx, found *ent.Integration) string {
	return crm.LocalDate(tx.Now(), Zone(found)).String()
}

// commandFacts are what the audit tells of a command.
func commandFacts(integrationID string, objects []string) map[string]any {
	facts := map[string]any{"integrationId": integrationID}
	if len(objects) > 0 {
		facts["objects"] = objects
	}
	return facts
}

// knownObjects checks names of objects; none stay none, which means all.
func (s *Service) knownObjects(ctx context.Context, tx *store.Tx, found *ent.Integration, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	pkg, _, err := s.packages.Of(ctx, tx.Ent(), found)
	if err != nil {
		return nil, err
	}
	var wanted []string
	for i, name := range names {
		if slices.Contains(wanted, name) {
			continue
		}
		object, err := tx.Ent().CrmObject.Query().Where(crmobject.IntegrationID(found.ID), crmobject.Name(name)).Only(ctx)
		if ent.IsNotFound(err) {
			return nil, fault.New(fault.BadInput, fmt.Sprintf("The integration has no object %q.", crm.Shorten(name, 120)), fault.Field("objects", fmt.Sprint(i)))
		}
		if err != nil {
			return nil, fmt.Errorf("syncrun: looking for object: %w", err)
		}
		if !object.Published {
			return nil, fault.New(fault.BadInput, fmt.Sprintf("%s is not published, so it is not read.", name), fault.Field("objects", fmt.Sprint(i)),
				fault.Hint("Publish the object first (publishObject)."))
		}
		if _, needed := pkg.Object(name); !needed {
			return nil, fault.New(fault.BadInput, fmt.Sprintf("%s is no object of the package any more, so it is not read.", name), fault.Field("objects", fmt.Sprint(i)))
		}
		wanted = append(wanted, name)
	}
	return wanted, nil
}

// Cancel ends a run at once, whatever it is at: whether it waits for a worker or a
// limit, is under way, or its job or worker is lost (pain 11). What it has stored stays,
// and the next run goes on from there. A step under way finds that the run has moved
// on, and saves nothing. RUN_ENDED means that there is nothing left to stop.
func (s *Service) Cancel(ctx context.Context, runID, idempotencyKey string) error {
	p, err := admin(ctx)
	if err != nil {
		return err
	}
	_, err = store.Idempotent(ctx, s.store, idempotencyKey, "cancelRun", runID, func(ctx context.Context, tx *store.Tx) (string, error) {
		found, err := tx.Ent().SyncRun.Query().Where(syncrun.ID(runID)).WithIntegration().Only(ctx)
		if ent.IsNotFound(err) {
			return "", fault.New(fault.NotFound, "There is no run with this id.", fault.Field("runId"))
		}
		if err != nil {
			return "", fmt.Errorf("syncrun: loading run: %w", err)
		}
		return runID, s.cancel(ctx, tx, found, ending{status: crm.RunCancelled, keep: true, reason: fmt.Sprintf("Stopped by %s.", p.Name)})
	})
	return err
}

func (s *Service) cancel(ctx context.Context, tx *store.Tx, run *ent.SyncRun, e ending) error {
	before := run.Status
	// The version ends the step under way. Should one be saved in between, the update
	// waits for it and stops what comes after.
	stopped, err := tx.Ent().SyncRun.Update().Where(syncrun.ID(run.ID), syncrun.ActiveKeyNotNil()).
		AddVersion(1).SetStatus(e.status).SetReason(crm.Shorten(e.reason, maxReason)).SetFaultCode("").
		SetFinishedAt(tx.Now()).ClearActiveKey().ClearResumeAt().Save(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: stopping run: %w", err)
	}
	if stopped == 0 {
		return fault.New(fault.RunEnded, "The run has ended already.", fault.Field("runId"))
	}
	// The position that holds is the one that was saved last, perhaps just now.
	saved, err := tx.Ent().SyncRun.Get(ctx, run.ID)
	if err != nil {
		return fmt.Errorf("syncrun: reloading run: %w", err)
	}
	if err := s.keepPosition(ctx, tx, saved); err != nil {
		return err
	}
	if err := closeObjects(ctx, tx, saved, e); err != nil {
		return err
	}
	saved, err = tx.Ent().SyncRun.UpdateOneID(run.ID).SetPhase(crm.PhaseDone).ClearResumeToken().Save(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: ending run: %w", err)
	}
	if err := s.runlog.Append(ctx, tx, saved, runlog.Line{Level: crm.LogWarn, Message: endWords(e)}); err != nil {
		return err
	}
	tx.Feed(progress(saved, ""))
	return tx.Audit(ctx, store.AuditItem{
		Action: "cancelRun", Target: run.ID, Outcome: crm.AuditSucceeded,
		Before: map[string]any{"status": before}, After: map[string]any{"status": e.status},
	})
}

// ResetInput says which objects to read from the beginning.
type ResetInput struct {
	IdempotencyKey string `json:"-"`
	IntegrationID  string `json:"integrationId"`
	// Objects are CRM names; none means all.
	Objects []string `json:"objects"`
	// Confirm must be true: reading everything again costs CRM calls.
	Confirm bool `json:"confirm"`
}

// ResetCursor makes the next run read objects from the beginning. Nothing is deleted;
// what is unchanged is not written again. It is refused while a run is active, which
// would save its own position over the reset one.
func (s *Service) ResetCursor(ctx context.Context, input ResetInput) error {
	if _, err := admin(ctx); err != nil {
		return err
	}
	_, err := store.Idempotent(ctx, s.store, input.IdempotencyKey, "resetCursor", input, func(ctx context.Context, tx *store.Tx) (string, error) {
		found, err := snapshot.Lock(ctx, tx, input.IntegrationID)
		if err != nil {
			return "", err
		}
		objects, err := s.knownObjects(ctx, tx, found, input.Objects)
		if err != nil {
			return "", err
		}
		if err := refuseWhileActive(ctx, tx, found.ID); err != nil {
			return "", err
		}
		if !input.Confirm {
			return "", fault.New(fault.ConfirmRequired, fmt.Sprintf("The next run will read %s of the integration from the beginning, which costs CRM API calls.", objectWords(objects)),
				fault.Field("confirm"))
		}
		if err := resetPositions(ctx, tx, found.ID, objects); err != nil {
			return "", err
		}
		return found.ID, tx.Audit(ctx, store.AuditItem{
			Action: "resetCursor", Target: found.ID, Outcome: crm.AuditSucceeded, After: commandFacts(found.ID, objects),
		})
	})
	return err
}

func objectWords(objects []string) string {
	switch len(objects) {
	case 0:
		return "all objects"
	case 1:
		return objects[0]
	default:
		return fmt.Sprintf("%d objects", len(objects))
	}
}

// resetPositions forgets where the reading of objects goes on; none means all.
func resetPositions(ctx context.Context, tx *store.Tx, integrationID string, objects []string) error {
	update := tx.Ent().CrmObject.Update().Where(crmobject.IntegrationID(integrationID))
	if len(objects) > 0 {
		update.Where(crmobject.NameIn(objects...))
	}
	err := update.ClearResumeToken().ClearReadFields().SetSyncPhase(crm.SyncOnboarding).
		SetPartial(false).ClearPartialToken().ClearPartialFields().SetPartialGeneration(0).Exec(ctx)
	if err != nil {
		return fmt.Errorf("syncrun: resetting positions: %w", err)
	}
	return nil
}

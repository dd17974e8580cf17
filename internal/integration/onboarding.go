package integration

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// StepState is where one step of the onboarding stands.
type StepState struct {
	Step crm.OnboardingStep
	Done bool
	// Blockers say, for a person, what keeps the step from being done.
	Blockers []string
}

// steps is the order of the onboarding (requirement C3).
func steps() []crm.OnboardingStep {
	return []crm.OnboardingStep{crm.StepAuthorize, crm.StepCheck, crm.StepSettings, crm.StepStandardization, crm.StepReview}
}

// Onboarding returns the steps in their order. After the onboarding all are done.
func (s *Service) Onboarding(ctx context.Context, integrationID string) ([]StepState, error) {
	row, err := snapshot.Find(ctx, s.c.Store.Read(), integrationID)
	if err != nil {
		return nil, err
	}
	over := slices.Contains(row.StepsDone, crm.StepReview) ||
		slices.Contains([]crm.IntegrationState{crm.IntegrationActive, crm.IntegrationPaused, crm.IntegrationGrace}, row.State)
	if !over {
		return s.stepStates(ctx, row)
	}
	states := make([]StepState, 0, len(steps()))
	for _, step := range steps() {
		states = append(states, StepState{Step: step, Done: true})
	}
	return states, nil
}

// stepStates looks at each step once: REVIEW goes by what was found of those before it.
func (s *Service) stepStates(ctx context.Context, row *ent.Integration) ([]StepState, error) {
	states := make([]StepState, 0, len(steps()))
	for _, step := range steps() {
		state := StepState{Step: step, Done: slices.Contains(row.StepsDone, step)}
		if step == crm.StepReview {
			state.Blockers = reviewBlockers(states)
		} else {
			found, err := s.blockers(ctx, row, step)
			if err != nil {
				return nil, err
			}
			state.Blockers = found
		}
		states = append(states, state)
	}
	return states, nil
}

// reviewBlockers says what keeps the onboarding from being finished: everything before
// the review.
func reviewBlockers(before []StepState) []string {
	var all []string
	for _, state := range before {
		if len(state.Blockers) == 0 && !state.Done {
			all = append(all, fmt.Sprintf("The step %s is not completed.", state.Step))
		}
		all = append(all, state.Blockers...)
	}
	return all
}

// blockers says what keeps one step from being done.
func (s *Service) blockers(ctx context.Context, row *ent.Integration, step crm.OnboardingStep) ([]string, error) {
	switch step {
	case crm.StepAuthorize:
		if !slices.Contains(row.StepsDone, step) {
			return []string{"Nobody has signed in to the CRM."}, nil
		}
		return nil, nil
	case crm.StepCheck:
		return s.checkBlockers(row)
	case crm.StepReview:
		states, err := s.stepStates(ctx, row)
		if err != nil {
			return nil, err
		}
		return states[len(states)-1].Blockers, nil
	default:
		if look := s.c.StepBlockers[step]; look != nil {
			return look(ctx, row.ID)
		}
		return nil, nil
	}
}

// checkBlockers are an outstanding connection test and its failures that the
// connector calls prerequisites. An object that cannot be read is none: it is
// reported, and the onboarding goes on (requirement K1).
func (s *Service) checkBlockers(row *ent.Integration) ([]string, error) {
	if row.ChecklistAt == nil {
		return []string{"The connection has not been tested."}, nil
	}
	manifest, err := s.c.Connectors.Describe(row.Connector)
	if err != nil {
		return nil, err
	}
	required := map[string]bool{}
	for _, prerequisite := range manifest.Prerequisites {
		required[prerequisite.Key] = prerequisite.Required
	}
	var found []string
	for _, item := range row.Checklist {
		if item.Status == crm.ChecklistFail && required[item.Key] {
			found = append(found, strings.TrimSpace(item.Title+": "+item.Evidence))
		}
	}
	return found, nil
}

// CompleteStepInput names a step that an admin completes.
type CompleteStepInput struct {
	IntegrationID string
	// Step is SETTINGS or STANDARDIZATION; the other steps complete themselves.
	Step           crm.OnboardingStep
	IdempotencyKey string
}

// CompleteStep marks a step as done. fault.OnboardingBlocked lists what blocks it.
func (s *Service) CompleteStep(ctx context.Context, in CompleteStepInput) error {
	if _, err := admin(ctx); err != nil {
		return err
	}
	if in.Step != crm.StepSettings && in.Step != crm.StepStandardization {
		return fault.New(fault.BadInput, fmt.Sprintf("The step %q completes itself.", in.Step), fault.Field("step"))
	}
	_, err := store.Idempotent(ctx, s.c.Store, in.IdempotencyKey, "completeOnboardingStep", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			if _, err := s.unblocked(ctx, tx, in.IntegrationID, in.Step); err != nil {
				return struct{}{}, err
			}
			return struct{}{}, s.MarkStep(ctx, tx, in.IntegrationID, in.Step)
		})
	return err
}

// unblocked reads an integration in onboarding of which nothing blocks a step.
func (s *Service) unblocked(ctx context.Context, tx *store.Tx, integrationID string, step crm.OnboardingStep) (*ent.Integration, error) {
	row, err := snapshot.Lock(ctx, tx, integrationID)
	if err != nil {
		return nil, err
	}
	if row.State != crm.IntegrationOnboarding {
		return nil, errState(row)
	}
	found, err := s.blockers(ctx, row, step)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		return nil, fault.New(fault.OnboardingBlocked, "This is outstanding: "+strings.Join(found, " "),
			fault.Detail("integrationId", row.ID), fault.Detail("blockers", strings.Join(found, "\n")))
	}
	return row, nil
}

// MarkStep marks a step as done inside the caller's transaction: the onboarding
// check does so for CHECK. Marking again, or after the onboarding, changes
// nothing.
func (s *Service) MarkStep(ctx context.Context, tx *store.Tx, integrationID string, step crm.OnboardingStep) error {
	row, err := snapshot.Lock(ctx, tx, integrationID)
	if err != nil {
		return err
	}
	if row.State != crm.IntegrationOnboarding || slices.Contains(row.StepsDone, step) {
		return nil
	}
	rights, err := rightsItems(ctx, tx.Ent(), row.ID)
	if err != nil {
		return err
	}
	row, err = tx.Ent().Integration.UpdateOne(row).SetStepsDone(with(row.StepsDone, step)).
		SetChecklist(replaceItems(row.Checklist, rights)).SetUpdatedAt(tx.Now()).Save(ctx)
	if err != nil {
		return fmt.Errorf("mark step: %w", err)
	}
	announce(tx, row)
	announceStep(tx, row, step)
	return tx.Audit(ctx, store.AuditItem{
		Action: "completeOnboardingStep", Target: row.ID, Outcome: crm.AuditSucceeded, After: map[string]any{"step": step},
	})
}

// FinishInput names the onboarding to finish.
type FinishInput struct {
	IntegrationID  string
	IdempotencyKey string
}

// FinishOnboarding makes an integration ACTIVE and plans its first daily run.
// fault.OnboardingBlocked lists what is outstanding (Details "blockers", one a
// line); fault.IntegrationState when it is not in onboarding.
func (s *Service) FinishOnboarding(ctx context.Context, in FinishInput) error {
	if _, err := admin(ctx); err != nil {
		return err
	}
	_, err := store.Idempotent(ctx, s.c.Store, in.IdempotencyKey, "finishOnboarding", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			row, err := s.unblocked(ctx, tx, in.IntegrationID, crm.StepReview)
			if err != nil {
				return struct{}{}, err
			}
			moved, err := move(ctx, tx, row, activated, "", func(update *ent.IntegrationUpdateOne) {
				update.SetStepsDone(with(row.StepsDone, crm.StepReview)).SetNextRunAt(nextRun(row, tx.Now()))
			})
			if err != nil {
				return struct{}{}, err
			}
			announceStep(tx, moved, crm.StepReview)
			return struct{}{}, s.c.OnActivated.run(ctx, tx, moved)
		})
	return err
}

// announceStep tells those who follow the onboarding that a step is done.
func announceStep(tx *store.Tx, row *ent.Integration, step crm.OnboardingStep) {
	tx.Feed(store.FeedItem{
		WorkspaceID: row.WorkspaceID, Kind: crm.FeedOnboarding, IntegrationID: row.ID, SubjectID: row.ID,
		Payload: crm.OnboardingProgress{Step: step, StepDone: true},
	})
}

// nextRun is when the daily run is due next (requirements G1, G8). The schedule was
// validated when it was set; UTC stands in for a zone that this machine has lost.
func nextRun(row *ent.Integration, now time.Time) time.Time {
	hour, minute, err := wallTime(row.ScheduleTime)
	if err != nil {
		hour, minute = 2, 0
	}
	location, err := time.LoadLocation(row.ScheduleZone)
	if err != nil {
		location = time.UTC
	}
	return crm.NextDaily(now, hour, minute, location)
}

// RunChecklist tests the connection and saves the items (requirement C7).
func (s *Service) RunChecklist(ctx context.Context, integrationID string) error {
	row, err := snapshot.Find(ctx, s.c.Store.Read(), integrationID)
	if err != nil {
		return err
	}
	var items []crm.ChecklistItem
	err = s.Introspecting().Call(ctx, integrationID, func(ctx context.Context, connector string, t crm.Target) (err error) {
		items, err = s.checklist(ctx, row, connector, t)
		return err
	})
	if err != nil {
		return err
	}
	return s.c.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if row, err = snapshot.Lock(ctx, tx, integrationID); err != nil {
			return err
		}
		saved, err := s.saveChecklist(ctx, tx, row, items)
		if err != nil {
			return err
		}
		if !sameVerdicts(row.Checklist, saved.Checklist) {
			announce(tx, saved)
		}
		return nil
	})
}

// checklist asks the connector for the items of the connection test.
func (s *Service) checklist(ctx context.Context, row *ent.Integration, connector string, t crm.Target) ([]crm.ChecklistItem, error) {
	var objects []string
	if s.c.Objects != nil {
		var err error
		if objects, err = s.c.Objects(ctx, row); err != nil {
			return nil, err
		}
	}
	return s.c.Connectors.Checklist(ctx, connector, t, objects)
}

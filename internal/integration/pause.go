package integration

import (
	"context"
	"fmt"
	"strings"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

const (
	// maxPauseReason bounds why an admin pauses, in characters.
	maxPauseReason = 300
	// autoPaused begins the reason of an integration that paused itself.
	autoPaused = "AUTO_PAUSED"
)

// PauseInput says which integration to pause, and why.
type PauseInput struct {
	IntegrationID string
	// Reason is for people to read; may be empty.
	Reason         string
	IdempotencyKey string
}

// Pause stops an ACTIVE integration: nothing calls the CRM until Resume but what
// keeps its authorization alive (requirement C11). A run under way is cancelled.
// fault.IntegrationState where it is not ACTIVE.
func (s *Service) Pause(ctx context.Context, in PauseInput) error {
	who, err := admin(ctx)
	if err != nil {
		return err
	}
	why := strings.TrimSpace(in.Reason)
	if len([]rune(why)) > maxPauseReason {
		return fault.New(fault.BadInput, fmt.Sprintf("The reason must have at most %d characters.", maxPauseReason), fault.Field("reason"))
	}
	reason := "Paused by " + who.Name + "."
	if why != "" {
		reason = "Paused by " + who.Name + ": " + why
	}
	_, err = store.Idempotent(ctx, s.c.Store, in.IdempotencyKey, "pauseIntegration", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			row, err := snapshot.Lock(ctx, tx, in.IntegrationID)
			if err != nil {
				return struct{}{}, err
			}
			return struct{}{}, s.pauseRow(ctx, tx, row, reason)
		})
	return err
}

// AutoPause pauses an ACTIVE integration in the name of the system, inside the
// caller's transaction; reason says why its runs cannot go on (requirement G10).
// fault.IntegrationState where it is not ACTIVE.
func (s *Service) AutoPause(ctx context.Context, tx *store.Tx, row *ent.Integration, reason string) error {
	ctx = principal.System(ctx, row.WorkspaceID, "automatic pause")
	return s.pauseRow(ctx, tx, row, autoPaused+": "+strings.TrimPrefix(reason, autoPaused+": "))
}

func (s *Service) pauseRow(ctx context.Context, tx *store.Tx, row *ent.Integration, reason string) error {
	moved, err := move(ctx, tx, row, paused, reason, func(update *ent.IntegrationUpdateOne) { update.ClearNextRunAt() })
	if err != nil {
		return err
	}
	return s.c.OnStopped.run(ctx, tx, moved)
}

// ResumeInput names the integration to resume.
type ResumeInput struct {
	IntegrationID  string
	IdempotencyKey string
}

// Resume ends a pause. The next daily run is the next one by the schedule: what was
// due meanwhile is not made up for. The failures that led to an automatic pause
// count no more, and its alerts are resolved (requirement G10).
// fault.IntegrationState where it is not PAUSED.
func (s *Service) Resume(ctx context.Context, in ResumeInput) error {
	if _, err := admin(ctx); err != nil {
		return err
	}
	_, err := store.Idempotent(ctx, s.c.Store, in.IdempotencyKey, "resumeIntegration", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			row, err := snapshot.Lock(ctx, tx, in.IntegrationID)
			if err != nil {
				return struct{}{}, err
			}
			moved, err := move(ctx, tx, row, resumed, "", forgetFailures, func(update *ent.IntegrationUpdateOne) {
				update.SetNextRunAt(nextRun(row, tx.Now()))
			})
			if err != nil {
				return struct{}{}, err
			}
			return struct{}{}, s.c.Alerts.ResolveAll(ctx, tx, moved, crm.ResolvedResumed, crm.RuleAutoPaused, crm.RuleRunFailedRepeatedly)
		})
	return err
}

// forgetFailures begins anew to count failed runs.
func forgetFailures(update *ent.IntegrationUpdateOne) {
	update.SetConsecutiveFailures(0).ClearFailingSince().ClearFailureWarnedAt()
}

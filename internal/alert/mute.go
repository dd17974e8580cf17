package alert

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/ent/mutedrule"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// MuteInput stops a rule.
type MuteInput struct {
	Rule crm.AlertRule
	// Reason says why.
	Reason         string
	IdempotencyKey string
}

// muted is what the audit shows of a muted rule.
type muted struct {
	Rule   crm.AlertRule `json:"rule"`
	Reason string        `json:"reason,omitempty"`
}

// Mute stops a rule in the workspace: its open alerts are dismissed, and it opens none
// and tells nobody until it is unmuted. Muting a muted rule changes its reason.
//
// Errors: FORBIDDEN, MANDATORY_ALERT, BAD_INPUT for an unknown rule or a reason of more
// than 500 characters.
func (t *Triage) Mute(ctx context.Context, in MuteInput) error {
	if err := mayMute(ctx, in.Rule); err != nil {
		return err
	}
	if utf8.RuneCountInString(in.Reason) > noteLength {
		return fault.New(fault.BadInput, fmt.Sprintf("A reason has at most %d characters.", noteLength), fault.Field("reason"))
	}
	_, err := store.Idempotent(ctx, t.store, in.IdempotencyKey, "alert.mute", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) { return struct{}{}, t.mute(ctx, tx, in) })
	return err
}

func (t *Triage) mute(ctx context.Context, tx *store.Tx, in MuteInput) error {
	p, _ := principal.From(ctx)
	before, err := unmute(ctx, tx, p.WorkspaceID, in.Rule)
	if err != nil {
		return err
	}
	err = tx.Ent().MutedRule.Create().SetWorkspaceID(p.WorkspaceID).SetCreatedAt(tx.Now()).
		SetRule(in.Rule).SetReason(in.Reason).SetMutedBy(p.ID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("alert: muting: %w", err)
	}
	if err := t.dismissAll(ctx, tx, in); err != nil {
		return err
	}
	item := store.AuditItem{Action: "muteAlertRule", Target: p.WorkspaceID, Outcome: crm.AuditSucceeded, After: muted{Rule: in.Rule, Reason: in.Reason}}
	if before != nil {
		item.Before = muted{Rule: before.Rule, Reason: before.Reason}
	}
	return tx.Audit(ctx, item)
}

// dismissAll resolves the rule's open alerts. It holds the lock of every integration of
// the workspace, so no alert that a concurrent transaction opens slips through: that
// one either ended before, and its alert is seen here, or sees the rule muted.
//
// The alerts do not say who dismissed them: unlike one that a person looked at and
// dismissed, they are opened again when the rule is unmuted and sees them.
func (t *Triage) dismissAll(ctx context.Context, tx *store.Tx, in MuteInput) error {
	ids, err := tx.Ent().Integration.Query().IDs(ctx)
	if err != nil {
		return fmt.Errorf("alert: integrations: %w", err)
	}
	slices.Sort(ids)
	for _, id := range ids {
		integration, err := snapshot.Lock(ctx, tx, id)
		if err != nil {
			return err
		}
		rows, err := tx.Ent().Alert.Query().
			Where(alert.IntegrationID(id), alert.RuleEQ(in.Rule), alert.OpenKeyNotNil()).Order(alert.ByID()).All(ctx)
		if err != nil {
			return fmt.Errorf("alert: alerts of a rule: %w", err)
		}
		for _, row := range rows {
			dismiss(row, tx.Now())
			row.Note = crm.Shorten("The rule was muted. "+in.Reason, noteLength)
		}
		if err := t.alerts.save(ctx, tx, integration, rows, crm.AlertWasResolved); err != nil {
			return err
		}
	}
	return nil
}

// UnmuteInput lets a rule work again.
type UnmuteInput struct {
	Rule           crm.AlertRule
	IdempotencyKey string
}

// Unmute lets a muted rule work again: what it watches is judged at the next check.
//
// Errors: FORBIDDEN, MANDATORY_ALERT, BAD_INPUT for an unknown rule, CONFLICT for one
// that is not muted.
func (t *Triage) Unmute(ctx context.Context, in UnmuteInput) error {
	if err := mayMute(ctx, in.Rule); err != nil {
		return err
	}
	_, err := store.Idempotent(ctx, t.store, in.IdempotencyKey, "alert.unmute", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			p, _ := principal.From(ctx)
			before, err := unmute(ctx, tx, p.WorkspaceID, in.Rule)
			if err != nil {
				return struct{}{}, err
			}
			if before == nil {
				return struct{}{}, fault.New(fault.Conflict, "The rule is not muted.", fault.Field("rule"), fault.Hint("Nothing is to be done."))
			}
			return struct{}{}, tx.Audit(ctx, store.AuditItem{
				Action: "unmuteAlertRule", Target: p.WorkspaceID, Outcome: crm.AuditSucceeded,
				Before: muted{Rule: before.Rule, Reason: before.Reason},
			})
		})
	return err
}

// unmute removes the row of a muted rule, under the workspace's lock, and returns it;
// nil when the rule was not muted.
func unmute(ctx context.Context, tx *store.Tx, workspaceID string, rule crm.AlertRule) (*ent.MutedRule, error) {
	if _, err := snapshot.LockWorkspace(ctx, tx, workspaceID); err != nil {
		return nil, err
	}
	row, err := tx.Ent().MutedRule.Query().Where(mutedrule.RuleEQ(rule)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil //nolint:nilnil // none is the answer
	}
	if err == nil {
		err = tx.Ent().MutedRule.DeleteOne(row).Exec(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("alert: unmuting: %w", err)
	}
	return row, nil
}

func mayMute(ctx context.Context, rule crm.AlertRule) error {
	if p, ok := principal.From(ctx); !ok || !p.May(principal.ScopeConfigure) {
		return fault.New(fault.Forbidden, "Only an admin mutes rules.", fault.Detail("scope", string(principal.ScopeConfigure)))
	}
	if !slices.Contains(rule.Values(), string(rule)) {
		return fault.New(fault.BadInput, fmt.Sprintf("There is no rule %q.", rule), fault.Field("rule"))
	}
	if crm.Mandatory(rule) {
		return fault.New(fault.MandatoryAlert, "Alerts of this rule tell that something required or standardized cannot be read. They cannot be muted.",
			fault.Field("rule"), fault.Detail("rule", string(rule)),
			fault.Hint("Restore the access, or unmap the field if it is not needed."))
	}
	return nil
}

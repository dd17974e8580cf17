package alert

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// noteLength bounds what people say with what they do.
const noteLength = 500

// Triage is what people do with alerts: acknowledge, snooze, wake and dismiss them,
// mute and unmute rules (requirement K10). None of it changes what is watched. It is
// safe for concurrent use.
type Triage struct {
	store  *store.Store
	alerts *Service
}

// NewTriage makes a Triage of the alerts that a service keeps.
func NewTriage(s *store.Store, alerts *Service) *Triage { return &Triage{store: s, alerts: alerts} }

// AcknowledgeInput says that somebody is on it.
type AcknowledgeInput struct {
	AlertID string
	// Note is what others should know; nil leaves what was said before.
	Note           *string
	IdempotencyKey string
}

// Acknowledge says that whoever acts is on it. It ends a snooze.
//
// Errors: FORBIDDEN, NOT_FOUND, CONFLICT for an alert that is resolved, BAD_INPUT for
// a note of more than 500 characters.
func (t *Triage) Acknowledge(ctx context.Context, in AcknowledgeInput) error {
	return t.do(ctx, deed{
		action: "acknowledgeAlert", alertID: in.AlertID, key: in.IdempotencyKey, request: in, note: in.Note,
		event: crm.AlertWasAcknowledged,
		change: func(row *ent.Alert, by string, now time.Time) {
			row.State, row.AcknowledgedAt, row.AcknowledgedBy = crm.AlertAcknowledged, &now, by
			row.SnoozedUntil, row.SnoozedBy = nil, ""
		},
	})
}

// SnoozeInput puts an alert off.
type SnoozeInput struct {
	AlertID string
	// Until is at most 30 days ahead.
	Until time.Time
	// Note is what others should know; nil leaves what was said before.
	Note           *string
	IdempotencyKey string
}

// Snooze puts an alert off for people; it is still watched.
//
// Errors: as Acknowledge, and BAD_INPUT for a time that is over or too far ahead.
func (t *Triage) Snooze(ctx context.Context, in SnoozeInput) error {
	return t.do(ctx, deed{
		action: "snoozeAlert", alertID: in.AlertID, key: in.IdempotencyKey, request: in, note: in.Note,
		event: crm.AlertWasSnoozed,
		refuse: func(_ *ent.Alert, now time.Time) error {
			if !in.Until.After(now) || in.Until.After(now.Add(crm.MaxSnooze)) {
				return fault.New(fault.BadInput, "An alert is put off until a time within the next 30 days.", fault.Field("until"))
			}
			return nil
		},
		change: func(row *ent.Alert, by string, _ time.Time) {
			until := in.Until.UTC()
			row.State, row.SnoozedUntil, row.SnoozedBy = crm.AlertSnoozed, &until, by
		},
	})
}

// WakeInput ends a snooze.
type WakeInput struct {
	AlertID        string
	IdempotencyKey string
}

// Wake ends a snooze: the alert is OPEN, whatever it was before.
//
// Errors: FORBIDDEN, NOT_FOUND, CONFLICT for an alert that is not SNOOZED.
func (t *Triage) Wake(ctx context.Context, in WakeInput) error {
	return t.do(ctx, deed{
		action: "wakeAlert", alertID: in.AlertID, key: in.IdempotencyKey, request: in, event: crm.AlertWoke,
		refuse: func(row *ent.Alert, _ time.Time) error {
			if row.State != crm.AlertSnoozed {
				return fault.New(fault.Conflict, "The alert is not put off.", fault.Field("alertId"), fault.Detail("state", string(row.State)),
					fault.Hint("Load the alert again: its snooze has ended."))
			}
			return nil
		},
		change: func(row *ent.Alert, _ string, _ time.Time) { wake(row) },
	})
}

func wake(row *ent.Alert) {
	row.State = crm.AlertOpen
	forgetAttention(row)
}

// ResolveInput dismisses an alert.
type ResolveInput struct {
	AlertID string
	// Note says why.
	Note           string
	IdempotencyKey string
}

// Resolve dismisses an alert that is not mandatory. It comes back when its problem
// gets worse, or goes and comes back (crm.AlertLife.See).
//
// Errors: as Acknowledge, and MANDATORY_ALERT.
func (t *Triage) Resolve(ctx context.Context, in ResolveInput) error {
	return t.do(ctx, deed{
		action: "resolveAlert", alertID: in.AlertID, key: in.IdempotencyKey, request: in, note: &in.Note,
		event: crm.AlertWasResolved,
		refuse: func(row *ent.Alert, _ time.Time) error {
			if crm.Mandatory(row.Rule) {
				return fault.New(fault.MandatoryAlert,
					"This alert ends by itself, when access is back or the field is unmapped. Until then it cannot be dismissed.",
					fault.Field("alertId"), fault.Detail("rule", string(row.Rule)),
					fault.Hint("Follow its fix steps, acknowledge it to say that you are on it, or snooze it for up to 30 days."))
			}
			return nil
		},
		change: func(row *ent.Alert, by string, now time.Time) {
			dismiss(row, now)
			row.ResolvedBy = by
		},
	})
}

func dismiss(row *ent.Alert, now time.Time) {
	dismissed := crm.ResolvedDismissed
	row.State, row.Resolution, row.ResolvedAt, row.OpenKey = crm.AlertResolved, &dismissed, &now, nil
}

// deed is one thing that a person does with one alert.
type deed struct {
	action, alertID, key string
	request              any
	note                 *string
	event                crm.AlertEvent
	// refuse may be nil; it is asked about an alert that is not resolved.
	refuse func(row *ent.Alert, now time.Time) error
	change func(row *ent.Alert, by string, now time.Time)
}

// attention is what the audit shows of an alert before and after a deed.
type attention struct {
	State        crm.AlertState `json:"state"`
	SnoozedUntil *time.Time     `json:"snoozedUntil,omitempty"`
	Note         string         `json:"note,omitempty"`
}

func attentionOf(row *ent.Alert) attention {
	return attention{State: row.State, SnoozedUntil: row.SnoozedUntil, Note: row.Note}
}

func (t *Triage) do(ctx context.Context, d deed) error {
	p, ok := principal.From(ctx)
	if !ok || !p.May(principal.ScopeOperate) {
		return fault.New(fault.Forbidden, "Only an admin handles alerts.", fault.Detail("scope", string(principal.ScopeOperate)))
	}
	if d.note != nil && utf8.RuneCountInString(*d.note) > noteLength {
		return fault.New(fault.BadInput, fmt.Sprintf("A note has at most %d characters.", noteLength), fault.Field("note"))
	}
	_, err := store.Idempotent(ctx, t.store, d.key, "alert."+d.action, d.request,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, t.perform(ctx, tx, p.ID, d)
		})
	return err
}

// perform does a deed under the lock of the alert's integration.
func (t *Triage) perform(ctx context.Context, tx *store.Tx, by string, d deed) error {
	row, integration, err := lockAlert(ctx, tx, d.alertID)
	if err != nil {
		return err
	}
	if row.State == crm.AlertResolved {
		return fault.New(fault.Conflict, "The alert is resolved.", fault.Field("alertId"), fault.Detail("state", string(row.State)),
			fault.Hint("Nothing is to be done: should its problem come back, it is opened again."))
	}
	if d.refuse != nil {
		if err := d.refuse(row, tx.Now()); err != nil {
			return err
		}
	}
	before := attentionOf(row)
	d.change(row, by, tx.Now())
	if d.note != nil {
		row.Note = *d.note
	}
	if err := t.alerts.save(ctx, tx, integration, []*ent.Alert{row}, d.event); err != nil {
		return err
	}
	return tx.Audit(ctx, store.AuditItem{
		Action: d.action, Target: row.ID, Outcome: crm.AuditSucceeded, Before: before, After: attentionOf(row),
	})
}

// lockAlert loads an alert under the lock of its integration.
func lockAlert(ctx context.Context, tx *store.Tx, alertID string) (*ent.Alert, *ent.Integration, error) {
	seen, err := tx.Ent().Alert.Query().Where(alert.ID(alertID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil, fault.New(fault.NotFound, "The workspace has no alert with this id.", fault.Field("alertId"))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("alert: finding: %w", err)
	}
	integration, err := snapshot.Lock(ctx, tx, seen.IntegrationID)
	if err != nil {
		return nil, nil, err
	}
	row, err := tx.Ent().Alert.Get(ctx, alertID)
	if err != nil {
		return nil, nil, fmt.Errorf("alert: loading: %w", err)
	}
	return row, integration, nil
}

// save stores alerts of one integration that people, or time, moved, and tells of it.
func (s *Service) save(ctx context.Context, tx *store.Tx, integration *ent.Integration, rows []*ent.Alert, event crm.AlertEvent) error {
	if len(rows) == 0 {
		return nil
	}
	c := &changes{tx: tx, integration: integration, window: s.window}
	for _, row := range rows {
		c.save(row, event)
	}
	if err := c.write(ctx); err != nil {
		return err
	}
	return s.finish(ctx, c)
}

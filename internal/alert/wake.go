package alert

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// housekeepingBatch bounds the alerts that one round of housekeeping moves; what is
// left waits for the next minute.
const housekeepingBatch = 500

// EndSnoozes wakes the alerts whose snooze is over, as far as the principal of ctx
// may see. Call it each minute.
func (t *Triage) EndSnoozes(ctx context.Context) error {
	now := t.store.Clock().Now().UTC()
	due, err := t.store.Read().Alert.Query().
		Where(alert.StateEQ(crm.AlertSnoozed), alert.SnoozedUntilLTE(now)).
		Order(alert.BySnoozedUntil(), alert.ByID()).Limit(housekeepingBatch).All(ctx)
	if err != nil {
		return fmt.Errorf("alert: snoozes that end: %w", err)
	}
	return t.each(ctx, due, "snooze over", func(row *ent.Alert) crm.AlertEvent {
		if row.State != crm.AlertSnoozed || row.SnoozedUntil == nil || row.SnoozedUntil.After(now) {
			return ""
		}
		wake(row)
		return crm.AlertWoke
	})
}

// EndNews resolves the alerts that are only news when their day is over, as far as the
// principal of ctx may see. Call it each minute.
func (t *Triage) EndNews(ctx context.Context) error {
	now := t.store.Clock().Now().UTC()
	over := now.Add(-crm.SchemaNewsFor)
	due, err := t.store.Read().Alert.Query().
		Where(alert.RuleEQ(crm.RuleSchemaChanged), alert.OpenKeyNotNil(), alert.OpenedAtLTE(over)).
		Order(alert.ByOpenedAt(), alert.ByID()).Limit(housekeepingBatch).All(ctx)
	if err != nil {
		return fmt.Errorf("alert: news that are over: %w", err)
	}
	return t.each(ctx, due, "news over", func(row *ent.Alert) crm.AlertEvent {
		if row.State == crm.AlertResolved || row.OpenedAt.After(over) {
			return ""
		}
		resolution, now := crm.ResolvedExpired, now
		row.State, row.Resolution, row.ResolvedAt, row.OpenKey = crm.AlertResolved, &resolution, &now, nil
		return crm.AlertWasResolved
	})
}

// each moves alerts, those of one integration in one transaction, each loaded again
// under the integration's lock; an empty event leaves one as it is.
func (t *Triage) each(ctx context.Context, due []*ent.Alert, reason string, move func(*ent.Alert) crm.AlertEvent) error {
	byIntegration, order := map[string][]string{}, []*ent.Alert{}
	for _, row := range due {
		if byIntegration[row.IntegrationID] == nil {
			order = append(order, row)
		}
		byIntegration[row.IntegrationID] = append(byIntegration[row.IntegrationID], row.ID)
	}
	var errs []error
	for _, first := range order {
		ctx := principal.System(ctx, first.WorkspaceID, reason)
		errs = append(errs, t.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			return t.moveAll(ctx, tx, first.IntegrationID, byIntegration[first.IntegrationID], move)
		}))
	}
	return errors.Join(errs...)
}

func (t *Triage) moveAll(ctx context.Context, tx *store.Tx, integrationID string, ids []string, move func(*ent.Alert) crm.AlertEvent) error {
	integration, err := snapshot.Lock(ctx, tx, integrationID)
	if err != nil {
		return err
	}
	rows, err := tx.Ent().Alert.Query().Where(alert.IDIn(ids...)).Order(alert.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("alert: loading: %w", err)
	}
	var moved []*ent.Alert
	var event crm.AlertEvent
	for _, row := range rows {
		if happened := move(row); happened != "" {
			moved, event = append(moved, row), happened
		}
	}
	return t.alerts.save(ctx, tx, integration, moved, event)
}

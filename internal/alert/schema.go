package alert

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/permissionchange"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// SchemaChanged tells of what a check found changed that nothing is lost by
// (requirement K9). The changes are stored already; while the news of the day is open,
// its counts are those of all changes since it was opened.
func (s *Service) SchemaChanged(ctx context.Context, tx *store.Tx, integration *ent.Integration, changes []crm.Change) error {
	counts, since := crm.CountSchema(changes), tx.Now()
	if !counts.Any() {
		return nil
	}
	open, err := openAlerts(ctx, tx, integration)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(open, func(row *ent.Alert) bool { return row.Rule == crm.RuleSchemaChanged })
	if at >= 0 {
		since = openedAt(open[at])
		if counts, err = countSchema(ctx, tx, integration, since); err != nil {
			return err
		}
	}
	return s.apply(ctx, tx, integration, open, []crm.AlertIntent{crm.SchemaChanged(counts, since)})
}

// countSchema counts the stored changes since a time.
func countSchema(ctx context.Context, tx *store.Tx, integration *ent.Integration, since time.Time) (crm.SchemaCounts, error) {
	var rows []struct {
		Type  crm.ChangeType `json:"change"`
		Cause *crm.Cause     `json:"cause"`
		Count int            `json:"count"`
	}
	err := tx.Ent().PermissionChange.Query().
		Where(permissionchange.IntegrationID(integration.ID), permissionchange.CreatedAtGTE(since)).
		GroupBy(permissionchange.FieldChange, permissionchange.FieldCause).Aggregate(ent.Count()).Scan(ctx, &rows)
	var counts crm.SchemaCounts
	if err != nil {
		return counts, fmt.Errorf("alert: changes of the schema: %w", err)
	}
	for _, row := range rows {
		var cause crm.Cause
		if row.Cause != nil {
			cause = *row.Cause
		}
		counts.Count(row.Type, cause, row.Count)
	}
	return counts, nil
}

package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	entrecord "github.com/fieldwarden/fieldwarden/ent/record"
)

// A reading from the beginning meets every record that the CRM still has. The rows
// themselves remember it, each by the generation of the reading that met it last, so
// a reading may take many transactions and die between any two of them. Once it has
// come to the end, UnmetRecords and SweepRecords delete what it did not meet, some
// rows at a time. A new generation begins with every such reading; an unfinished
// one leaves marks that mean nothing to the next.

// markMet notes that a reading met records whose content did not change.
func (tx *Tx) markMet(ctx context.Context, key recordKey, generation int, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	if tx.store.dialect == Postgres {
		_, err := tx.sql.ExecContext(ctx, `
			UPDATE records SET generation = $1
			WHERE workspace_id = $2 AND integration_id = $3 AND object_name = $4 AND external_id = ANY($5)`,
			generation, key.workspaceID, key.integrationID, key.object, ids)
		return err
	}
	for part := range slices.Chunk(ids, recordLookup) {
		args := []any{generation, key.workspaceID, key.integrationID, key.object}
		for _, id := range part {
			args = append(args, id)
		}
		query := `
			UPDATE records SET generation = ?
			WHERE workspace_id = ? AND integration_id = ? AND object_name = ? AND external_id IN (?` + strings.Repeat(",?", len(part)-1) + ")"
		if _, err := tx.sql.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}

// UnmetRecords lists the external ids, at most limit of them, of an object's records
// that are not deleted and that the reading of a generation has not met. Finding them
// reads the object's rows, so it is done outside any transaction.
func (s *Store) UnmetRecords(ctx context.Context, integrationID, object string, generation, limit int) ([]string, error) {
	ids, err := s.Read().Record.Query().
		Where(entrecord.IntegrationID(integrationID), entrecord.ObjectName(object), entrecord.GenerationLT(generation), entrecord.Deleted(false)).
		Order(entrecord.ByExternalID()).Limit(limit).Select(entrecord.FieldExternalID).Strings(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: unmet records: %w", err)
	}
	return ids, nil
}

// SweepRecords marks records as deleted that the reading of a generation has not met
// and returns how many there were. They keep their data, as those do whose deletion
// the CRM reports without any. A record that comes back is updated.
func (tx *Tx) SweepRecords(ctx context.Context, integrationID, object string, generation int, ids []string) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	swept, err := tx.Ent().Record.Update().
		Where(entrecord.IntegrationID(integrationID), entrecord.ObjectName(object), entrecord.ExternalIDIn(ids...),
			entrecord.GenerationLT(generation), entrecord.Deleted(false)).
		SetDeleted(true).SetContentHash(contentHash([]byte("{}"), true)).SetSyncedAt(tx.Now()).Save(ctx)
	if err != nil {
		return 0, fmt.Errorf("store: sweeping records: %w", err)
	}
	return swept, nil
}

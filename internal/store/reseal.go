package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// SealedColumn is a column that holds sealed secrets. Every column whose name begins
// with "sealed" is one; a test holds SealedColumns to that.
type SealedColumn struct {
	Table, Column string
	// Subject is the column whose value the secret is sealed for.
	Subject string
	// Key is the primary key's column.
	Key string
}

// SealedColumns lists all columns with sealed secrets, of entities and of our own
// tables. The key check is sealed for no workspace and a subject of its own.
func SealedColumns() []SealedColumn {
	return []SealedColumn{
		{Table: "credentials", Column: "sealed", Subject: "integration_id", Key: "id"},
		{Table: "channels", Column: "sealed", Subject: "id", Key: "id"},
		{Table: "oauth_clients", Column: "sealed_secret", Subject: "id", Key: "id"},
		{Table: "oauth_states", Column: "sealed_verifier", Subject: "id", Key: "id"},
		KeyCheckColumn(),
	}
}

// KeyCheckColumn is the column of the key check.
func KeyCheckColumn() SealedColumn {
	return SealedColumn{Table: "key_check", Column: "sealed", Subject: "''", Key: "id"}
}

// SealedValue is one sealed secret. Its key and workspace are empty for the key check.
type SealedValue struct {
	Key, WorkspaceID, Subject string
	Sealed                    []byte
}

// SealedElsewise lists up to limit secrets of a column, behind a key, that do not
// begin with a prefix: those that another than the primary key has sealed. It reads
// across all workspaces and is for the rotation of keys only.
func (s *Store) SealedElsewise(ctx context.Context, c SealedColumn, prefix []byte, after string, limit int) (found []SealedValue, err error) {
	workspace := "workspace_id"
	if c == KeyCheckColumn() {
		workspace = "''"
	}
	rows, err := s.reader.QueryContext(ctx, fmt.Sprintf(
		`SELECT CAST(%[1]s AS text), %[2]s, %[3]s, %[4]s FROM %[5]s
		WHERE substr(%[4]s, 1, %[6]d) <> $1 AND CAST(%[1]s AS text) > $2 ORDER BY 1 LIMIT %[7]d`,
		c.Key, workspace, c.Subject, c.Column, c.Table, len(prefix), limit), prefix, after)
	if err != nil {
		return nil, fmt.Errorf("store: sealed secrets of %s: %w", c.Table, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var v SealedValue
		if err := rows.Scan(&v.Key, &v.WorkspaceID, &v.Subject, &v.Sealed); err != nil {
			return nil, fmt.Errorf("store: sealed secrets of %s: %w", c.Table, err)
		}
		found = append(found, v)
	}
	return found, rows.Err()
}

// Reseal replaces sealed secrets by the same ones sealed anew, and returns how many.
// One that somebody else has written since it was read is left alone: what is there
// now is newer. Nothing but the column changes, so a refresh of a credential that is
// under way still finds its version.
func (s *Store) Reseal(ctx context.Context, c SealedColumn, values []SealedValue, anew [][]byte) (replaced int, err error) {
	ctx = principal.AllWorkspaces(ctx, "key rotation")
	statement := fmt.Sprintf("UPDATE %[1]s SET %[2]s = $1 WHERE CAST(%[3]s AS text) = $2 AND %[2]s = $3", c.Table, c.Column, c.Key) //nolint:gosec // names of our own tables
	if c.Key == "id" && c != KeyCheckColumn() {
		statement = fmt.Sprintf("UPDATE %[1]s SET %[2]s = $1 WHERE id = $2 AND %[2]s = $3", c.Table, c.Column)
	}
	err = s.WithTx(ctx, func(ctx context.Context, tx *Tx) error {
		for i, value := range values {
			result, err := tx.sql.ExecContext(ctx, statement, anew[i], value.Key, value.Sealed)
			if err != nil {
				return fmt.Errorf("store: resealing %s: %w", c.Table, err)
			}
			n, err := result.RowsAffected()
			if err != nil {
				return fmt.Errorf("store: resealing %s: %w", c.Table, err)
			}
			replaced += int(n)
		}
		return nil
	})
	return replaced, err
}

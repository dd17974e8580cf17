package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// KeyCheck returns the canary that the encryption key sealed, nil in a database
// that was never used with a key.
func (s *Store) KeyCheck(ctx context.Context) ([]byte, error) {
	var sealed []byte
	err := s.reader.QueryRowContext(ctx, "SELECT sealed FROM key_check WHERE id = 1").Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store: key check: %w", err)
	}
	return sealed, nil
}

// SaveKeyCheck stores the canary unless there is one already, and returns the
// one that is stored now.
func (s *Store) SaveKeyCheck(ctx context.Context, sealed []byte) ([]byte, error) {
	err := s.WithTx(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.sql.ExecContext(ctx, "INSERT INTO key_check (id, sealed) VALUES (1, $1) ON CONFLICT (id) DO NOTHING", sealed)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("store: key check: %w", err)
	}
	return s.KeyCheck(ctx)
}

package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// walAlarm is the size of SQLite's write-ahead log, in pages, above which
// something is wrong: a reader that never ends keeps it from shrinking.
const walAlarm = 100_000 // 400 MB of the usual 4 KiB pages

// Housekeep removes what is past its retention (feed entries, idempotency keys)
// and, on SQLite, empties the write-ahead log. Call it every few minutes, from
// one node or from several.
func (s *Store) Housekeep(ctx context.Context) error {
	return errors.Join(s.PruneFeed(ctx), s.PruneIdempotencyKeys(ctx), s.checkpoint(ctx))
}

// checkpoint moves the write-ahead log into the database file. SQLite does it by
// itself as well, but never while someone reads; under steady reads the log
// would only grow.
func (s *Store) checkpoint(ctx context.Context) error {
	if s.dialect != SQLite {
		return nil
	}
	var busy, pages, moved int
	if err := s.writer.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil {
		return fmt.Errorf("store: checkpoint: %w", err)
	}
	if pages > walAlarm {
		s.log.WarnContext(ctx, "SQLite's write-ahead log is large: a read takes too long", slog.Int("pages", pages), slog.Int("moved", moved))
	}
	return nil
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
)

// Observer is told what transactions have written, after their commit; it must not
// block. It is for metrics only: nothing may depend on it.
type Observer interface {
	// Wrote is called for each change through Ent.
	Wrote(m ent.Mutation)
	// StoredRecords is called for each UpsertRecords.
	StoredRecords(counts UpsertCounts)
}

// observe lets the observer see what this transaction writes, should it commit.
func (tx *Tx) observe() {
	observer := tx.store.config.Observer
	if observer == nil {
		return
	}
	tx.ent.Use(func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			value, err := next.Mutate(ctx, m)
			if err == nil {
				tx.AfterCommit(func() { observer.Wrote(m) })
			}
			return value, err
		})
	})
}

func (tx *Tx) observeRecords(counts UpsertCounts) {
	if observer := tx.store.config.Observer; observer != nil {
		tx.AfterCommit(func() { observer.StoredRecords(counts) })
	}
}

// Gauges are figures of a database at this moment, for metrics.
type Gauges struct {
	// Jobs counts the jobs that wait or run, by queue and state.
	Jobs []JobGauge
	// FeedEntries is how many entries all feeds together have ever had.
	FeedEntries int64
	// Followers is how many subscriptions of this process read a feed.
	Followers int
	// DeliveriesSince is since when the oldest delivery waits; zero when none does.
	DeliveriesSince time.Time
}

// JobGauge counts jobs.
type JobGauge struct {
	Queue, State string
	Jobs         int64
}

// Gauges reads the figures.
func (s *Store) Gauges(ctx context.Context) (g Gauges, err error) {
	table := "river_job"
	if s.dialect == Postgres {
		table = JobSchema + ".river_job"
	}
	rows, err := s.reader.QueryContext(ctx,
		"SELECT queue, CAST(state AS text), count(*) FROM "+table+" WHERE state IN ('available', 'running', 'retryable', 'scheduled') GROUP BY 1, 2")
	if err != nil {
		return g, fmt.Errorf("store: gauges: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var job JobGauge
		if err := rows.Scan(&job.Queue, &job.State, &job.Jobs); err != nil {
			return g, fmt.Errorf("store: gauges: %w", err)
		}
		g.Jobs = append(g.Jobs, job)
	}
	if err := rows.Err(); err != nil {
		return g, fmt.Errorf("store: gauges: %w", err)
	}
	if err := s.reader.QueryRowContext(ctx, "SELECT CAST(coalesce(sum(seq), 0) AS bigint) FROM feed_head").Scan(&g.FeedEntries); err != nil {
		return g, fmt.Errorf("store: gauges: %w", err)
	}
	g.Followers = s.wakeups.followers()
	err = s.reader.QueryRowContext(ctx, "SELECT created_at FROM deliveries WHERE next_attempt_at IS NOT NULL ORDER BY created_at LIMIT 1").Scan(&g.DeliveriesSince)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return g, fmt.Errorf("store: gauges: %w", err)
	}
	return g, nil
}

func (w *wakeups) followers() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, signals := range w.waiting {
		n += len(signals)
	}
	return n
}

// Pools are the connection pools by what they are for.
func (s *Store) Pools() map[string]*sql.DB {
	return map[string]*sql.DB{"writer": s.writer, "reader": s.reader}
}

// SchemaVersion tells the newest migration that the database has and the newest that
// this program knows.
func (s *Store) SchemaVersion(ctx context.Context) (found, known int64, err error) {
	if known, err = newestKnown(s.dialect); err != nil {
		return 0, 0, err
	}
	query := "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied"
	if err := s.reader.QueryRowContext(ctx, query).Scan(&found); err != nil {
		return 0, known, unavailable("The database does not tell its version.", err)
	}
	return found, known, nil
}

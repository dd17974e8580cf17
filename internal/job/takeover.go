package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/store"
)

// takeOverSQLite frees the jobs that were running when the last process ended.
// The database's lock file makes sure that there is no other process. The
// attempt does not count towards the maximum, the crash counter does instead. A
// job whose cancellation was under way is cancelled.
const takeOverSQLite = `
	UPDATE river_job SET
		state = CASE WHEN json_extract(metadata, '$.cancel_attempted_at') IS NULL THEN 'available' ELSE 'cancelled' END,
		finalized_at = CASE WHEN json_extract(metadata, '$.cancel_attempted_at') IS NULL THEN NULL ELSE datetime('now', 'subsec') END,
		scheduled_at = datetime('now', 'subsec'),
		max_attempts = max(max_attempts, attempt + 1),
		metadata = json_set(metadata, '$.crashes', coalesce(json_extract(metadata, '$.crashes'), 0) + 1),
		errors = json_insert(coalesce(errors, json('[]')), '$[#]', json_object(
			'at', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 'attempt', attempt, 'error', 'the process died', 'trace', ''))
	WHERE state = 'running'`

// takeOverPostgres frees the jobs of processes that were silent for longer than
// $1 seconds, or whose name begins with $2 and is not $3. It also tells the
// workers of the queues.
const takeOverPostgres = `
	WITH dead AS (
		SELECT j.id FROM river.river_job j
		WHERE j.state = 'running' AND (
			NOT EXISTS (
				SELECT 1 FROM worker w
				WHERE w.id = j.attempted_by[array_upper(j.attempted_by, 1)] AND w.seen_at > now() - make_interval(secs => $1))
			OR ($2 <> '' AND starts_with(j.attempted_by[array_upper(j.attempted_by, 1)], $2) AND j.attempted_by[array_upper(j.attempted_by, 1)] <> $3))
		FOR UPDATE SKIP LOCKED
	), freed AS (
		UPDATE river.river_job j SET
			state = CASE WHEN j.metadata ? 'cancel_attempted_at' THEN 'cancelled' ELSE 'available' END::river.river_job_state,
			finalized_at = CASE WHEN j.metadata ? 'cancel_attempted_at' THEN now() END,
			scheduled_at = now(),
			max_attempts = greatest(j.max_attempts, least(j.attempt + 1, 32767)),
			metadata = jsonb_set(j.metadata, '{crashes}', to_jsonb(coalesce((j.metadata->>'crashes')::int, 0) + 1)),
			errors = array_append(j.errors, jsonb_build_object(
				'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'attempt', j.attempt, 'error', 'the process died', 'trace', ''))
		FROM dead WHERE j.id = dead.id AND j.state = 'running'
		RETURNING j.queue
	), told AS (
		SELECT pg_notify('river.river_insert', json_build_object('queue', queue)::text) FROM (SELECT DISTINCT queue FROM freed) q
	)
	SELECT (SELECT count(*) FROM freed), (SELECT count(*) FROM told)`

// takeOverAtStart runs before the first fetch.
func (e *Engine) takeOverAtStart(ctx context.Context) error {
	if e.store.Dialect() == store.Postgres {
		// The heartbeat comes first: without it our own jobs would look dead.
		if err := e.beat(ctx); err != nil {
			return err
		}
		predecessor := ""
		if e.config.NodeID != "" {
			predecessor = e.config.NodeID + "."
		}
		return e.takeOver(ctx, predecessor)
	}
	return e.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		result, err := tx.SQL().ExecContext(ctx, takeOverSQLite)
		if err != nil {
			return fmt.Errorf("job: takeover: %w", err)
		}
		// Else River's housekeeping waits until the dead leader's lease runs out.
		if _, err := tx.SQL().ExecContext(ctx, "DELETE FROM river_leader"); err != nil {
			return fmt.Errorf("job: takeover: %w", err)
		}
		freed, err := result.RowsAffected()
		e.logFreed(ctx, freed)
		return err
	})
}

// takeOver frees the jobs of dead processes on PostgreSQL.
func (e *Engine) takeOver(ctx context.Context, predecessor string) error {
	var freed, queues int64
	err := e.store.SQL().QueryRowContext(ctx, takeOverPostgres, e.config.DeadAfter.Seconds(), predecessor, e.id).Scan(&freed, &queues)
	if err != nil {
		return fmt.Errorf("job: takeover: %w", err)
	}
	e.logFreed(ctx, freed)
	return nil
}

func (e *Engine) logFreed(ctx context.Context, freed int64) {
	if freed > 0 {
		e.log.WarnContext(ctx, "jobs of a dead process run again", slog.Int64("jobs", freed))
	}
}

// beat says that this process lives.
func (e *Engine) beat(ctx context.Context) error {
	_, err := e.store.SQL().ExecContext(ctx,
		"INSERT INTO worker (id, seen_at) VALUES ($1, now()) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at", e.id)
	if err != nil {
		return fmt.Errorf("job: heartbeat: %w", err)
	}
	return nil
}

// startBeat beats, and looks for the dead, several times within DeadAfter.
func (e *Engine) startBeat(ctx context.Context) {
	ctx, e.stopBeat = context.WithCancel(context.WithoutCancel(ctx))
	e.beating.Go(func() {
		ticker := time.NewTicker(e.config.DeadAfter / 8)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if err := errors.Join(e.beat(ctx), e.takeOver(ctx, "")); err != nil && ctx.Err() == nil {
				e.log.WarnContext(ctx, "job heartbeat failed", slog.Any("error", err))
			}
		}
	})
}

// sayGoodbye removes our heartbeat, and those of processes long dead.
func (e *Engine) sayGoodbye(ctx context.Context) error {
	_, err := e.store.SQL().ExecContext(ctx, "DELETE FROM worker WHERE id = $1 OR seen_at < now() - interval '1 day'", e.id)
	if err != nil {
		return fmt.Errorf("job: heartbeat: %w", err)
	}
	return nil
}

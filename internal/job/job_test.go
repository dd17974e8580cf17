package job_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// patience bounds every wait for a signal; only a failing test waits so long.
const patience = 30 * time.Second

func newEngine(t *testing.T, s *store.Store) *job.Engine {
	t.Helper()
	e, err := job.New(job.Config{
		Store: s, PollInterval: 10 * time.Millisecond, FetchCooldown: 5 * time.Millisecond,
		DeadAfter: 5 * time.Second, GraceOnStop: 200 * time.Millisecond,
	})
	require.NoError(t, err)
	return e
}

func start(t *testing.T, e *job.Engine) {
	t.Helper()
	require.NoError(t, e.Start(t.Context()))
	t.Cleanup(func() { stop(t, e) })
}

func stop(t *testing.T, e *job.Engine) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, e.Stop(ctx))
}

func enqueue(ctx context.Context, t *testing.T, s *store.Store, e *job.Engine, kind, workspaceID string, payload any, options ...job.Option) (id int64) {
	t.Helper()
	require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		id, err = e.Enqueue(ctx, tx, kind, workspaceID, payload, options...)
		return err
	}))
	return id
}

func receive[T any](t *testing.T, from <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-from:
	case <-time.After(patience):
		t.Fatal("nothing happened")
	}
	return value
}

// row reads what the engine stored of a job.
func row(t *testing.T, s *store.Store, id int64) (state, failures string, attempt int) {
	t.Helper()
	query := "SELECT state, CAST(coalesce(errors, '[]') AS text), attempt FROM river_job WHERE id = $1"
	if s.Dialect() == store.Postgres {
		query = "SELECT state, coalesce(errors::text, ''), attempt FROM river.river_job WHERE id = $1"
	}
	require.NoError(t, s.SQL().QueryRowContext(t.Context(), query, id).Scan(&state, &failures, &attempt))
	return state, failures, attempt
}

func eventually(t *testing.T, s *store.Store, id int64, want string) {
	t.Helper()
	// The last write of a job is River's own, and it tells nobody.
	require.Eventually(t, func() bool { state, _, _ := row(t, s, id); return state == want }, patience, 5*time.Millisecond)
}

func TestJobRunsAsTheSystemOfItsWorkspace(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		e := newEngine(t, s)
		ran := make(chan job.Job, 10)
		acting := make(chan principal.Principal, 10)
		e.Register("test.run", func(ctx context.Context, j job.Job) error {
			p, _ := principal.From(ctx)
			acting <- p
			ran <- j
			return nil
		}, job.HandlerOptions{Queue: job.QueueSync})

		rolledBack := errors.New("no")
		require.ErrorIs(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := e.Enqueue(ctx, tx, "test.run", workspace.ID, "never")
			require.NoError(t, err)
			return rolledBack
		}), rolledBack)
		id := enqueue(ctx, t, s, e, "test.run", workspace.ID, map[string]string{"run": "run_1"})
		start(t, e)

		first := receive(t, ran)
		require.Equal(t, id, first.ID)
		require.Equal(t, "test.run", first.Kind)
		require.Equal(t, 1, first.Attempt)
		require.Zero(t, first.Crashes)
		require.JSONEq(t, `{"run":"run_1"}`, string(first.Payload))
		p := receive(t, acting)
		require.Equal(t, workspace.ID, p.WorkspaceID)
		require.Equal(t, principal.RoleSystem, p.Role)

		// The job that was rolled back would have come before this one.
		second := enqueue(ctx, t, s, e, "test.run", "", "last")
		require.Equal(t, second, receive(t, ran).ID)
		require.True(t, receive(t, acting).All)
		eventually(t, s, second, "completed")
		require.Empty(t, ran)
	})
}

func TestCompleteIsPartOfTheTransactionAndFenced(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		e := newEngine(t, s)
		outcomes := make(chan error, 10)
		rolledBack := errors.New("the work failed")
		complete := func(ctx context.Context, j job.Job, then error) error {
			return s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				tx.Feed(store.FeedItem{WorkspaceID: workspace.ID, Kind: "run"})
				if err := e.Complete(ctx, tx, j); err != nil {
					return err
				}
				return then
			})
		}
		e.Register("test.complete", func(ctx context.Context, j job.Job) error {
			outcomes <- complete(ctx, j, rolledBack) // the job is not completed
			stale := j
			stale.Attempt--
			outcomes <- complete(ctx, stale, nil) // not our attempt
			outcomes <- complete(ctx, j, nil)
			err := complete(ctx, j, nil) // a second time
			outcomes <- err
			return err
		}, job.HandlerOptions{})
		start(t, e)
		id := enqueue(ctx, t, s, e, "test.complete", workspace.ID, nil)

		require.ErrorIs(t, receive(t, outcomes), rolledBack)
		require.ErrorIs(t, receive(t, outcomes), job.ErrFenced)
		require.NoError(t, receive(t, outcomes))
		require.ErrorIs(t, receive(t, outcomes), job.ErrFenced)
		stop(t, e)
		state, failures, _ := row(t, s, id)
		require.Equal(t, "completed", state)
		require.NotContains(t, failures, "error")
		head, err := s.FeedHead(ctx, workspace.ID)
		require.NoError(t, err)
		require.EqualValues(t, 1, head, "what failed and what was fenced left nothing")
	})
}

func TestFailures(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		e := newEngine(t, s)
		attempts := make(chan job.Job, 20)
		backoff := func(int) time.Duration { return time.Millisecond }
		handle := func(kind string, maximum int, outcome func(attempt int) error) {
			e.Register(kind, func(_ context.Context, j job.Job) error {
				attempts <- j
				return outcome(j.Attempt)
			}, job.HandlerOptions{Backoff: backoff, MaxAttempts: maximum})
		}
		handle("test.retry", 5, func(attempt int) error {
			switch attempt {
			case 1:
				return errors.New("password=hunter2")
			case 2:
				return fault.New(fault.CRMTimeout, "The CRM did not answer.", fault.Cause(errors.New("password=hunter2")))
			case 3:
				panic("password=hunter2")
			default:
				return nil
			}
		})
		handle("test.permanent", 5, func(int) error { return fault.New(fault.CRMGrantRevoked, "Signed out.") })
		handle("test.hopeless", 2, func(int) error { return fault.New(fault.CRMUnavailable, "Down.") })
		snoozes := 0
		handle("test.snooze", 5, func(int) error {
			if snoozes++; snoozes < 3 {
				return job.Snooze(time.Millisecond)
			}
			return nil
		})
		start(t, e)

		id := enqueue(ctx, t, s, e, "test.retry", workspace.ID, nil)
		for attempt := 1; attempt <= 4; attempt++ {
			require.Equal(t, attempt, receive(t, attempts).Attempt)
		}
		eventually(t, s, id, "completed")
		_, failures, _ := row(t, s, id)
		require.Contains(t, failures, "CRM_TIMEOUT: The CRM did not answer.")
		require.Contains(t, failures, "INTERNAL: The job failed.")
		require.Contains(t, failures, "INTERNAL: The job panicked.")
		require.NotContains(t, failures, "hunter2")

		id = enqueue(ctx, t, s, e, "test.permanent", workspace.ID, nil)
		receive(t, attempts)
		eventually(t, s, id, "cancelled")

		id = enqueue(ctx, t, s, e, "test.hopeless", workspace.ID, nil)
		receive(t, attempts)
		receive(t, attempts)
		eventually(t, s, id, "discarded")

		id = enqueue(ctx, t, s, e, "test.snooze", workspace.ID, nil)
		for range 3 {
			require.Equal(t, 1, receive(t, attempts).Attempt, "a snooze costs no attempt")
		}
		eventually(t, s, id, "completed")
		require.Empty(t, attempts)
	})
}

func TestRetryWaitsAsLongAsTheFaultSays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		e := newEngine(t, s)
		e.Register("test.limited", func(context.Context, job.Job) error {
			return fault.New(fault.CRMRateLimited, "Slow down.", fault.RetryAfter(time.Hour))
		}, job.HandlerOptions{Backoff: func(int) time.Duration { return 0 }})
		start(t, e)
		id := enqueue(ctx, t, s, e, "test.limited", workspace.ID, nil)
		eventually(t, s, id, "retryable")
		query := "SELECT (julianday(scheduled_at) - julianday('now')) * 24 FROM river_job WHERE id = $1"
		if s.Dialect() == store.Postgres {
			query = "SELECT extract(epoch FROM scheduled_at - now()) / 3600 FROM river.river_job WHERE id = $1"
		}
		var hours float64
		require.NoError(t, s.SQL().QueryRowContext(ctx, query, id).Scan(&hours))
		require.InDelta(t, 1, hours, 0.1)
	})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		e := newEngine(t, s)
		running, ended := make(chan struct{}), make(chan error, 1)
		e.Register("test.long", func(ctx context.Context, _ job.Job) error {
			close(running)
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}, job.HandlerOptions{})
		start(t, e)
		waiting := enqueue(ctx, t, s, e, "test.long", workspace.ID, nil, job.At(clock.Now().Add(time.Hour)))
		id := enqueue(ctx, t, s, e, "test.long", workspace.ID, nil)
		receive(t, running)

		require.NoError(t, e.Cancel(ctx, waiting))
		state, _, _ := row(t, s, waiting)
		require.Equal(t, "cancelled", state)
		require.NoError(t, e.Cancel(ctx, id))
		require.Error(t, receive(t, ended))
		eventually(t, s, id, "cancelled")

		require.True(t, fault.Is(e.Cancel(ctx, 123456789), fault.NotFound))
		require.True(t, fault.Is(s.WithTx(ctx, func(ctx context.Context, _ *store.Tx) error { return e.Cancel(ctx, id) }), fault.Internal))
	})
}

func TestUniqueKeyHoldsWhileTheJobIsAlive(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		e := newEngine(t, s)
		var runs atomic.Int32
		release := make(chan struct{})
		e.Register("test.unique", func(context.Context, job.Job) error {
			runs.Add(1)
			<-release
			return nil
		}, job.HandlerOptions{})
		e.Register("test.other", func(context.Context, job.Job) error { return nil }, job.HandlerOptions{})
		start(t, e)
		key := job.UniqueKey("confirm:obj_1")
		id := enqueue(ctx, t, s, e, "test.unique", workspace.ID, 1, key)
		require.Equal(t, id, enqueue(ctx, t, s, e, "test.unique", workspace.ID, 2, key))
		require.NotEqual(t, id, enqueue(ctx, t, s, e, "test.unique", workspace.ID, 1, job.UniqueKey("confirm:obj_2")))
		require.NotEqual(t, id, enqueue(ctx, t, s, e, "test.other", workspace.ID, 1, key), "keys belong to a kind")
		close(release)
		eventually(t, s, id, "completed")
		again := enqueue(ctx, t, s, e, "test.unique", workspace.ID, 1, key)
		require.NotEqual(t, id, again, "a finished job frees its key")
		eventually(t, s, again, "completed")
		require.EqualValues(t, 3, runs.Load())
	})
}

func TestStopInterruptsAndLosesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		running := make(chan job.Job, 1)
		first := newEngine(t, s)
		first.Register("test.long", func(ctx context.Context, j job.Job) error {
			running <- j
			<-ctx.Done()
			return ctx.Err()
		}, job.HandlerOptions{})
		require.NoError(t, first.Start(ctx))
		id := enqueue(ctx, t, s, first, "test.long", workspace.ID, nil)
		receive(t, running)
		stop(t, first)
		state, failures, attempt := row(t, s, id)
		require.Equal(t, "available", state)
		require.Zero(t, attempt)
		require.NotContains(t, failures, "error")

		second := newEngine(t, s)
		second.Register("test.long", func(_ context.Context, j job.Job) error {
			running <- j
			return nil
		}, job.HandlerOptions{})
		start(t, second)
		require.Equal(t, id, receive(t, running).ID)
		eventually(t, s, id, "completed")
	})
}

// TestForeignRowIsLeftAlone shows that a worker which lost its job settles
// nothing, however its handler ends. It holds River to the rule on which
// leaveAlone rests.
func TestForeignRowIsLeftAlone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		if s.Dialect() == store.SQLite {
			// Only one process runs: nobody can take a job from a live worker. What
			// is left is a handler that says so itself.
			t.Log("on SQLite only the handler's own ErrFenced is tried")
		}
		ctx, workspace := storetest.Workspace(t, s)
		table := "river_job"
		if s.Dialect() == store.Postgres {
			table = "river.river_job"
		}
		e := newEngine(t, s)
		outcomes := map[string]error{"test.fenced": job.ErrFenced}
		if s.Dialect() == store.Postgres {
			outcomes["test.nil"] = nil
			outcomes["test.failed"] = errors.New("late")
			outcomes["test.permanent"] = fault.New(fault.BadInput, "late")
			outcomes["test.snoozed"] = job.Snooze(0)
		}
		for kind, outcome := range outcomes {
			e.Register(kind, func(ctx context.Context, j job.Job) error {
				_, err := s.SQL().ExecContext(ctx, "UPDATE "+table+" SET attempt = attempt + 1 WHERE id = $1", j.ID)
				if err != nil {
					return err
				}
				return outcome
			}, job.HandlerOptions{})
		}
		start(t, e)
		ids := map[string]int64{}
		for kind := range outcomes {
			ids[kind] = enqueue(ctx, t, s, e, kind, workspace.ID, nil)
		}
		for kind, id := range ids {
			require.Eventually(t, func() bool { _, _, attempt := row(t, s, id); return attempt == 2 }, patience, 5*time.Millisecond, kind)
		}
		stop(t, e)
		for kind, id := range ids {
			state, _, attempt := row(t, s, id)
			require.Equal(t, "running", state, kind)
			require.Equal(t, 2, attempt, kind)
		}
	})
}

func TestStartRefusesImpossibleOptions(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		for _, options := range []job.HandlerOptions{{Timeout: time.Hour}, {Queue: "nowhere"}} {
			e := newEngine(t, s)
			e.Register("test", func(context.Context, job.Job) error { return nil }, options)
			require.Error(t, e.Start(t.Context()))
		}
	})
}

package job

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// errCancelled is the cause of a context that Engine.Cancel ended.
var errCancelled = errors.New("job: cancelled")

// execution is one attempt at a job. A process that was taken for dead may find
// itself with two of the same job.
type execution struct {
	id      int64
	attempt int
}

type executionState struct {
	cancel    context.CancelCauseFunc
	completed atomic.Bool
}

// worker runs the jobs of one kind for River.
type worker struct {
	river.WorkerDefaults[arguments]
	engine *Engine
	kind   string
	registration
}

// Timeout returns the kind's timeout.
func (w *worker) Timeout(*river.Job[arguments]) time.Duration { return w.options.Timeout }

// NextRetry returns when the job is tried again after a failure.
func (w *worker) NextRetry(r *river.Job[arguments]) time.Time {
	at := time.Now().Add(w.options.Backoff(r.Attempt))
	if at.Before(r.Args.notBefore) {
		return r.Args.notBefore
	}
	return at
}

// Work runs the handler and translates its outcome for River.
func (w *worker) Work(ctx context.Context, r *river.Job[arguments]) error {
	j := Job{
		ID: r.ID, Kind: w.kind, WorkspaceID: r.Args.WorkspaceID, Payload: r.Args.Payload,
		Attempt: r.Attempt, Crashes: crashesOf(r.JobRow),
	}
	if j.Crashes > maxCrashes {
		w.engine.log.ErrorContext(ctx, "job given up: the process died each time it ran", w.attributes(j)...)
		return river.JobCancel(fault.New(fault.Internal, "The process died too often while it ran this job."))
	}
	state, done := w.engine.begin(ctx, j)
	defer done()
	jobCtx, ended := state.ctx, func(error) {}
	if observer := w.engine.config.Observer; observer != nil {
		jobCtx, ended = observer.Begin(state.ctx, j, r.Args.Trace)
	}
	err := w.call(jobCtx, j)
	ended(err)
	return w.outcome(state, r, j, err)
}

// call runs the handler; a panic becomes an error. What a panic says may hold
// data, so only the log has it, and River stores nothing of it.
func (w *worker) call(ctx context.Context, j Job) (err error) {
	defer func() {
		if value := recover(); value != nil {
			w.engine.log.ErrorContext(ctx, "job panicked", append(w.attributes(j),
				slog.String("panic", fmt.Sprint(value)), slog.String("stack", string(debug.Stack())))...)
			err = fault.New(fault.Internal, "The job panicked.")
		}
	}()
	if j.WorkspaceID == "" {
		ctx = principal.AllWorkspaces(ctx, j.Kind)
	} else {
		ctx = principal.System(ctx, j.WorkspaceID, j.Kind)
	}
	return w.handler(ctx, j)
}

// outcome is what River is to do with the job now.
func (w *worker) outcome(s *begun, r *river.Job[arguments], j Job, err error) error {
	var snooze snoozeError
	switch {
	case s.completed.Load():
		if err != nil {
			w.engine.log.ErrorContext(s.ctx, "job failed after it was completed", append(w.attributes(j), slog.Any("error", err))...)
		}
		return leaveAlone{}
	case errors.Is(err, ErrFenced), !w.engine.owns(s.ctx, j):
		return leaveAlone{}
	case err == nil:
		return nil
	case errors.Is(context.Cause(s.ctx), errCancelled), errors.Is(context.Cause(s.ctx), rivertype.ErrJobCancelledRemotely):
		return river.JobCancel(fault.New(fault.Fenced, "The job was cancelled."))
	case errors.As(err, &snooze):
		return river.JobSnooze(snooze.after)
	case s.ctx.Err() != nil && w.engine.isStopping():
		return river.JobSnooze(0)
	}
	w.engine.log.WarnContext(s.ctx, "job failed", append(w.attributes(j), slog.Any("error", err))...)
	scrubbed := scrub(err)
	if scrubbed.Info().Retry == fault.RetryNever {
		return river.JobCancel(scrubbed)
	}
	if scrubbed.RetryAfter > 0 {
		r.Args.notBefore = time.Now().Add(scrubbed.RetryAfter)
	}
	return scrubbed
}

func (w *worker) attributes(j Job) []any {
	return []any{
		slog.String("kind", j.Kind), slog.Int64("job", j.ID), slog.String("workspace", j.WorkspaceID),
		slog.Int("attempt", j.Attempt), slog.Int("crashes", j.Crashes),
	}
}

// scrub reduces an error to what may stand in the database in clear text.
func scrub(err error) *fault.Error {
	if known, ok := fault.From(err); ok {
		return fault.New(known.Code, known.Message, fault.RetryAfter(known.RetryAfter))
	}
	return fault.New(fault.Internal, "The job failed.")
}

// leaveAlone tells River to do nothing at all with the job's row: it is settled
// already, or another worker's. River's executor reports an outcome for each job
// of a multi-job error, and here there are none. A test holds River to that.
type leaveAlone struct{}

// Error describes the outcome.
func (leaveAlone) Error() string { return "job: settled elsewhere" }

// Jobs lists no job.
func (leaveAlone) Jobs() []*rivertype.JobRow { return nil }

// ErrorsByID has an error for no job.
func (leaveAlone) ErrorsByID() map[int64]error { return nil }

// begun is a running execution and its context.
type begun struct {
	*executionState
	ctx context.Context
}

// begin notes the execution, so that Cancel and Complete find it.
func (e *Engine) begin(ctx context.Context, j Job) (*begun, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	state := &executionState{cancel: cancel}
	key := execution{j.ID, j.Attempt}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.running[key] = state
	return &begun{executionState: state, ctx: ctx}, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.running, key)
		cancel(nil)
	}
}

func (e *Engine) isStopping() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stopping
}

// Complete completes j inside tx, together with what tx saves: both happen or
// neither. It fails with ErrFenced when the job is no longer this attempt's;
// then the handler must not commit and returns the error.
func (e *Engine) Complete(ctx context.Context, tx *store.Tx, j Job) error {
	query := "UPDATE river_job SET state = 'completed', finalized_at = datetime('now', 'subsec') WHERE id = $1 AND state = 'running' AND attempt = $2"
	if e.store.Dialect() == store.Postgres {
		query = "UPDATE river.river_job SET state = 'completed', finalized_at = now() WHERE id = $1 AND state = 'running' AND attempt = $2"
	}
	result, err := tx.SQL().ExecContext(ctx, query, j.ID, j.Attempt)
	if err != nil {
		return fmt.Errorf("job: complete: %w", err)
	}
	if rows, err := result.RowsAffected(); err != nil || rows != 1 {
		return errors.Join(ErrFenced, err)
	}
	tx.AfterCommit(func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if state := e.running[execution{j.ID, j.Attempt}]; state != nil {
			state.completed.Store(true)
		}
	})
	return nil
}

// owns reports whether the job's row is still this attempt's. River settles a
// running row without looking at the attempt, so a worker that was wrongly taken
// for dead would settle the row of the one that has the job now. On SQLite
// nobody else can have it.
func (e *Engine) owns(ctx context.Context, j Job) bool {
	if e.store.Dialect() == store.SQLite {
		return true
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	var owned bool
	err := e.store.SQL().QueryRowContext(ctx, "SELECT state = 'running' AND attempt = $2 FROM river.river_job WHERE id = $1", j.ID, j.Attempt).Scan(&owned)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		// Unknown. River's own write will most likely fail as well, and then the
		// job is taken over once this process counts as dead or stuck.
		e.log.WarnContext(ctx, "job's owner is unknown", slog.Int64("job", j.ID), slog.Any("error", err))
		return true
	}
	return owned
}

// crashesOf reads the counter that the takeover keeps in the job's metadata.
func crashesOf(row *rivertype.JobRow) int {
	var metadata struct {
		Crashes int `json:"crashes"`
	}
	if err := json.Unmarshal(row.Metadata, &metadata); err != nil {
		return 0
	}
	return metadata.Crashes
}

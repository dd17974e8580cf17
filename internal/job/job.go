package job

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// Queues, each with workers of its own, so that no kind of work waits for another.
const (
	// QueueDefault is for short internal work.
	QueueDefault = "default"
	// QueueSync is for the steps of runs.
	QueueSync = "sync"
	// QueueInteractive is for work that a person is waiting for.
	QueueInteractive = "interactive"
	// QueueWebhook and QueueMail are for sending: a mail server that hangs holds up no
	// webhook.
	QueueWebhook = "webhook"
	QueueMail    = "mail"
)

// Job is one execution of a job.
type Job struct {
	ID   int64
	Kind string
	// WorkspaceID is empty for a job of no workspace.
	WorkspaceID string
	// Payload is the JSON that was enqueued.
	Payload json.RawMessage
	// Attempt counts executions from 1. It fences: see Engine.Complete.
	Attempt int
	// Crashes counts how often the process died while it ran this job.
	Crashes int
}

// Handler does the work of a job. Its context acts as the system in the job's
// workspace (across all of them for a job without one) and ends at the job's
// timeout, when the job is cancelled and when the engine stops.
//
// A job may run more than once. A handler whose effect must not be doubled calls
// Engine.Complete in the transaction that saves the effect. A returned nil
// completes the job, if that has not happened yet. An error that a person has to
// resolve (fault.RetryNever) ends it; any other is retried with backoff, at the
// earliest after the fault's RetryAfter.
type Handler func(ctx context.Context, j Job) error

// HandlerOptions say how jobs of a kind are run.
type HandlerOptions struct {
	// Queue is where the jobs wait; empty is QueueDefault.
	Queue string
	// Timeout ends the handler's context; zero is 30 seconds, the most is 50.
	Timeout time.Duration
	// Backoff is the pause after the attempt of that number failed; nil doubles
	// from one second to five minutes.
	Backoff func(attempt int) time.Duration
	// MaxAttempts is after how many failures the job is given up; zero is 25.
	// Snoozes and crashes do not count.
	MaxAttempts int
}

// ErrFenced says that the job is no longer this worker's: another one took it
// over, or it was cancelled. A handler returns it as it is; nothing more happens.
var ErrFenced = fault.New(fault.Fenced, "Another worker has taken over this job, or it was cancelled.")

// Snooze is what a handler returns to have the job run again after d. It is no
// failure and costs no attempt.
func Snooze(d time.Duration) error { return snoozeError{max(0, d)} }

type snoozeError struct{ after time.Duration }

// Error describes the snooze.
func (e snoozeError) Error() string { return fmt.Sprintf("job: again in %s", e.after) }

// Option changes how one job is enqueued.
type Option func(*enqueueOptions)

type enqueueOptions struct {
	at       time.Time
	unique   string
	queue    string
	priority int
}

// At runs the job at t by the store's clock, not before.
func At(t time.Time) Option { return func(o *enqueueOptions) { o.at = t } }

// UniqueKey enqueues nothing while a job of the same kind and key is waiting or
// running; Enqueue then returns that job's id. The key must hold no secret.
func UniqueKey(key string) Option { return func(o *enqueueOptions) { o.unique = key } }

// Queue overrides the queue of the kind.
func Queue(name string) Option { return func(o *enqueueOptions) { o.queue = name } }

// Priority is 1 (first) to 4 (last) within the queue; 1 is the default.
func Priority(n int) Option { return func(o *enqueueOptions) { o.priority = n } }

// defaultBackoff doubles from a second to five minutes, with a tenth of jitter so
// that what failed together does not come back together.
func defaultBackoff(attempt int) time.Duration {
	pause := 5 * time.Minute
	if attempt < 10 {
		pause = min(pause, time.Second<<max(0, attempt-1))
	}
	return pause + time.Duration(rand.Int64N(int64(pause)/10))
}

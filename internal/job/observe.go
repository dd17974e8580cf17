package job

import (
	"context"
	"errors"
)

// Observer is told of jobs, for metrics and traces.
type Observer interface {
	// Enqueued returns what of ctx's trace goes along with a job; empty is nothing. It
	// is stored in clear and must hold no secret.
	Enqueued(ctx context.Context) string
	// Begin is called before a job runs, with what Enqueued returned for it. The job
	// runs with the context that Begin returns, and the function is called with its
	// outcome.
	Begin(ctx context.Context, j Job, trace string) (context.Context, func(error))
}

// Snoozed reports whether a handler's error is a snooze, which is no failure.
func Snoozed(err error) bool {
	var snooze snoozeError
	return errors.As(err, &snooze)
}

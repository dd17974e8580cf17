package syncrun

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// mostWait is the longest wait for a limit that a run sits out; a longer one ends it
// until the next day.
const mostWait = time.Hour

// remedy is what to do about a failed reading.
type remedy string

// Remedies.
const (
	// tryAgain repeats the step after a backoff.
	tryAgain remedy = "TRY_AGAIN"
	// recheck looks which rights are left, then repeats the step with those.
	recheck remedy = "RECHECK"
	// waitForLimit lets the run wait for a short limit.
	waitForLimit remedy = "WAIT"
	// endRun ends the run until the next day, its position kept.
	endRun remedy = "END_RUN"
	// failObject gives the object up, for this run.
	failObject remedy = "FAIL_OBJECT"
	// failRun gives the run up: no object can be read.
	failRun remedy = "FAIL_RUN"
)

// remedyFor decides by the retry class of the failure's code (requirement G9) and by
// how often it was tried: attempt counts from 1, waits are those for limits so far.
func (l Limits) remedyFor(cause *fault.Error, attempt, waits int) remedy {
	switch cause.Code {
	case fault.CRMGrantRevoked:
		return failRun
	case fault.CRMFieldDenied, fault.CRMObjectDenied:
		if attempt < l.Attempts {
			return recheck
		}
		return failObject
	case fault.CRMQuotaExhausted:
		return endRun
	default:
	}
	switch cause.Info().Retry {
	case fault.RetryNever:
		return failObject
	case fault.RetryLater:
		if cause.RetryAfter > mostWait || waits >= l.Waits {
			return endRun
		}
		return waitForLimit
	default:
		if attempt < l.Attempts {
			return tryAgain
		}
		return failObject
	}
}

// retryWait is how long to wait before the step is tried again.
func (l Limits) retryWait(cause *fault.Error, attempt int) time.Duration {
	return max(cause.RetryAfter, crm.Backoff{Base: l.Backoff, Most: 5 * time.Minute}.Wait(attempt, rand.Int64N))
}

// limitWait is how long to wait for a limit: as long as the CRM says, else a backoff.
func (l Limits) limitWait(cause *fault.Error, waits int) time.Duration {
	if cause.RetryAfter > 0 {
		return cause.RetryAfter
	}
	return crm.Backoff{Base: l.LimitBackoff, Most: mostWait}.Wait(waits+1, rand.Int64N)
}

// panicBackoff is the pause after a step that ended without a verdict of its own, by a
// panic: those with one bring their wait along (fault.RetryAfter).
func panicBackoff(attempt int) time.Duration {
	if attempt < maxAttempts/4 {
		return 0
	}
	return 5 * time.Minute
}

// again decides what a step that was not saved leads to: its calls are counted, its
// lines saved, and it is tried again, unless that cannot help.
func (s *Service) again(ctx context.Context, t *turn, failure error) error {
	ended := ctx.Err() != nil
	ctx = context.WithoutCancel(ctx)
	cause := asFault(failure)
	t.lines, t.errors = nil, nil // what they tell was not saved, and comes again
	switch {
	case cause.Code == fault.Fenced, ended:
		// Somebody else has the run, or it was stopped; the calls were made all the same.
		s.spill(ctx, t)
		return failure
	case cause.Info().Retry == fault.RetryNever:
		return s.end(ctx, t, ending{status: crm.RunFailed, code: cause.Code, reason: cause.Message, keep: true})
	}
	wait := s.limits.retryWait(cause, t.job.Attempt)
	t.say(crm.LogWarn, cause.Code, fmt.Sprintf("%s It is tried again in %s.", sentence(cause.Message), wait.Round(time.Millisecond)),
		"attempt", fmt.Sprint(t.job.Attempt), "wait", wait.String())
	s.spill(ctx, t)
	return fault.New(cause.Code, cause.Message, fault.RetryAfter(wait), fault.Cause(failure))
}

// spill saves what a step that is not saved has cost and told. That it cannot is
// logged: the step's own failure matters more.
func (s *Service) spill(ctx context.Context, t *turn) {
	if t.tally.Spent().CRMCalls == 0 && len(t.lines) == 0 {
		return
	}
	err := s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Ent().SyncRun.UpdateOneID(t.run.ID).AddCrmCalls(t.tally.Spent().CRMCalls).Exec(ctx); err != nil {
			return fmt.Errorf("syncrun: counting calls: %w", err)
		}
		return s.account(ctx, tx, t)
	})
	if err != nil {
		s.log.WarnContext(ctx, "what a failed step cost was not counted", slog.String("run", t.run.ID), slog.String("error", err.Error()))
	}
}

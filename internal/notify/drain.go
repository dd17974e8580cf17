package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	entchannel "github.com/fieldwarden/fieldwarden/ent/channel"
	"github.com/fieldwarden/fieldwarden/ent/delivery"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// claimed is a delivery that this process is to send now.
type claimed struct {
	row *ent.Delivery
	// channel is nil for a mail.
	channel *ent.Channel
}

// sent is a claimed delivery with how it went.
type sent struct {
	claimed
	outcome
	at   time.Time
	took time.Duration
}

// round is one run of a job: it goes on until nothing is due, the receiver is down, or
// its time is over.
type round struct {
	*Service
	job  job.Job
	todo errand
	// refusals counts answers in a row that refused a message. After the first one more
	// is tried: when that one is taken, the message was at fault and not the receiver.
	refusals int
	// over says that the receiver is to be left alone now.
	over bool
}

// drain sends what waits for a receiver, in order.
func (s *Service) drain(ctx context.Context, j job.Job) error {
	r := &round{Service: s, job: j}
	if err := json.Unmarshal(j.Payload, &r.todo); err != nil {
		return fmt.Errorf("notify: what to send: %w", err)
	}
	until := time.Now().Add(slice)
	var last *sent
	for {
		next, err := r.step(ctx, last, time.Now().Before(until))
		if err != nil || next == nil {
			return err
		}
		last = s.send(ctx, *next)
	}
}

// step saves how the last attempt went and claims the next delivery, in one
// transaction. Without a next one it completes the job; nil, nil then ends it.
func (r *round) step(ctx context.Context, last *sent, goOn bool) (next *claimed, err error) {
	// What was sent is to be known, also when this server is being stopped.
	saving := context.WithoutCancel(ctx)
	err = r.c.Store.WithTx(saving, func(saving context.Context, tx *store.Tx) error {
		next = nil
		if last != nil {
			if err := r.record(saving, tx, last); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // what was sent is saved, and the job runs again
		}
		if goOn && !r.over && (r.todo.Only == "" || last == nil) {
			if next, err = r.claim(saving, tx); next != nil || err != nil {
				return err
			}
		}
		return r.finish(saving, tx)
	})
	if err == nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return next, err
}

// waiting are the receiver's deliveries that are not settled.
func waiting(r receiver) []predicate.Delivery {
	mine := delivery.ChannelID(r.ChannelID)
	if r.ChannelID == "" {
		mine = delivery.Address(r.Address)
	}
	return []predicate.Delivery{mine, delivery.StateEQ(crm.DeliveryPending), delivery.NextAttemptAtNotNil()}
}

// claim takes the receiver's next delivery that is due; nil when there is none.
func (r *round) claim(ctx context.Context, tx *store.Tx) (*claimed, error) {
	channel, open, err := r.channel(ctx, tx)
	if err != nil || !open {
		return nil, err
	}
	for {
		due := append(waiting(r.todo.receiver), delivery.NextAttemptAtLTE(tx.Now()))
		if r.todo.Only != "" {
			due = append(due, delivery.ID(r.todo.Only))
		}
		row, err := tx.Ent().Delivery.Query().Where(due...).Order(delivery.ByID()).First(ctx)
		if ent.IsNotFound(err) {
			return nil, nil //nolint:nilnil // nothing is due
		}
		if err != nil {
			return nil, fmt.Errorf("notify: what is due: %w", err)
		}
		lease := tx.Now().Add(r.c.AttemptTimeout + leaseMargin)
		// On PostgreSQL another job may have taken it since it was read.
		taken, err := tx.Ent().Delivery.Update().
			Where(delivery.ID(row.ID), delivery.StateEQ(crm.DeliveryPending), delivery.Attempts(row.Attempts)).
			AddAttempts(1).SetAttemptedAt(tx.Now()).SetNextAttemptAt(lease).Save(ctx)
		if err != nil {
			return nil, fmt.Errorf("notify: claiming: %w", err)
		}
		if taken == 1 {
			row.Attempts++
			return &claimed{row: row, channel: channel}, nil
		}
	}
}

// channel loads the receiver's channel, nil for a mail, and reports whether it takes
// anything now.
func (r *round) channel(ctx context.Context, tx *store.Tx) (*ent.Channel, bool, error) {
	if r.todo.ChannelID == "" {
		return nil, true, nil
	}
	row, err := tx.Ent().Channel.Query().Where(entchannel.ID(r.todo.ChannelID)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil, false, cancel(ctx, tx, delivery.ChannelID(r.todo.ChannelID))
	case err != nil:
		return nil, false, fmt.Errorf("notify: the channel: %w", err)
	case !row.Enabled:
		// What waits is sent when it is enabled again, unless it is too old by then.
		return nil, false, cancel(ctx, tx, delivery.ChannelID(row.ID), delivery.CreatedAtLT(tx.Now().Add(-retryFor)))
	case r.todo.Only == "" && row.RetryAt != nil && row.RetryAt.After(tx.Now()):
		return nil, false, r.hold(ctx, tx, *row.RetryAt)
	default:
		return row, true, nil
	}
}

// cancel settles deliveries that nobody needs any more.
func cancel(ctx context.Context, tx *store.Tx, which ...predicate.Delivery) error {
	err := tx.Ent().Delivery.Update().Where(append(which, delivery.StateEQ(crm.DeliveryPending))...).
		SetState(crm.DeliveryCancelled).ClearNextAttemptAt().Exec(ctx)
	if err != nil {
		return fmt.Errorf("notify: cancelling: %w", err)
	}
	return nil
}

// hold leaves the receiver alone until a time; what has waited too long is given up.
func (r *round) hold(ctx context.Context, tx *store.Tx, until time.Time) error {
	r.over = true
	update := tx.Ent().Delivery.Update
	err := update().Where(append(waiting(r.todo.receiver), delivery.CreatedAtLT(tx.Now().Add(-retryFor)))...).
		SetState(crm.DeliveryFailed).ClearNextAttemptAt().SetFailure("The receiver took nothing for 75 hours.").Exec(ctx)
	if err != nil {
		return fmt.Errorf("notify: giving up: %w", err)
	}
	// A test does not wait: somebody looks at it.
	err = update().Where(append(waiting(r.todo.receiver), delivery.NextAttemptAtLT(until), delivery.KindNEQ(crm.DeliverTest))...).SetNextAttemptAt(until).Exec(ctx)
	if err != nil {
		return fmt.Errorf("notify: holding back: %w", err)
	}
	return nil
}

// finish completes the job and enqueues the next one, if something waits. The order
// matters: whoever adds a delivery at the same time either waits for this transaction,
// and then enqueues a job, or was first, and then its delivery is seen here.
func (r *round) finish(ctx context.Context, tx *store.Tx) error {
	if err := r.c.Jobs.Complete(ctx, tx, r.job); err != nil {
		return err
	}
	if r.todo.ChannelID != "" {
		enabled, err := tx.Ent().Channel.Query().Where(entchannel.ID(r.todo.ChannelID), entchannel.Enabled(true)).Exist(ctx)
		if err != nil || !enabled {
			return err
		}
	}
	first, err := tx.Ent().Delivery.Query().Where(waiting(r.todo.receiver)...).Order(delivery.ByNextAttemptAt()).First(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("notify: what is next: %w", err)
	}
	at := *first.NextAttemptAt
	if !at.After(tx.Now()) {
		return r.wake(ctx, tx, r.job.WorkspaceID, r.todo.receiver)
	}
	// A job for each time, so that one that is due in an hour does not stand for one
	// that is due in a minute.
	key := "at " + strconv.FormatInt(at.Unix(), 10) + "|" + r.job.WorkspaceID + "|" + r.todo.key()
	_, err = r.c.Jobs.Enqueue(ctx, tx, r.todo.jobKind(), r.job.WorkspaceID, errand{receiver: r.todo.receiver},
		job.At(at), job.UniqueKey(key), job.Priority(priorityUsual))
	return err
}

// send makes one attempt.
func (s *Service) send(ctx context.Context, c claimed) *sent {
	began := time.Now()
	result := &sent{claimed: c, at: s.c.Store.Clock().Now().UTC()}
	attempt, cancel := context.WithTimeout(ctx, s.c.AttemptTimeout)
	defer cancel()
	if c.row.Medium == crm.MediumEmail {
		result.outcome = s.sendMail(attempt, c.row)
	} else {
		result.outcome = s.post(attempt, c)
	}
	if ctx.Err() != nil && result.verdict != delivered {
		result.outcome = outcome{verdict: interrupted, failure: "This server was stopped during the attempt."}
	}
	result.took = time.Since(began)
	if result.failure != "" {
		s.log.InfoContext(ctx, "a delivery was not taken", slog.String("delivery", c.row.ID), slog.String("medium", string(c.row.Medium)),
			slog.Int("code", result.code), slog.Int("attempt", c.row.Attempts))
	}
	return result
}

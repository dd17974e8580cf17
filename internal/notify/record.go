package notify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	entchannel "github.com/fieldwarden/fieldwarden/ent/channel"
	"github.com/fieldwarden/fieldwarden/ent/delivery"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// record saves how an attempt went, and what it means for the receiver.
func (r *round) record(ctx context.Context, tx *store.Tx, s *sent) error {
	state, wait := r.fate(tx.Now(), s)
	if err := save(ctx, tx, s, state, tx.Now().Add(wait)); err != nil {
		return err
	}
	tx.AfterCommit(func() { r.c.Sent(s.row.Medium, state, s.took) })
	switch s.verdict {
	case delivered:
		r.refusals = 0
		return r.worked(ctx, tx, s)
	case hopeless, interrupted:
		return nil
	case gone:
		r.over = true
		return r.disable(ctx, tx, s.channel, "The receiver answered 410 Gone: it wants no more messages.")
	case refused:
		r.refusals++
		if r.refusals == 1 {
			return nil
		}
	case down:
	}
	if s.row.Kind == crm.DeliverTest {
		return nil // somebody tries it out: that says nothing about what waits
	}
	return r.failed(ctx, tx, s, wait)
}

// fate is the state of a delivery after an attempt, and how long it waits when it is
// pending still.
func (r *round) fate(now time.Time, s *sent) (crm.DeliveryState, time.Duration) {
	switch {
	case s.verdict == delivered:
		return crm.DeliveryDelivered, 0
	case s.verdict == interrupted:
		return crm.DeliveryPending, 0
	case s.verdict == hopeless, s.verdict == gone, s.row.Kind == crm.DeliverTest, now.Sub(s.row.CreatedAt) >= retryFor:
		return crm.DeliveryFailed, 0
	}
	failures := s.row.Attempts
	if s.channel != nil && s.verdict == down {
		failures = s.channel.Failures + 1
	}
	return crm.DeliveryPending, retryWait(failures, s.wait)
}

// save writes an attempt down. One whose lease ran out and that another job has claimed
// since is that job's, unless it got through.
func save(ctx context.Context, tx *store.Tx, s *sent, state crm.DeliveryState, next time.Time) error {
	attempt := crm.DeliveryAttempt{At: s.at, Code: s.code, Failure: s.failure, Milliseconds: int(s.took.Milliseconds())}
	attempts := slices.Concat(s.row.Log, []crm.DeliveryAttempt{attempt})
	update := tx.Ent().Delivery.Update().Where(delivery.ID(s.row.ID), delivery.StateEQ(crm.DeliveryPending)).
		SetState(state).SetResponseCode(s.code).SetFailure(s.failure).SetLog(attempts[max(0, len(attempts)-maxLog):])
	switch state {
	case crm.DeliveryDelivered:
		update.SetDeliveredAt(tx.Now()).ClearNextAttemptAt()
	case crm.DeliveryPending:
		update.Where(delivery.Attempts(s.row.Attempts)).SetNextAttemptAt(next)
	default:
		update.Where(delivery.Attempts(s.row.Attempts)).ClearNextAttemptAt()
	}
	if err := update.Exec(ctx); err != nil {
		return fmt.Errorf("notify: saving an attempt: %w", err)
	}
	return nil
}

// worked notes that the channel took something.
func (r *round) worked(ctx context.Context, tx *store.Tx, s *sent) error {
	if s.channel == nil {
		return nil
	}
	err := tx.Ent().Channel.Update().Where(entchannel.ID(s.channel.ID)).SetFailures(0).ClearRetryAt().SetLastDeliveredAt(tx.Now()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("notify: saving the channel: %w", err)
	}
	return nil
}

// failed leaves a receiver alone for a while.
func (r *round) failed(ctx context.Context, tx *store.Tx, s *sent, wait time.Duration) error {
	until := tx.Now().Add(wait)
	if s.channel != nil {
		if wait == 0 { // this one was given up; the receiver still gets its pause
			until = tx.Now().Add(retryWait(s.channel.Failures+1, s.wait))
		}
		err := tx.Ent().Channel.Update().Where(entchannel.ID(s.channel.ID)).AddFailures(1).SetRetryAt(until).Exec(ctx)
		if err != nil {
			return fmt.Errorf("notify: saving the channel: %w", err)
		}
	}
	return r.hold(ctx, tx, until)
}

// disabledPayload is what a "channel" feed entry says.
type channelPayload struct {
	// Event is "CREATED", "UPDATED", "REMOVED", "ROTATED" or "DISABLED".
	Event  string `json:"event"`
	Reason string `json:"reason,omitempty"`
}

func tellFeed(tx *store.Tx, channel *ent.Channel, event, reason string) {
	tx.Feed(store.FeedItem{
		WorkspaceID: channel.WorkspaceID, Kind: "channel", SubjectID: channel.ID, Payload: channelPayload{Event: event, Reason: reason},
	})
}

// disable stops using a channel and tells the owners, at once and by mail.
func (r *round) disable(ctx context.Context, tx *store.Tx, channel *ent.Channel, reason string) error {
	if channel == nil {
		return nil
	}
	changed, err := tx.Ent().Channel.Update().Where(entchannel.ID(channel.ID), entchannel.Enabled(true)).
		SetEnabled(false).SetDisabledReason(reason).SetDisabledAt(tx.Now()).SetUpdatedAt(tx.Now()).Save(ctx)
	if err != nil {
		return fmt.Errorf("notify: disabling a channel: %w", err)
	}
	if changed == 0 {
		return nil
	}
	tellFeed(tx, channel, "DISABLED", reason)
	err = tx.Audit(ctx, store.AuditItem{
		Action: "channel.disabled", Target: channel.ID, Outcome: crm.AuditSucceeded, After: map[string]string{"name": channel.Name, "reason": reason},
	})
	if err != nil {
		return err
	}
	return r.mailOwners(ctx, tx, channel, reason)
}

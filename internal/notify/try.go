package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/delivery"
	"github.com/fieldwarden/fieldwarden/ent/recipient"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/mailview"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

const (
	// outcomeWait is how long a test waits for its outcome, and outcomeLook how often it
	// looks: another node may be the one that sends.
	outcomeWait = 15 * time.Second
	outcomeLook = 50 * time.Millisecond
)

// TestInput says where a test goes to: exactly one of the two.
type TestInput struct {
	ChannelID      string
	RecipientID    string
	IdempotencyKey string
}

// Test sends a test by the path that alerts take and waits up to 15 seconds for its
// outcome. It returns the delivery's id, also when the test failed: its state says so.
// A test is tried once. Errors: FORBIDDEN, BAD_INPUT, NOT_FOUND, CHANNEL_DISABLED,
// MAIL_UNCONFIGURED.
func (s *Service) Test(ctx context.Context, in TestInput) (string, error) {
	if err := mayConfigure(ctx); err != nil {
		return "", err
	}
	if (in.ChannelID == "") == (in.RecipientID == "") {
		return "", fault.New(fault.BadInput, "Give a channel or a recipient, one of the two.", fault.Field("channelId"))
	}
	id, err := store.Idempotent(ctx, s.c.Store, in.IdempotencyKey, "channel.test", in,
		func(ctx context.Context, tx *store.Tx) (string, error) { return s.test(ctx, tx, in) })
	if err != nil {
		return "", err
	}
	return id, s.settled(ctx, id)
}

func (s *Service) test(ctx context.Context, tx *store.Tx, in TestInput) (string, error) {
	p, _ := principal.From(ctx)
	found, err := tx.Ent().Workspace.Query().Where(workspace.ID(p.WorkspaceID)).Only(ctx)
	if err != nil {
		return "", fmt.Errorf("notify: the workspace: %w", err)
	}
	to, medium, target, err := s.testTarget(ctx, tx, in)
	if err != nil {
		return "", err
	}
	var content any = Event{
		Type: eventTest, Timestamp: tx.Now(),
		Data: EventData{
			Workspace: EventWorkspace{ID: found.ID, Name: found.Name},
			Message:   "This is a test of alerts. It took the path that alerts take. Nothing is wrong.",
		},
	}
	if medium == crm.MediumEmail {
		content = mailview.TestContent{Workspace: found.Name, By: p.Name, At: tx.Now(), Zone: found.TimeZone}
	}
	payload, err := frozen(content)
	if err != nil {
		return "", fmt.Errorf("notify: a test: %w", err)
	}
	id := gid.New(gid.Delivery)
	create := tx.Ent().Delivery.Create().SetID(id).SetWorkspaceID(p.WorkspaceID).SetCreatedAt(tx.Now()).
		SetKind(crm.DeliverTest).SetMedium(medium).SetDedupKey("test|" + id).SetPayload(payload).SetNextAttemptAt(tx.Now())
	if to.ChannelID != "" {
		create.SetChannelID(to.ChannelID)
	} else {
		create.SetAddress(to.Address)
	}
	if err := create.Exec(ctx); err != nil {
		return "", fmt.Errorf("notify: saving a test: %w", err)
	}
	if err := s.sendOnly(ctx, tx, p.WorkspaceID, to, id); err != nil {
		return "", err
	}
	return id, tx.Audit(ctx, store.AuditItem{Action: "testChannel", Target: target, Outcome: crm.AuditSucceeded, After: map[string]string{"delivery": id}})
}

// testTarget finds the receiver of a test, its medium, and the id that was named.
func (s *Service) testTarget(ctx context.Context, tx *store.Tx, in TestInput) (receiver, crm.Medium, string, error) {
	if in.ChannelID != "" {
		row, err := enabledChannel(ctx, tx, in.ChannelID)
		if err != nil {
			return receiver{}, "", "", err
		}
		return receiver{ChannelID: row.ID}, mediumOf(row.Kind), row.ID, nil
	}
	row, err := tx.Ent().Recipient.Query().Where(recipient.ID(in.RecipientID)).Only(ctx)
	if ent.IsNotFound(err) {
		return receiver{}, "", "", fault.New(fault.NotFound, "The workspace has no recipient with this id.", fault.Field("recipientId"))
	}
	if err != nil {
		return receiver{}, "", "", fmt.Errorf("notify: the recipient: %w", err)
	}
	if !s.MailConfigured() {
		return receiver{}, "", "", errNoMail()
	}
	return receiver{Address: row.Address}, crm.MediumEmail, row.ID, nil
}

func enabledChannel(ctx context.Context, tx *store.Tx, channelID string) (*ent.Channel, error) {
	row, err := findChannel(ctx, tx.Ent(), channelID)
	if err == nil && !row.Enabled {
		return nil, fault.New(fault.ChannelDisabled, fmt.Sprintf("The channel %q is disabled.", row.Name), fault.Field("channelId"))
	}
	return row, err
}

// sendOnly has one delivery sent now, before what else waits.
func (s *Service) sendOnly(ctx context.Context, tx *store.Tx, workspaceID string, to receiver, deliveryID string) error {
	_, err := s.c.Jobs.Enqueue(ctx, tx, to.jobKind(), workspaceID, errand{receiver: to, Only: deliveryID},
		job.UniqueKey("only|"+deliveryID), job.Priority(prioritySoon))
	return err
}

// settled waits until a delivery is pending no more, for 15 seconds at most.
func (s *Service) settled(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, outcomeWait)
	defer cancel()
	look := time.NewTicker(outcomeLook)
	defer look.Stop()
	for {
		pending, err := s.c.Store.Read().Delivery.Query().Where(delivery.ID(id), delivery.StateEQ(crm.DeliveryPending)).Exist(ctx)
		if ctx.Err() != nil {
			return nil // it is shown as it is
		}
		if err != nil || !pending {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// Replay sends a delivery again, under its own id, whatever became of it. What is being
// sent at this moment is left to that. One that is older than 75 hours is tried once.
// Errors: FORBIDDEN, NOT_FOUND, CHANNEL_DISABLED, MAIL_UNCONFIGURED.
func (s *Service) Replay(ctx context.Context, deliveryID, idempotencyKey string) error {
	if err := mayConfigure(ctx); err != nil {
		return err
	}
	_, err := store.Idempotent(ctx, s.c.Store, idempotencyKey, "delivery.replay", deliveryID,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, s.replay(ctx, tx, deliveryID)
		})
	return err
}

func (s *Service) replay(ctx context.Context, tx *store.Tx, deliveryID string) error {
	row, err := tx.Ent().Delivery.Query().Where(delivery.ID(deliveryID)).Only(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, "The workspace has no delivery with this id.", fault.Field("deliveryId"))
	}
	if err != nil {
		return fmt.Errorf("notify: the delivery: %w", err)
	}
	if row.ChannelID != "" {
		if _, err := enabledChannel(ctx, tx, row.ChannelID); err != nil {
			return err
		}
	} else if !s.MailConfigured() {
		return errNoMail()
	}
	inFlight := row.State == crm.DeliveryPending && row.AttemptedAt != nil && row.AttemptedAt.After(tx.Now().Add(-s.lease()))
	if !inFlight {
		err := tx.Ent().Delivery.UpdateOneID(row.ID).SetState(crm.DeliveryPending).SetNextAttemptAt(tx.Now()).ClearDeliveredAt().Exec(ctx)
		if err != nil {
			return fmt.Errorf("notify: replaying: %w", err)
		}
		if err := s.sendOnly(ctx, tx, row.WorkspaceID, receiver{ChannelID: row.ChannelID, Address: row.Address}, row.ID); err != nil {
			return err
		}
	}
	return tx.Audit(ctx, store.AuditItem{
		Action: "replayDelivery", Target: row.ID, Outcome: crm.AuditSucceeded,
		Before: map[string]string{"state": string(row.State)}, After: map[string]string{"state": string(crm.DeliveryPending)},
	})
}

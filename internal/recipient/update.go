package recipient

import (
	"context"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/recipient"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// UpdateInput changes a recipient; what is nil stays.
type UpdateInput struct {
	RecipientID    string
	Kind           *crm.RecipientKind
	MinSeverity    *crm.Severity
	IdempotencyKey string
}

// preferences are what Update changes.
type preferences struct {
	Kind        crm.RecipientKind `json:"kind"`
	MinSeverity crm.Severity      `json:"minSeverity"`
}

// Update changes what kind of address a recipient is, and from which severity on it is
// mailed at once; mandatory mails go to it in any case (requirement K15). Errors:
// FORBIDDEN, NOT_FOUND, BAD_INPUT.
func (s *Service) Update(ctx context.Context, in UpdateInput) error {
	if err := mayConfigure(ctx); err != nil {
		return err
	}
	_, err := store.Idempotent(ctx, s.store, in.IdempotencyKey, "recipient.update", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) { return struct{}{}, update(ctx, tx, in) })
	return err
}

func update(ctx context.Context, tx *store.Tx, in UpdateInput) error {
	row, err := tx.Ent().Recipient.Query().Where(recipient.ID(in.RecipientID)).Only(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, "The workspace has no recipient with this id.", fault.Field("recipientId"))
	}
	if err != nil {
		return fmt.Errorf("recipient: loading: %w", err)
	}
	before := preferences{Kind: row.Kind, MinSeverity: row.MinSeverity}
	after := before
	if in.Kind != nil {
		after.Kind = *in.Kind
	}
	if in.MinSeverity != nil {
		after.MinSeverity = *in.MinSeverity
	}
	if err := known(after.Kind, after.MinSeverity); err != nil {
		return err
	}
	if err := tx.Ent().Recipient.UpdateOne(row).SetKind(after.Kind).SetMinSeverity(after.MinSeverity).Exec(ctx); err != nil {
		return fmt.Errorf("recipient: changing: %w", err)
	}
	return tx.Audit(ctx, store.AuditItem{Action: "updateRecipient", Target: row.ID, Outcome: crm.AuditSucceeded, Before: before, After: after})
}

// known refuses values that there are none of.
func known(kind crm.RecipientKind, least crm.Severity) error {
	if !slices.Contains(kind.Values(), string(kind)) {
		return fault.New(fault.BadInput, fmt.Sprintf("There is no kind %q of recipients.", kind), fault.Field("kind"))
	}
	if !slices.Contains(least.Values(), string(least)) {
		return fault.New(fault.BadInput, fmt.Sprintf("There is no severity %q.", least), fault.Field("minSeverity"))
	}
	return nil
}

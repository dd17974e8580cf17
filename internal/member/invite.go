package member

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/invitation"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// InviteInput invites a person.
type InviteInput struct {
	Email          string
	Role           principal.Role
	IdempotencyKey string
}

// Invited is a new invitation.
type Invited struct {
	ID string
	// AcceptURL is the link to send to the person. It is shown this once: empty in
	// the answer to a repeat.
	AcceptURL crm.Secret
}

// Invite makes an invitation that can be accepted once, for seven days.
//
// Errors: BAD_INPUT for an address or role that is none, FORBIDDEN for a role above
// the actor's, CONFLICT when the address is a member's or has an open invitation.
func (s *Service) Invite(ctx context.Context, in InviteInput) (Invited, error) {
	actor, err := manager(ctx)
	if err != nil {
		return Invited{}, err
	}
	if in.Email, err = normalizedEmail(in.Email); err != nil {
		return Invited{}, err
	}
	if err := mayGive(actor, in.Role); err != nil {
		return Invited{}, err
	}
	// The ticket never becomes part of the saved answer.
	var ticket crm.Secret
	id, err := store.Idempotent(ctx, s.Store, in.IdempotencyKey, "member.invite", in,
		func(ctx context.Context, tx *store.Tx) (id string, err error) {
			id, ticket, err = s.invite(ctx, tx, actor, in)
			return id, err
		})
	if err != nil {
		return Invited{}, err
	}
	invited := Invited{ID: id}
	if ticket != "" {
		invited.AcceptURL = crm.Secret(s.Auth.InvitationURL(ticket))
	}
	return invited, nil
}

func (s *Service) invite(ctx context.Context, tx *store.Tx, actor principal.Principal, in InviteInput) (string, crm.Secret, error) {
	if _, err := snapshot.LockWorkspace(ctx, tx, actor.WorkspaceID); err != nil {
		return "", "", err
	}
	if err := freeAddress(ctx, tx, in.Email); err != nil {
		return "", "", err
	}
	if err := noOpenInvitation(ctx, tx, in.Email); err != nil {
		return "", "", err
	}
	ticket, hash := s.Auth.NewInvitationTicket()
	row, err := tx.Ent().Invitation.Create().SetWorkspaceID(actor.WorkspaceID).SetCreatedAt(tx.Now()).
		SetEmail(in.Email).SetRole(in.Role).SetTicketHash(hash).SetInvitedBy(actor.ID).
		SetExpiresAt(tx.Now().Add(auth.InvitationTime)).SetOpenKey(in.Email).Save(ctx)
	if err != nil {
		return "", "", fmt.Errorf("member: saving invitation: %w", err)
	}
	tell(tx, actor.WorkspaceID, row.ID, "", EventInvited)
	return row.ID, ticket, tx.Audit(ctx, store.AuditItem{
		Action: "inviteMember", Target: row.ID, Outcome: crm.AuditSucceeded, After: audited{Email: in.Email, Role: in.Role},
	})
}

// noOpenInvitation refuses an address with an open invitation, and closes one whose
// time is over.
func noOpenInvitation(ctx context.Context, tx *store.Tx, email string) error {
	open, err := tx.Ent().Invitation.Query().Where(invitation.OpenKey(email)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("member: look up invitation: %w", err)
	case tx.Now().Before(open.ExpiresAt):
		return fault.New(fault.Conflict, fmt.Sprintf("%s has an open invitation.", email), fault.Field("email"),
			fault.Hint("Wait until it is accepted, or revoke it first."), fault.Detail("invitationId", open.ID))
	default:
		if err := tx.Ent().Invitation.UpdateOne(open).ClearOpenKey().Exec(ctx); err != nil {
			return fmt.Errorf("member: closing an invitation: %w", err)
		}
		return nil
	}
}

// RevokeInvitationInput takes an invitation back.
type RevokeInvitationInput struct {
	InvitationID   string
	IdempotencyKey string
}

// RevokeInvitation makes an open invitation worthless. NOT_FOUND when there is no
// such open invitation; FORBIDDEN for an owner's, except for owners.
func (s *Service) RevokeInvitation(ctx context.Context, in RevokeInvitationInput) error {
	actor, err := manager(ctx)
	if err != nil {
		return err
	}
	_, err = store.Idempotent(ctx, s.Store, in.IdempotencyKey, "member.revokeInvitation", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, revokeInvitation(ctx, tx, actor, in.InvitationID)
		})
	return err
}

func revokeInvitation(ctx context.Context, tx *store.Tx, actor principal.Principal, invitationID string) error {
	if _, err := snapshot.LockWorkspace(ctx, tx, actor.WorkspaceID); err != nil {
		return err
	}
	row, err := tx.Ent().Invitation.Query().Where(invitation.ID(invitationID), invitation.OpenKeyNotNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, "The workspace has no open invitation with this id.", fault.Field("invitationId"))
	}
	if err != nil {
		return fmt.Errorf("member: loading invitation: %w", err)
	}
	if err := mayChange(actor, row.Role, "invitationId"); err != nil {
		return err
	}
	if err := tx.Ent().Invitation.UpdateOne(row).SetRevokedAt(tx.Now()).ClearOpenKey().Exec(ctx); err != nil {
		return fmt.Errorf("member: revoking invitation: %w", err)
	}
	tell(tx, row.WorkspaceID, row.ID, "", EventInvitationRevoked)
	return tx.Audit(ctx, store.AuditItem{
		Action: "revokeInvitation", Target: row.ID, Outcome: crm.AuditSucceeded, Before: audited{Email: row.Email, Role: row.Role},
	})
}

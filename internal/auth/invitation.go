package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/invitation"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// InvitationTime is how long an invitation can be accepted.
const InvitationTime = 7 * 24 * time.Hour

// pathInvitation is the page of invitations.
const pathInvitation = "/signin/invitation"

// NewInvitationTicket makes the secret of an invitation, and the form in which it is
// stored.
func (s *Service) NewInvitationTicket() (ticket crm.Secret, hash []byte) {
	text := newSecret()
	return crm.Secret(text), hashOf(text)
}

// InvitationURL is the link that a person accepts an invitation with.
func (s *Service) InvitationURL(ticket crm.Secret) string { return s.link(pathInvitation, ticket) }

// InvitationInfo is what the page of an invitation shows before it is accepted.
type InvitationInfo struct {
	Workspace, Email string
	Role             principal.Role
}

// LookAtInvitation describes an invitation without accepting it.
// fault.InvitationInvalid for every ticket that is not good now.
func (s *Service) LookAtInvitation(ctx context.Context, ticket crm.Secret) (InvitationInfo, error) {
	row, err := s.openInvitation(ctx, ticket)
	if err != nil {
		return InvitationInfo{}, err
	}
	found, err := s.store.Read().Workspace.Get(principal.System(ctx, row.WorkspaceID, "invitation"), row.WorkspaceID)
	if err != nil {
		return InvitationInfo{}, unavailable(err)
	}
	return InvitationInfo{Workspace: found.Name, Email: row.Email, Role: row.Role}, nil
}

// AcceptInvitation makes whoever holds the ticket a member and signs in. Since the
// one who invites sees the ticket too, the session proves the address to no other
// workspace. fault.InvitationInvalid for a ticket that is not good now.
func (s *Service) AcceptInvitation(ctx context.Context, ticket crm.Secret, name string) (SignedIn, error) {
	if err := (Person{Name: name}).checkName(); err != nil {
		return SignedIn{}, err
	}
	row, err := s.openInvitation(ctx, ticket)
	if err != nil {
		s.deny(ctx, methodInvitation, err, Identity{})
		return SignedIn{}, err
	}
	var signedIn SignedIn
	err = s.store.WithTx(principal.System(ctx, row.WorkspaceID, "invitation"), func(ctx context.Context, tx *store.Tx) error {
		who, err := s.accept(ctx, tx, row, name, Identity{})
		if err != nil {
			return err
		}
		signedIn, err = s.begin(ctx, tx, beginning{method: methodInvitation, home: row.WorkspaceID, member: who})
		return err
	})
	return signedIn, err
}

// acceptByEmail accepts every open invitation for an address that the identity
// provider vouches for, in whichever workspaces.
func (s *Service) acceptByEmail(ctx context.Context, identity Identity) error {
	if identity.Email == "" {
		return nil
	}
	rows, err := s.store.Read().Invitation.Query().
		Where(invitation.OpenKey(identity.Email), invitation.ExpiresAtGT(s.now())).
		Order(ent.Asc(invitation.FieldCreatedAt, invitation.FieldID)).All(principal.AllWorkspaces(ctx, "sign in"))
	if err != nil {
		return unavailable(err)
	}
	for _, row := range rows {
		err := s.store.WithTx(principal.System(ctx, row.WorkspaceID, "sign in"), func(ctx context.Context, tx *store.Tx) error {
			_, err := s.accept(ctx, tx, row, identity.Name, identity)
			return err
		})
		// Somebody else was faster, or it was taken back: then it does not count.
		if err != nil && !fault.Is(err, fault.InvitationInvalid) {
			return err
		}
	}
	return nil
}

// accept makes the member of an invitation, which it closes.
func (s *Service) accept(ctx context.Context, tx *store.Tx, row *ent.Invitation, name string, identity Identity) (*ent.Member, error) {
	n, err := tx.Ent().Invitation.Update().
		Where(invitation.ID(row.ID), invitation.AcceptedAtIsNil(), invitation.RevokedAtIsNil()).
		SetAcceptedAt(tx.Now()).ClearOpenKey().Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("close invitation: %w", err)
	}
	if n != 1 {
		return nil, errInvitation()
	}
	return s.join(ctx, tx, joining{
		workspaceID: row.WorkspaceID, email: row.Email, name: name, role: row.Role, invitedBy: row.InvitedBy, identity: identity,
	})
}

func (s *Service) openInvitation(ctx context.Context, ticket crm.Secret) (*ent.Invitation, error) {
	row, err := s.store.Read().Invitation.Query().Where(invitation.TicketHash(hashOf(ticket.Reveal()))).
		Only(principal.AllWorkspaces(ctx, "find invitation"))
	if ent.IsNotFound(err) {
		return nil, errInvitation()
	}
	if err != nil {
		return nil, unavailable(err)
	}
	if row.AcceptedAt != nil || row.RevokedAt != nil || !s.now().Before(row.ExpiresAt) {
		return nil, errInvitation()
	}
	return row, nil
}

func errInvitation() error {
	return fault.New(fault.InvitationInvalid, "This invitation was accepted or taken back, has expired or never was.")
}

// joining is a member to be.
type joining struct {
	workspaceID string
	// email is lower case.
	email, name string
	role        principal.Role
	invitedBy   string
	// identity is bound to the member when it is known.
	identity Identity
}

// join makes a member and tells the workspace's feed.
func (s *Service) join(ctx context.Context, tx *store.Tx, j joining) (*ent.Member, error) {
	create := tx.Ent().Member.Create().SetWorkspaceID(j.workspaceID).SetCreatedAt(tx.Now()).
		SetEmail(j.email).SetEmailKey(j.email).SetName(j.name).SetRole(j.role).SetInvitedBy(j.invitedBy)
	if j.identity.known() {
		create.SetIssuer(j.identity.Issuer).SetSubject(j.identity.Subject)
	}
	row, err := create.Save(ctx)
	if ent.IsConstraintError(err) {
		return nil, fault.New(fault.Conflict, "The workspace has a member with this e-mail address already.", fault.Field("email"))
	}
	if err != nil {
		return nil, fmt.Errorf("save member: %w", err)
	}
	tx.Feed(store.FeedItem{WorkspaceID: j.workspaceID, Kind: "member", SubjectID: row.ID, Payload: map[string]any{"memberId": row.ID, "event": "JOINED"}})
	return row, tx.Audit(ctx, store.AuditItem{
		Action: "member.join", Target: row.ID, Outcome: crm.AuditSucceeded,
		After: map[string]any{"email": row.Email, "role": row.Role, "invitedBy": row.InvitedBy},
	})
}

// Package member keeps the people of a workspace: who is one, with which role, who
// is invited, which programs have a service token, what the workspace bought, and
// which CRM user each person is (requirements A3, A4, A5).
//
// Invariants: nobody gives a role above the own one, and nobody changes somebody
// above; a workspace that has an owner keeps one; an address is one member and has
// one open invitation at most; a removed member's row stays, for the history that
// names it, and its sessions end. Rules about the workspace as a whole hold under
// its lock (snapshot.LockWorkspace).
//
// Sign-in is auth's: it makes the member of an accepted invitation.
package member

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/member"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Auth makes, and ends, what people and programs sign in with; auth.Service is one.
type Auth interface {
	// NewInvitationTicket makes the secret of an invitation, and the hash of it that
	// is stored; InvitationURL is the link with it.
	NewInvitationTicket() (ticket crm.Secret, hash []byte)
	InvitationURL(ticket crm.Secret) string
	// RevokeMemberSessions ends all sessions of a member, live ones too.
	RevokeMemberSessions(ctx context.Context, tx *store.Tx, memberID string) error
	// IssueIn makes a service token, RevokeIn ends one and cuts off what uses it.
	IssueIn(ctx context.Context, tx *store.Tx, in auth.IssueInput) (auth.Issued, error)
	RevokeIn(ctx context.Context, tx *store.Tx, workspaceID, nameOrID string) error
}

// Settings says what settings an integration has; settings.Service is one.
type Settings interface {
	// States evaluates the settings of an integration as client sees it.
	States(ctx context.Context, client *ent.Client, found *ent.Integration) ([]crm.SettingState, error)
	// Announce tells subscribers that settings have another effect than before
	// without having been changed.
	Announce(tx *store.Tx, found *ent.Integration, keys []string)
}

// Switch moves an integration to a version of another package, under its lock, and
// returns it as it is then; (*upgrade.Service).Switch is one. The workspace has the
// package already.
type Switch func(ctx context.Context, tx *store.Tx, found *ent.Integration, to crm.Package) (*ent.Integration, error)

// Config is what a Service is made of; all of it is required.
type Config struct {
	Store    *store.Store
	Auth     Auth
	Settings Settings
	Packages snapshot.Packages
	Switch   Switch
	// KnownPackages lists the packages that a workspace can have, each as its key, a
	// dot and the connector that it is for.
	KnownPackages []string
}

// Service manages members, invitations, service tokens and entitlements. It is safe
// for concurrent use.
type Service struct{ Config }

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Auth == nil || c.Settings == nil || c.Packages == nil || c.Switch == nil || len(c.KnownPackages) == 0 {
		return nil, errors.New("member: incomplete config")
	}
	return &Service{Config: c}, nil
}

// Event is what happened to a member or an invitation.
type Event string

// Events.
const (
	EventInvited           Event = "INVITED"
	EventInvitationRevoked Event = "INVITATION_REVOKED"
	EventRoleChanged       Event = "ROLE_CHANGED"
	EventUpdated           Event = "UPDATED"
	EventRemoved           Event = "REMOVED"
)

// Payload is what a "member" feed entry says. MemberID is empty where the event is
// about an invitation, which is the entry's subject.
type Payload struct {
	MemberID string `json:"memberId,omitempty"`
	Event    Event  `json:"event"`
}

// audited is what the audit says of a member or an invitation.
type audited struct {
	Email string         `json:"email"`
	Name  string         `json:"name,omitempty"`
	Role  principal.Role `json:"role"`
}

func auditOf(row *ent.Member) audited {
	return audited{Email: row.Email, Name: row.Name, Role: row.Role}
}

// acting returns who acts if it has a scope; FORBIDDEN otherwise.
func acting(ctx context.Context, scope principal.Scope, sentence string) (principal.Principal, error) {
	p, ok := principal.From(ctx)
	if !ok || !p.May(scope) {
		return p, fault.New(fault.Forbidden, sentence, fault.Detail("scope", string(scope)))
	}
	return p, nil
}

// manager returns who acts if it may manage members.
func manager(ctx context.Context) (principal.Principal, error) {
	return acting(ctx, principal.ScopeManageMembers, "Only an admin manages members.")
}

// lockMember loads a member that is not removed, under the workspace's lock.
func lockMember(ctx context.Context, tx *store.Tx, p principal.Principal, memberID string) (*ent.Member, error) {
	if _, err := snapshot.LockWorkspace(ctx, tx, p.WorkspaceID); err != nil {
		return nil, err
	}
	row, err := tx.Ent().Member.Query().Where(member.ID(memberID), member.RemovedAtIsNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "The workspace has no member with this id.", fault.Field("memberId"))
	}
	if err != nil {
		return nil, fmt.Errorf("member: loading: %w", err)
	}
	return row, nil
}

// keepsAnOwner refuses to take the role of the last owner. The workspace is locked.
func keepsAnOwner(ctx context.Context, tx *store.Tx, row *ent.Member) error {
	if row.Role != principal.RoleOwner {
		return nil
	}
	others, err := tx.Ent().Member.Query().
		Where(member.RoleEQ(principal.RoleOwner), member.RemovedAtIsNil(), member.IDNEQ(row.ID)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("member: other owners: %w", err)
	}
	if !others {
		return fault.New(fault.LastOwner, fmt.Sprintf("%s is the last owner of the workspace.", row.Email), fault.Field("memberId"))
	}
	return nil
}

// normalizedEmail refuses what is no e-mail address.
func normalizedEmail(text string) (string, error) {
	email, ok := crm.NormalizeEmail(text)
	if !ok {
		return "", fault.New(fault.BadInput, fmt.Sprintf("%q is not an e-mail address.", crm.Shorten(text, 100)),
			fault.Field("email"), fault.Hint("Give one bare address, such as ann@example.com."))
	}
	return email, nil
}

// freeAddress refuses the address of another member.
func freeAddress(ctx context.Context, tx *store.Tx, email string) error {
	taken, err := tx.Ent().Member.Query().Where(member.EmailKey(email)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("member: look up address: %w", err)
	}
	if taken {
		return fault.New(fault.Conflict, fmt.Sprintf("%s is a member already.", email), fault.Field("email"),
			fault.Hint("Change the member's role instead, or give another address."))
	}
	return nil
}

// tell writes the feed entry of an event.
func tell(tx *store.Tx, workspaceID, subjectID, memberID string, event Event) {
	tx.Feed(store.FeedItem{
		WorkspaceID: workspaceID, Kind: "member", SubjectID: subjectID, Payload: Payload{MemberID: memberID, Event: event},
	})
}

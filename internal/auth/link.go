package auth

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/member"
	"github.com/fieldwarden/fieldwarden/ent/signinlink"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// linkTime is how long a sign-in link can be used.
const linkTime = 24 * time.Hour

// pathLink is the page of sign-in links.
const pathLink = "/signin/link"

// FirstOwnerLink makes a one-time link whose holder becomes the first owner of a
// workspace; empty when the workspace has an owner. Links made before stay good
// until there is one.
func (s *Service) FirstOwnerLink(ctx context.Context, workspaceID string) (string, error) {
	ctx = principal.System(ctx, workspaceID, "first owner")
	var link string
	err := s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		owned, err := hasOwner(ctx, tx)
		if err != nil || owned {
			return err
		}
		link, err = s.newLink(ctx, tx, workspaceID, nil)
		return err
	})
	return link, err
}

// MemberLink makes a one-time link that signs a member in; only the operator may, on
// the admin socket. fault.NotFound when nobody has the e-mail address.
func (s *Service) MemberLink(ctx context.Context, workspaceID, email string) (string, error) {
	if p, _ := principal.From(ctx); p.Kind != principal.KindSystem || p.WorkspaceID != workspaceID {
		return "", fault.New(fault.Forbidden, "Only the operator makes sign-in links.")
	}
	address, ok := crm.NormalizeEmail(email)
	if !ok {
		return "", errEmail()
	}
	var link string
	err := s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		found, err := tx.Ent().Member.Query().Where(member.EmailKey(address), member.RemovedAtIsNil()).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.New(fault.NotFound, fmt.Sprintf("The workspace has no member %s.", address), fault.Field("member"))
		}
		if err != nil {
			return fmt.Errorf("look up member: %w", err)
		}
		link, err = s.newLink(ctx, tx, workspaceID, &found.ID)
		return err
	})
	return link, err
}

func (s *Service) newLink(ctx context.Context, tx *store.Tx, workspaceID string, memberID *string) (string, error) {
	ticket := crm.Secret(newSecret())
	row, err := tx.Ent().SignInLink.Create().SetWorkspaceID(workspaceID).SetCreatedAt(tx.Now()).SetNillableMemberID(memberID).
		SetTicketHash(hashOf(ticket.Reveal())).SetExpiresAt(tx.Now().Add(linkTime)).Save(ctx)
	if err != nil {
		return "", fmt.Errorf("save sign-in link: %w", err)
	}
	err = tx.Audit(ctx, store.AuditItem{
		Action: "signInLink.create", Target: row.ID, Outcome: crm.AuditSucceeded,
		After: map[string]any{"memberId": memberID, "expiresAt": row.ExpiresAt},
	})
	return s.link(pathLink, ticket), err
}

// LinkInfo is what the page of a link shows before the link is used.
type LinkInfo struct {
	Workspace string
	// FirstOwner says that whoever uses the link becomes the first owner and is asked
	// for name and e-mail address; else Email is the member's that it signs in.
	FirstOwner bool
	Email      string
}

// LookAtLink describes a link without using it. fault.SignInLinkInvalid for every
// ticket that is not good now.
func (s *Service) LookAtLink(ctx context.Context, ticket crm.Secret) (LinkInfo, error) {
	row, err := s.openLink(ctx, ticket)
	if err != nil {
		return LinkInfo{}, err
	}
	in := principal.System(ctx, row.WorkspaceID, "sign-in link")
	found, err := s.store.Read().Workspace.Get(in, row.WorkspaceID)
	if err != nil {
		return LinkInfo{}, unavailable(err)
	}
	info := LinkInfo{Workspace: found.Name, FirstOwner: row.MemberID == nil}
	if row.MemberID != nil {
		who, err := s.store.Read().Member.Query().Where(member.ID(*row.MemberID), member.RemovedAtIsNil()).Only(in)
		if ent.IsNotFound(err) {
			return LinkInfo{}, errLink()
		}
		if err != nil {
			return LinkInfo{}, unavailable(err)
		}
		info.Email = who.Email
	}
	return info, nil
}

// Person is what somebody says of themselves.
type Person struct {
	// Name has at most 200 characters and may be empty. Email is asked of a first
	// owner only.
	Name, Email string
}

// UseLink signs in with a link. The first owner's address is what that person says:
// it identifies nobody in another workspace. fault.SignInLinkInvalid for a ticket
// that is not good now; fault.BadInput for a person who cannot be.
func (s *Service) UseLink(ctx context.Context, ticket crm.Secret, person Person) (SignedIn, error) {
	row, err := s.openLink(ctx, ticket)
	if err != nil {
		s.deny(ctx, methodLink, err, Identity{})
		return SignedIn{}, err
	}
	if row.MemberID == nil {
		if person, err = person.checked(); err != nil {
			return SignedIn{}, err
		}
	}
	var signedIn SignedIn
	err = s.store.WithTx(principal.System(ctx, row.WorkspaceID, "sign-in link"), func(ctx context.Context, tx *store.Tx) error {
		var who *ent.Member
		if row.MemberID == nil {
			who, err = s.becomeOwner(ctx, tx, row, person)
		} else {
			who, err = memberOfLink(ctx, tx, row)
		}
		if err != nil {
			return err
		}
		signedIn, err = s.begin(ctx, tx, beginning{method: methodLink, home: row.WorkspaceID, member: who})
		return err
	})
	return signedIn, err
}

// becomeOwner makes the first owner. It takes all links for the first owner at once:
// whoever holds another one waits for this transaction and then finds none.
func (s *Service) becomeOwner(ctx context.Context, tx *store.Tx, row *ent.SignInLink, person Person) (*ent.Member, error) {
	n, err := tx.Ent().SignInLink.Update().Where(signinlink.MemberIDIsNil(), signinlink.UsedAtIsNil()).SetUsedAt(tx.Now()).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("use sign-in link: %w", err)
	}
	owned, err := hasOwner(ctx, tx)
	if err != nil {
		return nil, err
	}
	if n == 0 || owned {
		return nil, errLink()
	}
	return s.join(ctx, tx, joining{workspaceID: row.WorkspaceID, email: person.Email, name: person.Name, role: principal.RoleOwner})
}

func memberOfLink(ctx context.Context, tx *store.Tx, row *ent.SignInLink) (*ent.Member, error) {
	n, err := tx.Ent().SignInLink.Update().Where(signinlink.ID(row.ID), signinlink.UsedAtIsNil()).SetUsedAt(tx.Now()).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("use sign-in link: %w", err)
	}
	found, err := tx.Ent().Member.Query().Where(member.ID(*row.MemberID), member.RemovedAtIsNil()).Only(ctx)
	if ent.IsNotFound(err) || n == 0 {
		return nil, errLink()
	}
	if err != nil {
		return nil, fmt.Errorf("look up member: %w", err)
	}
	return found, nil
}

// openLink finds a link that is good now.
func (s *Service) openLink(ctx context.Context, ticket crm.Secret) (*ent.SignInLink, error) {
	row, err := s.store.Read().SignInLink.Query().Where(signinlink.TicketHash(hashOf(ticket.Reveal()))).
		Only(principal.AllWorkspaces(ctx, "find sign-in link"))
	if ent.IsNotFound(err) {
		return nil, errLink()
	}
	if err != nil {
		return nil, unavailable(err)
	}
	if row.UsedAt != nil || !s.now().Before(row.ExpiresAt) {
		return nil, errLink()
	}
	return row, nil
}

// EnsureOwner makes the member with an e-mail address the owner of a workspace that
// has none: the operator's configuration names it. That person signs in with the
// identity provider.
func (s *Service) EnsureOwner(ctx context.Context, workspaceID, email string) error {
	address, ok := crm.NormalizeEmail(email)
	if !ok {
		return fault.New(fault.ConfigInvalid, fmt.Sprintf("workspace.ownerEmail: %q is not an e-mail address.", email), fault.Field("workspace", "ownerEmail"))
	}
	return s.store.WithTx(principal.System(ctx, workspaceID, "configuration"), func(ctx context.Context, tx *store.Tx) error {
		owned, err := hasOwner(ctx, tx)
		if err != nil || owned {
			return err
		}
		n, err := tx.Ent().Member.Update().Where(member.EmailKey(address)).SetRole(principal.RoleOwner).Save(ctx)
		if err != nil {
			return fmt.Errorf("make member the owner: %w", err)
		}
		if n > 0 {
			return tx.Audit(ctx, store.AuditItem{
				Action: "member.setRole", Outcome: crm.AuditSucceeded, After: map[string]any{"email": address, "role": principal.RoleOwner},
			})
		}
		_, err = s.join(ctx, tx, joining{workspaceID: workspaceID, email: address, role: principal.RoleOwner})
		return err
	})
}

func hasOwner(ctx context.Context, tx *store.Tx) (bool, error) {
	owned, err := tx.Ent().Member.Query().Where(member.RoleEQ(principal.RoleOwner), member.RemovedAtIsNil()).Exist(ctx)
	if err != nil {
		return false, fmt.Errorf("look for an owner: %w", err)
	}
	return owned, nil
}

// checked refuses what no member can be called.
func (p Person) checked() (Person, error) {
	address, ok := crm.NormalizeEmail(p.Email)
	if !ok {
		return p, errEmail()
	}
	p.Email = address
	return p, p.checkName()
}

func (p Person) checkName() error {
	if utf8.RuneCountInString(p.Name) > 200 || !utf8.ValidString(p.Name) {
		return fault.New(fault.BadInput, "A name has at most 200 characters.", fault.Field("name"))
	}
	return nil
}

func errEmail() error {
	return fault.New(fault.BadInput, "This is not an e-mail address.", fault.Field("email"))
}

func errLink() error {
	return fault.New(fault.SignInLinkInvalid, "This sign-in link was used, has expired or never was.")
}

package auth

import (
	"context"
	"encoding/hex"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/member"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// viaCSM marks in the audit what vendor-side staff did (requirement O5).
const viaCSM = "csm"

// caller is whoever a credential stands for, before a workspace is chosen.
type caller struct {
	// home is the workspace that the caller acts in unless it names another.
	home string
	// token is the row of a service token; nil for people.
	token *ent.ApiToken
	// memberID is the member that a session was made for; empty for everyone else.
	memberID string
	// identity is the person at the identity provider; zero when none vouched for it.
	identity Identity
	// csm says that the person is vendor-side staff.
	csm bool
	// life is what the caller's credential depends on.
	life life
}

// Identity is a person as an identity provider knows it.
type Identity struct {
	// Issuer and Subject together name the person for good.
	Issuer, Subject string
	// Email is set only when the provider says that it is verified; lower case.
	Email string
	Name  string
}

// known reports whether an identity provider vouched for the person.
func (i Identity) known() bool { return i.Issuer != "" && i.Subject != "" }

// enter lets a caller into a workspace, its home when none is named.
func (s *Service) enter(ctx context.Context, who caller, workspaceID string) (principal.Principal, Session, error) {
	if workspaceID == "" {
		workspaceID = who.home
	}
	p, life, err := s.actIn(principal.AllWorkspaces(ctx, "authenticate"), who, workspaceID)
	if err != nil {
		return principal.Principal{}, Session{}, err
	}
	return p, Session{service: s, life: life, caller: who}, nil
}

// actIn is the principal that a caller is in a workspace.
func (s *Service) actIn(all context.Context, who caller, workspaceID string) (principal.Principal, life, error) {
	if who.token != nil {
		return s.tokenIn(all, who, workspaceID)
	}
	found, err := s.memberIn(all, who, workspaceID)
	if err != nil {
		return principal.Principal{}, life{}, err
	}
	switch {
	case found != nil:
		lasts := who.life
		lasts.memberID, lasts.role = found.ID, found.Role
		return principalOfMember(found), lasts, nil
	case who.csm:
		if err := s.workspaceExists(all, workspaceID); err != nil {
			return principal.Principal{}, life{}, err
		}
		return principal.Principal{
			ID: csmID(who.identity), Kind: principal.KindCSM, Name: who.identity.shown(), WorkspaceID: workspaceID,
			Role: principal.RoleCSM, Via: viaCSM,
		}, who.life, nil
	case workspaceID == who.home:
		// The member was removed: the session is good for nothing here.
		return principal.Principal{}, life{}, errUnauthenticated()
	default:
		return principal.Principal{}, life{}, errNoWorkspace()
	}
}

// tokenIn lets a service token into its own workspace, and one of the vendor's staff
// into any.
func (s *Service) tokenIn(all context.Context, who caller, workspaceID string) (principal.Principal, life, error) {
	p := principalOfToken(who.token)
	if workspaceID == p.WorkspaceID {
		return p, who.life, nil
	}
	if p.Role != principal.RoleCSM {
		return principal.Principal{}, life{}, errNoWorkspace()
	}
	if err := s.workspaceExists(all, workspaceID); err != nil {
		return principal.Principal{}, life{}, err
	}
	p.WorkspaceID = workspaceID
	return p, who.life, nil
}

// memberIn finds the member that a person is in a workspace; nil for none. The
// member that the session was made for comes first, then the one that is bound to
// the identity: a changed address at the provider makes nobody somebody else.
func (s *Service) memberIn(all context.Context, who caller, workspaceID string) (*ent.Member, error) {
	which, ok := memberOf(who)
	if !ok {
		return nil, nil //nolint:nilnil // no member is no error
	}
	found, err := s.store.Read().Member.Query().
		Where(member.WorkspaceID(workspaceID), member.RemovedAtIsNil(), which).
		Order(ent.Asc(member.FieldCreatedAt, member.FieldID)).All(all)
	if err != nil {
		return nil, unavailable(err)
	}
	return nearest(found, who.memberID), nil
}

// nearest chooses among the members that a person could be in one workspace; nil for
// none.
func nearest(found []*ent.Member, memberID string) *ent.Member {
	var best *ent.Member
	for _, row := range found {
		switch {
		case row.ID == memberID:
			return row
		case best == nil, best.Subject == "" && row.Subject != "":
			best = row
		}
	}
	return best
}

// memberOf is the condition for the members that a person is, in any workspace;
// false for somebody who is none.
func memberOf(who caller) (predicate.Member, bool) {
	var either []predicate.Member
	if who.memberID != "" {
		either = append(either, member.ID(who.memberID))
	}
	if who.identity.known() {
		either = append(either, ofIdentity(who.identity))
	}
	if len(either) == 0 {
		return nil, false
	}
	return member.Or(either...), true
}

// ofIdentity is the condition for the members that are bound to an identity, or that
// are bound to none yet and have its verified address.
func ofIdentity(identity Identity) predicate.Member {
	bound := member.And(member.Issuer(identity.Issuer), member.Subject(identity.Subject))
	if identity.Email == "" {
		return bound
	}
	return member.Or(bound, member.And(unbound(), member.EmailKey(identity.Email)))
}

// unbound is the condition for members that no identity is bound to.
func unbound() predicate.Member {
	return member.Or(member.SubjectIsNil(), member.Subject(""))
}

func (s *Service) workspaceExists(all context.Context, id string) error {
	exists, err := s.store.Read().Workspace.Query().Where(workspace.ID(id)).Exist(all)
	switch {
	case err != nil:
		return unavailable(err)
	case !exists:
		return errNoWorkspace()
	}
	return nil
}

func errNoWorkspace() error {
	return fault.New(fault.NotFound, "There is no such workspace.", fault.Field("workspace"))
}

// shown is what the audit calls the person.
func (i Identity) shown() string {
	for _, name := range []string{i.Name, i.Email} {
		if name != "" {
			return name
		}
	}
	return i.Subject
}

// csmID names one of the vendor's staff. It fits the columns that hold a principal's
// id: a longer subject is replaced by its hash.
func csmID(i Identity) string {
	const prefix, longest = "csm:", 80
	if len(prefix+i.Subject) <= longest {
		return prefix + i.Subject
	}
	return prefix + hex.EncodeToString(hashOf(i.Subject))
}

func principalOfMember(row *ent.Member) principal.Principal {
	name := row.Name
	if name == "" {
		name = row.Email
	}
	return principal.Principal{ID: row.ID, Kind: principal.KindMember, Name: name, WorkspaceID: row.WorkspaceID, Role: row.Role}
}

func principalOfToken(row *ent.ApiToken) principal.Principal {
	p := principal.Principal{
		ID: row.ID, Kind: principal.KindService, Name: row.Name, WorkspaceID: row.WorkspaceID, Role: row.Role, Scopes: row.Scopes,
	}
	if row.Role == principal.RoleCSM {
		p.Via = viaCSM
	}
	return p
}

package auth

import (
	"context"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/member"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// OIDCEnabled reports whether people can sign in with an identity provider.
func (s *Service) OIDCEnabled() bool { return s.oidc != nil }

// BeginOIDC returns where to send a browser that wants to sign in, and the secret to
// keep in it until it comes back. returnPath is where it was on its way to;
// workspaceID is the workspace it asks for, empty for its home.
func (s *Service) BeginOIDC(ctx context.Context, returnPath, workspaceID string) (target string, cookie crm.Secret, err error) {
	if s.oidc == nil {
		return "", "", fault.New(fault.SignInFailed, "No identity provider is configured.", fault.Hint("Ask the operator for a sign-in link."))
	}
	return s.oidc.begin(ctx, returnPath, workspaceID)
}

// OIDCCallback is what the identity provider sent the browser back with.
type OIDCCallback struct {
	// Cookie is the secret that BeginOIDC gave.
	Cookie      crm.Secret
	State, Code string
	// Error is the provider's refusal; Issuer says who answers (RFC 9207). Both may
	// be empty.
	Error, Issuer string
}

// FinishOIDC signs a browser in that came back from the identity provider.
//
// fault.SignInFailed when the answer is not the provider's to a sign-in that this
// browser began; fault.SignInRefused when the person is no member, not invited and
// no vendor-side staff.
func (s *Service) FinishOIDC(ctx context.Context, in OIDCCallback) (SignedIn, error) {
	if s.oidc == nil {
		return SignedIn{}, errSignInFailed("No identity provider is configured.", nil)
	}
	a, err := s.oidc.reopen(in.Cookie, in.State)
	if err != nil {
		return SignedIn{}, err
	}
	signedIn, identity, err := s.finish(ctx, a, in)
	if err != nil {
		s.deny(ctx, methodOIDC, err, identity)
		return SignedIn{}, err
	}
	signedIn.ReturnPath = a.Return
	return signedIn, nil
}

func (s *Service) finish(ctx context.Context, a attempt, in OIDCCallback) (SignedIn, Identity, error) {
	switch {
	case in.Issuer != "" && in.Issuer != s.oidc.config.Issuer:
		return SignedIn{}, Identity{}, errSignInFailed("Another identity provider answered than the one that was asked.", nil)
	case in.Error != "":
		return SignedIn{}, Identity{}, errSignInFailed("The identity provider refused the sign-in: "+shownCode(in.Error)+".", nil)
	}
	identity, csm, err := s.oidc.redeem(ctx, a, in.Code)
	if err != nil {
		return SignedIn{}, identity, err
	}
	signedIn, err := s.letIn(ctx, identity, csm, a.Workspace)
	return signedIn, identity, err
}

// letIn makes a session for a person whom the identity provider vouches for.
func (s *Service) letIn(ctx context.Context, identity Identity, csm bool, workspaceID string) (SignedIn, error) {
	all := principal.AllWorkspaces(ctx, "sign in")
	if err := s.acceptByEmail(ctx, identity); err != nil {
		return SignedIn{}, err
	}
	candidates, err := s.store.Read().Member.Query().Where(ofIdentity(identity), member.RemovedAtIsNil()).
		Order(ent.Asc(member.FieldCreatedAt, member.FieldID)).All(all)
	if err != nil {
		return SignedIn{}, unavailable(err)
	}
	b := beginning{method: methodOIDC, identity: identity, csm: csm, member: home(candidates, workspaceID)}
	switch {
	case b.member != nil:
		b.home = b.member.WorkspaceID
	case csm:
		if b.home, err = s.operatorWorkspace(all); err != nil {
			return SignedIn{}, err
		}
	case identity.Email == "":
		return SignedIn{}, fault.New(fault.SignInRefused, "Your identity provider does not vouch for an e-mail address of yours.",
			fault.Hint("Verify your e-mail address there, then sign in again."))
	default:
		return SignedIn{}, fault.New(fault.SignInRefused, "You are not a member of a workspace here.")
	}
	var signedIn SignedIn
	err = s.store.WithTx(principal.System(ctx, b.home, "sign in"), func(ctx context.Context, tx *store.Tx) error {
		if b.member != nil && b.member.Subject == "" {
			if err := bind(ctx, tx, b.member, identity); err != nil {
				return err
			}
		}
		signedIn, err = s.begin(ctx, tx, b)
		return err
	})
	return signedIn, err
}

// home chooses the member that a session is for: of the workspace that was asked for,
// else one that is bound to the identity already, else the oldest.
func home(candidates []*ent.Member, workspaceID string) *ent.Member {
	there := slices.DeleteFunc(slices.Clone(candidates), func(m *ent.Member) bool { return m.WorkspaceID != workspaceID })
	if found := nearest(there, ""); found != nil {
		return found
	}
	return nearest(candidates, "")
}

// bind makes an identity the one that a member is known by from now on.
func bind(ctx context.Context, tx *store.Tx, row *ent.Member, identity Identity) error {
	n, err := tx.Ent().Member.Update().Where(member.ID(row.ID), member.RemovedAtIsNil(), unbound()).
		SetIssuer(identity.Issuer).SetSubject(identity.Subject).Save(ctx)
	if err != nil {
		return fmt.Errorf("bind member to identity: %w", err)
	}
	if n != 1 {
		return fault.New(fault.SignInFailed, "Another sign-in was faster.")
	}
	if row.Name == "" && identity.Name != "" {
		if err := tx.Ent().Member.UpdateOneID(row.ID).SetName(identity.Name).Exec(ctx); err != nil {
			return fmt.Errorf("name member: %w", err)
		}
	}
	return tx.Audit(ctx, store.AuditItem{
		Action: "member.bind", Target: row.ID, Outcome: crm.AuditSucceeded,
		After: map[string]any{"issuer": identity.Issuer, "subject": identity.Subject},
	})
}

// operatorWorkspace is the workspace of whoever runs this server: the first one.
// Vendor-side staff are at home there, and sign-ins of strangers are audited there.
func (s *Service) operatorWorkspace(all context.Context) (string, error) {
	id, err := s.store.Read().Workspace.Query().Order(ent.Asc(workspace.FieldCreatedAt, workspace.FieldID)).FirstID(all)
	if err != nil {
		return "", unavailable(err)
	}
	return id, nil
}

// deny audits a sign-in that was refused. What cannot be saved is logged: the
// refusal stands all the same.
func (s *Service) deny(ctx context.Context, method string, refusal error, identity Identity) {
	workspaceID, err := s.operatorWorkspace(principal.AllWorkspaces(ctx, "refused sign-in"))
	if err == nil {
		err = s.store.WithTx(principal.System(ctx, workspaceID, "refused sign-in"), func(ctx context.Context, tx *store.Tx) error {
			return tx.Audit(ctx, store.AuditItem{
				Action: "session.begin", Outcome: crm.AuditDenied, Fault: fault.CodeOf(refusal),
				After: map[string]any{"method": method, "issuer": identity.Issuer, "subject": identity.Subject, "email": identity.Email},
			})
		})
	}
	if err != nil {
		s.log.WarnContext(ctx, "could not audit a refused sign-in", obs.Err(err))
	}
}

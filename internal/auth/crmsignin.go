package auth

import (
	"context"
	"crypto/sha256"
	"strings"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/apitoken"
	"github.com/fieldwarden/fieldwarden/ent/member"
	"github.com/fieldwarden/fieldwarden/ent/oauthstate"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// SignIn is who started a sign-in at a CRM. The browser that comes back from the
// CRM has no bearer token: it acts as whoever started, for as long as that
// principal may.
type SignIn struct {
	// StateID is the id of the sign-in's row in the principal's workspace.
	StateID   string
	Principal principal.Principal
}

// SignInOfState finds the sign-in that an OAuth state belongs to.
// fault.OAuthStateInvalid when there is none; fault.Unauthenticated when the
// token that started it has ended.
func (s *Service) SignInOfState(ctx context.Context, state crm.Secret) (SignIn, error) {
	return s.signIn(ctx, oauthstate.StateHash(HashSignInSecret(state)))
}

// SignInOfTicket finds the sign-in that the one-time ticket of a sign-in link
// belongs to. Errors are those of SignInOfState.
func (s *Service) SignInOfTicket(ctx context.Context, ticket crm.Secret) (SignIn, error) {
	return s.signIn(ctx, oauthstate.TicketHash(HashSignInSecret(ticket)))
}

// HashSignInSecret is the form in which state, ticket and browser cookie of a
// sign-in are stored. They are random, so a plain SHA-256 does not give them away.
func HashSignInSecret(secret crm.Secret) []byte {
	sum := sha256.Sum256([]byte(secret.Reveal()))
	return sum[:]
}

func (s *Service) signIn(ctx context.Context, which predicate.OAuthState) (SignIn, error) {
	ctx = principal.AllWorkspaces(ctx, "find sign-in")
	row, err := s.store.Read().OAuthState.Query().Where(which).Only(ctx)
	if ent.IsNotFound(err) {
		return SignIn{}, fault.New(fault.OAuthStateInvalid, "This sign-in is not known.")
	}
	if err != nil {
		return SignIn{}, fault.New(fault.DatabaseUnavailable, "The sign-in could not be looked up.", fault.Cause(err))
	}
	who, err := s.starter(ctx, row)
	return SignIn{StateID: row.ID, Principal: who}, err
}

// starter is the principal that started a sign-in, with the role it has now.
func (s *Service) starter(ctx context.Context, row *ent.OAuthState) (principal.Principal, error) {
	if reason, isSystem := strings.CutPrefix(row.PrincipalID, "system:"); isSystem {
		who, _ := principal.From(principal.System(ctx, row.WorkspaceID, reason))
		return who, nil
	}
	if strings.HasPrefix(row.PrincipalID, string(gid.Member)+"_") {
		return s.startingMember(ctx, row)
	}
	token, err := s.store.Read().ApiToken.Query().
		Where(apitoken.ID(row.PrincipalID), apitoken.WorkspaceID(row.WorkspaceID)).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return principal.Principal{}, fault.New(fault.DatabaseUnavailable, "The sign-in could not be looked up.", fault.Cause(err))
	}
	if err != nil || !live(token, s.now()) {
		return principal.Principal{}, fault.New(fault.Unauthenticated, "The token that started this sign-in has ended.",
			fault.Hint("Start the connection again with a valid token."))
	}
	return principalOfToken(token), nil
}

// startingMember is the member that started a sign-in at a CRM.
func (s *Service) startingMember(ctx context.Context, row *ent.OAuthState) (principal.Principal, error) {
	found, err := s.store.Read().Member.Query().
		Where(member.ID(row.PrincipalID), member.WorkspaceID(row.WorkspaceID), member.RemovedAtIsNil()).Only(ctx)
	if ent.IsNotFound(err) {
		return principal.Principal{}, fault.New(fault.Unauthenticated, "The member who started this sign-in was removed.",
			fault.Hint("Let another admin start the connection again."))
	}
	if err != nil {
		return principal.Principal{}, fault.New(fault.DatabaseUnavailable, "The sign-in could not be looked up.", fault.Cause(err))
	}
	return principalOfMember(found), nil
}

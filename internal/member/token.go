package member

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/apitoken"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// CreateTokenInput makes a service token.
type CreateTokenInput struct {
	// Name tells a workspace's live tokens apart, 1 to 200 characters.
	Name string
	// Role is ADMIN or VIEWER.
	Role principal.Role
	// Scopes narrow the role; nil narrows nothing.
	Scopes []principal.Scope
	// ExpiresAt is when the token ends; nil means when it is revoked.
	ExpiresAt      *time.Time
	IdempotencyKey string
}

// CreatedToken is a new service token.
type CreatedToken struct {
	ID string
	// Token is shown this once: empty in the answer to a repeat.
	Token crm.Secret
}

// CreateToken makes a service token, which never may do more than whoever makes it
// may now.
//
// Errors: BAD_INPUT, FORBIDDEN for a role or scope beyond the actor's, CONFLICT for
// the name of a live token.
func (s *Service) CreateToken(ctx context.Context, in CreateTokenInput) (CreatedToken, error) {
	actor, err := tokenManager(ctx)
	if err != nil {
		return CreatedToken{}, err
	}
	if in, err = in.normalized(s.Store.Clock().Now()); err != nil {
		return CreatedToken{}, err
	}
	if err := mayGrant(actor, in.Role, in.Scopes); err != nil {
		return CreatedToken{}, err
	}
	// The token never becomes part of the saved answer.
	var token crm.Secret
	id, err := store.Idempotent(ctx, s.Store, in.IdempotencyKey, "member.createToken", in,
		func(ctx context.Context, tx *store.Tx) (id string, err error) {
			id, token, err = s.createToken(ctx, tx, actor, in)
			return id, err
		})
	if err != nil {
		return CreatedToken{}, err
	}
	return CreatedToken{ID: id, Token: token}, nil
}

// tokenManager returns who acts if it may manage service tokens.
func tokenManager(ctx context.Context) (principal.Principal, error) {
	return acting(ctx, principal.ScopeManageTokens, "Only an admin manages service tokens.")
}

func (in CreateTokenInput) normalized(now time.Time) (CreateTokenInput, error) {
	if n := utf8.RuneCountInString(in.Name); n == 0 || n > nameLength || !utf8.ValidString(in.Name) || slices.ContainsFunc([]rune(in.Name), isControl) {
		return in, fault.New(fault.BadInput, fmt.Sprintf("A token needs a name of 1 to %d characters, all printable.", nameLength), fault.Field("name"))
	}
	if _, isID := gid.PrefixOf(in.Name); isID {
		// The operator's tools take a token's name or its id.
		return in, fault.New(fault.BadInput, "A token's name must not look like an id.", fault.Field("name"))
	}
	if in.ExpiresAt != nil && !in.ExpiresAt.After(now) {
		return in, fault.New(fault.BadInput, "The token would have ended before it begins.", fault.Field("expiresAt"))
	}
	if in.Scopes != nil {
		in.Scopes = slices.Compact(slices.Sorted(slices.Values(in.Scopes)))
		if in.Scopes == nil {
			in.Scopes = []principal.Scope{}
		}
	}
	return in, nil
}

func (s *Service) createToken(ctx context.Context, tx *store.Tx, actor principal.Principal, in CreateTokenInput) (string, crm.Secret, error) {
	if _, err := snapshot.LockWorkspace(ctx, tx, actor.WorkspaceID); err != nil {
		return "", "", err
	}
	issue := auth.IssueInput{WorkspaceID: actor.WorkspaceID, Name: in.Name, Role: in.Role, Scopes: in.Scopes, CreatedBy: actor.ID}
	if in.ExpiresAt != nil {
		issue.TTL = in.ExpiresAt.Sub(tx.Now())
	}
	issued, err := s.Auth.IssueIn(ctx, tx, issue)
	return issued.ID, issued.Token, err
}

// RevokeTokenInput revokes a service token.
type RevokeTokenInput struct {
	TokenID        string
	IdempotencyKey string
}

// RevokeToken ends a service token and cuts off what uses it, live connections
// within a minute. Revoking it again changes nothing. NOT_FOUND when there is none.
func (s *Service) RevokeToken(ctx context.Context, in RevokeTokenInput) error {
	if _, err := tokenManager(ctx); err != nil {
		return err
	}
	_, err := store.Idempotent(ctx, s.Store, in.IdempotencyKey, "member.revokeToken", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, s.revokeToken(ctx, tx, in.TokenID)
		})
	return err
}

func (s *Service) revokeToken(ctx context.Context, tx *store.Tx, tokenID string) error {
	row, err := tx.Ent().ApiToken.Query().Where(apitoken.ID(tokenID)).Only(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, "The workspace has no service token with this id.", fault.Field("serviceTokenId"))
	}
	if err != nil {
		return fmt.Errorf("member: loading token: %w", err)
	}
	return s.Auth.RevokeIn(ctx, tx, row.WorkspaceID, row.ID)
}

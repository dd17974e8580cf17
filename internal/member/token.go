package member

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/apitoken"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
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
	if err := freeTokenName(ctx, tx, in.Name); err != nil {
		return "", "", err
	}
	token, hash := s.Keys.NewServiceToken()
	create := tx.Ent().ApiToken.Create().SetWorkspaceID(actor.WorkspaceID).SetCreatedAt(tx.Now()).
		SetName(in.Name).SetRole(in.Role).SetHash(hash).SetCreatedBy(actor.ID).SetNillableExpiresAt(in.ExpiresAt)
	if in.Scopes != nil {
		create.SetScopes(in.Scopes)
	}
	row, err := create.Save(ctx)
	if ent.IsConstraintError(err) {
		// The admin socket makes tokens without the workspace's lock.
		return "", "", tokenNameTaken(in.Name)
	}
	if err != nil {
		return "", "", fmt.Errorf("member: saving token: %w", err)
	}
	return row.ID, token, tx.Audit(ctx, store.AuditItem{
		Action: "token.create", Target: row.ID, Outcome: crm.AuditSucceeded,
		After: map[string]any{"name": row.Name, "role": row.Role, "scopes": row.Scopes, "expiresAt": row.ExpiresAt},
	})
}

// freeTokenName removes a token of this name that has ended: names tell live tokens
// apart, and the audit keeps the history. It refuses when the token is live.
func freeTokenName(ctx context.Context, tx *store.Tx, name string) error {
	old, err := tx.Ent().ApiToken.Query().Where(apitoken.Name(name)).Only(ctx)
	switch {
	case ent.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("member: look up token: %w", err)
	case old.RevokedAt == nil && (old.ExpiresAt == nil || tx.Now().Before(*old.ExpiresAt)):
		return tokenNameTaken(name)
	}
	if err := tx.Ent().ApiToken.DeleteOne(old).Exec(ctx); err != nil {
		return fmt.Errorf("member: removing an ended token: %w", err)
	}
	return nil
}

func tokenNameTaken(name string) error {
	return fault.New(fault.Conflict, fmt.Sprintf("A live token is named %q already.", name),
		fault.Field("name"), fault.Hint("Choose another name, or revoke that token first."))
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
	s.Keys.EndServiceToken(tx, row.ID)
	if row.RevokedAt != nil {
		return nil
	}
	if err := tx.Ent().ApiToken.UpdateOne(row).SetRevokedAt(tx.Now()).Exec(ctx); err != nil {
		return fmt.Errorf("member: revoking token: %w", err)
	}
	return tx.Audit(ctx, store.AuditItem{
		Action: "token.revoke", Target: row.ID, Outcome: crm.AuditSucceeded, Before: map[string]any{"name": row.Name, "role": row.Role},
	})
}

package auth

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
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// tokenPrefix makes a token recognizable, for people and for secret scanners.
const tokenPrefix = "fw_"

// IssueInput describes a new token.
type IssueInput struct {
	WorkspaceID string
	// Name tells a workspace's tokens apart, 1 to 200 characters. The name of a
	// token that has ended may be used again.
	Name string
	// Role is the most that it may do: ADMIN or VIEWER, and CSM for vendor-side staff,
	// which only the operator gives.
	Role principal.Role
	// Scopes narrow what the role allows; nil narrows nothing.
	Scopes []principal.Scope
	// CreatedBy is the id of the member who asked for it; empty for the operator.
	CreatedBy string
	// TTL is how long the token is good; zero means until it is revoked.
	TTL time.Duration
}

// Issued is a new token. Token is shown this once.
type Issued struct {
	ID        string
	Token     crm.Secret
	ExpiresAt *time.Time
}

// Issue makes a token for a workspace; only its admins and the system may.
// fault.Conflict when a live token has the name.
func (s *Service) Issue(ctx context.Context, in IssueInput) (Issued, error) {
	var issued Issued
	err := s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		issued, err = s.IssueIn(ctx, tx, in)
		return err
	})
	if err != nil {
		return Issued{}, err
	}
	return issued, nil
}

// IssueIn is Issue inside a transaction of the caller's.
func (s *Service) IssueIn(ctx context.Context, tx *store.Tx, in IssueInput) (Issued, error) {
	if err := mayManage(ctx, in.WorkspaceID); err != nil {
		return Issued{}, err
	}
	if err := in.validate(ctx); err != nil {
		return Issued{}, err
	}
	if err := freeName(ctx, tx, in.Name); err != nil {
		return Issued{}, err
	}
	token := tokenPrefix + newSecret()
	create := tx.Ent().ApiToken.Create().SetWorkspaceID(in.WorkspaceID).SetCreatedAt(tx.Now()).
		SetName(in.Name).SetRole(in.Role).SetHash(hashOf(token)).SetCreatedBy(in.CreatedBy)
	if in.Scopes != nil {
		create.SetScopes(in.Scopes)
	}
	if in.TTL > 0 {
		create.SetExpiresAt(tx.Now().Add(in.TTL))
	}
	row, err := create.Save(ctx)
	if ent.IsConstraintError(err) {
		return Issued{}, errNameTaken(in.Name)
	}
	if err != nil {
		return Issued{}, fmt.Errorf("save token: %w", err)
	}
	err = tx.Audit(ctx, store.AuditItem{
		Action: "token.issue", Target: row.ID, Outcome: crm.AuditSucceeded,
		After: map[string]any{"name": row.Name, "role": row.Role, "scopes": row.Scopes, "expiresAt": row.ExpiresAt},
	})
	if err != nil {
		return Issued{}, err
	}
	return Issued{ID: row.ID, Token: crm.Secret(token), ExpiresAt: row.ExpiresAt}, nil
}

func (in IssueInput) validate(ctx context.Context) error {
	p, _ := principal.From(ctx)
	roles := []principal.Role{principal.RoleAdmin, principal.RoleViewer}
	if p.Kind == principal.KindSystem {
		roles = append(roles, principal.RoleCSM)
	}
	switch n := utf8.RuneCountInString(in.Name); {
	case n == 0 || n > 200:
		return fault.New(fault.BadInput, "A token needs a name of 1 to 200 characters.", fault.Field("name"))
	case !slices.Contains(roles, in.Role):
		return fault.New(fault.BadInput, "A token's role is ADMIN or VIEWER; the operator may also give CSM.", fault.Field("role"))
	case in.Scopes != nil && len(in.Scopes) == 0:
		return fault.New(fault.BadInput, "A token without a scope could do nothing.", fault.Field("scopes"))
	case in.TTL < 0:
		return fault.New(fault.BadInput, "A token cannot end before it begins.", fault.Field("ttl"))
	}
	for _, scope := range in.Scopes {
		if !slices.Contains(in.Role.Scopes(), scope) {
			return fault.New(fault.BadInput, fmt.Sprintf("The role %s has no scope %q.", in.Role, scope), fault.Field("scopes"))
		}
		if !p.May(scope) {
			return fault.New(fault.Forbidden, fmt.Sprintf("You do not have the scope %s yourself.", scope), fault.Field("scopes"), fault.Detail("scope", string(scope)))
		}
	}
	return nil
}

// freeName removes a token of this name that has ended; its history stays in the
// audit. It refuses when the token is live.
func freeName(ctx context.Context, tx *store.Tx, name string) error {
	old, err := tx.Ent().ApiToken.Query().Where(apitoken.Name(name)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up token name: %w", err)
	}
	if live(old, tx.Now()) {
		return errNameTaken(name)
	}
	if err := tx.Ent().ApiToken.DeleteOne(old).Exec(ctx); err != nil {
		return fmt.Errorf("remove ended token: %w", err)
	}
	return nil
}

func errNameTaken(name string) error {
	return fault.New(fault.Conflict, fmt.Sprintf("A live token is named %q already.", name),
		fault.Field("name"), fault.Hint("Choose another name, or revoke that token first."))
}

// Revoke ends a token, named by its name or id, and the live connections that use
// it. Revoking again changes nothing. fault.NotFound when there is none.
func (s *Service) Revoke(ctx context.Context, workspaceID, nameOrID string) error {
	return s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return s.RevokeIn(ctx, tx, workspaceID, nameOrID)
	})
}

// RevokeIn is Revoke inside a transaction of the caller's.
func (s *Service) RevokeIn(ctx context.Context, tx *store.Tx, workspaceID, nameOrID string) error {
	if err := mayManage(ctx, workspaceID); err != nil {
		return err
	}
	row, err := tx.Ent().ApiToken.Query().
		Where(apitoken.Or(apitoken.ID(nameOrID), apitoken.Name(nameOrID))).Only(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, fmt.Sprintf("The workspace has no token %q.", nameOrID), fault.Field("token"))
	}
	if err != nil {
		return fmt.Errorf("look up token: %w", err)
	}
	tx.AfterCommit(func() { s.endLives(func(l life) bool { return l.tokenID == row.ID }) })
	if row.RevokedAt != nil {
		return nil
	}
	if err := tx.Ent().ApiToken.UpdateOne(row).SetRevokedAt(tx.Now()).Exec(ctx); err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return tx.Audit(ctx, store.AuditItem{
		Action: "token.revoke", Target: row.ID, Outcome: crm.AuditSucceeded, Before: map[string]any{"name": row.Name},
	})
}

// List returns a workspace's tokens, oldest first, without what could be used to
// sign in.
func (s *Service) List(ctx context.Context, workspaceID string) ([]*ent.ApiToken, error) {
	if err := mayManage(ctx, workspaceID); err != nil {
		return nil, err
	}
	rows, err := s.store.Read().ApiToken.Query().Order(ent.Asc(apitoken.FieldCreatedAt, apitoken.FieldID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	for _, row := range rows {
		row.Hash = nil
	}
	return rows, nil
}

// mayManage lets admins and the system of the same workspace pass.
func mayManage(ctx context.Context, workspaceID string) error {
	p, ok := principal.From(ctx)
	switch {
	case !ok:
		return errUnauthenticated()
	case p.WorkspaceID != workspaceID || workspaceID == "":
		return fault.New(fault.NotFound, "There is no such workspace.", fault.Field("workspace"))
	case !p.IsAdmin():
		return fault.New(fault.Forbidden, "Only an admin manages tokens.")
	}
	return nil
}

// callerOfToken finds whom a service token stands for.
func (s *Service) callerOfToken(ctx context.Context, token crm.Secret) (caller, error) {
	all := principal.AllWorkspaces(ctx, "authenticate")
	row, err := s.store.Read().ApiToken.Query().Where(apitoken.Hash(hashOf(token.Reveal()))).Only(all)
	switch {
	case ent.IsNotFound(err):
		return caller{}, errUnauthenticated()
	case err != nil:
		return caller{}, unavailable(err)
	case !live(row, s.now()):
		s.log.InfoContext(ctx, "refused a token that has ended", "token", row.ID)
		return caller{}, errUnauthenticated()
	}
	if row.LastUsedAt == nil || s.now().Sub(*row.LastUsedAt) >= touchEvery {
		s.touch(all, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().ApiToken.UpdateOneID(row.ID).SetLastUsedAt(tx.Now()).Exec(ctx)
		})
	}
	return caller{home: row.WorkspaceID, token: row, life: life{tokenID: row.ID}}, nil
}

// live reports whether a token is good at an instant.
func live(row *ent.ApiToken, now time.Time) bool {
	return row.RevokedAt == nil && (row.ExpiresAt == nil || now.Before(*row.ExpiresAt))
}

// touch writes when a credential was last used. It never keeps a request from being
// served: a write that fails is logged.
func (s *Service) touch(all context.Context, write func(context.Context, *store.Tx) error) {
	if err := s.store.WithTx(all, write); err != nil {
		s.log.WarnContext(all, "could not save when a credential was last used", obs.Err(err))
	}
}

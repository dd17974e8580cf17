package auth

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/apitoken"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// IssueInput describes a new token.
type IssueInput struct {
	WorkspaceID string
	// Name tells a workspace's tokens apart, 1 to 200 characters. The name of a
	// token that has ended may be used again.
	Name string
	Role principal.Role
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
	if err := mayManage(ctx, in.WorkspaceID); err != nil {
		return Issued{}, err
	}
	if err := in.validate(); err != nil {
		return Issued{}, err
	}
	token := newToken()
	issued := Issued{Token: crm.Secret(token)}
	err := s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := freeName(ctx, tx, in.Name); err != nil {
			return err
		}
		create := tx.Ent().ApiToken.Create().SetWorkspaceID(in.WorkspaceID).SetCreatedAt(tx.Now()).
			SetName(in.Name).SetRole(in.Role).SetHash(hashOf(token))
		if in.TTL > 0 {
			create.SetExpiresAt(tx.Now().Add(in.TTL))
		}
		row, err := create.Save(ctx)
		if ent.IsConstraintError(err) {
			return errNameTaken(in.Name)
		}
		if err != nil {
			return fmt.Errorf("save token: %w", err)
		}
		issued.ID, issued.ExpiresAt = row.ID, row.ExpiresAt
		return tx.Audit(ctx, store.AuditItem{
			Action: "token.issue", Target: row.ID, Outcome: crm.AuditSucceeded,
			After: map[string]any{"name": row.Name, "role": row.Role, "expiresAt": row.ExpiresAt},
		})
	})
	if err != nil {
		return Issued{}, err
	}
	return issued, nil
}

func (in IssueInput) validate() error {
	switch n := utf8.RuneCountInString(in.Name); {
	case n == 0 || n > 200:
		return fault.New(fault.BadInput, "A token needs a name of 1 to 200 characters.", fault.Field("name"))
	case in.Role != principal.RoleAdmin && in.Role != principal.RoleViewer:
		return fault.New(fault.BadInput, fmt.Sprintf("A token's role is %s or %s.", principal.RoleAdmin, principal.RoleViewer), fault.Field("role"))
	case in.TTL < 0:
		return fault.New(fault.BadInput, "A token cannot end before it begins.", fault.Field("ttl"))
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
	if err := mayManage(ctx, workspaceID); err != nil {
		return err
	}
	return s.store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.Ent().ApiToken.Query().
			Where(apitoken.Or(apitoken.ID(nameOrID), apitoken.Name(nameOrID))).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.New(fault.NotFound, fmt.Sprintf("The workspace has no token %q.", nameOrID), fault.Field("token"))
		}
		if err != nil {
			return fmt.Errorf("look up token: %w", err)
		}
		tx.AfterCommit(func() { s.end(row.ID) })
		if row.RevokedAt != nil {
			return nil
		}
		if err := tx.Ent().ApiToken.UpdateOne(row).SetRevokedAt(tx.Now()).Exec(ctx); err != nil {
			return fmt.Errorf("revoke token: %w", err)
		}
		return tx.Audit(ctx, store.AuditItem{
			Action: "token.revoke", Target: row.ID, Outcome: crm.AuditSucceeded, Before: map[string]any{"name": row.Name},
		})
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

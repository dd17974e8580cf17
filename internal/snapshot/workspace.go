package snapshot

import (
	"context"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// LockWorkspace loads a workspace and holds its row until tx ends. Rules about a
// workspace as a whole (one owner at least, one recipient at least, what it bought)
// stand on it: whoever could break one takes it first. NOT_FOUND for any workspace
// but the principal's.
func LockWorkspace(ctx context.Context, tx *store.Tx, workspaceID string) (*ent.Workspace, error) {
	query := tx.Ent().Workspace.Query().Where(workspace.ID(workspaceID))
	query.Modify(func(s *sql.Selector) {
		if s.Dialect() == dialect.Postgres {
			// Not FOR UPDATE: inserting rows that refer to the workspace must not wait.
			s.For(sql.LockUpdate, sql.WithLockClause("FOR NO KEY UPDATE"))
		}
	})
	found, err := query.Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "There is no such workspace.", fault.Field("workspaceId"), fault.Cause(err))
	}
	return found, err
}

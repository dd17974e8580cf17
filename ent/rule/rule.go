// Package rule holds the privacy rules of all entities. They are the data
// layer's wall between workspaces: without a principal nothing is read or
// written, with one only its own workspace is (requirement O4, pain 10).
package rule

import (
	"context"

	"entgo.io/ent/entql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/privacy"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// workspaceFilter is implemented by the filters of entities with a workspace.
type workspaceFilter interface{ WhereWorkspaceID(entql.StringP) }

// idFilter is implemented by the filter of the workspace itself.
type idFilter interface{ WhereID(entql.StringP) }

// FilterByWorkspace limits a query, update or delete to the principal's
// workspace.
func FilterByWorkspace() privacy.QueryMutationRule {
	return privacy.FilterFunc(func(ctx context.Context, filter privacy.Filter) error {
		p, err := acting(ctx)
		if err != nil || p.All {
			return err
		}
		scoped, ok := filter.(workspaceFilter)
		if !ok {
			return privacy.Denyf("rule: %T has no workspace", filter)
		}
		scoped.WhereWorkspaceID(entql.StringEQ(p.WorkspaceID))
		return privacy.Allow
	})
}

// FilterByOwnID limits queries and updates of workspaces to the principal's own.
func FilterByOwnID() privacy.QueryMutationRule {
	return privacy.FilterFunc(func(ctx context.Context, filter privacy.Filter) error {
		p, err := acting(ctx)
		if err != nil || p.All {
			return err
		}
		scoped, ok := filter.(idFilter)
		if !ok {
			return privacy.Denyf("rule: %T has no id", filter)
		}
		scoped.WhereID(entql.StringEQ(p.WorkspaceID))
		return privacy.Allow
	})
}

// WriteInsideWorkspace refuses to create a row for another workspace.
func WriteInsideWorkspace() privacy.MutationRule {
	return privacy.MutationRuleFunc(func(ctx context.Context, m ent.Mutation) error {
		p, err := acting(ctx)
		if err != nil {
			return err
		}
		if p.All || !m.Op().Is(ent.OpCreate) {
			return privacy.Skip
		}
		value, ok := m.Field("workspace_id")
		if id, isString := value.(string); !ok || !isString || id != p.WorkspaceID {
			return privacy.Denyf("rule: %s of another workspace", m.Type())
		}
		return privacy.Allow
	})
}

// OnlySystemCreates refuses anyone but the system to create a row.
func OnlySystemCreates() privacy.MutationRule {
	return privacy.MutationRuleFunc(func(ctx context.Context, m ent.Mutation) error {
		p, err := acting(ctx)
		if err != nil {
			return err
		}
		if m.Op().Is(ent.OpCreate) && !p.All {
			return privacy.Denyf("rule: only the system creates a %s", m.Type())
		}
		return privacy.Skip
	})
}

// OnlyAdded refuses everybody, the system too, to change or delete a row.
func OnlyAdded() privacy.MutationRule {
	return privacy.MutationRuleFunc(func(_ context.Context, m ent.Mutation) error {
		if !m.Op().Is(ent.OpCreate) {
			return privacy.Denyf("rule: a %s is never changed or deleted", m.Type())
		}
		return privacy.Skip
	})
}

// acting returns who acts; privacy.Deny when nobody does.
func acting(ctx context.Context) (principal.Principal, error) {
	p, ok := principal.From(ctx)
	if !ok {
		return p, privacy.Denyf("rule: no principal in context")
	}
	if p.All {
		return p, privacy.Allow
	}
	if p.WorkspaceID == "" {
		return p, privacy.Denyf("rule: principal without a workspace")
	}
	return p, nil
}

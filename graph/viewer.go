package graph

import (
	"context"
	"slices"

	"entgo.io/contrib/entgql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/member"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// viewerOf shows whoever acts.
func viewerOf(p principal.Principal) *model.Viewer {
	scopes := slices.DeleteFunc(p.Role.Scopes(), func(scope principal.Scope) bool { return !p.May(scope) })
	return &model.Viewer{ID: p.ID, Kind: p.Kind, Name: p.Name, Role: p.Role, Scopes: scopes}
}

// viewingMember is the member that acts; nil for everyone else.
func (r *Resolver) viewingMember(ctx context.Context) (*ent.Member, error) {
	p, err := acting(ctx)
	if err != nil || p.Kind != principal.KindMember {
		return nil, err
	}
	return r.Store.Read().Member.Query().Where(member.ID(p.ID)).Only(ctx)
}

// workspaces lists the workspaces that whoever acts may look into, by name.
func (r *Resolver) workspaces(ctx context.Context, first, last *int, after, before *cursor) (*ent.WorkspaceConnection, error) {
	asked, err := newPage(gid.Workspace, first, last, after, before)
	if err != nil {
		return nil, err
	}
	byName := &ent.WorkspaceOrder{Direction: entgql.OrderDirectionAsc, Field: ent.WorkspaceOrderFieldName}
	return r.Identities.Visible(ctx, func(ctx context.Context, query *ent.WorkspaceQuery) (*ent.WorkspaceConnection, error) {
		return query.Paginate(ctx, asked.after, asked.first, asked.before, asked.last, ent.WithWorkspaceOrder(byName))
	})
}

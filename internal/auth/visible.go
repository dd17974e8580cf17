package auth

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/member"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// Visible lists the workspaces that whoever acts may look into, by the query that
// page makes of it: those in which a person is a member, for vendor-side staff all,
// for a service token its own.
func (s *Service) Visible(ctx context.Context, page func(context.Context, *ent.WorkspaceQuery) (*ent.WorkspaceConnection, error)) (*ent.WorkspaceConnection, error) {
	all, query, err := s.visible(ctx)
	if err != nil {
		return nil, err
	}
	return page(all, query)
}

// Across lets read look across those of the workspaces that whoever acts may look
// into. It gets their ids and a context that sees every workspace: each of its queries
// must be limited to these ids.
func (s *Service) Across(ctx context.Context, workspaceIDs []string, read func(ctx context.Context, workspaceIDs []string) error) error {
	all, query, err := s.visible(ctx)
	if err != nil {
		return err
	}
	seen, err := query.Where(workspace.IDIn(workspaceIDs...)).IDs(all)
	if err != nil {
		return fmt.Errorf("look across workspaces: %w", err)
	}
	return read(all, seen)
}

// visible is the query for the workspaces that whoever acts may look into, and a
// context to run it in, which sees every workspace.
func (s *Service) visible(ctx context.Context) (context.Context, *ent.WorkspaceQuery, error) {
	p, ok := principal.From(ctx)
	if !ok {
		return nil, nil, errUnauthenticated()
	}
	query := s.store.Read().Workspace.Query()
	who := SessionFrom(ctx).caller
	all := principal.AllWorkspaces(ctx, "list workspaces")
	which, isPerson := memberOf(who)
	switch {
	case who.csm, p.Role == principal.RoleCSM:
	case isPerson:
		var ids []string
		err := s.store.Read().Member.Query().Where(which, member.RemovedAtIsNil()).Select(member.FieldWorkspaceID).Scan(all, &ids)
		if err != nil {
			return nil, nil, fmt.Errorf("list workspaces of a member: %w", err)
		}
		query.Where(workspace.IDIn(ids...))
	default:
		query.Where(workspace.ID(p.WorkspaceID))
	}
	return all, query, nil
}

// Within returns a context in which whoever acts does so in another workspace.
// fault.NotFound when it may not look into it.
func (s *Service) Within(ctx context.Context, workspaceID string) (context.Context, error) {
	p, ok := principal.From(ctx)
	if !ok {
		return nil, errUnauthenticated()
	}
	if p.WorkspaceID == workspaceID {
		return ctx, nil
	}
	session := SessionFrom(ctx)
	if session.service == nil {
		return nil, errNoWorkspace()
	}
	who, entered, err := s.enter(ctx, session.caller, workspaceID)
	if err != nil {
		return nil, err
	}
	return With(ctx, who, entered), nil
}

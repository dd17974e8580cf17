// Package principal says who acts, in the context of a request or a job.
//
// Every read and write of the store is scoped by the principal: without one it
// is refused, with one it sees its own workspace only. Acting as the system is a
// visible exception: System names the workspace and the reason, AllWorkspaces is
// for the few tasks that must look across (the due scan, token look-up).
//
// The package depends on the standard library only.
package principal

import "context"

// Role is what a principal may do in its workspace (requirement A3).
type Role string

// Roles. RoleSystem is never given to a token.
const (
	RoleAdmin  Role = "ADMIN"
	RoleViewer Role = "VIEWER"
	RoleSystem Role = "SYSTEM"
)

// Values lists the roles a token may have, for the database's enum.
func (Role) Values() []string { return []string{string(RoleAdmin), string(RoleViewer)} }

// Principal is whoever a request acts as.
type Principal struct {
	// ID is the token's id, or "system:<reason>".
	ID string
	// Name is what the audit shows.
	Name        string
	WorkspaceID string
	Role        Role
	// All is true only for AllWorkspaces.
	All bool
}

type contextKey struct{}

// With returns a context in which p acts.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns who acts in ctx; false when nobody does.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(contextKey{}).(Principal)
	return p, ok
}

// System returns a context in which the system acts for one workspace. The
// reason is what the audit shows ("daily run").
func System(ctx context.Context, workspaceID, reason string) context.Context {
	return With(ctx, Principal{ID: "system:" + reason, Name: reason, WorkspaceID: workspaceID, Role: RoleSystem})
}

// AllWorkspaces returns a context in which the system may look across
// workspaces. Only store, auth, job and schedule may call it; a test holds them
// to that.
func AllWorkspaces(ctx context.Context, reason string) context.Context {
	return With(ctx, Principal{ID: "system:" + reason, Name: reason, Role: RoleSystem, All: true})
}

// IsAdmin reports whether p may change settings and integrations (A2).
func (p Principal) IsAdmin() bool { return p.Role == RoleAdmin || p.Role == RoleSystem }

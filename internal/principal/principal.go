// Package principal says who acts, in the context of a request or a job, and what
// each role may do.
//
// Every read and write of the store is scoped by the principal: without one it
// is refused, with one it sees its own workspace only. Acting as the system is a
// visible exception: System names the workspace and the reason, AllWorkspaces is
// for the few tasks that must look across (the due scan, token look-up).
//
// The package depends on the standard library only.
package principal

import "context"

// Kind is what sort of principal acts (requirement A3).
type Kind string

// Kinds of principals.
const (
	// KindMember is a person of the workspace.
	KindMember Kind = "MEMBER"
	// KindCSM is vendor-side staff, who read across workspaces.
	KindCSM Kind = "CSM"
	// KindService is a program with a service token.
	KindService Kind = "SERVICE"
	// KindSystem is Fieldwarden itself, or its operator on the admin socket.
	KindSystem Kind = "SYSTEM"
)

// Values lists the kinds.
func (Kind) Values() []string {
	return []string{string(KindMember), string(KindCSM), string(KindService), string(KindSystem)}
}

// Principal is whoever a request acts as.
type Principal struct {
	// ID is the member's or token's id, "csm:<subject>" of a signed-in CSM, or
	// "system:<reason>".
	ID   string
	Kind Kind
	// Name is what the audit shows.
	Name        string
	WorkspaceID string
	Role        Role
	// Scopes narrow what the role allows (service tokens); nil narrows nothing.
	Scopes []Scope
	// Via marks an entry by a side door for the audit, "csm" when vendor-side staff
	// looks into a workspace (requirement O5); empty for everyone else.
	Via string
	// All is true only for AllWorkspaces.
	All bool
}

// Origin is where a request came from, for the audit (requirement O2).
type Origin struct {
	// Interface is "graphql", "export", "sign-in", "admin-socket" or "system".
	Interface string
	// Address is the client's IP address.
	Address   string
	UserAgent string
	RequestID string
}

type (
	contextKey struct{}
	originKey  struct{}
)

// With returns a context in which p acts.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns who acts in ctx; false when nobody does.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(contextKey{}).(Principal)
	return p, ok
}

// WithOrigin returns a context whose request came from o.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// OriginFrom returns where the request of ctx came from; the system itself when
// nothing is said.
func OriginFrom(ctx context.Context) Origin {
	if o, ok := ctx.Value(originKey{}).(Origin); ok {
		return o
	}
	return Origin{Interface: "system"}
}

// System returns a context in which the system acts for one workspace. The
// reason is what the audit shows ("daily run").
func System(ctx context.Context, workspaceID, reason string) context.Context {
	return With(ctx, Principal{ID: "system:" + reason, Kind: KindSystem, Name: reason, WorkspaceID: workspaceID, Role: RoleSystem})
}

// AllWorkspaces returns a context in which the system may look across
// workspaces. Only a few packages may call it; a test holds them to that.
func AllWorkspaces(ctx context.Context, reason string) context.Context {
	return With(ctx, Principal{ID: "system:" + reason, Kind: KindSystem, Name: reason, Role: RoleSystem, All: true})
}

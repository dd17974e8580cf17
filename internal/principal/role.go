package principal

import "slices"

// Role is what a principal may do in its workspace (requirement A3).
type Role string

// Roles. RoleSystem is never given to anybody who signs in.
const (
	RoleOwner  Role = "OWNER"
	RoleAdmin  Role = "ADMIN"
	RoleViewer Role = "VIEWER"
	RoleCSM    Role = "CSM"
	RoleSystem Role = "SYSTEM"
)

// Values lists the roles that can be stored.
func (Role) Values() []string {
	return []string{string(RoleOwner), string(RoleAdmin), string(RoleViewer), string(RoleCSM)}
}

// MemberRoles lists the roles of a member, the strongest first.
func MemberRoles() []Role { return []Role{RoleOwner, RoleAdmin, RoleViewer} }

// Scope is one thing that a principal may be allowed to do. A role is a set of
// scopes; a service token may have fewer than its role.
type Scope string

// Scopes.
const (
	// ScopeRead reads everything of a workspace but what has a scope of its own.
	ScopeRead Scope = "READ"
	// ScopeReadSettings views the CRM admin settings (requirement A2).
	ScopeReadSettings Scope = "READ_SETTINGS"
	// ScopeReadAudit reads and exports the audit log (requirement O2).
	ScopeReadAudit Scope = "READ_AUDIT"
	// ScopeOperate starts and stops runs and checks.
	ScopeOperate Scope = "OPERATE"
	// ScopeConfigure changes settings, mappings, schedules, budgets and recipients.
	ScopeConfigure Scope = "CONFIGURE"
	// ScopeConnect connects, replaces and disconnects integrations.
	ScopeConnect Scope = "CONNECT"
	// ScopeManageMembers invites, changes and removes members.
	ScopeManageMembers Scope = "MANAGE_MEMBERS"
	// ScopeManageTokens lists, creates and revokes service tokens.
	ScopeManageTokens Scope = "MANAGE_TOKENS"
	// ScopeEntitle sets the edition and package of a workspace (requirement A4).
	ScopeEntitle Scope = "ENTITLE"
)

// Values lists the scopes.
func (Scope) Values() []string {
	return []string{
		string(ScopeRead), string(ScopeReadSettings), string(ScopeReadAudit), string(ScopeOperate), string(ScopeConfigure),
		string(ScopeConnect), string(ScopeManageMembers), string(ScopeManageTokens), string(ScopeEntitle),
	}
}

// Scopes lists what a role may do.
func (r Role) Scopes() []Scope {
	switch r {
	case RoleOwner, RoleAdmin:
		// The two differ in one rule, which is about whom one changes: only an owner
		// makes, changes or removes owners.
		return []Scope{
			ScopeRead, ScopeReadSettings, ScopeReadAudit, ScopeOperate, ScopeConfigure, ScopeConnect, ScopeManageMembers, ScopeManageTokens,
		}
	case RoleViewer:
		return []Scope{ScopeRead}
	case RoleCSM:
		return []Scope{ScopeRead, ScopeReadSettings, ScopeReadAudit, ScopeEntitle}
	case RoleSystem:
		all := Scope("").Values()
		scopes := make([]Scope, len(all))
		for i, scope := range all {
			scopes[i] = Scope(scope)
		}
		return scopes
	default:
		return nil
	}
}

// May reports whether p may do what a scope stands for: its role has the scope and
// its own scopes do not leave it out.
func (p Principal) May(scope Scope) bool {
	return slices.Contains(p.Role.Scopes(), scope) && (p.Scopes == nil || slices.Contains(p.Scopes, scope))
}

// IsAdmin reports whether p may change settings and integrations (A2). What a
// narrower token may do is decided before, by the operation's scope.
func (p Principal) IsAdmin() bool {
	return p.Role == RoleOwner || p.Role == RoleAdmin || p.Role == RoleSystem
}

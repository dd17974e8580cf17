package member

import (
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// rank orders the roles that manage, or are managed as, members; 0 is beside the
// order.
func rank(role principal.Role) int {
	switch role {
	case principal.RoleSystem:
		return 4
	case principal.RoleOwner:
		return 3
	case principal.RoleAdmin:
		return 2
	case principal.RoleViewer:
		return 1
	default:
		return 0
	}
}

// mayGive refuses a role that is none of a member (BAD_INPUT) or is above the
// actor's own (FORBIDDEN).
func mayGive(actor principal.Principal, role principal.Role) error {
	if !slices.Contains(principal.MemberRoles(), role) {
		return fault.New(fault.BadInput, fmt.Sprintf("%s is not a role of members.", role), fault.Field("role"),
			fault.Hint("Give OWNER, ADMIN or VIEWER."))
	}
	if rank(actor.Role) < rank(role) {
		return fault.New(fault.Forbidden, fmt.Sprintf("Only an owner gives the role %s.", role), fault.Field("role"),
			fault.Hint("Ask an owner of the workspace."))
	}
	return nil
}

// mayChange refuses to change a member, or take back an invitation, whose role is
// above the actor's.
func mayChange(actor principal.Principal, role principal.Role, field string) error {
	if rank(actor.Role) < rank(role) {
		return fault.New(fault.Forbidden, fmt.Sprintf("Only an owner changes members and invitations with the role %s.", role),
			fault.Field(field), fault.Hint("Ask an owner of the workspace."))
	}
	return nil
}

// mayGrant refuses a token that could do more than whoever makes it, or that makes
// no sense. scopes nil is all that the role has.
func mayGrant(actor principal.Principal, role principal.Role, scopes []principal.Scope) error {
	switch {
	case role != principal.RoleAdmin && role != principal.RoleViewer:
		return fault.New(fault.BadInput, fmt.Sprintf("A token's role is %s or %s.", principal.RoleAdmin, principal.RoleViewer), fault.Field("role"))
	case scopes != nil && len(scopes) == 0:
		return fault.New(fault.BadInput, "A token without any scope can do nothing.", fault.Field("scopes"),
			fault.Hint("Leave scopes out for all that the role may do."))
	case rank(actor.Role) < rank(role):
		return fault.New(fault.Forbidden, fmt.Sprintf("A token with the role %s may do more than you.", role), fault.Field("role"))
	}
	for _, scope := range scopes {
		if !slices.Contains(role.Scopes(), scope) {
			return fault.New(fault.BadInput, fmt.Sprintf("The role %s does not have the scope %s.", role, scope), fault.Field("scopes"))
		}
	}
	if scopes == nil {
		scopes = role.Scopes()
	}
	for _, scope := range scopes {
		if !actor.May(scope) {
			return fault.New(fault.Forbidden, fmt.Sprintf("The token would have the scope %s, which you do not have.", scope),
				fault.Field("scopes"), fault.Detail("scope", string(scope)), fault.Hint("Name the scopes that it needs, of those that you have."))
		}
	}
	return nil
}

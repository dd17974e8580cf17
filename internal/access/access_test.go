package access

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// What each role may, in the words of requirement A3: a change of the table that
// moves something from one role to another must be meant.
func TestRolesMayWhatTheyShould(t *testing.T) {
	t.Parallel()
	for operation, able := range map[Operation][]principal.Role{
		"Query.integrations":       {principal.RoleOwner, principal.RoleAdmin, principal.RoleViewer, principal.RoleCSM},
		"Integration.settings":     {principal.RoleOwner, principal.RoleAdmin, principal.RoleCSM},
		"Query.auditLog":           {principal.RoleOwner, principal.RoleAdmin, principal.RoleCSM},
		"Query.serviceTokens":      {principal.RoleOwner, principal.RoleAdmin},
		"Mutation.updateSettings":  {principal.RoleOwner, principal.RoleAdmin},
		"Mutation.runNow":          {principal.RoleOwner, principal.RoleAdmin},
		"Mutation.setEntitlements": {principal.RoleCSM},
		ExportAudit:                {principal.RoleOwner, principal.RoleAdmin, principal.RoleCSM},
	} {
		for _, name := range principal.Role("").Values() {
			role := principal.Role(name)
			err := Check(principal.Principal{ID: "x", WorkspaceID: "w", Role: role}, operation)
			if slices.Contains(able, role) {
				require.NoError(t, err, "%s %s", role, operation)
				continue
			}
			require.True(t, fault.Is(err, fault.Forbidden), "%s %s", role, operation)
		}
	}
}

func TestOnlyEntitleSeparatesAnAdminFromTheSystem(t *testing.T) {
	t.Parallel()
	admin := principal.Principal{Role: principal.RoleAdmin}
	for _, rule := range Table() {
		require.Equal(t, rule.Scope != principal.ScopeEntitle, rule.Allows(admin), rule.Operation)
	}
}

func TestATokensScopesNarrowItsRoleAndNeverWidenIt(t *testing.T) {
	t.Parallel()
	for _, rule := range Table() {
		for _, roleName := range principal.Role("").Values() {
			whole := principal.Principal{Role: principal.Role(roleName)}
			for _, scope := range principal.Scope("").Values() {
				narrow := whole
				narrow.Scopes = []principal.Scope{principal.Scope(scope)}
				want := rule.Allows(whole) && (rule.Scope == "" || rule.Scope == principal.Scope(scope))
				require.Equal(t, want, rule.Allows(narrow), "%s as %s with %s", rule.Operation, roleName, scope)
			}
			nothing := whole
			nothing.Scopes = []principal.Scope{}
			require.Equal(t, rule.Scope == "", rule.Allows(nothing), "%s without a scope", rule.Operation)
		}
	}
}

func TestARefusalSaysWhichScopeAndWhoHasIt(t *testing.T) {
	t.Parallel()
	viewer := principal.Principal{Role: principal.RoleViewer}
	refused, _ := fault.From(Check(viewer, "Mutation.runNow"))
	require.Equal(t, "OPERATE", refused.Details["scope"])
	require.Contains(t, refused.WhatToDo(), "OWNER or ADMIN")

	token := principal.Principal{Role: principal.RoleAdmin, Scopes: []principal.Scope{principal.ScopeRead}}
	refused, _ = fault.From(Check(token, "Mutation.runNow"))
	require.Contains(t, refused.WhatToDo(), "token")

	admin := principal.Principal{Role: principal.RoleAdmin}
	refused, _ = fault.From(Check(admin, "Mutation.setEntitlements"))
	require.Contains(t, refused.WhatToDo(), "CSM")

	require.True(t, fault.Is(Check(admin, "Mutation.noSuchThing"), fault.Internal), "what has no rule is nobody's")
}

func TestVerifyFindsEveryGapBetweenTableAndSchema(t *testing.T) {
	t.Parallel()
	fields := map[Operation]bool{"Query.a": true, "Query.b": true, "Thing.secret": true}
	exists := func(o Operation) bool { return fields[o] }
	roots := []Operation{"Query.a", "Query.b"}
	good := []Rule{{ExportAudit, principal.ScopeReadAudit}, {"Query.a", anyone}, {"Query.b", principal.ScopeRead}, {"Thing.secret", principal.ScopeRead}}
	require.NoError(t, Verify(good, roots, exists))
	for name, wrong := range map[string]struct {
		table []Rule
		says  string
	}{
		"missing":  {good[:2], "Query.b has no rule"},
		"stale":    {append(append([]Rule{}, good...), Rule{"Thing.z", anyone}), "Thing.z is about nothing"},
		"doubled":  {append([]Rule{good[0], good[1]}, good[1:]...), "two rules"},
		"unsorted": {[]Rule{good[2], good[1]}, "wrong place"},
		"no scope": {[]Rule{{"Query.a", "WISH"}, good[2]}, "WISH"},
	} {
		require.ErrorContains(t, Verify(wrong.table, roots, exists), wrong.says, name)
	}
}

func TestTableIsSorted(t *testing.T) {
	t.Parallel()
	require.NoError(t, Verify(Table(), nil, func(Operation) bool { return true }))
}

package access

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/principal"
)

const rolesPage = "../../docs/api/roles.md"

// TestTheRolesPageIsTheTable: with UPDATE_DOCS=1 it writes the page instead.
func TestTheRolesPageIsTheTable(t *testing.T) {
	t.Parallel()
	if os.Getenv("UPDATE_DOCS") == "1" {
		require.NoError(t, os.WriteFile(rolesPage, []byte(page()), 0o644))
	}
	written, err := os.ReadFile(rolesPage)
	require.NoError(t, err)
	require.Equal(t, page(), string(written), "docs/api/roles.md is not the table: UPDATE_DOCS=1 go test ./internal/access")
}

func page() string {
	var b strings.Builder
	b.WriteString(`# Who may do what

This page is made from the table that the API enforces (` + "`internal/access`" + `); a test keeps
the two equal.

A role is a set of scopes. A service token has the scopes of its role, or fewer: its
own list narrows the role and never widens it. Whoever lacks the scope of an operation
gets a top-level error ` + "`FORBIDDEN`" + ` with the scope in ` + "`extensions.scope`" + ` and, in
` + "`extensions.hint`" + `, who can do it; nothing runs, and the attempt stands in the audit log.

- Fields such as ` + "`Integration.settings`" + ` have a rule of their own wherever they show. A
  mutation that selects one in its answer is refused before it runs.
- Without ` + "`READ`" + ` a token sees what its own operation answers with and goes on from there
  to nothing else.
- Feed entries of the kind ` + "`settings`" + ` are shown to whoever has ` + "`READ_SETTINGS`" + `; for others
  they are left out of lists, counts and events.
- Owners and admins differ in one rule, which is about members: only an owner makes,
  changes or removes an owner.

## Roles and scopes

`)
	roles := append(principal.MemberRoles(), principal.RoleCSM)
	b.WriteString("| scope |")
	for _, role := range roles {
		fmt.Fprintf(&b, " %s |", role)
	}
	b.WriteString("\n| --- |" + strings.Repeat(" :---: |", len(roles)) + "\n")
	for _, name := range principal.Scope("").Values() {
		fmt.Fprintf(&b, "| `%s` |", name)
		for _, role := range roles {
			b.WriteString(mark(principal.Principal{Role: role}.May(principal.Scope(name))))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n## Operations\n\n| operation | scope |")
	for _, role := range roles {
		fmt.Fprintf(&b, " %s |", role)
	}
	b.WriteString("\n| --- | --- |" + strings.Repeat(" :---: |", len(roles)) + "\n")
	for _, rule := range Table() {
		scope := "signed in"
		if rule.Scope != anyone {
			scope = "`" + string(rule.Scope) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s |", rule.Operation, scope)
		for _, role := range roles {
			b.WriteString(mark(rule.Allows(principal.Principal{Role: role})))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func mark(may bool) string {
	if may {
		return " yes |"
	}
	return " – |"
}

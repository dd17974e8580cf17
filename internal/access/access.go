// Package access is the one table of who may do what: every operation of the API
// with the scope that it needs (requirements A2, A3). A role is a set of scopes
// (package principal); a service token's own scopes narrow its role.
//
// The API asks this table before any resolver runs, the pages of the documentation
// and the tests of all roles are made from it, and an operation that is missing
// from it stops the build (graph/guard). Use cases check the role once more: that
// is the second lock, not the rule.
package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// Operation names something of the API: a root field ("Query.members",
// "Mutation.runNow", "Subscription.alertEvents"), a field within
// ("Integration.settings"), or a file to download ("Export.audit").
type Operation string

// ExportPrefix begins the operations that are files to download, not GraphQL.
const ExportPrefix = "Export."

// Downloads.
const (
	ExportAudit  Operation = ExportPrefix + "audit"
	ExportRunLog Operation = ExportPrefix + "runLog"
)

// Rule says what an operation needs.
type Rule struct {
	Operation Operation
	// Scope is what the principal must have; empty: whoever is signed in may.
	Scope principal.Scope
}

// Allows reports whether a principal may do what the rule is about.
func (r Rule) Allows(p principal.Principal) bool { return r.Scope == "" || p.May(r.Scope) }

// Root reports whether the operation is a field of Query, Mutation or Subscription.
func (o Operation) Root() bool {
	object, _, _ := strings.Cut(string(o), ".")
	return object == "Query" || object == "Mutation" || object == "Subscription"
}

// Field is the operation's name without its type: the action that the audit shows.
func (o Operation) Field() string {
	_, field, _ := strings.Cut(string(o), ".")
	return field
}

// Of returns the rule of an operation; false when it has none.
func Of(operation Operation) (Rule, bool) {
	table := Table()
	at, found := slices.BinarySearchFunc(table, operation, func(rule Rule, o Operation) int {
		return strings.Compare(string(rule.Operation), string(o))
	})
	if !found {
		return Rule{}, false
	}
	return table[at], true
}

// Check returns nil when the principal may do the operation, and fault.Forbidden
// with the scope that it needs and who can grant it otherwise. An operation
// without a rule is nobody's: fault.Internal.
func Check(p principal.Principal, operation Operation) error {
	rule, ok := Of(operation)
	if !ok {
		return fault.New(fault.Internal, fmt.Sprintf("The operation %s has no rule.", operation))
	}
	if rule.Allows(p) {
		return nil
	}
	return Refusal(p, rule)
}

// Refusal is the error for a principal that a rule does not allow.
func Refusal(p principal.Principal, rule Rule) error {
	able := strings.Join(roles(rule.Scope), " or ")
	hint := fmt.Sprintf("Ask a member with the role %s to do this, or for that role.", able)
	switch {
	case slices.Contains(p.Role.Scopes(), rule.Scope):
		hint = fmt.Sprintf("This token leaves the scope %s out; use a token that has it. A member with the role %s creates one.",
			rule.Scope, strings.Join(roles(principal.ScopeManageTokens), " or "))
	case rule.Scope == principal.ScopeEntitle:
		hint = "Only vendor-side staff (CSM) or the operator's configuration set what a workspace bought."
	}
	return fault.New(fault.Forbidden, fmt.Sprintf("%s needs the scope %s.", rule.Operation.Field(), rule.Scope),
		fault.Hint("%s", hint), fault.Detail("scope", string(rule.Scope)))
}

// roles lists the roles that have a scope, the strongest first.
func roles(scope principal.Scope) (able []string) {
	for _, role := range append(principal.MemberRoles(), principal.RoleCSM) {
		if slices.Contains(role.Scopes(), scope) {
			able = append(able, string(role))
		}
	}
	return able
}

// Verify holds a table and a schema together: every root field has exactly one
// rule, and every rule is about something that is there. roots are all root fields;
// exists says whether a type has a field.
func Verify(table []Rule, roots []Operation, exists func(Operation) bool) error {
	var wrong []error
	known := map[Operation]bool{}
	before := Operation("")
	for _, rule := range table {
		switch {
		case known[rule.Operation]:
			wrong = append(wrong, fmt.Errorf("access: %s has two rules", rule.Operation))
		case rule.Operation < before:
			wrong = append(wrong, fmt.Errorf("access: %s stands at the wrong place: the table is sorted", rule.Operation))
		case !strings.HasPrefix(string(rule.Operation), ExportPrefix) && !exists(rule.Operation):
			wrong = append(wrong, fmt.Errorf("access: the rule of %s is about nothing: the schema has no such field", rule.Operation))
		case rule.Scope != "" && !slices.Contains(principal.Scope("").Values(), string(rule.Scope)):
			wrong = append(wrong, fmt.Errorf("access: %s needs the scope %q, which there is not", rule.Operation, rule.Scope))
		}
		known[rule.Operation] = true
		before = rule.Operation
	}
	for _, root := range roots {
		if !known[root] {
			wrong = append(wrong, fmt.Errorf("access: %s has no rule: add it to the table in internal/access", root))
		}
	}
	return errors.Join(wrong...)
}

// Package guard holds the schema and the table of access together: a root field
// without a rule, or a rule about a field that is gone, is an error. The generator
// asks it, so that such a schema generates nothing, and so does the server before
// it serves one.
package guard

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldwarden/fieldwarden/internal/access"
)

// Verify returns an error that names every gap between a schema and a table.
func Verify(schema *ast.Schema, table []access.Rule) error {
	return access.Verify(table, Roots(schema), func(o access.Operation) bool {
		object, field, _ := strings.Cut(string(o), ".")
		definition := schema.Types[object]
		return definition != nil && definition.Fields.ForName(field) != nil
	})
}

// Roots lists the root fields of a schema but GraphQL's own.
func Roots(schema *ast.Schema) []access.Operation {
	var roots []access.Operation
	for _, definition := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		if definition == nil {
			continue
		}
		for _, field := range definition.Fields {
			if !strings.HasPrefix(field.Name, "__") {
				roots = append(roots, access.Operation(definition.Name+"."+field.Name))
			}
		}
	}
	return roots
}

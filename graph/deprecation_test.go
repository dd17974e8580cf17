package graph_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// deprecationReason is the form that docs/api/deprecation.md promises: what to use
// instead, and until when it stays.
var deprecationReason = regexp.MustCompile("^Use `[^`]+`.* Removed after 20\\d\\d-[01]\\d-[0-3]\\d\\.$")

// TestDeprecationsNameReplacementAndDay holds the schema to the promise, and itself
// to noticing a breach of it.
func TestDeprecationsNameReplacementAndDay(t *testing.T) {
	files, err := filepath.Glob("../schema/*.graphql")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Empty(t, badDeprecations(t, string(source)), file)
	}
	require.Equal(t, []string{"no longer", "No longer supported", "Use `b`."}, badDeprecations(t, `
		type T {
			a: Int @deprecated(reason: "no longer")
			b(c: Int @deprecated): Int @deprecated(reason: "Use `+"`b`"+`.")
		}
		enum E { F @deprecated(reason: "Use `+"`G`"+` of E. Removed after 2027-12-31.") G }`))
}

// badDeprecations lists the reasons of a schema that are not of the form.
func badDeprecations(t *testing.T, source string) (bad []string) {
	t.Helper()
	document, err := parser.ParseSchema(&ast.Source{Input: source})
	require.NoError(t, err)
	look := func(directives ast.DirectiveList) {
		directive := directives.ForName("deprecated")
		if directive == nil {
			return
		}
		reason := "No longer supported"
		if argument := directive.Arguments.ForName("reason"); argument != nil {
			reason = argument.Value.Raw
		}
		if !deprecationReason.MatchString(strings.TrimSpace(reason)) {
			bad = append(bad, reason)
		}
	}
	for _, definition := range append(document.Definitions, document.Extensions...) {
		for _, field := range definition.Fields {
			for _, argument := range field.Arguments {
				look(argument.Directives)
			}
			look(field.Directives)
		}
		for _, value := range definition.EnumValues {
			look(value.Directives)
		}
	}
	return bad
}

package guard

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldwarden/fieldwarden/internal/access"
)

func TestASchemaThatTheTableDoesNotCoverIsRefused(t *testing.T) {
	t.Parallel()
	table := []access.Rule{{Operation: "Mutation.c"}, {Operation: "Query.a"}, {Operation: "Subscription.d"}, {Operation: "Thing.e"}}
	const covered = `type Query { a: Thing } type Mutation { c: Int } type Subscription { d: Int } type Thing { e: Int }`
	load := func(sdl string) *ast.Schema {
		schema, err := gqlparser.LoadSchema(&ast.Source{Input: sdl})
		require.NoError(t, err)
		return schema
	}
	require.NoError(t, Verify(load(covered), table))
	for _, added := range []string{"Query", "Mutation", "Subscription"} {
		err := Verify(load(covered+" extend type "+added+" { extra: Int }"), table)
		require.ErrorContains(t, err, added+".extra has no rule")
	}
	require.ErrorContains(t, Verify(load(`type Query { a: Thing } type Mutation { c: Int } type Subscription { d: Int } type Thing { f: Int }`), table),
		"Thing.e is about nothing")
}

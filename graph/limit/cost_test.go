package limit

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"
)

const sdl = `
scalar Cursor
type Query {
	hello: String
	things(first: Int, last: Int, after: ID): ThingConnection!
	latest(first: Int = 5): [Thing!]!
	node(id: ID!): Thing
	nodes(ids: [ID!]!): [Thing]!
	tags: [String!]!
	all: [Thing!]!
}
type ThingConnection { totalCount: Int! pageInfo: PageInfo! edges: [ThingEdge!]! nodes: [Thing!]! }
type ThingEdge { cursor: ID! node: Thing! }
type PageInfo { hasNextPage: Boolean! }
type Thing { id: ID! name: String! parts(first: Int, last: Int, after: Cursor): ThingConnection! parent: Thing }
`

func schema(t require.TestingT) *ast.Schema {
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "test", Input: sdl})
	require.NoError(t, err)
	return s
}

// operation returns the only operation of a document that is valid.
func operation(t require.TestingT, query string) *ast.OperationDefinition {
	doc, err := gqlparser.LoadQueryWithRules(schema(t), query, nil)
	require.Nil(t, err)
	return doc.Operations[0]
}

func TestEstimate(t *testing.T) {
	t.Parallel()
	limits := Limits{DefaultPageSize: 20, ListSize: 10}
	for name, test := range map[string]struct {
		query     string
		variables map[string]any
		want      int
	}{
		"leaf":                      {`{ hello }`, nil, 1},
		"list of scalars is a leaf": {`{ tags }`, nil, 1},
		"object":                    {`{ node(id: 1) { id name } }`, nil, 3},
		"list without pages":        {`{ all { id } }`, nil, 11},
		"ids count themselves":      {`{ nodes(ids: [1, 2, 3]) { id name } }`, nil, 7},
		"ids from a variable":       {`query($i: [ID!]!) { nodes(ids: $i) { id } }`, map[string]any{"i": []any{"a", "b"}}, 3},
		"a single id is a list":     {`{ nodes(ids: 1) { id } }`, nil, 2},
		"default page":              {`{ things { nodes { id } } }`, nil, 1 + 1 + 20},
		"first":                     {`{ things(first: 3) { nodes { id name } } }`, nil, 1 + 1 + 6},
		"last":                      {`{ things(last: 4) { nodes { id } } }`, nil, 1 + 1 + 4},
		"null is not given":         {`{ things(first: null) { nodes { id } } }`, nil, 1 + 1 + 20},
		"variable":                  {`query($n: Int) { things(first: $n) { nodes { id } } }`, map[string]any{"n": int64(7)}, 1 + 1 + 7},
		"variable as a JSON number": {`query($n: Int) { things(first: $n) { nodes { id } } }`, map[string]any{"n": json.Number("7")}, 1 + 1 + 7},
		"variable not given":        {`query($n: Int) { things(first: $n) { nodes { id } } }`, nil, 1 + 1 + 20},
		"default of the schema":     {`{ latest { id } }`, nil, 1 + 5},
		"default, variable unset":   {`query($n: Int) { latest(first: $n) { id } }`, nil, 1 + 5},
		"only edges and nodes page": {`{ things(first: 50) { totalCount pageInfo { hasNextPage } edges { cursor node { id } } } }`, nil, 1 + 1 + 2 + 1 + 50*3},
		"nested pages multiply":     {`{ things(first: 10) { nodes { parts(first: 10) { nodes { id } } } } }`, nil, 1 + 1 + 10*(1+1+10)},
		"fragment in two pages":     {`{ a: things(first: 2) { ...F } b: things(first: 3) { ...F } } fragment F on ThingConnection { totalCount nodes { id } }`, nil, (1 + 1 + 1 + 2) + (1 + 1 + 1 + 3)},
		"skipped":                   {`{ hello things(first: 100) @skip(if: true) { nodes { id } } }`, nil, 1},
		"not included, by variable": {`query($d: Boolean!) { hello ... @include(if: $d) { things(first: 100) { nodes { id } } } }`, map[string]any{"d": false}, 1},
		"included":                  {`query($d: Boolean!) { hello ... @include(if: $d) { node(id: 1) { id } } }`, map[string]any{"d": true}, 3},
		"introspection counts once": {`{ __schema { types { name fields { name args { name } } } } }`, nil, 7},
		"typename":                  {`{ __typename }`, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Estimate(operation(t, test.query), test.variables, limits)
			require.Nil(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestEstimateRefusesPageSizes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		query     string
		variables map[string]any
		message   string
	}{
		"too large": {`{ things(first: 1000000) { totalCount } }`, nil, "first of field things must be between 1 and 100; it is 1000000"},
		"zero":      {`{ things(last: 0) { totalCount } }`, nil, "last of field things must be between 1 and 100; it is 0"},
		"negative":  {`{ latest(first: -1) { id } }`, nil, "it is -1"},
		"variable":  {`query($n: Int) { things(first: $n) { totalCount } }`, map[string]any{"n": int64(101)}, "it is 101"},
		"default of a variable": {
			`query($n: Int = 101) { things(first: $n) { totalCount } }`, map[string]any{"n": int64(101)}, "it is 101",
		},
		"within a fragment": {`{ ...F } fragment F on Query { things { nodes { parts(first: 500) { totalCount } } } }`, nil, "first of field parts"},
		"both":              {`{ things(first: 2, last: 2) { totalCount } }`, nil, "give first or last to field things, not both"},
		"ids": {
			`query($i: [ID!]!) { nodes(ids: $i) { id } }`, map[string]any{"i": make([]any, 101)}, "ids of field nodes may hold at most 100 ids; it holds 101",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Estimate(operation(t, test.query), test.variables, Limits{})
			require.NotNil(t, err)
			require.Equal(t, CodePageSize, err.Extensions["code"])
			require.Equal(t, 100, err.Extensions["limit"])
			require.Contains(t, err.Message, test.message)
			require.NotEmpty(t, err.Locations)
		})
	}
}

func TestEstimateSaturates(t *testing.T) {
	t.Parallel()
	query := "id"
	for range 12 {
		query = "parts(first: 100) { nodes { " + query + " } }"
	}
	got, err := Estimate(operation(t, "{ node(id: 1) { "+query+" } }"), nil, Limits{})
	require.Nil(t, err)
	require.Equal(t, saturation, got)
}

func TestEstimateVisitsEachNodeOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := parse(t, document(t))
		if _, err := Measure(doc, Limits{Selections: 10_000}); err != nil {
			return
		}
		// Spreads are resolved by the validator; do the same by hand, since
		// these documents fit no schema.
		resolve(doc)
		e := &estimator{limits: Default(), memo: map[*ast.FragmentDefinition]cost{}}
		e.set(doc.Operations[0].SelectionSet)
		require.LessOrEqual(t, e.visits, written(doc))
	})
}

func resolve(doc *ast.QueryDocument) {
	var walk func(set ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, selection := range set {
			switch s := selection.(type) {
			case *ast.Field:
				walk(s.SelectionSet)
			case *ast.InlineFragment:
				walk(s.SelectionSet)
			case *ast.FragmentSpread:
				s.Definition = doc.Fragments.ForName(s.Name)
			}
		}
	}
	for _, op := range doc.Operations {
		walk(op.SelectionSet)
	}
	for _, fragment := range doc.Fragments {
		walk(fragment.SelectionSet)
	}
}

// TestPositionsThatNoAnswerGave: a literal or a variable, wherever the list stands.
func TestPositionsThatNoAnswerGave(t *testing.T) {
	t.Parallel()
	const query = `query($after: Cursor) { node(id: "x") { parts(first: 1, after: $after) { totalCount } } }`
	for name, c := range map[string]struct {
		after any
		code  string
	}{
		"none":       {nil, ""},
		"nonsense":   {"no cursor", CodeCursorInvalid},
		"other type": {7, CodeCursorInvalid},
		"half":       {"gaFp", CodeCursorInvalid},
		"one of Ent": {"gaFpo2FiYw", ""},
	} {
		_, err := Estimate(operation(t, query), map[string]any{"after": c.after}, Limits{})
		if c.code == "" {
			require.Nil(t, err, name)
			continue
		}
		require.NotNil(t, err, name)
		require.Equal(t, c.code, err.Extensions["code"], name)
	}
}

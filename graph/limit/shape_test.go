package limit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"pgregory.net/rapid"
)

func parse(t require.TestingT, query string) *ast.QueryDocument {
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	require.NoError(t, err)
	return doc
}

func TestMeasureCountsAfterExpansion(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		query string
		want  Shape
	}{
		"one field": {
			`{ a }`,
			Shape{Definitions: 1, Depth: 1, Nesting: 1, Selections: 1, RootFields: 1},
		},
		"alias equal to the name is none": {
			`{ a: a b: a }`,
			Shape{Definitions: 1, Depth: 1, Nesting: 1, Selections: 2, RootFields: 2, Aliases: 1},
		},
		"inline fragments nest but add no depth": {
			`{ ... { ... on Query { a { b } } } }`,
			Shape{Definitions: 1, Depth: 2, Nesting: 4, Selections: 4, RootFields: 1},
		},
		"a fragment counts wherever it is spread": {
			`query { x { ...F } y { ...F } } fragment F on T { one: a @include(if: true) b { c } }`,
			Shape{Definitions: 2, Depth: 3, Nesting: 4, Selections: 10, RootFields: 2, Aliases: 2, Directives: 2},
		},
		"root fields through a fragment": {
			`{ ...F ...F } fragment F on Query { a b }`,
			Shape{Definitions: 2, Depth: 1, Nesting: 2, Selections: 6, RootFields: 4, Repeats: 2},
		},
		"directives on an operation and a fragment definition": {
			`query @x { ...F @y } fragment F on Query @z { a }`,
			Shape{Definitions: 2, Depth: 1, Nesting: 2, Selections: 2, RootFields: 1, Directives: 3},
		},
		"operations add up, their largest figures stand": {
			`query A { a b } query B { a { b { c } } }`,
			Shape{Definitions: 2, Depth: 3, Nesting: 3, Selections: 5, RootFields: 2},
		},
		"a fragment that nobody uses is walked by the validator, so it counts": {
			`{ a } fragment F on Query { x { y } }`,
			Shape{Definitions: 2, Depth: 2, Nesting: 2, Selections: 3, RootFields: 1},
		},
		"an unknown fragment is left to the validator": {
			`{ ...Nowhere }`,
			Shape{Definitions: 1, Nesting: 1, Selections: 1},
		},
		"copies make pairs, merged copies make pairs below": {
			// a×3 makes 3 pairs; their merged children b×3 make 3 more.
			`{ a { b } a { b } a { b } }`,
			Shape{Definitions: 1, Depth: 2, Nesting: 2, Selections: 6, RootFields: 3, Repeats: 6},
		},
		"copies under different type conditions are compared, too": {
			`{ ... on A { x } ... on B { x } }`,
			Shape{Definitions: 1, Depth: 1, Nesting: 2, Selections: 4, RootFields: 2, Repeats: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Measure(parse(t, test.query), Limits{})
			require.Nil(t, err)
			got.visits = 0
			require.Equal(t, test.want, got)
		})
	}
}

func TestMeasureRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ query, code, message string }{
		"fragment that spreads itself": {
			`{ ...F } fragment F on Query { a ...F }`, CodeInvalid, `fragment "F" spreads itself`,
		},
		"fragments that spread each other": {
			`{ ...F } fragment F on Query { x { ...G } } fragment G on Query { ... { ...F } }`, CodeInvalid, "spreads itself",
		},
		"cycle that no operation reaches": {
			`{ a } fragment F on Query { ...F }`, CodeInvalid, "spreads itself",
		},
		"integer literal beyond 64 bits": {`{ a(first: 99999999999999999999) }`, CodeInvalid, "out of range"},
		"float literal beyond a double":  {`{ a(x: 1e999) }`, CodeInvalid, "out of range"},
		"nested in a list of objects":    {`{ a(x: [{ y: 99999999999999999999 }]) }`, CodeInvalid, "out of range"},
		"in a directive":                 {`{ a @include(if: 99999999999999999999) }`, CodeInvalid, "out of range"},
		"in the default of a variable":   {`query($a: Int = 99999999999999999999) { a }`, CodeInvalid, "out of range"},
		"defer":                          {`{ ... @defer { a } }`, CodeUnsupportedDirective, "@defer is not supported"},
		"stream":                         {`{ a @stream }`, CodeUnsupportedDirective, "@stream is not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Measure(parse(t, test.query), Limits{})
			require.NotNil(t, err)
			require.Equal(t, test.code, err.Extensions["code"])
			require.Contains(t, err.Message, test.message)
			require.NotEmpty(t, err.Locations)
		})
	}
}

func TestCheckNamesLimitAndFigure(t *testing.T) {
	t.Parallel()
	small := Limits{Definitions: 2, Depth: 2, Selections: 8, Aliases: 1, Directives: 1, RootFields: 3, Repeats: 2}
	for name, test := range map[string]struct {
		query, code   string
		limit, actual int
	}{
		"definitions": {`{a} fragment F on Q {a} fragment G on Q {a}`, CodeTooManyDefinitions, 2, 3},
		"depth":       {`{a{b{c}}}`, CodeQueryTooDeep, 2, 3},
		"nesting":     {`{...{...{...{...{a}}}}}`, CodeQueryTooDeep, 4, 5},
		"selections":  {`{a{b c d e} f{g h i}}`, CodeQueryTooLarge, 8, 9},
		"aliases":     {`{x:a y:a}`, CodeTooManyAliases, 1, 2},
		"directives":  {`{a @x @y}`, CodeTooManyDirectives, 1, 2},
		"root fields": {`{a b c d}`, CodeTooManyRootFields, 3, 4},
		"repeats":     {`{a a a}`, CodeTooManyRepeats, 2, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shape, err := Measure(parse(t, test.query), small)
			require.Nil(t, err)
			refusal := shape.Check(small)
			require.NotNil(t, refusal)
			require.Equal(t, map[string]any{"code": test.code, "limit": test.limit, "actual": test.actual}, refusal.Extensions)
			require.Contains(t, refusal.Message, fmt.Sprint(test.limit))
			require.Contains(t, refusal.Message, fmt.Sprint(test.actual))
		})
	}
}

// doubling returns a document of about 40 bytes a level whose size doubles
// with each level.
func doubling(levels int) string {
	var b strings.Builder
	b.WriteString("{...F0}")
	for i := range levels {
		fmt.Fprintf(&b, " fragment F%d on Query{...F%d ...F%d}", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment F%d on Query{a}", levels)
	return b.String()
}

func TestDoublingFragmentsAreMeasuredWithoutBeingExpanded(t *testing.T) {
	t.Parallel()
	shape, err := Measure(parse(t, doubling(150)), Limits{})
	require.Nil(t, err)
	require.Equal(t, saturation, shape.Selections, "2^150 selections saturate")
	require.Less(t, shape.visits, 1_000)
	require.Equal(t, CodeQueryTooLarge, shape.Check(Limits{}).Extensions["code"])
}

// document generates syntactically valid documents, cycles and unknown
// fragments among them.
func document(t *rapid.T) string {
	fragments := rapid.IntRange(0, 6).Draw(t, "fragments")
	var set func(depth int) string
	set = func(depth int) string {
		var b strings.Builder
		b.WriteString("{ ")
		for range rapid.IntRange(1, 4).Draw(t, "selections") {
			switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
			case kind == 0 && depth > 0:
				b.WriteString("... on T " + set(depth-1))
			case kind == 1:
				fmt.Fprintf(&b, "...F%d ", rapid.IntRange(0, 6).Draw(t, "spread"))
			case kind == 2 && depth > 0:
				fmt.Fprintf(&b, "x%d: f(first: %d) @include(if: true) %s",
					rapid.IntRange(0, 2).Draw(t, "alias"), rapid.IntRange(-1, 200).Draw(t, "first"), set(depth-1))
			case kind == 3 && depth > 0:
				b.WriteString("nodes " + set(depth-1))
			default:
				fmt.Fprintf(&b, "f%d ", rapid.IntRange(0, 3).Draw(t, "field"))
			}
		}
		b.WriteString("} ")
		return b.String()
	}
	var b strings.Builder
	for i := range rapid.IntRange(1, 3).Draw(t, "operations") {
		fmt.Fprintf(&b, "query Q%d %s", i, set(3))
	}
	for i := range fragments {
		fmt.Fprintf(&b, "fragment F%d on T %s", i, set(3))
	}
	return b.String()
}

// selectionsIn counts the selections as written.
func selectionsIn(set ast.SelectionSet) int {
	n := 0
	for _, selection := range set {
		n++
		switch s := selection.(type) {
		case *ast.Field:
			n += selectionsIn(s.SelectionSet)
		case *ast.InlineFragment:
			n += selectionsIn(s.SelectionSet)
		}
	}
	return n
}

func written(doc *ast.QueryDocument) int {
	n := 0
	for _, op := range doc.Operations {
		n += selectionsIn(op.SelectionSet)
	}
	for _, fragment := range doc.Fragments {
		n += selectionsIn(fragment.SelectionSet)
	}
	return n
}

func TestMeasureIsLinearOnAnyDocument(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := parse(t, document(t))
		limits := Limits{Selections: 100}
		shape, err := Measure(doc, limits)
		if err != nil {
			return
		}
		// Twice as written (measuring, marking), once as expanded.
		bound := 2*written(doc) + limits.Selections
		require.LessOrEqual(t, shape.visits, bound)
		if shape.Selections <= limits.Selections {
			require.Equal(t, expanded(doc), shape.Selections, "memo and naive expansion agree")
		}
	})
}

// expanded counts selections the naive way, as a check on the memo.
func expanded(doc *ast.QueryDocument) int {
	used := map[string]bool{}
	var count func(set ast.SelectionSet) int
	count = func(set ast.SelectionSet) int {
		n := len(set)
		for _, selection := range set {
			switch s := selection.(type) {
			case *ast.Field:
				n += count(s.SelectionSet)
			case *ast.InlineFragment:
				n += count(s.SelectionSet)
			case *ast.FragmentSpread:
				used[s.Name] = true
				if fragment := doc.Fragments.ForName(s.Name); fragment != nil {
					n += count(fragment.SelectionSet)
				}
			}
		}
		return n
	}
	n := 0
	for _, op := range doc.Operations {
		n += count(op.SelectionSet)
	}
	for _, fragment := range doc.Fragments {
		if !used[fragment.Name] {
			used[fragment.Name] = true
			n += count(fragment.SelectionSet)
		}
	}
	return n
}

func FuzzMeasureNeverPanics(f *testing.F) {
	f.Add(`{ a }`)
	f.Add(doubling(20))
	f.Add(`query($a: [Int!] = [1]) @x(y: {z: 1.5}) { a: b(c: $a) @skip(if: $d) { ...F ... { e } } } fragment F on T { ...F }`)
	f.Add(`fragment F on T { a } fragment F on T { ...F }`)
	f.Fuzz(func(t *testing.T, query string) {
		doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, Default().Tokens)
		if err != nil {
			return
		}
		shape, invalid := Measure(doc, Limits{})
		if invalid == nil {
			_ = shape.Check(Limits{})
			require.LessOrEqual(t, shape.visits, 2*written(doc)+Default().Selections)
		}
	})
}

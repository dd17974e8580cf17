package limit

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Shape holds the figures of a document. Figures of operations are those of
// the largest one, except Selections, which is the sum over all operations
// and over fragments that no operation uses: the validator walks all of them.
// Sums saturate at 2^31-1.
type Shape struct {
	// Definitions counts operations and fragments.
	Definitions int
	// Depth is the deepest nesting of fields, Nesting that of selection sets.
	Depth, Nesting int
	// Selections, Aliases, Directives count after expansion of fragments.
	Selections, Aliases, Directives int
	// RootFields is the largest number of fields at an operation's root.
	RootFields int
	// Repeats counts pairs of fields with one response name in one place.
	Repeats int

	// visits counts the selections looked at, so that tests can hold the
	// pass to linear work without a clock.
	visits int
}

// Measure returns the shape of a document, or why it cannot have one: a
// fragment that spreads itself, a literal number that no machine type holds
// (gqlgen's argument parsing panics on it), or @defer and @stream.
//
// Work is linear in the nodes of doc plus, when doc is within
// limits.Selections, its expanded selections; beyond that Repeats stays 0.
func Measure(doc *ast.QueryDocument, limits Limits) (Shape, *gqlerror.Error) {
	limits = limits.withDefaults()
	m := &measurer{
		fragments: make(map[string]*ast.FragmentDefinition, len(doc.Fragments)),
		memo:      make(map[*ast.FragmentDefinition]*figures, len(doc.Fragments)),
	}
	for _, fragment := range doc.Fragments {
		// Of fragments with one name the first is spread, as in the validator.
		if m.fragments[fragment.Name] == nil {
			m.fragments[fragment.Name] = fragment
		}
	}
	shape := Shape{Definitions: len(doc.Operations) + len(doc.Fragments)}
	used := map[*ast.FragmentDefinition]bool{}

	var roots []ast.SelectionSet
	for _, op := range doc.Operations {
		m.variables(op.VariableDefinitions)
		total := m.set(op.SelectionSet)
		total.directives = add(total.directives, m.directives(op.Directives))
		shape.include(total)
		shape.RootFields = max(shape.RootFields, total.top)
		roots = append(roots, op.SelectionSet)
		m.markUsed(op.SelectionSet, used)
	}
	for _, fragment := range doc.Fragments {
		total := m.fragment(fragment)
		if used[fragment] {
			continue
		}
		shape.include(total)
		roots = append(roots, fragment.SelectionSet)
		used[fragment] = true
		m.markUsed(fragment.SelectionSet, used)
	}
	if m.err != nil {
		return shape, m.err
	}
	if shape.Selections <= limits.Selections {
		for _, root := range roots {
			shape.Repeats = add(shape.Repeats, m.repeats([]ast.SelectionSet{root}))
		}
	}
	shape.visits = m.visits
	return shape, nil
}

// include adds the figures of one operation or unused fragment.
func (s *Shape) include(f figures) {
	s.Selections = add(s.Selections, f.selections)
	s.Depth = max(s.Depth, f.depth)
	s.Nesting = max(s.Nesting, f.nesting)
	s.Aliases = max(s.Aliases, f.aliases)
	s.Directives = max(s.Directives, f.directives)
}

// Check returns the first limit that the shape breaks, or nil.
func (s Shape) Check(l Limits) *gqlerror.Error {
	l = l.withDefaults()
	nesting := mul(2, min(l.Depth, saturation))
	switch {
	case s.Definitions > l.Definitions:
		return refuse(CodeTooManyDefinitions, l.Definitions, s.Definitions,
			"a document may define at most %d operations and fragments; this one has %d")
	case s.Selections > l.Selections:
		return refuse(CodeQueryTooLarge, l.Selections, s.Selections,
			"a document may select at most %d fields once its fragments are expanded; this one selects %d")
	case s.Depth > l.Depth:
		return refuse(CodeQueryTooDeep, l.Depth, s.Depth,
			"fields may nest at most %d deep; here they nest %d deep")
	case s.Nesting > nesting:
		return refuse(CodeQueryTooDeep, nesting, s.Nesting,
			"selections may nest at most %d deep; here they nest %d deep, inline fragments included")
	case s.Aliases > l.Aliases:
		return refuse(CodeTooManyAliases, l.Aliases, s.Aliases,
			"an operation may use at most %d aliases once its fragments are expanded; this one uses %d")
	case s.Directives > l.Directives:
		return refuse(CodeTooManyDirectives, l.Directives, s.Directives,
			"an operation may use at most %d directives once its fragments are expanded; this one uses %d")
	case s.RootFields > l.RootFields:
		return refuse(CodeTooManyRootFields, l.RootFields, s.RootFields,
			"an operation may select at most %d fields at its root; this one selects %d")
	case s.Repeats > l.Repeats:
		return refuse(CodeTooManyRepeats, l.Repeats, s.Repeats,
			"fields are repeated too often in one place: at most %d pairs of them may share a response name; here %d do")
	}
	return nil
}

// figures are what one selection set contributes wherever it stands.
type figures struct {
	selections, aliases, directives int
	depth, nesting                  int
	// top counts the fields at the top level of the set.
	top int
	// open marks a fragment whose measuring has begun and not ended.
	open bool
}

// merge adds g, a part at the same level, to f.
func (f *figures) merge(g figures) {
	f.selections = add(f.selections, g.selections)
	f.aliases = add(f.aliases, g.aliases)
	f.directives = add(f.directives, g.directives)
	f.top = add(f.top, g.top)
	f.depth = max(f.depth, g.depth)
	f.nesting = max(f.nesting, g.nesting)
}

type measurer struct {
	fragments map[string]*ast.FragmentDefinition
	memo      map[*ast.FragmentDefinition]*figures
	visits    int
	err       *gqlerror.Error
}

// fail keeps the first error.
func (m *measurer) fail(pos *ast.Position, code, format string, args ...any) {
	if m.err != nil {
		return
	}
	m.err = invalid(code, format, args...)
	if pos != nil {
		m.err.Locations = []gqlerror.Location{{Line: pos.Line, Column: pos.Column}}
	}
}

// set measures a selection set. Recursion is as deep as the source text
// nests, which the parser's token limit bounds.
func (m *measurer) set(set ast.SelectionSet) figures {
	var sum figures
	for _, selection := range set {
		m.visits++
		sum.selections = add(sum.selections, 1)
		switch s := selection.(type) {
		case *ast.Field:
			sum.merge(m.field(s))
		case *ast.InlineFragment:
			inner := m.set(s.SelectionSet)
			inner.directives = add(inner.directives, m.directives(s.Directives))
			sum.merge(inner)
		case *ast.FragmentSpread:
			sum.directives = add(sum.directives, m.directives(s.Directives))
			// An unknown fragment adds nothing; the validator reports it.
			if fragment := m.fragments[s.Name]; fragment != nil {
				sum.merge(m.fragment(fragment))
			}
		}
	}
	if len(set) > 0 {
		sum.nesting = add(sum.nesting, 1)
	}
	return sum
}

func (m *measurer) field(f *ast.Field) figures {
	for _, arg := range f.Arguments {
		m.value(arg.Value)
	}
	inner := m.set(f.SelectionSet)
	inner.depth = add(inner.depth, 1)
	inner.top = 1
	inner.directives = add(inner.directives, m.directives(f.Directives))
	// The parser sets the alias of every field, to its name when it has none.
	if f.Alias != "" && f.Alias != f.Name {
		inner.aliases = add(inner.aliases, 1)
	}
	return inner
}

// fragment measures a fragment once. A fragment met while it is being
// measured spreads itself: an error, and it contributes nothing.
func (m *measurer) fragment(def *ast.FragmentDefinition) figures {
	if known, ok := m.memo[def]; ok {
		if known.open {
			m.fail(def.Position, CodeInvalid, "fragment %s spreads itself, directly or through others", strconv.Quote(def.Name))
		}
		return *known
	}
	entry := &figures{open: true}
	m.memo[def] = entry
	measured := m.set(def.SelectionSet)
	measured.directives = add(measured.directives, m.directives(def.Directives))
	*entry = measured
	return measured
}

func (m *measurer) directives(list ast.DirectiveList) int {
	for _, d := range list {
		if d.Name == "defer" || d.Name == "stream" {
			m.fail(d.Position, CodeUnsupportedDirective,
				"@%s is not supported: every answer is sent whole; leave the directive out", d.Name)
		}
		for _, arg := range d.Arguments {
			m.value(arg.Value)
		}
	}
	return len(list)
}

func (m *measurer) variables(list ast.VariableDefinitionList) {
	for _, v := range list {
		m.value(v.DefaultValue)
		m.directives(v.Directives)
	}
}

// value refuses numbers that overflow, wherever they are written.
func (m *measurer) value(v *ast.Value) {
	if v == nil {
		return
	}
	var err error
	switch v.Kind {
	case ast.IntValue:
		_, err = strconv.ParseInt(v.Raw, 10, 64)
	case ast.FloatValue:
		_, err = strconv.ParseFloat(v.Raw, 64)
	case ast.ListValue, ast.ObjectValue:
		for _, child := range v.Children {
			m.value(child.Value)
		}
	default: // the others hold no number
	}
	if err != nil {
		m.fail(v.Position, CodeInvalid, "the number at this place is out of range")
	}
}

// markUsed records the fragments that set reaches.
func (m *measurer) markUsed(set ast.SelectionSet, used map[*ast.FragmentDefinition]bool) {
	for _, selection := range set {
		m.visits++
		switch s := selection.(type) {
		case *ast.Field:
			m.markUsed(s.SelectionSet, used)
		case *ast.InlineFragment:
			m.markUsed(s.SelectionSet, used)
		case *ast.FragmentSpread:
			fragment := m.fragments[s.Name]
			if fragment != nil && !used[fragment] {
				used[fragment] = true
				m.markUsed(fragment.SelectionSet, used)
			}
		}
	}
}

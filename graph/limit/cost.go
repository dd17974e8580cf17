package limit

import (
	"encoding/json"
	"strings"
	"time"

	"entgo.io/contrib/entgql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Estimate returns how many fields an operation may resolve at most: each
// field counts one, times the sizes of the lists it sits in. It also refuses
// page sizes outside 1 to limits.PageSize, with code PAGE_SIZE.
//
// The size of a list is
//
//   - for a field with the argument first or last: the one that is
//     given, else limits.DefaultPageSize. In a Relay connection it counts for
//     the fields edges and nodes, not for totalCount or pageInfo;
//   - for a list field with an argument ids: the length of ids, which may not
//     be over limits.PageSize either;
//   - for any other list of objects: limits.ListSize. Lists inside
//     introspection count once, since no request can make a schema larger.
//
// Selections that @skip and @include exclude count nothing. op must come
// from a document that is valid, within [Limits.Selections], and whose
// fragments do not spread themselves; variables are the coerced ones. Work is
// linear in the nodes of the document. The sum saturates at 2^31-1.
func Estimate(op *ast.OperationDefinition, variables map[string]any, limits Limits) (int, *gqlerror.Error) {
	e := &estimator{
		limits:    limits.withDefaults(),
		variables: variables,
		memo:      map[*ast.FragmentDefinition]cost{},
	}
	total := e.set(op.SelectionSet)
	if e.err != nil {
		return 0, e.err
	}
	return total.with(e.limits.ListSize), nil
}

// cost is linear in the size of the page that a selection set stands in:
// fixed + perItem × page. A fragment's cost is thus known without knowing
// which connection spreads it, which is what lets it be memoized.
type cost struct{ fixed, perItem int }

func (c cost) plus(d cost) cost {
	return cost{fixed: add(c.fixed, d.fixed), perItem: add(c.perItem, d.perItem)}
}

// with returns the cost in a page of the given size.
func (c cost) with(page int) int { return add(c.fixed, mul(c.perItem, page)) }

type estimator struct {
	limits    Limits
	variables map[string]any
	memo      map[*ast.FragmentDefinition]cost
	visits    int
	err       *gqlerror.Error
}

func (e *estimator) set(set ast.SelectionSet) cost {
	var sum cost
	for _, selection := range set {
		e.visits++
		switch s := selection.(type) {
		case *ast.Field:
			if !e.excluded(s.Directives) {
				sum = sum.plus(e.field(s))
			}
		case *ast.InlineFragment:
			if !e.excluded(s.Directives) {
				sum = sum.plus(e.set(s.SelectionSet))
			}
		case *ast.FragmentSpread:
			if s.Definition != nil && !e.excluded(s.Directives) {
				sum = sum.plus(e.fragment(s.Definition))
			}
		}
	}
	return sum
}

func (e *estimator) fragment(def *ast.FragmentDefinition) cost {
	if known, ok := e.memo[def]; ok {
		return known
	}
	measured := e.set(def.SelectionSet)
	e.memo[def] = measured
	return measured
}

func (e *estimator) field(f *ast.Field) cost {
	children := e.set(f.SelectionSet)
	if f.Definition == nil {
		return cost{fixed: add(1, children.with(e.limits.ListSize))}
	}
	isList := f.Definition.Type.Elem != nil

	if page, ok := e.page(f); ok {
		if isList {
			return cost{fixed: add(1, mul(page, children.with(e.limits.ListSize)))}
		}
		return cost{fixed: add(1, children.with(page))}
	}
	if !isList || len(f.SelectionSet) == 0 || isIntrospection(f) {
		return cost{fixed: add(1, children.with(e.limits.ListSize))}
	}
	if size, ok := e.ids(f); ok {
		return cost{fixed: add(1, mul(size, children.with(e.limits.ListSize)))}
	}
	item := children.with(e.limits.ListSize)
	if f.Name == "edges" || f.Name == "nodes" {
		// The page of the connection around it, once that is known.
		return cost{fixed: 1, perItem: item}
	}
	return cost{fixed: add(1, mul(e.limits.ListSize, item))}
}

// page returns the page size of a field that takes first or last, of which one may be
// given.
func (e *estimator) page(f *ast.Field) (int, bool) {
	size, pages := 0, false
	for _, name := range []string{"first", "last"} {
		def := f.Definition.Arguments.ForName(name)
		if def == nil {
			continue
		}
		pages = true
		n, given := toInt(e.argument(f, def))
		if !given {
			continue
		}
		if n < 1 || n > int64(e.limits.PageSize) {
			e.refusePage(f, name, n)
			continue
		}
		if size > 0 && e.err == nil {
			// Ent refuses it too, but in words of its own where a node's edge is loaded.
			e.err = invalid(CodePageSize, "give first or last to field %s, not both", f.Name)
			e.err.Extensions["limit"] = e.limits.PageSize
			e.locate(f)
		}
		size = max(size, int(n))
	}
	if pages {
		e.cursors(f)
	}
	if size == 0 {
		size = e.limits.DefaultPageSize
	}
	return size, pages
}

// cursors refuses a position that no answer gave. The list itself would refuse it too,
// but not where it is loaded along with a node: there Ent expects a cursor and gets the
// text that is none.
func (e *estimator) cursors(f *ast.Field) {
	for _, name := range []string{"after", "before"} {
		def := f.Definition.Arguments.ForName(name)
		if def == nil || def.Type.Name() != "Cursor" {
			continue
		}
		given := e.argument(f, def)
		if given == nil || e.err != nil {
			continue
		}
		var at entgql.Cursor[string]
		if err := at.UnmarshalGQL(given); err != nil || !ordered(f.Name, at.Value) {
			e.err = invalid(CodeCursorInvalid, "%s of field %s is not a cursor that an answer gave", name, f.Name)
			e.locate(f)
		}
	}
}

// ids returns the number of ids that a list field is asked for.
func (e *estimator) ids(f *ast.Field) (int, bool) {
	def := f.Definition.Arguments.ForName("ids")
	if def == nil || def.Type.Elem == nil {
		return 0, false
	}
	list, ok := e.argument(f, def).([]any)
	if !ok {
		return 1, true // one id, coerced to a list
	}
	if len(list) > e.limits.PageSize {
		e.refusePage(f, "ids", int64(len(list)))
	}
	return min(len(list), saturation), true
}

// argument returns the value of an argument: literal, variable or default.
func (e *estimator) argument(f *ast.Field, def *ast.ArgumentDefinition) any {
	value := def.DefaultValue
	if given := f.Arguments.ForName(def.Name); given != nil {
		if v, set := e.variables[given.Value.Raw]; given.Value.Kind == ast.Variable {
			if set {
				return v
			}
		} else {
			value = given.Value
		}
	}
	got, err := value.Value(e.variables)
	if err != nil {
		return nil // Measure refuses numbers out of range; the rest cannot fail
	}
	return got
}

func (e *estimator) refusePage(f *ast.Field, argument string, got int64) {
	if e.err != nil {
		return
	}
	e.err = invalid(CodePageSize, "%s of field %s must be between 1 and %d; it is %d", argument, f.Name, e.limits.PageSize, got)
	if argument == "ids" {
		e.err = invalid(CodePageSize, "ids of field %s may hold at most %d ids; it holds %d", f.Name, e.limits.PageSize, got)
	}
	e.err.Extensions["limit"] = e.limits.PageSize
	e.err.Extensions["actual"] = got
	e.locate(f)
}

// locate says where in the document the refused field stands.
func (e *estimator) locate(f *ast.Field) {
	if f.Position != nil {
		e.err.Locations = []gqlerror.Location{{Line: f.Position.Line, Column: f.Position.Column}}
	}
}

// excluded reports whether @skip or @include leaves a selection out.
func (e *estimator) excluded(directives ast.DirectiveList) bool {
	return e.condition(directives, "skip", false) || !e.condition(directives, "include", true)
}

func (e *estimator) condition(directives ast.DirectiveList, name string, fallback bool) bool {
	directive := directives.ForName(name)
	if directive == nil {
		return fallback
	}
	arg := directive.Arguments.ForName("if")
	if arg == nil {
		return fallback
	}
	value, err := arg.Value.Value(e.variables)
	if err != nil {
		return fallback
	}
	condition, ok := value.(bool)
	if !ok {
		return fallback
	}
	return condition
}

// isIntrospection reports whether a field belongs to the schema's description
// of itself.
func isIntrospection(f *ast.Field) bool {
	return strings.HasPrefix(f.Name, "__") ||
		f.ObjectDefinition != nil && strings.HasPrefix(f.ObjectDefinition.Name, "__")
}

// toInt reads an integer as variables and literals hold it; false for null,
// absent, or no integer (which the validator refuses).
func toInt(value any) (int64, bool) {
	switch v := value.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case float64:
		return int64(v), true
	case json.Number:
		n, err := v.Int64()
		return n, err == nil
	default:
		return 0, false
	}
}

// ordered reports whether a list can be ordered by a value of that type: all are by
// texts and times, but those that count their items.
func ordered(list string, value any) bool {
	switch value.(type) {
	case nil, string, time.Time:
		return true
	default:
		return list == "logs" || list == "feedEntries"
	}
}

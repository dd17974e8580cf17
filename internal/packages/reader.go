package packages

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// reader walks a YAML tree, gathers problems, and remembers where each path of the
// package is, so that a rule's complaint about a path can be shown at its line.
type reader struct {
	file      string
	problems  []error
	positions map[string]*token.Position
}

// value is a node with its path ("objects[0].key"); node is nil where the file has
// no such value, which the package's own rules judge.
type value struct {
	path string
	node ast.Node
}

// mapping is a mapping's values by key.
type mapping struct {
	path   string
	values map[string]ast.Node
}

func (m mapping) child(key string) value {
	path := key
	if m.path != "" {
		path = m.path + "." + key
	}
	return value{path: path, node: m.values[key]}
}

func (r *reader) problem(node ast.Node, format string, args ...any) {
	r.problemAt(node.GetToken().Position, fmt.Sprintf(format, args...))
}

func (r *reader) problemAt(at *token.Position, message string) {
	r.problems = append(r.problems, Problem{File: r.file, Line: at.Line, Column: at.Column, Message: message})
}

// mapping reads a mapping with some of the keys and no others, each once.
func (r *reader) mapping(path string, node ast.Node, keys ...string) mapping {
	m := mapping{path: path, values: map[string]ast.Node{}}
	r.positions[path] = node.GetToken().Position
	pairs, ok := node.(ast.MapNode)
	if !ok {
		r.problem(node, "want a mapping with the keys %s", strings.Join(keys, ", "))
		return m
	}
	for iter := pairs.MapRange(); iter.Next(); {
		key := iter.Key().GetToken().Value
		if _, repeated := m.values[key]; repeated {
			r.problem(iter.Key(), "the key %q is here a second time", key)
			continue
		}
		if !slices.Contains(keys, key) {
			r.problem(iter.Key(), "unknown key %q; want one of %s", key, strings.Join(keys, ", "))
		}
		m.values[key] = iter.Value()
		if len(m.values) == 1 {
			// A block mapping's own token is its first colon; its first key is where
			// a reader looks.
			r.positions[path] = iter.Key().GetToken().Position
		}
	}
	return m
}

// list reads a sequence; one that is not there is empty.
func (r *reader) list(v value) []value {
	if v.node == nil {
		return nil
	}
	r.positions[v.path] = v.node.GetToken().Position
	sequence, ok := v.node.(*ast.SequenceNode)
	if !ok {
		r.problem(v.node, "%s must be a list", v.path)
		return nil
	}
	items := make([]value, 0, len(sequence.Values))
	for i, node := range sequence.Values {
		items = append(items, value{path: fmt.Sprintf("%s[%d]", v.path, i), node: node})
	}
	return items
}

// texts reads a list of texts.
func (r *reader) texts(v value) []string {
	var texts []string
	for _, item := range r.list(v) {
		texts = append(texts, r.text(item))
	}
	return texts
}

// text reads a text; one that is not there is empty.
func (r *reader) text(v value) string {
	if v.node == nil {
		return ""
	}
	r.positions[v.path] = v.node.GetToken().Position
	switch node := v.node.(type) {
	case *ast.StringNode:
		return node.Value
	case *ast.LiteralNode:
		return strings.TrimSpace(node.Value.Value)
	default:
		r.problem(v.node, "%s must be a text; put it in quotes if it looks like something else", v.path)
		return ""
	}
}

// number reads a whole number from 0; one that is not there is 0.
func (r *reader) number(v value) int {
	if v.node == nil {
		return 0
	}
	r.positions[v.path] = v.node.GetToken().Position
	node, ok := v.node.(*ast.IntegerNode)
	if !ok {
		r.problem(v.node, "%s must be a whole number", v.path)
		return 0
	}
	number, ok := node.Value.(uint64)
	if !ok || number > 1<<31-1 {
		r.problem(v.node, "%s must be a whole number from 0 to %d", v.path, 1<<31-1)
		return 0
	}
	return int(number)
}

// addInvalid turns what the package's rules say into problems at their lines.
func (r *reader) addInvalid(err error) {
	if err == nil {
		return
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			r.addInvalid(e)
		}
		return
	}
	var problem crm.PackageProblem
	if !errors.As(err, &problem) {
		r.problems = append(r.problems, fmt.Errorf("%s: %w", r.file, err))
		return
	}
	r.problemAt(r.position(problem.Path), problem.Error())
}

// position finds the line of a path, or of what it is missing from.
func (r *reader) position(path string) *token.Position {
	for {
		if at, found := r.positions[path]; found {
			return at
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

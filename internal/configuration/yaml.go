package configuration

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// Limits of a document. The form is flat: nothing that it can say needs more.
const (
	maxDocument = 1 << 20 // bytes
	maxTokens   = 20_000
	maxFlow     = 4  // brackets inside each other
	maxIndent   = 32 // columns
	maxProblems = 20
)

// reader walks a YAML tree and gathers what is wrong with it.
type reader struct{ problems []error }

func (r *reader) problem(at *token.Position, format string, args ...any) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, invalid(at, fmt.Sprintf(format, args...)))
	}
}

// invalid is a problem of a document at its line and column, which count from 1.
func invalid(at *token.Position, message string) *fault.Error {
	line, column := 1, 1
	if at != nil {
		line, column = at.Line, at.Column
	}
	return fault.New(fault.DocumentInvalid, fmt.Sprintf("Line %d, column %d: %s", line, column, message), fault.Field("document"),
		fault.Detail("line", fmt.Sprint(line)), fault.Detail("column", fmt.Sprint(column)))
}

// parseYAML turns a document into its tree. The tokens are looked at first: the
// parser recurses, and text of a megabyte could ask it to do so half a million times.
func parseYAML(source string) (ast.Node, error) {
	if len(source) > maxDocument {
		return nil, fault.New(fault.DocumentInvalid, "The document is over 1 MiB.", fault.Field("document"))
	}
	if !utf8.ValidString(source) {
		return nil, fault.New(fault.DocumentInvalid, "The document is not UTF-8 text.", fault.Field("document"))
	}
	tokens := lexer.Tokenize(source)
	if err := refuseTokens(tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	var syntax yaml.Error
	switch {
	case errors.As(err, &syntax) && syntax.GetToken() != nil:
		return nil, invalid(syntax.GetToken().Position, syntax.GetMessage())
	case err != nil:
		return nil, fault.New(fault.DocumentInvalid, "The document is not YAML.", fault.Field("document"), fault.Cause(err))
	case len(file.Docs) != 1 || file.Docs[0].Body == nil:
		return nil, invalid(nil, "want one YAML document with at least the keys version and connector")
	}
	return file.Docs[0].Body, nil
}

// refuseTokens refuses what a document never needs and what costs time or depth:
// anchors and aliases, tags, directives, complex keys, deep nesting.
func refuseTokens(tokens token.Tokens) error {
	depth, entryLine := 0, 0
	for i, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType:
			if t.Position.Line == entryLine {
				return invalid(t.Position, "a list directly inside a list has no place here")
			}
			entryLine = t.Position.Line
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			return invalid(t.Position, "anchors and aliases have no place here")
		case token.TagType, token.DirectiveType, token.MappingKeyType, token.LiteralType, token.FoldedType:
			return invalid(t.Position, fmt.Sprintf("%q has no place here", crm.Shorten(t.Value, 20)))
		case token.InvalidType:
			return invalid(t.Position, "this is not YAML")
		default: // what a flat document is made of
		}
		switch {
		case i >= maxTokens:
			return invalid(t.Position, "the document says more than any integration has")
		case depth > maxFlow || t.Position.IndentNum > maxIndent:
			return invalid(t.Position, "this is nested too deeply")
		}
	}
	return nil
}

// pair is a key of a mapping with its value.
type pair struct {
	key   string
	at    *token.Position
	value ast.Node
}

// pairs reads a mapping: its keys in the order of the document, each once. Nothing
// stands for an empty one.
func (r *reader) pairs(node ast.Node, what string) []pair {
	if _, empty := node.(*ast.NullNode); empty {
		return nil
	}
	mapping, ok := node.(ast.MapNode)
	if !ok {
		r.problem(node.GetToken().Position, "%s must be a mapping of keys to values", what)
		return nil
	}
	var pairs []pair
	seen := map[string]bool{}
	for each := mapping.MapRange(); each.Next(); {
		one := pair{key: each.Key().GetToken().Value, at: each.Key().GetToken().Position, value: each.Value()}
		if seen[one.key] {
			r.problem(one.at, "the key %q is here a second time", crm.Shorten(one.key, 100))
			continue
		}
		seen[one.key] = true
		pairs = append(pairs, one)
	}
	return pairs
}

// known reads a mapping with some of the keys and no others.
func (r *reader) known(node ast.Node, what string, keys ...string) map[string]pair {
	values := map[string]pair{}
	for _, one := range r.pairs(node, what) {
		if !slices.Contains(keys, one.key) {
			r.problem(one.at, "unknown key %q; want one of %s", crm.Shorten(one.key, 100), strings.Join(keys, ", "))
			continue
		}
		values[one.key] = one
	}
	return values
}

// text reads a text; false when it is none, which is then a problem.
func (r *reader) text(p pair) (string, bool) {
	if node, ok := p.value.(*ast.StringNode); ok {
		return node.Value, true
	}
	r.problem(place(p), "%s must be a text; put it in quotes if it looks like something else", p.key)
	return "", false
}

// number reads a whole number between two; false when it is none.
func (r *reader) number(p pair, from, to uint64) (int, bool) {
	if node, ok := p.value.(*ast.IntegerNode); ok {
		if n, ok := node.Value.(uint64); ok && n >= from && n <= to {
			return int(n), true
		}
	}
	r.problem(place(p), "%s must be a whole number from %d to %d", p.key, from, to)
	return 0, false
}

// isNull reports whether a value is null, or left out behind its key.
func isNull(p pair) bool {
	_, null := p.value.(*ast.NullNode)
	return null
}

// place is where a value stands, or its key where there is none.
func place(p pair) *token.Position {
	if _, isMapping := p.value.(ast.MapNode); isMapping || p.value == nil || p.value.GetToken() == nil {
		return p.at
	}
	return p.value.GetToken().Position
}

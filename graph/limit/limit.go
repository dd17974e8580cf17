// Package limit decides whether a GraphQL request is small enough to be
// worth validating and executing.
//
// A few hundred bytes of GraphQL can stand for millions of fields: fragments
// that spread each other double the work at every level, repeated fields make
// the validator compare every pair, and nested pages multiply. The package
// refuses such requests before gqlgen's validator sees them, in two passes:
//
//   - the shape of the document ([Measure]), from its syntax alone: depth,
//     selections after the expansion of fragments, aliases, directives, root
//     fields, definitions, fields repeated in one place. It visits each
//     syntax node once (fragments are memoized) and then, only if the
//     document is within [Limits.Selections], each expanded selection once;
//   - the cost of the operation ([Estimate]), with its variables: how many
//     fields it may resolve at most, given the page sizes it asks for.
//
// [Gate] plugs both into a gqlgen executor, so every transport over that
// executor is limited alike. Every refusal carries extensions code, limit
// and, where it is known, actual; its message says both figures.
//
// The package knows the page arguments first and last of Relay connections
// and nothing else of any schema.
package limit

import (
	"math"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Codes of refusals, found in extensions.code. They are stable: clients
// switch on them.
const (
	// CodeDocumentTooLarge: the document has more lexical tokens than allowed.
	CodeDocumentTooLarge = "DOCUMENT_TOO_LARGE"
	// CodeTooManyDefinitions: too many operations and fragments in a document.
	CodeTooManyDefinitions = "TOO_MANY_DEFINITIONS"
	// CodeQueryTooDeep: fields are nested too deep.
	CodeQueryTooDeep = "QUERY_TOO_DEEP"
	// CodeQueryTooLarge: too many selections once fragments are expanded.
	CodeQueryTooLarge = "QUERY_TOO_LARGE"
	// CodeTooManyAliases: too many aliased fields once fragments are expanded.
	CodeTooManyAliases = "TOO_MANY_ALIASES"
	// CodeTooManyDirectives: too many directives once fragments are expanded.
	CodeTooManyDirectives = "TOO_MANY_DIRECTIVES"
	// CodeTooManyRootFields: an operation selects too many fields at its root.
	CodeTooManyRootFields = "TOO_MANY_ROOT_FIELDS"
	// CodeTooManyRepeats: the same fields are selected too often in one place.
	CodeTooManyRepeats = "TOO_MANY_REPEATED_FIELDS"
	// CodeQueryTooComplex: the operation may resolve too many fields.
	CodeQueryTooComplex = "QUERY_TOO_COMPLEX"
	// CodePageSize: a page argument is outside 1 to Limits.PageSize, or both first and
	// last are given.
	CodePageSize = "PAGE_SIZE"
	// CodeCursorInvalid: a position in a list is not one that an answer gave.
	CodeCursorInvalid = "CURSOR_INVALID"
	// CodeUnsupportedDirective: the document uses incremental delivery, which
	// no transport of ours speaks.
	CodeUnsupportedDirective = "UNSUPPORTED_DIRECTIVE"
	// CodeInvalid is gqlgen's own code for a document that is not valid.
	CodeInvalid = "GRAPHQL_VALIDATION_FAILED"
)

// Limits are the bounds of one request. A zero field takes its value of
// [Default]; use [Unlimited] to lift a bound.
type Limits struct {
	// Tokens bounds the lexical tokens of a document, comments included.
	Tokens int
	// Definitions bounds the operations and fragments of a document.
	Definitions int
	// Depth bounds how deep fields nest; a root field is at depth 1. Inline
	// fragments and spreads nest too but are not counted, only bounded, at
	// twice this depth.
	Depth int
	// Selections bounds the fields, spreads and inline fragments of a
	// document after its fragments are expanded wherever they are spread.
	Selections int
	// Aliases and Directives are bounded after expansion, too.
	Aliases, Directives int
	// RootFields bounds the fields at the root of an operation.
	RootFields int
	// Repeats bounds the pairs of fields that share a response name in one
	// place and that the validator must therefore compare: n copies of a
	// field make n(n-1)/2 pairs.
	Repeats int
	// Cost bounds the estimate of [Estimate].
	Cost int
	// PageSize is the largest page that first or last may ask for.
	PageSize int
	// DefaultPageSize is the page assumed where neither first nor last is
	// given; it should be the page that resolvers then use.
	DefaultPageSize int
	// ListSize is the length assumed for a list that has no page arguments.
	ListSize int
}

// Unlimited lifts a bound of [Limits].
const Unlimited = math.MaxInt

// Default returns the limits of a production server. They leave room for the
// introspection query of graphql-js (depth 15) and for a screen that shows
// a hundred rows with two nested pages of twenty.
func Default() Limits {
	return Limits{
		Tokens:          10_000,
		Definitions:     200,
		Depth:           16,
		Selections:      5_000,
		Aliases:         100,
		Directives:      200,
		RootFields:      30,
		Repeats:         10_000,
		Cost:            250_000,
		PageSize:        100,
		DefaultPageSize: 20,
		ListSize:        10,
	}
}

// withDefaults fills the zero fields of l.
func (l Limits) withDefaults() Limits {
	d := Default()
	for _, f := range []struct{ value, fallback *int }{
		{&l.Tokens, &d.Tokens},
		{&l.Definitions, &d.Definitions},
		{&l.Depth, &d.Depth},
		{&l.Selections, &d.Selections},
		{&l.Aliases, &d.Aliases},
		{&l.Directives, &d.Directives},
		{&l.RootFields, &d.RootFields},
		{&l.Repeats, &d.Repeats},
		{&l.Cost, &d.Cost},
		{&l.PageSize, &d.PageSize},
		{&l.DefaultPageSize, &d.DefaultPageSize},
		{&l.ListSize, &d.ListSize},
	} {
		if *f.value == 0 {
			*f.value = *f.fallback
		}
	}
	return l
}

// refuse makes the error for a figure over its limit. The message gets limit
// and actual as its arguments, in this order.
func refuse(code string, limit, actual int, format string) *gqlerror.Error {
	err := gqlerror.Errorf(format, limit, actual)
	err.Extensions = map[string]any{"code": code, "limit": limit, "actual": actual}
	return err
}

// invalid makes the error for a document that no limit is needed to refuse.
func invalid(code, format string, args ...any) *gqlerror.Error {
	err := gqlerror.Errorf(format, args...)
	err.Extensions = map[string]any{"code": code}
	return err
}

// saturation keeps sums of hostile documents inside an int; a figure that
// reaches it is "at least this".
const saturation = math.MaxInt32

// add returns a+b, at most saturation; both are in 0..saturation.
func add(a, b int) int { return min(a+b, saturation) }

// mul returns a*b, at most saturation; both are in 0..saturation.
func mul(a, b int) int {
	if a != 0 && b > saturation/a {
		return saturation
	}
	return min(a*b, saturation)
}

package limit

import (
	"context"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
)

// Gate applies limits to a gqlgen executor. Use it as an extension, first of
// all, and hand the executor the same cache and token limit:
//
//	gate := limit.NewGate(limits)
//	exec.SetParserTokenLimit(gate.Limits().Tokens)
//	exec.SetQueryCache(gate.Cache())
//	exec.Use(gate)
//
// A document that is in the cache has passed the gate and the validator, so
// only its cost is computed again, since variables change it.
type Gate struct {
	limits Limits
	cache  *Cache
}

var (
	_ graphql.HandlerExtension          = (*Gate)(nil)
	_ graphql.OperationParameterMutator = (*Gate)(nil)
	_ graphql.OperationContextMutator   = (*Gate)(nil)
)

// NewGate returns a gate. Zero fields of limits take their defaults.
func NewGate(limits Limits) *Gate {
	return &Gate{limits: limits.withDefaults(), cache: NewCache(cacheEntries)}
}

// Limits returns the limits in force.
func (g *Gate) Limits() Limits { return g.limits }

// Cache returns the cache of valid documents to give to the executor.
func (g *Gate) Cache() *Cache { return g.cache }

// ExtensionName names the gate in gqlgen's messages.
func (g *Gate) ExtensionName() string { return "Limits" }

// Validate accepts every schema.
func (g *Gate) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters refuses a document by its shape. It runs before
// the executor parses and validates; the document is parsed twice on a miss
// of the cache, which costs far less than validating it once.
func (g *Gate) MutateOperationParameters(ctx context.Context, request *graphql.RawParams) *gqlerror.Error {
	if _, known := g.cache.Get(ctx, request.Query); known {
		return nil
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: request.Query}, g.limits.Tokens)
	if err != nil {
		if strings.Contains(err.Error(), "exceeded token limit") {
			tooLarge := invalid(CodeDocumentTooLarge, "a document may have at most %d tokens; this one has more", g.limits.Tokens)
			tooLarge.Extensions["limit"] = g.limits.Tokens
			return tooLarge
		}
		return nil // a syntax error, which the executor reports
	}
	shape, invalid := Measure(doc, g.limits)
	if invalid != nil {
		return invalid
	}
	return shape.Check(g.limits)
}

// MutateOperationContext refuses an operation by its cost, once its variables
// are known, and notes the cost for [CostOf].
func (g *Gate) MutateOperationContext(_ context.Context, opCtx *graphql.OperationContext) *gqlerror.Error {
	estimated, err := Estimate(opCtx.Operation, opCtx.Variables, g.limits)
	if err != nil {
		return err
	}
	opCtx.Stats.SetExtension(costKey, Cost{Requested: estimated, Maximum: g.limits.Cost})
	if estimated > g.limits.Cost {
		return refuse(CodeQueryTooComplex, g.limits.Cost, estimated,
			"an operation may resolve at most %d fields; this one may resolve %d: ask for smaller or fewer nested pages")
	}
	return nil
}

// Cost is the estimate of an operation and its bound, in fields resolved.
type Cost struct {
	Requested int `json:"requestedQueryCost"`
	Maximum   int `json:"maximumQueryCost"`
}

// costKey is where the cost is kept in the statistics of an operation.
const costKey = "FieldwardenCost"

// CostOf returns the cost of an operation that passed a gate; false for one
// that did not get as far.
func CostOf(opCtx *graphql.OperationContext) (Cost, bool) {
	cost, ok := opCtx.Stats.GetExtension(costKey).(Cost)
	return cost, ok
}

// String says the cost for logs.
func (c Cost) String() string { return fmt.Sprintf("%d of %d", c.Requested, c.Maximum) }

package graph

import (
	"context"
	"encoding/json"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
)

type refusedKey struct{}

// Nullify makes the whole data null when a root field that must not be null was
// refused, as the specification of GraphQL has it (section 6.4.4): gqlgen does that for
// fields that fail, not for those that a middleware refuses before. Pass it to
// executor.AroundResponses.
func Nullify(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	refused := &atomic.Bool{}
	answer := next(context.WithValue(ctx, refusedKey{}, refused))
	if answer != nil && refused.Load() {
		answer.Data = json.RawMessage("null")
	}
	return answer
}

// refuseRoot answers a root field with an error and null.
func refuseRoot(ctx context.Context, field graphql.CollectedField, err error) graphql.Marshaler {
	graphql.AddError(graphql.WithPathContext(ctx, graphql.NewPathWithField(field.Alias)), err)
	if refused, ok := ctx.Value(refusedKey{}).(*atomic.Bool); ok && field.Definition.Type.NonNull {
		refused.Store(true)
	}
	return graphql.Null
}

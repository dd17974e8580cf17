package graph

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
)

// SignedIn lets nobody but a principal resolve a root field; pass it to
// executor.AroundRootFields. __typename and the schema's own fields are left to the
// executor. Without it a use case would answer FORBIDDEN, or a field without a use
// case would answer, to a request that acts as nobody.
func SignedIn(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	field := graphql.GetRootFieldContext(ctx).Field
	if strings.HasPrefix(field.Name, "__") {
		return next(ctx)
	}
	if _, err := acting(ctx); err != nil {
		return refuseRoot(ctx, field, err)
	}
	return next(ctx)
}

package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Throttle makes an executor ask allow before each operation; an operation that it
// refuses is answered with its error and not begun.
func Throttle(exec *executor.Executor, allow func(context.Context) error) {
	exec.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		if err := allow(ctx); err != nil {
			// There is no response yet to which an error could be added.
			return graphql.OneShot(exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)}))
		}
		return next(ctx)
	})
}

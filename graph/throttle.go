package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
)

// Throttle makes an executor ask allow before each operation; an operation that it
// refuses is answered with its error and not begun.
func Throttle(exec *executor.Executor, allow func(context.Context) error) {
	exec.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		if err := allow(ctx); err != nil {
			graphql.AddError(ctx, err)
			return graphql.OneShot(&graphql.Response{Errors: graphql.GetErrors(ctx)})
		}
		return next(ctx)
	})
}

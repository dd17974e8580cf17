package graph

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// OperationObserver is told of the operations of clients.
type OperationObserver interface {
	// Operation begins a query or mutation and returns what to call at its end, with
	// the code of its first error ("" when it had none) and how long it took. The field
	// is the schema's name of the first root field, never a name that the client gave.
	Operation(ctx context.Context, kind, field string) (context.Context, func(code string, took time.Duration))
	// Event is told of each event that a subscriber gets.
	Event()
}

// Observe tells o of every operation; pass it to executor.AroundResponses.
func Observe(o OperationObserver) graphql.ResponseMiddleware {
	return func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		operation := graphql.GetOperationContext(ctx).Operation
		switch {
		case operation == nil:
			return next(ctx)
		case operation.Operation == ast.Subscription:
			answer := next(ctx)
			if answer != nil {
				o.Event()
			}
			return answer
		}
		began := time.Now()
		ctx, end := o.Operation(ctx, string(operation.Operation), rootField(operation))
		answer := next(ctx)
		end(errorCode(answer), time.Since(began))
		return answer
	}
}

// errorCode is the code of an answer's first error, OTHER for one that the registry
// does not know.
func errorCode(answer *graphql.Response) string {
	if answer == nil || len(answer.Errors) == 0 {
		return ""
	}
	code := fault.Internal
	switch found := answer.Errors[0].Extensions["code"].(type) {
	case string:
		code = fault.Code(found)
	case fault.Code:
		code = found
	}
	if _, known := fault.Lookup(code); !known {
		return "OTHER"
	}
	return string(code)
}

func rootField(operation *ast.OperationDefinition) string {
	for _, selection := range operation.SelectionSet {
		if field, ok := selection.(*ast.Field); ok {
			return field.Name
		}
	}
	return "fragment"
}

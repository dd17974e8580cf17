package transport

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldwarden/fieldwarden/graph/limit"
)

// ExecutorConfig is what an executor needs beside its schema. Every field
// may be zero.
type ExecutorConfig struct {
	// Limits bound every request; zero fields take limit.Default.
	Limits limit.Limits
	// Logger gets the causes of INTERNAL errors. Default: discards.
	Logger *slog.Logger
	// Presenter turns an error into what a client sees. Default:
	// NewPresenter(Logger). A presenter meets *gqlerror.Error values with a
	// code already (parsing, validation, limits), resolvers' errors wrapped
	// in one without, and [*PanicError] values in the chain.
	Presenter graphql.ErrorPresenterFunc
	// Introspection says whether an operation may read the schema. Default:
	// every operation may.
	Introspection func(context.Context) bool
}

// NewExecutor returns an executor of es whose limits run before gqlgen's
// parser and validator. Further extensions may be added to it before it
// serves.
func NewExecutor(es graphql.ExecutableSchema, cfg ExecutorConfig) *executor.Executor {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Presenter == nil {
		cfg.Presenter = NewPresenter(cfg.Logger)
	}
	gate := limit.NewGate(cfg.Limits)
	exec := executor.New(es)
	exec.SetParserTokenLimit(gate.Limits().Tokens)
	exec.SetQueryCache(gate.Cache())
	exec.SetErrorPresenter(cfg.Presenter)
	exec.SetRecoverFunc(recovered)
	exec.Use(gate)
	exec.Use(introspection(cfg.Introspection))
	return exec
}

// PanicError is a panic of a resolver as an error. It is never shown.
type PanicError struct {
	Value any
	Stack []byte
}

// Error says what the panic was about.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// recovered is the executor's recover function. The presenter logs.
func recovered(_ context.Context, value any) error {
	return &PanicError{Value: value, Stack: debug.Stack()}
}

// introspection allows an operation to read the schema where the function
// says so; nil always does.
type introspection func(context.Context) bool

var (
	_ graphql.OperationContextMutator = introspection(nil)
	_ graphql.RootFieldInterceptor    = introspection(nil)
)

// ExtensionName names the extension in gqlgen's messages.
func (introspection) ExtensionName() string { return "Introspection" }

// Validate accepts every schema.
func (introspection) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext switches introspection on or leaves it off, which is
// gqlgen's default.
func (allow introspection) MutateOperationContext(ctx context.Context, opCtx *graphql.OperationContext) *gqlerror.Error {
	opCtx.DisableIntrospection = allow != nil && !allow(ctx)
	return nil
}

// InterceptRootField refuses a field that reads the schema while introspection
// is off; gqlgen's own error has no code and would count as internal.
func (introspection) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	field := graphql.GetRootFieldContext(ctx).Field
	if graphql.GetOperationContext(ctx).DisableIntrospection && (field.Name == "__schema" || field.Name == "__type") {
		refusal := newError(CodeIntrospection, "reading the schema is not allowed here")
		refusal.Path = ast.Path{ast.PathName(field.Alias)}
		graphql.AddError(ctx, refusal)
		return graphql.Null
	}
	return next(ctx)
}

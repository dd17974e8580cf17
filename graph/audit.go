package graph

import (
	"context"
	"log/slog"
	"reflect"
	"sync"
	"time"

	"entgo.io/contrib/entgql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/audit"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// recordTimeout bounds the writing of a refusal, which goes on when the client has
// gone.
const recordTimeout = 5 * time.Second

// recorder leaves an audit entry for every mutation that did not succeed and for
// everything that was denied. Successes are recorded by the use cases.
type recorder struct {
	schema *ast.Schema
	log    *audit.Service
	logger *slog.Logger
}

// operationState is what one operation remembers for the audit, however many
// fields and events it has.
type operationState struct {
	mu sync.Mutex
	// denied are the fields whose denial was recorded.
	denied map[string]bool
	// reading records, once, that the audit log is read.
	reading func() error
}

type (
	operationStateKey struct{}
	attemptKey        struct{}
)

func withOperationState(ctx context.Context) context.Context {
	return context.WithValue(ctx, operationStateKey{}, &operationState{denied: map[string]bool{}})
}

// attempt is one mutation under way.
type attempt struct {
	// code is the first userError of its payload.
	code fault.Code
}

// mutation records a mutation that is refused or fails, whatever stops it: the
// table of access, its input, its use case or a bug.
func (r recorder) mutation(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	root := graphql.GetRootFieldContext(ctx)
	if rootType(root) != mutationType {
		return next(ctx)
	}
	if _, err := acting(ctx); err != nil {
		return next(ctx) // nobody's attempt belongs to no workspace
	}
	made := &attempt{}
	before := len(graphql.GetErrors(ctx))
	answer := next(context.WithValue(ctx, attemptKey{}, made))
	code := made.code
	// Mutations run one after the other: what is new is this one's. A longer path is
	// that of a field of its answer, after it was done.
	for _, shown := range graphql.GetErrors(ctx)[before:] {
		if len(shown.Path) == 1 {
			text, _ := shown.Extensions["code"].(string)
			code = fault.Code(text)
			break
		}
	}
	if code != "" {
		r.write(ctx, r.refusalOf(ctx, root.Field, code))
	}
	return answer
}

// answered notes the userErrors of a mutation's payload.
func (r recorder) answered(ctx context.Context, next graphql.Resolver) (any, error) {
	answer, err := next(ctx)
	if made, ok := ctx.Value(attemptKey{}).(*attempt); ok && err == nil {
		made.code = userErrorOf(answer)
	}
	return answer, err
}

// userErrorOf returns the code of a payload's first userError. Payloads are
// generated structs that share no method, only the field.
func userErrorOf(payload any) fault.Code {
	value := reflect.ValueOf(payload)
	if value.Kind() != reflect.Pointer || value.IsNil() || value.Elem().Kind() != reflect.Struct {
		return ""
	}
	field := value.Elem().FieldByName("UserErrors")
	if !field.IsValid() {
		return ""
	}
	if shown, ok := reflect.TypeAssert[[]*model.UserError](field); ok && len(shown) > 0 {
		return shown[0].Code
	}
	return ""
}

// refused records that a field was denied, once per operation. Who acts as nobody
// is of no workspace and leaves no entry.
func (r recorder) refused(ctx context.Context, field string, err error) {
	if !fault.Is(err, fault.Forbidden) {
		return
	}
	if state, ok := ctx.Value(operationStateKey{}).(*operationState); ok {
		state.mu.Lock()
		known := state.denied[field]
		state.denied[field] = true
		state.mu.Unlock()
		if known {
			return
		}
	}
	r.write(ctx, audit.Refusal{Action: field, Code: fault.Forbidden})
}

func (r recorder) write(ctx context.Context, refusal audit.Refusal) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if err := r.log.Refused(ctx, refusal); err != nil {
		who, _ := principal.From(ctx)
		r.logger.ErrorContext(ctx, "a refusal was not recorded", slog.String("action", refusal.Action),
			slog.String("actor", who.ID), slog.String("code", string(refusal.Code)), slog.String("error", err.Error()))
	}
}

// refusalOf describes a mutation that did not succeed.
func (r recorder) refusalOf(ctx context.Context, field graphql.CollectedField, code fault.Code) audit.Refusal {
	refusal := audit.Refusal{Action: field.Name, Code: code}
	arguments := field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)
	refusal.Input, _ = arguments["input"].(map[string]any)
	if argument := field.Definition.Arguments.ForName("input"); argument != nil {
		refusal.Target = targetOf(r.schema, argument.Type.Name(), refusal.Input)
	}
	return refusal
}

// targetOf is the id that an input is about: the last plain id that it names, which
// for copies is where they go.
func targetOf(schema *ast.Schema, inputType string, input map[string]any) (target string) {
	definition := schema.Types[inputType]
	if definition == nil {
		return ""
	}
	for _, field := range definition.Fields {
		if id, ok := input[field.Name].(string); ok && field.Type.NamedType == "ID" {
			target = id
		}
	}
	return target
}

// readAudit records that the audit log is read, once per operation.
func (r *Resolver) readAudit(ctx context.Context, filter audit.Filter) error {
	state, ok := ctx.Value(operationStateKey{}).(*operationState)
	if !ok {
		return r.Audit.Reading(ctx, filter, auditPage)
	}
	state.mu.Lock()
	if state.reading == nil {
		state.reading = sync.OnceValue(func() error { return r.Audit.Reading(ctx, filter, auditPage) })
	}
	reading := state.reading
	state.mu.Unlock()
	return reading()
}

// auditPage is how the log is read here; downloads have names of their own.
const auditPage = "page"

// newestAudit is the order of the audit log: ids sort by creation.
func newestAudit() *ent.AuditEntryOrder {
	return &ent.AuditEntryOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultAuditEntryOrder.Field}
}

// auditFilter reads the filter of auditLog.
func auditFilter(input *model.AuditFilterInput) audit.Filter {
	if input == nil {
		return audit.Filter{}
	}
	return audit.Filter{
		Actor: valueOf(input.Actor), Actions: input.Actions, Target: valueOf(input.Target), Outcomes: input.Outcomes,
		Via: valueOf(input.Via), Since: input.Since, Until: input.Until,
	}
}

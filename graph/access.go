package graph

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/feedentry"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/internal/access"
	"github.com/fieldwarden/fieldwarden/internal/audit"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// Protect makes an executor ask the table of access before anything resolves, and
// record what it refuses. Without it a schema is open to everybody.
//
//   - A root field needs a principal (UNAUTHENTICATED) with the field's scope
//     (FORBIDDEN): no resolver runs, and a mutation changes nothing.
//   - A field within that has a rule of its own needs that scope, wherever it shows.
//     A mutation that asks for one in its answer is refused before it runs.
//   - Whoever lacks READ sees what its own operation answers with, and goes on from
//     there to nothing else: a token that may only start runs does not browse.
func Protect(exec *executor.Executor, schema graphql.ExecutableSchema, log *audit.Service, logger *slog.Logger) {
	g := newGate(schema.Schema(), recorder{schema: schema.Schema(), log: log, logger: logger})
	exec.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
		return next(withOperationState(ctx))
	})
	exec.AroundRootFields(SignedIn)
	exec.AroundRootFields(g.recorder.mutation)
	exec.AroundRootFields(g.rootField)
	exec.AroundFields(g.field)
}

// gate enforces the table. It is read only.
type gate struct {
	schema *ast.Schema
	roots  map[access.Operation]access.Rule
	// within are the rules of other fields, by type and field.
	within map[string]map[string]access.Rule
	// nodes are the types that are entities: those that implement Node.
	nodes    map[string]bool
	recorder recorder
}

func newGate(schema *ast.Schema, r recorder) *gate {
	g := &gate{
		schema: schema, recorder: r,
		roots: map[access.Operation]access.Rule{}, within: map[string]map[string]access.Rule{}, nodes: map[string]bool{},
	}
	for _, rule := range access.Table() {
		object, field, _ := strings.Cut(string(rule.Operation), ".")
		switch {
		case rule.Operation.Root():
			g.roots[rule.Operation] = rule
		case g.within[object] == nil:
			g.within[object] = map[string]access.Rule{field: rule}
		default:
			g.within[object][field] = rule
		}
	}
	for name, definition := range schema.Types {
		g.nodes[name] = definition.Kind == ast.Object && slices.Contains(definition.Interfaces, "Node")
	}
	return g
}

// rootField lets nobody resolve a root field without its scope. Subscriptions do
// not come by here: gqlgen asks field alone about them.
func (g *gate) rootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	root := graphql.GetRootFieldContext(ctx)
	if strings.HasPrefix(root.Field.Name, "__") {
		return next(ctx)
	}
	if err := g.mayStart(ctx, rootType(root), root.Field); err != nil {
		if rootType(root) != mutationType { // a mutation's refusal is recorded around this
			g.recorder.refused(ctx, root.Field.Name, err)
		}
		return refuseRoot(ctx, root.Field, err)
	}
	return next(ctx)
}

// rootType is the type that a root field belongs to; gqlgen's Object is the field's
// own name.
func rootType(root *graphql.RootFieldContext) string { return root.Field.ObjectDefinition.Name }

// Names of root types.
const (
	mutationType     = "Mutation"
	subscriptionType = "Subscription"
)

// mayStart checks a root field and, of a mutation, all that its answer selects.
func (g *gate) mayStart(ctx context.Context, object string, field graphql.CollectedField) error {
	who, err := acting(ctx)
	if err != nil {
		return err
	}
	operation := access.Operation(object + "." + field.Name)
	rule, known := g.roots[operation]
	switch {
	case !known:
		return access.Check(who, operation) // an error: what has no rule is nobody's
	case !rule.Allows(who):
		return access.Refusal(who, rule)
	case object == mutationType:
		return g.maySelect(graphql.GetOperationContext(ctx), who, field)
	default:
		return nil
	}
}

// maySelect checks the fields that a selection leads to.
func (g *gate) maySelect(operation *graphql.OperationContext, who principal.Principal, field graphql.CollectedField) error {
	object := g.schema.Types[field.Definition.Type.Name()]
	if object == nil || object.Kind != ast.Object {
		return nil
	}
	for _, inner := range graphql.CollectFields(operation, field.Selections, append([]string{object.Name}, object.Interfaces...)) {
		if rule, ok := g.ruleWithin(object.Name, inner); ok && !rule.Allows(who) {
			return access.Refusal(who, rule)
		}
		if inner.Definition == nil { // __typename
			continue
		}
		if err := g.maySelect(operation, who, inner); err != nil {
			return err
		}
	}
	return nil
}

// ruleWithin finds the rule of a field that is not a root field: its own, else READ
// when it leads from an entity to something else.
func (g *gate) ruleWithin(object string, field graphql.CollectedField) (access.Rule, bool) {
	if rule, ok := g.within[object][field.Name]; ok {
		return rule, true
	}
	if g.nodes[object] && len(field.SelectionSet) > 0 {
		return access.Rule{Operation: access.Operation(object + "." + field.Name), Scope: principal.ScopeRead}, true
	}
	return access.Rule{}, false
}

// field guards fields within, and the start of a subscription.
func (g *gate) field(ctx context.Context, next graphql.Resolver) (any, error) {
	at := graphql.GetFieldContext(ctx)
	switch at.Object {
	case subscriptionType:
		if err := g.mayStart(ctx, at.Object, at.Field); err != nil {
			g.recorder.refused(ctx, at.Field.Name, err)
			return nil, err
		}
	case mutationType:
		return g.recorder.answered(ctx, next)
	default:
		rule, ok := g.ruleWithin(at.Object, at.Field)
		if !ok {
			break
		}
		who, err := acting(ctx)
		if err != nil {
			return nil, err
		}
		if !rule.Allows(who) {
			err := access.Refusal(who, rule)
			g.recorder.refused(ctx, string(rule.Operation), err)
			return nil, err
		}
	}
	return next(ctx)
}

// mayShow reports whether a feed entry's kind may be shown to whoever acts: what is
// said of settings is for those who may view them (requirement A2). Others get the
// feed without them, as if they were not there.
func mayShow(ctx context.Context, kind string) bool {
	if kind != feedSettings {
		return true
	}
	who, ok := principal.From(ctx)
	return ok && who.May(principal.ScopeReadSettings)
}

// shownEntries leaves the feed entries out that whoever acts may not see.
func shownEntries(ctx context.Context) []predicate.FeedEntry {
	if mayShow(ctx, feedSettings) {
		return nil
	}
	return []predicate.FeedEntry{feedentry.KindNEQ(feedSettings)}
}

// shownNode hides a node that whoever acts may not see. It asks again: what was
// loaded has only the columns that the query selects.
func (r *Resolver) shownNode(ctx context.Context, found ent.Noder) (ent.Noder, error) {
	entry, ok := found.(*ent.FeedEntry)
	if !ok || mayShow(ctx, feedSettings) {
		return found, nil
	}
	shown, err := r.Store.Read().FeedEntry.Query().Where(feedentry.ID(entry.ID)).Where(shownEntries(ctx)...).Exist(ctx)
	if err != nil || !shown {
		return nil, err
	}
	return found, nil
}

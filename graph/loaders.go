package graph

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vikstrous/dataloadgen"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/mapping"
	"github.com/fieldwarden/fieldwarden/ent/runobject"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/member"
	"github.com/fieldwarden/fieldwarden/internal/permission"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// loaders batch what Ent's field collection cannot: facts of a field that live at
// its object, counts, and lists in an order of their own. They live for one response, so a subscription's next
// event sees the present.
type loaders struct {
	objects  *dataloadgen.Loader[string, *ent.CrmObject]
	counts   *dataloadgen.Loader[string, *model.FieldCounts]
	standard *dataloadgen.Loader[string, map[string]string]
	// matches count the fields that match a search, and histories are pages of the
	// changes of objects and fields.
	matches   *dataloadgen.Loader[fieldSearch, *model.FieldCounts]
	histories *dataloadgen.Loader[changeSubject, *ent.PermissionChangeConnection]
	// explained explain the verdicts of integrations; made at first use.
	explainOnce sync.Once
	explained   *dataloadgen.Loader[string, *permission.Explanation]
	// losses count what integrations had lost, day by day; made at first use.
	lossOnce sync.Once
	losses   *dataloadgen.Loader[healthAsked, []*model.PermissionHealthDay]
	// healths are the numbers of workspaces; made at first use.
	healthOnce sync.Once
	healths    *dataloadgen.Loader[string, *model.WorkspaceHealth]
	// matched are the members with the CRM users that they are; made at first use.
	matchOnce sync.Once
	matched   *dataloadgen.Loader[*ent.Integration, []member.Match]
	// read are the objects of a run.
	read *dataloadgen.Loader[string, []*ent.RunObject]
	// failures are the errors of a run.
	failures *dataloadgen.Loader[string, []*ent.RunError]
	// alerts are alerts by id, folded those under an object's alert.
	alerts *dataloadgen.Loader[string, *ent.Alert]
	folded *dataloadgen.Loader[subject, []*ent.Alert]
	// unread tells of an item of the inbox that whoever acts has not read it.
	unread *dataloadgen.Loader[string, bool]
	// What standardization is made of: workspaces by id; mappings, objects and the time
	// of completion by integration; defaults by connector; readable fields by object.
	tenants   *dataloadgen.Loader[string, *ent.Workspace]
	mappings  *dataloadgen.Loader[string, []*ent.Mapping]
	objectsOf *dataloadgen.Loader[string, []*ent.CrmObject]
	completed *dataloadgen.Loader[string, *time.Time]
	defaults  *dataloadgen.Loader[string, map[string]string]
	readable  *dataloadgen.Loader[string, []crm.FieldInfo]
	// waiting counts the deliveries that wait for a channel; channels and digests are
	// what deliveries went through and were for.
	waiting  *dataloadgen.Loader[string, int]
	channels *dataloadgen.Loader[string, *ent.Channel]
	digests  *dataloadgen.Loader[string, *ent.Digest]
}

type loadersKey struct{}

// WithLoaders gives every response its own loaders; pass it to
// executor.AroundResponses.
func WithLoaders(s *store.Store) graphql.ResponseMiddleware {
	return func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		return next(context.WithValue(ctx, loadersKey{}, newLoaders(s)))
	}
}

func newLoaders(s *store.Store) *loaders {
	wait := dataloadgen.WithWait(time.Millisecond)
	return &loaders{
		waiting:   dataloadgen.NewLoader(waitingDeliveries(s), wait),
		channels:  dataloadgen.NewLoader(channelsByID(s), wait),
		digests:   dataloadgen.NewLoader(digestsByID(s), wait),
		objects:   dataloadgen.NewLoader(objectsByID(s), wait),
		counts:    dataloadgen.NewLoader(fieldCounts(s), wait),
		standard:  dataloadgen.NewLoader(standardFields(s), wait),
		matches:   dataloadgen.NewLoader(searchCounts(s), wait),
		histories: dataloadgen.NewLoader(historiesOf(s), wait),
		read:      dataloadgen.NewLoader(runObjects(s), wait),
		failures:  dataloadgen.NewLoader(runErrors(s), wait),
		alerts:    dataloadgen.NewLoader(alertsByID(s), wait),
		folded:    dataloadgen.NewLoader(foldedOf(s), wait),
		unread:    dataloadgen.NewLoader(unreadItems(s), wait),

		tenants:   dataloadgen.NewLoader(workspacesByID(s), wait),
		mappings:  dataloadgen.NewLoader(mappingsOf(s), wait),
		objectsOf: dataloadgen.NewLoader(objectsOf(s), wait),
		completed: dataloadgen.NewLoader(completions(s), wait),
		defaults:  dataloadgen.NewLoader(defaultsOf(s), wait),
		readable:  dataloadgen.NewLoader(readableFields(s), wait),
	}
}

// explanations is made at first use, since a use case answers it.
func (l *loaders) explanations(r *Resolver) *dataloadgen.Loader[string, *permission.Explanation] {
	l.explainOnce.Do(func() {
		l.explained = dataloadgen.NewLoader(explanationsOf(r), dataloadgen.WithWait(time.Millisecond))
	})
	return l.explained
}

// userMatches is made at first use, since a use case answers it.
func (l *loaders) userMatches(r *Resolver) *dataloadgen.Loader[*ent.Integration, []member.Match] {
	l.matchOnce.Do(func() {
		l.matched = dataloadgen.NewLoader(matchesOf(r), dataloadgen.WithWait(time.Millisecond))
	})
	return l.matched
}

// permissionHealth is made at first use, since a use case answers it.
func (l *loaders) permissionHealth(r *Resolver) *dataloadgen.Loader[healthAsked, []*model.PermissionHealthDay] {
	l.lossOnce.Do(func() {
		l.losses = dataloadgen.NewLoader(permissionHealths(r), dataloadgen.WithWait(time.Millisecond))
	})
	return l.losses
}

// from returns the loaders of a response. A caller outside of one (a test of a
// single resolver) gets its own.
func (r *Resolver) loaders(ctx context.Context) *loaders {
	if found, ok := ctx.Value(loadersKey{}).(*loaders); ok {
		return found
	}
	return newLoaders(r.Store)
}

// inOrder gives each key its value, or an error made by missing.
func inOrder[V any](keys []string, found map[string]V, missing func(key string) (V, error)) ([]V, []error) {
	values, failures := make([]V, len(keys)), make([]error, len(keys))
	for i, key := range keys {
		value, ok := found[key]
		if !ok {
			value, failures[i] = missing(key)
		}
		values[i] = value
	}
	return values, failures
}

// rowsOrNil makes a loader of rows by id; a row that is gone is nil.
func rowsOrNil[T any](what string, load func(context.Context, []string) ([]*T, error), idOf func(*T) string) func(context.Context, []string) ([]*T, []error) {
	return func(ctx context.Context, ids []string) ([]*T, []error) {
		rows, err := load(ctx, ids)
		if err != nil {
			return nil, []error{fmt.Errorf("graph: loading %s: %w", what, err)}
		}
		found := make(map[string]*T, len(rows))
		for _, row := range rows {
			found[idOf(row)] = row
		}
		return inOrder(ids, found, func(string) (*T, error) { return nil, nil })
	}
}

func objectsByID(s *store.Store) func(context.Context, []string) ([]*ent.CrmObject, []error) {
	return func(ctx context.Context, ids []string) ([]*ent.CrmObject, []error) {
		rows, err := s.Read().CrmObject.Query().Where(crmobject.IDIn(ids...)).All(ctx)
		if err != nil {
			return nil, []error{fmt.Errorf("graph: loading objects: %w", err)}
		}
		found := make(map[string]*ent.CrmObject, len(rows))
		for _, row := range rows {
			found[row.ID] = row
		}
		return inOrder(ids, found, func(id string) (*ent.CrmObject, error) {
			return nil, fmt.Errorf("graph: object %s is gone", id)
		})
	}
}

func fieldCounts(s *store.Store) func(context.Context, []string) ([]*model.FieldCounts, []error) {
	return func(ctx context.Context, objectIDs []string) ([]*model.FieldCounts, []error) {
		found, err := countFields(ctx, s, objectIDs, "")
		if err != nil {
			return nil, []error{err}
		}
		return inOrder(objectIDs, found, func(string) (*model.FieldCounts, error) { return &model.FieldCounts{}, nil })
	}
}

func countOf(counts *model.FieldCounts, status crm.FieldStatus) *int {
	switch status {
	case crm.FieldActiveStandardized:
		return &counts.ActiveStandardized
	case crm.FieldActive:
		return &counts.Active
	case crm.FieldErrorStandardized:
		return &counts.ErrorStandardized
	default:
		return &counts.Inaccessible
	}
}

// standardFields loads, for each integration, the standard field of each mapped
// CRM field by "object.field".
func standardFields(s *store.Store) func(context.Context, []string) ([]map[string]string, []error) {
	return func(ctx context.Context, integrationIDs []string) ([]map[string]string, []error) {
		rows, err := s.Read().Mapping.Query().Where(mapping.IntegrationIDIn(integrationIDs...)).All(ctx)
		if err != nil {
			return nil, []error{fmt.Errorf("graph: loading mappings: %w", err)}
		}
		found := map[string]map[string]string{}
		for _, row := range rows {
			if found[row.IntegrationID] == nil {
				found[row.IntegrationID] = map[string]string{}
			}
			found[row.IntegrationID][row.ObjectName+"."+row.CrmField] = row.StandardField
		}
		return inOrder(integrationIDs, found, func(string) (map[string]string, error) { return map[string]string{}, nil })
	}
}

// runObjects loads, for each run, its objects in the package's order.
func runObjects(s *store.Store) func(context.Context, []string) ([][]*ent.RunObject, []error) {
	return func(ctx context.Context, runIDs []string) ([][]*ent.RunObject, []error) {
		rows, err := s.Read().RunObject.Query().Where(runobject.RunIDIn(runIDs...)).Order(runobject.ByPosition()).All(ctx)
		if err != nil {
			return nil, []error{fmt.Errorf("graph: loading the objects of runs: %w", err)}
		}
		found := map[string][]*ent.RunObject{}
		for _, row := range rows {
			found[row.RunID] = append(found[row.RunID], row)
		}
		return inOrder(runIDs, found, func(string) ([]*ent.RunObject, error) { return []*ent.RunObject{}, nil })
	}
}

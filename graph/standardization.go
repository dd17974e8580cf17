package graph

import (
	"context"
	"fmt"
	"time"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/mapping"
	"github.com/fieldwarden/fieldwarden/ent/mappingchange"
	"github.com/fieldwarden/fieldwarden/ent/mappingdefault"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	mappings "github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// standardFields lists the package's vocabulary with what is mapped to it.
func (r *Resolver) standardFields(ctx context.Context, found *ent.Integration) ([]*model.StandardField, error) {
	pkg, err := r.packageOf(ctx, found)
	if err != nil {
		return nil, err
	}
	rows, err := r.loaders(ctx).mappings.Load(ctx, found.ID)
	if err != nil {
		return nil, err
	}
	defaults, err := r.loaders(ctx).defaults.Load(ctx, found.Connector)
	if err != nil {
		return nil, err
	}
	mapped := make(map[string]*ent.Mapping, len(rows))
	for _, row := range rows {
		mapped[row.StandardField] = row
	}
	shown := []*model.StandardField{}
	for _, object := range pkg.Objects {
		for _, field := range object.Fields {
			one := &model.StandardField{
				Key: field.Key, Label: field.Label, Object: object.Name, DataType: string(field.DataType),
				Requirement: field.Requirement, Mapping: mapped[field.Key], Features: []*model.Feature{},
				Affected: pointers(crm.FieldImpact(pkg, field)), DefaultCrmField: defaults[field.Key],
			}
			if one.DefaultCrmField == "" {
				one.DefaultCrmField = field.CRMField(nil)
			}
			for _, feature := range pkg.FeaturesOf(field) {
				one.Features = append(one.Features, featureOf(feature))
			}
			shown = append(shown, one)
		}
	}
	return shown, nil
}

func featureOf(feature crm.Feature) *model.Feature {
	return &model.Feature{
		Key: feature.Key, Title: feature.Title, Description: feature.Description, Settings: append([]string{}, feature.Settings...),
	}
}

// pointers shows values of the rules; none is an empty list.
func pointers[T any](values []T) []*T {
	shown := make([]*T, len(values))
	for i := range values {
		shown[i] = &values[i]
	}
	return shown
}

// standardization shows where the standardization of an integration stands.
func (r *Resolver) standardization(ctx context.Context, found *ent.Integration) (*model.Standardization, error) {
	pkg, err := r.packageOf(ctx, found)
	if err != nil {
		return nil, err
	}
	objects, err := r.loaders(ctx).objectsOf.Load(ctx, found.ID)
	if err != nil {
		return nil, err
	}
	rows, err := r.loaders(ctx).mappings.Load(ctx, found.ID)
	if err != nil {
		return nil, err
	}
	survey := mappings.Survey(found, pkg, objects, rows)
	shown := &model.Standardization{
		Completed: survey.Completed, Blockers: append([]string{}, survey.Blockers...),
		Preconditions: []*model.Precondition{}, Objects: []*model.StandardizationObject{},
	}
	if survey.Completed {
		if shown.CompletedAt, err = r.loaders(ctx).completed.Load(ctx, found.ID); err != nil {
			return nil, err
		}
	}
	for _, one := range survey.Preconditions {
		shown.Preconditions = append(shown.Preconditions, &model.Precondition{Key: one.Key, Title: one.Title, Met: one.Met, Hint: one.Hint})
	}
	for _, one := range survey.Objects {
		object := &model.StandardizationObject{
			Object: one.Row, Name: one.Package.Name, Label: one.Package.Label, Published: one.Published,
			StandardFieldCount: len(one.Package.Fields), MappedCount: one.Mapped, UnmappedRequired: append([]string{}, one.UnmappedRequired...),
		}
		if one.Row != nil && one.Row.Label != "" {
			object.Label = one.Row.Label
		}
		shown.Objects = append(shown.Objects, object)
	}
	return shown, nil
}

// mappingProposals are the suggestions for all published objects, or for one.
func (r *Resolver) mappingProposals(ctx context.Context, found *ent.Integration, object *string) ([]*model.MappingProposal, error) {
	pkg, err := r.packageOf(ctx, found)
	if err != nil {
		return nil, err
	}
	objects, err := r.loaders(ctx).objectsOf.Load(ctx, found.ID)
	if err != nil {
		return nil, err
	}
	rows, err := r.loaders(ctx).mappings.Load(ctx, found.ID)
	if err != nil {
		return nil, err
	}
	defaults, err := r.loaders(ctx).defaults.Load(ctx, found.Connector)
	if err != nil {
		return nil, err
	}
	byName := make(map[string]*ent.CrmObject, len(objects))
	for _, row := range objects {
		byName[row.Name] = row
	}
	shown := []*model.MappingProposal{}
	for _, one := range pkg.Objects {
		row := byName[one.Name]
		if row == nil || !row.Published || row.Status != crm.ObjectOK || object != nil && *object != one.Name {
			continue
		}
		fields, err := r.loaders(ctx).readable.Load(ctx, row.ID)
		if err != nil {
			return nil, err
		}
		shown = append(shown, proposalsOf(pkg, one, fields, rows, defaults)...)
	}
	return shown, nil
}

// proposalsOf are the suggestions for one object.
func proposalsOf(pkg crm.Package, object crm.PackageObject, fields []crm.FieldInfo, rows []*ent.Mapping, defaults map[string]string) []*model.MappingProposal {
	in := crm.SuggestInput{Package: pkg, Object: object.Name, Fields: fields, Defaults: defaults, Present: map[string]crm.PresentMapping{}}
	for _, row := range rows {
		if row.ObjectName == object.Name {
			in.Present[row.StandardField] = crm.PresentMapping{CRMField: row.CrmField, Origin: row.Origin}
		}
	}
	var shown []*model.MappingProposal
	for _, proposal := range crm.Suggest(in) {
		_, standard, _ := pkg.StandardField(proposal.StandardField)
		shown = append(shown, &model.MappingProposal{
			StandardField: proposal.StandardField, Label: standard.Label, ObjectName: object.Name, CrmField: proposal.CRMField,
			Confidence: proposal.Confidence, Reason: proposal.Reason, Readable: proposal.Readable,
			PresentCrmField: in.Present[proposal.StandardField].CRMField,
		})
	}
	return shown
}

// mappingChanges pages through the history of standardization, newest first.
func (r *Resolver) mappingChanges(ctx context.Context, found *ent.Integration, standardField, object *string, p page) (*ent.MappingChangeConnection, error) {
	query := found.QueryMappingChanges()
	if standardField != nil {
		query.Where(mappingchange.StandardField(*standardField))
	}
	if object != nil {
		query.Where(mappingchange.ObjectName(*object))
	}
	return query.Paginate(ctx, p.after, p.first, p.before, p.last, ent.WithMappingChangeOrder(newestMappingChanges()))
}

func newestMappingChanges() *ent.MappingChangeOrder {
	return &ent.MappingChangeOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultMappingChangeOrder.Field}
}

// fieldImpact is what stops working without a standard field; nil when the package
// does not know it.
func (r *Resolver) fieldImpact(ctx context.Context, found *ent.Integration, standardField string) ([]*crm.Affected, error) {
	pkg, err := r.packageOf(ctx, found)
	if err != nil {
		return nil, err
	}
	_, standard, known := pkg.StandardField(standardField)
	if !known {
		return nil, nil
	}
	return pointers(crm.FieldImpact(pkg, standard)), nil
}

// objectImpact is what stops working without an object; nil when the package does not
// know it.
func (r *Resolver) objectImpact(ctx context.Context, found *ent.Integration, name string) ([]*crm.Affected, error) {
	pkg, err := r.packageOf(ctx, found)
	if err != nil {
		return nil, err
	}
	object, known := pkg.Object(name)
	if !known {
		return nil, nil
	}
	return pointers(crm.ObjectImpact(pkg, object)), nil
}

// crmObject loads an object after a mutation about it.
func (r *Resolver) crmObject(ctx context.Context, integrationID, name string) (*ent.CrmObject, error) {
	found, err := r.Store.Read().CrmObject.Query().Where(crmobject.IntegrationID(integrationID), crmobject.Name(name)).Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("graph: loading object: %w", err)
	}
	return found, nil
}

// mappingsByID loads mappings in the order of their ids' list.
func (r *Resolver) mappingsByID(ctx context.Context, ids []string) ([]*ent.Mapping, error) {
	rows, err := r.Store.Read().Mapping.Query().Where(mapping.IDIn(ids...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("graph: loading mappings: %w", err)
	}
	byID := make(map[string]*ent.Mapping, len(rows))
	for _, row := range rows {
		byID[row.ID] = row
	}
	shown := make([]*ent.Mapping, 0, len(ids))
	for _, id := range ids {
		// One that was replaced since is not there any more.
		if row := byID[id]; row != nil {
			shown = append(shown, row)
		}
	}
	return shown, nil
}

// integrationsByID loads integrations, oldest first.
func (r *Resolver) integrationsByID(ctx context.Context, ids []string) ([]*ent.Integration, error) {
	found, err := r.Store.Read().Integration.Query().Where(integration.IDIn(ids...)).Order(integration.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("graph: loading integrations: %w", err)
	}
	return found, nil
}

// mappingDefaults lists the workspace's defaults in a stable order.
func (r *Resolver) mappingDefaults(ctx context.Context, connector *string, standardField ...string) ([]*ent.MappingDefault, error) {
	var which []predicate.MappingDefault
	if connector != nil {
		which = append(which, mappingdefault.Connector(*connector))
	}
	if len(standardField) > 0 {
		which = append(which, mappingdefault.StandardFieldIn(standardField...))
	}
	found, err := r.Store.Read().MappingDefault.Query().Where(which...).
		Order(mappingdefault.ByConnector(), mappingdefault.ByStandardField()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("graph: loading defaults: %w", err)
	}
	return found, nil
}

// The functions below batch what the standardization of many integrations needs.

func workspacesByID(s *store.Store) func(context.Context, []string) ([]*ent.Workspace, []error) {
	return func(ctx context.Context, ids []string) ([]*ent.Workspace, []error) {
		rows, err := s.Read().Workspace.Query().Where(workspace.IDIn(ids...)).All(ctx)
		if err != nil {
			return nil, []error{fmt.Errorf("graph: loading workspaces: %w", err)}
		}
		found := make(map[string]*ent.Workspace, len(rows))
		for _, row := range rows {
			found[row.ID] = row
		}
		return inOrder(ids, found, func(id string) (*ent.Workspace, error) { return nil, fmt.Errorf("graph: workspace %s is gone", id) })
	}
}

func mappingsOf(s *store.Store) func(context.Context, []string) ([][]*ent.Mapping, []error) {
	return func(ctx context.Context, integrationIDs []string) ([][]*ent.Mapping, []error) {
		rows, err := s.Read().Mapping.Query().Where(mapping.IntegrationIDIn(integrationIDs...)).All(ctx)
		if err != nil {
			return nil, []error{fmt.Errorf("graph: loading mappings: %w", err)}
		}
		found := map[string][]*ent.Mapping{}
		for _, row := range rows {
			found[row.IntegrationID] = append(found[row.IntegrationID], row)
		}
		return inOrder(integrationIDs, found, func(string) ([]*ent.Mapping, error) { return []*ent.Mapping{}, nil })
	}
}

// defaultsOf loads, for each connector, the defaults of the principal's workspace by
// standard field.
func defaultsOf(s *store.Store) func(context.Context, []string) ([]map[string]string, []error) {
	return func(ctx context.Context, connectors []string) ([]map[string]string, []error) {
		rows, err := s.Read().MappingDefault.Query().Where(mappingdefault.ConnectorIn(connectors...)).All(ctx)
		if err != nil {
			return nil, []error{fmt.Errorf("graph: loading defaults: %w", err)}
		}
		found := map[string]map[string]string{}
		for _, row := range rows {
			if found[row.Connector] == nil {
				found[row.Connector] = map[string]string{}
			}
			found[row.Connector][row.StandardField] = row.CrmField
		}
		return inOrder(connectors, found, func(string) (map[string]string, error) { return map[string]string{}, nil })
	}
}

func objectsOf(s *store.Store) func(context.Context, []string) ([][]*ent.CrmObject, []error) {
	return func(ctx context.Context, integrationIDs []string) ([][]*ent.CrmObject, []error) {
		rows, err := s.Read().CrmObject.Query().Where(crmobject.IntegrationIDIn(integrationIDs...)).
			Order(crmobject.ByPosition(), crmobject.ByName()).All(ctx)
		if err != nil {
			return nil, []error{fmt.Errorf("graph: loading objects: %w", err)}
		}
		found := map[string][]*ent.CrmObject{}
		for _, row := range rows {
			found[row.IntegrationID] = append(found[row.IntegrationID], row)
		}
		return inOrder(integrationIDs, found, func(string) ([]*ent.CrmObject, error) { return []*ent.CrmObject{}, nil })
	}
}

// readableFields loads, for each object, what can be mapped: only the columns that
// suggestions go by, for there may be thousands of rows.
func readableFields(s *store.Store) func(context.Context, []string) ([][]crm.FieldInfo, []error) {
	return func(ctx context.Context, objectIDs []string) ([][]crm.FieldInfo, []error) {
		rows, err := s.Read().CrmField.Query().
			Where(crmfield.ObjectIDIn(objectIDs...), crmfield.Readable(true), crmfield.SuspectedAtIsNil()).
			Select(crmfield.FieldObjectID, crmfield.FieldName, crmfield.FieldLabel, crmfield.FieldDataType, crmfield.FieldReadable).All(ctx)
		if err != nil {
			return nil, []error{fmt.Errorf("graph: loading fields: %w", err)}
		}
		found := map[string][]crm.FieldInfo{}
		for _, row := range rows {
			found[row.ObjectID] = append(found[row.ObjectID], snapshot.FieldInfoOf(row))
		}
		return inOrder(objectIDs, found, func(string) ([]crm.FieldInfo, error) { return nil, nil })
	}
}

// completions loads when the standardization of integrations was completed last; nil
// for one whose history does not say.
func completions(s *store.Store) func(context.Context, []string) ([]*time.Time, []error) {
	return func(ctx context.Context, integrationIDs []string) ([]*time.Time, []error) {
		rows, err := s.Read().MappingChange.Query().
			Where(mappingchange.IntegrationIDIn(integrationIDs...), mappingchange.ActionEQ(crm.MappingCompleted)).
			Order(mappingchange.ByID(sql.OrderAsc())).All(ctx)
		if err != nil {
			return nil, []error{fmt.Errorf("graph: loading the history of standardization: %w", err)}
		}
		found := map[string]*time.Time{}
		for _, row := range rows {
			found[row.IntegrationID] = &row.CreatedAt
		}
		return inOrder(integrationIDs, found, func(string) (*time.Time, error) { return nil, nil }) // null is the answer
	}
}

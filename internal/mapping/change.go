package mapping

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/mapping"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Change is one wanted mapping.
type Change struct {
	// StandardField is a key of the package.
	StandardField string
	// CRMField is the CRM's name of a field of the standard field's object; empty takes
	// the mapping away.
	CRMField string
	// Origin says who makes it; empty is an admin.
	Origin crm.MappingOrigin
}

func (c Change) origin() crm.MappingOrigin { return cmp.Or(c.Origin, crm.MappingAdmin) }

// Changed is what a change did. Before and After are names of CRM fields; empty is
// not mapped.
type Changed struct {
	StandardField string
	Object        string
	Before        string
	After         string

	origin crm.MappingOrigin
}

// fieldKey names a CRM field of an integration.
type fieldKey struct{ object, field string }

// Apply makes changes together in the transaction of a higher use case, which holds
// the integration's lock (snapshot.Lock) and has seen to who may. It is all or
// nothing: two standard fields may change places. What is so already is left out of
// the answer. The reason is for the history and the audit.
//
// It refuses as Map does, with all refusals joined (errors.Join); each has the
// standard field at fault as the detail "subject".
func (s *Service) Apply(ctx context.Context, tx *store.Tx, integration *ent.Integration, changes []Change, reason string) ([]Changed, error) {
	pkg, _, err := s.packages.Of(ctx, tx.Ent(), integration)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, tx, integration, pkg, changes, reason)
}

// change is Apply with the package at hand.
func (s *Service) change(
	ctx context.Context, tx *store.Tx, integration *ent.Integration, pkg crm.Package, changes []Change, reason string,
) ([]Changed, error) {
	present, err := presentMappings(ctx, tx, integration.ID)
	if err != nil {
		return nil, err
	}
	changed, err := plan(pkg, present, changes)
	if err != nil || len(changed) == 0 {
		return nil, err
	}
	if err := connected(integration); err != nil {
		return nil, err
	}
	fields, err := findFields(ctx, tx, integration.ID, pkg, changed)
	if err != nil {
		return nil, err
	}
	if err := s.write(ctx, tx, integration, present, fields, changed, reason); err != nil {
		return nil, err
	}
	return changed, s.evaluate(ctx, tx, integration, pkg, touched(changed)...)
}

// presentMappings loads an integration's mappings by standard field.
func presentMappings(ctx context.Context, tx *store.Tx, integrationID string) (map[string]*ent.Mapping, error) {
	rows, err := tx.Ent().Mapping.Query().Where(mapping.IntegrationID(integrationID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("mapping: present mappings: %w", err)
	}
	present := make(map[string]*ent.Mapping, len(rows))
	for _, row := range rows {
		present[row.StandardField] = row
	}
	return present, nil
}

// plan works out what changes do to the present mappings, by standard field.
func plan(pkg crm.Package, present map[string]*ent.Mapping, changes []Change) ([]Changed, error) {
	holders := make(map[fieldKey]string, len(present))
	for key, row := range present {
		holders[fieldKey{row.ObjectName, row.CrmField}] = key
	}
	var changed []Changed
	var problems []error
	wanted := map[string]string{}
	for _, change := range changes {
		object, _, found := pkg.StandardField(change.StandardField)
		if !found {
			problems = append(problems, fault.New(fault.BadInput, fmt.Sprintf("The package has no standard field %q.", crm.Shorten(change.StandardField, 120)),
				fault.Detail("subject", change.StandardField)))
			continue
		}
		if other, twice := wanted[change.StandardField]; twice {
			problems = append(problems, fault.New(fault.MappingConflict,
				fmt.Sprintf("%s is to be mapped twice, to %s and to %s.", change.StandardField, other, change.CRMField),
				fault.Detail("subject", change.StandardField), fault.Detail("standardField", change.StandardField)))
			continue
		}
		wanted[change.StandardField] = change.CRMField
		one := Changed{StandardField: change.StandardField, Object: object.Name, After: change.CRMField, origin: change.origin()}
		if row := present[change.StandardField]; row != nil {
			one.Before = row.CrmField
		}
		if one.Before != one.After {
			changed = append(changed, one)
			delete(holders, fieldKey{object.Name, one.Before})
		}
	}
	for _, one := range changed {
		if one.After == "" {
			continue
		}
		key := fieldKey{one.Object, one.After}
		if holder, taken := holders[key]; taken {
			problems = append(problems, fault.New(fault.MappingConflict,
				fmt.Sprintf("%s.%s stands for %s already; it cannot stand for %s too.", one.Object, one.After, holder, one.StandardField),
				fault.Detail("subject", one.StandardField), fault.Detail("standardField", holder)))
			continue
		}
		holders[key] = one.StandardField
	}
	return changed, errors.Join(problems...)
}

// findFields loads the fields that changes map to; each must be known from a check,
// and its type must be able to carry the standard field's values.
func findFields(ctx context.Context, tx *store.Tx, integrationID string, pkg crm.Package, changed []Changed) (map[fieldKey]*ent.CrmField, error) {
	var names []string
	for _, one := range changed {
		if one.After != "" {
			names = append(names, one.After)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	rows, err := tx.Ent().CrmField.Query().Where(crmfield.IntegrationID(integrationID), crmfield.NameIn(names...)).WithObject().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("mapping: fields: %w", err)
	}
	fields := make(map[fieldKey]*ent.CrmField, len(rows))
	for _, row := range rows {
		fields[fieldKey{row.Edges.Object.Name, row.Name}] = row
	}
	var problems []error
	for _, one := range changed {
		if one.After == "" {
			continue
		}
		if err := usable(pkg, one, fields[fieldKey{one.Object, one.After}]); err != nil {
			problems = append(problems, err)
		}
	}
	return fields, errors.Join(problems...)
}

// usable refuses a field that no check has seen (nil), and one whose type cannot carry
// the values: it would open MAPPING_BROKEN at once.
func usable(pkg crm.Package, one Changed, field *ent.CrmField) error {
	if field == nil {
		return fault.New(fault.NotFound, fmt.Sprintf("No check has seen a field %s.%s.", one.Object, crm.Shorten(one.After, 120)),
			fault.Detail("subject", one.StandardField),
			fault.Hint("Check the field's API name, let the integration user read it, then check the object again."))
	}
	_, standard, _ := pkg.StandardField(one.StandardField)
	if standard.DataType.Suits(field.DataType) {
		return nil
	}
	return fault.New(fault.BadInput,
		fmt.Sprintf("%s.%s is of the type %s, which holds no %s values; %s needs them.", one.Object, one.After, field.DataType, standard.DataType, one.StandardField),
		fault.Detail("subject", one.StandardField), fault.Hint("Map a field whose type suits; mappingProposals names some."))
}

// write replaces the rows: all former ones go before the first new one comes, so
// that standard fields can change places. Who may has been seen to: what a package
// loses goes at the word of whoever changes the package.
func (s *Service) write(
	ctx context.Context, tx *store.Tx, integration *ent.Integration,
	present map[string]*ent.Mapping, fields map[fieldKey]*ent.CrmField, changed []Changed, reason string,
) error {
	p, ok := principal.From(ctx)
	if !ok {
		return fault.New(fault.Forbidden, "Nobody acts.")
	}
	if err := remove(ctx, tx, present, changed); err != nil {
		return err
	}
	var creates []*ent.MappingCreate
	var standardized []string
	steps := make([]step, len(changed))
	for i, one := range changed {
		steps[i] = stepOf(one, one.origin, reason)
		item := store.AuditItem{Action: "mapField", Target: integration.ID, Outcome: crm.AuditSucceeded}
		if one.Before != "" {
			item.Before = auditOf(present[one.StandardField])
		}
		item.After = audited{StandardField: one.StandardField, Object: one.Object, CRMField: one.After, Origin: one.origin, Reason: reason}
		if one.After == "" {
			item.Action, item.After = "unmapField", audited{StandardField: one.StandardField, Object: one.Object, Reason: reason}
		} else {
			creates = append(creates, tx.Ent().Mapping.Create().
				SetWorkspaceID(integration.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(integration.ID).
				SetObjectName(one.Object).SetStandardField(one.StandardField).SetCrmField(one.After).
				SetOrigin(one.origin).SetCreatedBy(p.ID))
			standardized = append(standardized, fields[fieldKey{one.Object, one.After}].ID)
		}
		if err := tx.Audit(ctx, item); err != nil {
			return err
		}
	}
	if len(creates) > 0 {
		if err := tx.Ent().Mapping.CreateBulk(creates...).Exec(ctx); err != nil {
			return fmt.Errorf("mapping: saving: %w", err)
		}
		if err := tx.Ent().CrmField.Update().Where(crmfield.IDIn(standardized...)).SetStandardized(true).Exec(ctx); err != nil {
			return fmt.Errorf("mapping: standardizing: %w", err)
		}
	}
	return record(ctx, tx, integration, p.ID, steps)
}

// remove deletes the mappings that changes take away or replace. Their CRM fields
// were standardized by them only (requirement H5).
func remove(ctx context.Context, tx *store.Tx, present map[string]*ent.Mapping, changed []Changed) error {
	var ids []string
	var fields []predicate.CrmField
	for _, one := range changed {
		if one.Before == "" {
			continue
		}
		row := present[one.StandardField]
		ids = append(ids, row.ID)
		fields = append(fields, crmfield.And(crmfield.Name(row.CrmField), crmfield.HasObjectWith(crmobject.Name(row.ObjectName))))
	}
	if len(ids) == 0 {
		return nil
	}
	if _, err := tx.Ent().Mapping.Delete().Where(mapping.IDIn(ids...)).Exec(ctx); err != nil {
		return fmt.Errorf("mapping: removing: %w", err)
	}
	integrationID := present[changed[slices.IndexFunc(changed, func(c Changed) bool { return c.Before != "" })].StandardField].IntegrationID
	err := tx.Ent().CrmField.Update().Where(crmfield.IntegrationID(integrationID), crmfield.Or(fields...)).SetStandardized(false).Exec(ctx)
	if err != nil {
		return fmt.Errorf("mapping: unstandardizing: %w", err)
	}
	return nil
}

// touched lists the objects of changes, each once, in order.
func touched(changed []Changed) []string {
	objects := map[string]bool{}
	for _, one := range changed {
		objects[one.Object] = true
	}
	return slices.Sorted(maps.Keys(objects))
}

// Mapped returns the CRM field of each mapped standard field, as client sees them.
func (s *Service) Mapped(ctx context.Context, client *ent.Client, integrationID string) (map[string]string, error) {
	rows, err := client.Mapping.Query().Where(mapping.IntegrationID(integrationID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("mapping: present mappings: %w", err)
	}
	mapped := make(map[string]string, len(rows))
	for _, row := range rows {
		mapped[row.StandardField] = row.CrmField
	}
	return mapped, nil
}

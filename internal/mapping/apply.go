package mapping

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/mapping"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Change is one wanted mapping.
type Change struct {
	// StandardField is a key of the package.
	StandardField string
	// CRMField is the CRM's name of a field of the standard field's object; empty takes
	// the mapping away.
	CRMField string
}

// Changed is what a change did. Before and After are names of CRM fields; empty is
// not mapped.
type Changed struct {
	StandardField string
	Object        string
	Before        string
	After         string
}

// fieldKey names a CRM field of an integration.
type fieldKey struct{ object, field string }

// Apply makes changes together in the transaction of a higher use case, which holds
// the integration's lock (snapshot.Lock) and has seen to who may. It is all or
// nothing: two standard fields may change places. What is so already is left out of
// the answer. The reason is for the audit of what is taken away.
//
// It refuses as Map does, with all refusals joined (errors.Join); each has the
// standard field at fault as the detail "subject".
func (s *Service) Apply(ctx context.Context, tx *store.Tx, integration *ent.Integration, changes []Change, reason string) ([]Changed, error) {
	pkg, _, err := s.packages.Of(ctx, tx.Ent(), integration)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Ent().Mapping.Query().Where(mapping.IntegrationID(integration.ID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("mapping: present mappings: %w", err)
	}
	present := make(map[string]*ent.Mapping, len(rows))
	for _, row := range rows {
		present[row.StandardField] = row
	}
	changed, err := plan(pkg, present, changes)
	if err != nil || len(changed) == 0 {
		return nil, err
	}
	if err := connected(integration); err != nil {
		return nil, err
	}
	fields, err := findFields(ctx, tx, integration.ID, changed)
	if err != nil {
		return nil, err
	}
	if err := s.write(ctx, tx, integration, present, fields, changed, reason); err != nil {
		return nil, err
	}
	return changed, s.evaluate(ctx, tx, integration, pkg, touched(changed)...)
}

// plan works out what changes do to the present mappings, by standard field.
func plan(pkg crm.Package, present map[string]*ent.Mapping, changes []Change) ([]Changed, error) {
	holders := make(map[fieldKey]string, len(present))
	for key, row := range present {
		holders[fieldKey{row.ObjectName, row.CrmField}] = key
	}
	var changed []Changed
	var problems []error
	for _, change := range changes {
		object, _, found := pkg.StandardField(change.StandardField)
		if !found {
			problems = append(problems, fault.New(fault.BadInput, fmt.Sprintf("The package has no standard field %q.", change.StandardField),
				fault.Detail("subject", change.StandardField)))
			continue
		}
		one := Changed{StandardField: change.StandardField, Object: object.Name, After: change.CRMField}
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

// findFields loads the fields that changes map to; each must be known from a check.
func findFields(ctx context.Context, tx *store.Tx, integrationID string, changed []Changed) (map[fieldKey]*ent.CrmField, error) {
	var names []string
	for _, one := range changed {
		if one.After != "" {
			names = append(names, one.After)
		}
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
		if one.After != "" && fields[fieldKey{one.Object, one.After}] == nil {
			problems = append(problems, fault.New(fault.NotFound, fmt.Sprintf("No check has seen a field %s.%s.", one.Object, one.After),
				fault.Detail("subject", one.StandardField),
				fault.Hint("Check the field's API name, let the integration user read it, then check the object again.")))
		}
	}
	return fields, errors.Join(problems...)
}

// write replaces the rows: all former ones go before the first new one comes, so
// that standard fields can change places.
func (s *Service) write(
	ctx context.Context, tx *store.Tx, integration *ent.Integration,
	present map[string]*ent.Mapping, fields map[fieldKey]*ent.CrmField, changed []Changed, reason string,
) error {
	p, err := admin(ctx)
	if err != nil {
		return err
	}
	for _, one := range changed {
		if one.Before == "" {
			continue
		}
		if err := remove(ctx, tx, present[one.StandardField]); err != nil {
			return err
		}
	}
	for _, one := range changed {
		item := store.AuditItem{Action: "mapField", Target: integration.ID, Outcome: crm.AuditSucceeded}
		if one.Before != "" {
			item.Before = auditOf(present[one.StandardField])
		}
		if one.After == "" {
			item.Action, item.After = "unmapField", audited{StandardField: one.StandardField, Object: one.Object, Reason: reason}
		} else {
			row, err := tx.Ent().Mapping.Create().
				SetWorkspaceID(integration.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(integration.ID).
				SetObjectName(one.Object).SetStandardField(one.StandardField).SetCrmField(one.After).
				SetOrigin(crm.MappingAdmin).SetCreatedBy(p.ID).Save(ctx)
			if err != nil {
				return fmt.Errorf("mapping: saving: %w", err)
			}
			field := fields[fieldKey{one.Object, one.After}]
			if err := tx.Ent().CrmField.UpdateOneID(field.ID).SetStandardized(true).Exec(ctx); err != nil {
				return fmt.Errorf("mapping: standardizing %s.%s: %w", one.Object, one.After, err)
			}
			item.After = auditOf(row)
		}
		if err := tx.Audit(ctx, item); err != nil {
			return err
		}
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

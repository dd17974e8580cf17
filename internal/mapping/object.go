package mapping

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/mapping"
	"github.com/fieldwarden/fieldwarden/ent/mappingchange"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// PublishInput publishes an object.
type PublishInput struct {
	IntegrationID string
	// Object is the CRM's name.
	Object         string
	IdempotencyKey string
}

// Publish makes an object part of standardization: it is read, and its mapped fields
// are watched (requirement F4). One that has no mapping gets an automatic one to
// review (requirement H2). Publishing it again changes nothing. NOT_FOUND for an
// object that no check has seen.
func (s *Service) Publish(ctx context.Context, in PublishInput) error {
	if _, err := admin(ctx); err != nil {
		return err
	}
	_, err := store.Idempotent(ctx, s.store, in.IdempotencyKey, "mapping.publish", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			integration, object, err := lockObject(ctx, tx, in.IntegrationID, in.Object)
			if err != nil || object.Row.Published {
				return struct{}{}, err
			}
			return struct{}{}, s.setPublished(ctx, tx, integration, object, true, "")
		})
	return err
}

// UnpublishInput takes an object out.
type UnpublishInput struct {
	IntegrationID string
	// Object is the CRM's name.
	Object string
	// Reason is for the history.
	Reason string
	// Confirm must be true for an object that the package requires.
	Confirm        bool
	IdempotencyKey string
}

// Unpublish takes an object out of standardization: it is still checked, but runs do
// not read it and its alerts are resolved; its mappings wait for its return. What
// stops working is crm.ObjectImpact.
//
// Errors: NOT_FOUND for an object that no check has seen; CONFIRM_REQUIRED, and
// nothing is changed, when the package requires it and Confirm is not set.
func (s *Service) Unpublish(ctx context.Context, in UnpublishInput) error {
	if _, err := admin(ctx); err != nil {
		return err
	}
	var err error
	if in.Reason, err = reasoned(in.Reason); err != nil {
		return err
	}
	_, err = store.Idempotent(ctx, s.store, in.IdempotencyKey, "mapping.unpublish", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) { return struct{}{}, s.unpublish(ctx, tx, in) })
	return err
}

func (s *Service) unpublish(ctx context.Context, tx *store.Tx, in UnpublishInput) error {
	integration, object, err := lockObject(ctx, tx, in.IntegrationID, in.Object)
	if err != nil || !object.Row.Published {
		return err
	}
	pkg, _, err := s.packages.Of(ctx, tx.Ent(), integration)
	if err != nil {
		return err
	}
	if known, ok := pkg.Object(in.Object); ok && known.Requirement == crm.Required && !in.Confirm {
		return confirmRequired(fmt.Sprintf("The package requires the object %s.", known.Name), crm.ObjectImpact(pkg, known))
	}
	return s.setPublished(ctx, tx, integration, object, false, in.Reason)
}

// lockObject locks an integration and loads one of its objects.
func lockObject(ctx context.Context, tx *store.Tx, integrationID, name string) (*ent.Integration, *snapshot.Object, error) {
	integration, err := lock(ctx, tx, integrationID)
	if err != nil {
		return nil, nil, err
	}
	objects, err := snapshot.Objects(ctx, tx.Ent(), integrationID, name)
	if err != nil {
		return nil, nil, fmt.Errorf("mapping: object: %w", err)
	}
	object := objects[name]
	if object == nil {
		return nil, nil, fault.New(fault.NotFound, fmt.Sprintf("No check has seen an object %q.", crm.Shorten(name, 120)), fault.Field("object"),
			fault.Hint("Check the object's API name. The package names the objects that are checked."))
	}
	return integration, object, nil
}

// auditedObject is what the audit says of an object.
type auditedObject struct {
	Object    string `json:"object"`
	Published bool   `json:"published"`
	Reason    string `json:"reason,omitempty"`
}

func (s *Service) setPublished(ctx context.Context, tx *store.Tx, integration *ent.Integration, object *snapshot.Object, published bool, reason string) error {
	p, err := admin(ctx)
	if err != nil {
		return err
	}
	pkg, _, err := s.packages.Of(ctx, tx.Ent(), integration)
	if err != nil {
		return err
	}
	name := object.Row.Name
	if err := tx.Ent().CrmObject.UpdateOneID(object.Row.ID).SetPublished(published).Exec(ctx); err != nil {
		return fmt.Errorf("mapping: publishing %s: %w", name, err)
	}
	object.Row.Published = published
	action, verb := crm.MappingPublished, "publishObject"
	if !published {
		action, verb = crm.MappingUnpublished, "unpublishObject"
	}
	if err := record(ctx, tx, integration, p.ID, []step{{action: action, object: name, reason: reason}}); err != nil {
		return err
	}
	err = tx.Audit(ctx, store.AuditItem{
		Action: verb, Target: integration.ID, Outcome: crm.AuditSucceeded,
		Before: auditedObject{Object: name, Published: !published}, After: auditedObject{Object: name, Published: published, Reason: reason},
	})
	if err != nil {
		return err
	}
	if published {
		if err := s.mapFirst(ctx, tx, integration, pkg, object); err != nil {
			return err
		}
	}
	return s.evaluate(ctx, tx, integration, pkg, name)
}

// mapFirst gives an accessible object that never had a mapping its automatic one, from
// what checks have seen. One whose mappings somebody took away stays without.
func (s *Service) mapFirst(ctx context.Context, tx *store.Tx, integration *ent.Integration, pkg crm.Package, object *snapshot.Object) error {
	mapped, err := tx.Ent().Mapping.Query().
		Where(mapping.IntegrationID(integration.ID), mapping.ObjectName(object.Row.Name)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("mapping: of the object: %w", err)
	}
	unmapped, err := tx.Ent().MappingChange.Query().Where(mappingchange.IntegrationID(integration.ID),
		mappingchange.ObjectName(object.Row.Name), mappingchange.ActionEQ(crm.MappingUnmapped)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("mapping: history of the object: %w", err)
	}
	if mapped || unmapped || object.Row.Status != crm.ObjectOK {
		return nil
	}
	if err := snapshot.LoadFields(ctx, tx.Ent(), map[string]*snapshot.Object{object.Row.Name: object}); err != nil {
		return fmt.Errorf("mapping: fields: %w", err)
	}
	found := Found{Object: object}
	for _, row := range object.Fields {
		found.Fields = append(found.Fields, snapshot.FieldInfoOf(row))
	}
	return s.AutoMap(ctx, tx, integration, pkg, []Found{found})
}

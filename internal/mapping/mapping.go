// Package mapping says which CRM field stands for which standard field of the
// package (requirement H). A mapped field is standardized, hence mandatory and
// watched: once standardization is over, its loss is an alert.
//
// Invariants: a standard field has one CRM field and a CRM field stands for one
// standard field at most (H5); CrmField.standardized is true exactly for mapped
// fields, changed in the same transaction as the mapping; a changed mapping is a
// new row, so its creation time says since when the field is watched.
package mapping

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/mapping"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Config is what a Service is made of; all of it is required.
type Config struct {
	Store    *store.Store
	Alerts   *alert.Service
	Packages snapshot.Packages
}

// Service makes, changes and removes mappings. It is safe for concurrent use.
type Service struct {
	store    *store.Store
	alerts   *alert.Service
	packages snapshot.Packages
}

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Alerts == nil || c.Packages == nil {
		return nil, errors.New("mapping: incomplete config")
	}
	return &Service{store: c.Store, alerts: c.Alerts, packages: c.Packages}, nil
}

// reasonLength bounds the reason of an unmapping.
const reasonLength = 500

// audited is what the audit says of a mapping.
type audited struct {
	StandardField string            `json:"standardField"`
	Object        string            `json:"object"`
	CRMField      string            `json:"crmField,omitempty"`
	Origin        crm.MappingOrigin `json:"origin,omitempty"`
	Reason        string            `json:"reason,omitempty"`
}

func auditOf(row *ent.Mapping) audited {
	return audited{StandardField: row.StandardField, Object: row.ObjectName, CRMField: row.CrmField, Origin: row.Origin}
}

// admin returns who acts, if it may change mappings (requirement A2).
func admin(ctx context.Context) (principal.Principal, error) {
	p, ok := principal.From(ctx)
	if !ok || !p.IsAdmin() {
		return p, fault.New(fault.Forbidden, "Only an admin changes mappings.")
	}
	return p, nil
}

// lock loads an integration for a change of its mappings; INTEGRATION_STATE while
// nothing is known of its CRM.
func lock(ctx context.Context, tx *store.Tx, integrationID string) (*ent.Integration, error) {
	integration, err := snapshot.Lock(ctx, tx, integrationID)
	if err != nil {
		return nil, err
	}
	return integration, connected(integration)
}

func connected(integration *ent.Integration) error {
	switch integration.State {
	case crm.IntegrationDraft, crm.IntegrationAuthorizing, crm.IntegrationDisconnected:
		return fault.New(fault.IntegrationState, "The integration is not connected to the CRM, so its fields cannot be mapped.",
			fault.Detail("state", string(integration.State)))
	default:
		return nil
	}
}

// MapInput maps a CRM field to a standard field.
type MapInput struct {
	IntegrationID string
	// StandardField is a key of the package ("contact.email").
	StandardField string
	// Object and CRMField are the CRM's names. The object is the standard field's;
	// it may be left out.
	Object         string
	CRMField       string
	IdempotencyKey string
}

// Map makes a CRM field stand for a standard field, in place of the one that did,
// and returns the mapping's id. The field need not be readable now: mapping one that
// is not opens MISSING_AT_STANDARDIZATION (reading 1b.9).
//
// Errors: BAD_INPUT for a standard field or object that the package does not have,
// NOT_FOUND for a CRM field that no check has seen, MAPPING_CONFLICT with the detail
// "standardField" when the CRM field stands for another one.
func (s *Service) Map(ctx context.Context, in MapInput) (string, error) {
	if _, err := admin(ctx); err != nil {
		return "", err
	}
	return store.Idempotent(ctx, s.store, in.IdempotencyKey, "mapping.map", in,
		func(ctx context.Context, tx *store.Tx) (string, error) { return s.mapField(ctx, tx, in) })
}

func (s *Service) mapField(ctx context.Context, tx *store.Tx, in MapInput) (string, error) {
	integration, err := lock(ctx, tx, in.IntegrationID)
	if err != nil {
		return "", err
	}
	pkg, _, err := s.packages.Of(ctx, tx.Ent(), integration)
	if err != nil {
		return "", err
	}
	object, _, found := pkg.StandardField(in.StandardField)
	if !found {
		return "", fault.New(fault.BadInput, fmt.Sprintf("The package has no standard field %q.", in.StandardField), fault.Field("standardField"))
	}
	if in.Object == "" {
		in.Object = object.Name
	}
	if object.Name != in.Object {
		return "", fault.New(fault.BadInput, fmt.Sprintf("The standard field %s belongs to the object %s.", in.StandardField, object.Name), fault.Field("object"))
	}
	field, err := findField(ctx, tx, in)
	if err != nil {
		return "", err
	}
	rows, err := tx.Ent().Mapping.Query().Where(mapping.IntegrationID(integration.ID), mapping.ObjectName(in.Object)).All(ctx)
	if err != nil {
		return "", fmt.Errorf("mapping: of the object: %w", err)
	}
	var former *ent.Mapping
	for _, row := range rows {
		switch {
		case row.StandardField == in.StandardField:
			former = row
		case row.CrmField == in.CRMField:
			return "", fault.New(fault.MappingConflict,
				fmt.Sprintf("%s.%s stands for %s already.", in.Object, in.CRMField, row.StandardField),
				fault.Field("crmField"), fault.Detail("standardField", row.StandardField))
		}
	}
	if former != nil && former.CrmField == in.CRMField {
		return former.ID, nil
	}
	return s.replace(ctx, tx, integration, pkg, former, field, in)
}

// findField loads a field that some check, or an earlier mapping, has made known.
func findField(ctx context.Context, tx *store.Tx, in MapInput) (*ent.CrmField, error) {
	field, err := tx.Ent().CrmField.Query().Where(
		crmfield.IntegrationID(in.IntegrationID), crmfield.Name(in.CRMField),
		crmfield.HasObjectWith(crmobject.Name(in.Object))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, fmt.Sprintf("No check has seen a field %s.%s.", in.Object, in.CRMField),
			fault.Field("crmField"), fault.Hint("Check the field's API name, let the integration user read it, then check the object again."))
	}
	if err != nil {
		return nil, fmt.Errorf("mapping: field: %w", err)
	}
	return field, nil
}

// replace puts a new mapping in place of the former one, if there is one.
func (s *Service) replace(
	ctx context.Context, tx *store.Tx, integration *ent.Integration, pkg crm.Package, former *ent.Mapping, field *ent.CrmField, in MapInput,
) (string, error) {
	p, err := admin(ctx)
	if err != nil {
		return "", err
	}
	item := store.AuditItem{Action: "mapField", Target: integration.ID, Outcome: crm.AuditSucceeded}
	if former != nil {
		if err := remove(ctx, tx, former); err != nil {
			return "", err
		}
		item.Before = auditOf(former)
	}
	row, err := tx.Ent().Mapping.Create().
		SetWorkspaceID(integration.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(integration.ID).
		SetObjectName(in.Object).SetStandardField(in.StandardField).SetCrmField(in.CRMField).
		SetOrigin(crm.MappingAdmin).SetCreatedBy(p.ID).Save(ctx)
	if err != nil {
		return "", fmt.Errorf("mapping: saving: %w", err)
	}
	if err := tx.Ent().CrmField.UpdateOneID(field.ID).SetStandardized(true).Exec(ctx); err != nil {
		return "", fmt.Errorf("mapping: standardizing %s.%s: %w", in.Object, in.CRMField, err)
	}
	if err := s.evaluate(ctx, tx, integration, pkg, in.Object); err != nil {
		return "", err
	}
	item.After = auditOf(row)
	return row.ID, tx.Audit(ctx, item)
}

// remove deletes a mapping; its field is no longer standardized.
func remove(ctx context.Context, tx *store.Tx, row *ent.Mapping) error {
	if err := tx.Ent().Mapping.DeleteOne(row).Exec(ctx); err != nil {
		return fmt.Errorf("mapping: deleting: %w", err)
	}
	err := tx.Ent().CrmField.Update().Where(
		crmfield.IntegrationID(row.IntegrationID), crmfield.Name(row.CrmField),
		crmfield.HasObjectWith(crmobject.Name(row.ObjectName))).SetStandardized(false).Exec(ctx)
	if err != nil {
		return fmt.Errorf("mapping: %s.%s is no longer standardized: %w", row.ObjectName, row.CrmField, err)
	}
	return nil
}

// UnmapInput takes the CRM field from a standard field.
type UnmapInput struct {
	IntegrationID string
	StandardField string
	// Reason is for the audit: why the field is not needed, or gone (requirement H3).
	Reason         string
	IdempotencyKey string
}

// Unmap makes a standard field stand for nothing. A field in error leaves the error,
// and its alert is resolved as UNMAPPED (requirement H3). NOT_FOUND when the standard
// field is not mapped.
func (s *Service) Unmap(ctx context.Context, in UnmapInput) error {
	if _, err := admin(ctx); err != nil {
		return err
	}
	in.Reason = strings.TrimSpace(in.Reason)
	if in.Reason == "" || len(in.Reason) > reasonLength {
		return fault.New(fault.BadInput, fmt.Sprintf("Give a reason of 1 to %d characters.", reasonLength), fault.Field("reason"))
	}
	_, err := store.Idempotent(ctx, s.store, in.IdempotencyKey, "mapping.unmap", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) { return struct{}{}, s.unmap(ctx, tx, in) })
	return err
}

func (s *Service) unmap(ctx context.Context, tx *store.Tx, in UnmapInput) error {
	integration, err := lock(ctx, tx, in.IntegrationID)
	if err != nil {
		return err
	}
	row, err := tx.Ent().Mapping.Query().
		Where(mapping.IntegrationID(integration.ID), mapping.StandardField(in.StandardField)).Only(ctx)
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, fmt.Sprintf("The standard field %q is not mapped.", in.StandardField), fault.Field("standardField"))
	}
	if err != nil {
		return fmt.Errorf("mapping: of the standard field: %w", err)
	}
	if err := remove(ctx, tx, row); err != nil {
		return err
	}
	pkg, _, err := s.packages.Of(ctx, tx.Ent(), integration)
	if err != nil {
		return err
	}
	if err := s.evaluate(ctx, tx, integration, pkg, row.ObjectName); err != nil {
		return err
	}
	return tx.Audit(ctx, store.AuditItem{
		Action: "unmapField", Target: integration.ID, Outcome: crm.AuditSucceeded, Before: auditOf(row),
		After: audited{StandardField: in.StandardField, Object: row.ObjectName, Reason: in.Reason},
	})
}

// evaluate brings the alerts on some objects in line with their mappings; on all
// objects when none is named.
func (s *Service) evaluate(ctx context.Context, tx *store.Tx, integration *ent.Integration, pkg crm.Package, names ...string) error {
	objects, err := snapshot.Objects(ctx, tx.Ent(), integration.ID, names...)
	if err != nil {
		return fmt.Errorf("mapping: objects: %w", err)
	}
	if err := snapshot.LoadStandardized(ctx, tx.Ent(), objects); err != nil {
		return fmt.Errorf("mapping: fields: %w", err)
	}
	return s.alerts.Evaluate(ctx, tx, integration, pkg, snapshot.States(objects))
}

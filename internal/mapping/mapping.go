// Package mapping says which CRM field stands for which standard field of the
// package (requirement H). A mapped field is standardized, hence mandatory and
// watched: once standardization is over, its loss is an alert.
//
// Invariants: a standard field has one CRM field and a CRM field stands for one
// standard field at most (H5); CrmField.standardized is true exactly for mapped
// fields, changed in the same transaction as the mapping; a changed mapping is a
// new row, so its creation time says since when the field is watched; every step is
// in the history (H4) and in the feed, in the same transaction.
//
// Who made a mapping decides what it follows (H6): ADMIN ones are an integration's
// own and stay; AUTO and DEFAULT ones follow the workspace's default for the
// connector, as far as the integration has the field.
//
// An object that is not published stays in checks, and that is all: it is not read,
// its alerts are resolved, and its mappings wait (F4).
package mapping

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fieldwarden/fieldwarden/ent"
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

// reasonLength bounds the reason of what is taken away, in bytes.
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
// Errors: BAD_INPUT for a standard field or object that the package does not have and
// for a CRM field whose type cannot carry the values, NOT_FOUND for a CRM field that
// no check has seen, MAPPING_CONFLICT with the detail "standardField" when the CRM
// field stands for another one.
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
		return "", fault.New(fault.BadInput, fmt.Sprintf("The package has no standard field %q.", crm.Shorten(in.StandardField, 120)), fault.Field("standardField"))
	}
	if in.Object != "" && object.Name != in.Object {
		return "", fault.New(fault.BadInput, fmt.Sprintf("The standard field %s belongs to the object %s.", in.StandardField, object.Name), fault.Field("object"))
	}
	if in.CRMField == "" { // to change, it would mean to take the mapping away
		return "", fault.New(fault.NotFound, fmt.Sprintf("The object %s has no field without a name.", object.Name), fault.Field("crmField"))
	}
	changed, err := s.change(ctx, tx, integration, pkg, []Change{{StandardField: in.StandardField, CRMField: in.CRMField}}, "")
	if err != nil {
		return "", inField(err, "crmField")
	}
	row, err := tx.Ent().Mapping.Query().
		Where(mapping.IntegrationID(integration.ID), mapping.StandardField(in.StandardField)).Only(ctx)
	if err != nil {
		return "", fmt.Errorf("mapping: of the standard field: %w", err)
	}
	if len(changed) == 0 {
		// Choosing what is so already makes it the admin's own choice.
		return row.ID, setOrigin(ctx, tx, integration, row, crm.MappingAdmin)
	}
	return row.ID, nil
}

// inField names the input at fault.
func inField(err error, field string) error {
	known, ok := fault.From(err)
	if !ok {
		return err
	}
	shown := *known
	shown.Field = []string{field}
	return &shown
}

// setOrigin says anew who made a mapping, whose CRM field stays: it decides whether
// the mapping follows a default from now on (requirement H6).
func setOrigin(ctx context.Context, tx *store.Tx, integration *ent.Integration, row *ent.Mapping, origin crm.MappingOrigin) error {
	if row.Origin == origin {
		return nil
	}
	p, err := admin(ctx)
	if err != nil {
		return err
	}
	if err := tx.Ent().Mapping.UpdateOneID(row.ID).SetOrigin(origin).Exec(ctx); err != nil {
		return fmt.Errorf("mapping: saving the origin: %w", err)
	}
	same := Changed{StandardField: row.StandardField, Object: row.ObjectName, Before: row.CrmField, After: row.CrmField}
	if err := record(ctx, tx, integration, p.ID, []step{stepOf(same, origin, "")}); err != nil {
		return err
	}
	after := auditOf(row)
	after.Origin = origin
	return tx.Audit(ctx, store.AuditItem{
		Action: "mapField", Target: integration.ID, Outcome: crm.AuditSucceeded, Before: auditOf(row), After: after,
	})
}

// UnmapInput takes the CRM field from a standard field.
type UnmapInput struct {
	IntegrationID string
	StandardField string
	// Reason is for the history: why the field is not needed, or gone (requirement H3).
	Reason string
	// Confirm must be true for a standard field that the package requires.
	Confirm        bool
	IdempotencyKey string
}

// Unmap makes a standard field stand for nothing. A field in error leaves the error,
// and its alert is resolved as UNMAPPED (requirement H3). What stops working is
// crm.FieldImpact (requirement H8).
//
// Errors: NOT_FOUND when the standard field is not mapped; CONFIRM_REQUIRED, and
// nothing is changed, when the package requires it and Confirm is not set.
func (s *Service) Unmap(ctx context.Context, in UnmapInput) error {
	if _, err := admin(ctx); err != nil {
		return err
	}
	var err error
	if in.Reason, err = reasoned(in.Reason); err != nil {
		return err
	}
	_, err = store.Idempotent(ctx, s.store, in.IdempotencyKey, "mapping.unmap", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) { return struct{}{}, s.unmap(ctx, tx, in) })
	return err
}

// reasoned checks the reason of what is taken away.
func reasoned(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || len(reason) > reasonLength {
		return "", fault.New(fault.BadInput, fmt.Sprintf("Give a reason of 1 to %d characters.", reasonLength), fault.Field("reason"))
	}
	return reason, nil
}

func (s *Service) unmap(ctx context.Context, tx *store.Tx, in UnmapInput) error {
	integration, err := lock(ctx, tx, in.IntegrationID)
	if err != nil {
		return err
	}
	pkg, _, err := s.packages.Of(ctx, tx.Ent(), integration)
	if err != nil {
		return err
	}
	present, err := presentMappings(ctx, tx, integration.ID)
	if err != nil {
		return err
	}
	row := present[in.StandardField]
	if row == nil {
		return fault.New(fault.NotFound, fmt.Sprintf("The standard field %q is not mapped.", crm.Shorten(in.StandardField, 120)), fault.Field("standardField"))
	}
	if _, standard, known := pkg.StandardField(in.StandardField); known && standard.Requirement == crm.Required && !in.Confirm {
		return confirmRequired(fmt.Sprintf("The package requires %s (%s).", standard.Key, standard.Label), crm.FieldImpact(pkg, standard))
	}
	// Not change: a mapping that outlived its standard field can be taken away, too.
	one := Changed{StandardField: row.StandardField, Object: row.ObjectName, Before: row.CrmField}
	if err := s.write(ctx, tx, integration, present, nil, []Changed{one}, in.Reason); err != nil {
		return err
	}
	return s.evaluate(ctx, tx, integration, pkg, row.ObjectName)
}

// confirmRequired says what somebody must agree to.
func confirmRequired(why string, affected []crm.Affected) error {
	message := why + " Without it nothing that is known stops working."
	if len(affected) > 0 {
		titles := make([]string, len(affected))
		for i, one := range affected {
			titles[i] = one.Title
		}
		message = fmt.Sprintf("%s What stops working without it: %s.", why, strings.Join(titles, ", "))
	}
	return fault.New(fault.ConfirmRequired, message, fault.Field("confirm"))
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

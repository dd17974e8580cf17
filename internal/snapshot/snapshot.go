// Package snapshot reads the stored snapshot of an integration: the rows of its
// CRM objects and fields, as the crm.ObjectState that the pure rules work on. It
// also holds the one lock under which snapshot, mappings and alerts of an
// integration change.
//
// It decides nothing and writes nothing.
package snapshot

import (
	"context"
	"maps"
	"slices"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Object is one object of the snapshot with the rows behind it.
type Object struct {
	Row *ent.CrmObject
	// Fields are the rows that were loaded, by name.
	Fields map[string]*ent.CrmField
	// State holds the same as the rules see it.
	State crm.ObjectState
}

// Find loads an integration of the principal's workspace; NOT_FOUND for any other
// id.
func Find(ctx context.Context, client *ent.Client, integrationID string) (*ent.Integration, error) {
	found, err := client.Integration.Query().Where(integration.ID(integrationID)).Only(ctx)
	return found, notFound(err)
}

// Lock loads an integration and holds its row until tx ends, so that two
// transactions never judge or change the problems of one integration at the same
// time. Whoever writes objects, fields, mappings or alerts takes it first, and so does
// whoever decides by what the integration itself is and then writes it. SQLite has one
// writer anyway.
func Lock(ctx context.Context, tx *store.Tx, integrationID string) (*ent.Integration, error) {
	query := tx.Ent().Integration.Query().Where(integration.ID(integrationID))
	query.Modify(func(s *sql.Selector) {
		if s.Dialect() == dialect.Postgres {
			// Not FOR UPDATE: inserting rows that refer to the integration must not wait.
			s.For(sql.LockUpdate, sql.WithLockClause("FOR NO KEY UPDATE"))
		}
	})
	found, err := query.Only(ctx)
	return found, notFound(err)
}

func notFound(err error) error {
	if ent.IsNotFound(err) {
		return fault.New(fault.NotFound, "There is no such integration.", fault.Field("integrationId"), fault.Cause(err))
	}
	return err
}

// Objects loads objects of an integration by name, all of them when none is named,
// without their fields.
func Objects(ctx context.Context, client *ent.Client, integrationID string, names ...string) (map[string]*Object, error) {
	query := client.CrmObject.Query().Where(crmobject.IntegrationID(integrationID))
	if len(names) > 0 {
		query.Where(crmobject.NameIn(names...))
	}
	rows, err := query.All(ctx)
	if err != nil {
		return nil, err
	}
	objects := make(map[string]*Object, len(rows))
	for _, row := range rows {
		objects[row.Name] = &Object{Row: row, Fields: map[string]*ent.CrmField{}, State: StateOf(row, nil)}
	}
	return objects, nil
}

// LoadFields loads all fields of the objects into them.
func LoadFields(ctx context.Context, client *ent.Client, objects map[string]*Object) error {
	return load(ctx, client, objects)
}

// LoadNamed loads the fields of some names into the objects.
func LoadNamed(ctx context.Context, client *ent.Client, objects map[string]*Object, names []string) error {
	return load(ctx, client, objects, crmfield.NameIn(names...))
}

// LoadStandardized loads the fields that mappings point at into the objects: what
// alerts go by.
func LoadStandardized(ctx context.Context, client *ent.Client, objects map[string]*Object) error {
	return load(ctx, client, objects, crmfield.Standardized(true))
}

func load(ctx context.Context, client *ent.Client, objects map[string]*Object, which ...predicate.CrmField) error {
	if len(objects) == 0 {
		return nil
	}
	byID := make(map[string]*Object, len(objects))
	for _, object := range objects {
		byID[object.Row.ID] = object
	}
	rows, err := client.CrmField.Query().Where(crmfield.ObjectIDIn(slices.Collect(maps.Keys(byID))...)).Where(which...).All(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		object := byID[row.ObjectID]
		object.Fields[row.Name] = row
		object.State.Fields[row.Name] = FieldStateOf(row)
	}
	return nil
}

// States are the objects' states, by the order of names.
func States(objects map[string]*Object) []crm.ObjectState {
	states := make([]crm.ObjectState, 0, len(objects))
	for _, name := range slices.Sorted(maps.Keys(objects)) {
		states = append(states, objects[name].State)
	}
	return states
}

// StateOf is an object's row, and the rows of its fields, as the rules see them.
func StateOf(row *ent.CrmObject, fields []*ent.CrmField) crm.ObjectState {
	state := crm.ObjectState{
		Object:      row.Name,
		Status:      row.Status,
		Unpublished: !row.Published,
		Rights:      row.Rights,
		RightsSince: timeOf(row.RightsSince),
		CheckedAt:   timeOf(row.CheckedAt),
		Stale:       row.Stale,
		StaleReason: row.StaleReason,
		Since:       timeOf(row.Since),
		SuspectedAt: timeOf(row.SuspectedAt),
		Cause:       causeOf(row.Cause),
		Evidence:    row.Evidence,
		APIVersion:  row.APIVersion,
		ContentHash: row.ContentHash,
		Records:     row.RecordAccess,
		RecordsNote: row.RecordAccessNote,
		Fields:      make(map[string]crm.FieldState, len(fields)),
	}
	for _, field := range fields {
		state.Fields[field.Name] = FieldStateOf(field)
	}
	return state
}

// FieldStateOf is a field's row as the rules see it.
func FieldStateOf(row *ent.CrmField) crm.FieldState {
	return crm.FieldState{
		Label:        row.Label,
		Type:         row.DataType,
		Readable:     row.Readable,
		Rights:       crm.Rights{Read: row.Readable, Create: row.Creatable, Update: row.Updatable},
		RightsSince:  timeOf(row.RightsSince),
		Standardized: row.Standardized,
		Custom:       row.Custom,
		Hideable:     row.Hideable,
		SuspectedAt:  timeOf(row.SuspectedAt),
		Since:        timeOf(row.Since),
		Cause:        causeOf(row.Cause),
		Evidence:     row.Evidence,
		Folded:       row.Folded,
		Candidate:    row.Candidate,
	}
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func causeOf(cause *crm.Cause) crm.Cause {
	if cause == nil {
		return ""
	}
	return *cause
}

// FieldInfoOf is a field's row as a connector would tell of it. What is suspected of
// being lost counts as unreadable: nothing new is to be built on it.
func FieldInfoOf(row *ent.CrmField) crm.FieldInfo {
	return crm.FieldInfo{
		Name: row.Name, Label: row.Label, Type: row.DataType,
		Rights:   crm.Rights{Read: row.Readable && row.SuspectedAt == nil, Create: row.Creatable, Update: row.Updatable},
		Hideable: row.Hideable, RequiredOnCreate: row.RequiredOnCreate, Custom: row.Custom, Picklist: row.Picklist,
	}
}

package permission

import (
	"context"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// rowsPerStatement bounds one bulk statement: 500 rows of about 20 columns stay
// below SQLite's 32,766 and PostgreSQL's 65,535 parameters.
const rowsPerStatement = 500

// Lengths of the columns that hold the CRM's own words.
const (
	labelLength    = 300
	typeLength     = 60
	evidenceLength = 1000
	reasonLength   = 500
	versionLength  = 40
)

// newObject is the row of an object that is not stored yet.
func newObject(integration *ent.Integration, name string, now time.Time) *snapshot.Object {
	row := &ent.CrmObject{
		ID: gid.New(gid.Object), WorkspaceID: integration.WorkspaceID, IntegrationID: integration.ID,
		CreatedAt: now, Name: name, Status: crm.ObjectNotChecked, RecordAccess: crm.RecordsUnknown,
		Published: true,
	}
	return &snapshot.Object{Row: row, Fields: map[string]*ent.CrmField{}, State: snapshot.StateOf(row, nil)}
}

// placeInPackage gives the row what the package says of the object, and reports
// whether that is news.
func placeInPackage(row *ent.CrmObject, pkg crm.Package) bool {
	object, _ := pkg.Object(row.Name)
	position := slices.Index(pkg.ObjectNames(), row.Name)
	changed := row.Requirement != object.Requirement || row.Position != position
	row.Requirement, row.Position = object.Requirement, position
	if row.Label == "" {
		row.Label = crm.Shorten(object.Label, labelLength)
	}
	return changed
}

// setObject gives the row a state.
func setObject(row *ent.CrmObject, state crm.ObjectState) {
	row.Status, row.Rights, row.RightsSince = state.Status, state.Rights, optional(state.RightsSince)
	row.Cause, row.Evidence = optional(state.Cause), crm.Shorten(state.Evidence, evidenceLength)
	row.Since, row.SuspectedAt = optional(state.Since), optional(state.SuspectedAt)
	row.Stale, row.StaleReason = state.Stale, crm.Shorten(state.StaleReason, reasonLength)
	row.ContentHash, row.APIVersion = state.ContentHash, crm.Shorten(state.APIVersion, versionLength)
	row.RecordAccess, row.RecordAccessNote = state.Records, crm.Shorten(state.RecordsNote, evidenceLength)
}

// fieldRow is the row of a field after a check: the state that the rules worked
// out, with the choices that the CRM gives. Those of a field that the CRM does not
// show now are kept.
func fieldRow(object *snapshot.Object, name string, state crm.FieldState, info *crm.FieldInfo, now time.Time) (row *ent.CrmField, changed bool) {
	stored, known := object.Fields[name]
	if known {
		copied := *stored
		row = &copied
	} else {
		row = &ent.CrmField{
			ID: gid.New(gid.Field), WorkspaceID: object.Row.WorkspaceID, IntegrationID: object.Row.IntegrationID,
			ObjectID: object.Row.ID, CreatedAt: now, Name: name,
		}
	}
	if info != nil {
		row.RequiredOnCreate, row.Picklist = info.RequiredOnCreate, info.Picklist
	}
	row.Label, row.DataType = crm.Shorten(state.Label, labelLength), crm.Shorten(state.Type, typeLength)
	row.Readable, row.Creatable, row.Updatable = state.Readable, state.Rights.Create, state.Rights.Update
	row.RightsSince = optional(state.RightsSince)
	row.Standardized, row.Hideable, row.Custom = state.Standardized, state.Hideable, state.Custom
	row.Cause, row.Evidence = optional(state.Cause), crm.Shorten(state.Evidence, evidenceLength)
	row.Since, row.SuspectedAt = optional(state.Since), optional(state.SuspectedAt)
	row.Folded, row.Candidate = state.Folded, state.Candidate
	return row, !known || !sameField(stored, row)
}

// sameField compares what a check can change.
func sameField(a, b *ent.CrmField) bool {
	return a.RequiredOnCreate == b.RequiredOnCreate && slices.Equal(a.Picklist, b.Picklist) && snapshot.FieldStateOf(a) == snapshot.FieldStateOf(b)
}

// optional is nil for a zero value.
func optional[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

// saveObjects writes whole rows of objects, new and known ones alike. What other
// use cases keep in the row (the position of reading) is not touched.
func saveObjects(ctx context.Context, tx *store.Tx, rows []*ent.CrmObject) error {
	for part := range slices.Chunk(rows, rowsPerStatement) {
		creates := make([]*ent.CrmObjectCreate, len(part))
		for i, row := range part {
			creates[i] = tx.Ent().CrmObject.Create().
				SetID(row.ID).SetWorkspaceID(row.WorkspaceID).SetIntegrationID(row.IntegrationID).SetCreatedAt(row.CreatedAt).
				SetName(row.Name).SetLabel(row.Label).SetRequirement(row.Requirement).SetPosition(row.Position).
				SetStatus(row.Status).SetRights(row.Rights).SetNillableCause(row.Cause).SetEvidence(row.Evidence).
				SetNillableRightsSince(row.RightsSince).
				SetNillableSince(row.Since).SetNillableSuspectedAt(row.SuspectedAt).SetNillableCheckedAt(row.CheckedAt).
				SetStale(row.Stale).SetStaleReason(row.StaleReason).SetContentHash(row.ContentHash).SetAPIVersion(row.APIVersion).
				SetRecordAccess(row.RecordAccess).SetRecordAccessNote(row.RecordAccessNote)
		}
		err := tx.Ent().CrmObject.CreateBulk(creates...).OnConflict(
			sql.ConflictColumns(crmobject.FieldWorkspaceID, crmobject.FieldIntegrationID, crmobject.FieldName),
			overwrite(
				crmobject.FieldLabel, crmobject.FieldRequirement, crmobject.FieldPosition, crmobject.FieldStatus,
				crmobject.FieldRights, crmobject.FieldRightsSince, crmobject.FieldCause, crmobject.FieldEvidence, crmobject.FieldSince,
				crmobject.FieldSuspectedAt, crmobject.FieldCheckedAt, crmobject.FieldStale, crmobject.FieldStaleReason,
				crmobject.FieldContentHash, crmobject.FieldAPIVersion, crmobject.FieldRecordAccess, crmobject.FieldRecordAccessNote,
			)).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// saveFields writes whole rows of fields, new and known ones alike. Whether a field
// is standardized is the mappings' business and stays as it is.
func saveFields(ctx context.Context, tx *store.Tx, rows []*ent.CrmField) error {
	for part := range slices.Chunk(rows, rowsPerStatement) {
		creates := make([]*ent.CrmFieldCreate, len(part))
		for i, row := range part {
			creates[i] = tx.Ent().CrmField.Create().
				SetID(row.ID).SetWorkspaceID(row.WorkspaceID).SetIntegrationID(row.IntegrationID).SetObjectID(row.ObjectID).
				SetCreatedAt(row.CreatedAt).SetName(row.Name).SetLabel(row.Label).SetDataType(row.DataType).
				SetReadable(row.Readable).SetCreatable(row.Creatable).SetUpdatable(row.Updatable).
				SetStandardized(row.Standardized).SetHideable(row.Hideable).SetCustom(row.Custom).
				SetRequiredOnCreate(row.RequiredOnCreate).SetPicklist(row.Picklist).
				SetNillableCause(row.Cause).SetEvidence(row.Evidence).SetFolded(row.Folded).SetCandidate(row.Candidate).
				SetNillableRightsSince(row.RightsSince).SetNillableSince(row.Since).SetNillableSuspectedAt(row.SuspectedAt)
		}
		err := tx.Ent().CrmField.CreateBulk(creates...).OnConflict(
			sql.ConflictColumns(crmfield.FieldWorkspaceID, crmfield.FieldObjectID, crmfield.FieldName),
			overwrite(
				crmfield.FieldLabel, crmfield.FieldDataType, crmfield.FieldReadable, crmfield.FieldCreatable,
				crmfield.FieldUpdatable, crmfield.FieldHideable, crmfield.FieldCustom, crmfield.FieldRequiredOnCreate,
				crmfield.FieldPicklist, crmfield.FieldCause, crmfield.FieldEvidence, crmfield.FieldFolded, crmfield.FieldCandidate,
				crmfield.FieldRightsSince, crmfield.FieldSince, crmfield.FieldSuspectedAt,
			)).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// overwrite names the columns that a row which is there already takes from the new
// one. Ent's UpdateNewValues leaves out columns that no row of the statement sets,
// so it would never clear one.
func overwrite(columns ...string) sql.ConflictOption {
	return sql.ResolveWith(func(u *sql.UpdateSet) {
		for _, column := range columns {
			u.SetExcluded(column)
		}
	})
}

package salesforce

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jonboulle/clockwork"
)

// ObjectSwitch changes what the integration user may do with an object. A nil value leaves that right alone.
type ObjectSwitch struct {
	Read   *bool `json:"read,omitempty"`   // off: the object is gone from describe and SOQL, and so are lookups to it
	Create *bool `json:"create,omitempty"` // counts only while Read is on
	Edit   *bool `json:"edit,omitempty"`   // counts only while Read is on
	// Queryable off keeps the object in describe with "queryable": false, as Salesforce does for some licences.
	Queryable *bool `json:"queryable,omitempty"`
}

// FieldSwitch changes field-level security for the integration user, or the field itself. A nil value leaves it alone.
type FieldSwitch struct {
	Read *bool `json:"read,omitempty"`
	Edit *bool `json:"edit,omitempty"` // counts only while Read is on; switching it on switches Read on too
	// Exists off deletes the field. From describe a deleted field looks exactly like one without read access.
	Exists *bool `json:"exists,omitempty"`
	// Renamed on gives a custom field another API name: LID__URL__c becomes LID__URL_Renamed__c, with the same label,
	// type and values. The switches go on calling it by its old name.
	Renamed *bool `json:"renamed,omitempty"`
}

// objectSecurity and fieldSecurity are what an administrator switched off; the zero value grants everything.
type (
	objectSecurity struct{ noRead, noCreate, noEdit, notQueryable bool }
	fieldSecurity  struct{ noRead, noEdit, deleted, renamed bool }
)

// engine is the one place that decides what the integration user may see and do. Every endpoint asks it: describe,
// global describe, SOQL, paging, composite parts. Readers take an immutable view, so one request sees one state.
type engine struct {
	catalog *catalog
	clock   clockwork.Clock

	mu      sync.Mutex
	objects map[string]objectSecurity           // by API name
	fields  map[string]map[string]fieldSecurity // by API names of object and field
	// packageSince is when the LinkedIn app was installed; zero without it. Without it its fields count as deleted.
	packageSince time.Time
	system       systemPermissions
	audit        []auditEntry
	current      atomic.Pointer[view]
}

// view is the effective rights at one moment; it never changes.
type view struct {
	catalog  *catalog
	objects  map[string]*objectView // by lower-case name; every object of the catalogue
	system   systemPermissions
	modified time.Time // whole seconds, strictly later for each change
	bodies   sync.Map  // describe bodies by URL root and object, filled on demand
}

// objectView is what the integration user may do with one object. Fields holds the readable ones, in describe order.
type objectView struct {
	*object
	readable, queryable  bool
	mayCreate, mayUpdate bool
	fields               []fieldView
	existing             []*field // also those that the user may not read; an address without its parts, as in Setup
	byName               map[string]*fieldView
	byRelationship       map[string]*fieldView
}

type fieldView struct {
	*field
	mayCreate, mayUpdate bool
}

func newEngine(c *catalog, clock clockwork.Clock) *engine {
	e := &engine{catalog: c, clock: clock}
	e.reset()
	return e
}

// view returns the rights of this moment.
func (e *engine) view() *view { return e.current.Load() }

// reset grants everything again. The app stays installed or not, and system permissions stay granted or not.
func (e *engine) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.objects, e.fields = map[string]objectSecurity{}, map[string]map[string]fieldSecurity{}
	e.markPackaged()
	e.publish()
}

// publish computes the effective rights and makes them current. Callers hold mu. The modification time always moves
// forward by at least a second, because HTTP dates carry no more than that and a change must never look like none.
func (e *engine) publish() {
	modified := e.clock.Now().UTC().Truncate(time.Second)
	if last := e.current.Load(); last != nil && !modified.After(last.modified) {
		modified = last.modified.Add(time.Second)
	}
	next := &view{catalog: e.catalog, objects: map[string]*objectView{}, system: e.system, modified: modified}
	for _, o := range e.catalog.objects {
		next.objects[strings.ToLower(o.name)] = e.viewOf(o)
	}
	e.current.Store(next)
}

func (e *engine) viewOf(o *object) *objectView {
	security := e.objects[o.name]
	readable := !security.noRead
	ov := &objectView{
		object: o, readable: readable, queryable: readable && !security.notQueryable,
		mayCreate: readable && o.createable && !security.noCreate,
		mayUpdate: readable && o.updateable && !security.noEdit,
		fields:    make([]fieldView, 0, len(o.fields)),
		byName:    map[string]*fieldView{}, byRelationship: map[string]*fieldView{},
	}
	for i := range o.fields {
		f := &o.fields[i]
		read, edit := e.fieldRights(o, f)
		exists := !e.fields[o.name][f.name].deleted && f.compound == ""
		if e.fields[o.name][f.name].renamed {
			f = f.renamed()
		}
		if exists {
			ov.existing = append(ov.existing, f)
		}
		if !readable || !read {
			continue
		}
		ov.fields = append(ov.fields, fieldView{
			field:     f,
			mayCreate: edit && ov.mayCreate && f.traits.has(createable),
			mayUpdate: edit && ov.mayUpdate && f.traits.has(updateable),
		})
	}
	for i := range ov.fields {
		f := &ov.fields[i]
		ov.byName[strings.ToLower(f.name)] = f
		if f.relationship != "" {
			ov.byRelationship[strings.ToLower(f.relationship)] = f
		}
	}
	return ov
}

// fieldRights says whether a field of a readable object can be read, and whether field-level security lets it be
// edited. A part of an address follows its compound field, as in Setup; a hideable lookup needs its parent object.
func (e *engine) fieldRights(o *object, f *field) (read, edit bool) {
	own, whole := e.fields[o.name][f.name], e.fields[o.name][f.compound]
	if own.deleted || whole.deleted {
		return false, false
	}
	if !f.traits.has(permissionable) {
		return true, true
	}
	if own.noRead || whole.noRead || !e.parentReadable(f) {
		return false, false
	}
	return true, !own.noEdit && !whole.noEdit
}

func (e *engine) parentReadable(f *field) bool {
	if len(f.referenceTo) == 0 {
		return true
	}
	for _, parent := range f.referenceTo {
		if !e.objects[parent].noRead {
			return true
		}
	}
	return false
}

// setObject applies a switch. Errors are *ControlError.
func (e *engine) setObject(name string, s ObjectSwitch) error {
	o, ok := e.catalog.object(name)
	if !ok {
		return notFound("there is no object %q in this org", name)
	}
	if !o.switchable {
		return conflict("%s has no object permissions in Salesforce: every user may read it and none may write it", o.name)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	next := e.objects[o.name]
	for _, change := range []struct {
		grant *bool
		deny  *bool
	}{{s.Read, &next.noRead}, {s.Create, &next.noCreate}, {s.Edit, &next.noEdit}, {s.Queryable, &next.notQueryable}} {
		if change.grant != nil {
			*change.deny = !*change.grant
		}
	}
	e.objects[o.name] = next
	e.note("PermSetObjectPermChanged", "Changed object permissions of "+o.label)
	e.publish()
	return nil
}

// setField applies a switch. Errors are *ControlError; a read or edit switch on a field that field-level security
// cannot touch is a conflict, because no Salesforce administrator could do it either.
func (e *engine) setField(objectName, fieldName string, s FieldSwitch) error {
	o, ok := e.catalog.object(objectName)
	if !ok {
		return notFound("there is no object %q in this org", objectName)
	}
	f, ok := o.field(fieldName)
	if !ok {
		return notFound("there is no field %q on %s", fieldName, o.name)
	}
	if err := fieldSwitchAllowed(o, f, s); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if f.packaged && e.packageSince.IsZero() {
		return conflict("%s.%s comes with the LinkedIn app, which is not installed", o.name, f.name)
	}
	if e.fields[o.name] == nil {
		e.fields[o.name] = map[string]fieldSecurity{}
	}
	next := e.fields[o.name][f.name]
	if s.Read != nil {
		next.noRead = !*s.Read
	}
	if s.Edit != nil {
		next.noEdit = !*s.Edit
		next.noRead = next.noRead && !*s.Edit
	}
	if s.Exists != nil {
		next.deleted = !*s.Exists
	}
	if s.Renamed != nil {
		next.renamed = *s.Renamed
	}
	e.fields[o.name][f.name] = next
	if s.Exists != nil || s.Renamed != nil {
		e.note("fieldLifecycle", fmt.Sprintf("Deleted, restored or renamed field %s of %s", f.label, o.label))
	} else {
		e.note("PermSetFLSChanged", fmt.Sprintf("Changed field-level security of %s: %s", o.label, f.label))
	}
	e.publish()
	return nil
}

func fieldSwitchAllowed(o *object, f *field, s FieldSwitch) error {
	name := fmt.Sprintf("%s.%s", o.name, f.name)
	if (s.Read != nil || s.Edit != nil) && !f.traits.has(permissionable) {
		return conflict("field-level security cannot hide or lock %s: it is not permissionable, so it is readable "+
			"whenever %s is; take away the object or delete the field instead", name, o.name)
	}
	if s.Edit != nil && f.traits&(createable|updateable) == 0 {
		return conflict("%s is read-only in Salesforce: nobody may edit it", name)
	}
	if s.Renamed != nil && *s.Renamed && !f.packaged {
		return conflict("%s is a standard field: its API name cannot be changed", name)
	}
	if s.Exists != nil && !*s.Exists && undeletableField(f.name) {
		return conflict("%s is a system field that every Salesforce object keeps", name)
	}
	return nil
}

// undeletableField names the fields without which no Salesforce object exists.
func undeletableField(name string) bool {
	switch name {
	case "Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp":
		return true
	}
	return false
}

// object finds what the user may do with an object of the catalogue; ok is false for unknown and unreadable alike,
// because Salesforce does not let callers tell them apart.
func (v *view) object(name string) (*objectView, bool) {
	o, ok := v.objects[strings.ToLower(name)]
	return o, ok && o.readable
}

// field finds a readable field by name, without regard to case.
func (o *objectView) field(name string) (*fieldView, bool) {
	f, ok := o.byName[strings.ToLower(name)]
	return f, ok
}

package salesforce

import (
	"slices"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// The conditions that objects and fields can be in on the control page, beside normal.
const (
	conditionNotQueryable = "not_queryable"
	conditionDeleted      = "deleted"
	conditionRenamed      = "renamed" // custom fields only
)

// State reads everything at once. It holds no secrets.
func (c *Controls) State() control.State {
	s := c.sim
	usage, environment := s.usage.now(), "Production"
	if s.config.Sandbox {
		environment = "Sandbox"
	}
	state := control.State{
		Instance: control.Instance{
			ID: s.config.OrgID, Name: s.config.OrgName, Environment: environment, Username: s.userText(integrationUser, "Username"),
			ClientID: s.config.ClientID,
		},
		Quota:    control.Quota{Used: usage.used, Limit: usage.limit},
		Switches: c.switches(),
	}
	if usage.limit == unlimited {
		state.Quota.Limit = 0
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	for _, o := range s.engine.catalog.objects {
		object := s.engine.objectState(o)
		object.Records = s.store.tables[o.name].live()
		state.Objects = append(state.Objects, object)
	}
	return state
}

// objectState reports the rights in force and what can be switched.
func (e *engine) objectState(o *object) control.Object {
	e.mu.Lock()
	defer e.mu.Unlock()
	security := e.objects[o.name]
	read := !security.noRead
	state := control.Object{
		Name: o.name, Label: o.label,
		Rights: control.Rights{
			Read: read, Create: read && o.createable && !security.noCreate, Update: read && o.updateable && !security.noEdit,
		},
		Switchable: control.Rights{
			Read: o.switchable, Create: o.switchable && o.createable && read, Update: o.switchable && o.updateable && read,
		},
	}
	if o.switchable {
		state.Conditions = []string{conditionNotQueryable}
	} else {
		state.Because = "no object permissions in Salesforce: every user may read it"
	}
	if security.notQueryable {
		state.Condition = conditionNotQueryable
	}
	for i := range o.fields {
		state.Fields = append(state.Fields, e.fieldState(o, &o.fields[i]))
	}
	return state
}

// fieldState reports a field's rights as far as the field decides them: those of its object come on top. Field-level
// security knows one right to edit, which is shown as Update, or as Create where a field can only be created with.
func (e *engine) fieldState(o *object, f *field) control.Field {
	own, whole := e.fields[o.name][f.name], e.fields[o.name][f.compound]
	read, edit := e.fieldRights(o, f)
	creates, updates := f.traits.has(createable), f.traits.has(updateable)
	free := f.traits.has(permissionable) && !own.deleted
	state := control.Field{
		Name: f.name, Label: f.label, Type: f.kind,
		Rights: control.Rights{Read: read, Create: read && edit && creates, Update: read && edit && updates},
	}
	absent := f.packaged && e.packageSince.IsZero()
	switch {
	case own.deleted && !absent:
		state.Condition = conditionDeleted
	case own.renamed:
		state.Condition = conditionRenamed
	}
	if !undeletableField(f.name) {
		state.Conditions = []string{conditionDeleted}
	}
	if f.packaged {
		state.Conditions = append(state.Conditions, conditionRenamed)
	}
	switch {
	case absent:
		state.Because, state.Conditions = "comes with the LinkedIn app, which is not installed", nil
		free = false
	case own.deleted || own.noRead:
	case whole.deleted || whole.noRead || whole.noEdit:
		state.Because, free = "follows "+f.compound, false
	case !read:
		state.Because, free = "its object is not readable: "+f.referenceTo[0], false
	case !f.traits.has(permissionable):
		state.Because = "not permissionable: follows the object"
	}
	state.Switchable = control.Rights{Read: free, Create: free && creates && !updates, Update: free && updates}
	return state
}

// board is the org on the control page.
type board struct{ *Controls }

// SetObject implements control.Switchboard.
func (b board) SetObject(object string, change control.ObjectChange) error {
	var queryable *bool
	switch given := change.Condition; {
	case given == nil:
	case *given == "":
		queryable = On()
	case *given == conditionNotQueryable:
		queryable = Off()
	default:
		return badRequest("condition: want %q or %q, got %q", "", conditionNotQueryable, *given)
	}
	return b.Controls.SetObject(object, ObjectSwitch{
		Read: change.Read, Create: change.Create, Edit: change.Update, Queryable: queryable,
	})
}

// SetField implements control.Switchboard.
func (b board) SetField(object, field string, change control.FieldChange) error {
	var exists, renamed *bool
	switch given := change.Condition; {
	case given == nil:
	case *given == "":
		exists, renamed = On(), Off()
	case *given == conditionDeleted:
		exists = Off()
	case *given == conditionRenamed:
		exists, renamed = On(), On()
	default:
		return badRequest("condition: want %q, %q or %q, got %q", "", conditionDeleted, conditionRenamed, *given)
	}
	edit := change.Update
	if edit == nil {
		edit = change.Create
	}
	return b.Controls.SetField(object, field, FieldSwitch{Read: change.Read, Edit: edit, Exists: exists, Renamed: renamed})
}

// ChangeRecords implements control.RecordBoard.
func (b board) ChangeRecords(change control.RecordChange) ([]string, error) {
	here := RecordChange{Object: change.Object, Count: change.Count, LateSeconds: change.LateSeconds}
	switch change.Action {
	case control.RecordCreate:
		return b.CreateRecords(here)
	case control.RecordTouch:
		return b.TouchRecords(here)
	case control.RecordDelete:
		return b.DeleteRecords(here)
	}
	actions := []control.RecordAction{control.RecordCreate, control.RecordTouch, control.RecordDelete}
	return nil, badRequest("action: want one of %q, got %q", slices.Sorted(slices.Values(actions)), change.Action)
}

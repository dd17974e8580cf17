package dynamics365

import (
	"net/http"
	"strings"
	"time"
)

// entityIDHeader names the record that was written, spelled as the service spells it.
const entityIDHeader = "OData-EntityId"

// entityID is the link to a record.
func (c *call) entityID(t *table, id guid) string {
	return c.api() + "/" + t.set + "(" + string(id) + ")"
}

// create makes a record from a POST.
func (s *Simulator) create(c *call, t *table) reply {
	body, err := parseBody(c.body)
	if err != nil {
		return err.reply()
	}
	row, err := s.createFrom(c, t, "", body)
	if err != nil {
		return err.reply()
	}
	return s.written(c, t, row, http.StatusCreated)
}

// createFrom checks and makes one record. An empty id is chosen by the body or the simulator.
func (s *Simulator) createFrom(c *call, t *table, id guid, body map[string]any) (*row, *refusal) {
	if err := c.rights.allow(t, "Create", s.user()); err != nil {
		return nil, err
	}
	if t.name == "activitypointer" {
		return nil, refuse(http.StatusMethodNotAllowed, "0x80040800", "The 'Create' method does not support entities of type 'activitypointer'.")
	}
	in, err := s.readInput(c, t, body, true)
	if err != nil {
		return nil, err
	}
	if err := checkState(t, in.values, func(column *column) any { return column.options[0].value }); err != nil {
		return nil, err
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if strings.EqualFold(c.header.Get("MSCRM.SuppressDuplicateDetection"), "false") && s.duplicate(t, in.values) {
		return nil, refuse(http.StatusPreconditionFailed, "0x80040333", "A record was not created or updated because a duplicate of the current record already exists.")
	}
	if given, ok := in.values[t.primaryID].(guid); ok && id == "" {
		id = given
	}
	if _, exists := s.store.find(t, id); exists {
		return nil, refuse(http.StatusPreconditionFailed, "0x80040237", "Cannot insert duplicate key.")
	}
	return s.insertInput(c, t, id, in), nil
}

// insertInput puts a checked record and what hangs on it into the store. Callers hold the write lock.
func (s *Simulator) insertInput(c *call, t *table, id guid, in input) *row {
	if id == "" {
		id = newID()
	}
	now := s.clock().Now()
	row := s.store.create(t, id, in.values, now)
	c.undo.created(row)
	for _, child := range in.children {
		for _, one := range child.inputs {
			one.values[child.navigation.lookup.name] = ref{t.name, id}
			s.insertInput(c, child.navigation.to, "", one)
		}
	}
	return row
}

// duplicate applies the rules that every environment starts with: the same main e-mail address.
func (s *Simulator) duplicate(t *table, values map[string]any) bool {
	mail, _ := values["emailaddress1"].(string)
	if mail == "" || t.name != "account" && t.name != "contact" && t.name != "lead" {
		return false
	}
	column := t.byName["emailaddress1"]
	for _, row := range s.store.shelf(t).rows {
		if present, _ := s.store.value(row, t, column).(string); strings.EqualFold(present, mail) {
			return true
		}
	}
	return false
}

// written answers a create or an update: without a body, or with the record if that was preferred.
func (s *Simulator) written(c *call, t *table, row *row, status int) reply {
	link := c.entityID(t, row.id)
	if !c.prefer.representation {
		answer := noContent().set(entityIDHeader, link)
		if status == http.StatusCreated {
			answer = answer.set("Location", link)
		}
		return answer
	}
	answer := s.single(c, t, row.id, status)
	return answer.set("Preference-Applied", "return=representation").set(entityIDHeader, link)
}

// update answers PATCH: an update with If-Match, an upsert without.
func (s *Simulator) update(c *call, t *table, arguments string) reply {
	body, err := parseBody(c.body)
	if err != nil {
		return err.reply()
	}
	id, err := s.key(c, t, arguments)
	if err != nil && err.code != "0x80060891" {
		return err.reply()
	}
	match := c.header.Get("If-Match")
	s.store.mu.RLock()
	_, exists := s.store.find(t, id)
	s.store.mu.RUnlock()
	switch {
	case err != nil && match != "":
		return err.reply()
	case !exists && match != "":
		return missingRecord(t, id).reply()
	case exists && c.header.Get("If-None-Match") == "*":
		return refuse(http.StatusPreconditionFailed, "0x80060892", "A record with matching key values already exists.").reply()
	case !exists:
		return s.upsert(c, t, id, arguments, body)
	}
	row, err := s.updateFrom(c, t, id, match, body)
	if err != nil {
		return err.reply()
	}
	return s.written(c, t, row, http.StatusOK)
}

// upsert makes the record that a PATCH without If-Match did not find; alternate keys become its values.
func (s *Simulator) upsert(c *call, t *table, id guid, arguments string, body map[string]any) reply {
	if id == "" {
		values, err := s.keyValues(c, t, arguments)
		if err != nil {
			return err.reply()
		}
		for name, value := range values {
			if _, given := body[name]; !given {
				body[name] = value
			}
		}
	}
	row, err := s.createFrom(c, t, id, body)
	if err != nil {
		return err.reply()
	}
	return s.written(c, t, row, http.StatusCreated)
}

// updateFrom checks and changes one record.
func (s *Simulator) updateFrom(c *call, t *table, id guid, match string, body map[string]any) (*row, *refusal) {
	if err := c.rights.allow(t, "Write", s.user()); err != nil {
		return nil, err
	}
	in, err := s.readInput(c, t, body, false)
	if err != nil {
		return nil, err
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	row, ok := s.store.find(t, id)
	if !ok {
		return nil, missingRecord(t, id)
	}
	if !visible(row, c.rights.depth(t, "Write")) {
		return nil, s.accessDenied(row, "WriteAccess")
	}
	if match != "" && match != "*" && match != etag(row) {
		return nil, refuse(http.StatusPreconditionFailed, "0x80060882", "The version of the existing record doesn't match the RowVersion property provided.")
	}
	if err := checkState(t, in.values, func(column *column) any { return s.store.value(row, t, column) }); err != nil {
		return nil, err
	}
	delete(in.values, t.primaryID)
	c.undo.before(row)
	s.store.change(row, in.values, s.clock().Now())
	return row, nil
}

// accessDenied is the answer for a record beyond the user's reach; it has another code than a missing privilege.
func (s *Simulator) accessDenied(r *row, access string) *refusal {
	owner := s.user()
	if r.owner >= 0 && r.owner < len(s.store.users) {
		owner = s.store.users[r.owner]
	}
	t := r.shelf.table
	return refuse(http.StatusForbidden, "0x80048306", "SecLib::AccessCheckEx failed. Returned hr = -2147187962, ObjectID: "+string(r.id)+
		", OwnerId: "+string(owner)+",  OwnerIdType: 8 and CallingUser: "+string(s.user())+". ObjectTypeCode: "+number1(t.otc)+
		", objectBusinessUnitId: "+string(unitID(rowUnit(r)))+", AccessRights: "+access)
}

// remove answers DELETE.
func (s *Simulator) remove(c *call, t *table, arguments string) reply {
	id, err := s.key(c, t, arguments)
	if err == nil {
		err = c.rights.allow(t, "Delete", s.user())
	}
	if err != nil {
		return err.reply()
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	row, ok := s.store.find(t, id)
	if !ok {
		return missingRecord(t, id).reply()
	}
	if !visible(row, c.rights.depth(t, "Delete")) {
		return s.accessDenied(row, "DeleteAccess").reply()
	}
	if match := c.header.Get("If-Match"); match != "" && match != "*" && match != etag(row) {
		return refuse(http.StatusPreconditionFailed, "0x80060882", "The version of the existing record doesn't match the RowVersion property provided.").reply()
	}
	c.undo.before(row)
	s.store.remove(row)
	return noContent()
}

// oneProperty answers GET, PUT and DELETE of a single column: contacts(<id>)/jobtitle.
func (s *Simulator) oneProperty(c *call, t *table, id guid, name string) reply {
	column, err := property(c.rights, t, name)
	if err != nil {
		return err.reply()
	}
	switch c.method {
	case http.MethodGet:
		return s.readProperty(c, t, id, column)
	case http.MethodDelete:
		_, err = s.updateFrom(c, t, id, "*", map[string]any{column.name: nil})
	case http.MethodPut:
		body, bad := parseBody(c.body)
		if bad != nil {
			return bad.reply()
		}
		_, err = s.updateFrom(c, t, id, "*", map[string]any{column.name: body["value"]})
	default:
		return methodNotAllowed(c.method).reply()
	}
	if err != nil {
		return err.reply()
	}
	return noContent()
}

func (s *Simulator) readProperty(c *call, t *table, id guid, column *column) reply {
	row, err := s.reach(c, t, id)
	if err != nil {
		return err.reply()
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	value := s.see(c.rights, s.store.reading(row, t), column)
	if value == nil {
		return noContent()
	}
	if at, ok := value.(time.Time); ok && column.format == "DateOnly" {
		value = at.Format(time.DateOnly)
	}
	return jsonReply(http.StatusOK, object{
		{"@odata.context", c.context(t.set + "(" + string(id) + ")/" + column.property())}, {"value", value},
	})
}

// link answers contacts(<id>)/parentcustomerid_account/$ref: PUT sets a lookup, DELETE clears it.
func (s *Simulator) link(c *call, t *table, id guid, nav navigation) reply {
	if nav.many {
		return notSimulated("linking through collections; set the lookup on the other record").reply()
	}
	name := nav.name + "@odata.bind"
	var body map[string]any
	switch c.method {
	case http.MethodDelete:
		body = map[string]any{name: nil}
	case http.MethodPut:
		sent, err := parseBody(c.body)
		if err != nil {
			return err.reply()
		}
		body = map[string]any{name: sent["@odata.id"]}
	default:
		return methodNotAllowed(c.method).reply()
	}
	if _, err := s.updateFrom(c, t, id, "*", body); err != nil {
		return err.reply()
	}
	return noContent()
}

func methodNotAllowed(method string) *refusal {
	return refuse(http.StatusMethodNotAllowed, "0x80060888", "The requested resource does not support http method '"+method+"'.")
}

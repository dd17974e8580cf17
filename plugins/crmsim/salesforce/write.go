package salesforce

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// written is the answer to a write that succeeded. Created is set for upserts.
type written struct {
	ID      string   `json:"id"`
	Success bool     `json:"success"`
	Errors  []string `json:"errors"`
	Created *bool    `json:"created,omitempty"`
}

func wrote(id string, created *bool) written { return written{id, true, []string{}, created} }

// transaction remembers how records were before a request changed them, for requests that are all or nothing.
type transaction struct{ undo []func() }

// before notes the state of a record that is about to change. Callers hold the store's write lock.
func (x *transaction) before(t *table, r *row) {
	if x == nil {
		return
	}
	was := *r
	x.undo = append(x.undo, func() {
		*r = was
		slices.SortFunc(t.byStamp, compareRows)
	})
}

// added notes a record that was made. Undoing it leaves a gap in the numbers, as in Salesforce.
func (x *transaction) added(s *Simulator, t *table, r *row) {
	if x == nil {
		return
	}
	x.undo = append(x.undo, func() {
		r.deleted = true
		s.bin.purge(t.id(r))
	})
}

// rollBack undoes everything, last change first.
func (x *transaction) rollBack(s *Simulator) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	for _, undo := range slices.Backward(x.undo) {
		undo()
	}
	x.undo = nil
}

// readFields decodes the body of a write: a flat JSON object.
func readFields(body []byte) (map[string]any, *writeError) {
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		trouble := "an object is wanted"
		if err != nil {
			trouble = jsonTrouble(err)
		}
		return nil, refuseWrite("JSON_PARSER_ERROR", nil, "The HTTP entity body is required, but this request has no entity "+
			"body or an unreadable one: %s", trouble)
	}
	return fields, nil
}

// create serves POST /sobjects/{object}.
func (s *Simulator) create(c *call) reply {
	o, ok := c.view.object(c.rest[1])
	if !ok {
		return resourceMissing()
	}
	fields, wrong := readFields(c.body)
	if wrong != nil {
		return wrong.reply()
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	id, wrong := s.insert(c, o, fields)
	if wrong != nil {
		return wrong.reply()
	}
	answer := jsonReply(http.StatusCreated, wrote(id, nil))
	answer.location = c.root + "/sobjects/" + o.name + "/" + id
	return answer
}

// insert adds one record. Callers hold the write lock, here and below.
func (s *Simulator) insert(c *call, o *objectView, fields map[string]any) (string, *writeError) {
	values, wrong := s.checkWrite(o, nil, fields)
	if wrong != nil {
		return "", wrong
	}
	t := s.store.tables[o.name]
	made := t.add(1, values, s.config.Clock.Now())[0]
	c.changes.added(s, t, made)
	return t.id(made), nil
}

// modify changes one record.
func (s *Simulator) modify(c *call, o *objectView, r *row, fields map[string]any) *writeError {
	values, wrong := s.checkWrite(o, r, fields)
	if wrong != nil {
		return wrong
	}
	t := s.store.tables[o.name]
	c.changes.before(t, r)
	t.touch([]*row{r}, values, nil, s.config.Clock.Now())
	return nil
}

// remove moves one record to the recycle bin.
func (s *Simulator) remove(c *call, o *objectView, r *row) *writeError {
	switch {
	case r.deleted:
		return &writeError{http.StatusNotFound, "ENTITY_IS_DELETED", "entity is deleted", nil}
	case !o.deletable:
		return refuseWrite("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", nil, "entity type cannot be deleted: %s", o.label)
	case !o.mayUpdate:
		return &writeError{http.StatusForbidden, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", nil}
	}
	t := s.store.tables[o.name]
	c.changes.before(t, r)
	t.touch([]*row{r}, nil, On(), s.config.Clock.Now())
	return nil
}

// update serves PATCH /sobjects/{object}/{id}.
func (s *Simulator) update(c *call) reply {
	o, ok := c.view.object(c.rest[1])
	if !ok {
		return resourceMissing()
	}
	fields, wrong := readFields(c.body)
	if wrong != nil {
		return wrong.reply()
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	r, ok := s.store.tables[o.name].byID(c.rest[2])
	if !ok {
		return resourceMissing()
	}
	if wrong := s.modify(c, o, r, fields); wrong != nil {
		return wrong.reply()
	}
	return reply{status: http.StatusNoContent}
}

// destroy serves DELETE /sobjects/{object}/{id}.
func (s *Simulator) destroy(c *call) reply {
	o, ok := c.view.object(c.rest[1])
	if !ok {
		return resourceMissing()
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	r, ok := s.store.tables[o.name].byID(c.rest[2])
	if !ok {
		return resourceMissing()
	}
	if wrong := s.remove(c, o, r); wrong != nil {
		return wrong.reply()
	}
	return reply{status: http.StatusNoContent}
}

// upsert serves PATCH /sobjects/{object}/{field}/{value}: the record whose field has this value is changed, or made
// when there is none. Two such records are an answer with status 300 and where they are.
func (s *Simulator) upsert(c *call) reply {
	o, ok := c.view.object(c.rest[1])
	if !ok {
		return resourceMissing()
	}
	fields, wrong := readFields(c.body)
	if wrong != nil {
		return wrong.reply()
	}
	key, wrong := upsertKey(o, c.rest[2])
	if wrong != nil {
		return wrong.reply()
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if c.query.Get("updateOnly") == "true" && len(s.withKey(o, key, c.rest[3])) == 0 {
		return resourceMissing()
	}
	id, created, matches, wrong := s.upsertOne(c, o, key, c.rest[3], fields)
	switch {
	case wrong != nil:
		return wrong.reply()
	case len(matches) > 0:
		urls := make([]string, len(matches))
		for i, r := range matches {
			urls[i] = c.root + "/sobjects/" + o.name + "/" + s.store.tables[o.name].id(r)
		}
		return jsonReply(http.StatusMultipleChoices, urls)
	case created:
		answer := jsonReply(http.StatusCreated, wrote(id, &created))
		answer.location = c.root + "/sobjects/" + o.name + "/" + id
		return answer
	}
	return jsonReply(http.StatusOK, wrote(id, &created))
}

// upsertKey finds the field that names records: Id, or one that describe marks as idLookup.
func upsertKey(o *objectView, name string) (*field, *writeError) {
	f, ok := o.field(name)
	if !ok || !f.traits.has(idLookup) {
		return nil, &writeError{
			status: http.StatusNotFound, code: "NOT_FOUND",
			message: "Provided external ID field does not exist or is not accessible: " + name,
		}
	}
	return f.field, nil
}

// withKey finds the live records whose key field has a value; text without regard to case.
func (s *Simulator) withKey(o *objectView, key *field, value string) []*row {
	t := s.store.tables[o.name]
	if value == "" {
		return nil
	}
	if key.name == "Id" {
		if r, ok := t.byID(value); ok && !r.deleted {
			return []*row{r}
		}
		return nil
	}
	var found []*row
	for _, r := range t.rows {
		if !r.deleted && strings.EqualFold(textOf(s.store.value(t, r, key)), value) {
			found = append(found, r)
		}
	}
	return found
}

// upsertOne changes or makes one record. matches are given back when there is more than one.
func (s *Simulator) upsertOne(c *call, o *objectView, key *field, value string, given map[string]any,
) (id string, created bool, matches []*row, wrong *writeError) {
	fields := map[string]any{}
	for name, v := range given {
		if !strings.EqualFold(name, "Id") {
			fields[name] = v
		}
	}
	found := s.withKey(o, key, value)
	switch {
	case len(found) > 1:
		return "", false, found, nil
	case len(found) == 1:
		return s.store.tables[o.name].id(found[0]), false, nil, s.modify(c, o, found[0], fields)
	case key.name == "Id" && value != "":
		return "", false, nil, refuseWrite("INVALID_CROSS_REFERENCE_KEY", nil, "invalid cross reference id")
	}
	if key.name != "Id" {
		fields[key.name] = value
	}
	id, wrong = s.insert(c, o, fields)
	return id, wrong == nil, nil, wrong
}

package salesforce

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// maxCollection is how many records one call of /composite/sobjects may name.
const maxCollection = 200

// rowFailure is a record of a collection that was not written. It has no id, and its errors say statusCode where other
// errors say errorCode.
type rowFailure struct {
	Success bool       `json:"success"`
	Errors  []rowError `json:"errors"`
	Created *bool      `json:"created,omitempty"` // false, for upserts
}

type rowError struct {
	StatusCode string   `json:"statusCode"`
	Message    string   `json:"message"`
	Fields     []string `json:"fields"`
}

func (c *call) rowFailure(e *writeError) rowFailure {
	failure := rowFailure{Errors: []rowError{{e.code, e.message, append([]string{}, e.fields...)}}}
	if c.endpoint() == "collectionUpsert" {
		failure.Created = new(bool)
	}
	return failure
}

// collection serves POST and PATCH /composite/sobjects, PATCH /composite/sobjects/{object}/{field}: up to 200 records,
// results in their order, status 200 even if every one failed.
func (s *Simulator) collection(c *call) reply {
	var request struct {
		AllOrNone bool             `json:"allOrNone"`
		Records   []map[string]any `json:"records"`
	}
	if err := json.Unmarshal(c.body, &request); err != nil {
		return failure(http.StatusBadRequest, "JSON_PARSER_ERROR", "unreadable collection: "+jsonTrouble(err))
	}
	if n := len(request.Records); n == 0 || n > maxCollection {
		return collectionSize(n)
	}
	write := s.updateRow
	switch {
	case c.method == http.MethodPost:
		write = s.createRow
	case len(c.rest) == 4:
		write = s.upsertRow
	}
	return s.writeRows(c, len(request.Records), request.AllOrNone, func(i int) (any, *writeError) {
		return write(c, request.Records[i])
	})
}

func collectionSize(n int) reply {
	if n == 0 {
		return failure(http.StatusBadRequest, "INVALID_INPUT", "records: at least one is required")
	}
	return failure(http.StatusBadRequest, "EXCEEDED_ID_LIMIT", fmt.Sprintf("record limit reached. cannot submit more than %d "+
		"records in this request", maxCollection))
}

// writeRows runs a write per record. With allOrNone one failure undoes the others, which then say so.
func (s *Simulator) writeRows(c *call, n int, allOrNone bool, write func(i int) (any, *writeError)) reply {
	outer, mine := c.changes, &transaction{}
	c.changes = mine
	results, failed := make([]any, n), map[int]bool{}
	s.store.mu.Lock()
	for i := range results {
		result, wrong := write(i)
		if results[i] = result; wrong != nil {
			results[i], failed[i] = c.rowFailure(wrong), true
		}
	}
	s.store.mu.Unlock()
	c.changes = outer
	if allOrNone && len(failed) > 0 {
		mine.rollBack(s)
		for i := range results {
			if !failed[i] {
				results[i] = c.rowFailure(refuseWrite("ALL_OR_NONE_OPERATION_ROLLED_BACK", nil,
					"Record rolled back because not all records were valid and the request was using AllOrNone header"))
			}
		}
	} else if outer != nil {
		outer.undo = append(outer.undo, mine.undo...)
	}
	return jsonReply(http.StatusOK, results)
}

// objectOfRow reads attributes.type.
func objectOfRow(c *call, record map[string]any) (*objectView, *writeError) {
	attributes, ok := record["attributes"].(map[string]any)
	if !ok {
		return nil, refuseWrite("JSON_PARSER_ERROR", nil, "Nested object for polymorphic foreign key must have an attributes field "+
			"before any other fields.")
	}
	name, _ := attributes["type"].(string)
	o, ok := c.view.object(name)
	if !ok {
		return nil, refuseWrite("INVALID_TYPE", nil, "sObject type '%s' is not supported.", name)
	}
	return o, nil
}

func (s *Simulator) createRow(c *call, record map[string]any) (any, *writeError) {
	o, wrong := objectOfRow(c, record)
	if wrong != nil {
		return nil, wrong
	}
	id, wrong := s.insert(c, o, record)
	return wrote(id, nil), wrong
}

func (s *Simulator) updateRow(c *call, record map[string]any) (any, *writeError) {
	o, wrong := objectOfRow(c, record)
	if wrong != nil {
		return nil, wrong
	}
	id := idOfRow(record)
	if id == "" {
		return nil, refuseWrite("MISSING_ARGUMENT", nil, "Id not specified in an update call")
	}
	r, ok := s.store.tables[o.name].byID(id)
	if !ok {
		return nil, refuseWrite("INVALID_CROSS_REFERENCE_KEY", nil, "invalid cross reference id")
	}
	return wrote(s.store.tables[o.name].id(r), nil), s.modify(c, o, r, withoutID(record))
}

func (s *Simulator) upsertRow(c *call, record map[string]any) (any, *writeError) {
	o, wrong := objectOfRow(c, record)
	if wrong != nil {
		return nil, wrong
	}
	key, wrong := upsertKey(o, c.rest[3])
	if wrong != nil {
		return nil, wrong
	}
	value := idOfRow(record)
	if key.name != "Id" {
		for name, given := range record {
			if strings.EqualFold(name, key.name) {
				value = textOf(given)
			}
		}
	}
	id, created, matches, wrong := s.upsertOne(c, o, key, value, record)
	if len(matches) > 0 {
		wrong = refuseWrite("DUPLICATE_EXTERNAL_ID", []string{key.name}, "%s: more than one record found for external id field",
			key.label)
	}
	return wrote(id, &created), wrong
}

// idOfRow reads a record's id, which clients write "id" or "Id".
func idOfRow(record map[string]any) string { return textOf(record["Id"]) + textOf(record["id"]) }

func withoutID(record map[string]any) map[string]any {
	fields := map[string]any{}
	for name, value := range record {
		if !strings.EqualFold(name, "Id") {
			fields[name] = value
		}
	}
	return fields
}

// collectionDelete serves DELETE /composite/sobjects?ids=A,B&allOrNone=false.
func (s *Simulator) collectionDelete(c *call) reply {
	ids := splitList(c.query.Get("ids"))
	if n := len(ids); n == 0 || n > maxCollection {
		return collectionSize(n)
	}
	allOrNone, _ := strconv.ParseBool(c.query.Get("allOrNone"))
	return s.writeRows(c, len(ids), allOrNone, func(i int) (any, *writeError) {
		o, r, ok := s.anyRecord(c.view, ids[i])
		if !ok {
			return nil, refuseWrite("INVALID_CROSS_REFERENCE_KEY", nil, "invalid cross reference id")
		}
		return wrote(s.store.tables[o.name].id(r), nil), s.remove(c, o, r)
	})
}

// anyRecord finds a record of any readable object by its id.
func (s *Simulator) anyRecord(v *view, id string) (*objectView, *row, bool) {
	for _, o := range v.catalog.objects {
		if r, ok := s.store.tables[o.name].byID(id); ok && !o.virtual {
			ov, readable := v.object(o.name)
			return ov, r, readable
		}
	}
	return nil, nil, false
}

// collectionRead serves GET /composite/sobjects/{object}?ids=&fields= and the same as POST with a body: null stands for
// records that are not there.
func (s *Simulator) collectionRead(c *call) reply {
	var request struct{ IDs, Fields []string }
	if c.method == http.MethodGet {
		request.IDs, request.Fields = splitList(c.query.Get("ids")), splitList(c.query.Get("fields"))
	} else if err := json.Unmarshal(c.body, &request); err != nil {
		return failure(http.StatusBadRequest, "JSON_PARSER_ERROR", "unreadable request: "+jsonTrouble(err))
	}
	o, ok := c.view.object(c.rest[2])
	if !ok {
		return resourceMissing()
	}
	if n := len(request.IDs); n == 0 || n > 10*maxCollection {
		return collectionSize(n)
	}
	columns, wrong := selection(o, request.Fields)
	if wrong != nil {
		return wrong.reply()
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	t, body := s.store.tables[o.name], []byte{'['}
	for i, id := range request.IDs {
		if i > 0 {
			body = append(body, ',')
		}
		if r, ok := t.byID(id); ok && !r.deleted {
			body = s.store.appendRecord(body, c, t, r, columns)
		} else {
			body = append(body, "null"...)
		}
	}
	return reply{status: http.StatusOK, kind: jsonKind, body: append(body, ']')}
}

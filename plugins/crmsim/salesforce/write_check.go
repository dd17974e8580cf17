package salesforce

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
)

// writeError is why a record was not written: one entry of an error array, and the status when it stands alone.
type writeError struct {
	status        int
	code, message string
	fields        []string
}

func refuseWrite(code string, fields []string, format string, args ...any) *writeError {
	return &writeError{http.StatusBadRequest, code, fmt.Sprintf(format, args...), fields}
}

// reply is the error as the answer to a call about one record.
func (e *writeError) reply() reply {
	fields := e.fields
	if fields == nil {
		fields = []string{}
	}
	return jsonReply(e.status, []map[string]any{{"message": e.message, "errorCode": e.code, "fields": fields}})
}

// checkWrite turns the fields a caller sent into values for the store, or says what Salesforce would object to. r is
// the record to change, nil for a new one. Callers hold the store's lock.
func (s *Simulator) checkWrite(o *objectView, r *row, given map[string]any) (map[string]any, *writeError) {
	if wrong := mayWrite(o, r); wrong != nil {
		return nil, wrong
	}
	values, locked := map[string]any{}, []string{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if name == "attributes" {
			continue
		}
		f, ok := o.field(name)
		if !ok {
			return nil, refuseWrite("INVALID_FIELD", nil, "No such column '%s' on sobject of type %s", name, o.name)
		}
		if allowed := (r == nil && f.mayCreate) || (r != nil && f.mayUpdate); !allowed {
			locked = append(locked, f.name)
			continue
		}
		stored, wrong := s.checkValue(f.field, given[name])
		if wrong != nil {
			return nil, wrong
		}
		values[f.column()] = stored
	}
	if len(locked) > 0 {
		return nil, refuseWrite("INVALID_FIELD_FOR_INSERT_UPDATE", locked, "Unable to create/update fields: %s. Please check the "+
			"security settings of this field and verify that it is read/write for your profile or permission set.",
			strings.Join(locked, ", "))
	}
	if missing := missingFields(o, r, values); len(missing) > 0 {
		return nil, refuseWrite("REQUIRED_FIELD_MISSING", missing, "Required fields are missing: [%s]", strings.Join(missing, ", "))
	}
	return values, s.checkRules(o, r, values)
}

func mayWrite(o *objectView, r *row) *writeError {
	switch {
	case r == nil && !o.mayCreate:
		return refuseWrite("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", nil, "entity type cannot be inserted: %s", o.label)
	case r != nil && r.deleted:
		return &writeError{http.StatusNotFound, "ENTITY_IS_DELETED", "entity is deleted", nil}
	case r != nil && !o.object.updateable:
		return refuseWrite("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", nil, "entity type cannot be updated: %s", o.label)
	case r != nil && !o.mayUpdate:
		return &writeError{http.StatusForbidden, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", nil}
	}
	return nil
}

// missingFields lists required fields that a new record lacks or that a change empties, in describe order.
func missingFields(o *objectView, r *row, values map[string]any) []string {
	var missing []string
	for i := range o.object.fields {
		f := &o.object.fields[i]
		value, given := values[f.name]
		must := f.traits.has(createable) && f.traits&(nillable|defaulted) == 0
		if must && value == nil && (given || r == nil) {
			missing = append(missing, f.name)
		}
	}
	return missing
}

// checkRules are the rules over several fields.
func (s *Simulator) checkRules(o *objectView, r *row, values map[string]any) *writeError {
	t := s.store.tables[o.name]
	current := func(name string) any {
		if value, ok := values[name]; ok || r == nil {
			return value
		}
		return s.store.sibling(t, r, name)
	}
	switch o.name {
	case "Lead":
		if r != nil && s.store.sibling(t, r, "IsConverted") == true {
			return refuseWrite("CANNOT_UPDATE_CONVERTED_LEAD", nil, "cannot reference converted lead")
		}
	case "Task", "Event":
		who, what := textOf(current("WhoId")), textOf(current("WhatId"))
		if strings.HasPrefix(who, "00Q") && what != "" {
			return refuseWrite("FIELD_INTEGRITY_EXCEPTION", []string{"WhatId"},
				"You can't associate this activity with a lead and another record: Related To ID")
		}
	}
	return nil
}

// checkValue brings one JSON value to the form the store keeps. Text is accepted where a number or a flag is meant, as
// Salesforce does.
func (s *Simulator) checkValue(f *field, value any) (any, *writeError) {
	if value == nil || value == "" {
		return nil, nil
	}
	unfit := refuseWrite("JSON_PARSER_ERROR", nil, "Cannot deserialize instance of %s from value %v of field %s",
		strings.TrimPrefix(f.soapType(), "xsd:"), value, f.name)
	kind := familyOf(f.kind)
	if kind == familyBoolean {
		return checkFlag(value, unfit)
	}
	if kind == familyNumber {
		return checkNumber(f, value, unfit)
	}
	text, ok := value.(string)
	switch {
	case !ok || kind == familyAddress:
		return nil, unfit
	case kind == familyID:
		return s.checkReference(f, text)
	case kind == familyDate || kind == familyDatetime:
		return checkTime(kind, text, unfit)
	}
	return checkText(f, text)
}

func checkFlag(value any, unfit *writeError) (any, *writeError) {
	if flag, ok := value.(bool); ok {
		return flag, nil
	}
	flag, err := strconv.ParseBool(textOf(value))
	if err != nil {
		return nil, unfit
	}
	return flag, nil
}

func checkTime(kind family, text string, unfit *writeError) (any, *writeError) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.999-0700", time.DateOnly} {
		at, err := time.Parse(layout, text)
		switch {
		case err != nil:
		case kind == familyDate:
			return at.Format(time.DateOnly), nil
		default:
			return at.UTC().Truncate(time.Second), nil
		}
	}
	return nil, unfit
}

func checkNumber(f *field, value any, unfit *writeError) (any, *writeError) {
	number, ok := value.(float64)
	if text, isText := value.(string); isText {
		parsed, err := strconv.ParseFloat(text, 64)
		number, ok = parsed, err == nil
	}
	if !ok || math.IsInf(number, 0) || math.IsNaN(number) {
		return nil, unfit
	}
	if f.kind != "int" {
		return number, nil
	}
	if number != math.Trunc(number) {
		return nil, unfit
	}
	if math.Abs(number) >= math.Pow10(f.digits) {
		return nil, refuseWrite("NUMBER_OUTSIDE_VALID_RANGE", []string{f.name}, "%s: value outside of valid range on numeric field: %v",
			f.label, value)
	}
	return int(number), nil
}

func checkText(f *field, text string) (any, *writeError) {
	if f.length > 0 && len([]rune(text)) > f.length {
		return nil, refuseWrite("STRING_TOO_LONG", []string{f.name}, "%s: data value too large: %.40s... (max length=%d)",
			f.label, text, f.length)
	}
	if f.kind == "email" {
		if parsed, err := mail.ParseAddress(text); err != nil || parsed.Address != text || !strings.Contains(text, ".") {
			return nil, refuseWrite("INVALID_EMAIL_ADDRESS", []string{f.name}, "%s: invalid email address: %s", f.label, text)
		}
	}
	if f.traits.has(restricted) && !slices.ContainsFunc(f.options, func(o option) bool { return o.value == text }) {
		return nil, refuseWrite("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", []string{f.name},
			"%s: bad value for restricted picklist field: %s", f.label, text)
	}
	return text, nil
}

// checkReference checks the form of an id, and that the record is there if its object is simulated.
func (s *Simulator) checkReference(f *field, text string) (any, *writeError) {
	id15, ok := id15Of(text)
	if !ok {
		return nil, refuseWrite("MALFORMED_ID", []string{f.name}, "%s: id value of incorrect type: %s", f.label, text)
	}
	id, foreign := id18(id15), false
	for _, name := range f.referenceTo {
		t, simulated := s.store.tables[name]
		if !simulated {
			foreign = true
			continue
		}
		if !strings.HasPrefix(id, t.object.keyPrefix) {
			continue
		}
		if r, ok := t.byID(id); !ok || r.deleted {
			return nil, refuseWrite("INVALID_CROSS_REFERENCE_KEY", nil, "invalid cross reference id")
		}
		return id, nil
	}
	if !foreign {
		return nil, refuseWrite("FIELD_INTEGRITY_EXCEPTION", []string{f.name}, "%s: id value of incorrect type: %s", f.label, text)
	}
	return id, nil
}

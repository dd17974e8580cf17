package dynamics365

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// input is a record as a client sends it: column values, and records to make on the way.
type input struct {
	values   map[string]any
	children []childInput
}

// childInput are records under a collection: the parties of an activity.
type childInput struct {
	navigation navigation
	inputs     []input
}

// readInput checks a body against the table: names, types, lengths, options, rights on secured columns.
func (s *Simulator) readInput(c *call, t *table, body map[string]any, creating bool) (input, *refusal) {
	in := input{values: map[string]any{}}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		value := body[name]
		switch {
		case strings.HasPrefix(name, "@"):
		case strings.HasSuffix(name, "@odata.bind"):
			nav, err := navigate(c.rights, t, strings.TrimSuffix(name, "@odata.bind"))
			if err != nil || nav.many {
				return in, undeclared(strings.TrimSuffix(name, "@odata.bind"))
			}
			if err := s.bind(c, &in, t, nav, value); err != nil {
				return in, err
			}
		case strings.Contains(name, "@"):
		default:
			if nav, err := navigate(c.rights, t, name); err == nil && nav.many {
				child, err := s.readChildren(c, nav, value)
				if err != nil {
					return in, err
				}
				in.children = append(in.children, child)
				continue
			}
			column, ok := c.rights.column(t, name)
			if !ok || column.isLookup() {
				return in, refuse(http.StatusBadRequest, "0x80048d19", "Error identified in Payload provided by the user for Entity :'"+t.set+
					"'. Invalid property '"+name+"' was found in entity 'Microsoft.Dynamics.CRM."+t.name+"'.")
			}
			if err := s.writable(c.rights, column, creating); err != nil {
				return in, err
			}
			converted, err := column.convert(value)
			if err != nil {
				return in, err
			}
			in.values[name] = converted
		}
	}
	return in, nil
}

// undeclared is the answer to a navigation property that does not exist in exactly this spelling.
func undeclared(name string) *refusal {
	return refuse(http.StatusBadRequest, "0x80048d19", "An undeclared property '"+name+"' which only has property annotations in the "+
		"payload but no property value was found in the payload. In OData, only declared navigation properties and declared "+
		"named streams can be represented as properties without values.")
}

// writable refuses secured columns that the user's profile does not let him write.
func (s *Simulator) writable(r *rights, c *column, creating bool) *refusal {
	state := r.state(c)
	switch {
	case state.secured && creating && c.secureCreate && !state.canCreate:
		return refuse(http.StatusForbidden, "0x8004f502", "The user does not have create permissions to a secured field. The requested operation could not be completed.")
	case state.secured && !creating && c.secureUpdate && !state.canUpdate:
		return refuse(http.StatusForbidden, "0x8004f507", "The user doesn't have AttributePrivilegeUpdate and not granted shared access for a secured attribute during update operation")
	}
	return nil
}

// bind follows a link to an existing record.
func (s *Simulator) bind(c *call, in *input, t *table, nav navigation, value any) *refusal {
	if err := s.writable(c.rights, nav.lookup, false); err != nil {
		return err
	}
	if value == nil {
		in.values[nav.lookup.name] = nil
		return nil
	}
	link, _ := value.(string)
	to, id, err := s.reference(c, link)
	if err != nil {
		return err
	}
	if nav.to != nil && nav.to != to || nav.to == nil && to.name != "systemuser" && to.name != "team" {
		return badQuery("The link '" + link + "' of '" + nav.name + "' on " + t.name + " leads to a record of another table.")
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	if _, ok := s.store.find(to, id); !ok {
		return missingRecord(to, id)
	}
	in.values[nav.lookup.name] = ref{to.name, id}
	return nil
}

func (s *Simulator) readChildren(c *call, nav navigation, value any) (childInput, *refusal) {
	child := childInput{navigation: nav}
	entries, ok := value.([]any)
	if !ok {
		return child, badQuery("'" + nav.name + "' wants a list of records.")
	}
	for _, entry := range entries {
		body, ok := entry.(map[string]any)
		if !ok {
			return child, badQuery("'" + nav.name + "' wants a list of records.")
		}
		in, err := s.readInput(c, nav.to, body, true)
		if err != nil {
			return child, err
		}
		child.inputs = append(child.inputs, in)
	}
	return child, nil
}

// parseBody reads a JSON object.
func parseBody(raw []byte) (map[string]any, *refusal) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var body map[string]any
	if err := decoder.Decode(&body); err != nil || body == nil {
		return nil, refuse(http.StatusBadRequest, "0x80048d19", "Error identified in Payload provided by the user: it is no JSON object.")
	}
	return body, nil
}

// convert brings a JSON value to the form that the store keeps.
func (c *column) convert(value any) (any, *refusal) {
	wrong := refuse(http.StatusBadRequest, "0x80048d19", fmt.Sprintf(
		"Error identified in Payload provided by the user: cannot convert the value of '%s' to the expected type '%s'.", c.name, edmType(c)))
	switch v := value.(type) {
	case nil:
		return nil, nil
	case bool:
		if c.kind == "Boolean" {
			return v, nil
		}
	case string:
		return c.convertText(v, wrong)
	case int:
		return c.convert(json.Number(number1(v)))
	case float64:
		return c.convert(json.Number(fmt.Sprint(v)))
	case json.Number:
		whole, err := v.Int64()
		decimal, decimalErr := v.Float64()
		switch edmType(c) {
		case "Edm.Int32":
			if err != nil {
				return nil, wrong
			}
			if _, ok := c.choice(int(whole)); len(c.options) > 0 && !ok {
				return nil, refuse(http.StatusBadRequest, "0x8004431a", fmt.Sprintf(
					"A validation error occurred. The value %d of '%s' on record of type '%s' is outside the valid range.", whole, c.name, c.table.name))
			}
			return int(whole), nil
		case "Edm.Int64":
			if err == nil {
				return whole, nil
			}
		case "Edm.Decimal", "Edm.Double":
			if decimalErr == nil {
				return decimal, nil
			}
		}
	}
	return nil, wrong
}

func (c *column) convertText(text string, wrong *refusal) (any, *refusal) {
	switch edmType(c) {
	case "Edm.String", "Edm.Binary":
		if c.maxLength > 0 && len([]rune(text)) > c.maxLength {
			return nil, refuse(http.StatusBadRequest, "0x80044331", fmt.Sprintf("A validation error occurred.  The length of the '%s' "+
				"attribute of the '%s' entity exceeded the maximum allowed length of '%d'.", c.name, c.table.name, c.maxLength))
		}
		return text, nil
	case "Edm.Guid":
		if id, ok := parseGUID(text); ok {
			return id, nil
		}
	case "Edm.Date", "Edm.DateTimeOffset":
		if at, ok := parseTime(text); ok {
			return at.Truncate(time.Second), nil
		}
	}
	return nil, wrong
}

// checkState refuses a status reason that does not belong to the state.
func checkState(t *table, values map[string]any, present func(*column) any) *refusal {
	stateColumn, hasState := t.byName["statecode"]
	statusColumn, hasStatus := t.byName["statuscode"]
	if !hasState || !hasStatus {
		return nil
	}
	state, given := values["statecode"].(int)
	status, statusGiven := values["statuscode"].(int)
	if given && !statusGiven {
		if o, ok := stateColumn.choice(state); ok {
			values["statuscode"] = o.state
		}
		return nil
	}
	if !statusGiven {
		return nil
	}
	if !given {
		state, _ = present(stateColumn).(int)
	}
	if o, ok := statusColumn.choice(status); !ok || o.state != state {
		return refuse(http.StatusBadRequest, "0x80048408", fmt.Sprintf("%d is not a valid status code on %s with state code %d.", status, t.name, state))
	}
	return nil
}

package dynamics365

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// changesQuery is the query of RetrieveMetadataChanges.
type changesQuery struct {
	Properties     changesProperties
	Criteria       changesCriteria
	AttributeQuery *changesQuery
}

type changesProperties struct {
	AllProperties bool
	PropertyNames []string
}

type changesCriteria struct {
	FilterOperator string
	Conditions     []struct {
		ConditionOperator, PropertyName string
		Value                           struct{ Type, Value string }
	}
	Filters []changesCriteria
}

var quotedPattern = regexp.MustCompile(`'([^']*)'`)

// matches applies the criteria to a piece of metadata.
func (q changesCriteria) matches(o object) bool {
	either := strings.EqualFold(q.FilterOperator, "Or")
	results := []bool{}
	for _, condition := range q.Conditions {
		value, _ := o.get(condition.PropertyName)
		if inner, ok := value.(object); ok {
			value, _ = inner.get("Value")
		}
		present := fmt.Sprint(value)
		wanted := []string{condition.Value.Value}
		if strings.HasSuffix(condition.Value.Type, "[]") {
			wanted = nil
			for _, m := range quotedPattern.FindAllStringSubmatch(condition.Value.Value, -1) {
				wanted = append(wanted, m[1])
			}
		}
		found := slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(strings.Trim(w, "'"), present) })
		switch condition.ConditionOperator {
		case "NotEquals", "NotIn":
			found = !found
		}
		results = append(results, found)
	}
	for _, filter := range q.Filters {
		results = append(results, filter.matches(o))
	}
	if len(results) == 0 {
		return true
	}
	if either {
		return slices.Contains(results, true)
	}
	return !slices.Contains(results, false)
}

// keep leaves the asked properties as they are and empties the others, as the service does.
func (p changesProperties) keep(o object) object {
	kept := make(object, 0, len(o))
	for _, m := range o {
		if p.AllProperties || m.name == "MetadataId" || slices.Contains(p.PropertyNames, m.name) {
			kept = append(kept, m)
		} else {
			kept = append(kept, member{m.name, nil})
		}
	}
	return kept
}

// metadataChanges answers RetrieveMetadataChanges: everything, or with a stamp only what changed since.
func (s *Simulator) metadataChanges(c *call) reply {
	parameters := c.parameters(c.segments[0].arguments)
	var q changesQuery
	if text := parameters["Query"]; text != "" && text != "null" {
		if err := json.Unmarshal([]byte(text), &q); err != nil {
			return badQuery("The parameter Query of RetrieveMetadataChanges is not well-formed: " + err.Error()).reply()
		}
	}
	since := int64(-1)
	if stamp, ok := textValue(parameters["ClientVersionStamp"]); ok {
		version, _, good := parseStamp(stamp)
		if !good || version < s.metadataFloor() || version > int64(c.rights.version) {
			return expired().reply()
		}
		since = version
	}
	tables := []object{}
	for _, t := range s.catalog.tables {
		if o, ok := s.changedTable(c.rights, t, q, int(since)); ok {
			tables = append(tables, o)
		}
	}
	return jsonReply(http.StatusOK, object{
		{"@odata.context", c.context(crm + "RetrieveMetadataChangesResponse")},
		{"ServerVersionStamp", fmt.Sprintf("%d!%s", c.rights.version, c.rights.at.UTC().Format(stampLayout))},
		{"DeletedMetadata", c.rights.deletedSince(int(since))},
		{"EntityMetadata", tables},
	})
}

// changedTable gives a table and its columns as far as they match and, with a stamp, changed.
func (s *Simulator) changedTable(r *rights, t *table, q changesQuery, since int) (object, bool) {
	o := r.tableMetadata(t)
	if !r.exists(t) || !q.Criteria.matches(o) {
		return nil, false
	}
	whole := since < 0 || r.returned[t.name] > since
	wantColumns := q.Properties.AllProperties || slices.Contains(q.Properties.PropertyNames, "Attributes")
	columns := []object{}
	for _, column := range t.columns {
		state := r.state(column)
		if state.deleted || !whole && state.version <= since {
			continue
		}
		one, _ := r.columnMetadata(column)
		if q.AttributeQuery != nil && !q.AttributeQuery.Criteria.matches(one) {
			continue
		}
		if q.AttributeQuery != nil {
			one = q.AttributeQuery.Properties.keep(one)
		}
		if kind := column.metadataType(); kind != "" {
			one = append(object{{"@odata.type", "#" + crm + kind}}, one...)
		}
		columns = append(columns, one)
	}
	if !whole && len(columns) == 0 {
		return nil, false
	}
	o = q.Properties.keep(o)
	if wantColumns {
		return o.with("Attributes", columns), true
	}
	return o.with("Attributes", nil), true
}

// deletedSince lists the ids of tables and columns that went after a stamp.
func (r *rights) deletedSince(since int) object {
	var tables, columns []guid
	if since >= 0 {
		for _, t := range r.catalog.tables {
			if !r.exists(t) && r.gone[t.name] > since {
				tables = append(tables, tableMetadataID(t))
			}
			for _, c := range t.columns {
				if state := r.state(c); state.deleted && state.version > since {
					columns = append(columns, columnMetadataID(c))
				}
			}
		}
	}
	keys, values := []string{}, []object{}
	for _, kind := range []struct {
		name string
		ids  []guid
	}{{"Entity", tables}, {"Attribute", columns}} {
		if len(kind.ids) > 0 {
			keys = append(keys, kind.name)
			values = append(values, object{{"Count", len(kind.ids)}, {"IsReadOnly", false}, {"Items", kind.ids}})
		}
	}
	return object{{"Count", len(keys)}, {"IsReadOnly", false}, {"Keys", keys}, {"Values", values}}
}

package salesforce

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// run finds the records of a plan, ordered and limited. Callers hold the store's read lock. withDeleted includes the
// recycle bin, as queryAll does.
func (s *store) run(p *plan, withDeleted bool) []*row {
	t := s.tables[p.object.name]
	candidates, sorted := t.byStamp, false
	switch {
	case byStampThenID(p.orders):
		candidates, sorted = t.between(p.from, p.to), true
	case !p.from.IsZero() || !p.to.IsZero():
		candidates = t.between(p.from, p.to)
	case len(p.orders) == 0:
		candidates, sorted = t.rows, true
	}
	var found []*row
	for _, r := range candidates {
		if sorted && p.limit >= 0 && len(found) == p.limit {
			break
		}
		if r.deleted && !withDeleted {
			continue
		}
		if p.filter == nil || p.filter(func(want selected) any { return s.read(t, r, want) }) {
			found = append(found, r)
		}
	}
	if !sorted {
		s.sort(t, found, p.orders)
	}
	if p.limit >= 0 && len(found) > p.limit {
		found = found[:p.limit]
	}
	return found
}

// byStampThenID recognises the order the table is kept in.
func byStampThenID(orders []planOrder) bool {
	if len(orders) == 0 || len(orders) > 2 {
		return false
	}
	for i, name := range []string{"SystemModstamp", "Id"}[:len(orders)] {
		if orders[i].via != nil || orders[i].field.name != name || orders[i].descending {
			return false
		}
	}
	return true
}

// sort orders records; those that compare equal stay in the order of their ids.
func (s *store) sort(t *table, rows []*row, orders []planOrder) {
	keys := make(map[*row][]any, len(rows))
	for _, r := range rows {
		values := make([]any, len(orders))
		for i, by := range orders {
			values[i] = comparableValue(familyOf(by.field.kind), s.read(t, r, by.selected))
		}
		keys[r] = values
	}
	slices.SortFunc(rows, func(a, b *row) int {
		for i, by := range orders {
			x, y := keys[a][i], keys[b][i]
			c := compareKeys(x, y)
			if c == 0 {
				continue
			}
			// Where nulls go does not depend on the direction.
			if x == nil || y == nil {
				if by.nullsLast {
					return -c
				}
				return c
			}
			if by.descending {
				return -c
			}
			return c
		}
		return cmp.Compare(a.number, b.number)
	})
}

// read gives a field of a record, or of the parent that a lookup leads to.
func (s *store) read(t *table, r *row, want selected) any {
	if want.via == nil {
		return s.value(t, r, want.field)
	}
	parents, parent, ok := s.parent(t, r, want)
	if !ok {
		return nil
	}
	if want.parent != nil {
		return s.value(parents, parent, want.field)
	}
	if want.field.name == "Type" {
		return parents.object.name
	}
	return s.sibling(parents, parent, want.field.name)
}

// parent follows a lookup. With parents of several kinds the id's prefix tells which.
func (s *store) parent(t *table, r *row, want selected) (*table, *row, bool) {
	id, _ := s.value(t, r, want.via).(string)
	if want.parent != nil {
		parents := s.tables[want.parent.name]
		parent, ok := parents.byID(id)
		return parents, parent, ok
	}
	for _, name := range want.via.referenceTo {
		parents, known := s.tables[name]
		if !known || !strings.HasPrefix(id, parents.object.keyPrefix) {
			continue
		}
		parent, ok := parents.byID(id)
		return parents, parent, ok
	}
	return nil, nil, false
}

// appendRecord writes a record as JSON: attributes first, then the columns in the order they were asked for. Columns
// over one lookup share a nested object.
func (s *store) appendRecord(b []byte, c *call, t *table, r *row, columns []selected) []byte {
	b = append(b, '{')
	b = appendAttributes(b, c, t.object.name, t, r)
	done := map[*field]bool{}
	for _, column := range columns {
		if column.via == nil {
			b = append(append(append(b, `,"`...), column.field.name...), `":`...)
			b = appendValue(b, s.value(t, r, column.field))
			continue
		}
		if done[column.via] {
			continue
		}
		done[column.via] = true
		b = append(append(append(b, `,"`...), column.via.relationship...), `":`...)
		b = s.appendParent(b, c, t, r, column, columns)
	}
	return append(b, '}')
}

// appendParent writes the parent behind a lookup with all columns over that lookup, or null.
func (s *store) appendParent(b []byte, c *call, t *table, r *row, first selected, columns []selected) []byte {
	parents, parent, ok := s.parent(t, r, first)
	if !ok {
		return append(b, "null"...)
	}
	kind := parents.object.name
	if first.parent == nil {
		kind = "Name"
	}
	b = appendAttributes(append(b, '{'), c, kind, parents, parent)
	for _, column := range columns {
		if column.via == first.via {
			b = append(append(append(b, `,"`...), column.field.name...), `":`...)
			b = appendValue(b, s.read(t, r, column))
		}
	}
	return append(b, '}')
}

func appendAttributes(b []byte, c *call, kind string, t *table, r *row) []byte {
	b = append(append(b, `"attributes":{"type":"`...), kind...)
	b = append(append(b, `","url":"`...), c.root...)
	b = append(append(b, `/sobjects/`...), t.object.name...)
	return append(append(append(b, '/'), t.id(r)...), `"}`...)
}

// appendValue writes a field's value.
func appendValue(b []byte, value any) []byte {
	switch value := value.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return appendString(b, value)
	case bool:
		return strconv.AppendBool(b, value)
	case int:
		return strconv.AppendInt(b, int64(value), 10)
	case time.Time:
		return append(append(append(b, '"'), timestamp(value)...), '"')
	}
	encoded, err := marshal(value)
	if err != nil {
		return append(b, "null"...)
	}
	return append(b, encoded...)
}

// appendString quotes text; most text needs no escapes, and then no encoder either.
func appendString(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c > '~' {
			encoded, err := marshal(text)
			if err != nil {
				return append(b, "null"...)
			}
			return append(b, encoded...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}

package dynamics365

import (
	"slices"
	"strings"
	"time"
)

// recordSource lets an expression look at one record, as the user may see it.
type recordSource struct {
	sim     *Simulator
	rights  *rights
	reading *reading
}

// property gives the value of a property, of a lookup by its logical name, or of a record one step away.
func (o recordSource) property(p path) any {
	t := o.reading.table
	if len(p.steps) == 1 {
		c, ok := t.byProperty[p.steps[0]]
		if !ok {
			if c, ok = t.byName[p.steps[0]]; !ok {
				return nil
			}
		}
		return o.sim.see(o.rights, o.reading, c)
	}
	nav, ok := t.navigations[p.steps[0]]
	if !ok || nav.to == nil {
		return nil
	}
	other, ok := o.sim.follow(o.rights, o.reading, nav)
	if !ok {
		return nil
	}
	return recordSource{o.sim, o.rights, other}.property(path{p.steps[1:]})
}

// see is a column's value for the user: null where a secured column was not granted, in results as in filters.
func (s *Simulator) see(r *rights, d *reading, c *column) any {
	if !r.readable(c) {
		return nil
	}
	return d.value(c)
}

// follow goes through a lookup to a record that the user may see.
func (s *Simulator) follow(r *rights, d *reading, nav navigation) (*reading, bool) {
	to, ok := s.see(r, d, nav.lookup).(ref)
	if !ok || nav.to != nil && to.table != nav.to.name {
		return nil, false
	}
	t, ok := r.table(to.table)
	if !ok {
		return nil, false
	}
	found, ok := s.store.find(t, to.id)
	if !ok || !visible(found, r.depth(t, "Read")) {
		return nil, false
	}
	return s.store.reading(found, t), true
}

// position is where a page ended: the values of the order keys and the id of its last row.
type position struct {
	values []any
	id     guid
}

// page is one page of rows.
type page struct {
	rows  []*reading
	more  bool
	last  position
	total int // of all rows, when asked for; -1 otherwise
}

// shown reports whether a row exists for the user: within reach, and not of an app or a table that is gone.
func (s *Simulator) shown(r *rights, row *row, reach depth) bool {
	if !visible(row, reach) || !r.exists(row.shelf.table) {
		return false
	}
	switch row.shelf.table.name {
	case "solution":
		name, _ := row.values["uniquename"].(string)
		app := solutionApp(name)
		return (app != appSales || r.sales) && (app != appLinkedIn || r.linkedIn)
	case "processstage":
		name, _ := row.values["primaryentitytypecode"].(string)
		_, ok := r.table(name)
		return ok
	}
	return true
}

// selectRows runs a query from a position on. Callers hold the store's read lock (see store.read).
func (s *Simulator) selectRows(r *rights, q query, h *shelf, from *position) page {
	eval := evaluator{s.clock().Now().UTC(), s.user()}
	reach := r.depth(q.table, "Read")
	result := page{total: -1}
	matches := func(row *row) *reading {
		if !s.shown(r, row, reach) {
			return nil
		}
		d := s.store.reading(row, q.table)
		if q.within != nil {
			if to, ok := s.see(r, d, q.within.lookup).(ref); !ok || to.id != q.parent {
				return nil
			}
		}
		if q.filter != nil && !eval.holds(q.filter, recordSource{s, r, d}) {
			return nil
		}
		return d
	}
	if q.count {
		result.total = 0
		for _, row := range h.byID {
			if matches(row) != nil {
				result.total++
			}
		}
	}
	limit := q.page
	if q.limited {
		limit = min(limit, q.top)
	}
	rows, ready := q.source(h, from)
	if ready {
		for _, row := range rows {
			d := matches(row)
			if d == nil {
				continue
			}
			if len(result.rows) == limit {
				result.more = !q.limited
				break
			}
			result.rows = append(result.rows, d)
		}
	} else {
		s.sortRows(r, q, rows, matches, from, limit, &result)
	}
	if n := len(result.rows); n > 0 {
		result.last = s.positionOf(r, q, result.rows[n-1])
	}
	return result
}

// source gives the rows to look at, already in order where an order is kept: by id, or by modifiedon.
func (q query) source(h *shelf, from *position) (rows []*row, ordered bool) {
	byStamp := len(q.order) > 0 && len(q.order[0].path.steps) == 1 && q.order[0].path.steps[0] == "modifiedon" &&
		!q.order[0].descending && (len(q.order) == 1 || len(q.order) == 2 && q.order[1].path.steps[0] == q.table.primaryID && !q.order[1].descending)
	switch {
	case len(q.order) == 0 && from == nil:
		return h.byID, true
	case len(q.order) == 0:
		return h.afterID(from.id), true
	case byStamp && from != nil:
		if at, ok := from.values[0].(time.Time); ok {
			return h.sinceStamp(at, from.id), true
		}
	case byStamp:
		return h.sinceStamp(lowerBound(q.filter), ""), true
	}
	return h.byID, false
}

// lowerBound finds "modifiedon ge …" among the conditions that must all hold, so that an incremental read need not look
// at every row. The zero time is no bound.
func lowerBound(n node) time.Time {
	switch n := n.(type) {
	case logic:
		if n.and {
			left, right := lowerBound(n.left), lowerBound(n.right)
			if right.After(left) {
				return right
			}
			return left
		}
	case compare:
		p, isPath := n.left.(path)
		value, isValue := n.right.(literal)
		if isPath && isValue && len(p.steps) == 1 && p.steps[0] == "modifiedon" && (n.op == "ge" || n.op == "gt" || n.op == "eq") {
			at, _ := value.value.(time.Time)
			return at
		}
	}
	return time.Time{}
}

// sortRows is for orders that are not kept: it finds all, sorts them, and cuts the page out.
func (s *Simulator) sortRows(r *rights, q query, rows []*row, matches func(*row) *reading, from *position, limit int, result *page) {
	type keyed struct {
		reading *reading
		at      position
	}
	var found []keyed
	for _, row := range rows {
		if d := matches(row); d != nil {
			k := keyed{d, s.positionOf(r, q, d)}
			if from == nil || q.comparePositions(k.at, *from) > 0 {
				found = append(found, k)
			}
		}
	}
	slices.SortFunc(found, func(a, b keyed) int { return q.comparePositions(a.at, b.at) })
	for _, k := range found[:min(limit, len(found))] {
		result.rows = append(result.rows, k.reading)
	}
	result.more = len(found) > limit && !q.limited
}

func (s *Simulator) positionOf(r *rights, q query, d *reading) position {
	p := position{id: d.row.id}
	for _, key := range q.order {
		p.values = append(p.values, recordSource{s, r, d}.property(key.path))
	}
	return p
}

// comparePositions orders by the keys, then by id.
func (q query) comparePositions(a, b position) int {
	for i, key := range q.order {
		c := compareValues(a.values[i], b.values[i])
		if key.descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return strings.Compare(string(a.id), string(b.id))
}

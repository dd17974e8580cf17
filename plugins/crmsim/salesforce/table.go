package salesforce

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"sync"
	"time"
)

// row is one record. Field values are invented on demand from the record's number (data.go), so an org of 200,000
// records starts at once; only values that somebody set are kept.
type row struct {
	number            int
	created, modified time.Time // whole seconds in UTC, as Salesforce stores them
	deleted           bool      // in the recycle bin
	made              bool      // created through the controls: fields not in values are empty
	values            map[string]any
}

// table holds the records of one object.
type table struct {
	object *object
	rows   []*row // by number
	// byStamp is ordered by SystemModstamp, then Id: what every incremental read asks for.
	byStamp []*row
	// onlyID is the id of the only record, for Organization, whose id the configuration may choose.
	onlyID string
}

// store is the org's data. Readers hold the read lock while they look at rows.
type store struct {
	mu     sync.RWMutex
	tables map[string]*table // by API name
	gen    *generator
}

func newStore(c *catalog, gen *generator) *store {
	s := &store{tables: map[string]*table{}, gen: gen}
	for _, o := range c.objects {
		t := &table{object: o, rows: make([]*row, gen.counts[o.name])}
		rows := make([]row, len(t.rows)) // at once: an org has many
		for n := range rows {
			created, modified := gen.stamps(o.name, n)
			rows[n] = row{number: n, created: created, modified: modified}
			t.rows[n] = &rows[n]
		}
		t.byStamp = slices.Clone(t.rows)
		slices.SortFunc(t.byStamp, compareRows)
		s.tables[o.name] = t
	}
	s.tables["Organization"].onlyID = gen.org.id
	return s
}

func compareRows(a, b *row) int {
	if c := a.modified.Compare(b.modified); c != 0 {
		return c
	}
	return cmp.Compare(a.number, b.number)
}

// between gives the rows with from ≤ SystemModstamp ≤ to, ordered by SystemModstamp and Id. Zero times are unbounded.
func (t *table) between(from, to time.Time) []*row {
	start, end := 0, len(t.byStamp)
	if !from.IsZero() {
		start = sort.Search(len(t.byStamp), func(i int) bool { return !t.byStamp[i].modified.Before(from) })
	}
	if !to.IsZero() {
		end = sort.Search(len(t.byStamp), func(i int) bool { return t.byStamp[i].modified.After(to) })
	}
	return t.byStamp[start:max(start, end)]
}

// byID finds a record, deleted or not.
func (t *table) byID(id string) (*row, bool) {
	if t.onlyID != "" {
		id15, ok := id15Of(id)
		return t.rows[0], ok && id15 == t.onlyID[:15]
	}
	if t.object.keyPrefix == "" { // few rows, made for one query
		i := slices.IndexFunc(t.rows, func(r *row) bool { return r.values["Id"] == id })
		if i < 0 {
			return nil, false
		}
		return t.rows[i], true
	}
	n, ok := recordNumber(t.object.keyPrefix, id)
	if !ok || n >= len(t.rows) {
		return nil, false
	}
	return t.rows[n], true
}

// id is the record's 18-character id. Rows of an object without a prefix of its own say theirs.
func (t *table) id(r *row) string {
	switch {
	case t.onlyID != "":
		return t.onlyID
	case t.object.keyPrefix == "":
		id, _ := r.values["Id"].(string)
		return id
	}
	return recordIDOf(t.object.keyPrefix, r.number)
}

// pick gives the rows with these ids, or without ids the first count records that are not deleted.
func (t *table) pick(ids []string, count int) ([]*row, error) {
	if len(ids) == 0 {
		var rows []*row
		for _, r := range t.rows {
			if len(rows) == count {
				break
			}
			if !r.deleted {
				rows = append(rows, r)
			}
		}
		return rows, nil
	}
	rows := make([]*row, 0, len(ids))
	for _, id := range ids {
		r, ok := t.byID(id)
		if !ok {
			return nil, notFound("there is no %s %q", t.object.name, id)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// add creates n records stamped at the given moment. Callers hold the store's write lock.
func (t *table) add(n int, values map[string]any, at time.Time) []*row {
	at = at.UTC().Truncate(time.Second)
	added := make([]*row, n)
	for i := range added {
		added[i] = &row{number: len(t.rows), created: at, modified: at, made: true, values: values}
		t.rows = append(t.rows, added[i])
	}
	t.byStamp = append(t.byStamp, added...)
	slices.SortFunc(t.byStamp, compareRows)
	return added
}

// touch changes records and stamps them all alike. Callers hold the store's write lock.
func (t *table) touch(rows []*row, values map[string]any, deleted *bool, at time.Time) {
	at = at.UTC().Truncate(time.Second)
	for _, r := range rows {
		// Copied, because rows made together share one map.
		next := make(map[string]any, len(r.values)+len(values))
		maps.Copy(next, r.values)
		maps.Copy(next, values)
		r.values, r.modified = next, at
		if deleted != nil {
			r.deleted = *deleted
		}
	}
	slices.SortFunc(t.byStamp, compareRows)
}

// spread moves the stamps of rows that were just changed apart: the last one keeps its stamp, each before it is a step
// older. Callers hold the store's write lock.
func (t *table) spread(rows []*row, step time.Duration) {
	if step == 0 {
		return
	}
	for i, r := range rows {
		r.modified = r.modified.Add(-time.Duration(len(rows)-1-i) * step)
		if r.created.After(r.modified) {
			r.created = r.modified
		}
	}
	slices.SortFunc(t.byStamp, compareRows)
}

// live counts the records outside the recycle bin.
func (t *table) live() int {
	n := 0
	for _, r := range t.rows {
		if !r.deleted {
			n++
		}
	}
	return n
}

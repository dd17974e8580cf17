package dynamics365

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// row is one record. Values follow from its number in the world; only what somebody set is kept.
type row struct {
	id                guid
	shelf             *shelf
	number            int // in the world; -1 for a record made here
	owner             int // user number; -1 for the root team, or where records have no owner
	created, modified time.Time
	version           int64 // moves with every change, over all tables
	values            map[string]any
}

// grave remembers a deleted record for change tracking.
type grave struct {
	id      guid
	version int64
}

// shelf holds the rows of one table.
type shelf struct {
	table  *table
	rows   map[guid]*row
	byID   []*row // in the order of ids, when sorted
	stamps []*row // in the order of modifiedon and id, when sorted
	sorted bool
	graves []grave
	values func(number int) func(column string) any // what the world says; nil without
}

// store is the environment's data. Readers hold the read lock while they look at rows.
type store struct {
	mu      sync.RWMutex
	world   *world.World
	catalog *catalog
	shelves map[string]*shelf
	version int64
	users   []guid // ids by user number
}

// shelf finds a table's shelf. Every table of the catalogue has one.
func (s *store) shelf(t *table) *shelf { return s.shelves[t.name] }

// sort brings the orders up to date. Callers hold the write lock.
func (h *shelf) sort() {
	if h.sorted {
		return
	}
	h.byID = h.byID[:0]
	for _, r := range h.rows {
		h.byID = append(h.byID, r)
	}
	slices.SortFunc(h.byID, func(a, b *row) int { return strings.Compare(string(a.id), string(b.id)) })
	h.stamps = append(h.stamps[:0], h.byID...)
	slices.SortFunc(h.stamps, compareStamps)
	h.sorted = true
}

func compareStamps(a, b *row) int {
	if c := a.modified.Compare(b.modified); c != 0 {
		return c
	}
	return strings.Compare(string(a.id), string(b.id))
}

// read runs a function while the rows stand still, those of the given tables in order.
func (s *store) read(run func(), tables ...*table) {
	for {
		s.mu.RLock()
		ready := true
		for _, t := range tables {
			ready = ready && s.shelf(t).sorted
		}
		if ready {
			defer s.mu.RUnlock()
			run()
			return
		}
		s.mu.RUnlock()
		s.mu.Lock()
		for _, t := range tables {
			s.shelf(t).sort()
		}
		s.mu.Unlock()
	}
}

// afterID gives the rows whose id comes after one.
func (h *shelf) afterID(id guid) []*row {
	at := sort.Search(len(h.byID), func(i int) bool { return h.byID[i].id > id })
	return h.byID[at:]
}

// sinceStamp gives the rows, by modifiedon and id, that come after a stamp and an id; with an empty id, from the stamp on.
func (h *shelf) sinceStamp(stamp time.Time, id guid) []*row {
	at := sort.Search(len(h.stamps), func(i int) bool {
		c := h.stamps[i].modified.Compare(stamp)
		return c > 0 || c == 0 && (id == "" || h.stamps[i].id > id)
	})
	return h.stamps[at:]
}

// find looks a record up.
func (s *store) find(t *table, id guid) (*row, bool) {
	r, ok := s.shelf(t).rows[id]
	return r, ok
}

// shelvesOf are the shelves that show a table's rows: an activity is also an activity pointer.
func (s *store) shelvesOf(t *table) []*shelf {
	if t.activity {
		return []*shelf{s.shelf(t), s.shelves["activitypointer"]}
	}
	return []*shelf{s.shelf(t)}
}

// insert puts a row on its shelves. Callers hold the write lock.
func (s *store) insert(r *row) {
	for _, h := range s.shelvesOf(r.shelf.table) {
		h.rows[r.id] = r
		h.sorted = false
	}
}

// remove takes a row away and remembers that it was there. Callers hold the write lock.
func (s *store) remove(r *row) {
	s.version++
	for _, h := range s.shelvesOf(r.shelf.table) {
		delete(h.rows, r.id)
		h.graves = append(h.graves, grave{r.id, s.version})
		h.sorted = false
	}
}

// create makes a record. Callers hold the write lock.
func (s *store) create(t *table, id guid, values map[string]any, at time.Time) *row {
	s.version++
	at = at.UTC().Truncate(time.Second)
	r := &row{id: id, shelf: s.shelf(t), number: -1, created: at, modified: at, version: s.version, values: values}
	s.setOwner(r)
	s.insert(r)
	return r
}

// change sets values and moves the stamp. Callers hold the write lock.
func (s *store) change(r *row, values map[string]any, at time.Time) {
	s.version++
	// Copied, because a reader may still hold the old map, and rows made together share one.
	next := make(map[string]any, len(r.values)+len(values))
	for _, from := range []map[string]any{r.values, values} {
		maps.Copy(next, from)
	}
	r.values, r.version, r.modified = next, s.version, at.UTC().Truncate(time.Second)
	s.setOwner(r)
	for _, h := range s.shelvesOf(r.shelf.table) {
		h.sorted = false
	}
}

// setOwner follows the owner column: users count, teams own for the whole organization.
func (s *store) setOwner(r *row) {
	owner, ok := r.values["ownerid"].(ref)
	if !ok {
		return
	}
	r.owner = slices.Index(s.users, owner.id)
}

// undo remembers rows as they are, so that a failed change set leaves no trace.
type undo struct {
	store *store
	steps []func()
}

func (u *undo) created(r *row) {
	if u != nil {
		u.steps = append(u.steps, func() {
			for _, h := range u.store.shelvesOf(r.shelf.table) {
				delete(h.rows, r.id)
				h.sorted = false
			}
		})
	}
}

func (u *undo) before(r *row) {
	if u != nil {
		old := *r
		graves := map[*shelf]int{}
		for _, h := range u.store.shelvesOf(r.shelf.table) {
			graves[h] = len(h.graves)
		}
		u.steps = append(u.steps, func() {
			*r = old
			u.store.insert(r)
			for h, n := range graves {
				h.graves = h.graves[:n]
			}
		})
	}
}

// rollBack takes everything back, newest first. Callers hold the write lock.
func (u *undo) rollBack() {
	for _, v := range slices.Backward(u.steps) {
		v()
	}
}

// units of the organization: 0 is the root, users are spread over the others.
const (
	unitRoot = iota
	unitSales
	unitEast
	unitWest
	unitService
	unitCount
)

func unitNames() []string {
	return []string{"Northwind Trading", "Sales", "Sales East", "Sales West", "Customer Service"}
}

func unitParent(unit int) int {
	return [unitCount]int{-1, unitRoot, unitSales, unitSales, unitRoot}[unit]
}

func unitID(unit int) guid { return madeID(fmt.Sprint("businessunit:", unit)) }

// unitOf is the business unit of a user; the integration user works in Sales.
func unitOf(user int) int {
	if user < 0 {
		return unitRoot
	}
	return [unitCount]int{unitSales, unitEast, unitWest, unitService, unitRoot}[user%unitCount]
}

// below reports whether a unit is another one or below it.
func below(unit, top int) bool {
	for ; unit >= 0; unit = unitParent(unit) {
		if unit == top {
			return true
		}
	}
	return false
}

// visible reports whether a privilege of this depth lets the integration user (user 0) see a row.
func visible(r *row, d depth) bool { return reaches(d, r.owner, rowUnit(r)) }

func reaches(d depth, owner, unit int) bool {
	switch d {
	case depthBasic:
		return owner == 0
	case depthLocal:
		return owner == 0 || unit == unitOf(0)
	case depthDeep:
		return owner == 0 || below(unit, unitOf(0))
	default:
		return d == depthGlobal
	}
}

// rowUnit is the business unit that a row belongs to: its owner's, or its own where rows belong to units.
func rowUnit(r *row) int {
	if r.shelf.table.name == "businessunit" || r.shelf.table.name == "team" {
		return max(r.number, 0) % unitCount
	}
	return unitOf(r.owner)
}

// compareValues orders two values of one column; null comes first, texts without regard to case.
func compareValues(a, b any) int {
	if a == nil || b == nil {
		return cmp.Compare(boolInt(a != nil), boolInt(b != nil))
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(strings.ToLower(x), strings.ToLower(y))
		}
	case bool:
		if y, ok := b.(bool); ok {
			return cmp.Compare(boolInt(x), boolInt(y))
		}
	case time.Time:
		if y, ok := b.(time.Time); ok {
			return x.Compare(y)
		}
	case guid:
		return strings.Compare(string(x), string(idOf(b)))
	case ref:
		return strings.Compare(string(x.id), string(idOf(b)))
	}
	x, xOK := number(a)
	y, yOK := number(b)
	if xOK && yOK {
		return cmp.Compare(x, y)
	}
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

func idOf(value any) guid {
	switch v := value.(type) {
	case guid:
		return v
	case ref:
		return v.id
	case string:
		id, _ := parseGUID(v)
		return id
	}
	return ""
}

func number(value any) (float64, bool) {
	switch v := value.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

package hubspot

import (
	"strconv"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// version is a record's state between two changes. Values are invented on demand; only those that somebody set are
// kept, "" for those that were cleared.
type version struct {
	created, modified time.Time
	archived          bool
	archivedAt        time.Time
	values            map[string]string
}

// row is one record.
type row struct {
	number int // its place among the object's records; ids follow from it
	origin int // what it is in the world, -1 for records made through the API
	now    version
	// before is what the search index still shows of a record that changed a moment ago; nil when it shows nothing.
	before  *version
	changed time.Time // when now came about; zero for invented records
}

// indexed is the version that the search index shows.
func (r *row) indexed(at time.Time, lag time.Duration) *version {
	if r.changed.IsZero() || lag <= 0 || !r.changed.Add(lag).After(at) {
		return &r.now
	}
	return r.before
}

// table holds the records of one object, by number and so by id.
type table struct {
	object *objectType
	rows   []*row
}

// idStep keeps ids apart, so that they look like HubSpot's: increasing, and not one after the other.
const idStep = 1009

// id is the record id of a number.
func (o *objectType) id(number int) int64 {
	return o.idBase + int64(number)*idStep + int64(crmsim.Mix(uint64(o.idBase), uint64(number))%(idStep-1))
}

func (t *table) id(r *row) string { return strconv.FormatInt(t.object.id(r.number), 10) }

// byID finds a record, archived or not.
func (t *table) byID(id string) (*row, bool) {
	n, ok := t.number(id)
	if !ok {
		return nil, false
	}
	return t.rows[n], true
}

func (t *table) number(id string) (int, bool) {
	value, err := strconv.ParseInt(id, 10, 64)
	if err != nil || value < t.object.idBase {
		return 0, false
	}
	n := int((value - t.object.idBase) / idStep)
	return n, n < len(t.rows) && t.object.id(n) == value
}

// from is the first number whose id is at least the given one.
func (t *table) from(id int64) int {
	n := max(0, int((id-t.object.idBase)/idStep))
	for n < len(t.rows) && t.object.id(n) < id {
		n++
	}
	return min(n, len(t.rows))
}

// live counts the records that are not archived.
func (t *table) live() int {
	n := 0
	for _, r := range t.rows {
		if !r.now.archived {
			n++
		}
	}
	return n
}

// store is the portal's data. Tables are filled when they are first looked at, under mu; readers of rows hold mu.
type store struct {
	clock clockwork.Clock
	world *world.World
	types []*objectType

	mu     sync.RWMutex
	tables map[string]*table
	// engagements are the numbers of the world's activities by object; made once.
	engagements map[string][]int
	lag         time.Duration // how long a change takes to reach the search
}

func newStore(types []*objectType, w *world.World, clock clockwork.Clock) *store {
	return &store{clock: clock, world: w, types: types, tables: map[string]*table{}}
}

// read runs do with the table of an object, for reading.
func (s *store) read(o *objectType, do func(*table)) {
	s.mu.RLock()
	t, ok := s.tables[o.name]
	if !ok {
		s.mu.RUnlock()
		s.write(o, func(*table) {}) // fills it
		s.mu.RLock()
		t = s.tables[o.name]
	}
	defer s.mu.RUnlock()
	do(t)
}

// write runs do with the table of an object, for changing.
func (s *store) write(o *objectType, do func(*table)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tables[o.name]
	if !ok {
		t = s.fill(o)
		s.tables[o.name] = t
	}
	do(t)
}

// fill invents the stamps of an object's records.
func (s *store) fill(o *objectType) *table {
	origins := s.origins(o)
	t := &table{object: o, rows: make([]*row, len(origins))}
	rows := make([]row, len(origins))
	for n, origin := range origins {
		created, modified := s.stamps(o, origin)
		rows[n] = row{number: n, origin: origin, now: version{created: created, modified: modified}}
		t.rows[n] = &rows[n]
	}
	return t
}

// origins lists the numbers in the world of an object's records.
func (s *store) origins(o *objectType) []int {
	if o.engagement {
		if s.engagements == nil {
			s.engagements = s.sortActivities()
		}
		return s.engagements[o.name]
	}
	size := s.world.Size()
	count := map[string]int{
		"contacts": size.People + size.Leads, "companies": size.Companies, "deals": size.Deals, "leads": size.Leads,
		"line_items": size.Deals, "users": size.Users,
	}[o.name]
	all := make([]int, count)
	for n := range all {
		all[n] = n
	}
	return all
}

// sortActivities tells the world's activities apart by object. Every fourth mail is a message on LinkedIn here, which
// HubSpot keeps as a communication.
func (s *store) sortActivities() map[string][]int {
	objects := map[world.ActivityKind]string{
		world.ActivityCall: "calls", world.ActivityEmail: "emails", world.ActivityMeeting: "meetings",
		world.ActivityTask: "tasks", world.ActivityNote: "notes",
	}
	sorted, mails := map[string][]int{}, 0
	for n := range s.world.Size().Activities {
		object := objects[s.world.Activity(n).Kind]
		if object == "emails" {
			if mails++; mails%4 == 0 {
				object = "communications"
			}
		}
		sorted[object] = append(sorted[object], n)
	}
	return sorted
}

// stamps are the creation and the last change of an invented record.
func (s *store) stamps(o *objectType, origin int) (created, modified time.Time) {
	kind := world.KindActivity
	switch o.name {
	case "companies":
		kind = world.KindCompany
	case "deals", "line_items":
		kind = world.KindDeal
	case "leads":
		kind = world.KindLead
	case "users":
		kind = world.KindUser
	case "contacts":
		kind = world.KindPerson
		if people := s.world.Size().People; origin >= people {
			kind, origin = world.KindLead, origin-people
		}
	}
	return s.world.Stamps(kind, origin)
}

// person is a contact: the world's people come first, then the people behind its leads.
func (s *store) person(origin int) world.Person {
	if people := s.world.Size().People; origin >= people {
		return s.world.Lead(origin - people).Person
	}
	return s.world.Person(origin)
}

// idOf is the id of an invented record, "" for none.
func (s *store) idOf(object string, origin int) string {
	if origin < 0 {
		return ""
	}
	for _, o := range s.types {
		if o.name == object {
			return strconv.FormatInt(o.id(origin), 10)
		}
	}
	return ""
}

// change puts a new version of a record in force. Callers hold mu for writing.
func (s *store) change(r *row, next version) {
	now := s.clock.Now()
	if r.changed.IsZero() || s.lag <= 0 || !r.changed.Add(s.lag).After(now) {
		shown := r.now
		r.before = &shown
	}
	r.now, r.changed = next, now
}

// add makes a record. Callers hold mu for writing.
func (s *store) add(t *table, values map[string]string, at time.Time) *row {
	r := &row{
		number: len(t.rows), origin: -1, now: version{created: at, modified: at, values: values}, changed: s.clock.Now(),
	}
	t.rows = append(t.rows, r)
	return r
}

// now is the moment that changes are stamped with: HubSpot keeps milliseconds.
func (s *store) now() time.Time { return s.clock.Now().UTC().Truncate(time.Millisecond) }

func (s *store) setLag(lag time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag = lag
}

func (s *store) indexLag() time.Duration {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.lag
}

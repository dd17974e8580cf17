package dynamics365

import (
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// newStore puts the world on shelves. Only ids, owners and stamps are kept; values are worked out when they are read.
func newStore(c *catalog, config Config, w *world.World) *store {
	s := &store{world: w, catalog: c, shelves: map[string]*shelf{}, version: 1_000_000}
	for _, t := range c.tables {
		s.shelves[t.name] = &shelf{table: t, rows: map[guid]*row{}}
	}
	size := w.Size()
	for n := range size.Users {
		s.users = append(s.users, recordID("systemuser", n))
	}
	s.fill("systemuser", size.Users, s.userValues, func(n int) (int, time.Time, time.Time) {
		u := w.User(n)
		return n, u.Created, u.Modified
	})
	s.fill("account", size.Companies, s.accountValues, func(n int) (int, time.Time, time.Time) {
		c := w.Company(n)
		return c.Owner, c.Created, c.Modified
	})
	s.fill("contact", size.People, s.contactValues, func(n int) (int, time.Time, time.Time) {
		p := w.Person(n)
		return p.Owner, p.Created, p.Modified
	})
	s.fill("lead", size.Leads, s.leadValues, func(n int) (int, time.Time, time.Time) {
		l := w.Lead(n)
		return l.Owner, l.Created, l.Modified
	})
	deal := func(n int) (int, time.Time, time.Time) {
		d := w.Deal(n)
		return d.Owner, d.Created, d.Modified
	}
	s.fill("opportunity", size.Deals, s.opportunityValues, deal)
	s.fill("opportunitysalesprocess", size.Deals, s.processValues, deal)
	s.fillActivities(size.Activities)
	s.fillConnections(size.Deals)
	s.fillPlatform(config)
	return s
}

func recordID(table string, n int) guid { return mixID(table, n) }

// fill makes the rows of a table that the world describes.
func (s *store) fill(name string, count int, values func(int) func(string) any,
	facts func(int) (owner int, created, modified time.Time),
) {
	h := s.shelves[name]
	h.values, h.rows = values, make(map[guid]*row, count)
	for n := range count {
		owner, created, modified := facts(n)
		s.put(h, n, owner, created, modified)
	}
}

func (s *store) put(h *shelf, n, owner int, created, modified time.Time) {
	s.version++
	r := &row{
		id: recordID(h.table.name, n), shelf: h, number: n, owner: max(owner, 0), created: created, modified: modified,
		version: s.version,
	}
	if h.table.name == "systemuser" {
		r.id = s.users[n]
	}
	s.insert(r)
}

// fillActivities spreads the world's activities over the activity tables and the notes.
func (s *store) fillActivities(count int) {
	kinds := map[world.ActivityKind]string{
		world.ActivityCall: "phonecall", world.ActivityEmail: "email", world.ActivityMeeting: "appointment",
		world.ActivityTask: "task", world.ActivityNote: "annotation",
	}
	for _, name := range kinds {
		s.shelves[name].values = s.activityValues(name)
	}
	parties := s.shelves["activityparty"]
	parties.values = s.partyValues
	for n := range count {
		a := s.world.Activity(n)
		name, ok := kinds[a.Kind]
		if !ok {
			continue
		}
		s.put(s.shelves[name], n, a.Owner, a.Created, a.Modified)
		if name == "annotation" || name == "task" {
			continue
		}
		s.put(parties, 2*n, a.Owner, a.Created, a.Modified)
		if a.Person >= 0 {
			s.put(parties, 2*n+1, a.Owner, a.Created, a.Modified)
		}
	}
}

// maxDealContacts bounds the people of one deal, to number connections.
const maxDealContacts = 16

// fillConnections makes a connection for each person that has a part in a deal.
func (s *store) fillConnections(deals int) {
	h := s.shelves["connection"]
	h.values = s.connectionValues
	for n := range deals {
		people := min(s.world.DealContacts(n), maxDealContacts)
		if people == 0 {
			continue
		}
		d := s.world.Deal(n)
		for i := range people {
			s.put(h, n*maxDealContacts+i, d.Owner, d.Created, d.Modified)
		}
	}
}

// value reads one column of a record as it is stored, whoever asks.
func (s *store) value(r *row, t *table, c *column) any {
	if value, ok := r.values[c.name]; ok {
		return value
	}
	return s.derived(r, t, c, nil)
}

// reading is one record being read: the world's values are worked out once.
type reading struct {
	store *store
	row   *row
	table *table // as it was asked for: an activity may be read as activitypointer
	world func(string) any
	begun bool
}

func (s *store) reading(r *row, t *table) *reading { return &reading{store: s, row: r, table: t} }

// value gives a column's stored value.
func (d *reading) value(c *column) any {
	if value, ok := d.row.values[c.name]; ok {
		return value
	}
	return d.store.derived(d.row, d.table, c, d)
}

// worldValue asks the world, through the reading's memory if there is one.
func (s *store) worldValue(r *row, d *reading, column string) any {
	if r.number < 0 || r.shelf.values == nil {
		return nil
	}
	if d == nil {
		return r.shelf.values(r.number)(column)
	}
	if !d.begun {
		d.begun, d.world = true, r.shelf.values(r.number)
	}
	return d.world(column)
}

// derived is the value of a column that nobody set: the platform's own columns, the world's, or a default.
func (s *store) derived(r *row, t *table, c *column, d *reading) any {
	switch c.name {
	case t.primaryID, r.shelf.table.primaryID:
		if c.kind == "Uniqueidentifier" {
			return r.id
		}
	case "createdon":
		return r.created
	case "modifiedon":
		return r.modified
	case "versionnumber":
		return r.version
	case "activitytypecode":
		return r.shelf.table.name
	}
	if r.shelf.table.userOwned() {
		switch c.name {
		case "ownerid":
			if r.owner < 0 {
				return ref{"team", rootTeamID()}
			}
			return ref{"systemuser", s.users[r.owner]}
		case "owninguser":
			if r.owner < 0 {
				return nil
			}
			return ref{"systemuser", s.users[r.owner]}
		case "owningteam":
			if r.owner < 0 {
				return ref{"team", rootTeamID()}
			}
			return nil
		case "createdby", "modifiedby":
			return ref{"systemuser", s.users[max(r.owner, 0)]}
		case "owningbusinessunit":
			return ref{"businessunit", unitID(rowUnit(r))}
		}
	}
	if value := s.worldValue(r, d, c.name); value != nil {
		return value
	}
	return s.computed(r, t, c, d)
}

// computed are values that follow from others of the same record, and defaults.
func (s *store) computed(r *row, t *table, c *column, d *reading) any {
	other := func(name string) any {
		column, ok := t.byName[name]
		if !ok {
			return nil
		}
		if d != nil {
			return d.value(column)
		}
		return s.value(r, t, column)
	}
	switch c.name {
	case "fullname":
		first, _ := other("firstname").(string)
		last, _ := other("lastname").(string)
		return joined(first, last)
	case "transactioncurrencyid":
		if t.userOwned() {
			return ref{"transactioncurrency", currencyID()}
		}
	case "exchangerate":
		return 1.0
	case "statecode":
		if len(c.options) > 0 {
			return c.options[0].value
		}
	case "statuscode":
		state, _ := other("statecode").(int)
		if stateColumn, ok := t.byName["statecode"]; ok {
			if o, ok := stateColumn.choice(state); ok {
				return o.state
			}
		}
	}
	if c.kind == "Money" && len(c.name) > 5 && c.name[len(c.name)-5:] == "_base" {
		return other(c.name[:len(c.name)-5])
	}
	if (c.kind == "Boolean" || c.kind == "Picklist") && c.attributeOf == "" {
		return c.defaultValue
	}
	return nil
}

func joined(first, last string) any {
	switch {
	case first == "" && last == "":
		return nil
	case first == "":
		return last
	case last == "":
		return first
	}
	return first + " " + last
}

func currencyID() guid { return madeID("transactioncurrency:USD") }

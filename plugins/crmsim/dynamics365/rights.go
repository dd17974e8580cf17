package dynamics365

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// depth says how far a privilege reaches. Zero means that it is not held.
type depth int

const (
	depthNone depth = iota
	depthBasic
	depthLocal
	depthDeep
	depthGlobal
)

func (d depth) String() string {
	return [...]string{"None", "Basic", "Local", "Deep", "Global"}[d]
}

// columnKey names one column of one table.
type columnKey struct{ table, column string }

// columnState is what switches did to a column.
type columnState struct {
	deleted, secured              bool
	canRead, canCreate, canUpdate bool // what the user's column security profile grants, once secured
	version                       int  // metadata version of the last change
}

// rights is everything that decides what the integration user may see, at one moment. It is never changed: a switch
// makes a new one, so that each request works with one consistent state.
type rights struct {
	catalog *catalog
	version int // metadata version, for RetrieveMetadataChanges
	at      time.Time
	depths  map[string]depth // by privilege name
	columns map[columnKey]columnState
	deleted map[string]bool // tables taken away
	gone    map[string]int  // the metadata version at which a table last went, deleted or with its app
	// returned keeps the version of the last change of tables that came back.
	returned          map[string]int
	untracked         map[string]bool // tables with change tracking off
	sales, linkedIn   bool            // apps installed
	noRoles, disabled bool
	notMember         bool
}

// exists reports whether the environment has the table.
func (r *rights) exists(t *table) bool {
	if t.app == appSales && !r.sales || t.app == appLinkedIn && !r.linkedIn {
		return false
	}
	return !r.deleted[t.name]
}

// table finds an existing table by its logical name.
func (r *rights) table(name string) (*table, bool) {
	t, ok := r.catalog.byName[name]
	return t, ok && r.exists(t)
}

// column finds an existing column by its logical name.
func (r *rights) column(t *table, name string) (*column, bool) {
	c, ok := t.byName[name]
	return c, ok && !r.state(c).deleted
}

// state is a column's state; a sibling goes with the column it belongs to.
func (r *rights) state(c *column) columnState {
	if c.attributeOf != "" {
		if parent, ok := r.columns[columnKey{c.table.name, c.attributeOf}]; ok {
			return columnState{deleted: parent.deleted, canRead: true, canCreate: true, canUpdate: true, version: parent.version}
		}
	}
	if state, ok := r.columns[columnKey{c.table.name, c.name}]; ok {
		return state
	}
	return columnState{canRead: true, canCreate: true, canUpdate: true}
}

// readable reports whether the user gets the column's values; otherwise they are null.
func (r *rights) readable(c *column) bool {
	state := r.state(c)
	return !state.secured || !c.secureRead || state.canRead
}

// depth is how far the user's privilege for a verb on a table reaches. Tables without privileges (activity parties,
// process stages, privileges) are open.
func (r *rights) depth(t *table, verb string) depth {
	if r.noRoles {
		return depthNone
	}
	p, ok := t.privilege(verb)
	if !ok {
		if verb == "Read" && len(t.privileges) == 0 {
			return depthGlobal
		}
		return depthNone
	}
	return r.depths[p.name]
}

// allow refuses what the privileges do not cover, in the service's words.
func (r *rights) allow(t *table, verb string, user guid) *refusal {
	if r.depth(t, verb) != depthNone {
		return nil
	}
	p, ok := t.privilege(verb)
	if !ok {
		return refuse(http.StatusMethodNotAllowed, "0x80040800", "The '"+verb+"' method does not support entities of type '"+t.name+"'.")
	}
	held := 0
	for _, d := range r.depths {
		if d != depthNone {
			held++
		}
	}
	return refuse(http.StatusForbidden, "0x80040220", fmt.Sprintf("Principal user (Id=%s, type=8, roleCount=1, privilegeCount=%d, "+
		"accessMode=4), is missing %s privilege (Id=%s) on OTC=%d for entity '%s' (LocalizedName='%s'). context.Caller=%s",
		user, held, p.name, privilegeID(p.name), t.otc, t.name, t.label, user))
}

// privilegeKnown reports whether the environment has a privilege: it goes with the last table it covers.
func (r *rights) privilegeKnown(name string) bool {
	return slices.ContainsFunc(r.catalog.owners[name], r.exists)
}

func privilegeID(name string) guid    { return madeID("privilege:" + name) }
func tableMetadataID(t *table) guid   { return madeID("table:" + t.name) }
func columnMetadataID(c *column) guid { return madeID("column:" + c.table.name + "." + c.name) }
func optionSetID(c *column) guid      { return madeID("optionset:" + c.table.name + "." + c.name) }

// engine owns the rights in force and their history, which a lagging cache still shows.
type engine struct {
	clock clockwork.Clock
	mu    sync.Mutex
	now   *rights
	past  []*rights // oldest first, without now
	lag   time.Duration
}

func newEngine(c *catalog, clock clockwork.Clock, linkedIn bool) *engine {
	r := &rights{
		catalog: c, version: 1_000, at: clock.Now(), depths: map[string]depth{}, columns: map[columnKey]columnState{},
		deleted: map[string]bool{}, gone: map[string]int{}, returned: map[string]int{}, untracked: map[string]bool{}, sales: true, linkedIn: linkedIn,
	}
	maps.Copy(r.depths, connectorRole(c))
	return &engine{clock: clock, now: r}
}

// connectorRole is the security role that the integration user starts with: what a connector that reads, and later
// writes back, is asked to be given. Column security tables are for administrators, as in real life.
func connectorRole(c *catalog) map[string]depth {
	held := map[string]depth{}
	for _, t := range c.tables {
		for _, p := range t.privileges {
			writable := t.userOwned() && p.verb != "" && p.verb != "Share"
			if p.verb == "Read" || writable {
				held[p.name] = depthGlobal
			}
		}
	}
	delete(held, "prvReadFieldPermission")
	delete(held, "prvReadFieldSecurityProfile")
	return held
}

// view gives the rights for a request. With strong consistency they are the newest; otherwise those of a moment ago,
// while the caches lag.
func (e *engine) view(strong bool) *rights {
	e.mu.Lock()
	defer e.mu.Unlock()
	if strong || e.lag == 0 {
		return e.now
	}
	horizon := e.clock.Now().Add(-e.lag)
	if !e.now.at.After(horizon) {
		e.past = nil
		return e.now
	}
	for i, v := range slices.Backward(e.past) {
		if !v.at.After(horizon) || i == 0 {
			return v
		}
	}
	return e.now
}

// setLag makes changes visible only so long after they were made, except with strong consistency.
func (e *engine) setLag(lag time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lag = lag
	e.past = nil
}

// change makes new rights from the present ones.
func (e *engine) change(edit func(*rights) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	next := *e.now
	next.depths, next.columns = maps.Clone(next.depths), maps.Clone(next.columns)
	next.deleted, next.gone = maps.Clone(next.deleted), maps.Clone(next.gone)
	next.returned, next.untracked = maps.Clone(next.returned), maps.Clone(next.untracked)
	next.version++
	next.at = e.clock.Now()
	if err := edit(&next); err != nil {
		return err
	}
	if e.lag > 0 {
		e.past = append(e.past, e.now)
	}
	e.now = &next
	return nil
}

// reset takes every switch of rights and metadata back.
func (e *engine) reset(linkedIn bool) error {
	return e.change(func(r *rights) error {
		r.depths = connectorRole(r.catalog)
		for key, state := range r.columns {
			r.columns[key] = columnState{canRead: true, canCreate: true, canUpdate: true, version: changedVersion(r, state)}
		}
		for name := range r.deleted {
			r.returned[name] = r.version
		}
		clear(r.deleted)
		clear(r.untracked)
		r.setApp(appSales, &r.sales, true)
		r.setApp(appLinkedIn, &r.linkedIn, linkedIn)
		r.noRoles, r.disabled, r.notMember = false, false, false
		return nil
	})
}

func changedVersion(r *rights, state columnState) int {
	if state.deleted || state.secured {
		return r.version
	}
	return state.version
}

// object and field conditions of the control API.
const (
	conditionDeleted        = "deleted"
	conditionSecured        = "secured"
	conditionSecuredGranted = "secured_granted"
	conditionDepth          = "depth:"
)

func objectConditions(t *table) []string {
	conditions := []string{"", conditionDeleted}
	if _, ok := t.privilege("Read"); ok && t.hasDepths() {
		conditions = append(conditions, "depth:Basic", "depth:Local", "depth:Deep")
	}
	return conditions
}

func fieldConditions(c *column) []string {
	if c.name == c.table.primaryID || c.attributeOf != "" {
		return []string{""}
	}
	conditions := []string{"", conditionDeleted}
	if c.secureRead || c.secureCreate || c.secureUpdate {
		conditions = append(conditions, conditionSecured, conditionSecuredGranted)
	}
	return conditions
}

// setObject changes the privileges of the integration user's role, or takes the table away.
func (e *engine) setObject(name string, change control.ObjectChange) error {
	return e.change(func(r *rights) error {
		t, ok := r.catalog.byName[name]
		if !ok {
			return control.NotFound("there is no table %q in this environment", name)
		}
		for _, s := range []struct {
			on    *bool
			verbs []string
		}{{change.Read, []string{"Read"}}, {change.Create, []string{"Create"}}, {change.Update, []string{"Write"}}} {
			for _, verb := range s.verbs {
				if s.on == nil {
					continue
				}
				p, ok := t.privilege(verb)
				if !ok {
					return control.BadRequest("%s has no %s privilege: it cannot be switched", name, verb)
				}
				r.depths[p.name] = depthNone
				if *s.on {
					r.depths[p.name] = depthGlobal
				}
			}
		}
		if change.Condition != nil {
			return r.setTableCondition(t, *change.Condition)
		}
		return nil
	})
}

func (r *rights) setTableCondition(t *table, condition string) error {
	if !slices.Contains(objectConditions(t), condition) {
		return control.BadRequest("%s cannot be %q; it can be %q", t.name, condition, objectConditions(t))
	}
	if r.deleted[t.name] && condition != conditionDeleted {
		delete(r.deleted, t.name)
		r.returned[t.name] = r.version
	}
	read, hasRead := t.privilege("Read")
	text, isDepth := strings.CutPrefix(condition, conditionDepth)
	switch {
	case condition == conditionDeleted:
		r.deleted[t.name], r.gone[t.name] = true, r.version
	case isDepth:
		for d := depthBasic; d <= depthDeep; d++ {
			if d.String() == text {
				r.depths[read.name] = d
			}
		}
	case hasRead && r.depths[read.name] != depthNone:
		r.depths[read.name] = depthGlobal
	}
	return nil
}

// setField secures, grants, deletes or restores a column.
func (e *engine) setField(object, field string, change control.FieldChange) error {
	return e.change(func(r *rights) error {
		t, ok := r.catalog.byName[object]
		if !ok {
			return control.NotFound("there is no table %q in this environment", object)
		}
		c, ok := t.byName[field]
		if !ok {
			return control.NotFound("there is no column %q on %s", field, object)
		}
		key := columnKey{t.name, c.name}
		state, ok := r.columns[key]
		if !ok {
			state = columnState{canRead: true, canCreate: true, canUpdate: true}
		}
		state.version = r.version
		if change.Condition != nil {
			if !slices.Contains(fieldConditions(c), *change.Condition) {
				return control.BadRequest("%s.%s cannot be %q; it can be %q", object, field, *change.Condition, fieldConditions(c))
			}
			state.deleted = *change.Condition == conditionDeleted
			state.secured = *change.Condition == conditionSecured || *change.Condition == conditionSecuredGranted
			granted := *change.Condition != conditionSecured
			state.canRead, state.canCreate, state.canUpdate = granted, granted, granted
		}
		for _, s := range []struct {
			verb      string
			on        *bool
			securable bool
			can       *bool
		}{
			{"read", change.Read, c.secureRead, &state.canRead},
			{"create", change.Create, c.secureCreate, &state.canCreate},
			{"update", change.Update, c.secureUpdate, &state.canUpdate},
		} {
			if s.on == nil {
				continue
			}
			if !s.securable {
				return control.BadRequest("%s.%s cannot be secured for %s", object, field, s.verb)
			}
			state.secured = state.secured || !*s.on
			*s.can = *s.on
		}
		r.columns[key] = state
		return nil
	})
}

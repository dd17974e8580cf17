package hubspot

import (
	"encoding/json"
	"maps"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// Controls are the switches of one simulated portal. They take effect for requests that start afterwards.
type Controls struct {
	sim *Simulator

	mu   sync.Mutex
	hook func(object string)
}

// SetObject grants or withdraws the scopes of an object, at once and for every installed app, and sets its condition.
// Errors are *control.Error.
func (c *Controls) SetObject(object string, change control.ObjectChange) error {
	return board{c.sim}.SetObject(object, change)
}

// SetField sets the condition of a property: deleted, archived, sensitive, highly_sensitive or "". Errors are
// *control.Error.
func (c *Controls) SetField(object, field string, change control.FieldChange) error {
	return board{c.sim}.SetField(object, field, change)
}

// SetSwitch sets one of the switches that the control page shows, by its key. Errors are *control.Error.
func (c *Controls) SetSwitch(key string, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return control.BadRequest("switch %s: %v", key, err)
	}
	return board{c.sim}.SetSwitch(key, raw)
}

// State reads everything at once.
func (c *Controls) State() control.State { return board{c.sim}.State() }

// SetScope withdraws a scope from the installed apps or gives it back. Agreeing to it on the consent page gives it back
// too.
func (c *Controls) SetScope(scope string, on bool) { c.sim.grants.setScope(scope, on) }

// SetUngrantable says which scopes the portal's subscription does not include: tokens lose them, and the consent page
// cannot grant them.
func (c *Controls) SetUngrantable(scopes ...string) { c.sim.grants.setUngrantable(scopes) }

// SetAccountType changes what kind of account the portal says it is.
func (c *Controls) SetAccountType(account AccountType) {
	c.sim.portal.with(func(p *portal) { p.account = account })
}

// SetLimits changes the rate limits.
func (c *Controls) SetLimits(limits Limits) {
	c.sim.meter.set(func(l *Limits) { *l = limits })
}

// SetSearchCap switches the wall at 10,000 results.
func (c *Controls) SetSearchCap(on bool) { c.sim.portal.with(func(p *portal) { p.searchCap = on }) }

// SetIndexLag changes how long a change takes to reach the search.
func (c *Controls) SetIndexLag(lag time.Duration) { c.sim.store.setLag(lag) }

// SetRotation switches the rotation of refresh tokens.
func (c *Controls) SetRotation(on bool) { c.sim.grants.setRotation(on) }

// KillAccessTokens makes access tokens unknown; refresh tokens stay good. It returns how many there were.
func (c *Controls) KillAccessTokens() int { return c.sim.grants.killAccess() }

// ExpireAccessTokens lets every access token expire now; refresh tokens stay good. It returns how many there were.
func (c *Controls) ExpireAccessTokens() int { return c.sim.grants.expireAccess() }

// RevokeAuthorizations does what an administrator does by uninstalling the app: access tokens are dead and refreshing
// gets BAD_REFRESH_TOKEN. It returns how many installations there were.
func (c *Controls) RevokeAuthorizations() int { return c.sim.grants.uninstall() }

// AddFault puts a rule in force and returns its id. Errors are *control.Error.
func (c *Controls) AddFault(rule control.Fault) (int, error) { return c.sim.faults.Add(rule) } //nolint:wrapcheck // as is

// RemoveFault ends one rule. Errors are *control.Error.
func (c *Controls) RemoveFault(id int) error { return c.sim.faults.Remove(id) } //nolint:wrapcheck // as is

// ClearFaults ends every rule.
func (c *Controls) ClearFaults() { c.sim.faults.Clear() }

// Journal is the request log.
func (c *Controls) Journal() *control.Journal { return c.sim.journal }

// Counters sums up the requests since the start or the last time the log was cleared.
func (c *Controls) Counters() control.Counters { return c.sim.journal.Count() }

// Reset takes back every scope, condition and fault, and clears the request log and the rate limits' counts. Records,
// tokens and the other switches stay.
func (c *Controls) Reset() {
	c.sim.schema.reset(c.sim.store.now())
	c.sim.grants.restore()
	c.sim.faults.Clear()
	c.sim.journal.Clear()
	c.sim.meter.reset()
}

// BeforePage runs hook before each page of a list, batch read or search, with the object's name; nil ends that. The
// hook may change records.
func (c *Controls) BeforePage(hook func(object string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hook = hook
}

func (c *Controls) beforePage(object string) {
	c.mu.Lock()
	hook := c.hook
	c.mu.Unlock()
	if hook != nil {
		hook(object)
	}
}

// RecordChange says which records to create, touch or archive, and how.
type RecordChange struct {
	Object string
	IDs    []string // existing records; without them the first Count records that are not archived
	Count  int
	Values map[string]string // values to set, by property; "" clears
	// At is the stamp of the change; all records of one call get the same. The zero value is now.
	At time.Time
	// Late moves the stamp that far into the past: a change that only shows now.
	Late time.Duration
}

// maxChange bounds one change, so that a slip of the keyboard does not fill the memory.
const maxChange = 1_000_000

// CreateRecords adds records, all with one stamp, and returns their ids. Errors are *control.Error.
func (c *Controls) CreateRecords(change RecordChange) ([]string, error) {
	if len(change.IDs) > 0 {
		return nil, control.BadRequest("HubSpot chooses the ids of new records")
	}
	return c.change(change, func(t *table, at time.Time) ([]*row, error) {
		rows := make([]*row, max(change.Count, 1))
		for i := range rows {
			values := maps.Clone(change.Values)
			if values == nil {
				values = map[string]string{}
			}
			defaults(t.object, values, c.sim.config.AppID, at)
			rows[i] = c.sim.store.add(t, values, at)
		}
		return rows, nil
	})
}

// TouchRecords changes records and gives them all the same new stamp. Without Values only the stamp moves.
func (c *Controls) TouchRecords(change RecordChange) ([]string, error) {
	return c.change(change, func(t *table, at time.Time) ([]*row, error) {
		rows, err := t.pick(change.IDs, max(change.Count, 1))
		for _, r := range rows {
			next := r.now
			next.values = maps.Clone(next.values)
			if next.values == nil {
				next.values = map[string]string{}
			}
			maps.Copy(next.values, change.Values)
			next.modified = at
			c.sim.store.change(r, next)
		}
		return rows, err
	})
}

// ArchiveRecords archives records. Their modified stamp stays, as in HubSpot.
func (c *Controls) ArchiveRecords(change RecordChange) ([]string, error) {
	return c.change(change, func(t *table, at time.Time) ([]*row, error) {
		rows, err := t.pick(change.IDs, max(change.Count, 1))
		for _, r := range rows {
			next := r.now
			next.archived, next.archivedAt = true, at
			c.sim.store.change(r, next)
		}
		return rows, err
	})
}

// change checks what all changes have in common and runs one under the write lock.
func (c *Controls) change(change RecordChange, run func(*table, time.Time) ([]*row, error)) ([]string, error) {
	o, ok := c.sim.types.find(change.Object)
	switch {
	case !ok:
		return nil, control.NotFound("there is no object %q in this portal", change.Object)
	case change.Count < 0 || change.Count > maxChange:
		return nil, control.BadRequest("count: want 0 to %d, got %d", maxChange, change.Count)
	case change.Late < 0:
		return nil, control.BadRequest("late: want 0 or more, got %s", change.Late)
	}
	for name := range change.Values {
		if _, ok := c.sim.schema.find(o.name, name); !ok {
			return nil, control.NotFound("there is no property %q on %s", name, o.name)
		}
	}
	at := change.At
	if at.IsZero() {
		at = c.sim.store.now()
	}
	at = at.UTC().Add(-change.Late).Truncate(time.Millisecond)
	var (
		ids []string
		err error
	)
	c.sim.store.write(o, func(t *table) {
		var rows []*row
		rows, err = run(t, at)
		for _, r := range rows {
			ids = append(ids, t.id(r))
		}
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// pick gives the rows with these ids, or without ids the first count that are not archived.
func (t *table) pick(ids []string, count int) ([]*row, error) {
	var rows []*row
	for _, id := range ids {
		r, ok := t.byID(id)
		if !ok {
			return nil, control.NotFound("there is no %s %q", t.object.name, id)
		}
		rows = append(rows, r)
	}
	for _, r := range t.rows {
		if len(ids) > 0 || len(rows) == count {
			break
		}
		if !r.now.archived {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// RecordIDs lists the ids of an object's records that are not archived, in order. Errors are *control.Error.
func (c *Controls) RecordIDs(object string) ([]string, error) {
	o, ok := c.sim.types.find(object)
	if !ok {
		return nil, control.NotFound("there is no object %q in this portal", object)
	}
	var ids []string
	c.sim.store.read(o, func(t *table) {
		for _, r := range t.rows {
			if !r.now.archived {
				ids = append(ids, t.id(r))
			}
		}
	})
	return ids, nil
}

// CreateProperty adds a custom text property, as an administrator who renames a field by making a new one does. Errors
// are *control.Error.
func (c *Controls) CreateProperty(object, name, label string) error {
	o, ok := c.sim.types.find(object)
	if !ok {
		return control.NotFound("there is no object %q in this portal", object)
	}
	made := &property{
		name: name, label: label, kind: "string", fieldType: "text", group: o.singular + "information", custom: true,
	}
	if _, ok := c.sim.schema.add(o.name, made, c.sim.store.now()); !ok {
		return control.Conflict("%s has a property %q already", o.name, name)
	}
	return nil
}

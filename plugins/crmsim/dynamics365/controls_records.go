package dynamics365

import (
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// RecordChange says which records to create, touch or delete, and how.
type RecordChange struct {
	Object string
	IDs    []string // existing records; without them the first Count records by id
	Count  int
	Fields map[string]any // values by logical name; lookups as ids of the first table that they can point to
	// Late sets modifiedon that far in the past: a transaction that began then and commits only now. An incremental
	// read by modifiedon that has passed that moment misses the record unless it overlaps; change tracking finds it.
	Late time.Duration
	// Owner is the number of the user who owns created records; 0 is the integration user.
	Owner int
}

// maxChange bounds one change, so that a slip of the keyboard does not fill the memory.
const maxChange = 1_000_000

// CreateRecords adds records, all with the same modifiedon, and returns their ids.
func (c *Controls) CreateRecords(change RecordChange) ([]string, error) {
	if change.Owner < 0 || change.Owner >= len(c.sim.store.users) {
		return nil, control.BadRequest("owner: there are %d users", len(c.sim.store.users))
	}
	if len(change.IDs) > 0 {
		return nil, control.BadRequest("ids: the environment chooses the ids of new records")
	}
	return c.change(change, func(t *table, values map[string]any, at time.Time) ([]*row, error) {
		if t.userOwned() {
			values["ownerid"] = ref{"systemuser", c.sim.store.users[change.Owner]}
		}
		rows := make([]*row, max(change.Count, 1))
		for i := range rows {
			rows[i] = c.sim.store.create(t, newID(), maps.Clone(values), at)
		}
		return rows, nil
	})
}

// TouchRecords changes records and gives them all the same new modifiedon. Without Fields only the stamp moves.
func (c *Controls) TouchRecords(change RecordChange) ([]string, error) {
	return c.change(change, func(t *table, values map[string]any, at time.Time) ([]*row, error) {
		rows, err := c.pick(t, change)
		for _, r := range rows {
			c.sim.store.change(r, values, at)
		}
		return rows, err
	})
}

// DeleteRecords removes records; only change tracking tells of them.
func (c *Controls) DeleteRecords(change RecordChange) ([]string, error) {
	return c.change(change, func(t *table, _ map[string]any, _ time.Time) ([]*row, error) {
		rows, err := c.pick(t, change)
		for _, r := range rows {
			c.sim.store.remove(r)
		}
		return rows, err
	})
}

// RecordIDs lists the ids of a table's records, in order.
func (c *Controls) RecordIDs(object string) ([]string, error) {
	t, ok := c.sim.catalog.byName[object]
	if !ok {
		return nil, control.NotFound("there is no table %q in this environment", object)
	}
	var ids []string
	c.sim.store.read(func() {
		for _, r := range c.sim.store.shelf(t).byID {
			ids = append(ids, string(r.id))
		}
	}, t)
	return ids, nil
}

// ChangeRecords implements control.RecordBoard.
func (c *Controls) ChangeRecords(change control.RecordChange) ([]string, error) {
	own := RecordChange{Object: change.Object, Count: change.Count, Late: time.Duration(change.LateSeconds) * time.Second}
	switch change.Action {
	case control.RecordCreate:
		return c.CreateRecords(own)
	case control.RecordTouch:
		return c.TouchRecords(own)
	case control.RecordDelete:
		return c.DeleteRecords(own)
	}
	return nil, control.BadRequest("there is no action %q", change.Action)
}

// change checks what all changes have in common and runs one under the write lock.
func (c *Controls) change(change RecordChange, run func(*table, map[string]any, time.Time) ([]*row, error)) ([]string, error) {
	t, ok := c.sim.catalog.byName[change.Object]
	switch {
	case !ok:
		return nil, control.NotFound("there is no table %q in this environment", change.Object)
	case t.name == "activitypointer":
		return nil, control.BadRequest("activitypointer shows the records of the activity tables; change those")
	case change.Count < 0 || change.Count > maxChange:
		return nil, control.BadRequest("count: want 0 to %d, got %d", maxChange, change.Count)
	case change.Late < 0:
		return nil, control.BadRequest("late: want 0 or more, got %s", change.Late)
	}
	values, err := fieldValues(t, change.Fields)
	if err != nil {
		return nil, err
	}
	at := c.sim.clock().Now().Add(-change.Late)
	s := c.sim.store
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := run(t, values, at)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = string(r.id)
	}
	return ids, nil
}

// pick finds the records that a change means. Callers hold the write lock.
func (c *Controls) pick(t *table, change RecordChange) ([]*row, error) {
	h := c.sim.store.shelf(t)
	if len(change.IDs) == 0 {
		h.sort()
		return slices.Clone(h.byID[:min(max(change.Count, 1), len(h.byID))]), nil
	}
	var rows []*row
	for _, id := range change.IDs {
		r, ok := h.rows[guid(id)]
		if !ok {
			return nil, control.NotFound("there is no %s %s", t.name, id)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// fieldValues checks the names and types of values to set.
func fieldValues(t *table, given map[string]any) (map[string]any, error) {
	values := map[string]any{}
	for name, value := range given {
		column, ok := t.byName[name]
		if !ok {
			return nil, control.NotFound("there is no column %q on %s", name, t.name)
		}
		converted, refused := column.convert(value)
		if refused != nil {
			return nil, control.BadRequest("%s", refused.message)
		}
		if id, isID := converted.(guid); isID && column.isLookup() {
			to := "systemuser"
			if len(column.targets) > 0 && column.targets[0].table != "owner" {
				to = column.targets[0].table
			}
			converted = ref{to, id}
		}
		values[name] = converted
	}
	return values, nil
}

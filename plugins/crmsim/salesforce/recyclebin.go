package salesforce

import (
	"slices"
	"sync"
)

// recycleBin remembers which deleted records were purged: gone from queryAll, known only to /deleted.
type recycleBin struct {
	mu     sync.Mutex
	purged map[string]bool // by 18-character id
}

func newRecycleBin() *recycleBin { return &recycleBin{purged: map[string]bool{}} }

// purge takes one record out of the bin.
func (b *recycleBin) purge(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.purged[id] = true
}

// unpurged drops purged rows.
func (b *recycleBin) unpurged(t *table, rows []*row) []*row {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.purged) == 0 {
		return rows
	}
	return slices.DeleteFunc(rows, func(r *row) bool { return r.deleted && b.purged[t.id(r)] })
}

// PurgeRecords empties an object's recycle bin, as Salesforce does after 15 days or an administrator at once: only
// /deleted still tells of these records. It returns how many. Errors are *ControlError.
func (c *Controls) PurgeRecords(object string) (int, error) {
	o, ok := c.sim.engine.catalog.object(object)
	if !ok {
		return 0, notFound("there is no object %q in this org", object)
	}
	s := c.sim
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	s.bin.mu.Lock()
	defer s.bin.mu.Unlock()
	t, before := s.store.tables[o.name], len(s.bin.purged)
	for _, r := range t.rows {
		if r.deleted {
			s.bin.purged[t.id(r)] = true
		}
	}
	return len(s.bin.purged) - before, nil
}

// MergeRecords merges records into another one, as the merge page of Salesforce does: the losers go to the recycle bin
// with MasterRecordId naming the winner, and the winner's stamp moves. Errors are *ControlError.
func (c *Controls) MergeRecords(object, winner string, losers ...string) error {
	o, ok := c.sim.engine.catalog.object(object)
	if !ok {
		return notFound("there is no object %q in this org", object)
	}
	if !o.mergeable {
		return conflict("%s records cannot be merged", o.name)
	}
	if len(losers) < 1 || len(losers) > 2 || slices.Contains(losers, winner) {
		return badRequest("Salesforce merges one or two other records into the first")
	}
	s := c.sim.store
	s.mu.Lock()
	defer s.mu.Unlock()
	t, now := s.tables[o.name], c.sim.config.Clock.Now()
	kept, err := t.pick([]string{winner}, 1)
	if err != nil {
		return err
	}
	lost, err := t.pick(losers, len(losers))
	if err != nil {
		return err
	}
	t.touch(lost, map[string]any{"MasterRecordId": t.id(kept[0])}, On(), now)
	t.touch(kept, nil, nil, now)
	return nil
}

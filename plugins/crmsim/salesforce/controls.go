package salesforce

import (
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// Controls are the switches of one simulated org. They take effect for requests that start afterwards.
type Controls struct{ sim *Simulator }

// ControlError says why a switch was refused. Status is 400 for bad values, 404 for things the org does not have, 409
// for what no Salesforce administrator could do either.
type ControlError = control.Error

func badRequest(format string, args ...any) error { return control.BadRequest(format, args...) }
func notFound(format string, args ...any) error   { return control.NotFound(format, args...) }
func conflict(format string, args ...any) error   { return control.Conflict(format, args...) }

// Request is one line of the request log; Detail is the SOQL of queries.
type Request = control.Request

// Part is one part of a composite request in the request log.
type Part = control.Part

// Counters count since the start or the last ClearRequests.
type Counters struct {
	control.Counters
	CodesRedeemed         int
	TokenRefreshes        int // successful ones
	RefreshTokenReuses    int // a rotated token came again: authorization revoked
	AuthorizationsRevoked int // for whatever reason
	RevokeCalls           int // calls of the revoke endpoint
}

// SetObject changes the integration user's object permissions. Errors are *ControlError.
func (c *Controls) SetObject(object string, s ObjectSwitch) error {
	return c.sim.engine.setObject(object, s)
}

// SetField changes field-level security, or deletes and restores a field. Read and Edit are legal only where the
// field is permissionable. Errors are *ControlError.
func (c *Controls) SetField(object, field string, s FieldSwitch) error {
	if err := c.sim.engine.setField(object, field, s); err != nil {
		return err
	}
	if s.Exists == nil && s.Renamed == nil {
		return nil
	}
	return c.sim.colleague.setField(object, field, FieldSwitch{Exists: s.Exists, Renamed: s.Renamed})
}

// Off and On are values for the switches.
func Off() *bool { off := false; return &off }

// On is the opposite of Off.
func On() *bool { on := true; return &on }

// ResetPermissions gives the integration user every right to objects and fields again, and restores deleted and renamed
// fields. The colleague gets the rights of the beginning.
func (c *Controls) ResetPermissions() {
	c.sim.engine.reset()
	c.sim.colleague.reset()
	restrict(c.sim.colleague)
}

// KillAccessTokens ends every session; refresh tokens stay good. It returns how many tokens died.
func (c *Controls) KillAccessTokens() int { return c.sim.authorizations.killAccess() }

// RevokeAuthorizations does what an administrator's "Revoke" on the app does: access and refresh tokens are dead, and
// the next refresh gets invalid_grant. It returns how many authorizations were open.
func (c *Controls) RevokeAuthorizations() int { return c.sim.authorizations.revokeAll() }

// OpenAuthorizations counts the authorizations that are not revoked.
func (c *Controls) OpenAuthorizations() int { return c.sim.authorizations.opened() }

// SetRotation switches refresh token rotation.
func (c *Controls) SetRotation(on bool) { c.sim.authorizations.setRotation(on) }

// DropCursors closes every open query: following a nextRecordsUrl gets INVALID_QUERY_LOCATOR.
func (c *Controls) DropCursors() { c.sim.cursors.drop() }

// AddFault puts a rule in force and returns its id. Errors are *ControlError.
func (c *Controls) AddFault(rule Fault) (int, error) { return c.sim.faults.Add(rule) }

// RemoveFault ends one rule. Errors are *ControlError.
func (c *Controls) RemoveFault(id int) error { return c.sim.faults.Remove(id) }

// ClearFaults ends every rule.
func (c *Controls) ClearFaults() { c.sim.faults.Clear() }

// Faults lists the rules in force.
func (c *Controls) Faults() []Fault { return c.sim.faults.List() }

// Requests lists the request log after a sequence number, oldest first; 0 lists all that is kept.
func (c *Controls) Requests(after int) []Request { return c.sim.journal.After(after) }

// Counters sums up the requests since the start or the last ClearRequests.
func (c *Controls) Counters() Counters {
	all := c.sim.journal.Count()
	return Counters{
		Counters:      all,
		CodesRedeemed: all.Named[control.CountCodesRedeemed], TokenRefreshes: all.Named[control.CountTokenRefreshes],
		RefreshTokenReuses:    all.Named[control.CountRefreshTokenReuses],
		AuthorizationsRevoked: all.Named[control.CountAuthorizationsRevoked], RevokeCalls: all.Named[control.CountRevokeCalls],
	}
}

// ClearRequests empties the request log and starts the counters again.
func (c *Controls) ClearRequests() { c.sim.journal.Clear() }

// Reset takes back every switch and fault, and clears the request log and the API usage. Records, tokens, rotation,
// the app and system permissions stay as they are.
func (c *Controls) Reset() {
	c.ResetPermissions()
	c.ClearFaults()
	c.ClearRequests()
	c.sim.usage.reset()
}

// RecordChange says which records to create, touch or delete, and how.
type RecordChange struct {
	Object string
	// IDs name existing records; without them the first Count records outside the recycle bin are meant.
	IDs    []string
	Count  int
	Fields map[string]any // values to set, by API name
	// StepSeconds lets the stamps lie so far apart, the newest last; without it all are equal.
	StepSeconds int
	// LateSeconds sets SystemModstamp that far in the past: a transaction that began then and commits only now. An
	// incremental read that has passed that moment misses the record unless it overlaps.
	LateSeconds int
	// Restore takes records out of the recycle bin (touch only).
	Restore bool
}

// maxChange bounds one change, so that a slip of the keyboard does not fill the memory.
const maxChange = 1_000_000

// CreateRecords adds records, all with the same SystemModstamp, and returns their ids. Errors are *ControlError.
func (c *Controls) CreateRecords(change RecordChange) ([]string, error) {
	return c.change(change, func(t *table, values map[string]any, at time.Time) ([]*row, error) {
		if !t.object.createable {
			return nil, conflict("%s records cannot be created", t.object.name)
		}
		if len(change.IDs) > 0 {
			return nil, badRequest("ids: Salesforce chooses the ids of new records")
		}
		return t.add(max(change.Count, 1), values, at), nil
	})
}

// TouchRecords changes records and gives them all the same new SystemModstamp. Without Fields only the stamp moves.
func (c *Controls) TouchRecords(change RecordChange) ([]string, error) {
	return c.change(change, func(t *table, values map[string]any, at time.Time) ([]*row, error) {
		rows, err := t.pick(change.IDs, max(change.Count, 1))
		if err != nil {
			return nil, err
		}
		var deleted *bool
		if change.Restore {
			deleted = Off()
		}
		t.touch(rows, values, deleted, at)
		return rows, nil
	})
}

// DeleteRecords moves records to the recycle bin, where only queryAll finds them.
func (c *Controls) DeleteRecords(change RecordChange) ([]string, error) {
	return c.change(change, func(t *table, values map[string]any, at time.Time) ([]*row, error) {
		if !t.object.deletable {
			return nil, conflict("%s records cannot be deleted", t.object.name)
		}
		rows, err := t.pick(change.IDs, max(change.Count, 1))
		if err != nil {
			return nil, err
		}
		t.touch(rows, values, On(), at)
		return rows, nil
	})
}

// change checks what all changes have in common and runs one under the write lock.
func (c *Controls) change(change RecordChange,
	run func(*table, map[string]any, time.Time) ([]*row, error),
) ([]string, error) {
	o, ok := c.sim.engine.catalog.object(change.Object)
	switch {
	case !ok:
		return nil, notFound("there is no object %q in this org", change.Object)
	case change.Count < 0 || change.Count > maxChange:
		return nil, badRequest("count: want 0 to %d, got %d", maxChange, change.Count)
	case change.StepSeconds < 0:
		return nil, badRequest("step_seconds: want 0 or more, got %d", change.StepSeconds)
	case change.LateSeconds < 0:
		return nil, badRequest("late_seconds: want 0 or more, got %d", change.LateSeconds)
	}
	values, err := fieldValues(o, change.Fields)
	if err != nil {
		return nil, err
	}
	at := c.sim.config.Clock.Now().Add(-time.Duration(change.LateSeconds) * time.Second)
	s := c.sim.store
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[o.name]
	rows, err := run(t, values, at)
	if err != nil {
		return nil, err
	}
	t.spread(rows, time.Duration(change.StepSeconds)*time.Second)
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = t.id(r)
	}
	return ids, nil
}

// RecordIDs lists the ids of an object's records that are not in the recycle bin. Errors are *ControlError.
func (c *Controls) RecordIDs(object string) ([]string, error) {
	o, ok := c.sim.engine.catalog.object(object)
	if !ok {
		return nil, notFound("there is no object %q in this org", object)
	}
	s := c.sim.store
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.tables[o.name]
	ids := make([]string, 0, len(t.rows))
	for _, r := range t.rows {
		if !r.deleted {
			ids = append(ids, t.id(r))
		}
	}
	return ids, nil
}

// fieldValues checks the names and types of values to set.
func fieldValues(o *object, given map[string]any) (map[string]any, error) {
	values := map[string]any{}
	for name, value := range given {
		f, ok := o.field(name)
		if !ok {
			return nil, notFound("there is no field %q on %s", name, o.name)
		}
		if undeletableField(f.name) || f.kind == "address" {
			return nil, conflict("%s.%s is set by Salesforce itself", o.name, f.name)
		}
		converted, ok := convertValue(f, value)
		if !ok {
			return nil, badRequest("%s.%s is a %s: %v (%T) does not fit", o.name, f.name, f.kind, value, value)
		}
		values[f.name] = converted
	}
	return values, nil
}

// convertValue brings a JSON value to the form the store keeps.
func convertValue(f *field, value any) (any, bool) {
	if value == nil {
		return nil, f.traits.has(nillable)
	}
	switch family := familyOf(f.kind); v := value.(type) {
	case bool:
		return v, family == familyBoolean
	case int:
		return convertValue(f, float64(v))
	case float64:
		if f.kind == "int" {
			return int(v), v == float64(int(v))
		}
		return v, family == familyNumber
	case string:
		switch family {
		case familyText:
			return v, f.length == 0 || len([]rune(v)) <= f.length
		case familyID:
			id, ok := id15Of(v)
			if !ok {
				return nil, false
			}
			return id18(id), true
		case familyDate:
			_, err := time.Parse(time.DateOnly, v)
			return v, err == nil
		case familyDatetime:
			at, err := time.Parse(time.RFC3339, v)
			return at.UTC().Truncate(time.Second), err == nil
		default: // it takes no text
		}
	}
	return nil, false
}

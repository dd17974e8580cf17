package dynamics365

import (
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// Controls are the switches of one environment. They take effect for requests that start afterwards. Errors are
// *control.Error.
type Controls struct{ sim *Simulator }

// Off and On are values for the switches.
func Off() *bool { off := false; return &off }

// On is the opposite of Off.
func On() *bool { on := true; return &on }

// SetObject changes the privileges of the integration user's role on a table, or its condition: "", "deleted",
// "depth:Basic", "depth:Local" or "depth:Deep".
func (c *Controls) SetObject(object string, change control.ObjectChange) error {
	return c.sim.engine.setObject(object, change)
}

// SetField changes a column's condition ("", "deleted", "secured", "secured_granted"), or what the user's column
// security profile grants on it; taking a right away secures the column.
func (c *Controls) SetField(object, field string, change control.FieldChange) error {
	if err := c.sim.engine.setField(object, field, change); err != nil {
		return err
	}
	c.sim.recordPermission(object, field)
	return nil
}

// recordPermission keeps the fieldpermission row of a column in step with its switches.
func (s *Simulator) recordPermission(object, field string) {
	r := s.engine.view(true)
	state := r.state(s.catalog.byName[object].byName[field])
	t := s.catalog.byName["fieldpermission"]
	id := madeID("fieldpermission:" + object + "." + field)
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	old, ok := s.store.find(t, id)
	if ok {
		s.store.remove(old)
	}
	if !state.secured {
		return
	}
	s.store.create(t, id, map[string]any{
		"entityname": object, "attributelogicalname": field, "canread": 4 * boolInt(state.canRead),
		"cancreate": 4 * boolInt(state.canCreate), "canupdate": 4 * boolInt(state.canUpdate), "canreadunmasked": 0,
		"fieldsecurityprofileid": ref{"fieldsecurityprofile", connectorProfileID()},
	}, s.clock().Now())
}

// ResetRights takes every switch of rights and metadata back.
func (c *Controls) ResetRights() {
	_ = c.sim.engine.reset(!c.sim.config.WithoutLinkedIn) // it refuses nothing
	s := c.sim.store
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.shelves["fieldpermission"].rows {
		s.remove(r)
	}
}

// AddFault puts a rule in force and returns its id.
func (c *Controls) AddFault(rule control.Fault) (int, error) { return c.sim.faults.Add(rule) }

// ClearFaults ends every rule.
func (c *Controls) ClearFaults() { c.sim.faults.Clear() }

// Journal is the request log.
func (c *Controls) Journal() *control.Journal { return c.sim.journal }

// Counters sums up the requests since the start or the last clearing of the journal.
func (c *Controls) Counters() control.Counters { return c.sim.journal.Count() }

// KillAccessTokens ends every access token, also "expires" them; refresh tokens stay good. It returns how many died.
func (c *Controls) KillAccessTokens() int { return c.sim.tokens.killAccess() }

// RevokeAuthorizations does what an administrator's "Revoke sessions" does: the next refresh gets AADSTS50173.
func (c *Controls) RevokeAuthorizations() int {
	n := c.sim.tokens.end(codeRevoked)
	for range n {
		c.sim.journal.Bump(control.CountAuthorizationsRevoked)
	}
	return n
}

// ExpireRefreshTokens lets every refresh token expire through inactivity: the next refresh gets AADSTS700082.
func (c *Controls) ExpireRefreshTokens() int { return c.sim.tokens.end(codeIdle) }

// SetClientSecret says what is the matter with the app's secret.
func (c *Controls) SetClientSecret(state SecretState) { c.sim.tokens.setSecret(state) }

// SetLinkedIn installs or uninstalls the LinkedIn Sales Navigator solution with its tables.
func (c *Controls) SetLinkedIn(installed bool) error {
	return c.sim.engine.change(func(r *rights) error {
		r.setApp(appLinkedIn, &r.linkedIn, installed)
		return nil
	})
}

// SetSales installs or uninstalls the Sales app with the tables lead and opportunity.
func (c *Controls) SetSales(installed bool) error {
	return c.sim.engine.change(func(r *rights) error {
		r.setApp(appSales, &r.sales, installed)
		return nil
	})
}

// setApp switches an app and notes the version for RetrieveMetadataChanges.
func (r *rights) setApp(app string, on *bool, installed bool) {
	if *on == installed {
		return
	}
	*on = installed
	for _, t := range r.catalog.tables {
		switch {
		case t.app != app:
		case installed:
			r.returned[t.name] = r.version
		default:
			r.gone[t.name] = r.version
		}
	}
}

// UserState is the integration user's standing in the environment.
type UserState struct{ NoRoles, Disabled, NotMember bool }

// SetUser changes the integration user's standing.
func (c *Controls) SetUser(state UserState) error {
	return c.sim.engine.change(func(r *rights) error {
		r.noRoles, r.disabled, r.notMember = state.NoRoles, state.Disabled, state.NotMember
		return nil
	})
}

// SetChangeTracking switches change tracking of a table.
func (c *Controls) SetChangeTracking(object string, on bool) error {
	return c.sim.engine.change(func(r *rights) error {
		if _, ok := r.catalog.byName[object]; !ok {
			return control.NotFound("there is no table %q in this environment", object)
		}
		r.untracked[object] = !on
		return nil
	})
}

// SetCacheLag lets changes of rights and metadata show only after a while, except to requests with Consistency: Strong.
func (c *Controls) SetCacheLag(lag time.Duration) { c.sim.engine.setLag(lag) }

// SetRequestLimit sets how many requests may come in 5 minutes, and forgets those that came; negative is no limit.
func (c *Controls) SetRequestLimit(limit int) { c.sim.limiter.set(limit) }

// ExpireDeltaTokens makes every delta token given out so far too old.
func (c *Controls) ExpireDeltaTokens() {
	floor := c.sim.store.now() + 1
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	c.sim.floor = floor
	c.sim.store.mu.Lock()
	c.sim.store.version++
	c.sim.store.mu.Unlock()
}

// ExpireMetadataStamps makes every stamp of RetrieveMetadataChanges given out so far too old.
func (c *Controls) ExpireMetadataStamps() error {
	err := c.sim.engine.change(func(*rights) error { return nil })
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	c.sim.metadataStart = int64(c.sim.engine.view(true).version)
	return err
}

// SetEnvironmentType sets OrganizationType: Customer, CustomerTest, Developer, Trial and so on.
func (c *Controls) SetEnvironmentType(kind string) error {
	if _, ok := organizationTypes()[kind]; !ok {
		return control.BadRequest("there is no environment type %q; there are %q", kind, slices.Sorted(maps.Keys(organizationTypes())))
	}
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	c.sim.kind = kind
	return nil
}

// BeforePage sets a function that is called, without locks, before each page of a table is read. It may change records
// through these controls. Nil takes it away.
func (c *Controls) BeforePage(hook func(object string)) {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	c.sim.hook = hook
}

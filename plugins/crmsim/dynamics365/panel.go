package dynamics365

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// State reads everything at once, for the control page.
func (c *Controls) State() control.State {
	s := c.sim
	used, limit := s.limiter.use()
	r := s.engine.view(true)
	state := control.State{
		Instance: control.Instance{
			ID: string(organizationID()), Name: s.config.OrgName, Environment: s.environment(), Username: s.userName(),
			ClientID: s.config.ClientID,
		},
		Quota: control.Quota{Used: used, Limit: limit}, Switches: s.switches(r),
	}
	for _, t := range s.catalog.tables {
		state.Objects = append(state.Objects, s.objectState(r, t))
	}
	return state
}

func (s *Simulator) objectState(r *rights, t *table) control.Object {
	has := func(verb string) bool { _, ok := t.privilege(verb); return ok }
	s.store.mu.RLock()
	records := len(s.store.shelf(t).rows)
	s.store.mu.RUnlock()
	o := control.Object{
		Name: t.name, Label: t.label, Records: records,
		Rights: control.Rights{
			Read: r.depth(t, "Read") != depthNone, Create: r.depth(t, "Create") != depthNone, Update: r.depth(t, "Write") != depthNone,
		},
		Switchable: control.Rights{Read: has("Read"), Create: has("Create"), Update: has("Write")},
		Condition:  r.tableCondition(t), Conditions: objectConditions(t)[1:], Because: r.because(t),
	}
	for _, column := range t.columns {
		if column.selectable() {
			o.Fields = append(o.Fields, r.fieldState(column))
		}
	}
	return o
}

func (r *rights) tableCondition(t *table) string {
	if r.deleted[t.name] {
		return conditionDeleted
	}
	if d := r.depth(t, "Read"); t.hasDepths() && d > depthNone && d < depthGlobal {
		return conditionDepth + d.String()
	}
	return ""
}

// because tells what other switch decides about a table.
func (r *rights) because(t *table) string {
	switch {
	case t.app == appSales && !r.sales:
		return "the Sales app is not installed"
	case t.app == appLinkedIn && !r.linkedIn:
		return "the LinkedIn solution is not installed"
	case r.noRoles:
		return "the user has no roles"
	}
	if p, ok := t.privilege("Read"); ok && len(r.catalog.owners[p.name]) > 1 {
		var others []string
		for _, other := range r.catalog.owners[p.name] {
			if other != t {
				others = append(others, other.name)
			}
		}
		return "shares " + p.name + " with " + strings.Join(others, ", ")
	}
	return ""
}

func (r *rights) fieldState(c *column) control.Field {
	state := r.state(c)
	f := control.Field{
		Name: c.name, Label: c.label, Type: c.kind,
		Rights: control.Rights{
			Read: !state.deleted && r.readable(c), Create: c.create && (!state.secured || !c.secureCreate || state.canCreate),
			Update: c.update && (!state.secured || !c.secureUpdate || state.canUpdate),
		},
		Switchable: control.Rights{Read: c.secureRead, Create: c.secureCreate, Update: c.secureUpdate},
		Conditions: fieldConditions(c)[1:],
	}
	switch {
	case state.deleted:
		f.Condition = conditionDeleted
	case state.secured && state.canRead:
		f.Condition = conditionSecuredGranted
	case state.secured:
		f.Condition = conditionSecured
	}
	return f
}

// switches are what only Dynamics 365 has.
func (s *Simulator) switches(r *rights) []control.Switch {
	flag := func(key, title, help string, value bool) control.Switch {
		return control.Switch{Key: key, Title: title, Help: help, Kind: control.SwitchBool, Value: value}
	}
	action := func(key, title, help string) control.Switch {
		return control.Switch{Key: key, Title: title, Help: help, Kind: control.SwitchAction}
	}
	s.engine.mu.Lock()
	lag := s.engine.lag
	s.engine.mu.Unlock()
	var untracked []string
	for _, name := range slices.Sorted(maps.Keys(r.untracked)) {
		if r.untracked[name] {
			untracked = append(untracked, name)
		}
	}
	var tables []string
	for _, t := range s.catalog.tables {
		tables = append(tables, t.name)
	}
	_, limit := s.limiter.use()
	return []control.Switch{
		{
			Key: "environment_type", Title: "Environment type", Kind: control.SwitchChoice, Value: s.environment(),
			Options: slices.Sorted(maps.Keys(organizationTypes())),
		},
		flag("linkedin", "LinkedIn solution installed", "Without it the li_ tables answer 404.", r.linkedIn),
		flag("sales", "Sales app installed", "Without it lead and opportunity do not exist, nor do their privileges.", r.sales),
		flag("no_roles", "User has no roles", "Every call gets 403 0x80042f09.", r.noRoles),
		flag("user_disabled", "User is disabled", "Every call gets 403 0x80040225.", r.disabled),
		flag("not_member", "User is not in the environment", "Every call gets 403 0x80072560.", r.notMember),
		{
			Key: "client_secret", Title: "Client secret", Kind: control.SwitchChoice, Value: string(s.tokens.secretState()),
			Options: []string{string(SecretValid), string(SecretExpired), string(SecretRotated)},
			Help:    "Signing in as the app needs the tenant itself: " + s.config.TenantDomain + ".",
		},
		{Key: "untracked", Title: "Change tracking off for", Kind: control.SwitchList, Value: untracked, Options: tables},
		{
			Key: "cache_lag_seconds", Title: "Cache lag in seconds", Kind: control.SwitchNumber, Value: int(lag / time.Second),
			Help: "Changes of rights show only after this time, except to Consistency: Strong.",
		},
		{Key: "request_limit", Title: "Requests in 5 minutes", Kind: control.SwitchNumber, Value: limit, Help: "0 is no limit."},
		action("kill_access_tokens", "End access tokens", "The next call gets 401; a refresh helps."),
		action("revoke_authorizations", "Revoke the authorization", "The next refresh gets AADSTS50173."),
		action("expire_refresh_tokens", "Expire refresh tokens", "The next refresh gets AADSTS700082."),
		action("expire_delta_tokens", "Expire delta tokens", "The next delta link gets 0x80044352."),
		action("expire_metadata_stamps", "Expire metadata stamps", "The next RetrieveMetadataChanges with a stamp gets 0x80044352."),
		action("reset_rights", "Take all rights and metadata switches back", ""),
	}
}

// SetSwitch implements control.Switchboard.
func (c *Controls) SetSwitch(key string, value json.RawMessage) error {
	switch key {
	case "kill_access_tokens":
		c.KillAccessTokens()
		return nil
	case "revoke_authorizations":
		c.RevokeAuthorizations()
		return nil
	case "expire_refresh_tokens":
		c.ExpireRefreshTokens()
		return nil
	case "expire_delta_tokens":
		c.ExpireDeltaTokens()
		return nil
	case "expire_metadata_stamps":
		return c.ExpireMetadataStamps()
	case "reset_rights":
		c.ResetRights()
		return nil
	case "cache_lag_seconds", "request_limit":
		return c.setNumber(key, value)
	case "environment_type", "client_secret":
		return c.setChoice(key, value)
	case "untracked":
		return c.setUntracked(value)
	case "linkedin", "sales", "no_roles", "user_disabled", "not_member":
		return c.setFlag(key, value)
	}
	return control.NotFound("there is no switch %q", key)
}

func (c *Controls) setFlag(key string, value json.RawMessage) error {
	on, err := control.ParseValue[bool](key, value)
	if err != nil {
		return err
	}
	switch key {
	case "linkedin":
		return c.SetLinkedIn(on)
	case "sales":
		return c.SetSales(on)
	}
	return c.sim.engine.change(func(r *rights) error {
		switch key {
		case "no_roles":
			r.noRoles = on
		case "user_disabled":
			r.disabled = on
		default:
			r.notMember = on
		}
		return nil
	})
}

func (c *Controls) setNumber(key string, value json.RawMessage) error {
	n, err := control.ParseValue[int](key, value)
	if err != nil {
		return err
	}
	if n < 0 || n > 1_000_000 {
		return control.BadRequest("switch %s: want 0 to 1,000,000, got %d", key, n)
	}
	if key == "cache_lag_seconds" {
		c.SetCacheLag(time.Duration(n) * time.Second)
		return nil
	}
	if n == 0 {
		n = -1
	}
	c.SetRequestLimit(n)
	return nil
}

func (c *Controls) setChoice(key string, value json.RawMessage) error {
	choice, err := control.ParseValue[string](key, value)
	if err != nil {
		return err
	}
	if key == "environment_type" {
		return c.SetEnvironmentType(choice)
	}
	state := SecretState(choice)
	if !slices.Contains([]SecretState{SecretValid, SecretExpired, SecretRotated}, state) {
		return control.BadRequest("switch client_secret: want VALID, EXPIRED or ROTATED, got %q", choice)
	}
	c.SetClientSecret(state)
	return nil
}

func (c *Controls) setUntracked(value json.RawMessage) error {
	names, err := control.ParseValue[[]string]("untracked", value)
	if err != nil {
		return err
	}
	return c.sim.engine.change(func(r *rights) error {
		clear(r.untracked)
		for _, name := range names {
			if _, ok := r.catalog.byName[name]; !ok {
				return control.NotFound("there is no table %q in this environment", name)
			}
			r.untracked[name] = true
		}
		return nil
	})
}

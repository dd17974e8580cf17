package hubspot

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// board offers the switches to the control page and the control API.
type board struct{ sim *Simulator }

var _ control.RecordBoard = board{}

// conditionUnavailable is an object that the portal's subscription does not include: its scopes cannot be granted, and
// connecting again does not help.
const conditionUnavailable = "unavailable"

// ownersObject stands for owners, which are no records but have a scope.
const ownersObject = "owners"

// State reads everything at once. It holds no secrets.
func (b board) State() control.State {
	s := b.sim
	used, limits := s.meter.used()
	state := control.State{
		Instance: control.Instance{
			ID: strconv.FormatInt(s.config.PortalID, 10), Name: s.config.PortalName, Environment: string(s.accountType()),
			Username: s.installer(), ClientID: s.config.ClientID,
		},
		Quota:    control.Quota{Used: used, Limit: max(0, limits.Daily)},
		Switches: b.switches(),
	}
	for _, o := range s.types.all {
		state.Objects = append(state.Objects, b.object(o))
	}
	withdrawn, ungrantable := s.grants.lacks("crm.objects.owners.read")
	return b.withOwners(state, !withdrawn && !ungrantable)
}

func (b board) withOwners(state control.State, readable bool) control.State {
	owners := control.Object{
		Name: ownersObject, Label: "Owners", Records: b.sim.store.world.Size().Users, Rights: control.Rights{Read: readable},
		Switchable: control.Rights{Read: true}, Fields: []control.Field{},
	}
	for _, name := range []string{"id", "email", "firstName", "lastName", "userId", "archived", "teams"} {
		owners.Fields = append(owners.Fields, control.Field{
			Name: name, Label: labelOf(name), Type: "string", Rights: control.Rights{Read: readable},
		})
	}
	state.Objects = append(state.Objects, owners)
	return state
}

// object describes an object's rights: they are scopes.
func (b board) object(o *objectType) control.Object {
	read, write := b.granted(o.read), b.granted(o.write)
	object := control.Object{
		Name: o.name, Label: o.label, Rights: control.Rights{Read: read, Create: write, Update: write},
		Switchable: control.Rights{Read: o.ridesOn == "" || o.name == "emails", Create: o.ridesOn == "", Update: o.ridesOn == ""},
		Conditions: []string{conditionUnavailable},
	}
	if o.ridesOn != "" {
		object.Because, object.Conditions = "rides on the scopes of "+o.ridesOn, nil
	} else if _, ungrantable := b.sim.grants.lacks(o.read[0]); ungrantable {
		object.Condition = conditionUnavailable
	}
	b.sim.store.read(o, func(t *table) { object.Records = t.live() })
	for _, d := range b.sim.schema.list(o.name) {
		object.Fields = append(object.Fields, b.field(o, d, object.Rights))
	}
	return object
}

func (b board) granted(scopes []string) bool {
	return !slices.ContainsFunc(scopes, func(one string) bool {
		withdrawn, ungrantable := b.sim.grants.lacks(one)
		return withdrawn || ungrantable
	})
}

// field describes a property's rights. HubSpot has none of its own for apps: only its condition and the object's scopes
// decide.
func (b board) field(o *objectType, d definition, rights control.Rights) control.Field {
	field := control.Field{
		Name: d.name, Label: d.label, Type: d.kind, Condition: d.condition, Conditions: fieldConditions(), Rights: rights,
	}
	switch {
	case !d.exists():
		field.Rights = control.Rights{}
	case d.class() != nonSensitive:
		field.Rights, field.Because = control.Rights{}, "needs "+o.sensitiveScope(d.class(), "read")
	case d.readOnly:
		field.Rights.Create, field.Rights.Update = false, false
	}
	return field
}

// SetObject grants or withdraws an object's scopes. Creating and updating are one scope.
func (b board) SetObject(object string, change control.ObjectChange) error {
	if object == ownersObject {
		return b.setOwners(change)
	}
	o, ok := b.sim.types.find(object)
	if !ok {
		return control.NotFound("there is no object %q in this portal", object)
	}
	state := b.object(o)
	write := change.Create
	if change.Update != nil {
		write = change.Update
	}
	switch {
	case change.Read != nil && !state.Switchable.Read, write != nil && !state.Switchable.Update,
		change.Condition != nil && state.Conditions == nil:
		return control.Conflict("%s ride on the scopes of %s: switch those", o.name, o.ridesOn)
	case change.Create != nil && change.Update != nil && *change.Create != *change.Update:
		return control.Conflict("creating and updating %s are one scope", o.name)
	case change.Condition != nil && *change.Condition != conditionNormal && *change.Condition != conditionUnavailable:
		return control.BadRequest("condition: want \"\" or %q, got %q", conditionUnavailable, *change.Condition)
	}
	if change.Read != nil {
		own := o.read
		if o.name == "emails" {
			own = []string{"sales-email-read"}
		}
		for _, scope := range own {
			b.sim.grants.setScope(scope, *change.Read)
		}
		for _, scope := range o.definitions {
			if o.ridesOn == "" {
				b.sim.grants.setScope(scope, *change.Read)
			}
		}
	}
	if write != nil {
		for _, scope := range o.write {
			b.sim.grants.setScope(scope, *write)
		}
	}
	if change.Condition != nil {
		b.setAvailable(o, *change.Condition == conditionNormal)
	}
	return nil
}

// setAvailable puts all scopes of an object in or out of the portal's subscription.
func (b board) setAvailable(o *objectType, available bool) {
	all := slices.Concat(o.read, o.write, o.definitions)
	scopes := slices.DeleteFunc(b.sim.grants.ungrantableScopes(), func(one string) bool { return slices.Contains(all, one) })
	if !available {
		scopes = append(scopes, all...)
	}
	slices.Sort(scopes)
	b.sim.grants.setUngrantable(slices.Compact(scopes))
}

func (b board) setOwners(change control.ObjectChange) error {
	if change.Create != nil || change.Update != nil || change.Condition != nil {
		return control.Conflict("owners can only be read")
	}
	if change.Read != nil {
		b.sim.grants.setScope("crm.objects.owners.read", *change.Read)
	}
	return nil
}

// SetField sets the condition of a property.
func (b board) SetField(object, field string, change control.FieldChange) error {
	o, ok := b.sim.types.find(object)
	if !ok {
		return control.NotFound("there is no object %q with switchable fields in this portal", object)
	}
	if change.Read != nil || change.Create != nil || change.Update != nil {
		return control.Conflict("HubSpot has no rights on single properties for apps: set a condition instead")
	}
	if change.Condition == nil {
		return nil
	}
	switch condition := *change.Condition; {
	case condition != conditionNormal && !slices.Contains(fieldConditions(), condition):
		return control.BadRequest("condition: want \"\" or one of %v, got %q", fieldConditions(), condition)
	case field == "hs_object_id" && condition != conditionNormal:
		return control.Conflict("%s.%s cannot be taken away", o.name, field)
	case !o.sensitive && (condition == conditionSensitive || condition == conditionHighlySensitive):
		return control.Conflict("%s have no sensitive properties", o.name)
	case !b.sim.schema.change(o.name, field, condition, b.sim.store.now()):
		return control.NotFound("there is no property %q on %s", field, o.name)
	}
	return nil
}

// ChangeRecords creates, changes or archives records.
func (b board) ChangeRecords(change control.RecordChange) ([]string, error) {
	wanted := RecordChange{Object: change.Object, Count: change.Count, Late: time.Duration(change.LateSeconds) * time.Second}
	switch change.Action {
	case control.RecordCreate:
		return b.sim.controls.CreateRecords(wanted)
	case control.RecordTouch:
		return b.sim.controls.TouchRecords(wanted)
	case control.RecordDelete:
		return b.sim.controls.ArchiveRecords(wanted)
	}
	return nil, control.BadRequest("action: want CREATE, TOUCH or DELETE, got %q", change.Action)
}

// The keys of the switches.
const (
	SwitchAccountType   = "account_type"
	SwitchUngrantable   = "ungrantable_scopes"
	SwitchSearchCap     = "search_cap"
	SwitchSearchBody    = "search_body_limit"
	SwitchIndexLag      = "index_lag_seconds"
	SwitchTenSecondly   = "limit_ten_secondly"
	SwitchSearchLimit   = "limit_search_secondly"
	SwitchDaily         = "limit_daily"
	SwitchRotation      = "rotate_refresh_tokens"
	SwitchUserLevel     = "user_level_token"
	SwitchUserForbidden = "user_forbidden_objects"
	SwitchUninstall     = "uninstall_app"
	SwitchExpireTokens  = "expire_access_tokens"
	SwitchKillTokens    = "kill_access_tokens"
)

func (b board) switches() []control.Switch {
	s := b.sim
	_, limits := s.meter.used()
	objects := make([]string, len(s.types.all))
	for i, o := range s.types.all {
		objects[i] = o.name
	}
	var list []control.Switch
	s.portal.with(func(p *portal) {
		list = []control.Switch{
			{Key: SwitchAccountType, Title: "Account type", Kind: control.SwitchChoice, Options: accountTypes(), Value: string(p.account), Help: "What account-info says; sandboxes have no host of their own"},
			{Key: SwitchSearchCap, Title: "Search ends at 10,000 results", Kind: control.SwitchBool, Value: p.searchCap, Help: "Paging further gets 400"},
			{Key: SwitchSearchBody, Title: "Longest search body", Kind: control.SwitchNumber, Value: p.searchBodyLimit, Help: "Characters; HubSpot documents 3,000 and seems not to enforce it; 0 for any"},
			{Key: SwitchUserLevel, Title: "User-level tokens", Kind: control.SwitchBool, Value: p.isUserLevel, Help: "Tokens act for a user instead of the account"},
			{Key: SwitchUserForbidden, Title: "Objects the user may not see", Kind: control.SwitchList, Options: objects, Value: append([]string{}, p.forbidden...), Help: "403 FORBIDDEN, with user-level tokens only"},
		}
	})
	return append(list,
		control.Switch{Key: SwitchUngrantable, Title: "Scopes outside the subscription", Kind: control.SwitchList, Value: s.grants.ungrantableScopes(), Help: "Tokens lose them, and the consent page cannot grant them"},
		control.Switch{Key: SwitchIndexLag, Title: "Search index lag", Kind: control.SwitchNumber, Value: int(s.store.indexLag() / time.Second), Help: "Seconds until a search sees a change"},
		control.Switch{Key: SwitchTenSecondly, Title: "Requests per 10 seconds", Kind: control.SwitchNumber, Value: limits.TenSecondly, Help: "Negative for any number"},
		control.Switch{Key: SwitchSearchLimit, Title: "Searches per second", Kind: control.SwitchNumber, Value: limits.Search, Help: "Negative for any number"},
		control.Switch{Key: SwitchDaily, Title: "Requests per day (private apps)", Kind: control.SwitchNumber, Value: limits.Daily, Help: "Negative for any number"},
		control.Switch{Key: SwitchRotation, Title: "Rotate refresh tokens", Kind: control.SwitchBool, Value: s.grants.rotation(), Help: "Each refresh replaces the refresh token"},
		control.Switch{Key: SwitchUninstall, Title: "Uninstall the app", Kind: control.SwitchAction, Help: "All its tokens are dead: BAD_REFRESH_TOKEN"},
		control.Switch{Key: SwitchExpireTokens, Title: "Expire access tokens", Kind: control.SwitchAction, Help: "401 EXPIRED_AUTHENTICATION; a refresh helps"},
		control.Switch{Key: SwitchKillTokens, Title: "Forget access tokens", Kind: control.SwitchAction, Help: "401 INVALID_AUTHENTICATION; a refresh helps"},
	)
}

// SetSwitch sets one of the portal's own switches.
func (b board) SetSwitch(key string, value json.RawMessage) error {
	s := b.sim
	switch key {
	case SwitchUninstall:
		s.grants.uninstall()
	case SwitchExpireTokens:
		s.grants.expireAccess()
	case SwitchKillTokens:
		s.grants.killAccess()
	case SwitchAccountType:
		return set(key, value, func(v string) error {
			if !slices.Contains(accountTypes(), v) {
				return control.BadRequest("%s: want one of %v, got %q", key, accountTypes(), v)
			}
			s.controls.SetAccountType(AccountType(v))
			return nil
		})
	case SwitchSearchCap:
		return set(key, value, func(v bool) error { s.controls.SetSearchCap(v); return nil })
	case SwitchSearchBody:
		return set(key, value, func(v int) error {
			s.portal.with(func(p *portal) { p.searchBodyLimit = max(0, v) })
			return nil
		})
	case SwitchUserLevel:
		return set(key, value, func(v bool) error { s.portal.with(func(p *portal) { p.isUserLevel = v }); return nil })
	case SwitchUserForbidden:
		return set(key, value, func(v []string) error { s.portal.with(func(p *portal) { p.forbidden = v }); return nil })
	case SwitchUngrantable:
		return set(key, value, func(v []string) error { s.grants.setUngrantable(v); return nil })
	case SwitchRotation:
		return set(key, value, func(v bool) error { s.grants.setRotation(v); return nil })
	case SwitchIndexLag:
		return set(key, value, func(v int) error {
			if v < 0 || v > 3600 {
				return control.BadRequest("%s: want 0 to 3600 seconds, got %d", key, v)
			}
			s.store.setLag(time.Duration(v) * time.Second)
			return nil
		})
	case SwitchTenSecondly:
		return set(key, value, func(v int) error { s.meter.set(func(l *Limits) { l.TenSecondly = v }); return nil })
	case SwitchSearchLimit:
		return set(key, value, func(v int) error { s.meter.set(func(l *Limits) { l.Search = v }); return nil })
	case SwitchDaily:
		return set(key, value, func(v int) error { s.meter.set(func(l *Limits) { l.Daily = v }); return nil })
	default:
		return control.NotFound("there is no switch %q", key)
	}
	return nil
}

// set reads a switch's value and carries it out.
func set[T any](key string, value json.RawMessage, do func(T) error) error {
	parsed, err := control.ParseValue[T](key, value)
	if err != nil {
		return err //nolint:wrapcheck // *control.Error, meant for the caller as it is
	}
	return do(parsed)
}

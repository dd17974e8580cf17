package crm_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// writingPackage reads accounts and creates contacts.
func writingPackage() crm.Package {
	return crm.Package{
		Key: "selling", Title: "Selling", Version: 1,
		Features: []crm.Feature{{Key: "pages", Title: "Pages"}},
		Objects: []crm.PackageObject{
			{Key: "account", Name: "Account", Label: "Account", Requirement: crm.Required, Rights: crm.Rights{Read: true}},
			{
				Key: "contact", Name: "Contact", Label: "Contact", Requirement: crm.Required, Rights: crm.Rights{Read: true, Update: true},
				Fields: []crm.StandardField{{Key: "contact.email", Label: "E-mail", Candidates: []string{"Email"}, Features: []string{"pages"}}},
			},
		},
	}
}

// creating are inputs in which contacts are created, or not.
func creating(on bool, mappings map[string]string) crm.SettingInputs {
	return crm.SettingInputs{
		Package: writingPackage(), Edition: crm.EditionAdvancedPlus, Mappings: mappings,
		Stored: map[string]crm.StoredSetting{
			crm.SettingContactsCreate:        {Value: on, Decided: true},
			crm.SettingContactsEmailRequired: {Value: true, Decided: true},
		},
	}
}

func need(kind crm.NeedKind, key, title string, right crm.Right, active bool) crm.Need {
	return crm.Need{Kind: kind, Key: key, Title: title, Right: right, Active: active}
}

// Requirement I8.
func TestNeedsNameMappingsSettingsAndFeatures(t *testing.T) {
	t.Parallel()
	create := func(active bool) crm.Need {
		return need(crm.NeedSetting, crm.SettingContactsCreate, "Create contacts", crm.RightCreate, active)
	}
	email := func(active bool) crm.Need {
		return need(crm.NeedSetting, crm.SettingContactsEmailRequired, "Require an e-mail address for new contacts", crm.RightCreate, active)
	}
	pages := need(crm.NeedFeature, "pages", "Pages", crm.RightRead, true)
	mapping := need(crm.NeedMapping, "contact.email", "E-mail", crm.RightRead, true)
	for name, test := range map[string]struct {
		inputs crm.SettingInputs
		// active says whether contacts are to be created, field where e-mails are.
		active bool
		field  string
		mapped bool
	}{
		"on, not mapped":            {creating(true, nil), true, "Email", false},
		"on, mapped elsewhere":      {creating(true, map[string]string{"contact.email": "Mail__c"}), true, "Mail__c", true},
		"off: its children are too": {creating(false, nil), false, "Email", false},
		"not of the edition": {func() crm.SettingInputs {
			inputs := creating(true, nil)
			inputs.Edition = crm.EditionCore
			return inputs
		}(), false, "Email", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needs := crm.CollectNeeds(test.inputs)
			contact := needs.OfObject("Contact")
			require.Contains(t, contact, create(test.active))
			require.Contains(t, contact, need(crm.NeedFeature, "selling", "Selling", crm.RightUpdate, true))
			require.Contains(t, contact, pages)
			field := needs.OfField("Contact", test.field)
			require.Contains(t, field, email(test.active))
			require.Contains(t, field, pages)
			if test.mapped {
				require.Contains(t, field, mapping)
				require.Empty(t, needs.OfField("Contact", "Email"))
			} else {
				require.NotContains(t, field, mapping)
			}
			require.Empty(t, needs.OfField("Contact", ""))
			require.Empty(t, needs.OfObject("Lead"), "the package has no leads")
			require.Empty(t, needs.WrittenFields("Lead"))
			if test.active {
				require.Equal(t, []string{test.field}, needs.WrittenFields("Contact"))
			} else {
				require.Empty(t, needs.WrittenFields("Contact"), "what is off writes nothing")
			}
		})
	}
}

// A right that is missing does not make its own need go away.
func TestNeedsDoNotGoByWhatIsGranted(t *testing.T) {
	t.Parallel()
	inputs := creating(true, nil)
	before := crm.CollectNeeds(inputs)
	inputs.Objects = map[string]crm.ObjectState{"Contact": {Object: "Contact", Status: crm.ObjectPermissionMissing}}
	require.Equal(t, before, crm.CollectNeeds(inputs))
}

func TestMissingRights(t *testing.T) {
	t.Parallel()
	needs := crm.CollectNeeds(creating(true, nil)).OfObject("Contact")
	require.Equal(t, []crm.Right{crm.RightRead, crm.RightCreate, crm.RightUpdate}, crm.MissingRights(needs, crm.Rights{}))
	require.Equal(t, []crm.Right{crm.RightCreate}, crm.MissingRights(needs, crm.Rights{Read: true, Update: true}))
	require.Empty(t, crm.MissingRights(needs, crm.Rights{Read: true, Create: true, Update: true}))
	require.Equal(t, []crm.Right{crm.RightUpdate},
		crm.MissingRights(crm.CollectNeeds(creating(false, nil)).OfObject("Contact"), crm.Rights{Read: true}), "a setting that is off misses nothing")
}

// More rights never make more of them missing, and all rights meet every need.
func TestMoreRightsMissLess(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) crm.Rights {
			return crm.Rights{
				Read: rapid.Bool().Draw(t, label+"Read"), Create: rapid.Bool().Draw(t, label+"Create"), Update: rapid.Bool().Draw(t, label+"Update"),
			}
		}
		needs := crm.CollectNeeds(creating(rapid.Bool().Draw(t, "on"), nil)).OfObject("Contact")
		some, other := draw("some"), draw("other")
		both := crm.Rights{Read: some.Read || other.Read, Create: some.Create || other.Create, Update: some.Update || other.Update}
		require.Subset(t, crm.MissingRights(needs, some), crm.MissingRights(needs, both))
		for _, one := range needs {
			require.True(t, one.Met(crm.Rights{Read: true, Create: true, Update: true}))
		}
	})
}

// writable is a Contact that was checked at noon plus an hour.
func writable(rights crm.Rights, since time.Time) crm.ObjectState {
	return crm.ObjectState{
		Object: "Contact", Status: crm.ObjectOK, Rights: rights, RightsSince: since, CheckedAt: noon.Add(time.Hour),
		Fields: map[string]crm.FieldState{"Email": {Readable: true, Label: "E-mail", Rights: crm.Rights{Read: true, Create: true, Update: true}}},
	}
}

func writeIntents(state crm.ObjectState, on bool, open ...crm.AlertKey) []crm.AlertIntent {
	needs := crm.CollectNeeds(creating(on, nil))
	var found []crm.AlertIntent
	for _, intent := range crm.EvaluateAlerts(crm.AlertInputs{
		Package: writingPackage(), Objects: []crm.ObjectState{state}, Needs: &needs, Open: open,
	}) {
		if intent.Key.Rule == crm.RuleWriteAccessLost {
			found = append(found, intent)
		}
	}
	return found
}

func TestWriteAccessAlerts(t *testing.T) {
	t.Parallel()
	all, read := crm.Rights{Read: true, Create: true, Update: true}, crm.Rights{Read: true}
	key := crm.AlertKey{Rule: crm.RuleWriteAccessLost, Object: "Contact"}
	denied := writable(crm.Rights{}, noon)
	denied.Status = crm.ObjectPermissionMissing
	for name, test := range map[string]struct {
		state    crm.ObjectState
		on       bool
		open     []crm.AlertKey
		action   crm.AlertAction
		severity crm.Severity
	}{
		"all rights":                          {state: writable(all, time.Time{}), on: true},
		"lost, a setting needs it":            {state: writable(read, noon), on: true, action: crm.ActionOpen, severity: crm.SeverityCritical},
		"lost, only the package needs it":     {state: writable(read, noon), action: crm.ActionOpen, severity: crm.SeverityWarning},
		"never there, the package needs it":   {state: writable(read, time.Time{})},
		"never there, a setting needs it":     {state: writable(read, time.Time{}), on: true, action: crm.ActionOpen, severity: crm.SeverityCritical},
		"missed by the newest check only":     {state: writable(read, noon.Add(time.Hour+time.Second)), on: true},
		"missed again":                        {state: writable(read, noon), on: true, open: []crm.AlertKey{key}, action: crm.ActionUpdate, severity: crm.SeverityCritical},
		"back":                                {state: writable(all, noon.Add(time.Hour)), on: true, open: []crm.AlertKey{key}, action: crm.ActionResolve},
		"the object is lost: nothing is told": {state: denied, on: true},
		"the object is lost: it is folded":    {state: denied, on: true, open: []crm.AlertKey{key}, action: crm.ActionUpdate, severity: crm.SeverityCritical},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			intents := writeIntents(test.state, test.on, test.open...)
			if test.action == "" {
				require.Empty(t, intents)
				return
			}
			require.Len(t, intents, 1)
			intent := intents[0]
			require.Equal(t, test.action, intent.Action)
			require.Equal(t, test.severity, intent.Severity)
			require.False(t, crm.Mandatory(intent.Key.Rule))
			if test.action == crm.ActionResolve {
				require.Equal(t, crm.ResolvedRestored, intent.Resolution)
				return
			}
			require.Equal(t, test.state.Status != crm.ObjectOK, intent.Folded)
			require.NotEmpty(t, intent.Fix.Steps)
			require.NotEmpty(t, intent.Affected)
			require.NotEmpty(t, intent.Title)
		})
	}
}

func TestAFieldThatNoSettingWritesAnyMoreIsLeftAlone(t *testing.T) {
	t.Parallel()
	state := writable(crm.Rights{Read: true, Create: true, Update: true}, time.Time{})
	state.Fields["Email"] = crm.FieldState{Readable: true, Rights: crm.Rights{Read: true}, RightsSince: noon}
	key := crm.AlertKey{Rule: crm.RuleWriteAccessLost, Object: "Contact", Field: "Email"}
	opened := writeIntents(state, true)
	require.Len(t, opened, 1)
	require.Equal(t, key, opened[0].Key)
	require.Contains(t, opened[0].Title, "create Contact.Email")
	resolved := writeIntents(state, false, key)
	require.Len(t, resolved, 1)
	require.Equal(t, crm.ResolvedUnmapped, resolved[0].Resolution)
	// A state that does not hold the field says nothing about it.
	delete(state.Fields, "Email")
	require.Empty(t, writeIntents(state, true, key))
}

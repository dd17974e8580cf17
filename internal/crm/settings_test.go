package crm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// allGranted is a workspace that can have every setting, with nothing decided.
func allGranted() crm.SettingInputs {
	all := crm.Rights{Read: true, Create: true, Update: true}
	object := func(name string, fields ...string) crm.ObjectState {
		state := crm.ObjectState{Object: name, Status: crm.ObjectOK, Rights: all, Fields: map[string]crm.FieldState{}}
		for _, field := range fields {
			state.Fields[field] = crm.FieldState{Readable: true, Rights: all}
		}
		return state
	}
	return crm.SettingInputs{
		Stored:   map[string]crm.StoredSetting{},
		Edition:  crm.EditionAdvancedPlus,
		Manifest: crm.Manifest{Title: "Test CRM", Capabilities: []crm.Capability{crm.CanRead}},
		Package:  testPackage(),
		Objects: map[string]crm.ObjectState{
			"people": object("people", "email"), "companies": object("companies"),
			"deals": object("deals", "dealstage", "owner"), "leads": object("leads"),
		},
		Options: map[string][]crm.SettingOption{
			crm.SettingPipelineEntryStage: crm.PicklistOptions([]crm.PicklistValue{
				{Value: "new", Label: "New", Active: true}, {Value: "old", Label: "Old"}, {Value: "proposal", Label: "Proposal", Active: true},
			}),
		},
	}
}

func decided(value any) crm.StoredSetting { return crm.StoredSetting{Value: value, Decided: true} }

func stateOf(t *testing.T, states []crm.SettingState, key string) crm.SettingState {
	t.Helper()
	for _, state := range states {
		if state.Definition.Key == key {
			return state
		}
	}
	require.Fail(t, "no state", key)
	return crm.SettingState{}
}

func TestSettingDefinitionsAreWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]crm.SettingDefinition{}
	for _, d := range crm.SettingDefinitions() {
		require.NotContains(t, seen, d.Key)
		require.NotEmpty(t, d.Title, d.Key)
		require.NotEmpty(t, d.Help, d.Key)
		require.NotEmpty(t, d.Group.Title(), d.Key)
		require.Contains(t, crm.Edition("").Values(), string(d.Edition))
		if d.Parent != "" {
			require.Equal(t, crm.SettingBoolean, seen[d.Parent].Type, "%s: a parent comes first and is a switch", d.Key)
		}
		require.Equal(t, d.Type == crm.SettingEnum, d.OptionsFrom != "", d.Key)
		seen[d.Key] = d
	}
	require.Len(t, seen, 7)
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	lose := func(object, field string) func(*crm.SettingInputs) {
		return func(in *crm.SettingInputs) {
			state := in.Objects[object]
			if field == "" {
				state.Status = crm.ObjectPermissionMissing
			} else {
				delete(state.Fields, field)
			}
			in.Objects[object] = state
		}
	}
	store := func(key string, value any) func(*crm.SettingInputs) {
		return func(in *crm.SettingInputs) { in.Stored[key] = decided(value) }
	}
	cases := []struct {
		name      string
		key       string
		given     []func(*crm.SettingInputs)
		value     any
		effective any
		reason    crm.UnavailableReason
	}{
		{"a default has no effect until decided", crm.SettingDataSync, nil, true, false, ""},
		{"decided on", crm.SettingDataSync, []func(*crm.SettingInputs){store(crm.SettingDataSync, true)}, true, true, ""},
		{"decided off", crm.SettingDataSync, []func(*crm.SettingInputs){store(crm.SettingDataSync, false)}, false, false, ""},
		{"stored but not decided", crm.SettingDataSync, []func(*crm.SettingInputs){func(in *crm.SettingInputs) {
			in.Stored[crm.SettingDataSync] = crm.StoredSetting{Value: true}
		}}, true, false, ""},
		{"a stored value of another type is as good as none", crm.SettingDataSync, []func(*crm.SettingInputs){store(crm.SettingDataSync, "yes")}, true, false, ""},
		{"restricted data mode is off by default", crm.SettingRestrictedDataMode, nil, false, false, ""},
		{"a lower edition", crm.SettingAutoSave, []func(*crm.SettingInputs){
			store(crm.SettingAutoSave, true), func(in *crm.SettingInputs) { in.Edition = crm.EditionAdvanced },
		}, true, false, crm.UnavailableEdition},
		{"an unknown edition has nothing", crm.SettingDataSync, []func(*crm.SettingInputs){
			store(crm.SettingDataSync, true), func(in *crm.SettingInputs) { in.Edition = "GOLD" },
		}, true, false, crm.UnavailableEdition},
		{"a connector that cannot read", crm.SettingAutoSave, []func(*crm.SettingInputs){
			store(crm.SettingAutoSave, true), func(in *crm.SettingInputs) { in.Manifest.Capabilities = nil },
		}, true, false, crm.UnavailableConnector},
		{"a lost object", crm.SettingAutoSave, []func(*crm.SettingInputs){store(crm.SettingAutoSave, true), lose("leads", "")}, true, false, crm.UnavailablePermission},
		{"a lost right", crm.SettingContactsCreate, []func(*crm.SettingInputs){store(crm.SettingContactsCreate, true), func(in *crm.SettingInputs) {
			state := in.Objects["people"]
			state.Rights.Create = false
			in.Objects["people"] = state
		}}, true, false, crm.UnavailablePermission},
		{"an object that was never checked takes nothing away", crm.SettingAutoSave, []func(*crm.SettingInputs){store(crm.SettingAutoSave, true), func(in *crm.SettingInputs) {
			in.Objects = nil
		}}, true, true, ""},
		{"a failed check takes nothing away", crm.SettingAutoSave, []func(*crm.SettingInputs){store(crm.SettingAutoSave, true), func(in *crm.SettingInputs) {
			state := in.Objects["leads"]
			state.Stale, state.StaleReason = true, "503"
			in.Objects["leads"] = state
		}}, true, true, ""},
		{"an object that the package does not have for the CRM", crm.SettingAutoSave, []func(*crm.SettingInputs){store(crm.SettingAutoSave, true), func(in *crm.SettingInputs) {
			in.Package.Objects = in.Package.Objects[:3]
			delete(in.Objects, "leads")
		}}, true, false, crm.UnavailableConnector},
		{"a child under a parent that is on", crm.SettingPipelineEntryStage, []func(*crm.SettingInputs){
			store(crm.SettingAutoSave, true), store(crm.SettingPipelineEntryStage, "proposal"),
		}, "proposal", "proposal", ""},
		{"a child under a parent that is off keeps its value", crm.SettingPipelineEntryStage, []func(*crm.SettingInputs){
			store(crm.SettingAutoSave, false), store(crm.SettingPipelineEntryStage, "proposal"),
		}, "proposal", nil, crm.UnavailableParentIsOff},
		{"a child under a parent that lost its right", crm.SettingPipelineEntryStage, []func(*crm.SettingInputs){
			store(crm.SettingAutoSave, true), store(crm.SettingPipelineEntryStage, "proposal"), lose("leads", ""),
		}, "proposal", nil, crm.UnavailableParentIsOff},
		{"a child under an undecided parent can be chosen but has no effect", crm.SettingPipelineEntryStage, []func(*crm.SettingInputs){
			store(crm.SettingPipelineEntryStage, "proposal"),
		}, "proposal", nil, ""},
		{"a child whose own field is lost", crm.SettingPipelineEntryStage, []func(*crm.SettingInputs){
			store(crm.SettingAutoSave, true), store(crm.SettingPipelineEntryStage, "proposal"), lose("deals", "dealstage"),
		}, "proposal", nil, crm.UnavailablePermission},
		{"a field is looked for where it is mapped", crm.SettingPipelineEntryStage, []func(*crm.SettingInputs){
			store(crm.SettingAutoSave, true), store(crm.SettingPipelineEntryStage, "proposal"),
			func(in *crm.SettingInputs) { in.Mappings = map[string]string{"opportunity.stage": "gone"} },
		}, "proposal", nil, crm.UnavailablePermission},
		{"a choice that left the CRM", crm.SettingPipelineEntryStage, []func(*crm.SettingInputs){
			store(crm.SettingAutoSave, true), store(crm.SettingPipelineEntryStage, "old"),
		}, "old", nil, ""},
		{"a choice stands while the options are unknown", crm.SettingPipelineEntryStage, []func(*crm.SettingInputs){
			store(crm.SettingAutoSave, true), store(crm.SettingPipelineEntryStage, "old"), func(in *crm.SettingInputs) { in.Options = nil },
		}, "old", "old", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inputs := allGranted()
			for _, change := range c.given {
				change(&inputs)
			}
			state := stateOf(t, crm.Evaluate(inputs), c.key)
			require.Equal(t, c.value, state.Value)
			require.Equal(t, c.effective, state.EffectiveValue)
			require.Equal(t, c.reason, state.UnavailableReason)
			require.Equal(t, c.reason == "", state.Available)
			require.Equal(t, c.reason == "", state.UnavailableMessage == "")
		})
	}
}

func TestRequirementStates(t *testing.T) {
	t.Parallel()
	inputs := allGranted()
	inputs.Stored[crm.SettingContactsCreate] = decided(true)
	people := inputs.Objects["people"]
	people.Stale = true
	people.Fields["email"] = crm.FieldState{Readable: true, Rights: crm.Rights{Read: true}}
	inputs.Objects["people"] = people
	delete(inputs.Objects, "companies")

	create := stateOf(t, crm.Evaluate(inputs), crm.SettingContactsCreate).Requires
	require.Len(t, create, 2)
	require.Equal(t, crm.RightGranted, create[0].Status)
	require.True(t, create[0].Stale)
	require.Equal(t, "create people", create[0].String())
	require.Equal(t, crm.RightUnknown, create[1].Status)

	email := stateOf(t, crm.Evaluate(inputs), crm.SettingContactsEmailRequired)
	require.Equal(t, crm.RightMissing, email.Requires[0].Status, "it can be read but not written")
	require.Equal(t, "create people.email", email.Requires[0].String())
	require.Contains(t, email.UnavailableMessage, "create people.email")
}

func TestValidateChange(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		key    string
		value  any
		given  func(*crm.SettingInputs)
		reason crm.SettingErrorReason
	}{
		{"on", crm.SettingAutoSave, true, nil, ""},
		{"a stage", crm.SettingPipelineEntryStage, "new", nil, ""},
		{"no such setting", "autosave", true, nil, crm.SettingUnknown},
		{"text for a switch", crm.SettingAutoSave, "true", nil, crm.SettingWrongType},
		{"a number", crm.SettingAutoSave, 1, nil, crm.SettingWrongType},
		{"nothing", crm.SettingAutoSave, nil, nil, crm.SettingWrongType},
		{"a switch for a choice", crm.SettingPipelineEntryStage, true, nil, crm.SettingWrongType},
		{"an empty choice", crm.SettingPipelineEntryStage, "", nil, crm.SettingWrongType},
		{"an inactive stage", crm.SettingPipelineEntryStage, "old", nil, crm.SettingNotAnOption},
		{"a stage before the stages are read", crm.SettingPipelineEntryStage, "new", func(in *crm.SettingInputs) { in.Options = nil }, crm.SettingOptionsUnknown},
		{"on while unavailable", crm.SettingAutoSave, true, func(in *crm.SettingInputs) { in.Edition = crm.EditionCore }, crm.SettingUnavailable},
		{"off while unavailable", crm.SettingAutoSave, false, func(in *crm.SettingInputs) { in.Edition = crm.EditionCore }, ""},
		{"a child on while its parent is off", crm.SettingContactsCreateBulk, true, nil, crm.SettingUnavailable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inputs := allGranted()
			if c.given != nil {
				c.given(&inputs)
			}
			err := crm.ValidateChange(crm.Evaluate(inputs), c.key, c.value)
			if c.reason == "" {
				require.NoError(t, err)
				return
			}
			var refused crm.SettingError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, c.reason, refused.Reason)
			require.Equal(t, c.key, refused.Key)
		})
	}
}

func TestApplyChangesDecidesAWholeForm(t *testing.T) {
	t.Parallel()
	inputs := allGranted()
	require.Equal(t, []string{
		crm.SettingDataSync, crm.SettingRestrictedDataMode, crm.SettingAutoSave, crm.SettingPipelineEntryStage, crm.SettingContactsCreate,
	}, crm.Undecided(crm.Evaluate(inputs)), "children of a parent that is off wait for nobody")

	// The child comes before its parent, as a form may send it.
	states, err := crm.ApplyChanges(inputs, []crm.SettingChange{
		{Key: crm.SettingContactsCreateBulk, Value: true},
		{Key: crm.SettingContactsCreate, Value: true},
		{Key: crm.SettingDataSync, Value: true},
		{Key: crm.SettingRestrictedDataMode, Value: false},
		{Key: crm.SettingPipelineEntryStage, Value: "proposal"},
		{Key: crm.SettingAutoSave, Value: true},
	})
	require.NoError(t, err)
	require.True(t, stateOf(t, states, crm.SettingContactsCreateBulk).On())
	require.Equal(t, []string{crm.SettingContactsEmailRequired}, crm.Undecided(states))
	require.Empty(t, inputs.Stored, "inputs are left as they are")

	_, err = crm.ApplyChanges(inputs, []crm.SettingChange{
		{Key: crm.SettingContactsCreateBulk, Value: true}, {Key: crm.SettingContactsCreate, Value: false}, {Key: "typo", Value: true},
	})
	require.ErrorContains(t, err, crm.SettingContactsCreateBulk)
	require.ErrorContains(t, err, "typo")
}

func TestOnboardingMayDecideEverythingOff(t *testing.T) {
	t.Parallel()
	var off []crm.SettingChange
	for _, d := range crm.SettingDefinitions() {
		if d.Type == crm.SettingBoolean {
			off = append(off, crm.SettingChange{Key: d.Key, Value: false})
		}
	}
	states, err := crm.ApplyChanges(allGranted(), off)
	require.NoError(t, err)
	require.Empty(t, crm.Undecided(states))

	inputs := allGranted()
	inputs.Edition = crm.EditionCore
	require.Equal(t, []string{crm.SettingDataSync, crm.SettingRestrictedDataMode}, crm.Undecided(crm.Evaluate(inputs)),
		"nobody is asked to decide what the edition does not have")
}

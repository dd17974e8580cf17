package crm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// told words effects as "key: before → after (effect before → after)", with what follows
// from others marked.
func told(effects []crm.SettingEffect) map[string][]any {
	said := map[string][]any{}
	for _, effect := range effects {
		said[effect.After.Definition.Key] = []any{effect.Requested, effect.Before.EffectiveValue, effect.After.EffectiveValue}
	}
	return said
}

func TestPreflightTellsWhatFollows(t *testing.T) {
	t.Parallel()
	inputs := allGranted()
	inputs.Stored = map[string]crm.StoredSetting{
		crm.SettingContactsCreate:     decided(true),
		crm.SettingContactsCreateBulk: decided(true),
		crm.SettingAutoSave:           decided(false),
		crm.SettingPipelineEntryStage: decided("new"),
	}

	effects, err := crm.Preflight(inputs, []crm.SettingChange{{Key: crm.SettingContactsCreate, Value: false}})
	require.NoError(t, err)
	require.Equal(t, map[string][]any{
		crm.SettingContactsCreate:        {true, true, false},
		crm.SettingContactsCreateBulk:    {false, true, false},
		crm.SettingContactsEmailRequired: {false, false, false}, // it cannot be had any more
	}, told(effects))
	require.Equal(t, crm.SettingContactsCreate, effects[0].After.Definition.Key, "parents come first")
	require.Equal(t, true, effects[1].After.Value, "what is stored stays (D20)")
	require.Equal(t, decided(true), inputs.Stored[crm.SettingContactsCreate], "nothing is changed")

	effects, err = crm.Preflight(inputs, []crm.SettingChange{{Key: crm.SettingAutoSave, Value: true}})
	require.NoError(t, err)
	require.Equal(t, map[string][]any{
		crm.SettingAutoSave:           {true, false, true},
		crm.SettingPipelineEntryStage: {false, nil, "new"},
	}, told(effects))
}

func TestPreflightTellsWhatIsRefusedAndWhatIsMissing(t *testing.T) {
	t.Parallel()
	inputs := allGranted()
	state := inputs.Objects["people"]
	state.Rights.Create = false
	inputs.Objects["people"] = state
	delete(inputs.Objects, "leads")
	inputs.Stored[crm.SettingAutoSave] = decided(false)

	effects, err := crm.Preflight(inputs, []crm.SettingChange{
		{Key: crm.SettingContactsCreate, Value: true},
		{Key: crm.SettingAutoSave, Value: true},
		{Key: "coffee.strength", Value: true},
	})
	require.ErrorContains(t, err, "may not create people")
	require.ErrorContains(t, err, "coffee.strength")
	require.Equal(t, map[string][]any{
		crm.SettingAutoSave:           {true, false, true},
		crm.SettingPipelineEntryStage: {false, nil, nil}, // it can be had now, and waits for a decision
		crm.SettingContactsCreate:     {true, false, false},
	}, told(effects))
	autoSave, stage, create := effects[0].After, effects[1].After, effects[2].After
	require.Len(t, autoSave.Missing(), 1)
	require.Equal(t, crm.RightUnknown, autoSave.Missing()[0].Status, "what no check has told takes nothing away, and is told")
	require.Equal(t, []string{crm.SettingPipelineEntryStage}, crm.Undecided([]crm.SettingState{stage}))
	require.Len(t, create.Missing(), 1)
	require.Equal(t, "create people", create.Missing()[0].String())
	require.False(t, create.Decided)

	effects, err = crm.Preflight(inputs, nil)
	require.NoError(t, err)
	require.Empty(t, effects)
}

func TestRightFixTellsWritingFromReading(t *testing.T) {
	t.Parallel()
	subject := crm.Subject{Object: "Contact", ObjectLabel: "Contact", Field: "Email", FieldLabel: "E-mail", User: "Ines"}
	read := crm.RightFix(nil, crm.CauseDeleted, subject, crm.RightCreate, false)
	require.Contains(t, read.Steps[0], "Restore the field E-mail", "what is gone comes back as its cause says")
	write := crm.RightFix(nil, crm.CauseUnknown, subject, crm.RightCreate, true)
	require.Contains(t, write.Steps[0], "the right to create")
	require.Contains(t, write.Steps[1], "Give Ines")
}

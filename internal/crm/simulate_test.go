package crm_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// answers are what the CRM says of a login that may do what allGranted may.
func answers() []crm.ObjectCheck {
	all := crm.Rights{Read: true, Create: true, Update: true}
	var checks []crm.ObjectCheck
	for _, name := range []string{"people", "companies", "deals", "leads"} {
		check := crm.ObjectCheck{Object: name, Verdict: crm.VerdictAccessible, Rights: all}
		for _, field := range []string{"email", "dealstage", "owner"} {
			check.Fields = append(check.Fields, crm.FieldInfo{Name: field, Rights: all})
		}
		checks = append(checks, check)
	}
	return checks
}

func simulatedSetting(t *testing.T, found crm.Simulation, key string) crm.SimulatedSetting {
	t.Helper()
	for _, setting := range found.Settings {
		if setting.Key == key {
			return setting
		}
	}
	require.Fail(t, "no setting", key)
	return crm.SimulatedSetting{}
}

func TestSimulatingTheSameRightsChangesNothing(t *testing.T) {
	t.Parallel()
	now := allGranted()
	found := crm.Simulate(now, answers())
	require.Len(t, found.Settings, len(crm.SettingDefinitions()))
	working := 0
	for _, setting := range found.Settings {
		require.Equal(t, setting.WorksNow, setting.Works, setting.Key)
		if setting.Works {
			working++
			require.Empty(t, setting.Missing, setting.Key)
		}
	}
	require.Positive(t, working)
	require.Empty(t, now.Stored, "the inputs are the caller's")
}

func TestSimulatingFewerRights(t *testing.T) {
	t.Parallel()
	now := allGranted()
	now.Mappings = map[string]string{"contact.email": "email"}
	denied := answers()
	denied[0].Rights.Create = false
	denied[0].Fields = denied[0].Fields[1:] // the email is hidden
	denied[2] = crm.ObjectCheck{Object: "deals", Verdict: crm.VerdictDenied, Cause: crm.CausePermission}
	denied[3] = crm.ObjectCheck{Object: "leads", Verdict: crm.VerdictFailed}

	found := crm.Simulate(now, denied)
	require.Equal(t, crm.SimulatedObject{Name: "people", Rights: crm.Rights{Read: true, Update: true}, MissingFields: []string{"email"}, ReadableNow: true}, found.Objects[0])
	require.Equal(t, crm.SimulatedObject{Name: "deals", ReadableNow: true}, found.Objects[2])
	require.Equal(t, crm.SimulatedObject{Name: "leads", CheckFailed: true, ReadableNow: true}, found.Objects[3])

	byKey := map[string]crm.SimulatedSetting{}
	for _, setting := range found.Settings {
		byKey[setting.Key] = setting
	}
	for _, definition := range crm.SettingDefinitions() {
		setting := byKey[definition.Key]
		if !setting.Works && setting.WorksNow {
			require.NotEmpty(t, setting.Missing, "%s does not say why", definition.Key)
		}
		if parent, nested := byKey[definition.Parent]; nested && !parent.Works {
			require.False(t, setting.Works, "%s works though %s does not", definition.Key, definition.Parent)
		}
	}
	stage := simulatedSetting(t, found, crm.SettingPipelineEntryStage)
	require.True(t, stage.WorksNow)
	require.False(t, stage.Works)
	require.Contains(t, stage.Missing, crm.SimulatedMissing{Object: "deals", Field: "dealstage", Right: crm.RightRead, Status: crm.RightMissing})
}

// TestUnknownDoesNotWork: a check that failed proves nothing.
func TestUnknownDoesNotWork(t *testing.T) {
	t.Parallel()
	failed := answers()
	for i := range failed {
		failed[i] = crm.ObjectCheck{Object: failed[i].Object, Verdict: crm.VerdictFailed}
	}
	for _, setting := range crm.Simulate(allGranted(), failed).Settings {
		for _, missing := range setting.Missing {
			require.Equal(t, crm.RightUnknown, missing.Status)
		}
		require.Equal(t, len(setting.Missing) == 0, setting.Works || !setting.WorksNow, setting.Key)
	}
}

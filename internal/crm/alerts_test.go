package crm_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

var emailMapping = crm.Mapping{StandardField: "contact.email", Object: "people", CRMField: "email", MappedAt: noon}

// people is a readable object with these readable fields.
func people(fields ...string) crm.ObjectState {
	state := crm.ObjectState{Object: "people", Status: crm.ObjectOK, Fields: map[string]crm.FieldState{}}
	for _, field := range fields {
		state.Fields[field] = crm.FieldState{Readable: true, Standardized: true}
	}
	return state
}

func withField(state crm.ObjectState, name string, field crm.FieldState) crm.ObjectState {
	state.Fields[name] = field
	return state
}

func lostObject(since time.Time, fields ...string) crm.ObjectState {
	state := people()
	state.Status, state.Since, state.Cause, state.Evidence = crm.ObjectPermissionMissing, since, crm.CauseObjectDenied, "404"
	for _, field := range fields {
		state.Fields[field] = crm.FieldState{Standardized: true, Since: since, Cause: crm.CauseObjectDenied, Folded: true}
	}
	return state
}

func TestEvaluateAlerts(t *testing.T) {
	t.Parallel()
	type brief struct {
		Action     crm.AlertAction
		Rule       crm.AlertRule
		Field      string
		Severity   crm.Severity
		Resolution crm.AlertResolution
		Folded     bool
	}
	objectLost := crm.AlertKey{Rule: crm.RuleRequiredObjectLost, Object: "people"}
	fieldLost := crm.AlertKey{Rule: crm.RuleStandardFieldLost, Object: "people", Field: "email"}
	fieldMissing := crm.AlertKey{Rule: crm.RuleMissingAtStandardization, Object: "people", Field: "email"}
	gone := crm.FieldState{Standardized: true, Since: noon.Add(time.Hour), Cause: crm.CausePermission, Evidence: "not listed"}
	stale := people("email")
	stale = withField(stale, "email", gone)
	stale.Stale = true

	cases := map[string]struct {
		state    crm.ObjectState
		mappings []crm.Mapping
		open     []crm.AlertKey
		want     []brief
	}{
		"all is well": {people("email"), []crm.Mapping{emailMapping}, nil, nil},
		"an object that never could be read": {
			lostObject(time.Time{}), nil, nil,
			[]brief{{crm.ActionOpen, crm.RuleObjectAccessMissing, "", crm.SeverityCritical, "", false}},
		},
		"a lost object hides its fields": {
			lostObject(noon, "email"),
			[]crm.Mapping{emailMapping},
			nil,
			[]brief{{crm.ActionOpen, crm.RuleRequiredObjectLost, "", crm.SeverityCritical, "", false}},
		},
		"a lost object folds an alert that is open": {
			withField(lostObject(noon), "email", gone),
			[]crm.Mapping{emailMapping},
			[]crm.AlertKey{fieldLost},
			[]brief{
				{crm.ActionOpen, crm.RuleRequiredObjectLost, "", crm.SeverityCritical, "", false},
				{crm.ActionUpdate, crm.RuleStandardFieldLost, "email", crm.SeverityCritical, "", true},
			},
		},
		"an object that is back": {
			people("email"),
			[]crm.Mapping{emailMapping},
			[]crm.AlertKey{objectLost},
			[]brief{{crm.ActionResolve, crm.RuleRequiredObjectLost, "", "", crm.ResolvedRestored, false}},
		},
		"an object that was not checked": {crm.ObjectState{Object: "people", Status: crm.ObjectNotChecked}, []crm.Mapping{emailMapping}, []crm.AlertKey{objectLost, fieldLost}, nil},
		"a lost field": {
			withField(people(), "email", gone),
			[]crm.Mapping{emailMapping},
			nil,
			[]brief{{crm.ActionOpen, crm.RuleStandardFieldLost, "email", crm.SeverityCritical, "", false}},
		},
		"a lost field that is only recommended": {
			withField(people(), "employees", gone),
			[]crm.Mapping{{StandardField: "contact.employees", Object: "people", CRMField: "employees"}},
			nil,
			[]brief{{crm.ActionOpen, crm.RuleStandardFieldLost, "employees", crm.SeverityWarning, "", false}},
		},
		"a field lost before it was mapped": {
			withField(people(), "email", crm.FieldState{Standardized: true, Since: noon.Add(-time.Hour), Cause: crm.CauseUnknown}),
			[]crm.Mapping{emailMapping},
			nil,
			[]brief{{crm.ActionOpen, crm.RuleMissingAtStandardization, "email", crm.SeverityCritical, "", false}},
		},
		"a field nobody ever saw": {
			people(),
			[]crm.Mapping{emailMapping},
			nil,
			[]brief{{crm.ActionOpen, crm.RuleMissingAtStandardization, "email", crm.SeverityCritical, "", false}},
		},
		"a field nobody ever saw, mapped nobody knows when": {
			people(),
			[]crm.Mapping{{StandardField: "contact.email", Object: "people", CRMField: "email"}},
			nil,
			[]brief{{crm.ActionOpen, crm.RuleMissingAtStandardization, "email", crm.SeverityCritical, "", false}},
		},
		"an open alert keeps its rule": {
			withField(people(), "email", gone),
			[]crm.Mapping{emailMapping},
			[]crm.AlertKey{fieldMissing},
			[]brief{{crm.ActionUpdate, crm.RuleMissingAtStandardization, "email", crm.SeverityCritical, "", false}},
		},
		"a suspected field": {
			withField(people(), "email", crm.FieldState{Readable: true, Standardized: true, SuspectedAt: noon}), []crm.Mapping{emailMapping}, nil, nil,
		},
		"a field that has not come back with its object yet": {
			withField(people(), "email", crm.FieldState{Standardized: true, SuspectedAt: noon, Cause: crm.CauseObjectDenied, Folded: true}), []crm.Mapping{emailMapping}, nil, nil,
		},
		"a field that is back": {
			people("email"),
			[]crm.Mapping{emailMapping},
			[]crm.AlertKey{fieldLost},
			[]brief{{crm.ActionResolve, crm.RuleStandardFieldLost, "email", "", crm.ResolvedRestored, false}},
		},
		"a field that was unmapped": {
			withField(people(), "email", gone), nil,
			[]crm.AlertKey{fieldLost},
			[]brief{{crm.ActionResolve, crm.RuleStandardFieldLost, "email", "", crm.ResolvedUnmapped, false}},
		},
		"a lost field that nothing maps": {withField(people(), "email", gone), nil, nil, nil},
		"a stale state updates nothing":  {stale, []crm.Mapping{emailMapping}, []crm.AlertKey{fieldLost}, nil},
		"other alerts are left alone": {
			people("email"),
			[]crm.Mapping{emailMapping},
			[]crm.AlertKey{{Rule: crm.RuleRequiredObjectLost, Object: "deals"}, {Rule: crm.RuleCredentialExpired}, {Rule: crm.RuleConnectorUnhealthy, Object: "people"}},
			nil,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []brief
			for _, i := range crm.EvaluateAlerts(crm.AlertInputs{Package: testPackage(), Objects: []crm.ObjectState{c.state}, Mappings: c.mappings, Open: c.open}) {
				got = append(got, brief{i.Action, i.Key.Rule, i.Key.Field, i.Severity, i.Resolution, i.Folded})
				require.Equal(t, "people", i.Key.Object)
				if i.Action != crm.ActionResolve {
					require.True(t, crm.Mandatory(i.Key.Rule))
					require.NotEmpty(t, i.Title)
					require.NotEmpty(t, i.Message)
					require.NotEmpty(t, i.Cause)
					require.NotEmpty(t, i.Fix.Steps)
					require.NotEmpty(t, i.Affected)
				}
			}
			require.Empty(t, cmp.Diff(c.want, got))
		})
	}
}

func TestAnAlertSaysWhatWhyAndHow(t *testing.T) {
	t.Parallel()
	gone := crm.FieldState{Standardized: true, Since: noon.Add(time.Hour), Cause: crm.CausePermission, Evidence: "not listed"}
	intents := crm.EvaluateAlerts(crm.AlertInputs{
		Package: testPackage(), Objects: []crm.ObjectState{withField(people(), "email", gone)}, Mappings: []crm.Mapping{emailMapping},
		InstanceURL: "https://acme.example", User: "sync@acme.example",
		Remediations: []crm.RemediationTemplate{{
			Cause: crm.CausePermission, Subject: crm.SubjectField, Who: "Test administrator",
			Steps: []string{"Open {objectLabel}, {fieldLabel}.", "Let {user} see it."}, DeepLink: "{instanceUrl}/setup/{object}/{field}",
		}},
	})
	require.Len(t, intents, 1)
	require.Equal(t, crm.AlertIntent{
		Action: crm.ActionOpen, Key: crm.AlertKey{Rule: crm.RuleStandardFieldLost, Object: "people", Field: "email"},
		Severity: crm.SeverityCritical, StandardField: "contact.email",
		Title:   "people.email can no longer be read",
		Message: `The integration user lost access to people.email, which stands for "E-mail" in the package Sales engagement. What was synced before is kept, but no longer brought up to date.`,
		Cause:   crm.CausePermission, Evidence: "not listed", Since: noon.Add(time.Hour),
		Fix: crm.Fix{
			Steps: []string{"Open People, E-mail.", "Let sync@acme.example see it."}, DeepLink: "https://acme.example/setup/people/email", Who: "Test administrator",
		},
		Affected: []crm.Affected{
			{Kind: crm.AffectedFeature, Key: "contact-view", Title: "Contact view"},
			{Kind: crm.AffectedFeature, Key: "auto-save", Title: "Auto-save"},
			{Kind: crm.AffectedSetting, Key: crm.SettingAutoSave, Title: "Auto-save accounts, leads and contacts"},
			{Kind: crm.AffectedSetting, Key: crm.SettingContactsEmailRequired, Title: "Require an e-mail address for new contacts"},
		},
	}, intents[0])
}

func TestAnObjectAlertNamesItsStandardizedFields(t *testing.T) {
	t.Parallel()
	var mappings []crm.Mapping
	for i := range 12 {
		mappings = append(mappings, crm.Mapping{StandardField: "contact.email", Object: "people", CRMField: fmt.Sprintf("f%02d", i)})
	}
	intents := crm.EvaluateAlerts(crm.AlertInputs{Package: testPackage(), Objects: []crm.ObjectState{lostObject(noon)}, Mappings: mappings})
	require.Len(t, intents, 1)
	require.Contains(t, intents[0].Message, "f00, f01, f02, f03, f04, f05, f06, f07, f08, f09 and 2 more")
	require.Equal(t, "REQUIRED_OBJECT_ACCESS_LOST|people|", intents[0].Key.String())
}

// TestAlertsFollowChecks runs random histories and applies the intents as a caller
// does: there is one alert per problem, none without one, and saying it all again
// opens and resolves nothing.
func TestAlertsFollowChecks(t *testing.T) {
	t.Parallel()
	pkg := testPackage()
	pkg.Objects[0].Name = "Contact"
	mappings := []crm.Mapping{
		{StandardField: "contact.email", Object: "Contact", CRMField: "A"},
		{StandardField: "contact.employees", Object: "Contact", CRMField: "B"},
	}
	rapid.Check(t, func(t *rapid.T) {
		state := crm.ObjectState{
			Object: "Contact", Status: crm.ObjectNotChecked,
			Fields: map[string]crm.FieldState{"A": {Standardized: true}, "B": {Standardized: true}},
		}
		open := map[crm.AlertKey]bool{}
		evaluate := func() (opened, resolved int) {
			inputs := crm.AlertInputs{Package: pkg, Objects: []crm.ObjectState{state}, Mappings: mappings}
			for key := range open {
				inputs.Open = append(inputs.Open, key)
			}
			for _, intent := range crm.EvaluateAlerts(inputs) {
				switch intent.Action {
				case crm.ActionOpen:
					require.False(t, open[intent.Key])
					open[intent.Key] = true
					opened++
				case crm.ActionResolve:
					require.True(t, open[intent.Key])
					delete(open, intent.Key)
					resolved++
				case crm.ActionUpdate:
					require.True(t, open[intent.Key])
				}
			}
			return opened, resolved
		}
		for i := range rapid.IntRange(1, 12).Draw(t, "checks") {
			check := drawCheck(t)
			outcome := crm.Diff(state, check, drawMode(t), noon.Add(time.Duration(i)*time.Minute))
			state = outcome.State
			opened, resolved := evaluate()
			if check.Verdict == crm.VerdictFailed {
				require.Zero(t, opened+resolved, "a failed check is no news")
			}
			again, undone := evaluate()
			require.Zero(t, again+undone)

			subjects := map[string]bool{}
			for key := range open {
				require.False(t, subjects[key.Field], "two alerts for one problem: %v", open)
				subjects[key.Field] = true
			}
			require.Equal(t, state.Status == crm.ObjectPermissionMissing || state.Status == crm.ObjectNotFound, subjects[""])
			if state.Status == crm.ObjectOK {
				for _, name := range []string{"A", "B"} {
					field := state.Fields[name]
					require.Equal(t, !field.Readable && field.SuspectedAt.IsZero(), subjects[name], "%s: %+v", name, field)
				}
			}
		}
		state = crm.Diff(state, can("A", "B"), crm.CheckRegular, noon.Add(time.Hour)).State
		evaluate()
		require.Empty(t, open, "all is restored")
	})
}

func TestRenderRemediation(t *testing.T) {
	t.Parallel()
	templates := []crm.RemediationTemplate{
		{Cause: crm.CauseUnknown, Subject: crm.SubjectField, Steps: []string{"look at {object}.{field}"}, DeepLink: "{instanceUrl}/{object}/{field}", Who: "admin"},
		{Cause: crm.CausePermission, Subject: crm.SubjectField, Steps: []string{"grant {field}"}, DeepLink: "javascript:alert({field})"},
	}
	field := crm.Subject{Object: "A b", Field: "{user}/..?x", InstanceURL: "https://acme.example/"}

	fix := crm.RenderRemediation(templates, crm.CauseUnknown, field)
	require.Equal(t, crm.Fix{
		Steps: []string{"look at A b.{user}/..?x"}, DeepLink: "https://acme.example/A%20b/%7Buser%7D%2F..%3Fx", Who: "admin",
	}, fix, "values are escaped in the link and never searched for placeholders")

	require.Equal(t, []string{"look at A b.{user}/..?x"}, crm.RenderRemediation(templates, crm.CauseArchived, field).Steps, "falls back on the unknown cause")
	require.Empty(t, crm.RenderRemediation(templates, crm.CausePermission, field).DeepLink, "only web addresses")
	field.InstanceURL = ""
	require.Empty(t, crm.RenderRemediation(templates, crm.CauseUnknown, field).DeepLink, "no link without an instance")

	object := crm.RenderRemediation(templates, crm.CausePermission, crm.Subject{Object: "Contact"})
	require.NotEmpty(t, object.Steps, "words that hold for every CRM")
	require.NotContains(t, strings.Join(object.Steps, " "), "{")
	require.Contains(t, strings.Join(object.Steps, " "), "the integration user")
}

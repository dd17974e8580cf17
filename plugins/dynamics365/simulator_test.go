package dynamics365_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	crmsim "github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
	"github.com/fieldwarden/fieldwarden/plugins/dynamics365"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
	"github.com/fieldwarden/fieldwarden/plugins/sdk/connectortest"
)

// org is a running simulator that the connector is connected to.
type org struct {
	*crmsim.Controls
	target sdk.Target
}

func startOrg(t *testing.T, config crmsim.Config) *org {
	t.Helper()
	config.RequestLimit = -1
	simulator, err := crmsim.New(config)
	require.NoError(t, err)
	server := httptest.NewServer(simulator.Handler())
	t.Cleanup(server.Close)
	return &org{simulator.Controls(), signIn(t, server.URL)}
}

// signIn does what the host does with the manifest's OAuth description, as an app.
func signIn(t *testing.T, base string) sdk.Target {
	t.Helper()
	spec := dynamics365.New().Describe().Environments[0].OAuth
	fill := strings.NewReplacer("{authority}", base, "{tenant}", crmsim.DefaultTenantDomain, "{environmentUrl}", crmsim.DefaultOrgURL)
	answer, err := http.PostForm(fill.Replace(spec.TokenURL), url.Values{
		"grant_type": {"client_credentials"}, "client_id": {crmsim.DefaultClientID}, "client_secret": {crmsim.DefaultClientSecret},
		"scope": {fill.Replace(strings.Join(spec.ClientCredentialsScopes, " "))},
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, answer.Body.Close()) }()
	var tokens map[string]any
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&tokens))
	require.Equal(t, http.StatusOK, answer.StatusCode, "%v", tokens)
	return sdk.Target{
		IntegrationID: "int_1", Environment: sdk.Production,
		Endpoint: base, AccessToken: sdk.Secret(tokens["access_token"].(string)),
	}
}

// checkFields asks for objects and fields, and keeps the memo as the host does.
func (o *org) checkFields(t *testing.T, objects ...sdk.CheckObject) map[string]sdk.ObjectCheck {
	t.Helper()
	checks := map[string]sdk.ObjectCheck{}
	outcome, err := dynamics365.NewWithoutPause().CheckPermissions(t.Context(), o.target, sdk.CheckRequest{Objects: objects, Unconditional: true}, func(c sdk.ObjectCheck) error {
		checks[c.Object] = c
		return nil
	})
	require.NoError(t, err)
	require.Len(t, checks, len(objects))
	if outcome.Memo != nil {
		o.target.Memo = outcome.Memo
	}
	return checks
}

func (o *org) check(t *testing.T, objects ...string) map[string]sdk.ObjectCheck {
	t.Helper()
	return o.checkFields(t, connectortest.Objects(objects...)...)
}

func fieldOf(check sdk.ObjectCheck, name string) (sdk.Field, bool) {
	i := slices.IndexFunc(check.Fields, func(f sdk.Field) bool { return f.Name == name })
	if i < 0 {
		return sdk.Field{}, false
	}
	return check.Fields[i], true
}

func deniedOf(check sdk.ObjectCheck, name string) (sdk.DeniedField, bool) {
	i := slices.IndexFunc(check.Denied, func(f sdk.DeniedField) bool { return f.Name == name })
	if i < 0 {
		return sdk.DeniedField{}, false
	}
	return check.Denied[i], true
}

var story = []string{"account", "contact", "lead", "opportunity", "systemuser", "position", "task", "phonecall", "email", "appointment"}

func condition(name string) control.ObjectChange { return control.ObjectChange{Condition: &name} }

func fieldCondition(name string) control.FieldChange { return control.FieldChange{Condition: &name} }

func TestSimulatorSteadyCheckIsOneCall(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	calls := func() int {
		o.Journal().Clear()
		for object, check := range o.check(t, story...) {
			require.Equal(t, sdk.VerdictAccessible, check.Verdict, "%s: %v %s", object, check.Failure, check.Evidence)
			require.Equal(t, sdk.RecordsAll, check.Records, object)
			require.True(t, check.Rights.Read)
			require.NotEmpty(t, check.Fields)
			require.Equal(t, dynamics365.APIVersion, check.APIVersion)
		}
		return o.Counters().APICalls
	}
	require.Equal(t, 2, calls(), "without a memo the names of the privileges must be learnt first")
	require.Equal(t, 1, calls())
	memo := string(o.target.Memo)
	require.NoError(t, o.SetField("contact", "emailaddress1", fieldCondition("secured_granted")))
	require.Equal(t, 2, calls(), "a column was secured")
	require.NotEqual(t, memo, string(o.target.Memo))
	require.Equal(t, 1, calls(), "column security is part of the same batch from now on")

	// Activities inherit their columns and their privileges.
	checks := o.check(t, "task", "phonecall")
	for _, name := range []string{"subject", "regardingobjectid", "ownerid", "activityid", "modifiedon"} {
		_, ok := fieldOf(checks["task"], name)
		require.True(t, ok, name)
	}
	_, ok := fieldOf(checks["phonecall"], "to")
	require.False(t, ok, "parties are rows of another table")
	_, ok = fieldOf(checks["phonecall"], "regardingobjectidname")
	require.False(t, ok)
}

// TestSimulatorCauses: each loss has its cause and evidence and touches nothing
// else; each restoration brings everything back.
func TestSimulatorCauses(t *testing.T) {
	t.Parallel()
	objectCause := func(cause sdk.Cause, evidence string) func(*testing.T, sdk.ObjectCheck) {
		return func(t *testing.T, check sdk.ObjectCheck) {
			t.Helper()
			require.Equal(t, sdk.VerdictDenied, check.Verdict, "%v", check.Failure)
			require.Equal(t, cause, check.Cause)
			require.Contains(t, check.Evidence, evidence)
		}
	}
	fieldCause := func(name string, cause sdk.Cause, evidence string) func(*testing.T, sdk.ObjectCheck) {
		return func(t *testing.T, check sdk.ObjectCheck) {
			t.Helper()
			require.Equal(t, sdk.VerdictAccessible, check.Verdict, "%v", check.Failure)
			_, listed := fieldOf(check, name)
			require.False(t, listed)
			denied, told := deniedOf(check, name)
			require.True(t, told)
			require.Equal(t, cause, denied.Cause)
			require.Contains(t, denied.Evidence, evidence)
		}
	}
	cases := map[string]struct {
		object  string
		field   string
		lose    func(*org) error
		restore func(*org) error
		want    func(*testing.T, sdk.ObjectCheck)
	}{
		"read privilege": {
			"contact", "", func(o *org) error { return o.SetObject("contact", control.ObjectChange{Read: crmsim.Off()}) },
			func(o *org) error { return o.SetObject("contact", control.ObjectChange{Read: crmsim.On()}) },
			objectCause(sdk.CausePermission, "prvReadContact"),
		},
		"table deleted": {
			"lead", "", func(o *org) error { return o.SetObject("lead", condition("deleted")) },
			func(o *org) error { return o.SetObject("lead", condition("")) },
			objectCause(sdk.CauseDeleted, "no table lead"),
		},
		"depth": {
			"account", "", func(o *org) error { return o.SetObject("account", condition("depth:Local")) },
			func(o *org) error { return o.SetObject("account", condition("")) },
			func(t *testing.T, check sdk.ObjectCheck) {
				t.Helper()
				require.Equal(t, sdk.VerdictAccessible, check.Verdict)
				require.Equal(t, sdk.RecordsPartial, check.Records)
				require.Contains(t, check.RecordsNote, "prvReadAccount")
				require.Contains(t, check.RecordsNote, "Business Unit (Local)")
			},
		},
		"column secured": {
			"contact", "emailaddress1", func(o *org) error { return o.SetField("contact", "emailaddress1", fieldCondition("secured")) },
			func(o *org) error { return o.SetField("contact", "emailaddress1", fieldCondition("")) },
			fieldCause("emailaddress1", sdk.CausePermission, "Column security"),
		},
		"column secured, then granted": {
			"contact", "telephone1", func(o *org) error { return o.SetField("contact", "telephone1", fieldCondition("secured")) },
			func(o *org) error { return o.SetField("contact", "telephone1", fieldCondition("secured_granted")) },
			fieldCause("telephone1", sdk.CausePermission, "Column security"),
		},
		"column deleted": {
			"account", "websiteurl", func(o *org) error { return o.SetField("account", "websiteurl", fieldCondition("deleted")) },
			func(o *org) error { return o.SetField("account", "websiteurl", fieldCondition("")) },
			fieldCause("websiteurl", sdk.CauseDeleted, "no column websiteurl"),
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := startOrg(t, crmsim.Config{})
			ask := []sdk.CheckObject{}
			for _, object := range story {
				ask = append(ask, sdk.CheckObject{Name: object})
			}
			if c.field != "" {
				ask[slices.Index(story, c.object)].Fields = []string{c.field}
			}
			before := o.checkFields(t, ask...)
			for _, memo := range [][]byte{o.target.Memo, nil} {
				require.NoError(t, c.lose(o))
				o.target.Memo = memo
				lost := o.checkFields(t, ask...)
				c.want(t, lost[c.object])
				for _, other := range story {
					if other != c.object {
						require.Equal(t, before[other], lost[other], "%s must not be touched", other)
					}
				}
				require.NoError(t, c.restore(o))
				restored := o.checkFields(t, ask...)
				require.Equal(t, len(before[c.object].Fields), len(restored[c.object].Fields))
				require.Equal(t, sdk.VerdictAccessible, restored[c.object].Verdict)
				require.Empty(t, restored[c.object].Denied)
				require.Equal(t, sdk.RecordsAll, restored[c.object].Records)
			}
		})
	}
}

func TestSimulatorRightsToChange(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	require.NoError(t, o.SetObject("account", control.ObjectChange{Update: crmsim.Off()}))
	require.NoError(t, o.SetField("contact", "jobtitle", control.FieldChange{Update: crmsim.Off()}))
	checks := o.check(t, "account", "contact")
	require.Equal(t, sdk.Rights{Read: true, Create: true}, checks["account"].Rights)
	name, ok := fieldOf(checks["account"], "name")
	require.True(t, ok)
	require.Equal(t, sdk.Rights{Read: true, Create: true}, name.Rights)
	title, ok := fieldOf(checks["contact"], "jobtitle")
	require.True(t, ok)
	require.Equal(t, sdk.Rights{Read: true, Create: true}, title.Rights)
	last, ok := fieldOf(checks["contact"], "lastname")
	require.True(t, ok)
	require.True(t, last.RequiredOnCreate)
	require.Equal(t, "String", last.Type)
}

// TestSimulatorUninstalledApp: privileges of a table that is gone take the whole
// question for privileges down; that must not cost other tables their verdict.
func TestSimulatorUninstalledApp(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	o.check(t, story...)
	require.NoError(t, o.SetSales(false))
	o.Journal().Clear()
	checks := o.check(t, story...)
	for _, object := range story {
		want := sdk.VerdictAccessible
		if object == "lead" || object == "opportunity" {
			want = sdk.VerdictDenied
		}
		require.Equal(t, want, checks[object].Verdict, "%s: %v", object, checks[object].Failure)
	}
	require.Equal(t, sdk.CauseDeleted, checks["lead"].Cause)
	require.Equal(t, 2, o.Counters().APICalls)
	o.check(t, story...)
	require.Equal(t, 3, o.Counters().APICalls, "the memo has learnt it")
}

// TestSimulatorPrivilegesRefused: without Read on User the platform tells nothing
// about the user's rights; a proof read decides, and no secured column is lost.
func TestSimulatorPrivilegesRefused(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	require.NoError(t, o.SetField("contact", "emailaddress1", fieldCondition("secured_granted")))
	ask := []sdk.CheckObject{{Name: "account"}, {Name: "contact", Fields: []string{"emailaddress1"}}, {Name: "lead"}, {Name: "systemuser"}}
	before := o.checkFields(t, ask...)
	memo := o.target.Memo
	require.NoError(t, o.SetObject("systemuser", control.ObjectChange{Read: crmsim.Off()}))
	require.NoError(t, o.SetObject("lead", control.ObjectChange{Read: crmsim.Off()}))
	checks := o.checkFields(t, ask...)
	require.Equal(t, sdk.VerdictAccessible, checks["account"].Verdict)
	require.Equal(t, sdk.RecordsUnknown, checks["account"].Records)
	require.Equal(t, before["account"].Fields, checks["account"].Fields)
	require.Equal(t, before["contact"].Fields, checks["contact"].Fields, "the last judgement of the secured column stands")
	require.Equal(t, sdk.CausePermission, checks["lead"].Cause)
	require.Equal(t, sdk.CausePermission, checks["systemuser"].Cause)

	o.target.Memo = nil
	checks = o.checkFields(t, ask...)
	require.Equal(t, sdk.VerdictFailed, checks["contact"].Verdict, "nobody knows about the secured column")
	require.Contains(t, checks["contact"].Failure.Error(), "prvReadUser")
	require.Equal(t, sdk.VerdictAccessible, checks["account"].Verdict)

	o.target.Memo = memo
	require.NoError(t, o.SetField("contact", "telephone1", fieldCondition("secured")))
	checks = o.checkFields(t, ask...)
	require.Equal(t, sdk.VerdictFailed, checks["contact"].Verdict, "a column that was secured since is not lost before somebody can tell")
}

func TestSimulatorIdentityAndLists(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{Sandbox: true, OrgName: "Acme"})
	c := dynamics365.NewWithoutPause()
	identity, err := c.Identify(t.Context(), o.target)
	require.NoError(t, err)
	require.Equal(t, sdk.Sandbox, identity.Environment)
	require.Equal(t, "Acme", identity.InstanceName)
	require.Equal(t, o.target.Endpoint, identity.InstanceURL)
	require.Equal(t, "CustomerTest", identity.Edition)
	require.NotEmpty(t, identity.UserName)

	objects, err := c.ListObjects(t.Context(), o.target)
	require.NoError(t, err)
	for _, name := range story {
		require.True(t, slices.ContainsFunc(objects, func(object sdk.Object) bool { return object.Name == name && object.Rights.Read }), name)
	}
	require.NoError(t, o.SetObject("lead", control.ObjectChange{Read: crmsim.Off()}))
	objects, err = c.ListObjects(t.Context(), o.target)
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(objects, func(object sdk.Object) bool { return object.Name == "lead" && !object.Rights.Read }))
	_, err = c.ListFields(t.Context(), o.target, "lead")
	require.Equal(t, sdk.CodeObjectDenied, sdk.CodeOf(err))
	_, err = c.ListFields(t.Context(), o.target, "missing_table")
	require.Equal(t, sdk.CodeObjectDenied, sdk.CodeOf(err))

	fields, err := c.ListFields(t.Context(), o.target, "opportunity")
	require.NoError(t, err)
	stage := fields[slices.IndexFunc(fields, func(f sdk.Field) bool { return f.Name == "salesstage" })]
	require.Equal(t, "Picklist", stage.Type)
	require.Len(t, stage.Picklist, 4)
	owner := fields[slices.IndexFunc(fields, func(f sdk.Field) bool { return f.Name == "ownerid" })]
	require.Contains(t, owner.References, "systemuser")

	for source, count := range map[sdk.PicklistSource]int{sdk.OpportunityStages: 4, sdk.LeadSources: 5, sdk.OpportunityRoles: 2} {
		choices, err := c.ListPicklist(t.Context(), o.target, source)
		require.NoError(t, err, source)
		require.GreaterOrEqual(t, len(choices), count, source)
	}
	require.NoError(t, o.SetField("opportunity", "salesstage", fieldCondition("deleted")))
	choices, err := c.ListPicklist(t.Context(), o.target, sdk.OpportunityStages)
	require.NoError(t, err)
	require.NotEmpty(t, choices)
	require.NotEmpty(t, choices[0].Group, "stages of business process flows come by process")
}

func TestSimulatorChecklist(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	list := func() map[string]sdk.ChecklistItem {
		o.Journal().Clear()
		items, err := dynamics365.NewWithoutPause().Checklist(t.Context(), o.target, sdk.ChecklistRequest{Objects: append(slices.Clone(story), "account")})
		require.NoError(t, err)
		byKey := map[string]sdk.ChecklistItem{}
		for _, item := range items {
			require.NotContains(t, byKey, item.Key)
			require.NotEmpty(t, item.Evidence, item.Key)
			byKey[item.Key] = item
		}
		return byKey
	}
	for key, item := range list() {
		if key == "integration-user" {
			require.Equal(t, sdk.StatusWarn, item.Status, "the simulator's user is a person")
			continue
		}
		require.Equal(t, sdk.StatusPass, item.Status, "%s: %s", key, item.Evidence)
	}
	require.Equal(t, 2, o.Counters().APICalls)
	expect := func(key string, status sdk.Status, evidence string) {
		t.Helper()
		item := list()[key]
		require.Equal(t, status, item.Status, "%s: %s", key, item.Evidence)
		require.Contains(t, item.Evidence, evidence)
		if status == sdk.StatusFail || status == sdk.StatusWarn {
			require.NotEmpty(t, item.Remediation)
		}
	}
	require.NoError(t, o.SetLinkedIn(false))
	expect("crm-app", sdk.StatusWarn, "LinkedIn")
	require.NoError(t, o.SetObject("solution", control.ObjectChange{Read: crmsim.Off()}))
	expect("crm-app", sdk.StatusWarn, "li_message")
	require.NoError(t, o.SetLinkedIn(true))
	expect("crm-app", sdk.StatusPass, "li_message")
	require.NoError(t, o.SetEnvironmentType("Developer"))
	expect("right-environment", sdk.StatusFail, "Developer")
	require.NoError(t, o.SetObject("contact", control.ObjectChange{Read: crmsim.Off()}))
	expect("object-contact", sdk.StatusFail, "prvReadContact")
	require.NoError(t, o.SetObject("account", condition("depth:Basic")))
	expect("object-account", sdk.StatusWarn, "Basic")
	require.NoError(t, o.SetChangeTracking("task", false))
	expect("change-tracking", sdk.StatusWarn, "task")
	require.NoError(t, o.SetSales(false))
	expect("sales-app", sdk.StatusWarn, "opportunity")
	expect("object-lead", sdk.StatusFail, "no table")
	o.ResetRights()
	for _, state := range []crmsim.UserState{{NotMember: true}, {NoRoles: true}, {Disabled: true}} {
		require.NoError(t, o.SetUser(state))
		items := list()
		require.Equal(t, sdk.StatusFail, items["user-active"].Status)
		require.Equal(t, sdk.StatusUnknown, items["object-account"].Status)
		require.NotEmpty(t, items["user-active"].Remediation)
	}
	o.KillAccessTokens()
	_, err := dynamics365.NewWithoutPause().Checklist(t.Context(), o.target, sdk.ChecklistRequest{Objects: story})
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
}

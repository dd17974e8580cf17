package salesforce_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	crmsim "github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/plugins/salesforce"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// wanted are objects with fields that matter.
func wanted() []sdk.CheckObject {
	return []sdk.CheckObject{
		{Name: "Account", Fields: []string{"Id", "Name", "Industry"}},
		{Name: "Contact", Fields: []string{"Id", "Email", "AccountId"}},
		{Name: "OpportunityContactRole", Fields: []string{"Id", "Role"}},
		{Name: "Task", Fields: []string{"Id", "WhoId", "LID__URL__c"}},
		{Name: "UserRole", Fields: []string{"Id", "Name"}},
	}
}

// checkWanted checks with a memo and returns the answers by object, the memo to
// keep and the metered calls.
func (o *org) checkWanted(t *testing.T, memo []byte, wanted ...sdk.CheckObject) (map[string]sdk.ObjectCheck, []byte, int) {
	t.Helper()
	o.ClearRequests()
	target := o.target
	target.Memo = memo
	checks := map[string]sdk.ObjectCheck{}
	outcome, err := salesforce.NewWithoutPause().CheckPermissions(t.Context(), target, sdk.CheckRequest{Objects: wanted, Unconditional: true}, func(c sdk.ObjectCheck) error {
		checks[c.Object] = c
		return nil
	})
	require.NoError(t, err)
	require.Len(t, checks, len(wanted))
	if outcome.Memo != nil {
		memo = outcome.Memo
	}
	require.Equal(t, o.Counters().APICalls, outcome.Stats.CRMCalls)
	return checks, memo, outcome.Stats.CRMCalls
}

// causeCase is something that is lost, and what the connector says of it.
type causeCase struct {
	lose          func(*org) error
	object, field string
	cause         sdk.Cause
	evidence      string
}

func hide(object, field string) func(*org) error {
	return func(o *org) error { return o.SetField(object, field, crmsim.FieldSwitch{Read: crmsim.Off()}) }
}

func remove(object, field string) func(*org) error {
	return func(o *org) error { return o.SetField(object, field, crmsim.FieldSwitch{Exists: crmsim.Off()}) }
}

func rename(object, field string) func(*org) error {
	return func(o *org) error { return o.SetField(object, field, crmsim.FieldSwitch{Renamed: crmsim.On()}) }
}

func closeObject(object string) func(*org) error {
	return func(o *org) error { return o.SetObject(object, crmsim.ObjectSwitch{Read: crmsim.Off()}) }
}

// TestSimulatorCauses: what the connector says when something is lost, and that it
// is all well again, for one call, when it is restored.
func TestSimulatorCauses(t *testing.T) {
	t.Parallel()
	const alike = "It looks the same whether a field is hidden from the user, deleted, or renamed."
	testCauses(t, false, map[string]causeCase{
		"field hidden":           {hide("Contact", "Email"), "Contact", "Email", sdk.CauseUnknown, alike},
		"field deleted":          {remove("Account", "Industry"), "Account", "Industry", sdk.CauseUnknown, alike},
		"custom field deleted":   {remove("Task", "LID__URL__c"), "Task", "LID__URL__c", sdk.CauseUnknown, alike},
		"custom field renamed":   {rename("Task", "LID__URL__c"), "Task", "LID__URL__c", sdk.CauseRenamedCandidate, "LID__URL_Renamed__c has the label and type"},
		"lookup's object closed": {closeObject("Account"), "Contact", "AccountId", sdk.CausePermission, "AccountId is a lookup to Account, which the integration user may not read"},
		"object closed":          {closeObject("Task"), "Task", "", sdk.CauseObjectDenied, "404 NOT_FOUND"},
		"object not queryable": {
			func(o *org) error { return o.SetObject("Contact", crmsim.ObjectSwitch{Queryable: crmsim.Off()}) },
			"Contact", "", sdk.CauseObjectDenied, "queryable:false",
		},
	})
}

// TestSimulatorCausesWithViewSetup: what the connector tells apart when the user
// may look at the org's setup.
func TestSimulatorCausesWithViewSetup(t *testing.T) {
	t.Parallel()
	testCauses(t, true, map[string]causeCase{
		"field hidden":           {hide("Contact", "Email"), "Contact", "Email", sdk.CausePermission, "FieldDefinition lists it, and FieldPermissions has"},
		"custom field hidden":    {hide("Task", "LID__URL__c"), "Task", "LID__URL__c", sdk.CausePermission, "FieldDefinition lists it, and FieldPermissions has"},
		"custom field deleted":   {remove("Task", "LID__URL__c"), "Task", "LID__URL__c", sdk.CauseDeleted, "neither FieldDefinition nor FieldPermissions has a field of this name in Task"},
		"app uninstalled":        {func(o *org) error { o.SetAppInstalled(false); return nil }, "Task", "LID__URL__c", sdk.CauseDeleted, "was deleted"},
		"custom field renamed":   {rename("Task", "LID__URL__c"), "Task", "LID__URL__c", sdk.CauseRenamedCandidate, "LID__URL_Renamed__c has the label and type"},
		"lookup's object closed": {closeObject("Account"), "Contact", "AccountId", sdk.CausePermission, "AccountId is a lookup to Account, which the integration user may not read"},
		"object closed":          {closeObject("Task"), "Task", "", sdk.CauseObjectDenied, "404 NOT_FOUND"},
	})
}

func testCauses(t *testing.T, viewSetup bool, cases map[string]causeCase) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := startOrg(t, crmsim.Config{AppInstalled: true})
			o.SetViewSetup(viewSetup)
			healthy, memo, calls := o.checkWanted(t, nil, wanted()...)
			require.Equal(t, 1, calls, "a healthy check is one call")
			for _, check := range healthy {
				require.Equal(t, sdk.VerdictAccessible, check.Verdict, "%s: %v", check.Object, check.Failure)
				require.Empty(t, check.Denied)
			}
			require.NoError(t, c.lose(o))
			lost, memo, calls := o.checkWanted(t, memo, wanted()...)
			check := lost[c.object]
			if c.field == "" {
				require.Equal(t, 1, calls)
				require.Equal(t, sdk.VerdictDenied, check.Verdict)
				require.Equal(t, c.cause, check.Cause)
				require.Contains(t, check.Evidence, c.evidence)
			} else {
				require.Equal(t, 2, calls)
				require.Equal(t, sdk.VerdictAccessible, check.Verdict)
				require.Len(t, check.Denied, 1)
				require.Equal(t, [2]string{c.field, string(c.cause)}, [2]string{check.Denied[0].Name, string(check.Denied[0].Cause)})
				require.Contains(t, check.Denied[0].Evidence, c.evidence)
				require.Equal(t, labelOf(healthy[c.object], c.field), check.Denied[0].Label, "what people call it is remembered")
			}
			o.SetAppInstalled(true)
			o.ResetPermissions()
			restored, _, calls := o.checkWanted(t, memo, wanted()...)
			require.Equal(t, 1, calls)
			require.Equal(t, healthy, restored)
		})
	}
}

// TestSimulatorTellsOfAllRecords: the user's own permissions, in the same call.
func TestSimulatorTellsOfAllRecords(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	for _, c := range []struct {
		viewAll bool
		want    sdk.RecordAccess
	}{{false, sdk.RecordsUnknown}, {true, sdk.RecordsAll}, {false, sdk.RecordsUnknown}} {
		o.SetViewAllData(c.viewAll)
		checks, _, calls := o.checkWanted(t, nil, wanted()[:3]...)
		require.Equal(t, 1, calls)
		for object, check := range checks {
			require.Equal(t, c.want, check.Records, object)
		}
	}
}

func labelOf(check sdk.ObjectCheck, name string) string {
	field, _ := fieldOf(check, name)
	return field.Label
}

// TestSimulatorNoErrorIsALoss: 500 checks during errors of every class, of the
// whole call and of single parts: no object is denied and no field is missing.
func TestSimulatorNoErrorIsALoss(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{DailyRequests: -1})
	objects := []sdk.CheckObject{{Name: "OpportunityContactRole", Fields: []string{"Id", "Role"}}, {Name: "UserRole", Fields: []string{"Id", "Name"}}}
	healthy, memo, _ := o.checkWanted(t, nil, objects...)
	kinds := []crmsim.FaultKind{
		crmsim.FaultServerError, crmsim.FaultUnavailable, crmsim.FaultUnavailableJSON, crmsim.FaultTooManyRequests, crmsim.FaultEdge, crmsim.FaultCut,
		crmsim.FaultTruncated, crmsim.FaultDailyLimit, crmsim.FaultConcurrentLimit, crmsim.FaultSessionExpired, crmsim.FaultSessionNotREST, crmsim.FaultAPIDisabled, crmsim.FaultQueryTimeout,
		crmsim.FaultLoginRedirect, crmsim.FaultHTMLPage, crmsim.FaultTruncatedGzip, crmsim.FaultVersionRetired, crmsim.FaultVersionUnknown, crmsim.FaultLockRow,
	}
	failed, unauthenticated := 0, 0
	for n := range 500 {
		kind := kinds[n%len(kinds)]
		part := n/len(kinds)%2 == 1 && kind != crmsim.FaultCut && kind != crmsim.FaultTruncated && kind != crmsim.FaultTruncatedGzip
		fault := crmsim.Fault{Kind: kind, Times: 1 + n%4}
		if part {
			fault.Object, fault.Parts = objects[n%len(objects)].Name, true
		}
		_, err := o.AddFault(fault)
		require.NoError(t, err)
		target := o.target
		target.Memo = memo
		_, err = salesforce.NewWithoutPause().CheckPermissions(t.Context(), target, sdk.CheckRequest{Objects: objects}, func(c sdk.ObjectCheck) error {
			require.Empty(t, c.Denied, "%s: %s %v", kind, c.Object, c.Denied)
			switch c.Verdict {
			case sdk.VerdictAccessible:
				require.Equal(t, healthy[c.Object], c)
			case sdk.VerdictFailed:
				failed++
			default:
				t.Errorf("%s was taken for the loss of %s", kind, c.Object)
			}
			return nil
		})
		if err != nil {
			require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err), "%s: %v", kind, err)
			unauthenticated++
		}
		o.ClearFaults()
	}
	require.Greater(t, failed, 250)
	require.Positive(t, unauthenticated)
}

func TestSimulatorPicklists(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	list := func(source sdk.PicklistSource) ([]sdk.Choice, error) {
		o.ClearRequests()
		choices, err := salesforce.NewWithoutPause().ListPicklist(t.Context(), o.target, source)
		require.Equal(t, 1, o.Counters().APICalls)
		return choices, err
	}
	stages, err := list(sdk.OpportunityStages)
	require.NoError(t, err)
	require.NotEmpty(t, stages)
	require.Equal(t, "Prospecting", stages[0].Value)
	require.NotNil(t, stages[0].Probability)
	closed, won := 0, 0
	for _, stage := range stages {
		require.NotEmpty(t, stage.Label)
		require.True(t, stage.Closed || !stage.Won, "what is won is closed")
		if stage.Closed {
			closed++
		}
		if stage.Won {
			won++
			require.Equal(t, 100, *stage.Probability)
		}
	}
	require.Equal(t, [2]int{2, 1}, [2]int{closed, won})

	for source, field := range map[sdk.PicklistSource]string{sdk.LeadSources: "LeadSource", sdk.OpportunityRoles: "Role"} {
		choices, err := list(source)
		require.NoError(t, err, field)
		require.NotEmpty(t, choices, field)
		require.True(t, choices[0].Active)
	}
	require.NoError(t, o.SetField("Lead", "LeadSource", crmsim.FieldSwitch{Read: crmsim.Off()}))
	choices, err := list(sdk.LeadSources)
	require.NoError(t, err, "contacts have the same list")
	require.NotEmpty(t, choices)
	require.NoError(t, o.SetObject("OpportunityContactRole", crmsim.ObjectSwitch{Read: crmsim.Off()}))
	_, err = list(sdk.OpportunityRoles)
	require.Equal(t, sdk.CodeObjectDenied, sdk.CodeOf(err))
	_, err = salesforce.NewWithoutPause().ListPicklist(t.Context(), o.target, "COLOURS")
	require.Equal(t, sdk.CodeUnsupported, sdk.CodeOf(err))
}

func TestSimulatorTellsOfTheApp(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{})
	app := func() sdk.Status {
		o.ClearRequests()
		items, err := salesforce.NewWithoutPause().Checklist(t.Context(), o.target, sdk.ChecklistRequest{Objects: story})
		require.NoError(t, err)
		require.Equal(t, 1, o.Counters().APICalls)
		for _, item := range items {
			if item.Key == "crm-app" {
				return item.Status
			}
		}
		return ""
	}
	require.Equal(t, sdk.StatusWarn, app())
	o.SetAppInstalled(true)
	require.Equal(t, sdk.StatusPass, app())
}

package salesforce_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// TestControlAPIDoesAllThatControlsDo drives each switch over HTTP.
func TestControlAPIDoesAllThatControlsDo(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.MaxPageRows = 10 })
	client := org.login(t)
	ok := func(method, path string, body any) answer {
		t.Helper()
		a := org.control(t, method, path, body)
		require.Equal(t, http.StatusOK, a.status, "%s: %s", path, a.body)
		return a
	}
	act := func(key string) { ok(http.MethodPut, "/switches/"+key, map[string]any{"value": nil}) }
	next := client.rows(t, "SELECT Id FROM Lead").NextRecordsURL
	act("drop_query_locators")
	client.get(t, next).fails(t, 400, "INVALID_QUERY_LOCATOR", "")
	ok(http.MethodPut, "/objects/Lead", map[string]any{"read": false})
	require.Equal(t, 404, client.get(t, root+"/sobjects/Lead/describe").status)
	ok(http.MethodPut, "/objects/Contact/fields/Email", map[string]any{"read": false})
	ok(http.MethodPut, "/objects/Contact/fields/Title", map[string]any{"condition": "deleted"})
	_, fields := client.described(t, "Contact")
	require.NotContains(t, fields, "Email")
	require.NotContains(t, fields, "Title")
	ok(http.MethodPut, "/objects/Contact/fields/Title", map[string]any{"condition": ""})
	_, fields = client.described(t, "Contact")
	require.Contains(t, fields, "Title")
	ok(http.MethodPut, "/objects/Contact", map[string]any{"condition": "not_queryable"})
	client.query(t, "SELECT Id FROM Contact").fails(t, 400, "INVALID_TYPE_FOR_OPERATION", "")
	ok(http.MethodPut, "/switches/app_installed", map[string]any{"value": true})
	_, fields = client.described(t, "Task")
	require.Contains(t, fields, "LID__URL__c")
	act("reset")
	require.Zero(t, org.Controls().State().Quota.Used)
	_, fields = client.described(t, "Contact")
	require.Contains(t, fields, "Email")

	ok(http.MethodPut, "/switches/refresh_token_rotation", map[string]any{"value": true})
	tokens, _ := client.refresh(t, client.tokens.RefreshToken)
	require.NotEmpty(t, tokens.RefreshToken)
	client.tokens = tokens
	act("expire_sessions")
	require.Equal(t, 401, client.get(t, root+"/limits").status)
	act("revoke_authorizations")
	_, status := client.refresh(t, tokens.RefreshToken)
	require.Equal(t, 400, status)
	act("reset_api_usage")

	before, err := org.Controls().RecordIDs("Lead")
	require.NoError(t, err)
	for _, action := range []string{"CREATE", "TOUCH", "DELETE"} {
		ok(http.MethodPost, "/records", map[string]any{"action": action, "object": "Lead", "count": 3, "late_seconds": 5})
	}
	after, err := org.Controls().RecordIDs("Lead")
	require.NoError(t, err)
	require.Len(t, after, len(before))
	require.NotEqual(t, before, after)
	counters := org.Controls().Counters()
	require.Equal(t, 1, counters.TokenRefreshes)
	require.Equal(t, 1, counters.AuthorizationsRevoked)
	require.Equal(t, 404, org.control(t, http.MethodPut, "/switches/nope", map[string]any{"value": nil}).status)
	require.Equal(t, 400, org.control(t, http.MethodPut, "/switches/app_installed", map[string]any{"value": "yes"}).status)
}

// TestStateTellsWhatCanBeSwitched: a switch that the state offers works, and each it does not offer is refused.
func TestStateTellsWhatCanBeSwitched(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.DailyRequests = -1 })
	state := org.Controls().State()
	require.Zero(t, state.Quota.Limit)
	require.Equal(t, control.Instance{
		ID: "00D8Z0000000001UAA", Name: "Northwind Trading", Environment: "Production",
		Username: "integration.user@northwind-trading.example", ClientID: salesforce.DefaultClientID,
	}, state.Instance)
	board := org.Panel().Board
	off, deleted := false, "deleted"
	check := func(offered bool, err error, name, what string) {
		t.Helper()
		require.Equal(t, offered, err == nil, "%s %s: %v", name, what, err)
	}
	for _, object := range state.Objects {
		check(object.Switchable.Read, board.SetObject(object.Name, control.ObjectChange{Read: salesforce.On()}), object.Name, "read")
		for _, field := range object.Fields {
			name := object.Name + "." + field.Name
			// Reading is tried last, because what cannot be read cannot be edited either.
			if field.Switchable.Update || field.Switchable.Create {
				check(true, board.SetField(object.Name, field.Name, control.FieldChange{Update: &off}), name, "update")
			}
			if field.Because == "" || !field.Switchable.Read {
				check(field.Switchable.Read, board.SetField(object.Name, field.Name, control.FieldChange{Read: &off}), name, "read")
			}
			check(len(field.Conditions) > 0, board.SetField(object.Name, field.Name, control.FieldChange{Condition: &deleted}), name, "condition")
		}
	}
	for _, object := range org.Controls().State().Objects {
		for _, field := range object.Fields {
			if field.Condition == "deleted" {
				require.Equal(t, control.Rights{}, field.Rights, field.Name)
				require.Equal(t, control.Rights{}, field.Switchable, field.Name)
			}
		}
	}
}

func TestControlAPIRefusesNonsense(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	for path, test := range map[string]struct {
		body   any
		status int
		text   string
	}{
		"/objects/Lead":                 {map[string]any{"reed": false}, 400, "unknown field"},
		"/objects/Lead?2":               {map[string]any{"condition": "archived"}, 400, "not_queryable"},
		"/objects/Nope":                 {map[string]any{"read": false}, 404, "no object"},
		"/objects/Lead/fields/LastName": {map[string]any{"read": false}, 409, "not permissionable"},
		"/objects/Lead/fields/Title":    {map[string]any{"condition": "archived"}, 400, "deleted"},
	} {
		a := org.control(t, http.MethodPut, path, test.body)
		require.Equal(t, test.status, a.status, "%s: %s", path, a.body)
		require.Contains(t, string(a.body), test.text, path)
	}
	a := org.control(t, http.MethodPost, "/records", map[string]any{"object": "Lead", "action": "MERGE"})
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, string(a.body), "action:")
}

func TestRecordChangesAreChecked(t *testing.T) {
	t.Parallel()
	controls := start(t, nil).Controls()
	create, touch, remove := controls.CreateRecords, controls.TouchRecords, controls.DeleteRecords
	for text, test := range map[string]struct {
		run    func(salesforce.RecordChange) ([]string, error)
		change salesforce.RecordChange
		status int
	}{
		"does not fit":             {create, salesforce.RecordChange{Object: "User", Fields: map[string]any{"LastName": 5}}, 400},
		"set by Salesforce itself": {create, salesforce.RecordChange{Object: "Lead", Fields: map[string]any{"Id": "x"}}, 409},
		"cannot be created":        {create, salesforce.RecordChange{Object: "Organization"}, 409},
		"Salesforce chooses":       {create, salesforce.RecordChange{Object: "Lead", IDs: []string{"x"}}, 400},
		"there is no Lead":         {touch, salesforce.RecordChange{Object: "Lead", IDs: []string{"00Qnope"}}, 404},
		"cannot be deleted":        {remove, salesforce.RecordChange{Object: "User", Count: 1}, 409},
		"count:":                   {remove, salesforce.RecordChange{Object: "Lead", Count: 2_000_000}, 400},
		"late_seconds:":            {touch, salesforce.RecordChange{Object: "Lead", LateSeconds: -1}, 400},
		"step_seconds:":            {touch, salesforce.RecordChange{Object: "Lead", StepSeconds: -1}, 400},
		"on Lead":                  {touch, salesforce.RecordChange{Object: "Lead", Fields: map[string]any{"Nope": 1}}, 404},
		`no object "Nope"`:         {touch, salesforce.RecordChange{Object: "Nope"}, 404},
	} {
		_, err := test.run(test.change)
		var refused *salesforce.ControlError
		require.ErrorAs(t, err, &refused, text)
		require.Equal(t, test.status, refused.Status, text)
		require.Contains(t, refused.Message, text)
	}
}

// TestStepSeconds: stamps one after the other instead of one for all, the newest last.
func TestStepSeconds(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	org := start(t, func(c *salesforce.Config) { c.Clock = clock })
	client := org.login(t)
	clock.Advance(time.Hour)
	ids, err := org.Controls().CreateRecords(salesforce.RecordChange{Object: "Lead", Count: 4, StepSeconds: 10})
	require.NoError(t, err)
	since := clock.Now().UTC().Add(-31 * time.Second).Format(time.RFC3339)
	got := client.rows(t, "SELECT Id, SystemModstamp FROM Lead WHERE SystemModstamp >= "+since+" ORDER BY SystemModstamp, Id")
	require.Equal(t, []any{ids[0], ids[1], ids[2], ids[3]}, column(got.Records, "Id"))
	stamps := map[any]bool{}
	for _, stamp := range column(got.Records, "SystemModstamp") {
		stamps[stamp] = true
	}
	require.Len(t, stamps, 4)
}

func TestTouchedRecordsStayConsistent(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	org := start(t, func(c *salesforce.Config) { c.Clock = clock })
	client := org.login(t)
	clock.Advance(time.Hour)
	ids, err := org.Controls().TouchRecords(salesforce.RecordChange{Object: "Opportunity", Count: 3, Fields: map[string]any{
		"StageName": "Closed Won", "Amount": 1000.0, "CloseDate": "2026-05-31", "IsPrivate": true, "AccountId": nil,
	}})
	require.NoError(t, err)
	got := client.rows(t, "SELECT Id, IsClosed, IsWon, Probability, ExpectedRevenue, FiscalQuarter, Fiscal, IsPrivate, AccountId, "+
		"SystemModstamp FROM Opportunity WHERE SystemModstamp >= "+clock.Now().UTC().Format(time.RFC3339)+" ORDER BY SystemModstamp, Id")
	require.Equal(t, []any{ids[0], ids[1], ids[2]}, column(got.Records, "Id"))
	row := got.Records[0]
	delete(row, "attributes")
	require.Equal(t, map[string]any{
		"Id": ids[0], "IsClosed": true, "IsWon": true, "Probability": 100.0, "ExpectedRevenue": 1000.0,
		"FiscalQuarter": 2.0, "Fiscal": "2026 2", "IsPrivate": true, "AccountId": nil,
		"SystemModstamp": clock.Now().UTC().Truncate(time.Second).Format("2006-01-02T15:04:05.000+0000"),
	}, row)
}

func TestStagesAndOrganization(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.Sandbox, c.OrgID = true, "00DAbCdEfGhIjKl" })
	client := org.login(t)
	stages := client.rows(t, "SELECT ApiName, IsClosed, DefaultProbability FROM OpportunityStage WHERE IsActive = true ORDER BY SortOrder").Records
	require.Len(t, stages, 10)
	require.Equal(t, "Prospecting", stages[0]["ApiName"])
	require.Equal(t, []any{true, 100.0}, []any{stages[8]["IsClosed"], stages[8]["DefaultProbability"]})
	row := client.rows(t, "SELECT Id, IsSandbox, InstanceName, OrganizationType, NamespacePrefix FROM Organization").Records[0]
	require.True(t, strings.HasPrefix(fmt.Sprint(row["Id"]), "00DAbCdEfGhIjKl"))
	require.Len(t, row["Id"], 18)
	require.Equal(t, true, row["IsSandbox"])
	require.Equal(t, http.StatusOK, client.get(t, root+fmt.Sprint("/sobjects/Organization/", row["Id"])).status)
}

// TestCreatedRecordsAreComplete: what Salesforce would have asked for is there, the rest is empty.
func TestCreatedRecordsAreComplete(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	ids, err := org.Controls().CreateRecords(salesforce.RecordChange{Object: "Lead", Count: 5000, Fields: map[string]any{"Company": "Bulk Ltd."}})
	require.NoError(t, err)
	require.Len(t, ids, 5000)
	row := client.rows(t, "SELECT LastName, Company, Status, Email, IsConverted, SystemModstamp FROM Lead WHERE Id = '"+ids[4999]+"'").Records[0]
	require.NotEmpty(t, row["LastName"])
	require.Equal(t, []any{"Bulk Ltd.", "Open - Not Contacted", nil, false},
		[]any{row["Company"], row["Status"], row["Email"], row["IsConverted"]})
	where := " FROM Lead WHERE SystemModstamp = " + client.stampOf(t, "Lead", ids[0])
	require.Equal(t, 5000, client.rows(t, "SELECT count()"+where).TotalSize, "one transaction, one stamp")
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for text, config := range map[string]salesforce.Config{
		`names "Nope"`:     {Records: map[string]int{"Nope": 1}},
		"want 0 to":        {Records: map[string]int{"Lead": -1}},
		"at least one":     {Records: map[string]int{"User": 0}},
		`OrgID "00Dshort"`: {OrgID: "00Dshort"},
	} {
		_, err := salesforce.New(config)
		require.ErrorContains(t, err, text)
	}
}

// TestServeStaysOnLoopback also shows that Serve stops when its context ends.
func TestServeStaysOnLoopback(t *testing.T) {
	t.Parallel()
	simulator, err := salesforce.New(salesforce.Config{})
	require.NoError(t, err)
	require.ErrorContains(t, simulator.Serve(t.Context(), "0.0.0.0:0", nil), "loopback only")
}

package salesforce_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// TestControlAPIDoesAllThatControlsDo drives each switch over HTTP.
func TestControlAPIDoesAllThatControlsDo(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.MaxPageRows = 10 })
	client := org.login(t)
	ok := func(path string, body any) {
		t.Helper()
		a := org.control(t, path, body)
		require.Equal(t, http.StatusOK, a.status, "%s: %s", path, a.body)
	}
	deleted := func(path string) {
		t.Helper()
		require.Equal(t, http.StatusOK, org.do(t, http.MethodDelete, "/sim/api"+path, "", http.Header{"X-Simulator-Control": {"1"}}).status)
	}
	next := client.rows(t, "SELECT Id FROM Lead").NextRecordsURL
	ok("/cursors/drop", struct{}{})
	client.get(t, next).fails(t, 400, "INVALID_QUERY_LOCATOR", "")
	ok("/objects/Lead", map[string]any{"read": false})
	require.Equal(t, 404, client.get(t, root+"/sobjects/Lead/describe").status)
	ok("/objects/Contact/fields/Email", map[string]any{"read": false})
	_, fields := client.described(t, "Contact")
	require.NotContains(t, fields, "Email")
	ok("/permissions/reset", struct{}{})
	_, fields = client.described(t, "Contact")
	require.Contains(t, fields, "Email")

	ok("/rotation", map[string]any{"on": true})
	tokens, _ := client.refresh(t, client.tokens.RefreshToken)
	require.NotEmpty(t, tokens.RefreshToken)
	client.tokens = tokens
	ok("/tokens/kill", struct{}{})
	require.Equal(t, 401, client.get(t, root+"/limits").status)
	ok("/authorizations/revoke", struct{}{})
	_, status := client.refresh(t, tokens.RefreshToken)
	require.Equal(t, 400, status)

	ok("/faults", map[string]any{"kind": "server_error"})
	ok("/faults", map[string]any{"kind": "cut"})
	var rules []salesforce.Fault
	org.do(t, http.MethodGet, "/sim/api/faults", "", nil).json(t, http.StatusOK, &rules)
	require.Len(t, rules, 2)
	deleted(fmt.Sprintf("/faults/%d", rules[0].ID))
	deleted("/faults")
	require.Empty(t, org.Controls().State().Faults)

	ok("/records/create", salesforce.RecordChange{Object: "Lead", Count: 3})
	ok("/records/touch", salesforce.RecordChange{Object: "Lead", Count: 2})
	ok("/records/delete", salesforce.RecordChange{Object: "Lead", Count: 1})
	var log struct {
		Requests []salesforce.Request
		Counters salesforce.Counters
	}
	org.do(t, http.MethodGet, "/sim/api/requests?after=2", "", nil).json(t, http.StatusOK, &log)
	require.Equal(t, 3, log.Requests[0].Seq)
	require.Equal(t, 1, log.Counters.TokenRefreshes)
	deleted("/requests")
	require.Empty(t, org.Controls().Requests(0))
	var state salesforce.State
	org.do(t, http.MethodGet, "/sim/api/state", "", nil).json(t, http.StatusOK, &state)
	require.True(t, state.Tokens.Rotation)
	require.Equal(t, "Lead", state.Objects[2].Name)
	require.Equal(t, 82, state.Objects[2].Records)
	ok("/reset", struct{}{})
	require.Zero(t, org.Controls().State().DailyRequests.Used)
}

func TestControlAPIRefusesForeignRequests(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	for name, test := range map[string]struct {
		header http.Header
		status int
	}{
		"a form":        {http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, 415},
		"text":          {http.Header{"Content-Type": {"text/plain"}}, 415},
		"no type":       {nil, 415},
		"other origin":  {http.Header{"Content-Type": {"application/json"}, "Origin": {"https://evil.example"}}, 403},
		"cross-site":    {http.Header{"Content-Type": {"application/json"}, "Sec-Fetch-Site": {"cross-site"}}, 403},
		"json":          {http.Header{"Content-Type": {"application/json; charset=utf-8"}}, 200},
		"with a header": {http.Header{"X-Simulator-Control": {"1"}}, 200},
	} {
		require.Equal(t, test.status, org.do(t, http.MethodPost, "/sim/api/tokens/kill", "{}", test.header).status, name)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, org.url+"/sim/api/state", nil)
	require.NoError(t, err)
	request.Host = "rebound.example:80"
	response, err := org.http.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusMisdirectedRequest, response.StatusCode)
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
		"/objects/Nope":                 {map[string]any{"read": false}, 404, "no object"},
		"/objects/Lead/fields/LastName": {map[string]any{"read": false}, 409, "not permissionable"},
		"/records/create":               {map[string]any{"object": "User", "fields": map[string]any{"LastName": 5}}, 400, "does not fit"},
		"/records/create?2":             {map[string]any{"object": "Lead", "fields": map[string]any{"Id": "x"}}, 409, "set by Salesforce itself"},
		"/records/create?3":             {map[string]any{"object": "Organization"}, 409, "cannot be created"},
		"/records/create?4":             {map[string]any{"object": "Lead", "ids": []string{"x"}}, 400, "Salesforce chooses"},
		"/records/touch":                {map[string]any{"object": "Lead", "ids": []string{"00Qnope"}}, 404, "there is no Lead"},
		"/records/delete":               {map[string]any{"object": "User", "count": 1}, 409, "cannot be deleted"},
		"/records/delete?2":             {map[string]any{"object": "Lead", "count": 2_000_000}, 400, "count:"},
		"/records/touch?2":              {map[string]any{"object": "Lead", "late_seconds": -1}, 400, "late_seconds:"},
		"/records/touch?3":              {map[string]any{"object": "Lead", "fields": map[string]any{"Nope": 1}}, 404, "on Lead"},
	} {
		a := org.control(t, path, test.body)
		require.Equal(t, test.status, a.status, "%s: %s", path, a.body)
		require.Contains(t, string(a.body), test.text, path)
	}
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

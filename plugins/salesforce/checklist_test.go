package salesforce

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// runChecklist returns status by key.
func runChecklist(t *testing.T, org *stub, environment sdk.Environment, objects ...string) map[string]sdk.Status {
	t.Helper()
	target := org.target()
	target.Environment = environment
	items, err := newTestConnector().Checklist(t.Context(), target, sdk.ChecklistRequest{Objects: objects})
	require.NoError(t, err)
	statuses := map[string]sdk.Status{}
	for _, item := range items {
		require.NotContains(t, statuses, item.Key)
		require.NotEmpty(t, item.Title)
		require.NotEmpty(t, item.Evidence, item.Key)
		if item.Status == sdk.StatusFail {
			require.NotEmpty(t, item.Remediation, item.Key)
		}
		statuses[item.Key] = item.Status
	}
	return statuses
}

func healthy() map[string]sdk.Status {
	return map[string]sdk.Status{
		itemReachable: sdk.StatusPass, itemAPIVersion: sdk.StatusPass, itemToken: sdk.StatusPass, itemUserActive: sdk.StatusPass,
		itemIntegrationUser: sdk.StatusPass, itemAPIEnabled: sdk.StatusPass, itemEnvironment: sdk.StatusPass, itemEdition: sdk.StatusPass,
		itemBudget: sdk.StatusPass, itemApp: sdk.StatusPass, "object-account": sdk.StatusPass, "object-opportunity": sdk.StatusFail, "object-gone--c": sdk.StatusFail,
	}
}

func TestChecklist(t *testing.T) {
	t.Parallel()
	objects := []string{"Account", "Opportunity", "Gone__c"}
	from := func(key string, status sdk.Status) map[string]sdk.Status {
		// every test after key is unknown; the order is that of the tests
		order := []string{itemReachable, itemAPIVersion, itemToken, itemUserActive, itemIntegrationUser, itemAPIEnabled, itemEnvironment, itemEdition, itemBudget, itemApp, "object-account", "object-opportunity", "object-gone--c"}
		want, after := map[string]sdk.Status{}, false
		for _, k := range order {
			switch {
			case after:
				want[k] = sdk.StatusUnknown
			case k == key:
				want[k], after = status, true
			default:
				want[k] = sdk.StatusPass
			}
		}
		return want
	}
	but := func(key string, status sdk.Status) map[string]sdk.Status {
		want := healthy()
		want[key] = status
		return want
	}
	composite := dataPath + "/composite"
	cases := map[string]struct {
		path   string
		answer canned
		want   map[string]sdk.Status
	}{
		"healthy":         {"/", canned{}, healthy()},
		"down":            {"/services/data", canned{status: 503}, from(itemReachable, sdk.StatusFail)},
		"a proxy's page":  {"/services/data", ok("<html>"), from(itemReachable, sdk.StatusFail)},
		"version missing": {"/services/data", ok(`[{"version":"60.0"}]`), from(itemAPIVersion, sdk.StatusFail)},
		"userinfo down":   {userinfoPath, canned{status: 503}, from(itemToken, sdk.StatusUnknown)},
		"app blocked":     {composite, sfError(401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API"), from(itemAPIEnabled, sdk.StatusFail)},
		"API off":         {composite, sfError(403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization."), from(itemAPIEnabled, sdk.StatusFail)},
		"API down":        {composite, canned{status: 500}, from(itemAPIEnabled, sdk.StatusUnknown)},
		"a person":        {userinfoPath, ok(fmt.Sprintf(userBody, false)), but(itemIntegrationUser, sdk.StatusWarn)},
		"user not told":   {userinfoPath, ok(`{"user_id":"005000000000001AAA","organization_id":"00D000000000001EAA","active":true}`), but(itemIntegrationUser, sdk.StatusUnknown)},
		"inactive":        {userinfoPath, ok(strings.Replace(fmt.Sprintf(userBody, true), `"active":true`, `"active":false`, 1)), but(itemUserActive, sdk.StatusFail)},
		"sandbox":         {dataPath + "/query", ok(organizationBody(true)), but(itemEnvironment, sdk.StatusFail)},
		"app missing":     {soqlPath + "PackageLicense", rowsOf(), but(itemApp, sdk.StatusPass)}, // its field can be read
		"app expired":     {soqlPath + "PackageLicense", rowsOf(`{"NamespacePrefix":"LID","Status":"Expired"}`), but(itemApp, sdk.StatusWarn)},
		"trial":           {dataPath + "/query", ok(strings.Replace(organizationBody(false), `"IsSandbox"`, `"TrialExpirationDate":"2026-06-01T00:00:00.000+0000","IsSandbox"`, 1)), healthy()},
		"object's 404":    {dataPath + "/sobjects/Gone__c", canned{status: 404, body: "null"}, but("object-gone--c", sdk.StatusUnknown)},
		"object outage":   {dataPath + "/sobjects/Account", sfError(503, "SERVER_UNAVAILABLE", "later"), but("object-account", sdk.StatusUnknown)},
		"object's limit":  {dataPath + "/sobjects/Account", sfError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), but("object-account", sdk.StatusUnknown)},
		"object's shape":  {dataPath + "/sobjects/Account", ok(`{}`), but("object-account", sdk.StatusUnknown)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := healthyOrg()
			answers[c.path] = c.answer
			org := newStub(t, answers)
			require.Equal(t, c.want, runChecklist(t, org, sdk.Production, objects...))
			require.Empty(t, org.headers[0].Get("Authorization"), "the list of versions needs no token")
		})
	}
	t.Run("organization hidden", func(t *testing.T) {
		t.Parallel()
		answers := healthyOrg()
		answers[dataPath+"/query"] = sfError(400, "INVALID_TYPE", "no")
		want := but(itemEnvironment, sdk.StatusUnknown)
		want[itemEdition] = sdk.StatusUnknown
		require.Equal(t, want, runChecklist(t, newStub(t, answers), sdk.Production, objects...))
	})
	t.Run("quota exhausted", func(t *testing.T) {
		t.Parallel()
		answers := healthyOrg()
		answers[composite] = sfError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
		want := from(itemAPIEnabled, sdk.StatusPass)
		want[itemBudget] = sdk.StatusFail
		require.Equal(t, want, runChecklist(t, newStub(t, answers), sdk.Production, objects...))
	})
}

func TestChecklistBudget(t *testing.T) {
	t.Parallel()
	for usage, want := range map[string]sdk.Status{
		"api-usage=8000/10000": sdk.StatusPass, "api-usage=8001/10000": sdk.StatusWarn,
		"api-usage=10000/10000": sdk.StatusWarn, "other": sdk.StatusUnknown,
	} {
		answers := healthyOrg()
		org := newStub(t, answers)
		body := ok(org.composite([]byte(fmt.Sprintf(`{"compositeRequest":[{"url":%q,"referenceId":"part0"}]}`, organizationPath()))).body)
		body.header = map[string]string{"Sforce-Limit-Info": usage}
		answers[dataPath+"/composite"] = body
		require.Equal(t, want, runChecklist(t, org, sdk.Production)[itemBudget], usage)
	}
}

// TestChecklistApp: the app is found by its licence or by a field; without either
// it is missing, and without an answer nobody knows.
func TestChecklistApp(t *testing.T) {
	t.Parallel()
	hidden := sfError(400, "INVALID_FIELD", "No such column 'LID__LinkedIn_Company_Id__c' on entity 'Lead'.")
	for name, c := range map[string]struct {
		licence, probe canned
		want           sdk.Status
	}{
		"licence":                   {rowsOf(`{"NamespacePrefix":"LID","Status":"Free"}`), hidden, sdk.StatusPass},
		"field":                     {noSetup("PackageLicense"), rowsOf(), sdk.StatusPass},
		"neither":                   {rowsOf(), hidden, sdk.StatusWarn},
		"licences hidden":           {noSetup("PackageLicense"), hidden, sdk.StatusUnknown},
		"licences down":             {sfError(503, "SERVER_UNAVAILABLE", "later"), hidden, sdk.StatusUnknown},
		"limit":                     {sfError(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."), hidden, sdk.StatusUnknown},
		"something else":            {ok(`{}`), hidden, sdk.StatusUnknown},
		"a page":                    {ok(`"<html>"`), ok(`"<html>"`), sdk.StatusUnknown},
		"licences fine, field down": {rowsOf(), sfError(500, "UNKNOWN_EXCEPTION", "x"), sdk.StatusWarn},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := healthyOrg()
			answers[soqlPath+"PackageLicense"], answers[soqlPath+"Lead"] = c.licence, c.probe
			org := newStub(t, answers)
			require.Equal(t, c.want, runChecklist(t, org, sdk.Production)[itemApp])
			require.Len(t, org.metered(), 1)
		})
	}
}

func TestChecklistNamesATrialsEnd(t *testing.T) {
	t.Parallel()
	for sandbox, want := range map[bool]string{false: "a trial that ends on 2026-06-01", true: ""} {
		answers := healthyOrg()
		answers[dataPath+"/query"] = ok(strings.Replace(organizationBody(sandbox), `"IsSandbox"`, `"TrialExpirationDate":"2026-06-01T00:00:00.000+0000","IsSandbox"`, 1))
		target := newStub(t, answers).target()
		if sandbox { // a scratch org
			target.Environment = sdk.Sandbox
		}
		items, err := newTestConnector().Checklist(t.Context(), target, sdk.ChecklistRequest{})
		require.NoError(t, err)
		for _, item := range items {
			if item.Key == itemEnvironment {
				require.Equal(t, sdk.StatusPass, item.Status)
				require.Equal(t, want != "", strings.Contains(item.Evidence, "trial"))
				require.Contains(t, item.Evidence, want)
			}
			if item.Key == itemEdition {
				require.Equal(t, "The org's edition is Enterprise Edition, and its API answers.", item.Evidence)
			}
		}
	}
}

func TestChecklistCalls(t *testing.T) {
	t.Parallel()
	answers := healthyOrg()
	var objects []string
	for n := range 22 {
		object := fmt.Sprintf("Thing%d__c", n)
		objects = append(objects, object)
		answers[dataPath+"/sobjects/"+object] = ok(`{"objectDescribe":{"queryable":true}}`)
	}
	org := newStub(t, answers)
	for key, status := range runChecklist(t, org, sdk.Production, objects...) {
		require.Equal(t, sdk.StatusPass, status, key)
	}
	require.Equal(t, []string{"POST " + dataPath + "/composite"}, org.metered())

	statuses := runChecklist(t, org, sdk.Production, append(objects, "Account", "account", "no name", strings.Repeat("Long", 20))...)
	require.Len(t, org.metered(), 3)
	require.Equal(t, sdk.StatusPass, statuses["object-account"])
	require.Equal(t, sdk.StatusFail, statuses["object-no-name"])
	for key := range statuses {
		require.Regexp(t, `^[a-z][a-z0-9-]{0,63}$`, key)
	}
}

// TestChecklistLeavesRefreshToTheHost: a session that a refresh can mend is an
// error, or a daily run would begin with a red line each day.
func TestChecklistLeavesRefreshToTheHost(t *testing.T) {
	t.Parallel()
	for path, answer := range map[string]canned{
		userinfoPath:            {status: 403, body: "Bad_OAuth_Token"},
		dataPath + "/composite": sfError(401, "INVALID_SESSION_ID", "Session expired or invalid"),
	} {
		answers := healthyOrg()
		answers[path] = answer
		_, err := newTestConnector().Checklist(t.Context(), newStub(t, answers).target(), sdk.ChecklistRequest{})
		require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
	}
}

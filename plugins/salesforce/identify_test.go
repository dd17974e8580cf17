package salesforce

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const userBody = `{"user_id":"005000000000001AAA","organization_id":"00D000000000001EAA","preferred_username":"sync@acme.example","email":"sync@acme.example","active":true,"user_type":"STANDARD","is_salesforce_integration_user":%t}`

func organizationBody(sandbox bool) string {
	return fmt.Sprintf(`{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Organization"},"Id":"00D000000000001EAA","Name":"Acme","IsSandbox":%t,"OrganizationType":"Enterprise Edition"}]}`, sandbox)
}

// healthyOrg answers everything that Identify and Checklist ask.
func healthyOrg() map[string]canned {
	return map[string]canned{
		"/services/data":                   ok(`[{"label":"Winter '26","url":"/services/data/v65.0","version":"65.0"},{"label":"Spring '26","url":"/services/data/v66.0","version":"66.0"}]`),
		userinfoPath:                       ok(fmt.Sprintf(userBody, true)),
		dataPath + "/query":                ok(organizationBody(false)),
		soqlPath + "PackageLicense":        rowsOf(`{"NamespacePrefix":"LID","Status":"Active"}`),
		soqlPath + "Lead":                  rowsOf(),
		dataPath + "/sobjects/Account":     ok(`{"objectDescribe":{"name":"Account","queryable":true},"recentItems":[]}`),
		dataPath + "/sobjects/Opportunity": ok(`{"objectDescribe":{"name":"Opportunity","queryable":false},"recentItems":[]}`),
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	org := newStub(t, healthyOrg())
	identity, err := newTestConnector().Identify(t.Context(), org.target())
	require.NoError(t, err)
	require.Equal(t, sdk.Identity{
		InstanceID: "00D000000000001EAA", InstanceName: "Acme", InstanceURL: org.URL, Environment: sdk.Production,
		Edition: "Enterprise Edition", APIVersion: "66.0", UserID: "005000000000001AAA",
		UserName: "sync@acme.example", UserEmail: "sync@acme.example", DedicatedUser: true,
	}, identity)
	require.Len(t, org.metered(), 1)
}

func TestIdentifyCases(t *testing.T) {
	t.Parallel()
	sandbox := healthyOrg()
	sandbox[dataPath+"/query"] = ok(organizationBody(true))
	identity, err := newTestConnector().Identify(t.Context(), newStub(t, sandbox).target())
	require.NoError(t, err)
	require.Equal(t, sdk.Sandbox, identity.Environment)

	hidden := healthyOrg()
	hidden[dataPath+"/query"] = sfError(400, "INVALID_TYPE", "sObject type 'Organization' is not supported.")
	identity, err = newTestConnector().Identify(t.Context(), newStub(t, hidden).target())
	require.NoError(t, err)
	require.Empty(t, identity.Environment, "what Salesforce does not tell is left empty")
	require.Equal(t, "00D000000000001EAA", identity.InstanceID)

	for name, c := range map[string]struct {
		path   string
		answer canned
		want   sdk.Code
	}{
		"bad token":     {userinfoPath, canned{status: 403, body: "Bad_OAuth_Token"}, sdk.CodeUnauthenticated},
		"no ids":        {userinfoPath, ok(`{}`), sdk.CodeBadResponse},
		"page":          {userinfoPath, ok(`<html>`), sdk.CodeBadResponse},
		"outage":        {dataPath + "/query", canned{status: 503}, sdk.CodeUnavailable},
		"no row":        {dataPath + "/query", ok(`{"done":true,"records":[]}`), sdk.CodeBadResponse},
		"no flag":       {dataPath + "/query", ok(`{"done":true,"records":[{"Id":"00D000000000001EAA"}]}`), sdk.CodeBadResponse},
		"another org's": {dataPath + "/query", ok(`{"done":true,"records":[{"Id":"00D000000000002EAA","IsSandbox":false}]}`), sdk.CodeBadResponse},
	} {
		answers := healthyOrg()
		answers[c.path] = c.answer
		_, err := newTestConnector().Identify(t.Context(), newStub(t, answers).target())
		require.Equal(t, c.want, sdk.CodeOf(err), "%s: %v", name, err)
	}
}

func TestLongID(t *testing.T) {
	t.Parallel()
	for short, long := range map[string]string{
		"00D000000000001": "00D000000000001EAA",
		"001D000000IqhSL": "001D000000IqhSLIAZ",
		"not an id":       "not an id",
	} {
		require.Equal(t, long, longID(short))
		require.Equal(t, long, longID(long))
	}
}

// TestIdentityReference reads the recorded userinfo of a real org.
func TestIdentityReference(t *testing.T) {
	t.Parallel()
	answers := healthyOrg()
	answers[userinfoPath] = ok(string(referenceData(t, "meta/userinfo.json")))
	identity, err := newTestConnector().Identify(t.Context(), newStub(t, answers).target())
	require.NoError(t, err)
	require.Equal(t, "integration.user@example.com", identity.UserName)
	require.False(t, identity.DedicatedUser)

	var org organization
	require.NoError(t, json.Unmarshal(referenceData(t, "records/cumulusci.Organization.json"), &org))
	require.Equal(t, sdk.Sandbox, org.environment())
	require.Equal(t, "Developer Edition", org.Type)
}

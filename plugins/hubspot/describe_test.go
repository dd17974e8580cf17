package hubspot

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
	"github.com/fieldwarden/fieldwarden/plugins/sdk/connectortest"
)

func TestManifest(t *testing.T) {
	t.Parallel()
	response, err := connectortest.Start(t, New()).Describe(t.Context())
	require.NoError(t, err)
	require.Len(t, response.GetCapabilities(), 6)
	m := New().Describe()
	for _, spec := range m.Environments {
		o := spec.OAuth
		require.Equal(t, "https://api.hubapi.com/oauth/2026-09/token/introspect", o.IntrospectURL)
		require.Equal(t, "https://api.hubapi.com", o.Endpoint)
		require.True(t, o.PKCE)
		require.False(t, o.RotatesRefreshToken)
		require.Contains(t, o.Scopes, "crm.objects.contacts.read")
		require.Contains(t, o.OptionalScopes, "crm.objects.leads.read", "a portal without leads must not fail to sign in")
		require.NotContains(t, strings.Join(append(o.Scopes, o.OptionalScopes...), " "), "sensitive")
		require.Subset(t, o.RevokedCodes, []string{"BAD_REFRESH_TOKEN", "BAD_HUB"})
		require.NotContains(t, o.RevokedCodes, "BAD_CLIENT_SECRET", "our own mistake ends nobody's authorization")
	}
}

// TestRemediations: for every cause there is something to do, for an object and for
// a field.
func TestRemediations(t *testing.T) {
	t.Parallel()
	found := map[[2]string]bool{}
	for _, r := range remediations() {
		found[[2]string{string(r.Cause), string(r.Subject)}] = true
		require.NotEmpty(t, r.Who)
		require.NotEmpty(t, r.Steps)
		require.True(t, strings.HasPrefix(r.DeepLink, "{instanceUrl}/"), r.DeepLink)
	}
	for _, cause := range []sdk.Cause{
		sdk.CausePermission, sdk.CauseObjectDenied, sdk.CauseDeleted, sdk.CauseArchived, sdk.CauseSensitive, sdk.CauseScopeMissing,
		sdk.CauseAPIVersion, sdk.CauseRenamedCandidate, sdk.CauseUnknown,
	} {
		require.True(t, found[[2]string{string(cause), string(sdk.SubjectField)}], cause)
		require.True(t, found[[2]string{string(cause), string(sdk.SubjectObject)}], cause)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]version{``: version202609, `{}`: version202609, `{"apiVersion":"v3"}`: versionV3, `{"overlapMinutes":5}`: version202609} {
		c, err := parseConfig(json.RawMessage(raw))
		require.NoError(t, err)
		require.Equal(t, want, c.APIVersion)
	}
	for _, raw := range []string{`[]`, `{"apiVersion":"v1"}`, `{"apiVersion":""}`, `{"overlapMinutes":0}`, `{"overlapMinutes":1441}`, `{"overlapMinutes":"x"}`} {
		_, err := parseConfig(json.RawMessage(raw))
		require.Equal(t, sdk.CodeInvalidRequest, sdk.CodeOf(err), raw)
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"", "http://api.hubapi.com", "https://user@api.hubapi.com", "https://api.hubapi.com/crm", "ftp://api.hubapi.com", "://"} {
		_, err := New().session(sdk.Target{Endpoint: endpoint, AccessToken: "x"})
		require.Equal(t, sdk.CodeInvalidRequest, sdk.CodeOf(err), endpoint)
	}
	_, err := New().session(sdk.Target{Endpoint: "https://api.hubapi.com/"})
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
}

const details = "/account-info/2026-09/details"

func accountBody(kind string) canned {
	return canned{status: http.StatusOK, body: `{"portalId":123,"accountType":"` + kind + `","timeZone":"US/Eastern","uiDomain":"app-eu1.hubspot.com"}`}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	s := newStub(t, map[string]canned{details: accountBody("STANDARD")})
	identity, err := newTestConnector().Identify(t.Context(), s.target("oauth"))
	require.NoError(t, err)
	require.Equal(t, sdk.Identity{
		InstanceID: "123", InstanceName: "example.com", InstanceURL: "https://app-eu1.hubspot.com", Environment: sdk.Production, Edition: "STANDARD",
		APIVersion: "2026-09", UserID: "7", UserName: "admin@example.com", UserEmail: "admin@example.com", DedicatedUser: true,
	}, identity)

	// Without an introspection the portal stands for the user.
	identity, err = newTestConnector().Identify(t.Context(), s.target())
	require.NoError(t, err)
	require.Equal(t, "123", identity.InstanceID)
	require.NotEmpty(t, identity.UserID)

	for kind, want := range map[string]sdk.Environment{"SANDBOX": sdk.Sandbox, "DEVELOPER_TEST": sdk.Sandbox, "APP_DEVELOPER": "", "NEW": ""} {
		s.answers[details] = accountBody(kind)
		identity, err = newTestConnector().Identify(t.Context(), s.target("oauth"))
		require.NoError(t, err)
		require.Equal(t, want, identity.Environment, kind)
	}
	target := s.target("oauth")
	target.Introspection = json.RawMessage(strings.Replace(string(target.Introspection), "123", "456", 1))
	_, err = newTestConnector().Identify(t.Context(), target)
	require.Equal(t, sdk.CodeBadResponse, sdk.CodeOf(err))
	require.ErrorContains(t, err, "456")
	s.answers[details] = ok(`{"uiDomain":"evil.example"}`)
	_, err = newTestConnector().Identify(t.Context(), s.target("oauth"))
	require.Equal(t, sdk.CodeBadResponse, sdk.CodeOf(err))
	s.answers[details] = ok(`{"portalId":123,"uiDomain":"evil.example"}`)
	identity, err = newTestConnector().Identify(t.Context(), s.target("oauth"))
	require.NoError(t, err)
	require.Equal(t, "https://app.hubspot.com", identity.InstanceURL)
}

// items makes the checklist and returns it by key.
func items(t *testing.T, target sdk.Target, objects ...string) map[string]sdk.ChecklistItem {
	t.Helper()
	list, err := newTestConnector().Checklist(t.Context(), target, sdk.ChecklistRequest{Objects: objects})
	require.NoError(t, err)
	byKey := map[string]sdk.ChecklistItem{}
	for _, item := range list {
		require.NotContains(t, byKey, item.Key)
		require.NotEmpty(t, item.Evidence, item.Key)
		if item.Status == sdk.StatusFail {
			require.NotEmpty(t, item.Remediation, item.Key)
		}
		byKey[item.Key] = item
	}
	for _, key := range itemKeys() {
		require.Contains(t, byKey, key)
	}
	return byKey
}

func TestChecklist(t *testing.T) {
	t.Parallel()
	s := newStub(t, map[string]canned{details: accountBody("APP_DEVELOPER"), "/crm/objects/2026-09/contacts": ok(`{"results":[]}`)})
	got := items(t, s.target(contactsRead), "contacts", "leads", "deals", "no such/name")
	require.Equal(t, sdk.StatusFail, got["right-environment"].Status)
	require.Contains(t, got["right-environment"].Evidence, "app developer account")
	require.Equal(t, sdk.StatusFail, got["scopes"].Status)
	require.Contains(t, got["scopes"].Evidence, "crm.objects.deals.read")
	require.Equal(t, sdk.StatusPass, got["object-contacts"].Status)
	require.Equal(t, sdk.StatusFail, got["object-leads"].Status)
	require.Contains(t, got["object-leads"].Remediation, "Sales Hub Professional")
	require.Equal(t, sdk.StatusFail, got["object-no-such-name"].Status)
	require.Equal(t, sdk.StatusUnknown, got["api-budget"].Status)
	require.NotContains(t, got, "crm-app", "the app that was consented to is the only one there is")
	require.Len(t, s.calls(), 2, "what the scopes tell needs no call")

	s.answers[details] = accountBody("SANDBOX")
	target := s.target()
	target.Config = json.RawMessage(`{"apiVersion":"v3"}`)
	s.answers["/account-info/v3/details"] = s.answers[details]
	got = items(t, target)
	require.Equal(t, sdk.StatusFail, got["right-environment"].Status, "a sandbox was connected as production")
	require.Equal(t, sdk.StatusWarn, got["api-version"].Status)
	require.Contains(t, got["api-version"].Evidence, "2027-03-30")
	require.Equal(t, sdk.StatusUnknown, got["scopes"].Status)
	require.Equal(t, sdk.StatusUnknown, got["integration-user"].Status)

	target = s.target("oauth")
	target.Introspection = json.RawMessage(strings.Replace(string(target.Introspection), "false", "true", 1))
	require.Equal(t, sdk.StatusWarn, items(t, target)["integration-user"].Status)
}

// TestChecklistDuringOutages: what could not be tested is unknown, not failed.
func TestChecklistDuringOutages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer    canned
		reachable sdk.Status
		budget    sdk.Status
	}{
		"outage":   {canned{status: 503}, sdk.StatusFail, sdk.StatusUnknown},
		"page":     {ok("<html></html>"), sdk.StatusFail, sdk.StatusUnknown},
		"limit":    {canned{status: 429, body: `{"message":"x","policyName":"DAILY"}`}, sdk.StatusPass, sdk.StatusFail},
		"denied":   {vendorFailure(403, "FORBIDDEN", "No."), sdk.StatusPass, sdk.StatusUnknown},
		"no path":  {vendorFailure(404, "", "resource not found"), sdk.StatusPass, sdk.StatusUnknown},
		"low days": {canned{status: 200, body: accountBody("STANDARD").body, header: map[string]string{"X-HubSpot-RateLimit-Daily": "1000", "X-HubSpot-RateLimit-Daily-Remaining": "10"}}, sdk.StatusPass, sdk.StatusWarn},
	} {
		s := newStub(t, map[string]canned{details: c.answer, "/crm/objects/2026-09/contacts": {status: 503}})
		got := items(t, s.target(contactsRead), "contacts")
		require.Equal(t, c.reachable, got["reachable"].Status, name)
		require.Equal(t, c.budget, got["api-budget"].Status, name)
		require.Equal(t, sdk.StatusUnknown, got["object-contacts"].Status, name)
	}
	s := newStub(t, map[string]canned{details: vendorFailure(401, "EXPIRED_AUTHENTICATION", "Expired.")})
	_, err := newTestConnector().Checklist(t.Context(), s.target(contactsRead), sdk.ChecklistRequest{})
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
}

func TestPicklists(t *testing.T) {
	t.Parallel()
	stages := `{"id":"s2","label":"Second","displayOrder":1,"metadata":{"isClosed":"true","probability":"1.0"}},{"id":"s1","label":"First","displayOrder":0,"metadata":{"isClosed":"false","probability":"0.2"}},
		{"id":"s3","label":"Lost","displayOrder":2,"archived":true,"metadata":{"isClosed":"true","probability":"0.0"}},{"id":"s4","label":"Odd","displayOrder":3,"metadata":{}}`
	s := newStub(t, map[string]canned{
		"/crm/pipelines/2026-09/deals":                         ok(`{"results":[{"id":"default","label":"Sales","displayOrder":0,"stages":[` + stages + `]}]}`),
		"/crm/associations/2026-09/deals/contacts/labels":      ok(`{"results":[{"category":"HUBSPOT_DEFINED","typeId":3,"label":null},{"category":"USER_DEFINED","typeId":3,"label":"Champion"}]}`),
		"/crm/properties/2026-09/contacts/hs_analytics_source": ok(`{"name":"hs_analytics_source","options":[{"value":"REFERRALS","label":"Referrals"},{"value":"OLD","label":"Old","hidden":true}]}`),
	})
	c := newTestConnector()
	got, err := c.ListPicklist(t.Context(), s.target(), sdk.OpportunityStages)
	require.NoError(t, err)
	percent := func(n int) *int { return &n }
	require.Equal(t, []sdk.Choice{
		{Value: "s1", Label: "First", Active: true, Probability: percent(20)},
		{Value: "s2", Label: "Second", Active: true, Closed: true, Won: true, Probability: percent(100)},
		{Value: "s3", Label: "Lost", Closed: true, Probability: percent(0)},
		{Value: "s4", Label: "Odd", Active: true},
	}, got, "one pipeline is no group")
	s.answers["/crm/pipelines/2026-09/deals"] = ok(`{"results":[{"id":"b","label":"B","displayOrder":1,"stages":[{"id":"x"}]},{"id":"a","label":"A","displayOrder":0,"stages":[{"id":"x"}]}]}`)
	got, err = c.ListPicklist(t.Context(), s.target(), sdk.OpportunityStages)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "A", "b", "B"}, []string{got[0].Group, got[0].GroupLabel, got[1].Group, got[1].GroupLabel})

	got, err = c.ListPicklist(t.Context(), s.target(), sdk.OpportunityRoles)
	require.NoError(t, err)
	require.Equal(t, []sdk.Choice{{Value: "USER_DEFINED:3", Label: "Champion", Active: true}}, got)
	got, err = c.ListPicklist(t.Context(), s.target(), sdk.LeadSources)
	require.NoError(t, err)
	require.Equal(t, []sdk.Choice{{Value: "REFERRALS", Label: "Referrals", Active: true}, {Value: "OLD", Label: "Old"}}, got)
	_, err = c.ListPicklist(t.Context(), s.target(), "SHOE_SIZE")
	require.Equal(t, sdk.CodeUnsupported, sdk.CodeOf(err))
	empty := newStub(t, map[string]canned{"/crm/pipelines/2026-09/deals": ok(`{}`), "/crm/associations/2026-09/deals/contacts/labels": ok(`{}`), "/crm/properties/2026-09/contacts/hs_analytics_source": ok(`{}`)})
	for _, source := range []sdk.PicklistSource{sdk.OpportunityStages, sdk.OpportunityRoles, sdk.LeadSources} {
		_, err = c.ListPicklist(t.Context(), empty.target(), source)
		require.Equal(t, sdk.CodeBadResponse, sdk.CodeOf(err), source)
	}
}

func TestListObjects(t *testing.T) {
	t.Parallel()
	s := newStub(t, map[string]canned{"/crm-object-schemas/2026-09/schemas": ok(`{"results":[
		{"objectTypeId":"2-77","fullyQualifiedName":"p123_cars","labels":{"plural":"Cars"}},{"objectTypeId":"2-78","fullyQualifiedName":"odd name","labels":{"plural":"Odd"}},
		{"objectTypeId":"2-79","fullyQualifiedName":"p123_gone","archived":true}]}`)})
	objects, err := newTestConnector().ListObjects(t.Context(), s.target(contactsRead, "crm.objects.contacts.write", "crm.objects.custom.read"))
	require.NoError(t, err)
	rights := map[string]sdk.Rights{}
	for _, o := range objects {
		rights[o.Name] = o.Rights
	}
	require.Equal(t, sdk.Rights{Read: true, Create: true, Update: true}, rights["contacts"])
	require.Equal(t, sdk.Rights{}, rights["deals"])
	require.Equal(t, sdk.Rights{Read: true}, rights["p123_cars"])
	require.Contains(t, rights, "2-78")
	require.NotContains(t, rights, "p123_gone")
	require.Len(t, s.calls(), 1)

	s.answers["/crm-object-schemas/2026-09/schemas"] = missingScopes("crm.schemas.custom.read")
	objects, err = newTestConnector().ListObjects(t.Context(), s.target(contactsRead))
	require.NoError(t, err)
	require.Len(t, objects, len(objectTypes()))
}

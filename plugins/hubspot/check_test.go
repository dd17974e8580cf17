package hubspot

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const (
	contactsRead = "crm.objects.contacts.read"
	contactsList = "/crm/properties/2026-09/contacts"
)

func checkOf(t *testing.T, target sdk.Target, objects ...sdk.CheckObject) ([]sdk.ObjectCheck, sdk.CheckOutcome) {
	t.Helper()
	var checks []sdk.ObjectCheck
	outcome, err := newTestConnector().CheckPermissions(t.Context(), target, sdk.CheckRequest{Objects: objects}, func(c sdk.ObjectCheck) error {
		checks = append(checks, c)
		return nil
	})
	require.NoError(t, err)
	return checks, outcome
}

func TestCheckListsFields(t *testing.T) {
	t.Parallel()
	s := newStub(t, map[string]canned{contactsList: ok(`{"results":[
		{"name":"email","label":"Email","type":"string","hubspotDefined":true,"modificationMetadata":{"archivable":true,"readOnlyValue":false}},
		{"name":"hubspot_owner_id","label":"Owner","type":"enumeration","hubspotDefined":true,"referencedObjectType":"OWNER"},
		{"name":"score","label":"Score","type":"number","calculated":true},
		{"name":"id","label":"A property of this name","type":"string"},
		{"name":"tier","label":"Tier\n","type":"enumeration","options":[{"value":"a","label":"A"},{"value":"b","label":"B","hidden":true}],"modificationMetadata":{"readOnlyValue":true}}
	]}`)})
	checks, outcome := checkOf(t, s.target(contactsRead, "crm.objects.contacts.write"), sdk.CheckObject{Name: "contacts"}, sdk.CheckObject{Name: "contacts"})
	require.Len(t, checks, 1, "an object asked for twice is answered once")
	require.Equal(t, 1, outcome.Stats.CRMCalls)
	all, read := sdk.Rights{Read: true, Create: true, Update: true}, sdk.Rights{Read: true}
	require.Equal(t, sdk.ObjectCheck{
		Object: "contacts", Label: "Contacts", Verdict: sdk.VerdictAccessible, Rights: all, APIVersion: "2026-09", Records: sdk.RecordsAll,
		Fields: []sdk.Field{
			{Name: "id", Label: "Record ID", Type: "id", Rights: read},
			{Name: "createdAt", Label: "Created at", Type: "datetime", Rights: read},
			{Name: "updatedAt", Label: "Updated at", Type: "datetime", Rights: read},
			{Name: "email", Label: "Email", Type: "string", Rights: all, Hideable: true},
			{Name: "hubspot_owner_id", Label: "Owner", Type: "enumeration", Rights: all, References: []string{"owners"}},
			{Name: "score", Label: "Score", Type: "number", Rights: read, Custom: true},
			{Name: "tier", Label: "Tier", Type: "enumeration", Rights: read, Custom: true, Picklist: []sdk.PicklistValue{
				{Value: "a", Label: "A", Active: true}, {Value: "b", Label: "B"},
			}},
		},
	}, checks[0])
}

// TestCheckScopes: the introspection alone denies an object, without a call.
func TestCheckScopes(t *testing.T) {
	t.Parallel()
	s := newStub(t, map[string]canned{contactsList: ok(propertyList("email")), "/crm/owners/2026-09": ok(`{"results":[]}`)})
	target := s.target(contactsRead)
	checks, outcome := checkOf(t, target,
		sdk.CheckObject{Name: "leads"}, sdk.CheckObject{Name: "owners"}, sdk.CheckObject{Name: "emails"}, sdk.CheckObject{Name: "2-5"},
		sdk.CheckObject{Name: "contacts", Fields: []string{"associations.companies", "associations.contacts"}})
	for i, want := range []string{"crm.objects.leads.read", "any one of the scopes crm.objects.owners.read, automation", "sales-email-read", "crm.objects.custom.read"} {
		require.Equal(t, sdk.VerdictDenied, checks[i].Verdict)
		require.Equal(t, sdk.CauseScopeMissing, checks[i].Cause)
		require.Contains(t, checks[i].Evidence, want)
	}
	require.Contains(t, checks[0].Evidence, "Sales Hub Professional")
	require.Equal(t, 1, outcome.Stats.CRMCalls)
	require.False(t, checks[4].Rights.Create, "the scope to write is not granted")
	require.Equal(t, sdk.CauseScopeMissing, checks[4].Denied[0].Cause)
	require.Equal(t, sdk.CauseUnknown, checks[4].Denied[1].Cause)

	checks, _ = checkOf(t, s.target("automation"), sdk.CheckObject{Name: "owners", Fields: []string{"email", "salary"}})
	require.Equal(t, sdk.VerdictAccessible, checks[0].Verdict, "any one scope suffices")
	require.Equal(t, sdk.CauseUnknown, checks[0].Denied[0].Cause)
}

func TestCheckExplainsMissingFields(t *testing.T) {
	t.Parallel()
	answers := map[string]canned{
		contactsList:                                       ok(propertyList("email", "customer_tier")),
		contactsList + "?archived=true":                    ok(`{"results":[{"name":"old","label":"Old one","archived":true,"archivedAt":"2026-11-01T00:00:00Z"}]}`),
		contactsList + "?dataSensitivity=sensitive":        ok(propertyList("iban")),
		contactsList + "?dataSensitivity=highly_sensitive": ok(propertyList("diagnosis")),
	}
	s := newStub(t, answers)
	asked := sdk.CheckObject{Name: "contacts", Fields: []string{"email", "old", "iban", "diagnosis", "customertier", "hs_v2_date_entered_987", "nothing"}}
	checks, outcome := checkOf(t, s.target(contactsRead), asked)
	require.Equal(t, 4, outcome.Stats.CRMCalls)
	got := map[string]sdk.Cause{}
	evidence := map[string]string{}
	for _, f := range checks[0].Denied {
		got[f.Name], evidence[f.Name] = f.Cause, f.Evidence
	}
	require.Equal(t, map[string]sdk.Cause{
		"old": sdk.CauseArchived, "iban": sdk.CauseSensitive, "diagnosis": sdk.CauseSensitive, "customertier": sdk.CauseRenamedCandidate,
		"hs_v2_date_entered_987": sdk.CauseDeleted, "nothing": sdk.CauseDeleted,
	}, got)
	require.Contains(t, evidence["old"], "2026-11-01")
	require.Contains(t, evidence["iban"], "crm.objects.contacts.sensitive.read")
	require.Contains(t, evidence["customertier"], "customer_tier")
	require.Contains(t, evidence["hs_v2_date_entered_987"], "stage")

	// As soon as everything is found, HubSpot is not asked further.
	_, outcome = checkOf(t, s.target(contactsRead), sdk.CheckObject{Name: "contacts", Fields: []string{"old"}})
	require.Equal(t, 2, outcome.Stats.CRMCalls)

	// A list that cannot be had leaves the verdict open; the name might be on it.
	for _, failure := range []canned{{status: 503}, ok(`<html></html>`), ok(`{"results":[{}]}`), {status: 403}} {
		for _, query := range []string{"?archived=true", "?dataSensitivity=sensitive", "?dataSensitivity=highly_sensitive"} {
			broken := newStub(t, map[string]canned{contactsList: answers[contactsList]})
			maps.Copy(broken.answers, answers)
			broken.answers[contactsList+query] = failure
			checks, _ = checkOf(t, broken.target(contactsRead), asked)
			require.Equal(t, sdk.VerdictFailed, checks[0].Verdict, query)
		}
	}
	// A list that may not be seen does not help, and is no outage.
	s.answers[contactsList+"?archived=true"] = missingScopes("crm.schemas.contacts.read")
	checks, _ = checkOf(t, s.target(contactsRead), sdk.CheckObject{Name: "contacts", Fields: []string{"old"}})
	require.Equal(t, sdk.CauseDeleted, checks[0].Denied[0].Cause)
}

func TestCheckOfUserLevelToken(t *testing.T) {
	t.Parallel()
	s := newStub(t, map[string]canned{
		contactsList:                                       ok(propertyList("email")),
		contactsList + "?archived=true":                    ok(`{"results":[]}`),
		contactsList + "?dataSensitivity=sensitive":        ok(`{"results":[]}`),
		contactsList + "?dataSensitivity=highly_sensitive": ok(`{"results":[]}`),
	})
	target := s.target(contactsRead)
	target.Introspection = []byte(strings.Replace(string(target.Introspection), "false", "true", 1))
	checks, _ := checkOf(t, target, sdk.CheckObject{Name: "contacts", Fields: []string{"salary"}})
	require.Equal(t, sdk.RecordsPartial, checks[0].Records)
	require.NotEmpty(t, checks[0].RecordsNote)
	require.Equal(t, sdk.CauseUnknown, checks[0].Denied[0].Cause, "this user may simply not see it")
}

// TestCheckWithoutIntrospection reads one record as proof: definitions are open to
// tokens that may not read records.
func TestCheckWithoutIntrospection(t *testing.T) {
	t.Parallel()
	s := newStub(t, map[string]canned{contactsList: ok(propertyList("email")), "/crm/objects/2026-09/contacts": ok(`{"results":[]}`)})
	checks, outcome := checkOf(t, s.target(), sdk.CheckObject{Name: "contacts"})
	require.Equal(t, sdk.VerdictAccessible, checks[0].Verdict)
	require.Equal(t, sdk.RecordsUnknown, checks[0].Records)
	require.True(t, checks[0].Rights.Update, "nobody denied it")
	require.Equal(t, 2, outcome.Stats.CRMCalls)
	s.answers["/crm/objects/2026-09/contacts"] = missingScopes(contactsRead)
	checks, _ = checkOf(t, s.target(), sdk.CheckObject{Name: "contacts"})
	require.Equal(t, sdk.CauseScopeMissing, checks[0].Cause)
	require.Contains(t, checks[0].Evidence, contactsRead)

	for _, odd := range []string{`{"active":true}`, `{"active":true,"scopes":[]}`, `nonsense`, `[]`} {
		target := s.target()
		target.Introspection = []byte(odd)
		checks, _ = checkOf(t, target, sdk.CheckObject{Name: "contacts"})
		require.Equal(t, sdk.VerdictDenied, checks[0].Verdict, "%s tells nothing, so the proof does", odd)
	}
}

// TestCheckFailures: what says nothing about permission fails the objects, one
// alone or, with a limit, all that wait.
func TestCheckFailures(t *testing.T) {
	t.Parallel()
	companies := "/crm/properties/2026-09/companies"
	for name, c := range map[string]struct {
		answer canned
		others sdk.Verdict
	}{
		"page":       {ok("<html>maintenance</html>"), sdk.VerdictAccessible},
		"empty":      {ok(""), sdk.VerdictAccessible},
		"no results": {ok(`{}`), sdk.VerdictAccessible},
		"none":       {ok(`{"results":[]}`), sdk.VerdictAccessible},
		"outage":     {canned{status: http.StatusServiceUnavailable}, sdk.VerdictAccessible},
		"limit":      {canned{status: 429, body: `{"message":"x","policyName":"TEN_SECONDLY_ROLLING"}`}, sdk.VerdictFailed},
		"day":        {canned{status: 429, body: `{"message":"x","policyName":"DAILY"}`}, sdk.VerdictFailed},
	} {
		s := newStub(t, map[string]canned{companies: c.answer, contactsList: ok(propertyList("email"))})
		checks, _ := checkOf(t, s.target(contactsRead, "crm.objects.companies.read"), sdk.CheckObject{Name: "companies"}, sdk.CheckObject{Name: "contacts"})
		require.Equal(t, sdk.VerdictFailed, checks[0].Verdict, name)
		require.Equal(t, c.others, checks[1].Verdict, name)
	}
	s := newStub(t, map[string]canned{contactsList: vendorFailure(401, "EXPIRED_AUTHENTICATION", "Expired.")})
	_, err := newTestConnector().CheckPermissions(t.Context(), s.target(contactsRead), sdk.CheckRequest{Objects: []sdk.CheckObject{{Name: "contacts"}}}, nil)
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))
	target := s.target()
	target.Introspection = []byte(`{"active":false}`)
	_, err = newTestConnector().CheckPermissions(t.Context(), target, sdk.CheckRequest{}, nil)
	require.Equal(t, sdk.CodeUnauthenticated, sdk.CodeOf(err))

	checks, _ := checkOf(t, s.target(contactsRead), sdk.CheckObject{Name: "../owners"})
	require.Equal(t, sdk.CodeInvalidRequest, sdk.CodeOf(checks[0].Failure))
	stop := errors.New("stop")
	_, err = newTestConnector().CheckPermissions(t.Context(), s.target(contactsRead), sdk.CheckRequest{Objects: []sdk.CheckObject{{Name: "leads"}}}, func(sdk.ObjectCheck) error { return stop })
	require.ErrorIs(t, err, stop)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = newTestConnector().CheckPermissions(ctx, s.target(contactsRead), sdk.CheckRequest{Objects: []sdk.CheckObject{{Name: "contacts"}}}, nil)
	require.ErrorIs(t, err, context.Canceled)
}

// TestRepeats: what passes within seconds is repeated, the rest is not.
func TestRepeats(t *testing.T) {
	t.Parallel()
	for status, calls := range map[int]int{503: 3, 423: 3, 477: 1, 403: 1, 400: 1, 414: 1, 302: 1} {
		s := newStub(t, map[string]canned{contactsList: {status: status, body: `{"message":"x"}`, header: map[string]string{"Retry-After": map[int]string{477: "3600"}[status]}}})
		checks, _ := checkOf(t, s.target(contactsRead), sdk.CheckObject{Name: "contacts"})
		require.Len(t, s.calls(), calls, "%d: %v", status, checks[0].Failure)
	}
	for policy, calls := range map[string]int{"SECONDLY": 3, "TEN_SECONDLY_ROLLING": 1, "DAILY": 1} {
		s := newStub(t, map[string]canned{contactsList: {status: 429, body: `{"message":"x","policyName":"` + policy + `"}`}})
		checkOf(t, s.target(contactsRead), sdk.CheckObject{Name: "contacts"})
		require.Len(t, s.calls(), calls, policy)
	}
}

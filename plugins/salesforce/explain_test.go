package salesforce

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const soqlPath = dataPath + "/query "

// rowsOf is a query's answer.
func rowsOf(rows ...string) canned {
	return ok(fmt.Sprintf(`{"totalSize":%d,"done":true,"records":[%s]}`, len(rows), strings.Join(rows, ",")))
}

// definitionOf is a row of FieldDefinition.
func definitionOf(object, field, label, references string) string {
	return fmt.Sprintf(`{"EntityDefinition":{"QualifiedApiName":%q},"QualifiedApiName":%q,"Label":%q,"ReferenceTo":{"referenceTo":[%s]}}`, object, field, label, references)
}

// noSetup is what a user without View Setup and Configuration gets.
func noSetup(object string) canned {
	return sfError(400, "INVALID_TYPE", "sObject type '"+object+"' is not supported.")
}

// explained checks Contact with the fields Email, Region__c and AccountId wanted,
// of which the org's describe lists Email only, and Account.
func explained(t *testing.T, answers map[string]canned, memo []byte) (map[string]sdk.DeniedField, sdk.CheckOutcome, *stub) {
	t.Helper()
	all := map[string]canned{
		describePath("Contact"): ok(describeOf("Contact", "Email")), describePath("Account"): ok(describeOf("Account", "Name")),
		"/services/data": ok(`[{"version":"66.0"}]`), soqlPath + "FieldDefinition": noSetup("FieldDefinition"), soqlPath + "FieldPermissions": noSetup("FieldPermissions"),
	}
	maps.Copy(all, answers)
	org := newStub(t, all)
	target := org.target()
	target.Memo = memo
	denied := map[string]sdk.DeniedField{}
	outcome, err := newTestConnector().CheckPermissions(t.Context(), target, sdk.CheckRequest{Objects: []sdk.CheckObject{
		{Name: "Contact", Fields: []string{"Email", "Region__c", "AccountId"}}, {Name: "Account", Fields: []string{"Name"}},
	}}, func(check sdk.ObjectCheck) error {
		for _, field := range check.Denied {
			require.Equal(t, "Contact", check.Object)
			require.NotContains(t, denied, field.Name)
			require.NotEmpty(t, field.Evidence)
			denied[field.Name] = field
		}
		return nil
	})
	require.NoError(t, err)
	return denied, outcome, org
}

func TestCausesOfMissingFields(t *testing.T) {
	t.Parallel()
	const seen = `{"v":1,"objects":{"Contact":{"Region__c":{"l":"Sales region","t":"string","o":true},"AccountId":{"l":"Account ID","t":"reference","r":["Account"]}}}}`
	successorDescribe := strings.Replace(describeOf("Contact", "Email", "Territory__c"), `"name":"Territory__c","label":"Territory__c"`, `"name":"Territory__c","custom":true,"label":"Sales region"`, 1)
	cases := map[string]struct {
		answers  map[string]canned
		memo     string
		field    string
		cause    sdk.Cause
		label    string
		evidence string
		calls    int
	}{
		"no View Setup": {field: "Region__c", cause: sdk.CauseUnknown, evidence: "hidden from the user, deleted, or renamed", calls: 2},
		"no View Setup, label known": {
			memo: seen, field: "Region__c", cause: sdk.CauseUnknown, label: "Sales region", evidence: "View Setup and Configuration", calls: 2,
		},
		"defined, not granted": {
			answers: map[string]canned{soqlPath + "FieldDefinition": rowsOf(definitionOf("Contact", "Id", "Contact ID", ""), definitionOf("Contact", "Region__c", "Region", "")), soqlPath + "FieldPermissions": rowsOf()},
			field:   "Region__c", cause: sdk.CausePermission, label: "Region", evidence: "FieldDefinition lists it. ", calls: 2,
		},
		"defined and granted to others": {
			answers: map[string]canned{soqlPath + "FieldDefinition": rowsOf(definitionOf("Contact", "Region__c", "Region", "")), soqlPath + "FieldPermissions": rowsOf(`{"SobjectType":"Contact","Field":"Contact.Region__c"}`)},
			field:   "Region__c", cause: sdk.CausePermission, label: "Region", evidence: "permission sets or profiles", calls: 2,
		},
		"granted only": {
			answers: map[string]canned{soqlPath + "FieldPermissions": rowsOf(`{"SobjectType":"Contact","Field":"Contact.Region__c"}`)},
			field:   "Region__c", cause: sdk.CausePermission, evidence: "FieldPermissions has", calls: 2,
		},
		"gone": {
			answers: map[string]canned{soqlPath + "FieldDefinition": rowsOf(definitionOf("Contact", "Id", "Contact ID", "")), soqlPath + "FieldPermissions": rowsOf()},
			field:   "Region__c", cause: sdk.CauseDeleted, evidence: "was deleted, or its name was changed", calls: 2,
		},
		"gone, but without the proof of View Setup": {
			answers: map[string]canned{soqlPath + "FieldDefinition": rowsOf(definitionOf("Contact", "Id", "Contact ID", ""))},
			field:   "Region__c", cause: sdk.CauseUnknown, evidence: "does not decide", calls: 2,
		},
		"gone, but the object was not answered for": {
			answers: map[string]canned{soqlPath + "FieldDefinition": rowsOf(), soqlPath + "FieldPermissions": rowsOf()},
			field:   "Region__c", cause: sdk.CauseUnknown, evidence: "does not decide", calls: 2,
		},
		"a standard field is not deleted": {
			answers: map[string]canned{soqlPath + "FieldDefinition": rowsOf(definitionOf("Contact", "Id", "Contact ID", "")), soqlPath + "FieldPermissions": rowsOf()},
			field:   "AccountId", cause: sdk.CauseUnknown, evidence: "does not decide", calls: 2,
		},
		"renamed": {
			answers: map[string]canned{describePath("Contact"): ok(successorDescribe), soqlPath + "FieldDefinition": rowsOf(definitionOf("Contact", "Id", "Contact ID", "")), soqlPath + "FieldPermissions": rowsOf()},
			memo:    seen, field: "Region__c", cause: sdk.CauseRenamedCandidate, label: "Sales region", evidence: "Territory__c has the label and type", calls: 2,
		},
		"renamed, without View Setup": {
			answers: map[string]canned{describePath("Contact"): ok(successorDescribe)},
			memo:    seen, field: "Region__c", cause: sdk.CauseRenamedCandidate, label: "Sales region", evidence: "Territory__c", calls: 2,
		},
		"a namesake of a field that exists": {
			answers: map[string]canned{describePath("Contact"): ok(successorDescribe), soqlPath + "FieldDefinition": rowsOf(definitionOf("Contact", "Region__c", "Sales region", ""))},
			memo:    seen, field: "Region__c", cause: sdk.CausePermission, label: "Sales region", evidence: "FieldDefinition lists it", calls: 2,
		},
		"parent denied, by definition": {
			answers: map[string]canned{describePath("Account"): sfError(404, "NOT_FOUND", "The requested resource does not exist"), soqlPath + "FieldDefinition": rowsOf(definitionOf("Contact", "AccountId", "Account ID", `"Account"`))},
			field:   "AccountId", cause: sdk.CausePermission, label: "Account ID", evidence: "a lookup to Account, which the integration user may not read", calls: 2,
		},
		"parent denied, by memory": {
			answers: map[string]canned{describePath("Account"): ok(`{"name":"Account","label":"Account","queryable":false}`)},
			memo:    seen, field: "AccountId", cause: sdk.CausePermission, label: "Account ID", evidence: "a lookup to Account", calls: 2,
		},
		"parent's outage says nothing": {
			answers: map[string]canned{describePath("Account"): sfError(503, "SERVER_UNAVAILABLE", "later")},
			memo:    seen, field: "AccountId", cause: sdk.CauseUnknown, label: "Account ID", evidence: "hidden from the user, deleted, or renamed", calls: 2,
		},
		"newer version": {
			answers: map[string]canned{
				"/services/data": ok(`[{"version":"66.0"},{"version":"67.0"}]`),
				"/services/data/v67.0/sobjects/Contact/describe": ok(describeOf("Contact", "Email", "AccountId")),
			},
			field: "AccountId", cause: sdk.CauseAPIVersion, evidence: "version 67.0 lists the field", calls: 3,
		},
		"not in the newer version either": {
			answers: map[string]canned{
				"/services/data": ok(`[{"version":"67.0"}]`),
				"/services/data/v67.0/sobjects/Contact/describe": ok(describeOf("Contact", "Email")),
			},
			field: "AccountId", cause: sdk.CauseUnknown, evidence: "hidden from the user, deleted, or renamed", calls: 3,
		},
		"no answer to the question for versions": {
			answers: map[string]canned{"/services/data": {status: 503}},
			field:   "AccountId", cause: sdk.CauseUnknown, evidence: "gave no answer", calls: 2,
		},
		"a page instead of evidence": {
			answers: map[string]canned{soqlPath + "FieldDefinition": ok(`"<html>"`), soqlPath + "FieldPermissions": ok(`[]`)},
			field:   "Region__c", cause: sdk.CauseUnknown, evidence: "hidden from the user, deleted, or renamed", calls: 2,
		},
		"an outage of the evidence": {
			answers: map[string]canned{soqlPath + "FieldDefinition": sfError(500, "UNKNOWN_EXCEPTION", "x"), soqlPath + "FieldPermissions": sfError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")},
			field:   "Region__c", cause: sdk.CauseUnknown, evidence: "hidden from the user, deleted, or renamed", calls: 2,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			denied, outcome, org := explained(t, c.answers, []byte(c.memo))
			require.Len(t, denied, 2, "Region__c and AccountId are missing, Email is not")
			got := denied[c.field]
			require.Equal(t, c.cause, got.Cause, got.Evidence)
			require.Equal(t, c.label, got.Label)
			require.Contains(t, got.Evidence, c.evidence)
			require.Len(t, org.metered(), c.calls)
			require.Equal(t, c.calls, outcome.Stats.CRMCalls)
		})
	}
}

// TestReasonNeedsEvidence: without evidence of its own no cause is named.
func TestReasonNeedsEvidence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
		field := rapid.SampledFrom([]string{"Email", "Region__c"}).Draw(t, "field")
		e := evidence{defined: map[string]definition{}, listed: map[string]bool{"contact": flag("listed")}, granted: map[string]bool{}, newer: map[string]bool{}, setup: flag("setup")}
		if flag("trouble") {
			e.trouble = "an outage"
		}
		check := sdk.ObjectCheck{Object: "Contact", Verdict: sdk.VerdictAccessible}
		got := reason(check, field, e, memoItem{}, func(string) bool { return false })
		if isCustom(field) && e.setup && e.listed["contact"] {
			require.Equal(t, sdk.CauseDeleted, got.Cause)
		} else {
			require.Equal(t, sdk.CauseUnknown, got.Cause)
		}
		require.NotEmpty(t, got.Evidence)
		require.Equal(t, field, got.Name)
	})
}

func TestCheckAsksOnlyForMissingFields(t *testing.T) {
	t.Parallel()
	org := newStub(t, map[string]canned{describePath("Contact"): ok(describeOf("Contact", "Email")), soqlPath + "UserPermissionAccess": rowsOf(`{"PermissionsViewAllData":true}`)})
	check := func(memo []byte, fields ...string) (sdk.ObjectCheck, sdk.CheckOutcome) {
		target := org.target()
		target.Memo = memo
		var got sdk.ObjectCheck
		outcome, err := newTestConnector().CheckPermissions(t.Context(), target, sdk.CheckRequest{Objects: []sdk.CheckObject{{Name: "Contact", Fields: fields}}},
			func(c sdk.ObjectCheck) error { got = c; return nil })
		require.NoError(t, err)
		return got, outcome
	}
	got, outcome := check(nil, "Email", "Id")
	require.Empty(t, got.Denied)
	require.Len(t, org.metered(), 1)
	require.Equal(t, sdk.RecordsAll, got.Records)
	require.JSONEq(t, `{"v":1,"objects":{"Contact":{"Email":{"l":"Email","t":"string","o":true},"Id":{"l":"Id","t":"id","o":true}}}}`, string(outcome.Memo))
	_, outcome = check(outcome.Memo, "Email", "Id")
	require.Nil(t, outcome.Memo, "nothing new")
	_, outcome = check([]byte("not a memo"), "Email")
	require.NotNil(t, outcome.Memo)
}

func TestCheckTellsRecordsOnlyWithEvidence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer canned
		want   sdk.RecordAccess
	}{
		"View All Data":         {rowsOf(`{"PermissionsViewAllData":true}`), sdk.RecordsAll},
		"without it":            {rowsOf(`{"PermissionsViewAllData":false}`), sdk.RecordsUnknown},
		"nothing":               {rowsOf(), sdk.RecordsUnknown},
		"two users":             {rowsOf(`{"PermissionsViewAllData":true}`, `{"PermissionsViewAllData":true}`), sdk.RecordsUnknown},
		"not offered":           {noSetup("UserPermissionAccess"), sdk.RecordsUnknown},
		"outage":                {sfError(503, "SERVER_UNAVAILABLE", "x"), sdk.RecordsUnknown},
		"something else":        {ok(`"<html>"`), sdk.RecordsUnknown},
		"field of another kind": {rowsOf(`{"PermissionsViewAllData":"yes"}`), sdk.RecordsUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org := newStub(t, map[string]canned{describePath("Contact"): ok(describeOf("Contact", "Email")), soqlPath + "UserPermissionAccess": c.answer})
			checks, _, err := runCheck(t, newTestConnector(), org.target(), "Contact", "Gone__c")
			require.NoError(t, err)
			require.Equal(t, c.want, checks["Contact"].Records)
			require.Equal(t, sdk.RecordsUnknown, checks["Gone__c"].Records)
		})
	}
}

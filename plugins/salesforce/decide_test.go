package salesforce

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const contactDescribe = `{"name":"Contact","label":"Contact","custom":false,"queryable":true,"createable":true,"updateable":true,"fields":[
 {"name":"Id","label":"Contact ID","type":"id","nillable":false,"defaultedOnCreate":true,"referenceTo":[],"picklistValues":[]},
 {"name":"LastName","label":"Last Name","type":"string","createable":true,"updateable":true,"nillable":false},
 {"name":"AccountId","label":"Account ID","type":"reference","createable":true,"updateable":true,"nillable":true,"permissionable":true,"referenceTo":["Account"]},
 {"name":"LeadSource","label":"Lead Source","type":"picklist","createable":true,"updateable":false,"nillable":true,"permissionable":true,
  "picklistValues":[{"value":"Web","label":"Web site","active":true,"defaultValue":false},{"value":"Fax","label":"Fax","active":false}]},
 {"name":"Score__c","label":"Score","type":"double","custom":true,"createable":false,"updateable":false,"nillable":true,"permissionable":true,"calculated":true}]}`

// judge runs the rule as a check does.
func judge(object string, status int, body string) sdk.ObjectCheck {
	part := answer{status: status, body: []byte(body)}
	s := &session{token: "secret"}
	return decide(object, part, s.partError(part, object))
}

func TestDecide(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		status  int
		body    string
		verdict sdk.Verdict
		failure sdk.Code
	}{
		{"describe", 200, contactDescribe, sdk.VerdictAccessible, ""},
		{"not queryable", 200, `{"name":"Contact","label":"Contact","queryable":false,"fields":[{"name":"Id"}]}`, sdk.VerdictDenied, ""},
		{"not queryable, no fields", 200, `{"name":"Contact","queryable":false,"fields":[]}`, sdk.VerdictDenied, ""},
		{"not found", 404, `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`, sdk.VerdictDenied, ""},
		{"insufficient access", 403, `[{"errorCode":"INSUFFICIENT_ACCESS","message":"no"}]`, sdk.VerdictDenied, ""},
		{"insufficient access or readonly", 403, `[{"errorCode":"INSUFFICIENT_ACCESS_OR_READONLY","message":"no"}]`, sdk.VerdictDenied, ""},
		{"invalid type", 400, `[{"errorCode":"INVALID_TYPE","message":"sObject type 'Contact' is not supported."}]`, sdk.VerdictDenied, ""},

		{"session", 401, `[{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}]`, sdk.VerdictFailed, sdk.CodeUnauthenticated},
		{"app", 401, `[{"errorCode":"INVALID_SESSION_ID","message":"This session is not valid for use with the REST API"}]`, sdk.VerdictFailed, sdk.CodeAppBlocked},
		{"quota", 403, `[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]`, sdk.VerdictFailed, sdk.CodeQuotaExhausted},
		{"concurrency", 403, `[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"ConcurrentRequests Limit exceeded."}]`, sdk.VerdictFailed, sdk.CodeRateLimited},
		{"other 403", 403, `[{"errorCode":"FUNCTIONALITY_NOT_ENABLED","message":"no"}]`, sdk.VerdictFailed, sdk.CodeForbidden},
		{"404 without code", 404, ``, sdk.VerdictFailed, sdk.CodeBadResponse},
		{"404 page", 404, `"<html></html>"`, sdk.VerdictFailed, sdk.CodeBadResponse},
		{"edge", 420, ``, sdk.VerdictFailed, sdk.CodeUnavailable},
		{"server error", 500, `[{"errorCode":"UNKNOWN_EXCEPTION","message":"x"}]`, sdk.VerdictFailed, sdk.CodeUnavailable},
		{"unavailable", 503, `[{"errorCode":"SERVER_UNAVAILABLE","message":"x"}]`, sdk.VerdictFailed, sdk.CodeUnavailable},
		{"unanswered", 0, ``, sdk.VerdictFailed, sdk.CodeBadResponse},
		{"null", 200, `null`, sdk.VerdictFailed, sdk.CodeBadResponse},
		{"empty object", 200, `{}`, sdk.VerdictFailed, sdk.CodeBadResponse},
		{"error list with 200", 200, `[]`, sdk.VerdictFailed, sdk.CodeBadResponse},
		{"page", 200, `<html></html>`, sdk.VerdictFailed, sdk.CodeBadResponse},
		{"another object's describe", 200, strings.Replace(contactDescribe, `"Contact"`, `"Account"`, 1), sdk.VerdictFailed, sdk.CodeBadResponse},
		{"no queryable flag", 200, `{"name":"Contact","fields":[{"name":"Id"}]}`, sdk.VerdictFailed, sdk.CodeBadResponse},
		{"queryable without fields", 200, `{"name":"Contact","queryable":true,"fields":[]}`, sdk.VerdictFailed, sdk.CodeBadResponse},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			check := judge("Contact", c.status, c.body)
			require.Equal(t, c.verdict, check.Verdict, "%+v", check)
			require.Equal(t, c.failure, sdk.CodeOf(check.Failure))
			require.Equal(t, APIVersion, check.APIVersion)
			require.Equal(t, "Contact", check.Object)
			switch c.verdict {
			case sdk.VerdictDenied:
				require.Equal(t, sdk.CauseObjectDenied, check.Cause)
				require.NotEmpty(t, check.Evidence)
				require.Empty(t, check.Fields)
			case sdk.VerdictFailed:
				require.Empty(t, check.Fields)
				require.Empty(t, check.Cause)
			}
		})
	}
}

func TestDecideFields(t *testing.T) {
	t.Parallel()
	check := judge("contact", 200, contactDescribe) // names are compared without case
	want := sdk.ObjectCheck{
		Object: "contact", Label: "Contact", Verdict: sdk.VerdictAccessible, APIVersion: APIVersion,
		Rights: sdk.Rights{Read: true, Create: true, Update: true},
		Fields: []sdk.Field{
			{Name: "Id", Label: "Contact ID", Type: "id", Rights: sdk.Rights{Read: true}, References: []string{}},
			{Name: "LastName", Label: "Last Name", Type: "string", Rights: sdk.Rights{Read: true, Create: true, Update: true}, RequiredOnCreate: true},
			{Name: "AccountId", Label: "Account ID", Type: "reference", Rights: sdk.Rights{Read: true, Create: true, Update: true}, Hideable: true, References: []string{"Account"}},
			{
				Name: "LeadSource", Label: "Lead Source", Type: "picklist", Rights: sdk.Rights{Read: true, Create: true}, Hideable: true,
				Picklist: []sdk.PicklistValue{{Value: "Web", Label: "Web site", Active: true}, {Value: "Fax", Label: "Fax"}},
			},
			{Name: "Score__c", Label: "Score", Type: "double", Rights: sdk.Rights{Read: true}, Hideable: true, Custom: true},
		},
	}
	require.Empty(t, cmp.Diff(want, check))
}

// TestDecideNeverGuesses: whatever comes back, an object is denied only on one of
// the few answers that speak of permission.
func TestDecideNeverGuesses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		status := rapid.SampledFrom([]int{200, 201, 204, 300, 302, 304, 400, 401, 403, 404, 405, 406, 409, 410, 412, 414, 420, 428, 429, 431, 500, 502, 503, 504}).Draw(t, "status")
		code := rapid.SampledFrom([]string{"NOT_FOUND", "INVALID_TYPE", "INSUFFICIENT_ACCESS", "INVALID_SESSION_ID", "REQUEST_LIMIT_EXCEEDED", "UNKNOWN_EXCEPTION", "SERVER_UNAVAILABLE", "INVALID_FIELD", "X"}).Draw(t, "code")
		body := rapid.OneOf(
			rapid.Just(fmt.Sprintf(`[{"errorCode":%q,"message":"m"}]`, code)),
			rapid.Just("<html>"+code+"</html>"),
			rapid.Just(contactDescribe[:rapid.IntRange(0, len(contactDescribe)-1).Draw(t, "cut")]),
			rapid.String(),
		).Draw(t, "body")
		check := judge("Contact", status, body)
		require.NotEqual(t, sdk.VerdictAccessible, check.Verdict)
		if check.Verdict == sdk.VerdictDenied {
			require.Contains(t, body, `[{"errorCode":`)
			require.Contains(t, []string{"404 NOT_FOUND", "403 INSUFFICIENT_ACCESS", "400 INVALID_TYPE"}, fmt.Sprintf("%d %s", status, code))
		}
	})
}

// TestDecideReferenceDescribes runs real describe bodies through the rule, and
// takes fields away as field-level security does.
func TestDecideReferenceDescribes(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"cumulusci.Account.v48": "Account", "cumulusci.Account-PersonAccount-NPSP.v59": "Account", "cumulusci.Case.v48": "Case",
		"cumulusci.Contact.vXX": "Contact", "cumulusci.Event.vXX": "Event", "cumulusci.Lead.v59": "Lead",
		"cumulusci.Opportunity.vXX": "Opportunity", "cumulusci.OpportunityContactRole.v48": "OpportunityContactRole",
		"grouparoo.Account.v42": "Account", "grouparoo.Campaign.v42": "Campaign", "grouparoo.Contact.v42": "Contact",
		"grouparoo.Lead.v42": "Lead", "grouparoo.Topic.v42": "Topic", "nango.Account.v58": "Account",
	}
	for file, object := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			body := referenceData(t, "describe/real/"+file+".json")
			check := judge(object, http.StatusOK, string(body))
			require.Equal(t, sdk.VerdictAccessible, check.Verdict, "%v", check.Failure)
			require.Equal(t, "Id", check.Fields[0].Name)

			var raw map[string]any
			require.NoError(t, json.Unmarshal(body, &raw))
			fields := raw["fields"].([]any)
			require.Len(t, check.Fields, len(fields))
			for i, field := range check.Fields {
				require.Equal(t, fields[i].(map[string]any)["permissionable"], field.Hideable, field.Name)
				require.NotEmpty(t, field.Type)
			}

			hidden := fields[len(fields)-1].(map[string]any)["name"]
			raw["fields"] = fields[:len(fields)-1]
			body, err := json.Marshal(raw)
			require.NoError(t, err)
			after := judge(object, http.StatusOK, string(body))
			require.Equal(t, sdk.VerdictAccessible, after.Verdict)
			for _, field := range after.Fields {
				require.NotEqual(t, hidden, field.Name)
			}

			raw["queryable"] = false
			body, err = json.Marshal(raw)
			require.NoError(t, err)
			require.Equal(t, sdk.VerdictDenied, judge(object, http.StatusOK, string(body)).Verdict)
		})
	}
}

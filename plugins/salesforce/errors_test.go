package salesforce

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	const lead = "Lead"
	cases := []struct {
		name   string
		status int
		body   string
		object string
		want   sdk.Code
	}{
		{"session expired", 401, `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`, lead, sdk.CodeUnauthenticated},
		{"session not for REST", 401, `[{"message":"This session is not valid for use with the REST API","errorCode":"INVALID_SESSION_ID"}]`, lead, sdk.CodeAppBlocked},
		{"401 without a body", 401, ``, lead, sdk.CodeUnauthenticated},
		{"401 of a proxy's page", 401, `<html>Sign in</html>`, lead, sdk.CodeBadResponse},
		{"userinfo's bad token", 403, `Bad_OAuth_Token`, "", sdk.CodeUnauthenticated},
		{"daily limit", 403, `[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`, lead, sdk.CodeQuotaExhausted},
		{"concurrency limit", 403, `[{"message":"ConcurrentPerOrgLongTxn Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`, lead, sdk.CodeRateLimited},
		{"limit of unknown kind", 403, `[{"message":"too many","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`, lead, sdk.CodeRateLimited},
		{"API disabled", 403, `[{"message":"The REST API is not enabled for this Organization.","errorCode":"API_DISABLED_FOR_ORG"}]`, lead, sdk.CodeForbidden},
		{"403 of unknown code", 403, `[{"message":"no","errorCode":"SOMETHING_NEW"}]`, lead, sdk.CodeForbidden},
		{"403 page", 403, `<html>Forbidden</html>`, lead, sdk.CodeBadResponse},
		{"insufficient access", 403, `[{"message":"insufficient access rights on object id","errorCode":"INSUFFICIENT_ACCESS_OR_READONLY"}]`, lead, sdk.CodeObjectDenied},
		{"insufficient access, no object", 403, `[{"message":"no","errorCode":"INSUFFICIENT_ACCESS"}]`, "", sdk.CodeForbidden},
		{"object not found", 404, `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`, lead, sdk.CodeObjectDenied},
		{"path not found", 404, `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`, "", sdk.CodeInvalidRequest},
		{"404 page", 404, `<html>Not here</html>`, lead, sdk.CodeBadResponse},
		{"404 without a body", 404, ``, lead, sdk.CodeBadResponse},
		{"unknown version", 404, `[{"errorCode":"UNSUPPORTED_API_VERSION","message":"x"}]`, lead, sdk.CodeAPIVersion},
		{"retired version", 410, `[{"errorCode":"GONE","message":"x"}]`, lead, sdk.CodeAPIVersion},
		{"unreadable object in SOQL", 400, `[{"message":"sObject type 'Lead' is not supported.","errorCode":"INVALID_TYPE"}]`, lead, sdk.CodeObjectDenied},
		{"unreadable field in SOQL", 400, `[{"message":"\nselect Id\n ^\nERROR at Row:1:Column:35\nNo such column 'SF_date__c' on entity 'Lead'. If","errorCode":"INVALID_FIELD"}]`, lead, sdk.CodeFieldDenied},
		{"field that cannot be filtered", 400, `[{"message":"field 'Description' can not be filtered in a query call","errorCode":"INVALID_FIELD"}]`, lead, sdk.CodeInvalidRequest},
		{"malformed query", 400, `[{"message":"unexpected token","errorCode":"MALFORMED_QUERY"}]`, lead, sdk.CodeInvalidRequest},
		{"closed query", 400, `[{"message":"invalid query locator","errorCode":"INVALID_QUERY_LOCATOR"}]`, lead, sdk.CodeCursorExpired},
		{"closed query, 404", 404, `[{"message":"invalid query locator","errorCode":"INVALID_QUERY_LOCATOR"}]`, lead, sdk.CodeCursorExpired},
		{"query timeout", 400, `[{"message":"Your query request was running for too long.","errorCode":"QUERY_TIMEOUT"}]`, lead, sdk.CodeTimeout},
		{"query too large", 400, `[{"message":"exceeded 100000 distinct who/what's","errorCode":"OPERATION_TOO_LARGE"}]`, lead, sdk.CodeInvalidRequest},
		{"security policy", 400, `[{"message":"policy","errorCode":"TXN_SECURITY_METERING_ERROR"}]`, lead, sdk.CodeForbidden},
		{"row locked", 400, `[{"message":"unable to obtain exclusive access","errorCode":"UNABLE_TO_LOCK_ROW"}]`, lead, sdk.CodeUnavailable},
		{"halted part", 412, `[{"errorCode":"BATCH_PROCESSING_HALTED","message":"Batch processing halted per request"}]`, lead, sdk.CodeUnavailable},
		{"edge", 420, ``, lead, sdk.CodeUnavailable},
		{"edge page", 420, `<html>Setting things up</html>`, lead, sdk.CodeUnavailable},
		{"406 without a body", 406, ``, lead, sdk.CodeUnavailable},
		{"too many requests", 429, ``, lead, sdk.CodeRateLimited},
		{"server unavailable", 503, `[{"message":"The server is temporarily unavailable.","errorCode":"SERVER_UNAVAILABLE"}]`, lead, sdk.CodeUnavailable},
		{"maintenance page", 503, `<html>Maintenance</html>`, lead, sdk.CodeUnavailable},
		{"server error", 500, `[{"message":"An unexpected error occurred.","errorCode":"UNKNOWN_EXCEPTION"}]`, lead, sdk.CodeUnavailable},
		{"broken error body", 400, `[{"message":"x","err`, lead, sdk.CodeBadResponse},
		{"redirect", 302, ``, lead, sdk.CodeBadResponse},
		{"moved permanently", 301, `<html>`, lead, sdk.CodeBadResponse},
		{"deletions too far back", 400, `[{"message":"start is too old","errorCode":"INVALID_REPLICATION_DATE"}]`, lead, sdk.CodeCursorExpired},
		{"too many deletions", 400, `[{"message":"more ids than allowed","errorCode":"EXCEEDED_ID_LIMIT"}]`, lead, sdk.CodeCursorExpired},
		{"no bulk for the object", 400, `[{"message":"bulk does not do it","errorCode":"INVALIDENTITY"}]`, lead, sdk.CodeInvalidRequest},
		{"bulk jobs used up", 400, `[{"message":"no more jobs today","errorCode":"LIMIT_EXCEEDED"}]`, lead, sdk.CodeInvalidRequest},
		{"bulk result too early", 400, `[{"message":"not complete","errorCode":"INVALIDJOBSTATE"}]`, lead, sdk.CodeInvalidRequest},
		{"wrong audience", 400, `{"error":"invalid_grant","error_description":"the audience is another"}`, "", sdk.CodeUnauthenticated},
		{"inactive user", 400, `{"error":"inactive_user","error_description":"the user is inactive"}`, "", sdk.CodeUnauthenticated},
		{"app not in the org", 400, `{"error":"OAUTH_EC_APP_NOT_FOUND","error_description":"not installed"}`, "", sdk.CodeAppBlocked},
		{"missing token", 403, `Missing_OAuth_Token`, "", sdk.CodeUnauthenticated},
		{"wrong org", 403, `Wrong_Org`, "", sdk.CodeBadResponse},
		{"502 page", 502, `<html>Bad gateway</html>`, lead, sdk.CodeUnavailable},
		{"504 without a body", 504, ``, lead, sdk.CodeUnavailable},
		{"URL too long", 414, `<html>Too long</html>`, lead, sdk.CodeBadResponse},
		{"precondition", 412, `[{"message":"changed","errorCode":"ENTITY_CHANGED"}]`, lead, sdk.CodeInvalidRequest},
		{"app blocked", 400, `{"error":"OAUTH_APP_BLOCKED","error_description":"this app is blocked by admin"}`, "", sdk.CodeAppBlocked},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := classify(answer{status: c.status, header: http.Header{}, body: []byte(c.body)}, c.object)
			require.Equal(t, c.want, sdk.CodeOf(err), "%v", err)
			require.NotContains(t, err.Error(), "select Id", "an error must not repeat the query")
		})
	}
}

func TestClassifyNamesTheField(t *testing.T) {
	t.Parallel()
	body := `[{"message":"\nselect Id,X__c from Lead where Email = 'who@example.com'\n ^\nERROR at Row:1:Column:11\nNo such column 'X__c' on entity 'Lead'. If you use a custom field, append __c.","errorCode":"INVALID_FIELD"}]`
	err := classify(answer{status: 400, body: []byte(body)}, "Lead")
	var e *sdk.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "Lead", e.Object)
	require.Equal(t, "X__c", e.Field)
	require.NotContains(t, e.Message, "who@example.com")
}

func TestClassifyReadsRetryAfter(t *testing.T) {
	t.Parallel()
	err := classify(answer{status: 429, header: http.Header{"Retry-After": {"7"}}}, "")
	var e *sdk.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 7*time.Second, e.RetryAfter)
}

// referenceData returns a file of the optional reference data, or skips.
func referenceData(t *testing.T, path string) []byte {
	t.Helper()
	root := os.Getenv("FIELDWARDEN_REFERENCE_DATA")
	if root == "" {
		t.Skip("skipped: FIELDWARDEN_REFERENCE_DATA does not point to reference data")
	}
	data, err := os.ReadFile(filepath.Join(root, "salesforce", "data", path))
	if os.IsNotExist(err) {
		t.Skip("skipped: the reference data has no " + path)
	}
	require.NoError(t, err)
	return data
}

// TestClassifyReferenceErrors runs collected error bodies of real orgs.
func TestClassifyReferenceErrors(t *testing.T) {
	t.Parallel()
	want := map[string]sdk.Code{
		"session_expired": sdk.CodeUnauthenticated, "session_not_rest": sdk.CodeAppBlocked,
		"identity_bad_token": sdk.CodeUnauthenticated, "api_disabled": sdk.CodeForbidden,
		"daily_limit": sdk.CodeQuotaExhausted, "concurrent_limit": sdk.CodeRateLimited,
		"server_unavailable": sdk.CodeUnavailable, "edge_420": sdk.CodeUnavailable,
		"not_found": sdk.CodeObjectDenied, "external_id_not_visible": sdk.CodeObjectDenied,
		"soql_invalid_type": sdk.CodeObjectDenied, "tooling_invalid_type": sdk.CodeObjectDenied,
		"soql_invalid_field": sdk.CodeFieldDenied, "write_invalid_field": sdk.CodeFieldDenied,
		"write_not_editable": sdk.CodeInvalidRequest, "required_missing": sdk.CodeInvalidRequest,
		"duplicates": sdk.CodeInvalidRequest, "lock_row": sdk.CodeUnavailable,
		"no_record_access": sdk.CodeObjectDenied, "cross_ref_access": sdk.CodeInvalidRequest,
		"object_not_writable": sdk.CodeInvalidRequest, "upsert_multiple": sdk.CodeBadResponse,
		"bulk_entity": sdk.CodeInvalidRequest, "bulk_compound": sdk.CodeInvalidRequest,
		"oauth_expired_token": sdk.CodeUnauthenticated, "oauth_expired_code": sdk.CodeUnauthenticated,
		"oauth_token_race": sdk.CodeUnauthenticated, "oauth_bad_code": sdk.CodeUnauthenticated,
		"oauth_bad_client": sdk.CodeInvalidRequest, "oauth_bad_secret": sdk.CodeInvalidRequest,
		"oauth_redirect_mismatch": sdk.CodeInvalidRequest, "oauth_bad_verifier": sdk.CodeUnauthenticated,
		"oauth_jwt_audience": sdk.CodeUnauthenticated, "batch_halted": sdk.CodeUnavailable,
	}
	var entries []struct {
		ID          string          `json:"id"`
		HTTP        int             `json:"http"`
		ContentType string          `json:"contentType"`
		Body        json.RawMessage `json:"body"`
	}
	require.NoError(t, json.Unmarshal(referenceData(t, "meta/errors.json"), &entries))
	checked := 0
	for _, entry := range entries {
		if entry.HTTP < 300 {
			continue // outcomes inside a 200 answer to a write
		}
		body := []byte(entry.Body)
		var text string
		if json.Unmarshal(body, &text) == nil { // a body that is not JSON
			body = []byte(text)
		}
		err := classify(answer{status: entry.HTTP, header: http.Header{"Content-Type": {entry.ContentType}}, body: body}, "Lead")
		require.Equal(t, want[entry.ID], sdk.CodeOf(err), "%s: %v", entry.ID, err)
		checked++
	}
	require.Equal(t, len(want), checked)
}

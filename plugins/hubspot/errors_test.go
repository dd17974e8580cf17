package hubspot

import (
	"encoding/json"
	"errors"
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
	midnight := time.Date(2026, time.November, 22, 5, 0, 0, 0, time.UTC) // in New York
	cases := []struct {
		name   string
		status int
		body   string
		header map[string]string
		about  string // object; "-" is none, "" is contacts
		code   sdk.Code
		cause  sdk.Cause
		wait   time.Duration
	}{
		{name: "missing scopes", status: 403, body: missingScopes("crm.objects.contacts.read", "crm.schemas.contacts.read").body, code: sdk.CodeObjectDenied, cause: sdk.CauseScopeMissing},
		{name: "missing scopes, an older list and no category", status: 403, body: `{"message":"no","errors":[{"context":{"requiredScopes":["contacts"]}}]}`, code: sdk.CodeObjectDenied, cause: sdk.CauseScopeMissing},
		{name: "missing scopes in the context", status: 403, body: `{"message":"no","context":{"missingScopes":["contacts"]}}`, code: sdk.CodeObjectDenied, cause: sdk.CauseScopeMissing},
		{name: "missing scopes of no object", status: 403, body: missingScopes("oauth").body, about: "-", code: sdk.CodeForbidden},
		{name: "a user who may not", status: 403, body: `{"status":"error","category":"FORBIDDEN","message":"Not for you."}`, code: sdk.CodeObjectDenied, cause: sdk.CausePermission},
		{name: "403 of a firewall", status: 403, body: `<html>blocked</html>`, code: sdk.CodeBadResponse},
		{name: "403 without a body", status: 403, code: sdk.CodeBadResponse},
		{name: "403 with JSON of somebody else", status: 403, body: `{"detail":"blocked"}`, code: sdk.CodeBadResponse},
		{name: "expired", status: 401, body: `{"status":"error","category":"EXPIRED_AUTHENTICATION","message":"Expired.","context":{"expire time":["2026-01-01T00:00:00Z"]}}`, code: sdk.CodeUnauthenticated},
		{name: "no credentials", status: 401, body: `{"status":"error","category":"INVALID_AUTHENTICATION","message":"Nothing found."}`, code: sdk.CodeUnauthenticated},
		{name: "401 of a proxy", status: 401, body: `<html>Sign in to the proxy</html>`, code: sdk.CodeBadResponse},
		{name: "revoked", status: 400, body: `{"error":"invalid_grant","status":"BAD_REFRESH_TOKEN","message":"It ended."}`, about: "-", code: sdk.CodeUnauthenticated},
		{name: "portal gone", status: 400, body: `{"error":"access_denied","status":"BAD_HUB","message":"No such portal."}`, about: "-", code: sdk.CodeUnauthenticated},
		{name: "bad client", status: 400, body: `{"error":"invalid_client","status":"BAD_CLIENT_ID","message":"No such client."}`, about: "-", code: sdk.CodeInvalidRequest},
		{name: "ten seconds", status: 429, body: `{"status":"error","errorType":"RATE_LIMIT","policyName":"TEN_SECONDLY_ROLLING","message":"Too many."}`, code: sdk.CodeRateLimited, wait: 10 * time.Second},
		{name: "one second", status: 429, body: `{"status":"error","policyName":"SECONDLY","message":"Too many."}`, code: sdk.CodeRateLimited, wait: time.Second},
		{name: "one second, by its words", status: 429, body: `{"message":"You have reached your secondly limit."}`, code: sdk.CodeRateLimited, wait: time.Second},
		{name: "a day", status: 429, body: `{"status":"error","policyName":"DAILY","message":"Too many."}`, code: sdk.CodeQuotaExhausted},
		{name: "a day, by its words", status: 429, body: `{"message":"You have reached your daily limit."}`, code: sdk.CodeQuotaExhausted},
		{name: "429 with a page", status: 429, body: `<html></html>`, code: sdk.CodeRateLimited, wait: 10 * time.Second},
		{name: "429 that asks for longer", status: 429, body: `{"policyName":"TEN_SECONDLY_ROLLING","message":"x"}`, header: map[string]string{"Retry-After": "30"}, code: sdk.CodeRateLimited, wait: 30 * time.Second},
		{name: "locked", status: 423, body: `{"status":"error","category":"LOCKED","message":"Locked."}`, code: sdk.CodeUnavailable, wait: 2 * time.Second},
		{name: "migration", status: 477, body: `{"status":"error","message":"Moving."}`, header: map[string]string{"Retry-After": "3600"}, code: sdk.CodeUnavailable, wait: time.Hour},
		{name: "gateway", status: 502, body: `<html>502</html>`, code: sdk.CodeUnavailable},
		{name: "edge", status: 524, code: sdk.CodeUnavailable},
		{name: "server error that speaks of scopes", status: 500, body: missingScopes("crm.objects.contacts.read").body, code: sdk.CodeUnavailable},
		{name: "long URL", status: 414, body: `<html>414</html>`, code: sdk.CodeBadResponse},
		{name: "login page", status: 302, header: map[string]string{"Location": "https://login.example/"}, code: sdk.CodeBadResponse},
		{name: "cut JSON", status: 403, body: `{"status":"error","category":"MISSING_SC`, code: sdk.CodeBadResponse},
		{name: "a list", status: 403, body: `["MISSING_SCOPES"]`, code: sdk.CodeBadResponse},
		{name: "fields of other kinds", status: 403, body: `{"status":7,"message":["x"],"category":"MISSING_SCOPES","errors":{"a":1},"context":"y"}`, code: sdk.CodeObjectDenied, cause: sdk.CauseScopeMissing},
		{name: "a custom object that is gone", status: 404, body: `{"status":"error","message":"resource not found"}`, about: "2-77", code: sdk.CodeObjectDenied, cause: sdk.CauseDeleted},
		{name: "a custom object by a name unknown", status: 400, body: `{"status":"error","category":"VALIDATION_ERROR","message":"Unable to infer object type from: p1_cars"}`, about: "p1_cars", code: sdk.CodeObjectDenied, cause: sdk.CauseDeleted},
		{name: "a standard object that the portal has not", status: 400, body: `{"message":"Unable to infer object type from: 0-136"}`, about: "leads", code: sdk.CodeObjectDenied, cause: sdk.CauseObjectDenied},
		{name: "an unknown path", status: 404, body: `{"status":"error","message":"resource not found"}`, code: sdk.CodeAPIVersion},
		{name: "404 with a page", status: 404, body: `<html>404</html>`, about: "2-77", code: sdk.CodeBadResponse},
		{name: "an unknown record", status: 404, body: `{"category":"OBJECT_NOT_FOUND","message":"Not found."}`, code: sdk.CodeInvalidRequest},
		{name: "gone", status: 410, body: `{"message":"This version has ended."}`, code: sdk.CodeAPIVersion},
		{name: "unknown property", status: 400, body: `{"category":"VALIDATION_ERROR","message":"x","errors":[{"code":"PROPERTY_DOESNT_EXIST","message":"x","context":{"propertyName":["tier"]}}]}`, code: sdk.CodeFieldDenied},
		{name: "validation", status: 400, body: `{"category":"VALIDATION_ERROR","message":"Wrong."}`, code: sdk.CodeInvalidRequest},
		{name: "conflict", status: 409, body: `{"category":"CONFLICT","message":"It exists."}`, code: sdk.CodeInvalidRequest},
	}
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	for _, c := range cases {
		a := answer{status: c.status, header: http.Header{}, body: []byte(c.body), askedAt: midnight.Add(-time.Hour)}
		for name, value := range c.header {
			a.header.Set(name, value)
		}
		about := objectOf("contacts")
		switch c.about {
		case "":
		case "-":
			about = objectType{}
		default:
			about = objectOf(c.about)
		}
		err := classify(a, about, zone)
		require.Equal(t, c.code, sdk.CodeOf(err), "%s: %v", c.name, err)
		var cause sdk.Cause
		if d, ok := denialOf(err); ok {
			cause = d.cause
		}
		require.Equal(t, c.cause, cause, c.name)
		var e *sdk.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, c.wait, e.RetryAfter, c.name)
		if c.code == sdk.CodeQuotaExhausted {
			require.True(t, e.ResetAt.Equal(midnight), "%s: %s", c.name, e.ResetAt)
			require.ErrorAs(t, classify(a, about, nil), &e)
			require.True(t, e.ResetAt.IsZero(), "the zone is not known")
		}
	}
}

// TestReferenceErrors holds the classes against every error body that HubSpot
// documents or that was seen, where they are at hand.
func TestReferenceErrors(t *testing.T) {
	t.Parallel()
	root := os.Getenv("FIELDWARDEN_REFERENCE_DATA")
	if root == "" {
		t.Skip("SKIPPED: FIELDWARDEN_REFERENCE_DATA names no folder with error bodies")
	}
	want := map[string]sdk.Code{
		"missing_scopes": sdk.CodeObjectDenied, "user_level_forbidden": sdk.CodeObjectDenied,
		"no_credentials": sdk.CodeUnauthenticated, "expired_token": sdk.CodeUnauthenticated, "refresh_revoked": sdk.CodeUnauthenticated,
		"auth_code_bad": sdk.CodeUnauthenticated, "bad_hub": sdk.CodeUnauthenticated,
		"bad_client": sdk.CodeInvalidRequest, "bad_client_secret": sdk.CodeInvalidRequest, "bad_redirect_uri": sdk.CodeInvalidRequest,
		"rate_ten_secondly": sdk.CodeRateLimited, "rate_secondly_search": sdk.CodeRateLimited, "rate_daily": sdk.CodeQuotaExhausted,
		"property_does_not_exist": sdk.CodeFieldDenied, "invalid_option": sdk.CodeInvalidRequest, "invalid_integer": sdk.CodeInvalidRequest,
		"contact_conflict": sdk.CodeInvalidRequest, "object_not_found": sdk.CodeInvalidRequest, "resource_not_found": sdk.CodeAPIVersion,
		"locked": sdk.CodeUnavailable, "migration": sdk.CodeUnavailable, "gateway_html": sdk.CodeUnavailable,
		"uri_too_long": sdk.CodeBadResponse, "bad_json": sdk.CodeInvalidRequest, "pipeline_in_use": sdk.CodeInvalidRequest,
	}
	text, err := os.ReadFile(filepath.Join(root, "hubspot", "data", "errors", "error_bodies.json"))
	require.NoError(t, err)
	var file struct {
		Errors []struct {
			ID      string            `json:"id"`
			Status  int               `json:"status"`
			Headers map[string]string `json:"headers"`
			Body    json.RawMessage   `json:"body"`
		} `json:"errors"`
	}
	require.NoError(t, json.Unmarshal(text, &file))
	checked := 0
	for _, entry := range file.Errors {
		if entry.Status < 300 {
			continue // parts of a 207, which batch reads look at
		}
		body := []byte(entry.Body)
		var page string
		if json.Unmarshal(body, &page) == nil { // a body that is no JSON
			body = []byte(page)
		}
		a := answer{status: entry.Status, header: http.Header{}, body: body}
		for name, value := range entry.Headers {
			a.header.Set(name, value)
		}
		err := classify(a, objectOf("deals"), nil)
		require.Equal(t, want[entry.ID], sdk.CodeOf(err), "%s: %v", entry.ID, err)
		var e *sdk.Error
		require.True(t, errors.As(err, &e) && e.Message != "", entry.ID)
		checked++
	}
	require.Equal(t, len(want), checked)
	t.Logf("%d error bodies", checked)
}

func TestErrorsKeepTheTokenToThemselves(t *testing.T) {
	t.Parallel()
	s := newStub(t, map[string]canned{"/account-info/2026-09/details": {status: 403, body: `{"message":"The token ` + testToken + ` is odd."}`}})
	_, err := newTestConnector().Identify(t.Context(), s.target("oauth"))
	require.Error(t, err)
	require.NotContains(t, err.Error(), testToken)
	require.Contains(t, err.Error(), "[secret]")
	for _, call := range s.calls() {
		require.NotContains(t, call, testToken, "a token never stands in a URL")
	}
}

package salesforce_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

func (s *session) composite(t testing.TB, allOrNone bool, parts ...any) answer {
	t.Helper()
	return s.post(t, root+"/composite", map[string]any{"allOrNone": allOrNone, "compositeRequest": parts})
}

func TestCompositeBounds(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	many := func(n int, path string) (parts []any) {
		for i := range n {
			parts = append(parts, part(fmt.Sprintf("r%d", i), path))
		}
		return parts
	}
	require.Equal(t, http.StatusOK, client.composite(t, false, many(25, "/sobjects/Lead/describe")...).status)
	require.Equal(t, http.StatusOK, client.composite(t, false, many(5, "/query?q=SELECT+Id+FROM+Lead+LIMIT+1")...).status)
	client.composite(t, false, many(26, "/limits")...).fails(t, 400, "INVALID_INPUT", "Limit of 25 subrequests exceeded: 26")
	client.composite(t, false, many(6, "/query/?q=SELECT+Id+FROM+Lead")...).fails(t, 400, "INVALID_INPUT", "Limit of 5 query subrequests exceeded: 6")
	client.composite(t, false).fails(t, 400, "INVALID_INPUT", "at least one subrequest")
	client.composite(t, false, part("a", "/limits"), part("a", "/limits")).fails(t, 400, "INVALID_INPUT", "Duplicate ReferenceId provided in the request: a")
	client.composite(t, false, part("Lead-1", "/limits")).fails(t, 400, "JSON_PARSER_ERROR", "Provided referenceId ('Lead-1') must start")
	header := client.header()
	org.do(t, http.MethodPost, root+"/composite", "{", header).fails(t, 400, "JSON_PARSER_ERROR", "")
	org.do(t, http.MethodPost, root+"/composite", `{"compositeRequest":7}`, header).fails(t, 400, "JSON_PARSER_ERROR", "")
	require.Equal(t, 9, org.Controls().Counters().APICalls, "each request counts once, refused or not")
}

func TestCompositePartsFailAlone(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	var got compositeAnswer
	client.composite(t, false,
		part("Lead", "/sobjects/Lead/describe"),
		part("Nope", "/sobjects/Nope/describe"),
		part("Bad", "/query?q=SELECT+Nope+FROM+Lead"),
		map[string]any{"method": "POST", "url": root + "/limits", "referenceId": "Method"},
		map[string]any{"method": "GET", "url": "https://example.com/", "referenceId": "Elsewhere"},
		map[string]any{"method": "GET", "url": "/services/data/v60.0/limits", "referenceId": "Version"},
		map[string]any{"method": "POST", "url": root + "/composite", "referenceId": "Nested"},
		map[string]any{"method": "GET", "url": "/services/data/", "referenceId": "Empty"},
	).json(t, http.StatusOK, &got)
	statuses, codes := []int{}, []any{}
	for _, p := range got.CompositeResponse {
		statuses = append(statuses, p.HTTPStatusCode)
		if list, ok := p.Body.([]any); ok {
			entry, _ := list[0].(map[string]any)
			codes = append(codes, entry["errorCode"])
		}
	}
	require.Equal(t, []int{200, 404, 400, 405, 400, 400, 400, 400}, statuses)
	require.Equal(t, []any{"NOT_FOUND", "INVALID_FIELD", "METHOD_NOT_ALLOWED", "INVALID_INPUT", "INVALID_INPUT", "INVALID_INPUT", "INVALID_INPUT"}, codes)
	require.Regexp(t, `^"[0-9a-f]{8}"$`, got.CompositeResponse[0].HTTPHeaders["ETag"])
	require.NotEmpty(t, got.CompositeResponse[0].HTTPHeaders["Last-Modified"])
	require.Empty(t, got.CompositeResponse[1].HTTPHeaders)
}

func TestCompositeAllOrNone(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	var got compositeAnswer
	client.composite(t, true, part("a", "/limits"), part("b", "/sobjects/Nope/describe"), part("c", "/limits")).json(t, http.StatusOK, &got)
	for i, want := range []string{"PROCESSING_HALTED", "NOT_FOUND", "PROCESSING_HALTED"} {
		require.Contains(t, fmt.Sprint(got.CompositeResponse[i].Body), want)
	}
}

func TestCompositeReferences(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	var got compositeAnswer
	client.composite(t, false,
		part("first", "/query?q=SELECT+Id+FROM+Account+ORDER+BY+Id+LIMIT+1"),
		part("same", "/sobjects/Account/@{first.records[0].Id}"),
		part("none", "/sobjects/Account/@{first.records[7].Id}"),
	).json(t, http.StatusOK, &got)
	require.Equal(t, 200, got.CompositeResponse[1].HTTPStatusCode)
	first, _ := got.CompositeResponse[0].Body.(map[string]any)
	records, _ := first["records"].([]any)
	row, _ := records[0].(map[string]any)
	same, _ := got.CompositeResponse[1].Body.(map[string]any)
	require.Equal(t, row["Id"], same["Id"])
	require.Contains(t, fmt.Sprint(got.CompositeResponse[2].Body), "Invalid reference specified. No value for @{first.records[7].Id}")
}

// TestCompositeConditionalDescribe: parts take headers of their own.
func TestCompositeConditionalDescribe(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	modified := client.get(t, root+"/sobjects").header.Get("Last-Modified")
	p := part("Lead", "/sobjects/Lead/describe")
	p["httpHeaders"] = map[string]string{"If-Modified-Since": modified}
	var got compositeAnswer
	client.composite(t, false, p).json(t, http.StatusOK, &got)
	require.Equal(t, 304, got.CompositeResponse[0].HTTPStatusCode)
	require.Nil(t, got.CompositeResponse[0].Body)
}

func TestRequestLogShowsCompositeParts(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	org.Controls().ClearRequests()
	client.composite(t, false, part("Lead", "/sobjects/lead/describe"), part("q", "/query?q=SELECT+Id+FROM+Account+LIMIT+1"))
	log := org.Controls().Requests(0)
	require.Len(t, log, 1)
	require.Equal(t, "composite", log[0].Endpoint)
	require.True(t, log[0].Counted)
	require.Equal(t, []salesforce.Part{
		{Method: "GET", Path: root + "/sobjects/lead/describe", Endpoint: "describe", Object: "Lead", Status: 200},
		{Method: "GET", Path: root + "/query", Endpoint: "query", Object: "Account", Status: 200},
	}, log[0].Parts)
	counters := org.Controls().Counters()
	require.Equal(t, map[string]int{"composite": 1, "describe": 1, "query": 1}, counters.ByEndpoint)
	require.Equal(t, map[string]int{"Lead": 1, "Account": 1}, counters.ByObject)
}

// TestRequestLogHoldsNoSecrets drives every flow that carries one and looks for them in all the control API tells.
func TestRequestLogHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.RotateRefreshTokens = true })
	code := org.approve(t, authorizeQuery()).Get("code")
	client := &session{org: org}
	org.form(t, "/services/oauth2/token", codeForm(code)).json(t, http.StatusOK, &client.tokens)
	next, _ := client.refresh(t, client.tokens.RefreshToken)
	client.get(t, root+"/limits?oauth_token="+client.tokens.AccessToken)
	org.do(t, http.MethodGet, client.tokens.ID[len(org.url):]+"?oauth_token="+client.tokens.AccessToken, "", nil)
	org.do(t, http.MethodGet, "/services/oauth2/revoke?token="+next.RefreshToken, "", nil)
	told := string(org.do(t, http.MethodGet, "/sim/api/salesforce/requests", "", nil).body) + string(org.do(t, http.MethodGet, "/sim/api/salesforce/state", "", nil).body)
	require.Contains(t, told, "/services/oauth2/token")
	for _, secret := range []string{
		code, client.tokens.AccessToken, client.tokens.RefreshToken, next.AccessToken,
		next.RefreshToken, salesforce.DefaultClientSecret, verifier,
	} {
		require.NotEmpty(t, secret)
		require.False(t, strings.Contains(told, secret[:10]) && strings.Contains(told, secret), "a secret is told")
	}
}

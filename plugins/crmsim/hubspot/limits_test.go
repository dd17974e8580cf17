package hubspot_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/hubspot"
)

func TestRateLimits(t *testing.T) {
	t.Parallel()
	p := start(t, func(c *hubspot.Config) { c.Limits = hubspot.Limits{TenSecondly: 3, Search: 2, Daily: 8} })
	list := func() answer { return p.get("/crm/v3/objects/contacts?limit=1") }
	search := func() answer { return p.post("/crm/v3/objects/contacts/search", object{"limit": 1}) }
	for want := 2; want >= 0; want-- {
		got := list()
		require.Equal(t, http.StatusOK, got.status)
		require.Equal(t, []string{string(rune('0' + want))}, got.header["X-Hubspot-Ratelimit-Remaining"])
		require.NotEmpty(t, got.header.Get("X-HubSpot-RateLimit-Daily-Remaining"), "private apps have a daily limit")
	}
	got := list()
	require.Equal(t, http.StatusTooManyRequests, got.status)
	require.Equal(t, []any{"TEN_SECONDLY_ROLLING", "RATE_LIMIT", "You have reached your ten_secondly_rolling limit.", nil},
		[]any{got.at("policyName"), got.at("errorType"), got.at("message"), got.at("category")})
	require.Equal(t, "0", got.header.Get("X-HubSpot-RateLimit-Remaining"))
	require.Empty(t, got.header.Get("Retry-After"))

	// Searches have a budget of their own, and no headers.
	require.Equal(t, http.StatusOK, search().status)
	quiet := search()
	require.Equal(t, http.StatusOK, quiet.status)
	require.Empty(t, quiet.header.Get("X-HubSpot-RateLimit-Max"))
	require.Equal(t, "You have reached your secondly limit.", search().at("message"))
	p.clock.Advance(1100 * time.Millisecond)
	require.Equal(t, http.StatusOK, search().status)
	require.Equal(t, http.StatusTooManyRequests, list().status)
	p.clock.Advance(9 * time.Second)
	require.Equal(t, http.StatusOK, list().status, "the window rolls on")

	// Midnight is that of the portal: five hours after midnight UTC.
	require.Equal(t, http.StatusOK, search().status)
	require.Equal(t, "DAILY", list().at("policyName"))
	p.clock.Advance(19 * time.Hour) // 04:00 UTC, 23:00 there
	require.Equal(t, "DAILY", list().at("policyName"))
	p.clock.Advance(time.Hour)
	require.Equal(t, http.StatusOK, list().status)

	// OAuth apps have no daily limit, nor its headers.
	p.install("oauth crm.objects.contacts.read")
	p.clock.Advance(10 * time.Second)
	got = list()
	require.Equal(t, "3", got.header.Get("X-HubSpot-RateLimit-Max"))
	require.Empty(t, got.header.Get("X-HubSpot-RateLimit-Daily"))
}

// TestMeteredAnswers: rate limit headers come with some kinds of answers only, as recorded.
func TestMeteredAnswers(t *testing.T) {
	t.Parallel()
	p := start(t)
	contact := p.get("/crm/v3/objects/contacts?limit=1").at("results", 0, "id").(string)
	owner := p.get("/crm/v3/owners").at("results", 0, "id").(string)
	for path, metered := range map[string]bool{
		"/crm/v3/objects/contacts": true, "/crm/v3/properties/contacts": true, "/account-info/v3/details": true,
		"/crm/v3/owners/" + owner: true, "/crm/v3/owners": false, "/crm/v3/objects/contacts/" + contact: false,
		"/crm/v3/pipelines/deals": false, "/crm/v3/schemas": false,
	} {
		got := p.get(path)
		require.Equal(t, http.StatusOK, got.status, path)
		require.Equal(t, metered, got.header.Get("X-HubSpot-RateLimit-Max") != "", path)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	p := start(t)
	add := func(rule control.Fault) {
		_, err := p.Controls().AddFault(rule)
		require.NoError(t, err)
	}
	for kind, want := range map[string]struct {
		status int
		text   string
	}{
		"server_error": {500, `"status":"error"`}, "bad_gateway": {502, "<html>"}, "unavailable": {503, "<html>"},
		"gateway_timeout": {504, "<html>"}, "cloudflare_timeout": {524, "<html>"},
		"ten_secondly_limit": {429, "TEN_SECONDLY_ROLLING"}, "secondly_limit": {429, `"SECONDLY"`}, "daily_limit": {429, "DAILY"},
		"locked": {423, "LOCKED"}, "migration": {477, "MIGRATION_IN_PROGRESS"}, "token_expired": {401, "EXPIRED_AUTHENTICATION"},
		"token_unknown": {401, "INVALID_AUTHENTICATION"}, "missing_scopes": {403, "crm.objects.deals.read"},
		"user_forbidden": {403, "object type DEAL"}, "uri_too_long": {414, "414 Request-URI Too Large"},
		"login_page": {302, ""}, "html_ok": {200, "Log in"},
	} {
		add(control.Fault{Kind: kind, Object: "deals", Times: 1})
		require.Equal(t, http.StatusOK, p.get("/crm/v3/objects/contacts?limit=1").status, "%s is about deals", kind)
		got := p.get("/crm/v3/objects/deals?limit=1")
		require.Equal(t, want.status, got.status, kind)
		require.Contains(t, got.text, want.text, kind)
		if kind == "migration" {
			require.Equal(t, "3600", got.header.Get("Retry-After"))
		}
		if kind == "login_page" {
			require.Equal(t, http.StatusOK, p.get(got.header.Get("Location")).status)
		}
		require.Equal(t, http.StatusOK, p.get("/crm/v3/objects/deals?limit=1").status, "%s once", kind)
	}
	for kind, status := range map[string]string{"bad_refresh_token": "BAD_REFRESH_TOKEN", "bad_hub": "BAD_HUB", "bad_client": "BAD_CLIENT_ID"} {
		add(control.Fault{Kind: kind, Times: 1})
		require.Equal(t, http.StatusOK, p.get("/crm/v3/objects/deals?limit=1").status)
		require.Equal(t, status, p.form("/oauth/2026-03/token", with()).at("status"))
	}
	add(control.Fault{Kind: "unavailable", Path: "/oauth/introspect", Times: 1})
	require.Equal(t, http.StatusServiceUnavailable, p.form("/oauth/v3/token/introspect", with("token", "x")).status)
	add(control.Fault{Kind: "bad_gateway", Path: "/properties/deals", Times: 1})
	require.Equal(t, http.StatusBadGateway, p.get("/crm/properties/2026-09/deals").status)
	require.Positive(t, p.Controls().Counters().Faults)
	require.Error(t, func() error { _, err := p.Controls().AddFault(control.Fault{Kind: "nope"}); return err }())
}

// TestSpoiledBodies: the connection breaks, or the JSON or its compression ends too early.
func TestSpoiledBodies(t *testing.T) {
	t.Parallel()
	p := start(t)
	fetch := func(kind string, compressed bool) (body []byte, err error) {
		_, err = p.Controls().AddFault(control.Fault{Kind: kind, Times: 1})
		require.NoError(t, err)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/crm/v3/properties/deals", nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+p.token)
		if !compressed {
			request.Header.Set("Accept-Encoding", "identity")
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		require.Equal(t, http.StatusOK, response.StatusCode)
		return io.ReadAll(response.Body)
	}
	_, err := fetch("cut", false)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	body, err := fetch("truncated", false)
	require.NoError(t, err)
	require.False(t, strings.HasSuffix(string(body), "}"))
	_, err = fetch("truncated_gzip", true)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	body, err = fetch("truncated_gzip", false)
	require.NoError(t, err, "the length is right; the content is not")
	reader, err := gzip.NewReader(strings.NewReader(string(body)))
	require.NoError(t, err)
	_, err = io.ReadAll(reader)
	require.Error(t, err)
}

func TestLongURL(t *testing.T) {
	t.Parallel()
	p := start(t)
	long := "/crm/v3/objects/contacts?properties=" + strings.Repeat("some_property,", 1200)
	got := p.get(long)
	require.Equal(t, http.StatusRequestURITooLong, got.status)
	require.Contains(t, got.header.Get("Content-Type"), "text/html")
	require.Equal(t, http.StatusOK, p.get(long[:15_000]).status)
}

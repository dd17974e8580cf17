package hubspot_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/hubspot"
)

func TestConsentPage(t *testing.T) {
	t.Parallel()
	p := start(t)
	page := p.get(authorizePath("oauth crm.objects.contacts.read", "crm.objects.leads.read"))
	require.Equal(t, http.StatusOK, page.status)
	for _, want := range []string{"Northwind Trading", "crm.objects.leads.read", "Connect app"} {
		require.Contains(t, page.text, want)
	}
	preselected := strings.Replace(authorizePath("oauth", ""), "/oauth/", "/oauth/12345678/", 1)
	require.Equal(t, http.StatusOK, p.get(preselected).status)
	other := strings.Replace(authorizePath("oauth", ""), "/oauth/", "/oauth/999/", 1)
	require.Contains(t, p.get(other).text, "No access to this account")

	denied := p.form(authorizePath("oauth", ""), url.Values{"decision": {"deny"}})
	require.Equal(t, http.StatusFound, denied.status)
	require.Contains(t, denied.header.Get("Location"), "error=access_denied")
}

// TestConsentRefusals: whatever is wrong with the link is said on a page; the browser is never sent back.
func TestConsentRefusals(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.Controls().SetUngrantable("crm.objects.leads.read")
	for name, one := range map[string]struct{ path, want string }{
		"client":      {"/oauth/authorize?client_id=x", "client ID"},
		"redirect":    {authorizePath("oauth", "", "redirect_uri", "https://elsewhere.example/"), "redirect URL"},
		"unknown":     {authorizePath("oauth crm.objects.spaceships.read", ""), "crm.objects.spaceships.read"},
		"left out":    {authorizePath("crm.objects.contacts.read", ""), "leaves out"},
		"not in tier": {authorizePath("oauth crm.objects.leads.read", ""), "Insufficient scopes"},
		"challenge":   {authorizePath("oauth", "", "code_challenge", "short", "code_challenge_method", "S256"), "code challenge"},
	} {
		got := p.form(one.path, url.Values{"decision": {"approve"}})
		require.Equal(t, http.StatusBadRequest, got.status, name)
		require.Contains(t, got.text, one.want, name)
		require.Empty(t, got.header.Get("Location"), name)
	}
	// The same scope is dropped silently when it is optional.
	code := p.consent(authorizePath("oauth", "crm.objects.leads.read crm.objects.deals.read"))
	got := p.form("/oauth/v3/token", with("grant_type", "authorization_code", "code", code, "redirect_uri", callback))
	require.Equal(t, []any{"oauth", "crm.objects.deals.read"}, got.at("scopes"))
}

func TestTokenGenerations(t *testing.T) {
	t.Parallel()
	p := start(t)
	for version, full := range map[string]bool{"v1": false, "v3": true, "2026-03": true, "2026-09": true} {
		code := p.consent(authorizePath("oauth crm.objects.contacts.read", ""))
		got := p.form("/oauth/"+version+"/token", with("grant_type", "authorization_code", "code", code, "redirect_uri", callback))
		require.Equal(t, http.StatusOK, got.status, got.text)
		require.Equal(t, "bearer", got.at("token_type"))
		require.EqualValues(t, 1800, got.at("expires_in"))
		require.True(t, strings.HasPrefix(got.at("refresh_token").(string), "na1-"))
		require.Equal(t, full, got.at("scopes") != nil, "only newer endpoints name the scopes")
		require.Equal(t, full, got.at("hub_id") != nil)

		again := p.form("/oauth/"+version+"/token", with("grant_type", "refresh_token", "refresh_token", got.at("refresh_token").(string)))
		require.Equal(t, http.StatusOK, again.status)
		require.Equal(t, got.at("refresh_token"), again.at("refresh_token"), "it mostly stays the same")
		require.NotEqual(t, got.at("access_token"), again.at("access_token"))
	}
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()
	p := start(t)
	verifier := strings.Repeat("v", 50)
	sum := sha256.Sum256([]byte(verifier))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	used := p.consent(authorizePath("oauth", ""))
	p.form("/oauth/v3/token", with("grant_type", "authorization_code", "code", used, "redirect_uri", callback))
	expired := p.consent(authorizePath("oauth", ""))
	p.clock.Advance(2 * time.Minute)
	fresh := func() string {
		return p.consent(authorizePath("oauth", "", "code_challenge", challenge, "code_challenge_method", "S256"))
	}
	wrongClient, wrongSecret := with("grant_type", "refresh_token"), with("grant_type", "refresh_token")
	wrongClient.Set("client_id", "nobody")
	wrongSecret.Set("client_secret", "guess")
	for name, one := range map[string]struct {
		form         url.Values
		code, status string
	}{
		"client":   {wrongClient, "invalid_client", "BAD_CLIENT_ID"},
		"secret":   {wrongSecret, "invalid_client", "BAD_CLIENT_SECRET"},
		"grant":    {with("grant_type", "password"), "unsupported_grant_type", "BAD_GRANT_TYPE"},
		"reused":   {with("grant_type", "authorization_code", "code", used, "redirect_uri", callback), "invalid_grant", "BAD_AUTH_CODE"},
		"expired":  {with("grant_type", "authorization_code", "code", expired, "redirect_uri", callback), "invalid_grant", "EXPIRED_AUTH_CODE"},
		"redirect": {with("grant_type", "authorization_code", "code", fresh(), "redirect_uri", "http://localhost/"), "invalid_grant", "BAD_REDIRECT_URI"},
		"verifier": {with("grant_type", "authorization_code", "code", fresh(), "redirect_uri", callback, "code_verifier", "no"), "invalid_grant", "BAD_CODE_VERIFIER"},
		"refresh":  {with("grant_type", "refresh_token", "refresh_token", "na1-unknown"), "invalid_grant", "BAD_REFRESH_TOKEN"},
		"scopes":   {with("grant_type", "client_credentials", "scope", "crm.objects.contacts.read"), "invalid_scope", "BAD_SCOPES"},
	} {
		got := p.form("/oauth/2026-09/token", one.form)
		require.Equal(t, http.StatusBadRequest, got.status, name)
		require.Equal(t, []any{one.code, one.status}, []any{got.at("error"), got.at("status")}, name)
		require.Equal(t, got.at("message"), got.at("error_description"), name)
	}
	got := p.form("/oauth/v1/token", with("grant_type", "authorization_code", "code", fresh(), "redirect_uri", callback, "code_verifier", verifier))
	require.Equal(t, http.StatusOK, got.status, got.text)
}

func TestIntrospection(t *testing.T) {
	t.Parallel()
	p := start(t)
	tokens := p.install("oauth crm.objects.contacts.read crm.objects.deals.read")
	access, refresh := tokens.at("access_token").(string), tokens.at("refresh_token").(string)
	p.clock.Advance(11 * time.Second)
	got := p.form("/oauth/2026-09/token/introspect", with("token", access, "token_type_hint", "access_token"))
	require.Equal(t, true, got.at("active"))
	require.EqualValues(t, hubspot.DefaultPortalID, got.at("hub_id"))
	require.EqualValues(t, 1789, got.at("expires_in"))
	require.Equal(t, "access_token", got.at("token_use"))
	require.Equal(t, false, got.at("signed_access_token", "isUserLevel"))
	require.Equal(t, "refresh_token", p.form("/oauth/v3/token/introspect", with("token", refresh)).at("token_use"))

	// A withdrawn scope is gone at once, with the same token.
	p.Controls().SetScope("crm.objects.deals.read", false)
	got = p.form("/oauth/2026-03/token/introspect", with("access_token", access))
	require.Equal(t, []any{"oauth", "crm.objects.contacts.read"}, got.at("scopes"))
	old := p.get("/oauth/v1/access-tokens/" + access)
	require.Equal(t, []any{"oauth", "crm.objects.contacts.read"}, old.at("scopes"))
	require.Equal(t, "access", old.at("token_type"))
	require.Equal(t, "refresh", p.get("/oauth/v1/refresh-tokens/"+refresh).at("token_type"))
	require.Equal(t, 4, p.Controls().Counters().Named["introspections"])

	// Revoking the refresh token leaves the access token alone.
	require.Equal(t, http.StatusOK, p.form("/oauth/2026-09/token/revoke", with("token", refresh)).status)
	require.Equal(t, "BAD_REFRESH_TOKEN", p.form("/oauth/v3/token", with("grant_type", "refresh_token", "refresh_token", refresh)).at("status"))
	require.Equal(t, http.StatusOK, p.get("/account-info/v3/details").status)
	require.Equal(t, false, p.form("/oauth/v3/token/introspect", with("token", refresh)).at("active"))

	// Uninstalling kills it.
	require.Equal(t, http.StatusNoContent, p.do(http.MethodDelete, "/appinstalls/2026-09/external-install", nil).status)
	require.Equal(t, false, p.form("/oauth/v3/token/introspect", with("token", access)).at("active"))
	require.Equal(t, "INVALID_AUTHENTICATION", p.get("/account-info/v3/details").at("category"))
	for _, line := range p.Controls().Journal().After(0) {
		require.NotContains(t, line.Path, access, "no token in the request log")
		require.NotContains(t, line.Path, refresh)
	}
}

func TestRefreshTokenDeletionAndRotation(t *testing.T) {
	t.Parallel()
	p := start(t)
	refresh := p.install("oauth").at("refresh_token").(string)
	require.Equal(t, http.StatusNoContent, p.do(http.MethodDelete, "/oauth/v1/refresh-tokens/"+refresh, nil).status)
	require.Equal(t, http.StatusNotFound, p.do(http.MethodDelete, "/oauth/v1/refresh-tokens/"+refresh, nil).status)

	p.Controls().SetRotation(true)
	first := p.install("oauth").at("refresh_token").(string)
	second := p.form("/oauth/v3/token", with("grant_type", "refresh_token", "refresh_token", first)).at("refresh_token").(string)
	require.NotEqual(t, first, second)
	require.Equal(t, "BAD_REFRESH_TOKEN", p.form("/oauth/v3/token", with("grant_type", "refresh_token", "refresh_token", first)).at("status"))
	require.Equal(t, http.StatusOK, p.form("/oauth/v3/token", with("grant_type", "refresh_token", "refresh_token", second)).status)
	require.Equal(t, 1, p.Controls().Counters().Named["refresh_token_reuses"])
}

func TestAccessTokenEnds(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.install("oauth crm.objects.contacts.read")
	p.clock.Advance(31 * time.Minute)
	got := p.get("/crm/v3/objects/contacts")
	require.Equal(t, http.StatusUnauthorized, got.status)
	require.Equal(t, "EXPIRED_AUTHENTICATION", got.at("category"))
	require.Equal(t, "The OAuth token used to make this call expired 60 second(s) ago.", got.at("message"))
	require.Equal(t, "2026-11-22T09:30:00Z", got.at("context", "expire time", 0))

	p.install("oauth crm.objects.contacts.read")
	require.Equal(t, 1, p.Controls().ExpireAccessTokens())
	require.Equal(t, "EXPIRED_AUTHENTICATION", p.get("/crm/v3/objects/contacts").at("category"))
	p.install("oauth crm.objects.contacts.read")
	require.Positive(t, p.Controls().KillAccessTokens())
	require.Equal(t, "INVALID_AUTHENTICATION", p.get("/crm/v3/objects/contacts").at("category"))
	p.token = ""
	require.Equal(t, "INVALID_AUTHENTICATION", p.get("/crm/v3/objects/contacts").at("category"))
}

func TestPrivateApp(t *testing.T) {
	t.Parallel()
	p := start(t)
	info := p.post("/oauth/v2/private-apps/get/access-token-info", map[string]string{"tokenKey": p.token})
	require.EqualValues(t, hubspot.DefaultPortalID, info.at("hubId"))
	require.Contains(t, info.at("scopes"), "crm.objects.leads.read")
	p.clock.Advance(24 * time.Hour)
	require.Equal(t, http.StatusOK, p.get("/crm/v3/objects/contacts").status, "it does not expire")
	p.Controls().SetScope("crm.objects.contacts.read", false)
	require.Equal(t, http.StatusForbidden, p.get("/crm/v3/objects/contacts").status)
}

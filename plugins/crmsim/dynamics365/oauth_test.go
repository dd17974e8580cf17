package dynamics365_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
)

func (a answer) entra(t testing.TB, status int, word string, code int) {
	t.Helper()
	body := a.json(t, status)
	require.Equal(t, word, body["error"], "%s", a.body)
	require.Equal(t, []any{float64(code)}, body["error_codes"])
	require.Contains(t, body["error_description"], fmt.Sprintf("AADSTS%d: ", code))
	for _, name := range []string{"timestamp", "trace_id", "correlation_id", "error_uri"} {
		require.NotEmpty(t, body[name], name)
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	e := start(t)
	page := e.do(t, http.MethodGet, "/organizations/oauth2/v2.0/authorize?"+authorizeQuery(userScope).Encode(), "", nil)
	require.Equal(t, http.StatusOK, page.status)
	require.Contains(t, string(page.body), "integration.user@")
	denied := e.approve(t, authorizeQuery(userScope), "deny")
	require.Equal(t, "access_denied", denied.Get("error"))
	require.Equal(t, "a state", denied.Get("state"))

	back := e.approve(t, authorizeQuery(userScope), "approve")
	require.Equal(t, "a state", back.Get("state"))
	body := e.token(t, codeForm(back.Get("code"))).json(t, http.StatusOK)
	require.Equal(t, "Bearer", body["token_type"])
	require.InDelta(t, 3599, body["expires_in"], 0)
	s := &session{env: e, access: body["access_token"].(string)}
	s.get(t, "/WhoAmI").json(t, http.StatusOK)

	e.token(t, codeForm(back.Get("code"))).entra(t, http.StatusBadRequest, "invalid_grant", 54005)
	e.token(t, codeForm("nothing")).entra(t, http.StatusBadRequest, "invalid_grant", 70000)
	again := e.approve(t, authorizeQuery(userScope), "approve").Get("code")
	form := codeForm(again)
	form.Set("code_verifier", "wrong")
	e.token(t, form).entra(t, http.StatusBadRequest, "invalid_grant", 501481)

	// A refresh gives a new refresh token each time; the old one stays good.
	first := body["refresh_token"].(string)
	refresh := func(token string) answer {
		return e.token(t, clientForm("refresh_token", url.Values{"refresh_token": {token}, "scope": {userScope}}))
	}
	second := refresh(first).json(t, http.StatusOK)["refresh_token"].(string)
	require.NotEqual(t, first, second)
	refresh(first).json(t, http.StatusOK)
	require.Equal(t, 2, e.Controls().Counters().Named[control.CountTokenRefreshes])

	require.Positive(t, e.Controls().KillAccessTokens())
	unauthorized := s.get(t, "/WhoAmI")
	require.Equal(t, http.StatusUnauthorized, unauthorized.status)
	require.Contains(t, unauthorized.header.Get("WWW-Authenticate"), "resource_id="+dynamics365.DefaultOrgURL+"/")
	s.access = refresh(second).json(t, http.StatusOK)["access_token"].(string)
	s.get(t, "/WhoAmI").json(t, http.StatusOK)

	require.Equal(t, 1, e.Controls().RevokeAuthorizations())
	require.Equal(t, http.StatusUnauthorized, s.get(t, "/WhoAmI").status)
	refresh(second).entra(t, http.StatusBadRequest, "invalid_grant", 50173)
	s = e.login(t)
	e.Controls().ExpireRefreshTokens()
	refresh(s.refresh).entra(t, http.StatusBadRequest, "invalid_grant", 700082)
}

func TestTokenEndpointErrors(t *testing.T) {
	t.Parallel()
	e := start(t)
	app := func(edit func(url.Values)) answer {
		form := clientForm("client_credentials", url.Values{"scope": {dynamics365.DefaultOrgURL + "/.default"}})
		edit(form)
		return e.form(t, "/"+dynamics365.DefaultTenantDomain+"/oauth2/v2.0/token", form)
	}
	set := func(name, value string) func(url.Values) { return func(f url.Values) { f.Set(name, value) } }
	for _, c := range []struct {
		edit   func(url.Values)
		status int
		word   string
		code   int
	}{
		{set("client_id", "other"), http.StatusUnauthorized, "unauthorized_client", 700016},
		{set("client_secret", "wrong"), http.StatusUnauthorized, "invalid_client", 7000215},
		{set("client_secret", ""), http.StatusUnauthorized, "invalid_client", 7000218},
		{set("grant_type", "password"), http.StatusBadRequest, "unsupported_grant_type", 70003},
		{set("scope", dynamics365.DefaultOrgURL+"/user_impersonation"), http.StatusBadRequest, "invalid_scope", 1002012},
		{set("scope", "https://other.crm.dynamics.com/.default"), http.StatusBadRequest, "invalid_resource", 500011},
	} {
		app(c.edit).entra(t, c.status, c.word, c.code)
	}
	for tenant, code := range map[string]int{"unknown.example": 90002, "organizations": 50059, "common": 50059} {
		form := clientForm("client_credentials", url.Values{"scope": {dynamics365.DefaultOrgURL + "/.default"}})
		e.form(t, "/"+tenant+"/oauth2/v2.0/token", form).entra(t, http.StatusBadRequest, "invalid_request", code)
	}

	body := app(func(url.Values) {}).json(t, http.StatusOK)
	require.NotContains(t, body, "refresh_token")
	s := &session{env: e, access: body["access_token"].(string)}
	s.get(t, "/WhoAmI").json(t, http.StatusOK)
	require.Equal(t, http.StatusForbidden, s.get(t, "/api/discovery/v2.0/Instances").status, "apps are not served by discovery")

	e.Controls().SetClientSecret(dynamics365.SecretExpired)
	app(func(url.Values) {}).entra(t, http.StatusUnauthorized, "invalid_client", 7000222)
	e.Controls().SetClientSecret(dynamics365.SecretRotated)
	app(func(url.Values) {}).entra(t, http.StatusUnauthorized, "invalid_client", 7000215)
	e.Controls().SetClientSecret(dynamics365.SecretValid)
	for kind, code := range map[string]int{dynamics365.FaultEntraThrottled: 90015, dynamics365.FaultEntraMFA: 50076} {
		_, err := e.Controls().AddFault(control.Fault{Kind: kind, Times: 1})
		require.NoError(t, err)
		require.Equal(t, []any{float64(code)}, app(func(url.Values) {}).json(t, http.StatusBadRequest)["error_codes"])
	}
	app(func(url.Values) {}).json(t, http.StatusOK)
}

// TestAudience: a token is good for the resource it was asked for and nothing else; without a resource it is Graph's.
func TestAudience(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
	e := start(t, func(c *dynamics365.Config) { c.Clock = clock })
	for scope, want := range map[string]int{
		dynamics365.DefaultOrgURL + "/.default":                   http.StatusOK,
		e.url + "/user_impersonation":                             http.StatusOK,
		"openid offline_access":                                   http.StatusUnauthorized,
		"https://globaldisco.crm.dynamics.com/user_impersonation": http.StatusUnauthorized,
	} {
		code := e.approve(t, authorizeQuery(scope), "approve").Get("code")
		form := codeForm(code)
		form.Set("scope", scope)
		s := &session{env: e, access: e.token(t, form).json(t, http.StatusOK)["access_token"].(string)}
		require.Equal(t, want, s.get(t, "/WhoAmI").status, scope)
	}
	back := e.approve(t, authorizeQuery("https://other.example/.default"), "approve")
	require.Equal(t, "invalid_resource", back.Get("error"))
	s := e.login(t)
	s.get(t, "/WhoAmI").json(t, http.StatusOK)
	clock.Advance(time.Hour + time.Second)
	require.Equal(t, http.StatusUnauthorized, s.get(t, "/WhoAmI").status)
}

func TestConsentPageIsGuarded(t *testing.T) {
	t.Parallel()
	e := start(t)
	path := "/organizations/oauth2/v2.0/authorize?" + authorizeQuery(userScope).Encode()
	a := e.do(t, http.MethodPost, path, "decision=approve", http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"},
	})
	require.Equal(t, http.StatusForbidden, a.status)
	query := authorizeQuery(userScope)
	query.Set("redirect_uri", "https://evil.example/")
	require.Equal(t, http.StatusBadRequest, e.do(t, http.MethodGet, "/organizations/oauth2/v2.0/authorize?"+query.Encode(), "", nil).status)
}

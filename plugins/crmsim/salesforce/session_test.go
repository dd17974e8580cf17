package salesforce_test

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

func (s *session) refresh(t testing.TB, token string) (tokenAnswer, int) {
	t.Helper()
	var tokens tokenAnswer
	a := s.org.form(t, "/services/oauth2/token", refreshForm(token))
	if a.status == http.StatusOK {
		a.json(t, http.StatusOK, &tokens)
	} else {
		require.JSONEq(t, `{"error":"invalid_grant","error_description":"expired access/refresh token"}`, string(a.body))
	}
	return tokens, a.status
}

func TestAccessTokensExpire(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	org := start(t, func(c *salesforce.Config) { c.Clock, c.AccessTokenTTL = clock, time.Hour })
	client := org.login(t)
	require.Equal(t, http.StatusOK, client.get(t, root+"/limits").status)
	clock.Advance(time.Hour + time.Second)
	client.get(t, root+"/limits").fails(t, 401, "INVALID_SESSION_ID", "Session expired or invalid")
	tokens, status := client.refresh(t, client.tokens.RefreshToken)
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, tokens.RefreshToken, "without rotation the refresh token stays")
	client.tokens.AccessToken = tokens.AccessToken
	require.Equal(t, http.StatusOK, client.get(t, root+"/limits").status)
}

func TestKilledTokensCanBeRefreshed(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	require.Equal(t, 1, org.Controls().KillAccessTokens())
	client.get(t, root+"/limits").fails(t, 401, "INVALID_SESSION_ID", "Session expired or invalid")
	_, status := client.refresh(t, client.tokens.RefreshToken)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, 1, org.Controls().Counters().TokenRefreshes)
}

func TestRevokedAuthorizationIsFinal(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	require.Equal(t, 1, org.Controls().RevokeAuthorizations())
	client.get(t, root+"/limits").fails(t, 401, "INVALID_SESSION_ID", "Session expired or invalid")
	_, status := client.refresh(t, client.tokens.RefreshToken)
	require.Equal(t, http.StatusBadRequest, status)
}

func TestRotationReuseRevokesEverything(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.RotateRefreshTokens = true })
	client, bystander := org.login(t), org.login(t)
	first, status := client.refresh(t, client.tokens.RefreshToken)
	require.Equal(t, http.StatusOK, status)
	require.NotEmpty(t, first.RefreshToken)
	require.NotEqual(t, client.tokens.RefreshToken, first.RefreshToken)
	second, status := client.refresh(t, first.RefreshToken)
	require.Equal(t, http.StatusOK, status)

	_, status = client.refresh(t, client.tokens.RefreshToken)
	require.Equal(t, http.StatusBadRequest, status)
	_, status = client.refresh(t, second.RefreshToken)
	require.Equal(t, http.StatusBadRequest, status, "the current token dies with the reused one")
	client.tokens.AccessToken = second.AccessToken
	client.get(t, root+"/limits").fails(t, 401, "INVALID_SESSION_ID", "")
	require.Equal(t, http.StatusOK, bystander.get(t, root+"/limits").status, "other authorizations live on")
	counters := org.Controls().Counters()
	require.Equal(t, []int{2, 1, 1}, []int{counters.TokenRefreshes, counters.RefreshTokenReuses, counters.AuthorizationsRevoked})
}

// TestConcurrentRefreshesUnderRotation: of several refreshes with one token exactly one wins, and because the rest
// reuse a rotated token, the authorization is gone.
func TestConcurrentRefreshesUnderRotation(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.RotateRefreshTokens = true })
	client := org.login(t)
	statuses := make([]int, 8)
	var group sync.WaitGroup
	for i := range statuses {
		group.Go(func() {
			statuses[i] = org.form(t, "/services/oauth2/token", refreshForm(client.tokens.RefreshToken)).status
		})
	}
	group.Wait()
	won := 0
	for _, status := range statuses {
		if status == http.StatusOK {
			won++
		}
	}
	require.Equal(t, 1, won)
	require.Equal(t, 1, org.Controls().Counters().RefreshTokenReuses)
	require.Zero(t, org.Controls().OpenAuthorizations())
}

func TestOldestOfTooManyAuthorizationsIsRevoked(t *testing.T) {
	t.Parallel()
	for limit, firstLives := range map[int]bool{0: false, -1: true} {
		org := start(t, func(c *salesforce.Config) { c.MaxAuthorizations = limit })
		first := org.login(t)
		for range 5 {
			require.Equal(t, http.StatusOK, org.login(t).get(t, root+"/limits").status)
		}
		require.Equal(t, firstLives, first.get(t, root+"/limits").status == http.StatusOK)
	}
}

func TestRevokeEndpoint(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	a := org.form(t, "/services/oauth2/revoke", url.Values{"token": {client.tokens.AccessToken}})
	require.Equal(t, http.StatusOK, a.status)
	require.Empty(t, a.body)
	client.get(t, root+"/limits").fails(t, 401, "INVALID_SESSION_ID", "")
	tokens, status := client.refresh(t, client.tokens.RefreshToken)
	require.Equal(t, http.StatusOK, status, "revoking an access token leaves the authorization")

	client.tokens.AccessToken = tokens.AccessToken
	a = org.do(t, http.MethodGet, "/services/oauth2/revoke?token="+url.QueryEscape(client.tokens.RefreshToken), "", nil)
	require.Equal(t, http.StatusOK, a.status)
	client.get(t, root+"/limits").fails(t, 401, "INVALID_SESSION_ID", "")

	a = org.form(t, "/services/oauth2/revoke", url.Values{"token": {"5Aep861guess"}})
	require.Equal(t, http.StatusBadRequest, a.status)
	body, err := url.ParseQuery(string(a.body))
	require.NoError(t, err)
	require.Equal(t, "invalid_token", body.Get("error"))
}

// TestIntrospection tells good tokens from dead ones, to the app only.
func TestIntrospection(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	ask := func(token string) map[string]any {
		var facts map[string]any
		org.form(t, "/services/oauth2/introspect", url.Values{
			"token": {token}, "client_id": {salesforce.DefaultClientID}, "client_secret": {salesforce.DefaultClientSecret},
		}).json(t, http.StatusOK, &facts)
		return facts
	}
	facts := ask(client.tokens.AccessToken)
	require.Equal(t, true, facts["active"])
	require.Equal(t, "access_token", facts["token_type"])
	require.Equal(t, "api refresh_token id", facts["scope"])
	require.Equal(t, client.tokens.ID, facts["sub"])
	require.Equal(t, "refresh_token", ask(client.tokens.RefreshToken)["token_type"])
	org.Controls().RevokeAuthorizations()
	require.Equal(t, map[string]any{"active": false}, ask(client.tokens.AccessToken))
	require.Equal(t, map[string]any{"active": false}, ask(client.tokens.RefreshToken))
	require.Equal(t, http.StatusBadRequest, org.form(t, "/services/oauth2/introspect", url.Values{"token": {"x"}}).status)
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.Sandbox = true })
	client := org.login(t)
	path := client.tokens.ID[len(org.url):]
	for _, a := range []answer{
		client.get(t, path),
		org.do(t, http.MethodGet, path+"?format=json&oauth_token="+url.QueryEscape(client.tokens.AccessToken), "", nil),
	} {
		var got map[string]any
		a.json(t, http.StatusOK, &got)
		require.Equal(t, client.tokens.ID, got["id"])
		require.Equal(t, "integration.user@northwind-trading.example.uat", got["username"])
		require.Contains(t, got, "organization_id")
		urls, _ := got["urls"].(map[string]any)
		require.Equal(t, org.url+"/services/data/v{version}/", urls["rest"])
	}
	var info map[string]any
	a := client.get(t, "/services/oauth2/userinfo").json(t, http.StatusOK, &info)
	require.Equal(t, client.tokens.ID, info["sub"])
	require.Empty(t, a.header.Get("Sforce-Limit-Info"))

	for path, want := range map[string]string{
		"/services/oauth2/userinfo": "403 Bad_OAuth_Token", path: "403 Bad_OAuth_Token",
	} {
		a := org.do(t, http.MethodGet, path, "", http.Header{"Authorization": {"Bearer nonsense"}})
		require.Equal(t, want, fmt.Sprintf("%d %s", a.status, a.body))
		require.Equal(t, "text/plain", a.header.Get("Content-Type"))
	}
	require.Equal(t, "Wrong_Org", string(client.get(t, "/id/00D000000000001EAA/005000000000001AAA").body))
}

func TestScopesLimitTheSession(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := &session{org: org}
	code := org.approve(t, with(map[string]string{"scope": "id openid"})).Get("code")
	org.form(t, "/services/oauth2/token", codeForm(code)).json(t, http.StatusOK, &client.tokens)
	client.get(t, root+"/limits").fails(t, 401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
	require.Equal(t, http.StatusOK, client.get(t, "/services/oauth2/userinfo").status)
}

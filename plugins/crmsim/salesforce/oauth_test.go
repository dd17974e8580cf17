package salesforce_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// with returns the authorize query with some values changed; an empty value removes the key.
func with(changes map[string]string) url.Values {
	query := authorizeQuery()
	for key, value := range changes {
		if query.Del(key); value != "" {
			query.Set(key, value)
		}
	}
	return query
}

func TestConsentPageNamesAppAndScopes(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.AppName = "An <App>" })
	a := org.do(t, http.MethodGet, "/services/oauth2/authorize?"+authorizeQuery().Encode(), "", nil)
	require.Equal(t, http.StatusOK, a.status)
	page := string(a.body)
	require.Contains(t, page, "An &lt;App&gt;")
	for _, text := range []string{"Manage user data via APIs", "refresh_token", "127.0.0.1:9", "Approve", "Deny"} {
		require.Contains(t, page, text)
	}
	require.Contains(t, a.header.Get("Content-Security-Policy"), "default-src 'none'")
}

func TestAuthorizeErrors(t *testing.T) {
	t.Parallel()
	strict := start(t, func(c *salesforce.Config) {
		c.RequirePKCE, c.RedirectURIs = true, []string{redirectURI, "https://app.example/callback"}
	})
	for name, test := range map[string]struct {
		changes map[string]string
		page    string // shown on the spot, else the error the app gets
		code    string
	}{
		"unknown client":        {map[string]string{"client_id": "other"}, "error=invalid_client_id", ""},
		"unregistered redirect": {map[string]string{"redirect_uri": "http://127.0.0.1:8/callback"}, "error=redirect_uri_mismatch", ""},
		"no redirect":           {map[string]string{"redirect_uri": ""}, "error=redirect_uri_mismatch", ""},
		"response type":         {map[string]string{"response_type": "token"}, "", "unsupported_response_type"},
		"unknown scope":         {map[string]string{"scope": "api everything"}, "", "invalid_scope"},
		"plain challenge":       {map[string]string{"code_challenge_method": "plain"}, "", "invalid_request"},
		"short challenge":       {map[string]string{"code_challenge": "abc"}, "", "invalid_request"},
		"no challenge":          {map[string]string{"code_challenge": "", "code_challenge_method": ""}, "", "invalid_request"},
		"prompt none":           {map[string]string{"prompt": "none"}, "", "immediate_unsuccessful"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				a := strict.do(t, method, "/services/oauth2/authorize?"+with(test.changes).Encode(), "", nil)
				if test.page != "" {
					require.Equal(t, http.StatusBadRequest, a.status)
					require.Empty(t, a.header.Get("Location"), "never redirect to an address nobody registered")
					require.Contains(t, strings.ReplaceAll(string(a.body), "&amp;", "&"), test.page)
					continue
				}
				require.Equal(t, http.StatusFound, a.status, "%s", a.body)
				target, err := url.Parse(a.header.Get("Location"))
				require.NoError(t, err)
				require.Equal(t, test.code, target.Query().Get("error"))
				require.Equal(t, "a state", target.Query().Get("state"))
				require.NotEmpty(t, target.Query().Get("error_description"))
			}
		})
	}
}

func TestLoopbackRedirectsNeedNoRegistration(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	for uri, allowed := range map[string]bool{
		"http://127.0.0.1:1/a": true, "http://localhost:65535/": true, "http://[::1]:8080/cb": true,
		"https://example.com/cb": false, "http://127.0.0.1.example.com/": false, "javascript:alert(1)": false,
		"http://user@127.0.0.1/": false, "http://127.0.0.1/#fragment": false,
	} {
		a := org.do(t, http.MethodGet, "/services/oauth2/authorize?"+with(map[string]string{"redirect_uri": uri}).Encode(), "", nil)
		require.Equal(t, allowed, a.status == http.StatusOK, uri)
	}
}

func TestDenyAndBlocked(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	path := "/services/oauth2/authorize?" + authorizeQuery().Encode()
	denied := org.form(t, path, url.Values{"decision": {"deny"}})
	require.Contains(t, denied.header.Get("Location"), "error=access_denied")
	_, err := org.Controls().AddFault(salesforce.Fault{Kind: salesforce.FaultAppBlocked, Times: 1})
	require.NoError(t, err)
	require.Contains(t, org.do(t, http.MethodGet, path, "", nil).header.Get("Location"), "error=OAUTH_APP_BLOCKED")
	require.Equal(t, http.StatusOK, org.do(t, http.MethodGet, path, "", nil).status)
}

func TestConsentRefusesOtherOrigins(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	a := org.do(t, http.MethodPost, "/services/oauth2/authorize?"+authorizeQuery().Encode(), "decision=approve", http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"https://evil.example"},
	})
	require.Equal(t, http.StatusForbidden, a.status)
}

func TestTokenAnswer(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.Clock = clockwork.NewFakeClockAt(time.UnixMilli(1_780_000_000_123)) })
	tokens := org.login(t).tokens
	require.Equal(t, org.url, tokens.InstanceURL)
	require.Regexp(t, `^`+org.url+`/id/00D[0-9A-Za-z]{15}/005[0-9A-Za-z]{15}$`, tokens.ID)
	require.Regexp(t, `^00D[0-9A-Za-z]{12}!`, tokens.AccessToken)
	require.Equal(t, "Bearer", tokens.TokenType)
	require.Equal(t, "1780000000123", tokens.IssuedAt)
	require.Equal(t, "api refresh_token id", tokens.Scope)
	require.NotEmpty(t, tokens.Signature)
}

func TestNoRefreshTokenWithoutItsScope(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	var tokens tokenAnswer
	code := org.approve(t, with(map[string]string{"scope": "api id"})).Get("code")
	org.form(t, "/services/oauth2/token", codeForm(code)).json(t, http.StatusOK, &tokens)
	require.Empty(t, tokens.RefreshToken)
}

// changed returns a form with one value replaced, or removed when empty.
func changed(form url.Values, key, value string) url.Values {
	if form.Del(key); value != "" {
		form.Set(key, value)
	}
	return form
}

func TestTokenErrors(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	fresh := func(t *testing.T) url.Values { return codeForm(org.approve(t, authorizeQuery()).Get("code")) }
	for name, test := range map[string]struct {
		form func(*testing.T) url.Values
		code string
		text string
	}{
		"wrong client": {
			func(t *testing.T) url.Values { return changed(fresh(t), "client_id", "other") },
			"invalid_client_id", "client identifier invalid",
		},
		"wrong secret": {
			func(t *testing.T) url.Values { return changed(fresh(t), "client_secret", "guess") },
			"invalid_client", "invalid client credentials",
		},
		"no secret": {
			func(t *testing.T) url.Values { return changed(fresh(t), "client_secret", "") },
			"invalid_client", "invalid client credentials",
		},
		"unknown code": {
			func(*testing.T) url.Values { return codeForm("aPrxGuess") },
			"invalid_grant", "invalid authorization code",
		},
		"wrong verifier": {
			func(t *testing.T) url.Values { return changed(fresh(t), "code_verifier", strings.Repeat("x", 43)) },
			"invalid_grant", "invalid code verifier",
		},
		"no verifier": {
			func(t *testing.T) url.Values { return changed(fresh(t), "code_verifier", "") },
			"invalid_grant", "invalid code verifier",
		},
		"other redirect": {
			func(t *testing.T) url.Values { return changed(fresh(t), "redirect_uri", "http://127.0.0.1:9/other") },
			"redirect_uri_mismatch", "redirect_uri must match configuration",
		},
		"unknown refresh token": {
			func(*testing.T) url.Values { return refreshForm("5Aep861guess") },
			"invalid_grant", "expired access/refresh token",
		},
		"grant type": {
			func(t *testing.T) url.Values { return changed(fresh(t), "grant_type", "password") },
			"unsupported_grant_type", "grant type not supported",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got map[string]string
			org.form(t, "/services/oauth2/token", test.form(t)).json(t, http.StatusBadRequest, &got)
			require.Equal(t, map[string]string{"error": test.code, "error_description": test.text}, got)
		})
	}
}

func TestCodeWorksOnceAndExpires(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	org := start(t, func(c *salesforce.Config) { c.Clock = clock })
	code := org.approve(t, authorizeQuery()).Get("code")
	require.Equal(t, http.StatusOK, org.form(t, "/services/oauth2/token", codeForm(code)).status)
	require.Contains(t, string(org.form(t, "/services/oauth2/token", codeForm(code)).body), "expired authorization code")

	code = org.approve(t, authorizeQuery()).Get("code")
	clock.Advance(15*time.Minute + time.Second)
	require.Contains(t, string(org.form(t, "/services/oauth2/token", codeForm(code)).body), "expired authorization code")
}

// TestChallengeWithoutMethod is how jsforce asks; its verifier is longer than the standard allows.
func TestChallengeWithoutMethod(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	code := org.approve(t, with(map[string]string{"code_challenge_method": ""})).Get("code")
	require.Equal(t, http.StatusOK, org.form(t, "/services/oauth2/token", codeForm(code)).status)
}

func TestClientMayUseBasicCredentials(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.ClientID, c.ClientSecret = "key+1", "s&cret" })
	code := org.approve(t, with(map[string]string{"client_id": "key+1"})).Get("code")
	form := codeForm(code)
	form.Del("client_id")
	form.Del("client_secret")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, org.url+"/services/oauth2/token",
		strings.NewReader(form.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(url.QueryEscape("key+1"), url.QueryEscape("s&cret"))
	response, err := org.http.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}

package e2e

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/server"
)

// partnerSite is a site of the operator's whose pages may use the API.
const partnerSite = "https://portal.example.com"

// withIdentityProvider lets people of a real OIDC provider sign in.
func withIdentityProvider(t *testing.T) (*mockoidc.MockOIDC, func(*server.Config)) {
	t.Helper()
	idp, err := mockoidc.NewServer(nil)
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, idp.Start(listener, nil))
	t.Cleanup(func() { require.NoError(t, idp.Shutdown()) })
	return idp, func(c *server.Config) {
		path := filepath.Join(c.DataDir, "oidc-secret")
		require.NoError(t, os.WriteFile(path, []byte(idp.ClientSecret), 0o600))
		c.SignIn.OIDC = server.OIDCConfig{Issuer: idp.Issuer(), ClientID: idp.ClientID, ClientSecret: "file:" + path}
		c.AllowedOrigins = []string{partnerSite}
		c.RateLimits.SignInPerMinute = 1000
	}
}

// TestPeopleSignIn: the first owner by the link of the first start, then by the
// operator's identity provider; with the session's cookie the browser asks GraphQL and
// follows a subscription, which ends when the person signs out.
func TestPeopleSignIn(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		idp, configure := withIdentityProvider(t)
		s := newSite(t, url, siteOptions{config: configure})
		ownerByLink(t, s)
		ownerByIdentityProvider(t, s, idp)
		foreignPages(t, s, idp)
		strangersStayOut(t, s, idp)
	})
}

func newBrowser(t *testing.T) *drive.Browser {
	t.Helper()
	browser, err := drive.NewBrowser()
	require.NoError(t, err)
	return browser
}

func open(t *testing.T, browser *drive.Browser, address string) drive.Page {
	t.Helper()
	page, err := browser.Open(within(t), address)
	require.NoError(t, err)
	return page
}

// viewer is whoever a client acts as.
func viewer(t *testing.T, client drive.Client) (name, role, email string) {
	t.Helper()
	var answer struct {
		Viewer struct {
			Name, Role string
			Member     *struct{ Email string }
		}
	}
	require.NoError(t, client.Do(within(t), `{ viewer { name role kind scopes member { email } workspace { name feedCursor } } workspaces { totalCount edges { node { name feedCursor } } } }`, nil, &answer))
	if answer.Viewer.Member != nil {
		email = answer.Viewer.Member.Email
	}
	return answer.Viewer.Name, answer.Viewer.Role, email
}

// signsOut follows a subscription with the browser's cookie and asserts that signing
// out ends it.
func signsOut(t *testing.T, s *site, browser *drive.Browser) {
	t.Helper()
	client := browser.Client(s.URL() + "/graphql")
	live, err := client.Subscribe(within(t), `subscription { alertEvents { cursor } }`, nil)
	require.NoError(t, err)
	defer live.Close()
	page := open(t, browser, s.URL()+"/signin")
	require.Contains(t, page.Body, "Signed in")
	page, err = browser.Submit(within(t), page, nil)
	require.NoError(t, err)
	require.Equal(t, "/signin", page.URL.Path)
	require.NotContains(t, page.Body, "Sign out")
	require.ErrorContains(t, live.Next(within(t), nil), "the credential has ended")
	answer, err := client.Post(within(t), `{ viewer { name } }`, nil)
	require.NoError(t, err)
	require.Equal(t, "UNAUTHENTICATED", answer.Errors[0].Code())
	_, err = client.Subscribe(within(t), `subscription { alertEvents { cursor } }`, nil)
	require.ErrorContains(t, err, "a bearer token is required")
}

func ownerByLink(t *testing.T, s *site) {
	t.Helper()
	link, err := s.FirstOwnerLink(t.Context())
	require.NoError(t, err)
	open(t, newBrowser(t), link) // a mail scanner looks first
	browser := newBrowser(t)
	page := open(t, browser, link)
	require.Contains(t, page.Body, "Become the owner")
	page, err = browser.Submit(within(t), page, url.Values{"name": {"Jane Doe"}, "email": {"Jane.Doe@example.com"}})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, page.Status, page.Body)
	require.Equal(t, "/", page.URL.Path)
	name, role, email := viewer(t, browser.Client(s.URL()+"/graphql"))
	require.Equal(t, []string{"Jane Doe", "OWNER", "jane.doe@example.com"}, []string{name, role, email})
	again := open(t, newBrowser(t), link)
	require.Contains(t, again.Body, "SIGN_IN_LINK_INVALID")
	signsOut(t, s, browser)

	// The operator can let her in again, over the admin socket.
	made, err := drive.NewAdmin(s.config.DataDir).SignInLink(within(t), "jane.doe@example.com")
	require.NoError(t, err)
	page = open(t, browser, made.URL)
	_, err = browser.Submit(within(t), page, nil)
	require.NoError(t, err)
	_, role, _ = viewer(t, browser.Client(s.URL()+"/graphql"))
	require.Equal(t, "OWNER", role)
	_, err = drive.NewAdmin(s.config.DataDir).SignInLink(within(t), "")
	require.ErrorContains(t, err, "CONFLICT")
}

func ownerByIdentityProvider(t *testing.T, s *site, idp *mockoidc.MockOIDC) {
	t.Helper()
	idp.QueueUser(mockoidc.DefaultUser()) // jane.doe@example.com
	browser := newBrowser(t)
	require.Contains(t, open(t, browser, s.URL()+"/signin").Body, "/signin/oidc")
	page := open(t, browser, s.URL()+"/signin/oidc?return=//evil.example/")
	require.Equal(t, http.StatusOK, page.Status, page.Body)
	require.Equal(t, strings.TrimPrefix(s.URL(), "http://"), page.URL.Host, "never sent elsewhere")
	_, role, email := viewer(t, browser.Client(s.URL()+"/graphql"))
	require.Equal(t, []string{"OWNER", "jane.doe@example.com"}, []string{role, email})
	signsOut(t, s, browser)
}

// foreignPages: what a page of another site makes the browser send is refused.
func foreignPages(t *testing.T, s *site, idp *mockoidc.MockOIDC) {
	t.Helper()
	idp.QueueUser(mockoidc.DefaultUser())
	browser := newBrowser(t)
	open(t, browser, s.URL()+"/signin/oidc")
	send := func(method, path, origin string, headers ...string) *http.Response {
		t.Helper()
		request, err := http.NewRequestWithContext(within(t), method, s.URL()+path, strings.NewReader(`{"query":"{ viewer { name } }"}`))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Origin", origin)
		for i := 0; i < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
		}
		answer, err := browser.Do(request)
		require.NoError(t, err)
		t.Cleanup(func() { _ = answer.Body.Close() })
		return answer
	}
	socket := []string{"Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}
	for _, origin := range []string{"https://evil.example", "null", partnerSite + ".evil.example"} {
		require.Equal(t, http.StatusForbidden, send(http.MethodPost, "/graphql", origin).StatusCode, origin)
		require.Equal(t, http.StatusForbidden, send(http.MethodGet, "/graphql", origin, socket...).StatusCode, origin)
		require.Equal(t, http.StatusForbidden, send(http.MethodPost, "/signout", origin).StatusCode, origin)
		preflight := send(http.MethodOptions, "/graphql", origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")
		require.Empty(t, preflight.Header.Get("Access-Control-Allow-Origin"), origin)
	}
	allowed := send(http.MethodPost, "/graphql", partnerSite, "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusOK, allowed.StatusCode)
	require.Equal(t, partnerSite, allowed.Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "true", allowed.Header.Get("Access-Control-Allow-Credentials"))
	preflight := send(http.MethodOptions, "/graphql", partnerSite,
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type,fieldwarden-workspace")
	require.Equal(t, partnerSite, preflight.Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, http.StatusSwitchingProtocols, send(http.MethodGet, "/graphql", s.URL(), socket...).StatusCode)
	_, role, _ := viewer(t, browser.Client(s.URL()+"/graphql"))
	require.Equal(t, "OWNER", role, "still signed in")
}

func strangersStayOut(t *testing.T, s *site, idp *mockoidc.MockOIDC) {
	t.Helper()
	idp.QueueUser(&mockoidc.MockUser{Subject: "stranger", Email: "eve@example.com", EmailVerified: true})
	browser := newBrowser(t)
	page := open(t, browser, s.URL()+"/signin/oidc")
	require.Equal(t, http.StatusForbidden, page.Status)
	require.Contains(t, page.Body, "SIGN_IN_REFUSED")
	forged := open(t, browser, s.URL()+"/signin/oidc/callback?state=x&code=y")
	require.Equal(t, http.StatusBadRequest, forged.Status)
	require.Contains(t, forged.Body, "SIGN_IN_FAILED")
}

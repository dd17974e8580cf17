package server

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// newTestGuard makes a guard over an empty store.
func newTestGuard(t *testing.T, config Config) (*guard, *auth.Service, *clockwork.FakeClock) {
	t.Helper()
	clock := clockwork.NewFakeClockAt(storetest.Start())
	s := storetest.Open(t, storetest.SQLiteURL(t), clock)
	service, err := auth.New(auth.Config{Store: s, Logger: slog.New(slog.DiscardHandler), PublicURL: config.PublicURL})
	require.NoError(t, err)
	g, err := newGuard(config.filled(), service, clock.Now)
	require.NoError(t, err)
	return g, service, clock
}

// through sends requests through a chain whose end tells the client address.
func through(chain []func(http.Handler) http.Handler) http.Handler {
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(principal.OriginFrom(r.Context()).Address))
	})
	for _, link := range slices.Backward(chain) {
		handler = link(handler)
	}
	return handler
}

func TestEachPrincipalIsBounded(t *testing.T) {
	t.Parallel()
	g, service, clock := newTestGuard(t, Config{PublicURL: "https://fw.example.com", RateLimits: RateLimitConfig{PerPrincipalPerSecond: 1, Burst: 3}})
	workspace, err := service.EnsureWorkspace(t.Context(), auth.WorkspaceInput{Name: "W", Edition: "CORE", PackageKey: "p", TimeZone: "UTC"})
	require.NoError(t, err)
	token := func(name string) string {
		issued, err := service.Issue(principal.System(t.Context(), workspace.ID, "test"), auth.IssueInput{WorkspaceID: workspace.ID, Name: name, Role: principal.RoleViewer})
		require.NoError(t, err)
		return issued.Token.Reveal()
	}
	handler := through(g.api(auth.InterfaceGraphQL))
	send := func(token string) *httptest.ResponseRecorder {
		request := httptest.NewRequest(http.MethodPost, "/graphql", nil)
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		return answer
	}
	first, second := token("first"), token("second")
	for range 3 {
		require.Equal(t, http.StatusOK, send(first).Code)
		require.Equal(t, http.StatusOK, send("").Code)
	}
	refused := send(first)
	require.Equal(t, http.StatusTooManyRequests, refused.Code)
	require.Equal(t, "1", refused.Header().Get("Retry-After"))
	var answer struct {
		Errors []struct{ Extensions struct{ Code string } }
	}
	require.NoError(t, json.Unmarshal(refused.Body.Bytes(), &answer))
	require.Equal(t, "TOO_MANY_REQUESTS", answer.Errors[0].Extensions.Code)
	require.Equal(t, http.StatusTooManyRequests, send("").Code, "who presents nothing is bounded by address")
	require.Equal(t, http.StatusOK, send(second).Code, "others are not affected")
	clock.Advance(time.Second)
	require.Equal(t, http.StatusOK, send(first).Code)
}

func TestSignInsAreBoundedByAddress(t *testing.T) {
	t.Parallel()
	g, _, clock := newTestGuard(t, Config{PublicURL: "https://fw.example.com", TrustedProxies: []string{"10.0.0.0/8"}})
	handler := through(g.pages())
	send := func(client string) int {
		request := httptest.NewRequest(http.MethodGet, "/signin", nil)
		request.RemoteAddr = "10.0.0.1:1000"
		request.Header.Set("X-Forwarded-For", client)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		return answer.Code
	}
	for range 20 {
		require.Equal(t, http.StatusOK, send("192.0.2.1"))
	}
	require.Equal(t, http.StatusTooManyRequests, send("192.0.2.1"))
	require.Equal(t, http.StatusTooManyRequests, send("192.0.2.99, 192.0.2.1"), "what the client itself writes does not count")
	require.Equal(t, http.StatusOK, send("192.0.2.2"))
	clock.Advance(3 * time.Second)
	require.Equal(t, http.StatusOK, send("192.0.2.1"))
}

func TestTheClientsAddress(t *testing.T) {
	t.Parallel()
	g := &guard{}
	var err error
	g.proxies, err = parseProxies([]string{"10.0.0.0/8", "fd00::/8"})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"directly":                  {"192.0.2.1:5", nil, "192.0.2.1"},
		"a liar":                    {"192.0.2.1:5", []string{"198.51.100.1"}, "192.0.2.1"},
		"through a proxy":           {"10.1.1.1:5", []string{"192.0.2.1"}, "192.0.2.1"},
		"through two":               {"10.1.1.1:5", []string{"192.0.2.1, 10.2.2.2"}, "192.0.2.1"},
		"two headers":               {"10.1.1.1:5", []string{"192.0.2.1", "10.2.2.2"}, "192.0.2.1"},
		"a liar through a proxy":    {"10.1.1.1:5", []string{"198.51.100.1, 192.0.2.1"}, "192.0.2.1"},
		"nonsense through a proxy":  {"10.1.1.1:5", []string{"<script>"}, "10.1.1.1"},
		"nothing through a proxy":   {"10.1.1.1:5", nil, "10.1.1.1"},
		"IPv6":                      {"[2001:db8::1]:5", nil, "2001:db8::1"},
		"IPv6 proxy":                {"[fd00::1]:5", []string{"2001:db8::1"}, "2001:db8::1"},
		"IPv4 in IPv6":              {"[::ffff:10.1.1.1]:5", []string{"192.0.2.1"}, "192.0.2.1"},
		"a socket without address":  {"@", nil, ""},
		"only proxies on the way":   {"10.1.1.1:5", []string{"10.3.3.3"}, "10.3.3.3"},
		"an address with a zone":    {"[fe80::1%eth0]:5", nil, "fe80::1"},
		"an empty forwarded header": {"10.1.1.1:5", []string{""}, "10.1.1.1"},
	} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.RemoteAddr, request.Header["X-Forwarded-For"] = c.remote, c.forwarded
		require.Equal(t, c.want, g.clientAddress(request), name)
	}
}

func TestOriginsThatWouldLetEverybodyIn(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{"*", "https://*", "http://*", "*.*", "", "[", "https://*.*", "h*"} {
		_, err := parseOrigins([]string{pattern})
		require.Equal(t, fault.ConfigInvalid, fault.CodeOf(err), pattern)
	}
	allowed, err := parseOrigins([]string{"https://app.example.com", "https://*.example.org", "localhost:*"})
	require.NoError(t, err)
	for origin, want := range map[string]bool{
		"https://app.example.com": true, "https://APP.example.com": true, "https://a.example.org": true, "http://localhost:3000": true,
		"http://app.example.com": false, "https://app.example.com.evil.example": false, "https://example.org": false, "null": false, "": false,
		"https://app.example.com:8443": false, "https://evil.example/https://app.example.com": false,
	} {
		require.Equal(t, want, allowed.allow(origin), origin)
	}
	for _, bad := range []RateLimitConfig{{Burst: -1}, {PerPrincipalPerSecond: -1}, {SignInPerMinute: -1}} {
		err := bad.check()
		require.Equal(t, fault.ConfigInvalid, fault.CodeOf(err))
	}
	_, err = parseProxies([]string{"10.0.0.1"})
	require.Equal(t, fault.ConfigInvalid, fault.CodeOf(err))
}

// TestCookiesUnderHTTPS can be set by this host alone, and are not readable by scripts.
func TestCookiesUnderHTTPS(t *testing.T) {
	t.Parallel()
	for url, name := range map[string]string{"https://fw.example.com": "__Host-fieldwarden_session", "http://127.0.0.1:8080": "fieldwarden_session"} {
		_, service, clock := newTestGuard(t, Config{PublicURL: url})
		cookie := service.SessionCookie(auth.SignedIn{Cookie: "s", ExpiresAt: clock.Now().Add(time.Hour)})
		require.Equal(t, name, cookie.Name)
		require.Equal(t, url[:5] == "https", cookie.Secure)
		require.True(t, cookie.HttpOnly)
		require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
		require.Equal(t, "/", cookie.Path)
		require.Empty(t, cookie.Domain)
		require.Equal(t, 3600, cookie.MaxAge)
		require.Equal(t, -1, service.EndedCookie().MaxAge)
	}
}

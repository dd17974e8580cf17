package hubspot_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/hubspot"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// callback is a redirect URI that is never followed.
const callback = "http://localhost:8080/callback"

// portalUnderTest is a simulator with a client.
type portalUnderTest struct {
	*hubspot.Simulator
	t     *testing.T
	url   string
	clock *clockwork.FakeClock
	token string // sent as bearer
}

// start serves a small portal without rate limits on a fake clock; the private app's token is sent.
func start(t *testing.T, change ...func(*hubspot.Config)) *portalUnderTest {
	t.Helper()
	clock := clockwork.NewFakeClockAt(time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC))
	config := hubspot.Config{
		Clock: clock, Limits: hubspot.Limits{TenSecondly: -1, Search: -1, Daily: -1},
		Records: world.Size{Companies: 40, People: 120, Leads: 30, Deals: 50, Users: 12, Teams: 2, Activities: 100},
	}
	for _, one := range change {
		one(&config)
	}
	sim, err := hubspot.New(config)
	require.NoError(t, err)
	return &portalUnderTest{
		Simulator: sim, t: t, url: serve(t, sim.Handler()), clock: clock, token: hubspot.DefaultPrivateAppToken,
	}
}

// answer is a response that was read.
type answer struct {
	status int
	header http.Header
	text   string
	json   map[string]any
}

// at follows keys and indexes into the body.
func (a answer) at(path ...any) any {
	var value any = a.json
	for _, step := range path {
		switch key := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[key]
		case int:
			list, _ := value.([]any)
			if key >= len(list) {
				return nil
			}
			value = list[key]
		}
	}
	return value
}

func (a answer) list(path ...any) []any {
	list, _ := a.at(path...).([]any)
	return list
}

// do sends a request with a JSON body, or none, and the bearer token.
func (p *portalUnderTest) do(method, path string, body any) answer {
	p.t.Helper()
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		require.NoError(p.t, err)
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, reader)
	require.NoError(p.t, err)
	request.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	return p.send(request)
}

func (p *portalUnderTest) send(request *http.Request) answer {
	p.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	require.NoError(p.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	got := answer{status: response.StatusCode, header: response.Header, text: string(text)}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") {
		require.NoError(p.t, json.Unmarshal(text, &got.json), got.text)
	}
	return got
}

func (p *portalUnderTest) get(path string) answer {
	p.t.Helper()
	return p.do(http.MethodGet, path, nil)
}

func (p *portalUnderTest) post(path string, body any) answer {
	p.t.Helper()
	return p.do(http.MethodPost, path, body)
}

// form posts a form without a token.
func (p *portalUnderTest) form(path string, values url.Values) answer {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+path, strings.NewReader(values.Encode()))
	require.NoError(p.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.send(request)
}

func credentials() url.Values {
	return url.Values{"client_id": {hubspot.DefaultClientID}, "client_secret": {hubspot.DefaultClientSecret}}
}

// with adds values to the app's credentials.
func with(pairs ...string) url.Values {
	values := credentials()
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values
}

func authorizePath(scopes, optional string, more ...string) string {
	query := url.Values{
		"client_id": {hubspot.DefaultClientID}, "redirect_uri": {callback}, "scope": {scopes}, "state": {"xyz"},
	}
	if optional != "" {
		query.Set("optional_scope", optional)
	}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	return "/oauth/authorize?" + query.Encode()
}

// consent approves an authorization request and gives the code.
func (p *portalUnderTest) consent(path string) string {
	p.t.Helper()
	got := p.form(path, url.Values{"decision": {"approve"}})
	require.Equal(p.t, http.StatusFound, got.status, got.text)
	target, err := url.Parse(got.header.Get("Location"))
	require.NoError(p.t, err)
	require.Equal(p.t, "xyz", target.Query().Get("state"))
	require.NotEmpty(p.t, target.Query().Get("code"))
	return target.Query().Get("code")
}

// install goes through consent and the token endpoint, and sends the access token from then on.
func (p *portalUnderTest) install(scopes string) answer {
	p.t.Helper()
	code := p.consent(authorizePath(scopes, ""))
	got := p.form("/oauth/2026-09/token", with("grant_type", "authorization_code", "code", code, "redirect_uri", callback))
	require.Equal(p.t, http.StatusOK, got.status, got.text)
	p.token, _ = got.at("access_token").(string)
	return got
}

// serve serves a handler for the rest of the test.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

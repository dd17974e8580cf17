package dynamics365_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

const (
	root        = "/api/data/v9.2"
	redirectURI = "http://127.0.0.1:9/callback"
	verifier    = "a-verifier-of-at-least-forty-three-characters-length"
)

// small is an environment that tests can count.
func small() world.Size {
	return world.Size{Companies: 40, People: 120, Leads: 30, Deals: 30, Users: 12, Teams: 3, Roles: 4, Activities: 60}
}

// env is a running simulator.
type env struct {
	*dynamics365.Simulator
	url  string
	http *http.Client
}

func start(t testing.TB, edits ...func(*dynamics365.Config)) *env {
	t.Helper()
	config := dynamics365.Config{Seed: 7, Records: small()}
	for _, edit := range edits {
		edit(&config)
	}
	sim, err := dynamics365.New(config)
	require.NoError(t, err)
	server := httptest.NewServer(sim.Handler())
	t.Cleanup(server.Close)
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &env{sim, server.URL, client}
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// json decodes an answer of the expected status.
func (a answer) json(t testing.TB, status int) map[string]any {
	t.Helper()
	require.Equal(t, status, a.status, "%s", a.body)
	var value map[string]any
	require.NoError(t, json.Unmarshal(a.body, &value), "%s", a.body)
	return value
}

// fails checks status and code of an error, and a part of its message.
func (a answer) fails(t testing.TB, status int, code, message string) {
	t.Helper()
	body := a.json(t, status)
	failed, _ := body["error"].(map[string]any)
	require.Equal(t, code, failed["code"], "%s", a.body)
	require.Contains(t, failed["message"], message)
}

func (e *env) try(t testing.TB, method, path, body string, header http.Header) (answer, error) {
	t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = e.url + path
	}
	request, err := http.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	require.NoError(t, err)
	maps.Copy(request.Header, header)
	response, err := e.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, text}, err
}

func (e *env) do(t testing.TB, method, path, body string, header http.Header) answer {
	t.Helper()
	a, err := e.try(t, method, path, body, header)
	require.NoError(t, err)
	return a
}

func (e *env) form(t testing.TB, path string, values url.Values) answer {
	t.Helper()
	return e.do(t, http.MethodPost, path, values.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
}

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func authorizeQuery(scope string) url.Values {
	return url.Values{
		"response_type": {"code"}, "client_id": {dynamics365.DefaultClientID}, "redirect_uri": {redirectURI},
		"scope": {scope}, "state": {"a state"}, "code_challenge": {challenge()}, "code_challenge_method": {"S256"},
	}
}

const userScope = dynamics365.DefaultOrgURL + "/user_impersonation offline_access openid"

// approve goes through the consent page and returns the query of the redirect to the app.
func (e *env) approve(t testing.TB, query url.Values, decision string) url.Values {
	t.Helper()
	a := e.form(t, "/organizations/oauth2/v2.0/authorize?"+query.Encode(), url.Values{"decision": {decision}})
	require.Equal(t, http.StatusFound, a.status, "%s", a.body)
	target, err := url.Parse(a.header.Get("Location"))
	require.NoError(t, err)
	return target.Query()
}

func clientForm(grant string, more url.Values) url.Values {
	form := url.Values{
		"grant_type": {grant}, "client_id": {dynamics365.DefaultClientID}, "client_secret": {dynamics365.DefaultClientSecret},
	}
	maps.Copy(form, more)
	return form
}

func codeForm(code string) url.Values {
	return clientForm("authorization_code", url.Values{
		"code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}, "scope": {userScope},
	})
}

func (e *env) token(t testing.TB, form url.Values) answer {
	t.Helper()
	return e.form(t, "/organizations/oauth2/v2.0/token", form)
}

// session is a signed-in client.
type session struct {
	*env
	access, refresh string
}

func (e *env) login(t testing.TB) *session {
	t.Helper()
	code := e.approve(t, authorizeQuery(userScope), "approve").Get("code")
	body := e.token(t, codeForm(code)).json(t, http.StatusOK)
	return &session{e, body["access_token"].(string), body["refresh_token"].(string)}
}

func (s *session) header(pairs ...string) http.Header {
	header := http.Header{"Authorization": {"Bearer " + s.access}, "Accept": {"application/json"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		header.Set(pairs[i], pairs[i+1])
	}
	return header
}

func (s *session) get(t testing.TB, path string, header ...string) answer {
	t.Helper()
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "/api") {
		path = root + path
	}
	return s.do(t, http.MethodGet, path, "", s.header(header...))
}

func (s *session) send(t testing.TB, method, path, body string, header ...string) answer {
	t.Helper()
	return s.do(t, method, root+path, body, s.header(append([]string{"Content-Type", "application/json"}, header...)...))
}

// rows reads one page.
func (s *session) rows(t testing.TB, path string, header ...string) []map[string]any {
	t.Helper()
	return values(s.get(t, path, header...).json(t, http.StatusOK))
}

func values(body map[string]any) []map[string]any {
	list, _ := body["value"].([]any)
	rows := make([]map[string]any, len(list))
	for i, entry := range list {
		rows[i], _ = entry.(map[string]any)
	}
	return rows
}

// all follows every nextLink.
func (s *session) all(t testing.TB, path string, header ...string) (rows []map[string]any, last map[string]any) {
	t.Helper()
	for path != "" {
		last = s.get(t, path, header...).json(t, http.StatusOK)
		rows = append(rows, values(last)...)
		path, _ = last["@odata.nextLink"].(string)
	}
	return rows, last
}

func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

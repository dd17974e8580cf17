package salesforce_test

import (
	"bytes"
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

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

const (
	redirectURI = "http://127.0.0.1:9/callback"
	verifier    = "a-verifier-of-at-least-forty-three-characters-0123456789"
	root        = "/services/data/v66.0"
)

// org is a running simulator seen from outside.
type org struct {
	*salesforce.Simulator
	url  string
	http *http.Client
}

// start serves a simulator for the length of a test. change may adjust the configuration.
func start(t testing.TB, change func(*salesforce.Config)) *org {
	t.Helper()
	config := salesforce.Config{Records: map[string]int{
		"Account": 50, "Contact": 120, "Lead": 80, "Opportunity": 60, "User": 8,
	}}
	if change != nil {
		change(&config)
	}
	simulator, err := salesforce.New(config)
	require.NoError(t, err)
	server := httptest.NewServer(simulator.Handler())
	t.Cleanup(server.Close)
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &org{simulator, server.URL, client}
}

// answer is a response with its whole body.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) json(t testing.TB, status int, into any) answer {
	t.Helper()
	require.Equal(t, status, a.status, "%s", a.body)
	require.NoError(t, json.Unmarshal(a.body, into), "%s", a.body)
	return a
}

// fails checks status, error code and message of a data API error.
func (a answer) fails(t testing.TB, status int, code, message string) {
	t.Helper()
	var errors []struct{ Message, ErrorCode string }
	a.json(t, status, &errors)
	require.Len(t, errors, 1)
	require.Equal(t, code, errors[0].ErrorCode)
	require.Contains(t, errors[0].Message, message)
}

func (o *org) do(t testing.TB, method, path, body string, header http.Header) answer {
	t.Helper()
	a, err := o.try(t, method, path, body, header)
	require.NoError(t, err)
	return a
}

// try is do for requests that may break.
func (o *org) try(t testing.TB, method, path, body string, header http.Header) (answer, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, o.url+path, strings.NewReader(body))
	require.NoError(t, err)
	maps.Copy(request.Header, header)
	response, err := o.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, text}, err
}

func (o *org) form(t testing.TB, path string, values url.Values) answer {
	t.Helper()
	return o.do(t, http.MethodPost, path, values.Encode(),
		http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
}

// control uses the control API.
func (o *org) control(t testing.TB, method, path string, body any) answer {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	return o.do(t, method, "/sim/api/salesforce"+path, string(text), http.Header{"Content-Type": {"application/json"}})
}

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func authorizeQuery() url.Values {
	return url.Values{
		"response_type": {"code"}, "client_id": {salesforce.DefaultClientID}, "redirect_uri": {redirectURI},
		"scope": {"api refresh_token id"}, "state": {"a state"}, "code_challenge": {challenge()},
		"code_challenge_method": {"S256"},
	}
}

// approve goes through the consent page and returns the query of the redirect to the app.
func (o *org) approve(t testing.TB, query url.Values) url.Values {
	t.Helper()
	a := o.form(t, "/services/oauth2/authorize?"+query.Encode(), url.Values{"decision": {"approve"}})
	require.Equal(t, http.StatusFound, a.status, "%s", a.body)
	target, err := url.Parse(a.header.Get("Location"))
	require.NoError(t, err)
	return target.Query()
}

type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	Signature    string `json:"signature"`
	Scope        string `json:"scope"`
	InstanceURL  string `json:"instance_url"`
	ID           string `json:"id"`
	TokenType    string `json:"token_type"`
	IssuedAt     string `json:"issued_at"`
}

func codeForm(code string) url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI},
		"client_id": {salesforce.DefaultClientID}, "client_secret": {salesforce.DefaultClientSecret},
		"code_verifier": {verifier},
	}
}

func refreshForm(token string) url.Values {
	return url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {salesforce.DefaultClientID},
		"client_secret": {salesforce.DefaultClientSecret},
	}
}

// session is a signed-in client.
type session struct {
	org    *org
	tokens tokenAnswer
}

func (o *org) login(t testing.TB) *session {
	t.Helper()
	var tokens tokenAnswer
	code := o.approve(t, authorizeQuery()).Get("code")
	o.form(t, "/services/oauth2/token", codeForm(code)).json(t, http.StatusOK, &tokens)
	return &session{o, tokens}
}

func (s *session) header() http.Header {
	return http.Header{"Authorization": {"Bearer " + s.tokens.AccessToken}}
}

func (s *session) get(t testing.TB, path string) answer {
	t.Helper()
	return s.org.do(t, http.MethodGet, path, "", s.header())
}

func (s *session) query(t testing.TB, soql string) answer {
	t.Helper()
	return s.get(t, root+"/query?q="+url.QueryEscape(soql))
}

func (s *session) post(t testing.TB, path string, body any) answer {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, json.NewEncoder(&text).Encode(body))
	header := s.header()
	header.Set("Content-Type", "application/json")
	return s.org.do(t, http.MethodPost, path, text.String(), header)
}

package hubspot

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const testToken = "CanaryAccessToken0123456789"

// canned is one answer.
type canned struct {
	status int
	body   string
	header map[string]string
}

func ok(body string) canned { return canned{status: http.StatusOK, body: body} }

func vendorFailure(status int, category, message string) canned {
	return canned{status: status, body: fmt.Sprintf(`{"status":"error","category":%q,"message":%q}`, category, message)}
}

func missingScopes(scopes ...string) canned {
	list, _ := json.Marshal(scopes)
	return canned{status: http.StatusForbidden, body: fmt.Sprintf(
		`{"status":"error","category":"MISSING_SCOPES","message":"Scopes are missing.","errors":[{"message":"One is needed.","context":{"requiredGranularScopes":%s}}]}`, list)}
}

// stub is a portal of canned answers, found by "/path?query" or else by "/path".
type stub struct {
	*httptest.Server

	mu      sync.Mutex
	answers map[string]canned
	// requests are the calls in order: "GET /path?query", bodies beside them.
	requests []string
	bodies   []string
	headers  []http.Header
}

func newStub(t *testing.T, answers map[string]canned) *stub {
	t.Helper()
	s := &stub{answers: answers}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
	s.bodies, s.headers = append(s.bodies, string(body)), append(s.headers, r.Header)
	a, set := s.answers[r.URL.RequestURI()]
	if !set {
		a, set = s.answers[r.URL.Path]
	}
	if !set {
		a = vendorFailure(http.StatusNotFound, "", "resource not found")
	}
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

func (s *stub) calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// target is an integration of the stub's portal with these scopes; none at all
// leaves the introspection out.
func (s *stub) target(scopes ...string) sdk.Target {
	t := sdk.Target{IntegrationID: "int_1", Environment: sdk.Production, Endpoint: s.URL, AccessToken: testToken}
	if len(scopes) > 0 {
		t.Introspection = introspection(scopes...)
	}
	return t
}

func introspection(scopes ...string) json.RawMessage {
	list, _ := json.Marshal(scopes)
	return json.RawMessage(fmt.Sprintf(
		`{"active":true,"hub_id":123,"user_id":7,"user":"admin@example.com","hub_domain":"example.com","scopes":%s,"signed_access_token":{"isUserLevel":false}}`, list))
}

// newTestConnector is a connector that does not wait.
func newTestConnector() *Connector {
	c := New()
	c.wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return c
}

// propertyList is a list of definitions by name.
func propertyList(names ...string) string {
	entries := make([]string, len(names))
	for i, name := range names {
		entries[i] = fmt.Sprintf(`{"name":%q,"label":%q,"type":"string","hubspotDefined":true,"modificationMetadata":{"archivable":true,"readOnlyValue":false}}`, name, "Label of "+name)
	}
	return `{"results":[` + strings.Join(entries, ",") + `]}`
}

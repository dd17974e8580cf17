package salesforce

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const testToken = "00D000000000001!AQcanary.token"

// stub is a Salesforce org of canned answers. A composite call is answered part
// by part with the same answers.
type stub struct {
	*httptest.Server
	mu sync.Mutex
	// answers by path without query, or, of SOQL, by path, a space and the object
	// after FROM; a missing one is 404 NOT_FOUND.
	answers map[string]canned
	// requests are the calls in order: "GET /path".
	requests []string
	headers  []http.Header
	bodies   []string
}

type canned struct {
	status int
	body   string
	header map[string]string
}

func ok(body string) canned { return canned{status: http.StatusOK, body: body} }

func sfError(status int, code, message string) canned {
	return canned{status: status, body: fmt.Sprintf(`[{"errorCode":%q,"message":%q}]`, code, message)}
}

func newStub(t *testing.T, answers map[string]canned) *stub {
	t.Helper()
	s := &stub{answers: answers}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *stub) target() sdk.Target {
	return sdk.Target{IntegrationID: "int_1", Environment: sdk.Production, Endpoint: s.URL, AccessToken: testToken}
}

func (s *stub) find(target string) canned {
	path, query, _ := strings.Cut(target, "?")
	if values, err := url.ParseQuery(query); err == nil {
		if _, from, ok := strings.Cut(values.Get("q"), " FROM "); ok {
			if a, ok := s.answers[path+" "+strings.Fields(from)[0]]; ok {
				return a
			}
		}
	}
	if a, ok := s.answers[path]; ok {
		return a
	}
	return sfError(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	s.headers = append(s.headers, r.Header)
	s.bodies = append(s.bodies, string(body))
	a, set := s.answers[r.URL.Path]
	if !set && strings.HasSuffix(r.URL.Path, "/composite") {
		a = s.composite(body)
	} else if !set {
		a = s.find(r.URL.RequestURI())
	}
	if strings.HasPrefix(r.URL.Path, dataPath+"/") {
		w.Header().Set("Sforce-Limit-Info", "api-usage=24/15000")
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

func (s *stub) composite(body []byte) canned {
	var request compositeRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return sfError(http.StatusBadRequest, "JSON_PARSER_ERROR", err.Error())
	}
	var parts []string
	for _, part := range request.Parts {
		a := s.find(part.URL)
		if a.body == "" {
			a.body = "null"
		}
		parts = append(parts, fmt.Sprintf(`{"body":%s,"httpHeaders":{},"httpStatusCode":%d,"referenceId":%q}`, a.body, a.status, part.ReferenceID))
	}
	return ok(`{"compositeResponse":[` + strings.Join(parts, ",") + `]}`)
}

// metered returns the calls that count against the quota.
func (s *stub) metered() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var calls []string
	for _, r := range s.requests {
		if strings.Contains(r, "/services/data/v") {
			calls = append(calls, r)
		}
	}
	return calls
}

// newTestConnector is a connector that does not wait between repetitions.
func newTestConnector() *Connector {
	c := New()
	c.pause = func(ctx context.Context, _ int) error { return ctx.Err() }
	return c
}

// describeOf is a small describe body.
func describeOf(object string, fields ...string) string {
	list := []string{`{"name":"Id","label":"Id","type":"id"}`}
	for _, f := range fields {
		list = append(list, fmt.Sprintf(`{"name":%q,"label":%q,"type":"string","permissionable":true,"createable":true,"updateable":true,"nillable":true}`, f, f))
	}
	return fmt.Sprintf(`{"name":%q,"label":%q,"queryable":true,"createable":true,"updateable":true,"fields":[%s]}`, object, object, strings.Join(list, ","))
}

// tContext is the context of a test, or of a property's run, which has none.
func tContext(t any) context.Context {
	if t, ok := t.(interface{ Context() context.Context }); ok {
		return t.Context()
	}
	return context.Background()
}

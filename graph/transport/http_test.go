package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/graph/limit"
	"github.com/fieldwarden/fieldwarden/graph/transport"
	"github.com/fieldwarden/fieldwarden/graph/transport/internal/testapi"
)

// newHTTP returns the HTTP transport over the test schema.
func newHTTP(api *testapi.API, exec transport.ExecutorConfig, cfg transport.Config) http.Handler {
	cfg.Executor = transport.NewExecutor(testapi.NewExecutableSchema(testapi.Config{Resolvers: api}), exec)
	return transport.NewHTTP(cfg)
}

// graphQLError is an error as clients read it.
type graphQLError struct {
	Message    string         `json:"message"`
	Path       []any          `json:"path"`
	Extensions map[string]any `json:"extensions"`
}

// reply is a response as clients read it.
type reply struct {
	status int
	header http.Header
	raw    string

	Data       json.RawMessage `json:"data"`
	Errors     []graphQLError  `json:"errors"`
	Extensions map[string]any  `json:"extensions"`
}

// codes returns the codes of the errors.
func (r reply) codes() []string {
	var codes []string
	for _, err := range r.Errors {
		codes = append(codes, fmt.Sprint(err.Extensions["code"]))
	}
	return codes
}

// send serves a request and reads the answer, which must be JSON.
func send(t *testing.T, handler http.Handler, r *http.Request) reply {
	t.Helper()
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	got := reply{status: w.Code, header: w.Header(), raw: w.Body.String()}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got), got.raw)
	for _, err := range got.Errors {
		require.NotEmpty(t, err.Extensions["code"], "every error has a code")
		require.Equal(t, got.header.Get("X-Request-Id"), err.Extensions["requestId"])
	}
	require.Equal(t, got.header.Get("X-Request-Id"), got.Extensions["requestId"])
	return got
}

// post makes a POST of a query; headers are name, value pairs.
func post(query string, headers ...string) *http.Request {
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		panic(err)
	}
	return postBody(string(body), headers...)
}

func postBody(body string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func get(values url.Values, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/graphql?"+values.Encode(), nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

const (
	asJSON     = "application/json; charset=utf-8"
	asResponse = "application/graphql-response+json; charset=utf-8"
)

func TestHTTPNegotiatesTheMediaType(t *testing.T) {
	t.Parallel()
	handler := newHTTP(testapi.New(), transport.ExecutorConfig{}, transport.Config{})
	for accept, want := range map[string]string{
		"":                                  asJSON,
		"*/*":                               asJSON,
		"application/*":                     asJSON,
		"application/json":                  asJSON,
		"application/graphql-response+json": asResponse,
		"application/json, application/graphql-response+json":                          asResponse,
		"application/graphql-response+json; charset=utf-8, application/json; q=0.9":    asResponse,
		"application/graphql-response+json; q=0.5, application/json":                   asJSON,
		"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8":           asJSON,
		"application/graphql-response+json; q=0, */*":                                  asJSON,
		"application/graphql-response+json;charset=iso-8859-1, application/json;q=0.1": asJSON,
	} {
		r := post(`{ hello }`, "Accept", accept)
		if accept == "" {
			r.Header.Del("Accept")
		}
		got := send(t, handler, r)
		require.Equal(t, http.StatusOK, got.status, accept)
		require.Equal(t, want, got.header.Get("Content-Type"), accept)
		require.JSONEq(t, `{"hello":"world"}`, string(got.Data))
	}
	for _, accept := range []string{"text/event-stream", "multipart/mixed", "application/json;q=0", "nonsense"} {
		got := send(t, handler, post(`{ hello }`, "Accept", accept))
		require.Equal(t, http.StatusNotAcceptable, got.status, accept)
		require.Equal(t, []string{transport.CodeNotAcceptable}, got.codes())
	}
}

func TestHTTPRefusesWhatIsNoGraphQLRequest(t *testing.T) {
	t.Parallel()
	handler := newHTTP(testapi.New(), transport.ExecutorConfig{}, transport.Config{MaxBodyBytes: 2_000})
	ok := `{"query":"{ hello }"}`
	withMethod := func(method string) *http.Request {
		return httptest.NewRequest(method, "/graphql", strings.NewReader(ok))
	}
	withQuery := func(raw string) *http.Request {
		return httptest.NewRequest(http.MethodGet, "/graphql?"+raw, nil)
	}
	for name, test := range map[string]struct {
		request *http.Request
		status  int
		code    string
	}{
		"no content type":        {postBody(ok, "Content-Type", ""), 415, transport.CodeMediaType},
		"form":                   {postBody("query={hello}", "Content-Type", "application/x-www-form-urlencoded"), 415, transport.CodeMediaType},
		"multipart":              {postBody(ok, "Content-Type", "multipart/form-data; boundary=x"), 415, transport.CodeMediaType},
		"text that names JSON":   {postBody(ok, "Content-Type", "text/plain; x=application/json"), 415, transport.CodeMediaType},
		"other charset":          {postBody(ok, "Content-Type", "application/json; charset=utf-16"), 415, transport.CodeMediaType},
		"compressed":             {postBody(ok, "Content-Encoding", "gzip"), 415, transport.CodeMediaType},
		"empty body":             {postBody(""), 400, transport.CodeBadRequest},
		"cut short":              {postBody(`{"query": "{ secretWord`), 400, transport.CodeBadRequest},
		"two objects":            {postBody(ok + ok), 400, transport.CodeBadRequest},
		"null":                   {postBody(`null`), 400, transport.CodeBadRequest},
		"a string":               {postBody(`"secretWord"`), 400, transport.CodeBadRequest},
		"a batch":                {postBody(`[` + ok + `,` + ok + `]`), 400, transport.CodeBatching},
		"no UTF-8":               {postBody("{\"query\":\"{ hello }\xff\"}"), 400, transport.CodeBadRequest},
		"no query":               {postBody(`{}`), 400, transport.CodeBadRequest},
		"key in other case":      {postBody(`{"Query":"{ hello }"}`), 400, transport.CodeBadRequest},
		"variables as an array":  {postBody(`{"query":"{ hello }","variables":["secretWord"]}`), 400, transport.CodeBadRequest},
		"extensions as a string": {postBody(`{"query":"{ hello }","extensions":"secretWord"}`), 400, transport.CodeBadRequest},
		"too large":              {postBody(`{"query":"` + strings.Repeat(" ", 2_000) + `"}`), 413, transport.CodeBodyTooLarge},
		"put":                    {withMethod(http.MethodPut), 405, transport.CodeMethod},
		"delete":                 {withMethod(http.MethodDelete), 405, transport.CodeMethod},
		"get without a query":    {withQuery(""), 400, transport.CodeBadRequest},
		"get with two queries":   {withQuery("query={hello}&query={hello}"), 400, transport.CodeBadRequest},
		"get, variables no JSON": {withQuery("query={hello}&variables={secretWord"), 400, transport.CodeBadRequest},
		"get, variables a list":  {withQuery("query={hello}&variables=[1]"), 400, transport.CodeBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := send(t, handler, test.request)
			require.Equal(t, test.status, got.status, got.raw)
			require.Equal(t, []string{test.code}, got.codes())
			require.NotContains(t, got.raw, "secretWord", "the body is not echoed")
			require.NotContains(t, got.raw, `"data"`)
			if test.status == 405 {
				require.Equal(t, "GET, POST", got.header.Get("Allow"))
			}
		})
	}
}

func TestHTTPStatusOfRequestErrors(t *testing.T) {
	t.Parallel()
	handler := newHTTP(testapi.New(), transport.ExecutorConfig{}, transport.Config{})
	for name, test := range map[string]struct{ query, code string }{
		"syntax":     {`{`, "GRAPHQL_PARSE_FAILED"},
		"validation": {`{ nothing }`, "GRAPHQL_VALIDATION_FAILED"},
		"variables":  {`query($t: String!) { echo(text: $t) }`, "GRAPHQL_VALIDATION_FAILED"},
		"limits":     {`{ list(first: 1000) { totalCount } }`, limit.CodePageSize},
		"no operation of the document": {
			`fragment F on Query { hello }`, "GRAPHQL_VALIDATION_FAILED",
		},
	} {
		for accept, status := range map[string]int{"application/json": 200, "application/graphql-response+json": 400} {
			got := send(t, handler, post(test.query, "Accept", accept))
			require.Equal(t, status, got.status, "%s: %s", name, got.raw)
			require.Contains(t, got.codes(), test.code, name)
			require.NotContains(t, got.raw, `"data"`, name)
		}
	}
}

func TestHTTPOperations(t *testing.T) {
	t.Parallel()
	handler := newHTTP(testapi.New(), transport.ExecutorConfig{}, transport.Config{})

	got := send(t, handler, postBody(`{"query":"query A { hello } query B($t: String!) { echo(text: $t) }",
		"operationName":"B","variables":{"t":"Run🏃"},"extensions":{"x":1}}`))
	require.JSONEq(t, `{"echo":"Run🏃"}`, string(got.Data))

	got = send(t, handler, post(`mutation { set(text: "x") }`))
	require.JSONEq(t, `{"set":"x"}`, string(got.Data))

	got = send(t, handler, get(url.Values{
		"query": {`query($t: String!) { echo(text: $t) }`}, "variables": {`{"t":"y"}`}, "operationName": {""},
	}))
	require.Equal(t, http.StatusOK, got.status)
	require.JSONEq(t, `{"echo":"y"}`, string(got.Data))

	got = send(t, handler, post(`{ list(first: 3) { nodes { id } } }`))
	require.Equal(t, map[string]any{"requestedQueryCost": 5.0, "maximumQueryCost": 250_000.0}, got.Extensions["cost"])
}

func TestHTTPRefusesOperationsThatNeedAnotherWay(t *testing.T) {
	t.Parallel()
	handler := newHTTP(testapi.New(), transport.ExecutorConfig{}, transport.Config{})

	got := send(t, handler, get(url.Values{"query": {`mutation { set(text: "x") }`}}))
	require.Equal(t, http.StatusMethodNotAllowed, got.status)
	require.Equal(t, "POST", got.header.Get("Allow"))
	require.Equal(t, []string{transport.CodeMethod}, got.codes())

	for _, r := range []*http.Request{
		post(`subscription { count(to: 3) }`),
		get(url.Values{"query": {`subscription { count(to: 3) }`}}),
	} {
		got = send(t, handler, r)
		require.Equal(t, http.StatusBadRequest, got.status)
		require.Equal(t, []string{transport.CodeSubscription}, got.codes())
		require.Contains(t, got.Errors[0].Message, "graphql-transport-ws")
	}
}

func TestHTTPRefusesCrossSiteGET(t *testing.T) {
	t.Parallel()
	handler := newHTTP(testapi.New(), transport.ExecutorConfig{},
		transport.Config{AllowedOrigins: []string{"https://*.example.com"}})
	query := url.Values{"query": {`{ hello }`}}
	for name, test := range map[string]struct {
		headers []string
		status  int
	}{
		"no browser":              {nil, 200},
		"same origin":             {[]string{"Sec-Fetch-Site", "same-origin"}, 200},
		"typed into the browser":  {[]string{"Sec-Fetch-Site", "none"}, 200},
		"image of another site":   {[]string{"Sec-Fetch-Site", "cross-site"}, 403},
		"sibling host":            {[]string{"Sec-Fetch-Site", "same-site", "Origin", "https://evil.test"}, 403},
		"with a preflight":        {[]string{"Sec-Fetch-Site", "cross-site", "GraphQL-Require-Preflight", "1"}, 200},
		"allowed origin":          {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "https://app.example.com"}, 200},
		"origin of other scheme":  {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "http://app.example.com"}, 403},
		"accept is no protection": {[]string{"Sec-Fetch-Site", "cross-site", "Accept", "application/graphql-response+json"}, 403},
	} {
		got := send(t, handler, get(query, test.headers...))
		require.Equal(t, test.status, got.status, name)
		if test.status == 403 {
			require.Equal(t, []string{transport.CodeCrossSite}, got.codes(), name)
		}
	}
}

func TestErrorsLeakNothing(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	handler := newHTTP(testapi.New(), transport.ExecutorConfig{Logger: logger}, transport.Config{})
	for how, code := range map[string]string{
		"CODED": "NOT_FOUND", "PLAIN": "INTERNAL", "PANIC": "INTERNAL", "NULL": "INTERNAL", "NESTED_PANIC": "INTERNAL",
	} {
		log.Reset()
		got := send(t, handler, post(fmt.Sprintf(`{ fail(how: %q) { value } }`, how), "Accept", "application/graphql-response+json"))
		require.Equal(t, http.StatusOK, got.status, "executed, so 200")
		require.Equal(t, []string{code}, got.codes(), how)
		require.Equal(t, "fail", got.Errors[0].Path[0])
		require.JSONEq(t, `{"fail":null}`, string(got.Data))
		require.NotContains(t, got.raw, "secret")
		if code == "INTERNAL" {
			require.Contains(t, log.String(), "secret", "the log has the cause")
			require.Contains(t, log.String(), got.header.Get("X-Request-Id"))
			require.Equal(t, 1, strings.Count(log.String(), "\n"), "logged once")
		} else {
			require.Equal(t, "no such thing", got.Errors[0].Message)
			require.Empty(t, log.String())
		}
	}
}

func TestHTTPRequestID(t *testing.T) {
	t.Parallel()
	api := testapi.New()
	api.Inspect = transport.RequestID
	handler := newHTTP(api, transport.ExecutorConfig{}, transport.Config{
		RequestID: func(context.Context) string { return "given" },
	})
	got := send(t, handler, post(`{ hello }`))
	require.Equal(t, "given", got.header.Get("X-Request-Id"))
	require.JSONEq(t, `{"hello":"given"}`, string(got.Data))
}

func TestHTTPOperationTimeout(t *testing.T) {
	t.Parallel()
	handler := newHTTP(testapi.New(), transport.ExecutorConfig{}, transport.Config{OperationTimeout: time.Millisecond})
	got := send(t, handler, post(`{ block }`))
	require.Equal(t, []string{transport.CodeTimeout}, got.codes())
}

func TestIntrospectionPerCaller(t *testing.T) {
	t.Parallel()
	type adminKey struct{}
	handler := newHTTP(testapi.New(), transport.ExecutorConfig{
		Introspection: func(ctx context.Context) bool { return ctx.Value(adminKey{}) != nil },
	}, transport.Config{})
	query := `{ hello s: __schema { queryType { name } } }`
	refused := send(t, handler, post(query))
	require.Equal(t, []string{transport.CodeIntrospection}, refused.codes())
	require.Equal(t, []any{"s"}, refused.Errors[0].Path)
	require.JSONEq(t, `{"hello":"world","s":null}`, string(refused.Data))
	r := post(query)
	require.Empty(t, send(t, handler, r.WithContext(context.WithValue(r.Context(), adminKey{}, true))).Errors)
}

func TestErrorsAreFewAndShort(t *testing.T) {
	t.Parallel()
	handler := newHTTP(testapi.New(), transport.ExecutorConfig{}, transport.Config{})
	var query strings.Builder
	query.WriteString("{ list { nodes {")
	for i := range 200 {
		fmt.Fprintf(&query, " nothing%d", i)
	}
	query.WriteString("} } }")
	got := send(t, handler, post(query.String()))
	require.Len(t, got.Errors, 20)
	require.Equal(t, "181 further errors are not shown", got.Errors[19].Message)
	require.Equal(t, transport.CodeTruncated, got.codes()[19])

	got = send(t, handler, post(`{ hello "`+strings.Repeat("é", 100_000)+`" }`))
	require.LessOrEqual(t, len(got.Errors[0].Message), 500)
	require.Less(t, len(got.raw), 1_000)
}

func TestHTTPSurvivesAPanicOutsideOfResolvers(t *testing.T) {
	t.Parallel()
	exec := transport.NewExecutor(testapi.NewExecutableSchema(testapi.Config{Resolvers: testapi.New()}), transport.ExecutorConfig{})
	exec.AroundOperations(func(context.Context, graphql.OperationHandler) graphql.ResponseHandler {
		panic("secret of an extension")
	})
	var log bytes.Buffer
	handler := transport.NewHTTP(transport.Config{Executor: exec, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	got := send(t, handler, post(`{ hello }`))
	require.Equal(t, http.StatusInternalServerError, got.status)
	require.Equal(t, []string{transport.CodeInternal}, got.codes())
	require.NotContains(t, got.raw, "secret")
	require.Contains(t, log.String(), "secret of an extension")
}

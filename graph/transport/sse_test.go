package transport_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldwarden/fieldwarden/graph/transport"
	"github.com/fieldwarden/fieldwarden/graph/transport/internal/testapi"
)

// streamServer is the transport of events, beside plain HTTP, behind a real listener.
type streamServer struct {
	api     *testapi.API
	streams *transport.EventStreams
	url     string
}

// newStreamServer serves until the test ends, and then checks that all streams end.
func newStreamServer(t *testing.T, cfg transport.Config) *streamServer {
	t.Helper()
	api := testapi.New()
	cfg.Executor = transport.NewExecutor(testapi.NewExecutableSchema(testapi.Config{Resolvers: api}), transport.ExecutorConfig{})
	streams := transport.NewEventStreams(cfg)
	server := httptest.NewServer(transport.ByAccept(transport.NewHTTP(cfg), streams))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, streams.Shutdown(ctx))
		server.Close()
	})
	return &streamServer{api: api, streams: streams, url: server.URL}
}

// stream is an answer as a client of events reads it.
type stream struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Reader
}

// event is one event; name is empty for a comment.
type event struct{ id, name, data string }

func (s *streamServer) open(t *testing.T, query string, headers ...string) *stream {
	t.Helper()
	request := post(query, headers...)
	return s.do(t, request)
}

func (s *streamServer) do(t *testing.T, request *http.Request) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	target, err := url.Parse(s.url)
	require.NoError(t, err)
	request.URL.Scheme, request.URL.Host, request.RequestURI = target.Scheme, target.Host, ""
	if request.Header.Get("Accept") == "" {
		request.Header.Set("Accept", "text/event-stream")
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request.WithContext(ctx))
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	return &stream{t: t, response: response, lines: bufio.NewReader(response.Body)}
}

// read reads one event or comment.
func (s *stream) read() (event, error) {
	var got event
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			return got, err
		}
		switch field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":"); field {
		case "":
			if line == "\n" {
				return got, nil
			}
		case "id":
			got.id = strings.TrimPrefix(value, " ")
		case "event":
			got.name = strings.TrimPrefix(value, " ")
		case "data":
			got.data = strings.TrimPrefix(value, " ")
		default:
			s.t.Fatalf("not a line of an event: %q", line)
		}
	}
}

// next reads the next event that is no comment.
func (s *stream) next() event {
	s.t.Helper()
	for {
		got, err := s.read()
		require.NoError(s.t, err)
		if got.name != "" {
			return got
		}
	}
}

func (s *stream) expectNext(data string) event {
	s.t.Helper()
	got := s.next()
	require.Equal(s.t, "next", got.name, got.data)
	var answer reply
	require.NoError(s.t, json.Unmarshal([]byte(got.data), &answer))
	require.JSONEq(s.t, data, string(answer.Data), got.data)
	require.Equal(s.t, s.response.Header.Get("X-Request-Id"), answer.Extensions["requestId"])
	return got
}

// expectErrors reads a next event with errors alone, and returns their codes.
func (s *stream) expectErrors() []string {
	s.t.Helper()
	got := s.next()
	require.Equal(s.t, "next", got.name, got.data)
	var answer reply
	require.NoError(s.t, json.Unmarshal([]byte(got.data), &answer))
	require.NotContains(s.t, got.data, `"data"`)
	require.NotEmpty(s.t, answer.Errors)
	return answer.codes()
}

func (s *stream) expectComplete() {
	s.t.Helper()
	require.Equal(s.t, event{name: "complete"}, s.next())
	s.expectEnd()
}

// expectEnd reads up to the end, before which no event may come.
func (s *stream) expectEnd() {
	s.t.Helper()
	for {
		got, err := s.read()
		if err != nil {
			return
		}
		require.Empty(s.t, got.name, "an event after the end: %s", got.data)
	}
}

func TestEventsOnTheWire(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t, transport.Config{RequestID: func(context.Context) string { return "req" }})
	got := s.open(t, `subscription { count(to: 2) }`)
	require.Equal(t, http.StatusOK, got.response.StatusCode)
	require.Equal(t, "text/event-stream; charset=utf-8", got.response.Header.Get("Content-Type"))
	require.Equal(t, "no-store, no-transform", got.response.Header.Get("Cache-Control"))
	text, err := io.ReadAll(got.response.Body)
	require.NoError(t, err)
	require.Regexp(t, `^:

event: next
data: {"data":{"count":0},"extensions":{.*"requestId":"req"}}

event: next
data: {"data":{"count":1},"extensions":{.*"requestId":"req"}}

event: complete
data: 

$`, string(text))
}

func TestStreamRunsOperations(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t, transport.Config{})
	got := s.open(t, `subscription { count(to: 3) }`)
	for i := range 3 {
		require.Empty(t, got.expectNext(fmt.Sprintf(`{"count":%d}`, i)).id, "the producer named none")
	}
	got.expectComplete()

	got = s.open(t, `mutation { set(text: "x") }`)
	got.expectNext(`{"set":"x"}`)
	got.expectComplete()

	got = s.do(t, get(url.Values{"query": {`query ($t: String!) { echo(text: $t) }`}, "variables": {`{"t":"y"}`}}))
	got.expectNext(`{"echo":"y"}`)
	got.expectComplete()

	got = s.do(t, get(url.Values{"query": {`subscription { count(to: 1) }`}}))
	got.expectNext(`{"count":0}`)
	got.expectComplete()
}

// What is wrong with the operation is told in the stream; what is no GraphQL
// request is refused with a status.
func TestStreamErrors(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t, transport.Config{MaxBodyBytes: 2_000})
	for query, code := range map[string]string{
		`subscription { `:          "GRAPHQL_PARSE_FAILED",
		`subscription { nosuch }`:  "GRAPHQL_VALIDATION_FAILED",
		`subscription { refused }`: "FORBIDDEN",
	} {
		got := s.open(t, query)
		require.Equal(t, http.StatusOK, got.response.StatusCode, query)
		require.Equal(t, []string{code}, got.expectErrors(), query)
		got.expectComplete()
	}
	got := s.open(t, `{ fail(how: "PANIC") { value } }`)
	answer := got.next()
	require.Contains(t, answer.data, `"INTERNAL"`)
	require.NotContains(t, answer.data, "secret")
	got.expectComplete()

	for name, test := range map[string]struct {
		request *http.Request
		status  int
	}{
		"a mutation by GET":  {get(url.Values{"query": {`mutation { set(text: "x") }`}}), http.StatusMethodNotAllowed},
		"no query":           {get(url.Values{}), http.StatusBadRequest},
		"a cross-site GET":   {get(url.Values{"query": {`{ hello }`}}, "Sec-Fetch-Site", "cross-site"), http.StatusForbidden},
		"another media type": {postBody(`{"query":"{ hello }"}`, "Content-Type", "text/plain"), http.StatusUnsupportedMediaType},
		"a body too large":   {post(`{ hello } #` + strings.Repeat("x", 3_000)), http.StatusRequestEntityTooLarge},
		"another method":     {httptest.NewRequest(http.MethodPut, "/graphql", nil), http.StatusMethodNotAllowed},
	} {
		got := s.do(t, test.request)
		require.Equal(t, test.status, got.response.StatusCode, name)
		require.Equal(t, asJSON, got.response.Header.Get("Content-Type"), name)
		require.NoError(t, json.NewDecoder(got.response.Body).Decode(&reply{}), name)
	}
}

func TestStreamEndsWithAnError(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t, transport.Config{})
	s.api.Source = func(ctx context.Context, emit func(string) bool) {
		emit("one")
		transport.EndWith(ctx, &gqlerror.Error{Message: "too old", Extensions: map[string]any{"code": "CURSOR_EXPIRED"}})
	}
	got := s.open(t, `subscription { events }`)
	got.expectNext(`{"events":"one"}`)
	require.Equal(t, []string{"CURSOR_EXPIRED"}, got.expectErrors())
	got.expectComplete()
}

// Each event has the id that its producer gave it, however far ahead the producer
// is, and a client that comes back says which was its last.
func TestEventIDs(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t, transport.Config{})
	last := make(chan string, 2)
	s.api.Source = func(ctx context.Context, emit func(string) bool) {
		last <- transport.LastEventID(ctx)
		for i := range 50 {
			transport.NextEventID(ctx, fmt.Sprintf("c%d", i))
			if !emit(fmt.Sprint(i)) {
				return
			}
		}
	}
	got := s.open(t, `subscription { events }`)
	for i := range 50 {
		require.Equal(t, fmt.Sprintf("c%d", i), got.expectNext(fmt.Sprintf(`{"events":"%d"}`, i)).id)
	}
	got.expectComplete()
	require.Empty(t, await(t, last))

	got = s.open(t, `subscription { events }`, "Last-Event-ID", "c7")
	got.expectNext(`{"events":"0"}`)
	require.Equal(t, "c7", await(t, last))
}

func TestStreamIsKeptAlive(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	s := newStreamServer(t, transport.Config{Clock: clock, PingInterval: time.Minute})
	got := s.open(t, `subscription { events }`)
	opening, err := got.read()
	require.NoError(t, err)
	require.Empty(t, opening, "a comment tells that the stream is open")
	for range 3 {
		require.NoError(t, clock.BlockUntilContext(t.Context(), 1))
		clock.Advance(time.Minute)
		beat, err := got.read()
		require.NoError(t, err)
		require.Empty(t, beat)
	}
}

func TestStreamEndsWithItsCredential(t *testing.T) {
	t.Parallel()
	revoked := make(chan struct{})
	s := newStreamServer(t, transport.Config{Ended: func(context.Context) <-chan struct{} { return revoked }})
	got := s.open(t, `subscription { events }`)
	await(t, s.api.Started)
	close(revoked)
	require.Equal(t, []string{transport.CodeUnauthenticated}, got.expectErrors())
	got.expectComplete()
	await(t, s.api.Stopped)
}

// A server that shuts down says no complete: clients come back.
func TestStreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t, transport.Config{})
	got := s.open(t, `subscription { events }`)
	await(t, s.api.Started)
	require.Equal(t, 1, s.streams.Count())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, s.streams.Shutdown(ctx))
	await(t, s.api.Stopped)
	got.expectEnd()
	require.Zero(t, s.streams.Count())
	refused := s.open(t, `subscription { events }`)
	require.Equal(t, http.StatusServiceUnavailable, refused.response.StatusCode)
	require.NotEmpty(t, refused.response.Header.Get("Retry-After"))
}

func TestStreamEndsWithItsClient(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t, transport.Config{MaxStreams: 1})
	got := s.open(t, `subscription { events }`)
	await(t, s.api.Started)
	require.Equal(t, http.StatusServiceUnavailable, s.open(t, `{ hello }`).response.StatusCode, "one stream is all")
	require.NoError(t, got.response.Body.Close())
	await(t, s.api.Stopped)
	require.Eventually(t, func() bool { return s.streams.Count() == 0 }, patience, time.Millisecond)
}

// A reader that takes nothing is cut off; nothing is buffered for it without bound.
func TestSlowReaderIsCutOff(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t, transport.Config{WriteTimeout: 100 * time.Millisecond})
	sent := make(chan int, 1)
	s.api.Source = func(_ context.Context, emit func(string) bool) {
		n := 0
		for emit(strings.Repeat("x", 100_000)) {
			n++
		}
		sent <- n
	}
	s.open(t, `subscription { events }`)
	require.Less(t, await(t, sent), 1_000)
	await(t, s.api.Stopped)
	require.Eventually(t, func() bool { return s.streams.Count() == 0 }, patience, time.Millisecond)
}

func TestWhoGetsAStream(t *testing.T) {
	t.Parallel()
	s := newStreamServer(t, transport.Config{})
	for accept, want := range map[string]string{
		"text/event-stream":                         "text/event-stream",
		"text/event-stream, multipart/mixed":        "text/event-stream",
		"text/event-stream, application/json":       "text/event-stream",
		"text/event-stream, */*;q=0.1":              "text/event-stream",
		"application/json;q=0.5, text/event-stream": "text/event-stream",
		"application/json, text/event-stream":       "application/json",
		"application/graphql-response+json, application/json, text/event-stream, multipart/mixed": "application/graphql-response+json",
		"*/*, text/event-stream":     "application/json",
		"text/event-stream;q=0, */*": "application/json",
		"*/*":                        "application/json",
	} {
		got := s.open(t, `{ hello }`, "Accept", accept)
		require.Equal(t, want+"; charset=utf-8", got.response.Header.Get("Content-Type"), accept)
	}
	got := s.open(t, `subscription { count(to: 1) }`, "Accept", "application/json")
	require.Equal(t, http.StatusBadRequest, got.response.StatusCode)
	text, err := io.ReadAll(got.response.Body)
	require.NoError(t, err)
	require.Contains(t, string(text), transport.CodeSubscription)
	require.Contains(t, string(text), "text/event-stream")
}

package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/fieldwarden/fieldwarden/graph/limit"
	"github.com/fieldwarden/fieldwarden/graph/transport"
)

func TestSocketRunsOperations(t *testing.T) {
	t.Parallel()
	c := newSocketServer(t, transport.Config{}).open(t)

	c.subscribe("1", `{ hello }`)
	c.expectNext("1", `{"hello":"world"}`)
	c.expectComplete("1")

	c.subscribe("1", `mutation { set(text: "x") }`)
	c.expectNext("1", `{"set":"x"}`)
	c.expectComplete("1")

	c.subscribe("s", `subscription { count(to: 3) }`)
	for i := range 3 {
		c.expectNext("s", fmt.Sprintf(`{"count":%d}`, i))
	}
	c.expectComplete("s")

	c.send(`{"type":"subscribe","id":"v","payload":{"query":"query A { hello } query B($t: String!) { echo(text: $t) }",` +
		`"operationName":"B","variables":{"t":"y"},"extensions":null}}`)
	c.expectNext("v", `{"echo":"y"}`)
	c.expectComplete("v")
	c.expectQuiet()
}

func TestSocketRunsOperationsAtOnce(t *testing.T) {
	t.Parallel()
	s := newSocketServer(t, transport.Config{})
	c := s.open(t)
	c.subscribe("slow", `{ block }`)
	await(t, s.api.Started)
	c.subscribe("quick", `{ hello }`)
	c.expectNext("quick", `{"hello":"world"}`)
	c.expectComplete("quick")
	s.api.Release <- struct{}{}
	c.expectNext("slow", `{"block":"released"}`)
	c.expectComplete("slow")
}

func TestSocketCloseCodes(t *testing.T) {
	t.Parallel()
	s := newSocketServer(t, transport.Config{MaxBodyBytes: 10_000})
	for name, test := range map[string]struct {
		before, text string
		code         int
	}{
		"no JSON":                     {"", `{"type":`, 4400},
		"no object":                   {"", `["connection_init"]`, 4400},
		"null":                        {"", `null`, 4400},
		"no type":                     {"", `{}`, 4400},
		"unknown type":                {"", `{"type":"start","id":"1"}`, 4400},
		"a message of servers":        {"init", `{"type":"next","id":"1","payload":{}}`, 4400},
		"init, payload a string":      {"", `{"type":"connection_init","payload":"token"}`, 4400},
		"init, payload a list":        {"", `{"type":"connection_init","payload":[]}`, 4400},
		"init twice":                  {"init", `{"type":"connection_init"}`, 4429},
		"ping, payload a number":      {"", `{"type":"ping","payload":1}`, 4400},
		"subscribe first":             {"", `{"type":"subscribe","id":"1","payload":{"query":"{ hello }"}}`, 4401},
		"subscribe without id":        {"init", `{"type":"subscribe","payload":{"query":"{ hello }"}}`, 4400},
		"subscribe, empty id":         {"init", `{"type":"subscribe","id":"","payload":{"query":"{ hello }"}}`, 4400},
		"subscribe, id a number":      {"init", `{"type":"subscribe","id":1,"payload":{"query":"{ hello }"}}`, 4400},
		"subscribe, long id":          {"init", `{"type":"subscribe","id":"` + strings.Repeat("x", 257) + `","payload":{"query":"{ hello }"}}`, 4400},
		"subscribe without payload":   {"init", `{"type":"subscribe","id":"1"}`, 4400},
		"subscribe, payload null":     {"init", `{"type":"subscribe","id":"1","payload":null}`, 4400},
		"subscribe, payload a string": {"init", `{"type":"subscribe","id":"1","payload":"{ hello }"}`, 4400},
		"subscribe, no query":         {"init", `{"type":"subscribe","id":"1","payload":{}}`, 4400},
		"subscribe, variables a list": {"init", `{"type":"subscribe","id":"1","payload":{"query":"{ hello }","variables":[]}}`, 4400},
		"complete without id":         {"init", `{"type":"complete"}`, 4400},
		"duplicate id":                {"subscribe", `{"type":"subscribe","id":"1","payload":{"query":"{ hello }"}}`, 4409},
		"too large":                   {"init", `{"type":"ping","payload":{"x":"` + strings.Repeat("x", 10_000) + `"}}`, 1009},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.dial(t)
			if test.before != "" {
				c.send(`{"type":"connection_init"}`)
				c.expect(`{"type":"connection_ack"}`)
			}
			if test.before == "subscribe" {
				c.subscribe("1", `subscription { events }`)
			}
			c.send(test.text)
			require.NotEmpty(t, c.expectClose(test.code))
		})
	}

	t.Run("binary message", func(t *testing.T) {
		t.Parallel()
		c := s.dial(t)
		require.NoError(t, c.conn.Write(c.ctx, websocket.MessageBinary, []byte(`{"type":"connection_init"}`)))
		c.expectClose(4400)
	})
	for name, protocols := range map[string][]string{"no subprotocol": nil, "the older protocol": {"graphql-ws"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.dialWith(t, &websocket.DialOptions{Subprotocols: protocols}).expectClose(4406)
		})
	}
}

func TestSocketAcceptsHarmlessMessages(t *testing.T) {
	t.Parallel()
	c := newSocketServer(t, transport.Config{}).dial(t)
	c.send(`{"type":"ping"}`)
	c.expect(`{"type":"pong"}`)
	c.send(`{"type":"ping","payload":{"a":[1]}}`)
	c.expect(`{"type":"pong","payload":{"a":[1]}}`)
	c.send(`{"type":"pong","payload":null}`)
	c.send(`{"type":"complete","id":"before the acknowledgement"}`)
	c.send(`{"type":"connection_init","payload":null}`)
	c.expect(`{"type":"connection_ack"}`)
	c.send(`{"type":"complete","id":"never started"}`)
	c.expectQuiet()
}

func TestSocketInitTimeout(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	s := newSocketServer(t, transport.Config{Clock: clock, InitTimeout: 3 * time.Second})
	c := s.dial(t)
	require.NoError(t, clock.BlockUntilContext(c.ctx, 2))
	clock.Advance(3 * time.Second)
	c.expectClose(4408)
}

func TestSocketInitTimeoutDuringAuthentication(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	asked := make(chan struct{})
	s := newSocketServer(t, transport.Config{Clock: clock, Authenticate: func(ctx context.Context, _ map[string]any) (transport.Session, error) {
		close(asked)
		<-ctx.Done()
		return transport.Session{}, ctx.Err()
	}})
	c := s.dial(t)
	require.NoError(t, clock.BlockUntilContext(c.ctx, 2))
	c.send(`{"type":"connection_init"}`)
	await(t, asked)
	clock.Advance(10 * time.Second)
	c.expectClose(4408)
}

func TestSocketPingsAndCutsSilentPeers(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	s := newSocketServer(t, transport.Config{Clock: clock, PingInterval: 30 * time.Second})
	c := s.open(t)
	require.NoError(t, clock.BlockUntilContext(c.ctx, 1))
	for range 3 {
		clock.Advance(30 * time.Second)
		c.expect(`{"type":"ping"}`)
		c.send(`{"type":"pong"}`)
		c.expectQuiet()
	}
	clock.Advance(30 * time.Second)
	c.expect(`{"type":"ping"}`)
	clock.Advance(30 * time.Second)
	c.expectCut()
}

type userKey struct{}

// tokenAuth accepts the token "good" and refuses the rest in several ways.
func tokenAuth(ended <-chan struct{}) transport.Authenticate {
	return func(ctx context.Context, payload map[string]any) (transport.Session, error) {
		switch payload["token"] {
		case "good":
			return transport.Session{Context: context.WithValue(ctx, userKey{}, "ada"), Ended: ended}, nil
		case "stranger":
			return transport.Session{}, transport.Forbidden("not a member of this workspace")
		case "outage":
			return transport.Session{}, errors.New("secret: database down")
		default:
			return transport.Session{}, transport.Unauthorized("the token is not known")
		}
	}
}

func TestSocketAuthentication(t *testing.T) {
	t.Parallel()
	s := newSocketServer(t, transport.Config{Authenticate: tokenAuth(nil)})
	s.api.Inspect = func(ctx context.Context) string { return ctx.Value(userKey{}).(string) }

	c := s.dial(t)
	c.send(`{"type":"connection_init","payload":{"token":"good"}}`)
	c.expect(`{"type":"connection_ack"}`)
	c.subscribe("1", `{ hello }`)
	c.expectNext("1", `{"hello":"ada"}`)

	for payload, want := range map[string]struct {
		code   int
		reason string
	}{
		`{"token":"bad"}`:      {4401, "the token is not known"},
		`null`:                 {4401, "the token is not known"},
		`{"token":"stranger"}`: {4403, "not a member of this workspace"},
		`{"token":"outage"}`:   {1013, "authentication is not possible now; connect again later"},
	} {
		c := s.dial(t)
		c.send(`{"type":"connection_init","payload":` + payload + `}`)
		require.Equal(t, want.reason, c.expectClose(want.code))
	}
}

func TestSocketClosesWhenItsCredentialEnds(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	s := newSocketServer(t, transport.Config{Authenticate: tokenAuth(ended)})
	c := s.dial(t)
	c.send(`{"type":"connection_init","payload":{"token":"good"}}`)
	c.expect(`{"type":"connection_ack"}`)
	c.subscribe("1", `subscription { events }`)
	await(t, s.api.Started)
	close(ended)
	require.Contains(t, c.expectClose(4401), "credential has ended")
	await(t, s.api.Stopped)
}

func TestSocketCompleteByTheClient(t *testing.T) {
	t.Parallel()
	s := newSocketServer(t, transport.Config{})
	c := s.open(t)
	for _, query := range []string{`subscription { events }`, `{ block }`} {
		c.subscribe("1", query)
		await(t, s.api.Started)
		c.send(`{"type":"complete","id":"1"}`)
		await(t, s.api.Stopped)
		c.expectQuiet() // no echo
	}
	c.subscribe("1", `{ hello }`)
	c.expectNext("1", `{"hello":"world"}`)
	c.expectComplete("1")
}

func TestSocketErrorsEndTheOperation(t *testing.T) {
	t.Parallel()
	c := newSocketServer(t, transport.Config{}).open(t)
	for name, test := range map[string]struct{ query, code string }{
		"syntax":                         {`{`, "GRAPHQL_PARSE_FAILED"},
		"validation":                     {`{ nothing }`, "GRAPHQL_VALIDATION_FAILED"},
		"limits":                         {`{ list(first: 101) { totalCount } }`, limit.CodePageSize},
		"a subscription that is refused": {`subscription { refused }`, "FORBIDDEN"},
	} {
		c.subscribe("1", test.query)
		errs := c.expectError("1")
		require.Equal(t, test.code, errs[0].Extensions["code"], name)
		c.expectQuiet() // no complete follows
	}
	// A resolver's error does not end anything: it is part of the result.
	c.subscribe("1", `{ fail(how: "CODED") { value } }`)
	m := c.read()
	require.Equal(t, "next", m.Type)
	require.Contains(t, string(m.Payload), "NOT_FOUND")
	c.expectComplete("1")
}

func TestEndWithReachesTheClient(t *testing.T) {
	t.Parallel()
	s := newSocketServer(t, transport.Config{})
	for name, test := range map[string]struct {
		ends []error
		want map[string]any
		text string
	}{
		"coded, the first stands": {
			ends: []error{
				&gqlerror.Error{Message: "too slow", Extensions: map[string]any{"code": "SLOW_CONSUMER", "cursor": "c7"}},
				errors.New("later"),
			},
			want: map[string]any{"code": "SLOW_CONSUMER", "cursor": "c7"}, text: "too slow",
		},
		"wrapped": {
			ends: []error{fmt.Errorf("feed: %w", &gqlerror.Error{Message: "gone", Extensions: map[string]any{"code": "CURSOR_EXPIRED"}})},
			want: map[string]any{"code": "CURSOR_EXPIRED"}, text: "gone",
		},
		"without a code it stays inside": {
			ends: []error{errors.New("secret")},
			want: map[string]any{"code": "INTERNAL"}, text: "internal error",
		},
	} {
		s.api.Source = func(ctx context.Context, emit func(string) bool) {
			emit("one")
			for _, err := range test.ends {
				require.True(t, transport.EndWith(ctx, err))
			}
		}
		c := s.open(t)
		c.subscribe("1", `subscription { events }`)
		c.expectNext("1", `{"events":"one"}`)
		errs := c.expectError("1")
		require.Len(t, errs, 1, name)
		require.Equal(t, test.text, errs[0].Message)
		delete(errs[0].Extensions, "requestId")
		require.Equal(t, test.want, errs[0].Extensions)
		c.expectQuiet() // no complete follows
	}
	require.False(t, transport.EndWith(context.Background(), errors.New("nobody there")))
}

func TestSocketOperationsAreBounded(t *testing.T) {
	t.Parallel()
	s := newSocketServer(t, transport.Config{MaxOperationsPerSocket: 2})
	c := s.open(t)
	for _, id := range []string{"1", "2"} {
		c.subscribe(id, `subscription { events }`)
		await(t, s.api.Started)
	}
	require.Equal(t, transport.Stats{Sockets: 1, Operations: 2}, s.ws.Stats())
	c.subscribe("3", `{ hello }`)
	errs := c.expectError("3")
	require.Equal(t, transport.CodeTooManyOperations, errs[0].Extensions["code"])
	require.EqualValues(t, 2, errs[0].Extensions["limit"])

	c.send(`{"type":"complete","id":"2"}`)
	c.subscribe("3", `{ hello }`)
	c.expectNext("3", `{"hello":"world"}`)
	c.expectComplete("3")
}

func TestSocketOperationsThatIgnoreTheirEndAreBounded(t *testing.T) {
	t.Parallel()
	s := newSocketServer(t, transport.Config{MaxOperationsPerSocket: 1})
	entered, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	s.api.Inspect = func(context.Context) string {
		entered <- struct{}{}
		<-release
		return "late"
	}
	c := s.open(t)
	for range 2 {
		c.subscribe("1", `{ hello }`)
		await(t, entered)
		c.send(`{"type":"complete","id":"1"}`)
	}
	c.subscribe("1", `{ hello }`)
	require.Equal(t, transport.CodeTooManyOperations, c.expectError("1")[0].Extensions["code"])
}

func TestSocketOperationTimeout(t *testing.T) {
	t.Parallel()
	s := newSocketServer(t, transport.Config{OperationTimeout: time.Millisecond})
	c := s.open(t)
	c.subscribe("1", `{ block }`)
	m := c.read()
	require.Contains(t, string(m.Payload), transport.CodeTimeout)
}

func TestSocketCutsASlowReader(t *testing.T) {
	t.Parallel()
	s := newSocketServer(t, transport.Config{WriteTimeout: 200 * time.Millisecond})
	emitted := make(chan int, 1)
	s.api.Source = func(_ context.Context, emit func(string) bool) {
		n, event := 0, strings.Repeat("x", 64<<10)
		for emit(event) {
			n++
		}
		emitted <- n
	}
	c := s.open(t)
	c.subscribe("1", `subscription { events }`)
	// The client reads nothing: the kernel's buffers fill, then the write
	// stalls, then the socket is cut and the source ends.
	require.Less(t, await(t, emitted), 1_000, "the source is held back, not buffered")
	await(t, s.api.Stopped)
	c.expectCut()
}

func TestSocketOrigins(t *testing.T) {
	t.Parallel()
	s := newSocketServer(t, transport.Config{AllowedOrigins: []string{"https://app.example.com"}})
	host := strings.TrimPrefix(s.url, "ws://")
	for origin, status := range map[string]int{
		"https://app.example.com": http.StatusSwitchingProtocols,
		"http://" + host:          http.StatusSwitchingProtocols,
		"http://app.example.com":  http.StatusForbidden,
		"https://evil.test":       http.StatusForbidden,
		"null":                    http.StatusForbidden,
	} {
		require.Equal(t, status, s.refusedWith(t, http.Header{"Origin": {origin}}), origin)
	}
}

func TestSocketsAreBounded(t *testing.T) {
	t.Parallel()
	s := newSocketServer(t, transport.Config{MaxSockets: 1})
	s.open(t)
	require.Equal(t, http.StatusServiceUnavailable, s.refusedWith(t, nil))
}

func TestShutdownClosesSockets(t *testing.T) {
	t.Parallel()
	s := newSocketServer(t, transport.Config{})
	c := s.open(t)
	c.subscribe("1", `subscription { events }`)
	await(t, s.api.Started)
	down := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		down <- s.ws.Shutdown(ctx)
	}()
	c.expectClose(1001)
	require.NoError(t, await(t, down))
	await(t, s.api.Stopped)
	require.Equal(t, http.StatusServiceUnavailable, s.refusedWith(t, nil))
	require.Equal(t, transport.Stats{}, s.ws.Stats())
}

func TestShutdownReportsWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	s := newSocketServer(t, transport.Config{})
	entered, release := make(chan struct{}), make(chan struct{})
	s.api.Inspect = func(context.Context) string { close(entered); <-release; return "" }
	c := s.open(t)
	c.subscribe("1", `{ hello }`)
	await(t, entered)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, s.ws.Shutdown(ctx), context.Canceled)
	c.expectClose(1001)
	close(release)
}

func TestSocketsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	s := newSocketServer(t, transport.Config{})
	for i := range 30 {
		c := s.open(t)
		c.subscribe("1", `subscription { events }`)
		c.subscribe("2", `{ block }`)
		await(t, s.api.Started)
		await(t, s.api.Started)
		switch i % 3 {
		case 0:
			require.NoError(t, c.conn.CloseNow())
		case 1:
			require.NoError(t, c.conn.Close(websocket.StatusNormalClosure, "bye"))
		case 2:
			c.send(`nonsense`)
			c.expectClose(4400)
		}
		await(t, s.api.Stopped)
		await(t, s.api.Stopped)
	}
	require.Eventually(t, func() bool { return s.ws.Stats() == transport.Stats{} }, patience, time.Millisecond)
	// TestMain checks the goroutines.
}

func TestByUpgradeServesBothAtOnePath(t *testing.T) {
	t.Parallel()
	s := newSocketServer(t, transport.Config{})
	both := httptest.NewServer(transport.ByUpgrade(newHTTP(s.api, transport.ExecutorConfig{}, transport.Config{}), s.ws))
	t.Cleanup(both.Close)
	response, err := both.Client().Post(both.URL, "application/json", strings.NewReader(`{"query":"{ hello }"}`))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	s.url = "ws" + strings.TrimPrefix(both.URL, "http")
	s.open(t)
}

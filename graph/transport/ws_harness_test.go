package transport_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fieldwarden/fieldwarden/graph/transport"
	"github.com/fieldwarden/fieldwarden/graph/transport/internal/testapi"
)

// TestMain finds goroutines that outlive the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come; it passes only when
// something is broken.
const patience = 20 * time.Second

// socketServer is a websocket transport behind a real listener.
type socketServer struct {
	api *testapi.API
	ws  *transport.WebSocket
	url string
}

// newSocketServer serves sockets until the test ends, and then checks that
// they all end.
func newSocketServer(t *testing.T, cfg transport.Config) *socketServer {
	t.Helper()
	api := testapi.New()
	cfg.Executor = transport.NewExecutor(testapi.NewExecutableSchema(testapi.Config{Resolvers: api}), transport.ExecutorConfig{})
	ws := transport.NewWebSocket(cfg)
	server := httptest.NewServer(ws)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, ws.Shutdown(ctx))
		server.Close()
	})
	return &socketServer{api: api, ws: ws, url: "ws" + strings.TrimPrefix(server.URL, "http")}
}

// client is the other end of a socket.
type client struct {
	t    *testing.T
	conn *websocket.Conn
	ctx  context.Context
}

// message is a message as clients read it.
type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"id"`
	Payload json.RawMessage `json:"payload"`
}

// dial opens a socket.
func (s *socketServer) dial(t *testing.T) *client {
	t.Helper()
	return s.dialWith(t, &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
}

func (s *socketServer) dialWith(t *testing.T, options *websocket.DialOptions) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	conn, _, err := websocket.Dial(ctx, s.url, options)
	require.NoError(t, err)
	conn.SetReadLimit(-1)
	t.Cleanup(func() {
		_ = conn.CloseNow()
		cancel()
	})
	return &client{t: t, conn: conn, ctx: ctx}
}

// refusedWith dials and returns the HTTP status of the refusal.
func (s *socketServer) refusedWith(t *testing.T, header http.Header) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, response, err := websocket.Dial(ctx, s.url, &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header,
	})
	if err == nil {
		_ = conn.CloseNow()
		return http.StatusSwitchingProtocols
	}
	require.NotNil(t, response, err)
	return response.StatusCode
}

// open dials and initialises.
func (s *socketServer) open(t *testing.T) *client {
	t.Helper()
	c := s.dial(t)
	c.send(`{"type":"connection_init"}`)
	c.expect(`{"type":"connection_ack"}`)
	return c
}

func (c *client) send(text string) {
	c.t.Helper()
	require.NoError(c.t, c.conn.Write(c.ctx, websocket.MessageText, []byte(text)))
}

// subscribe starts an operation.
func (c *client) subscribe(id, query string) {
	c.t.Helper()
	text, err := json.Marshal(map[string]any{"type": "subscribe", "id": id, "payload": map[string]any{"query": query}})
	require.NoError(c.t, err)
	c.send(string(text))
}

func (c *client) read() message {
	c.t.Helper()
	_, text, err := c.conn.Read(c.ctx)
	require.NoError(c.t, err)
	var m message
	require.NoError(c.t, json.Unmarshal(text, &m), string(text))
	return m
}

// expect reads a message that must be exactly this JSON.
func (c *client) expect(want string) {
	c.t.Helper()
	_, text, err := c.conn.Read(c.ctx)
	require.NoError(c.t, err)
	require.JSONEq(c.t, want, string(text))
}

// expectNext reads a next message whose data must be this JSON.
func (c *client) expectNext(id, data string) {
	c.t.Helper()
	m := c.read()
	require.Equal(c.t, "next", m.Type, string(m.Payload))
	require.Equal(c.t, id, m.ID)
	var payload reply
	require.NoError(c.t, json.Unmarshal(m.Payload, &payload))
	require.JSONEq(c.t, data, string(payload.Data))
	require.NotEmpty(c.t, payload.Extensions["requestId"])
}

func (c *client) expectComplete(id string) {
	c.t.Helper()
	c.expect(`{"type":"complete","id":"` + id + `"}`)
}

// expectError reads an error message and returns its errors.
func (c *client) expectError(id string) []graphQLError {
	c.t.Helper()
	m := c.read()
	require.Equal(c.t, "error", m.Type, string(m.Payload))
	require.Equal(c.t, id, m.ID)
	var errs []graphQLError
	require.NoError(c.t, json.Unmarshal(m.Payload, &errs))
	require.NotEmpty(c.t, errs)
	for _, err := range errs {
		require.NotEmpty(c.t, err.Extensions["code"])
		require.NotEmpty(c.t, err.Extensions["requestId"])
	}
	return errs
}

// expectQuiet checks that the server has nothing more to say, by a ping whose
// pong must come first.
func (c *client) expectQuiet() {
	c.t.Helper()
	c.send(`{"type":"ping","payload":{"quiet":true}}`)
	c.expect(`{"type":"pong","payload":{"quiet":true}}`)
}

// expectClose reads up to the close and returns its reason.
func (c *client) expectClose(code int) string {
	c.t.Helper()
	_, text, err := c.conn.Read(c.ctx)
	require.Error(c.t, err, "got a message instead of a close: %s", text)
	var closed websocket.CloseError
	require.ErrorAs(c.t, err, &closed)
	require.Equal(c.t, code, int(closed.Code), closed.Reason)
	return closed.Reason
}

// expectCut reads up to the end of a connection that has no close code.
func (c *client) expectCut() {
	c.t.Helper()
	for {
		if _, _, err := c.conn.Read(c.ctx); err != nil {
			require.NoError(c.t, c.ctx.Err(), "the connection did not end")
			require.Equal(c.t, websocket.StatusCode(-1), websocket.CloseStatus(err), err)
			return
		}
	}
}

// await takes a value of a channel.
func await[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(patience):
		require.FailNow(t, "nothing came")
		panic("unreachable")
	}
}

package transport

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/coder/websocket"
)

// WebSocket is the handler of GraphQL over websockets; see the package
// comment. Its sockets outlive http.Server.Shutdown, so call [WebSocket.Shutdown] too.
type WebSocket struct {
	cfg    Config
	places *places

	mu      sync.Mutex
	sockets map[*socket]struct{}
}

var _ http.Handler = (*WebSocket)(nil)

// NewWebSocket returns the handler. Middleware around it must leave the
// response writer hijackable, and must not put a deadline on the request's
// context: its end closes the socket with 1001.
func NewWebSocket(cfg Config) *WebSocket {
	cfg = cfg.withDefaults()
	return &WebSocket{cfg: cfg, places: newPlaces(cfg.MaxSockets), sockets: map[*socket]struct{}{}}
}

// ServeHTTP accepts a socket and serves it until it closes.
func (ws *WebSocket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := ws.cfg.requestID(r.Context())
	w.Header().Set("X-Request-Id", id)
	s := newSocket(ws, r, id)
	if problem := ws.places.take(); problem != "" {
		w.Header().Set("Retry-After", "5")
		http.Error(w, problem, http.StatusServiceUnavailable)
		return
	}
	defer ws.places.release()
	ws.register(s)
	defer ws.unregister(s)

	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:   []string{subprotocol},
		OriginPatterns: ws.cfg.AllowedOrigins,
	})
	if err != nil {
		ws.cfg.Logger.InfoContext(r.Context(), "websocket refused", "request_id", id, "error", err)
		return // Accept has answered: 403 for a foreign origin, 4xx else
	}
	s.serve(conn)
}

// ByUpgrade serves two transports at one path: requests that ask for a
// websocket go to sockets, all others to plain.
func ByUpgrade(plain, sockets http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			sockets.ServeHTTP(w, r)
			return
		}
		plain.ServeHTTP(w, r)
	})
}

func (ws *WebSocket) register(s *socket) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.sockets[s] = struct{}{}
}

func (ws *WebSocket) unregister(s *socket) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.sockets, s)
}

// Shutdown refuses new sockets, closes the open ones with 1001 and returns
// once they and their operations have ended, or with the error of ctx when
// that ends first. A peer that does not answer the closing handshake holds it
// up for 10 s at most; a resolver that ignores its context, for as long as it
// runs.
func (ws *WebSocket) Shutdown(ctx context.Context) error {
	if err := ws.places.shutdown(ctx); err != nil {
		return fmt.Errorf("websockets did not close in time: %w", err)
	}
	return nil
}

// Stats counts what the handler holds, for gauges.
type Stats struct{ Sockets, Operations int }

// Stats returns the present counts.
func (ws *WebSocket) Stats() Stats {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	stats := Stats{Sockets: len(ws.sockets)}
	for s := range ws.sockets {
		stats.Operations += s.liveOperations()
	}
	return stats
}

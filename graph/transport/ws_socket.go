package transport

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/coder/websocket"
)

// socket is one connection. Three kinds of goroutine work on it: the handler,
// which reads; watch, which keeps time; and one per operation. All write
// through send, one message at a time. The handler returns last, after
// waiting for the others.
type socket struct {
	ws  *WebSocket
	cfg *Config
	id  string
	// ctx has the values of the HTTP request and ends with the socket.
	ctx    context.Context
	cancel context.CancelFunc
	// request ends when the HTTP server is told to drop its requests.
	request context.Context

	conn *websocket.Conn
	// closing makes the first reason to close the one that counts.
	closing sync.Once
	// writing is held while a message is written.
	writing sync.Mutex
	// heard is set by every message, and cleared at every ping.
	heard atomic.Bool
	// acked carries the session to watch once the socket is acknowledged.
	acked chan Session
	// workers counts watch and the operations.
	workers sync.WaitGroup

	mu sync.Mutex
	// session is nil until the acknowledgement.
	session *Session
	live    map[string]*operation
	// running counts operations whose goroutine has not ended; started names
	// them in request ids.
	running, started int
}

func newSocket(ws *WebSocket, r *http.Request, id string) *socket {
	// After the upgrade net/http no longer ends the request's context with
	// the connection, and the socket must not end without its close code.
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	return &socket{
		ws: ws, cfg: &ws.cfg, id: id,
		ctx: withRequestID(ctx, id), cancel: cancel, request: r.Context(),
		acked: make(chan Session, 1),
		live:  map[string]*operation{},
	}
}

// serve runs the socket to its end.
func (s *socket) serve(conn *websocket.Conn) {
	s.conn = conn
	conn.SetReadLimit(s.cfg.MaxBodyBytes)

	s.workers.Go(s.watch)
	defer s.workers.Wait()
	defer s.cut() // does nothing after a close
	defer func() {
		if value := recover(); value != nil {
			_ = s.cfg.panicError(s.ctx, value)
		}
	}()

	if conn.Subprotocol() != subprotocol {
		s.close(closeWith(closeSubprotocol, "Subprotocol not acceptable: speak %s", subprotocol))
		return
	}
	for {
		// Not the socket's context: its end would cut the connection
		// without the close code. Closing unblocks Read.
		kind, text, err := conn.Read(context.Background())
		if err != nil {
			return
		}
		s.heard.Store(true)
		message, problem := parseInbound(kind, text)
		if problem == nil {
			problem = s.handle(message)
		}
		if problem != nil {
			s.close(problem)
			return
		}
	}
}

// handle acts on a message; a closing ends the socket.
func (s *socket) handle(m inbound) *closing {
	switch m.kind {
	case typeInit:
		return s.init(m)
	case typeSubscribe:
		return s.subscribe(m)
	case typeComplete:
		s.stop(m.id)
	case typePing:
		pong := outbound{Type: typePong}
		if m.payload != nil {
			pong.Payload = m.payload
		}
		s.send(pong, nil)
	}
	return nil
}

// init authenticates the socket and acknowledges it.
func (s *socket) init(m inbound) *closing {
	if s.present() != nil {
		return closeWith(closeTooManyInits, "Too many initialisation requests")
	}
	session := Session{}
	if s.cfg.Authenticate != nil {
		var payload map[string]any
		if m.payload != nil {
			if err := json.Unmarshal(m.payload, &payload); err != nil {
				return closeWith(closeInvalid, "the payload of connection_init is not an object")
			}
		}
		var err error
		if session, err = s.cfg.Authenticate(s.ctx, payload); err != nil {
			return s.refusal(err)
		}
	}
	if session.Context == nil {
		session.Context = s.ctx
	}
	s.mu.Lock()
	s.session = &session
	s.mu.Unlock()
	s.acked <- session
	s.send(outbound{Type: typeAck}, nil)
	return nil
}

// present returns the session, nil before the socket is acknowledged.
func (s *socket) present() *Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.session
}

// refusal is how the socket closes after Authenticate failed.
func (s *socket) refusal(err error) *closing {
	var refused *CloseError
	if errors.As(err, &refused) {
		return closeWith(websocket.StatusCode(refused.Code), "%s", refused.Reason)
	}
	s.cfg.Logger.ErrorContext(s.ctx, "websocket authentication failed", "request_id", s.id, "error", err)
	return closeWith(websocket.StatusTryAgainLater, "authentication is not possible now; connect again later")
}

// watch keeps the times of the socket: acknowledgement, pings, the end of
// its credential, the end of the server.
func (s *socket) watch() {
	initialisation := s.cfg.Clock.NewTimer(s.cfg.InitTimeout)
	defer initialisation.Stop()
	pings := s.cfg.Clock.NewTicker(s.cfg.PingInterval)
	defer pings.Stop()
	var ended <-chan struct{}
	pinged := false
	for {
		select {
		case <-s.ctx.Done():
			return
		case session := <-s.acked:
			ended = session.Ended
		case <-initialisation.Chan():
			if s.present() == nil {
				s.close(closeWith(closeInitTimeout, "Connection initialisation timeout"))
			}
		case <-ended:
			s.close(closeWith(closeUnauthorized, "Unauthorized: the credential has ended"))
		case <-s.request.Done():
			s.close(closeWith(websocket.StatusGoingAway, "the server is shutting down"))
		case <-s.ws.places.down:
			s.close(closeWith(websocket.StatusGoingAway, "the server is shutting down"))
		case <-pings.Chan():
			if heard := s.heard.Swap(false); pinged && !heard {
				s.cfg.Logger.InfoContext(s.ctx, "websocket peer is silent; cut off", "request_id", s.id)
				s.cut()
				return
			}
			pinged = true
			s.send(outbound{Type: typePing}, nil)
		}
	}
}

// send writes a message if the socket is open and admit, asked while nothing
// else is being written, agrees; a nil admit does. A write that fails or
// stalls ends the socket.
func (s *socket) send(m outbound, admit func() bool) {
	text, err := json.Marshal(m)
	if err != nil {
		s.cfg.Logger.ErrorContext(s.ctx, "websocket message cannot be written as JSON", "request_id", s.id, "error", err)
		s.close(closeWith(websocket.StatusInternalError, "internal error"))
		return
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.ctx.Err() != nil || admit != nil && !admit() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.WriteTimeout)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, text); err != nil {
		if ctx.Err() != nil {
			s.cfg.Logger.InfoContext(s.ctx, "websocket peer is too slow; cut off", "request_id", s.id)
		}
		s.cut()
	}
}

// close ends the operations and performs the closing handshake, which takes
// at most some seconds with a peer that does not answer. It returns when the
// connection is closed; only the first reason counts.
func (s *socket) close(why *closing) {
	s.closing.Do(func() {
		s.cancel()
		_ = s.conn.Close(why.code, why.reason)
	})
}

// cut ends the operations and the connection at once, without a handshake.
func (s *socket) cut() {
	s.closing.Do(func() {
		s.cancel()
		_ = s.conn.CloseNow()
	})
}

package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
)

// subprotocol is the websocket subprotocol of npm graphql-ws.
const subprotocol = "graphql-transport-ws"

// Types of messages, by who sends them.
const (
	typeInit      = "connection_init" // client
	typeSubscribe = "subscribe"       // client
	typeAck       = "connection_ack"  // server
	typeNext      = "next"            // server
	typeError     = "error"           // server
	typePing      = "ping"            // both
	typePong      = "pong"            // both
	typeComplete  = "complete"        // both
)

// Close codes of graphql-transport-ws.
const (
	closeInvalid        websocket.StatusCode = 4400
	closeUnauthorized   websocket.StatusCode = 4401
	closeForbidden      websocket.StatusCode = 4403
	closeSubprotocol    websocket.StatusCode = 4406
	closeInitTimeout    websocket.StatusCode = 4408
	closeDuplicateID    websocket.StatusCode = 4409
	closeTooManyInits   websocket.StatusCode = 4429
	maxCloseReasonBytes                      = 123
	maxIDBytes                               = 256
)

// CloseError is what an Authenticate hook returns to close the socket with a
// code of 3000 to 4999 and a reason that the client may see. The client of npm
// graphql-ws gives up after 4401 and tries again after 4403.
type CloseError struct {
	Code   int
	Reason string
}

// Error says code and reason.
func (e *CloseError) Error() string { return fmt.Sprintf("close %d: %s", e.Code, e.Reason) }

// Unauthorized refuses a credential with 4401.
func Unauthorized(reason string) *CloseError {
	return &CloseError{Code: int(closeUnauthorized), Reason: reason}
}

// Forbidden refuses what a good credential may not do, with 4403.
func Forbidden(reason string) *CloseError {
	return &CloseError{Code: int(closeForbidden), Reason: reason}
}

// closing is why and how a socket is closed by us.
type closing struct {
	code   websocket.StatusCode
	reason string
}

func closeWith(code websocket.StatusCode, format string, args ...any) *closing {
	reason := fmt.Sprintf(format, args...)
	if len(reason) > maxCloseReasonBytes {
		reason = truncate(reason, maxCloseReasonBytes)
	}
	if !utf8.ValidString(reason) {
		reason = ""
	}
	return &closing{code: code, reason: reason}
}

// inbound is a message of the client.
type inbound struct {
	kind    string
	id      string
	payload json.RawMessage // nil when absent or null
}

// parseInbound reads a message and checks what its type demands.
func parseInbound(kind websocket.MessageType, text []byte) (inbound, *closing) {
	if kind != websocket.MessageText {
		return inbound{}, closeWith(closeInvalid, "messages must be text")
	}
	var fields struct {
		ID      *string         `json:"id"`
		Type    string          `json:"type"`
		Payload json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(text, &fields); err != nil {
		return inbound{}, closeWith(closeInvalid, "the message is not a JSON object with type, id and payload as the protocol has them")
	}
	m := inbound{kind: fields.Type, payload: fields.Payload}
	if bytes.Equal(m.payload, []byte("null")) {
		m.payload = nil
	}
	if fields.ID != nil {
		m.id = *fields.ID
	}
	switch m.kind {
	case typeInit, typePing, typePong:
		if m.payload != nil && m.payload[0] != '{' {
			return inbound{}, closeWith(closeInvalid, "the payload of %s must be an object, null or absent", m.kind)
		}
	case typeSubscribe:
		if m.payload == nil {
			return inbound{}, closeWith(closeInvalid, "subscribe needs a payload")
		}
		fallthrough
	case typeComplete:
		if m.id == "" || len(m.id) > maxIDBytes {
			return inbound{}, closeWith(closeInvalid, "%s needs an id of 1 to %d bytes", m.kind, maxIDBytes)
		}
	default:
		return inbound{}, closeWith(closeInvalid, "the message's type is unknown")
	}
	return m, nil
}

// params reads the payload of a subscribe message.
func (m inbound) params() (*graphql.RawParams, *closing) {
	params, err := decodeParams(m.payload)
	if err != nil {
		return nil, closeWith(closeInvalid, "the payload of subscribe is refused: %s", err.Message)
	}
	return params, nil
}

// outbound is a message of the server.
type outbound struct {
	Type    string `json:"type"`
	ID      string `json:"id,omitempty"`
	Payload any    `json:"payload,omitempty"`
}

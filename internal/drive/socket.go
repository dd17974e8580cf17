package drive

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// Subscription is one live subscription over a websocket of its own
// (graphql-transport-ws).
type Subscription struct {
	conn *websocket.Conn
}

type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// Subscribe opens a socket and starts one subscription. It returns when the
// server has acknowledged the connection.
func (c Client) Subscribe(ctx context.Context, query string, variables map[string]any) (*Subscription, error) {
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(c.URL, "http"), &websocket.DialOptions{ //nolint:bodyclose // the library closes it
		Subprotocols: []string{"graphql-transport-ws"}, HTTPClient: c.HTTP,
	})
	if err != nil {
		return nil, fmt.Errorf("drive: opening socket: %w", err)
	}
	conn.SetReadLimit(4 << 20)
	s := &Subscription{conn: conn}
	if err := s.begin(ctx, c.Token, query, variables); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Subscription) begin(ctx context.Context, token, query string, variables map[string]any) error {
	hello := map[string]any{"type": "connection_init"}
	if token != "" {
		hello["payload"] = map[string]any{"Authorization": "Bearer " + token}
	}
	if err := wsjson.Write(ctx, s.conn, hello); err != nil {
		return fmt.Errorf("drive: %w", err)
	}
	var ack message
	if err := wsjson.Read(ctx, s.conn, &ack); err != nil {
		return fmt.Errorf("drive: waiting for connection_ack: %w", err)
	}
	if ack.Type != "connection_ack" {
		return fmt.Errorf("drive: the server answered %q instead of connection_ack", ack.Type)
	}
	subscribe := map[string]any{"id": "1", "type": "subscribe", "payload": map[string]any{"query": query, "variables": variables}}
	if err := wsjson.Write(ctx, s.conn, subscribe); err != nil {
		return fmt.Errorf("drive: %w", err)
	}
	return nil
}

// Next decodes the next event's data into out. The end of the subscription is an
// error: the server's typed one, or the close of the socket.
func (s *Subscription) Next(ctx context.Context, out any) error {
	for {
		var m message
		if err := wsjson.Read(ctx, s.conn, &m); err != nil {
			return fmt.Errorf("drive: reading event: %w", err)
		}
		switch m.Type {
		case "next":
			var answer Answer
			if err := json.Unmarshal(m.Payload, &answer); err != nil {
				return fmt.Errorf("drive: decoding event: %w", err)
			}
			if err := answer.Err(); err != nil {
				return err
			}
			if err := json.Unmarshal(answer.Data, out); err != nil {
				return fmt.Errorf("drive: decoding event: %w", err)
			}
			return nil
		case "error":
			var errs []Error
			if err := json.Unmarshal(m.Payload, &errs); err != nil || len(errs) == 0 {
				return fmt.Errorf("drive: the subscription ended with an unreadable error")
			}
			return Answer{Errors: errs}.Err()
		case "complete":
			return fmt.Errorf("drive: the subscription is complete")
		case "ping":
			if err := wsjson.Write(ctx, s.conn, message{Type: "pong"}); err != nil {
				return fmt.Errorf("drive: %w", err)
			}
		}
	}
}

// Close cuts the socket off without ceremony, as a lost connection would.
func (s *Subscription) Close() { _ = s.conn.CloseNow() }

package server

import (
	"context"

	"github.com/fieldwarden/fieldwarden/graph/transport"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// authenticateSocket takes the bearer token and the workspace from connection_init's
// payload ({"Authorization": "Bearer …", "workspace": "…"}), else the identity of the
// HTTP request: a browser's socket carries the session cookie.
func (s *Server) authenticateSocket(ctx context.Context, payload map[string]any) (transport.Session, error) {
	header, _ := payload["Authorization"].(string)
	if header == "" {
		header, _ = payload["authorization"].(string)
	}
	workspace, _ := payload["workspace"].(string)
	ctx = onSocket(ctx)
	if header == "" {
		return s.socketOfRequest(ctx, workspace)
	}
	token, ok := auth.BearerToken(header)
	if !ok {
		return transport.Session{}, transport.Unauthorized("the bearer token is not valid")
	}
	who, session, err := s.auth.Authenticate(ctx, auth.Credentials{Bearer: token, Workspace: workspace})
	if err != nil {
		return transport.Session{}, socketRefusal(err)
	}
	return transport.Session{Context: auth.With(ctx, who, session), Ended: session.Done()}, nil
}

// socketOfRequest acts as the HTTP request did, in the workspace that is named.
func (s *Server) socketOfRequest(ctx context.Context, workspace string) (transport.Session, error) {
	if _, ok := principal.From(ctx); !ok {
		return transport.Session{}, transport.Unauthorized("a bearer token is required")
	}
	if workspace != "" {
		var err error
		if ctx, err = s.auth.Within(ctx, workspace); err != nil {
			return transport.Session{}, socketRefusal(err)
		}
	}
	return transport.Session{Context: ctx, Ended: auth.SessionFrom(ctx).Done()}, nil
}

// socketRefusal closes a socket for good where trying again cannot help.
func socketRefusal(err error) error {
	switch {
	case fault.Is(err, fault.Unauthenticated):
		return transport.Unauthorized("the bearer token is not valid")
	case fault.Is(err, fault.NotFound):
		return transport.Forbidden("there is no such workspace")
	default:
		return err
	}
}

type socketKey struct{}

// onSocket marks what happens on a websocket: its operations are counted one by one.
func onSocket(ctx context.Context) context.Context { return context.WithValue(ctx, socketKey{}, true) }

func isOnSocket(ctx context.Context) bool { return ctx.Value(socketKey{}) != nil }

package drive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/server"
)

// Admin speaks to a running server over its admin socket.
type Admin struct{ http *http.Client }

// NewAdmin returns a client for the server with this data folder.
func NewAdmin(dataDir string) Admin {
	path := server.AdminSocket(dataDir)
	return Admin{http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		},
	}}}
}

// IssueToken makes a token; ttl zero means until it is revoked, no scopes mean all
// that the role may do.
func (a Admin) IssueToken(ctx context.Context, name string, role principal.Role, ttl time.Duration, scopes ...principal.Scope) (server.TokenAnswer, error) {
	var issued server.TokenAnswer
	request := server.TokenRequest{Name: name, Role: role, TTLSeconds: int64(ttl.Seconds()), Scopes: scopes}
	return issued, a.call(ctx, http.MethodPost, "/tokens", request, &issued)
}

// Tokens lists the workspace's tokens.
func (a Admin) Tokens(ctx context.Context) ([]server.TokenInfo, error) {
	var listed []server.TokenInfo
	return listed, a.call(ctx, http.MethodGet, "/tokens", nil, &listed)
}

// RevokeToken ends a token by its name or id.
func (a Admin) RevokeToken(ctx context.Context, nameOrID string) error {
	return a.call(ctx, http.MethodDelete, "/tokens/"+url.PathEscape(nameOrID), nil, nil)
}

// SignInLink makes a one-time link that signs a member in, or that makes the first
// owner when member is empty.
func (a Admin) SignInLink(ctx context.Context, member string) (server.SignInLinkAnswer, error) {
	var made server.SignInLinkAnswer
	return made, a.call(ctx, http.MethodPost, "/sign-in-links", server.SignInLinkRequest{Member: member}, &made)
}

// RestartConnector starts a quarantined connector again.
func (a Admin) RestartConnector(ctx context.Context, name string) error {
	return a.call(ctx, http.MethodPost, "/connectors/"+url.PathEscape(name)+"/restart", nil, nil)
}

// answerTime bounds the commands that are answered at once.
const answerTime = 30 * time.Second

func (a Admin) call(ctx context.Context, method, path string, body, out any) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	response, err := a.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(out); err != nil {
		return fmt.Errorf("drive: the admin socket's answer: %w", err)
	}
	return nil
}

// send sends a command and returns the answer, whose body the caller closes. A
// refusal is an error.
func (a Admin) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var sent io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("drive: %w", err)
		}
		sent = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://admin"+path, sent)
	if err != nil {
		return nil, fmt.Errorf("drive: %w", err)
	}
	response, err := a.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("no server answers on its admin socket; is it running with this data folder? %w", err)
	}
	if response.StatusCode < http.StatusBadRequest {
		return response, nil
	}
	defer func() { _ = response.Body.Close() }()
	var refused server.ErrorAnswer
	if err := json.NewDecoder(response.Body).Decode(&refused); err != nil {
		return nil, fmt.Errorf("drive: the admin socket answered %d", response.StatusCode)
	}
	return nil, fault.New(refused.Code, refused.Message, fault.Hint("%s", refused.Hint))
}

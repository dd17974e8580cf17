package server

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// TokenRequest asks a running server for a token over its admin socket.
type TokenRequest struct {
	Name string         `json:"name"`
	Role principal.Role `json:"role"`
	// Scopes narrow what the role allows; empty narrows nothing.
	Scopes []principal.Scope `json:"scopes,omitempty"`
	// TTLSeconds is how long it is good; zero means until it is revoked.
	TTLSeconds int64 `json:"ttlSeconds"`
}

// TokenAnswer is a new token, shown this once.
type TokenAnswer struct {
	ID    string `json:"id"`
	Token string `json:"token"`
}

// TokenInfo describes a token without the token.
type TokenInfo struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Role      principal.Role    `json:"role"`
	Scopes    []principal.Scope `json:"scopes,omitempty"`
	CreatedAt time.Time         `json:"createdAt"`
	ExpiresAt *time.Time        `json:"expiresAt,omitempty"`
	RevokedAt *time.Time        `json:"revokedAt,omitempty"`
}

// SignInLinkRequest asks a running server for a one-time sign-in link.
type SignInLinkRequest struct {
	// Member is the e-mail address of whom it signs in; empty makes the first owner.
	Member string `json:"member"`
}

// SignInLinkAnswer is a new link, shown this once.
type SignInLinkAnswer struct {
	URL string `json:"url"`
}

// ErrorAnswer is a refusal of the admin socket.
type ErrorAnswer struct {
	Code    fault.Code `json:"code"`
	Message string     `json:"message"`
	Hint    string     `json:"hint"`
}

// interfaceAdmin is the origin of what the operator does, in the audit.
const interfaceAdmin = "admin-socket"

// adminRoutes serves the operator's commands on the admin socket. Only the user
// who runs the server can open it (mode 0600), so it asks for no token.
func (s *Server) adminRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /tokens", s.issueToken)
	mux.HandleFunc("GET /tokens", s.listTokens)
	mux.HandleFunc("DELETE /tokens/{name}", s.revokeToken)
	mux.HandleFunc("POST /sign-in-links", s.makeSignInLink)
	mux.HandleFunc("POST /connectors/{name}/restart", s.restartConnector)
	mux.HandleFunc("POST /backup", s.streamBackup)
	s.observeRoutes(mux)
	mux.HandleFunc("POST /keys/rotate", s.rotateKeys)
	mux.HandleFunc("POST /keys/prune", s.pruneKeys)
	mux.HandleFunc("POST /keys/reload", s.reloadKeys)
	return auth.Origin(interfaceAdmin, func(*http.Request) string { return "" }, func(*http.Request) string { return obs.NewRequestID() })(mux)
}

func (s *Server) issueToken(w http.ResponseWriter, r *http.Request) {
	var request TokenRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&request); err != nil {
		s.answerError(w, r, fault.New(fault.BadInput, "The request is not JSON of the expected form.", fault.Cause(err)))
		return
	}
	ctx := principal.System(r.Context(), s.workspaceID, "admin socket")
	issued, err := s.auth.Issue(ctx, auth.IssueInput{
		WorkspaceID: s.workspaceID, Name: request.Name, Role: request.Role, Scopes: request.Scopes, TTL: time.Duration(request.TTLSeconds) * time.Second,
	})
	if err != nil {
		s.answerError(w, r, err)
		return
	}
	s.answer(w, r, TokenAnswer{ID: issued.ID, Token: issued.Token.Reveal()})
}

func (s *Server) listTokens(w http.ResponseWriter, r *http.Request) {
	ctx := principal.System(r.Context(), s.workspaceID, "admin socket")
	rows, err := s.auth.List(ctx, s.workspaceID)
	if err != nil {
		s.answerError(w, r, err)
		return
	}
	shown := make([]TokenInfo, len(rows))
	for i, row := range rows {
		shown[i] = TokenInfo{ID: row.ID, Name: row.Name, Role: row.Role, Scopes: row.Scopes, CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt, RevokedAt: row.RevokedAt}
	}
	s.answer(w, r, shown)
}

func (s *Server) revokeToken(w http.ResponseWriter, r *http.Request) {
	ctx := principal.System(r.Context(), s.workspaceID, "admin socket")
	if err := s.auth.Revoke(ctx, s.workspaceID, r.PathValue("name")); err != nil {
		s.answerError(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) makeSignInLink(w http.ResponseWriter, r *http.Request) {
	var request SignInLinkRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&request); err != nil {
		s.answerError(w, r, fault.New(fault.BadInput, "The request is not JSON of the expected form.", fault.Cause(err)))
		return
	}
	ctx := principal.System(r.Context(), s.workspaceID, "admin socket")
	link, err := s.signInLink(ctx, request.Member)
	if err != nil {
		s.answerError(w, r, err)
		return
	}
	s.answer(w, r, SignInLinkAnswer{URL: link})
}

func (s *Server) signInLink(ctx context.Context, member string) (string, error) {
	if member != "" {
		return s.auth.MemberLink(ctx, s.workspaceID, member)
	}
	link, err := s.FirstOwnerLink(ctx)
	if err == nil && link == "" {
		err = fault.New(fault.Conflict, "The workspace has an owner.", fault.Hint("Name the member to sign in: --member EMAIL."))
	}
	return link, err
}

// FirstOwnerLink makes a one-time link whose holder becomes the first owner; empty
// while the workspace has an owner.
func (s *Server) FirstOwnerLink(ctx context.Context) (string, error) {
	return s.auth.FirstOwnerLink(ctx, s.workspaceID)
}

func (s *Server) restartConnector(w http.ResponseWriter, r *http.Request) {
	if err := s.host.Restart(r.Context(), r.PathValue("name")); err != nil {
		s.answerError(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, value any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(value); err != nil {
		s.log.WarnContext(r.Context(), "an admin answer was not written whole", obs.Err(err))
	}
}

func (s *Server) answerError(w http.ResponseWriter, r *http.Request, err error) {
	told := s.explain(r, err)
	status := http.StatusBadRequest
	if told.Code == fault.Internal {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(told)
}

package hubspot

import (
	"crypto/subtle"
	"net/http"
	"strings"
)

// maxForm bounds what OAuth endpoints read; real requests are a few hundred bytes.
const maxForm = 64 << 10

// oauthError is the body of a refused token request: RFC 6749 fields beside HubSpot's own.
type oauthError struct{ code, status, message string }

func badRefreshToken() *oauthError {
	return &oauthError{"invalid_grant", "BAD_REFRESH_TOKEN", "refresh token is invalid, expired or revoked"}
}

func (e oauthError) reply() reply {
	return jsonReply(http.StatusBadRequest, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		Status      string `json:"status"`
		Message     string `json:"message"`
	}{e.code, e.message, e.status, e.message})
}

// tokenAnswer is the token endpoint's answer. The v1 endpoint leaves out what is marked.
type tokenAnswer struct {
	TokenType    string   `json:"token_type"`
	AccessToken  string   `json:"access_token"`
	RefreshToken string   `json:"refresh_token,omitempty"`
	ExpiresIn    int      `json:"expires_in"`
	HubID        int64    `json:"hub_id,omitempty"`    // not in v1
	UserID       int64    `json:"user_id,omitempty"`   // not in v1
	Scopes       []string `json:"scopes,omitempty"`    // not in v1
	TokenUse     string   `json:"token_use,omitempty"` // not in v1
}

// token serves every generation of the token endpoint.
func (s *Simulator) token(r *http.Request) reply {
	if wrong := s.readForm(r); wrong != nil {
		return wrong.reply()
	}
	form := r.PostForm
	var (
		made  issued
		wrong *oauthError
		use   = "access_token"
	)
	switch form.Get("grant_type") {
	case "authorization_code":
		made, wrong = s.grants.redeem(form.Get("code"), form.Get("redirect_uri"), form.Get("code_verifier"))
	case "refresh_token":
		made, wrong = s.grants.renew(form.Get("refresh_token"))
	case "client_credentials":
		scopes := strings.Fields(form.Get("scope"))
		for _, one := range scopes {
			if !strings.HasPrefix(one, "developer.") {
				return oauthError{"invalid_scope", "BAD_SCOPES", "one or more scopes are invalid"}.reply()
			}
		}
		use, made = "client_credentials", s.grants.clientCredentials(scopes)
	default:
		wrong = &oauthError{"unsupported_grant_type", "BAD_GRANT_TYPE", "missing or unknown grant type"}
	}
	if wrong != nil {
		return wrong.reply()
	}
	answer := tokenAnswer{
		TokenType: "bearer", AccessToken: made.access, RefreshToken: made.refresh, ExpiresIn: int(s.config.AccessTokenTTL.Seconds()),
	}
	if !strings.HasPrefix(r.URL.Path, "/oauth/v1/") {
		answer.HubID, answer.TokenUse = made.grant.portal, use
		if use == "access_token" {
			answer.UserID, answer.Scopes = made.grant.user, s.grants.inForce(made.grant)
		}
	}
	return jsonReply(http.StatusOK, answer)
}

// readForm parses the body and checks the app's id and secret.
func (s *Simulator) readForm(r *http.Request) *oauthError {
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return &oauthError{"invalid_request", "BAD_REQUEST", "the body must be a form"}
	}
	if r.PostForm.Get("client_id") != s.config.ClientID {
		return &oauthError{"invalid_client", "BAD_CLIENT_ID", "missing or invalid client id"}
	}
	if subtle.ConstantTimeCompare([]byte(r.PostForm.Get("client_secret")), []byte(s.config.ClientSecret)) != 1 {
		return &oauthError{"invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret"}
	}
	return nil
}

// revoke serves POST …/token/revoke. A token nobody knows is no error (RFC 7009).
func (s *Simulator) revoke(r *http.Request) reply {
	if wrong := s.readForm(r); wrong != nil {
		return wrong.reply()
	}
	s.grants.revokeRefresh(formToken(r))
	return reply{status: http.StatusOK}
}

// deleteRefreshToken serves DELETE /oauth/v1/refresh-tokens/{token}, which needs no credentials.
func (s *Simulator) deleteRefreshToken(r *http.Request) reply {
	if !s.grants.revokeRefresh(lastSegment(r)) {
		return resourceMissing()
	}
	return noContent()
}

// formToken is the token a form is about; guides and API descriptions differ in its name.
func formToken(r *http.Request) string {
	for _, name := range []string{"token", "access_token", "refresh_token"} {
		if value := r.PostForm.Get(name); value != "" {
			return value
		}
	}
	return ""
}

func lastSegment(r *http.Request) string {
	parts := segments(r.URL.EscapedPath())
	return parts[len(parts)-1] // routed here by a pattern with segments
}

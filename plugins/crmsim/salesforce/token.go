package salesforce

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxForm bounds what OAuth endpoints read; real requests are a few hundred bytes.
const maxForm = 64 << 10

// tokenAnswer is the token endpoint's answer. There is no expires_in: Salesforce does not send one.
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Signature    string `json:"signature"`
	Scope        string `json:"scope"`
	InstanceURL  string `json:"instance_url"`
	ID           string `json:"id"`
	TokenType    string `json:"token_type"`
	IssuedAt     string `json:"issued_at"` // milliseconds since 1970, as text
}

// token serves POST /services/oauth2/token for the authorization_code and refresh_token grants.
func (s *Simulator) token(r *http.Request) reply {
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return oauthFailure(&oauthError{Code: "invalid_request", Description: "must be a url-encoded form"})
	}
	if wrong := s.checkClient(r); wrong != nil {
		return oauthFailure(wrong)
	}
	form := r.PostForm
	var (
		issued tokens
		wrong  *oauthError
	)
	switch form.Get("grant_type") {
	case "authorization_code":
		issued, wrong = s.authorizations.redeem(form.Get("code"), form.Get("redirect_uri"), form.Get("code_verifier"))
	case "refresh_token":
		issued, wrong = s.authorizations.renew(form.Get("refresh_token"))
	default:
		wrong = &oauthError{Code: "unsupported_grant_type", Description: "grant type not supported"}
	}
	if wrong != nil {
		return oauthFailure(wrong)
	}
	return jsonReply(http.StatusOK, s.tokenAnswer(r, issued))
}

func (s *Simulator) tokenAnswer(r *http.Request, issued tokens) tokenAnswer {
	id, at := s.identityURL(r, issued.login), strconv.FormatInt(s.config.Clock.Now().UnixMilli(), 10)
	sign := hmac.New(sha256.New, []byte(s.config.ClientSecret))
	sign.Write([]byte(id + at))
	return tokenAnswer{
		AccessToken: issued.access, RefreshToken: issued.refresh, Scope: strings.Join(issued.scopes, " "),
		InstanceURL: baseURL(r), ID: id, TokenType: "Bearer", IssuedAt: at,
		Signature: base64.StdEncoding.EncodeToString(sign.Sum(nil)),
	}
}

// checkClient accepts the app's id and secret in the body or as Basic credentials. A public client has no secret.
func (s *Simulator) checkClient(r *http.Request) *oauthError {
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if basicID, basicSecret, ok := r.BasicAuth(); ok {
		// RFC 6749 2.3.1 has both form-encoded before base64; tolerate clients that did not.
		id, secret = formDecoded(basicID), formDecoded(basicSecret)
	}
	if id != s.config.ClientID {
		return &oauthError{Code: "invalid_client_id", Description: "client identifier invalid"}
	}
	if subtle.ConstantTimeCompare([]byte(secret), []byte(s.config.ClientSecret)) != 1 {
		return &oauthError{Code: "invalid_client", Description: "invalid client credentials"}
	}
	return nil
}

func formDecoded(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}

func oauthFailure(e *oauthError) reply { return jsonReply(http.StatusBadRequest, e) }

// revoke serves /services/oauth2/revoke: 200 without a body, or 400 with a form-encoded one.
func (s *Simulator) revoke(r *http.Request) reply {
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	if err := r.ParseForm(); err == nil && s.authorizations.revokeToken(r.Form.Get("token")) {
		return reply{status: http.StatusOK}
	}
	body := url.Values{"error": {"invalid_token"}, "error_description": {"invalid token"}}
	return textReply(http.StatusBadRequest, "application/x-www-form-urlencoded;charset=UTF-8", body.Encode())
}

// introspect serves POST /services/oauth2/introspect: is this token still good, and for what.
func (s *Simulator) introspect(r *http.Request) reply {
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return oauthFailure(&oauthError{Code: "invalid_request", Description: "must be a url-encoded form"})
	}
	if wrong := s.checkClient(r); wrong != nil {
		return oauthFailure(wrong)
	}
	facts, ok := s.authorizations.introspect(r.PostForm.Get("token"))
	if !ok {
		return jsonReply(http.StatusOK, map[string]any{"active": false})
	}
	answer := map[string]any{
		"active": true, "scope": strings.Join(facts.scopes, " "), "client_id": s.config.ClientID,
		"username": s.userText(facts.login, "Username"), "sub": s.identityURL(r, facts.login), "token_type": facts.kind,
	}
	if !facts.expires.IsZero() {
		issued := facts.expires.Add(-s.config.AccessTokenTTL).Unix()
		answer["exp"], answer["iat"], answer["nbf"] = facts.expires.Unix(), issued, issued
	}
	return jsonReply(http.StatusOK, answer)
}

// bearer is the access token of a request, from the header or from oauth_token as the identity service allows.
func bearer(r *http.Request) string {
	scheme, value, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if ok && (strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "OAuth")) {
		return strings.TrimSpace(value)
	}
	return ""
}

package dynamics365

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// graphAudience is what Entra hands out tokens for when no scope names a resource; the Web API refuses them.
const (
	graphAudience     = "00000003-0000-0000-c000-000000000000"
	discoveryAudience = "https://globaldisco.crm.dynamics.com"
)

// entraError is an error of the token endpoint: OAuth's word and Entra's number.
type entraError struct {
	word    string
	number  int
	message string
}

func badGrant(number int, message string) *entraError {
	return &entraError{"invalid_grant", number, message}
}

// reply is the body that Entra sends. Clients should read error_codes, not the text.
func (e *entraError) reply(now time.Time) reply {
	status := http.StatusBadRequest
	if e.word == "invalid_client" || e.word == "unauthorized_client" {
		status = http.StatusUnauthorized
	}
	trace, correlation, stamp := newID(), newID(), now.UTC().Format("2006-01-02 15:04:05Z")
	body, _ := appendJSON(nil, object{ // texts and numbers always encode
		{"error", e.word},
		{"error_description", fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", e.number, e.message, trace, correlation, stamp)},
		{"error_codes", []any{e.number}},
		{"timestamp", stamp},
		{"trace_id", trace},
		{"correlation_id", correlation},
		{"error_uri", fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", e.number)},
	})
	return reply{status: status, kind: "application/json; charset=utf-8", body: body}
}

// entraRoutes are the login host's paths.
func (s *Simulator) entraRoutes(r chi.Router, guard func(http.Handler) http.Handler) {
	r.With(guard).Get("/{tenant}/oauth2/v2.0/authorize", s.serve("authorize", s.authorize))
	r.With(guard).Post("/{tenant}/oauth2/v2.0/authorize", s.serve("authorize", s.decide))
	r.Post("/{tenant}/oauth2/v2.0/token", s.serve("token", s.token))
	r.Get("/{tenant}/v2.0/.well-known/openid-configuration", s.serve("openid", s.openID))
}

// serve wraps an endpoint outside the Web API with faults and the request log.
func (s *Simulator) serve(name string, endpoint func(*http.Request) reply) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		line := control.Request{Method: r.Method, Path: r.URL.Path, Endpoint: name}
		answer, kind, met := s.meetFault(r.Context(), control.Target{Path: r.URL.Path})
		if line.Fault = kind; !met {
			answer = endpoint(r)
		}
		s.finish(w, r, answer, line)
	}
}

// tenantKnown reports whether a path names our tenant, or leaves it to the login.
func (s *Simulator) tenantKnown(r *http.Request) bool {
	return tenantOpen(r) || slices.Contains([]string{s.config.TenantID, s.config.TenantDomain}, chi.URLParam(r, "tenant"))
}

// tenantOpen reports whether a path leaves the tenant to the login: the account that somebody chooses tells it.
func tenantOpen(r *http.Request) bool {
	return slices.Contains([]string{"organizations", "common"}, chi.URLParam(r, "tenant"))
}

func tenantUnknown(r *http.Request) *entraError {
	return &entraError{"invalid_request", 90002, "Tenant '" + chi.URLParam(r, "tenant") + "' not found. Check to make sure you have the correct tenant ID."}
}

// openID is the discovery document, so far as it is simulated.
func (s *Simulator) openID(r *http.Request) reply {
	if !s.tenantKnown(r) {
		return tenantUnknown(r).reply(s.clock().Now())
	}
	login := baseURL(r) + "/" + chi.URLParam(r, "tenant")
	return jsonReply(http.StatusOK, object{
		{"token_endpoint", login + "/oauth2/v2.0/token"},
		{"authorization_endpoint", login + "/oauth2/v2.0/authorize"},
		{"token_endpoint_auth_methods_supported", []string{"client_secret_post", "client_secret_basic"}},
		{"response_modes_supported", []string{"query"}},
		{"response_types_supported", []string{"code"}},
		{"scopes_supported", []string{"openid", "profile", "email", "offline_access"}},
		{"issuer", "https://login.microsoftonline.com/" + s.config.TenantID + "/v2.0"},
	})
}

// resourceOf finds the one resource that scopes name. No resource at all means Microsoft Graph.
func (s *Simulator) resourceOf(r *http.Request, scopes []string) (string, *entraError) {
	resource := ""
	for _, scope := range scopes {
		if slices.Contains([]string{"openid", "profile", "email", "offline_access"}, scope) {
			continue
		}
		at := strings.LastIndexByte(scope, '/')
		if at <= 0 || !strings.Contains(scope, "://") {
			if slices.Contains([]string{"User.Read", ".default"}, scope) {
				continue
			}
			return "", &entraError{"invalid_scope", 70011, "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope " + scope + " is not valid."}
		}
		named := strings.TrimSuffix(scope[:at], "/")
		if !sameResource(named, []string{s.config.OrgURL, baseURL(r), discoveryAudience}) {
			return "", &entraError{"invalid_resource", 500011, "The resource principal named " + named + " was not found in the tenant named " + s.config.OrgName + "."}
		}
		if permission := scope[at+1:]; permission != "user_impersonation" && permission != ".default" {
			return "", &entraError{"invalid_client", 650053, "The application asked for scope '" + permission + "' that doesn't exist on the resource."}
		}
		if resource != "" && resource != named {
			return "", &entraError{"invalid_request", 28000, "Provided value for the input parameter scope is not valid because it contains more than one resource."}
		}
		resource = named
	}
	if resource == "" {
		resource = graphAudience
	}
	return resource, nil
}

// sameResource compares a resource with those that are meant, without regard to case and a closing slash.
func sameResource(resource string, meant []string) bool {
	return slices.ContainsFunc(meant, func(m string) bool {
		return strings.EqualFold(strings.TrimSuffix(resource, "/"), strings.TrimSuffix(m, "/"))
	})
}

// token is the token endpoint.
func (s *Simulator) token(r *http.Request) reply {
	answer, failed := s.grant(r)
	if failed != nil {
		return failed.reply(s.clock().Now())
	}
	return answer
}

func (s *Simulator) grant(r *http.Request) (reply, *entraError) {
	if err := r.ParseForm(); err != nil {
		return reply{}, &entraError{"invalid_request", 900144, "The request body is not well-formed."}
	}
	if !s.tenantKnown(r) {
		return reply{}, tenantUnknown(r)
	}
	if err := s.checkClient(r); err != nil {
		return reply{}, err
	}
	scopes := strings.Fields(r.PostForm.Get("scope"))
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		g, err := s.tokens.redeem(r.PostForm.Get("code"), r.PostForm.Get("redirect_uri"), r.PostForm.Get("code_verifier"))
		if err != nil {
			return reply{}, err
		}
		s.journal.Bump(control.CountCodesRedeemed)
		return s.userTokens(r, g, scopes)
	case "refresh_token":
		g, err := s.tokens.renew(r.PostForm.Get("refresh_token"))
		if err != nil {
			return reply{}, err
		}
		answer, err := s.userTokens(r, g, scopes)
		if err == nil {
			s.journal.Bump(control.CountTokenRefreshes)
		}
		return answer, err
	case "client_credentials":
		return s.appToken(r, scopes)
	case "":
		return reply{}, &entraError{"invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'."}
	}
	return reply{}, &entraError{"unsupported_grant_type", 70003, "The app requested an unsupported grant type '" + r.PostForm.Get("grant_type") + "'."}
}

// checkClient knows one app and its secret, which may come in the form or as basic authentication.
func (s *Simulator) checkClient(r *http.Request) *entraError {
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		id, secret = user, password
	}
	switch {
	case id == "":
		return &entraError{"invalid_request", 900144, "The request body must contain the following parameter: 'client_id'."}
	case id != s.config.ClientID:
		return &entraError{"unauthorized_client", 700016, "Application with identifier '" + id + "' was not found in the directory '" + s.config.OrgName + "'."}
	case s.config.ClientSecret == "":
		return nil
	case secret == "":
		return &entraError{"invalid_client", 7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."}
	case subtle.ConstantTimeCompare([]byte(secret), []byte(s.config.ClientSecret)) != 1 || s.tokens.secretState() == SecretRotated:
		return &entraError{"invalid_client", 7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '" + id + "'."}
	case s.tokens.secretState() == SecretExpired:
		return &entraError{"invalid_client", 7000222, "The provided client secret keys for app '" + id + "' are expired."}
	}
	return nil
}

// userTokens answers for a user's approval: an access token, and with offline_access each time a new refresh token.
func (s *Simulator) userTokens(r *http.Request, g *grant, scopes []string) (reply, *entraError) {
	resource := g.resource
	if len(scopes) > 0 {
		var err *entraError
		if resource, err = s.resourceOf(r, scopes); err != nil {
			return reply{}, err
		}
	}
	scope := resource + "/user_impersonation " + resource + "/.default"
	body := object{
		{"token_type", "Bearer"},
		{"scope", scope},
		{"expires_in", s.expiresIn()},
		{"ext_expires_in", s.expiresIn()},
		{"access_token", s.tokens.issueAccess(resource, s.config.ClientID, s.userName(), "user_impersonation", false)},
	}
	if slices.Contains(g.scopes, "offline_access") {
		body = body.with("refresh_token", s.tokens.issueRefresh(g))
	}
	return tokenReply(body), nil
}

func (s *Simulator) expiresIn() int { return int(s.config.AccessTokenTTL/time.Second) - 1 }

// appToken answers for the app itself; there is no refresh token. Nobody signs in who could tell a tenant, so the path
// has to. AADSTS50059 is what clients report of app tokens from "common"; that OAuth's word beside it is
// invalid_request, and that "organizations" is refused alike, is known of other grants and not verified for this one.
func (s *Simulator) appToken(r *http.Request, scopes []string) (reply, *entraError) {
	if tenantOpen(r) {
		return reply{}, &entraError{"invalid_request", 50059, "No tenant-identifying information found in either the request or implied by any provided credentials."}
	}
	if len(scopes) != 1 || !strings.HasSuffix(scopes[0], "/.default") {
		return reply{}, &entraError{"invalid_scope", 1002012, "The provided value for scope " + strings.Join(scopes, " ") + " is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."}
	}
	resource, err := s.resourceOf(r, scopes)
	if err != nil {
		return reply{}, err
	}
	return tokenReply(object{
		{"token_type", "Bearer"},
		{"expires_in", s.expiresIn()},
		{"ext_expires_in", s.expiresIn()},
		{"access_token", s.tokens.issueAccess(resource, s.config.ClientID, s.userName(), "", true)},
	}), nil
}

func tokenReply(body object) reply {
	answer := jsonReply(http.StatusOK, body)
	answer.kind = "application/json; charset=utf-8"
	return answer.set("Cache-Control", "no-store, no-cache").set("Pragma", "no-cache")
}

package dynamics365

import (
	"bytes"
	"embed"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

//go:embed web
var web embed.FS

var challengePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// authorizeRequest is a checked authorization request.
type authorizeRequest struct {
	redirectURI, state, challenge, resource string
	scopes                                  []string
}

// authorize shows the consent page for a valid request.
func (s *Simulator) authorize(r *http.Request) reply {
	request, refused := s.checkAuthorize(r)
	if refused != nil {
		return *refused
	}
	return s.consentPage(r, request)
}

// decide takes the consent form: decision=approve sends the browser back with a code, anything else with access_denied.
func (s *Simulator) decide(r *http.Request) reply {
	request, refused := s.checkAuthorize(r)
	if refused != nil {
		return *refused
	}
	if r.PostFormValue("decision") != "approve" {
		return request.refuse("access_denied", "AADSTS65004: User declined to consent to access the app.")
	}
	code := s.tokens.issueCode(grant{scopes: request.scopes, resource: request.resource}, request.redirectURI, request.challenge)
	return request.redirect(url.Values{"code": {code}, "session_state": {string(newID())}})
}

// checkAuthorize answers a wrong tenant, client or redirect URI on the spot, because sending the browser to an
// unregistered address would help an attacker; everything else goes back to the app.
func (s *Simulator) checkAuthorize(r *http.Request) (authorizeRequest, *reply) {
	query := r.URL.Query()
	request := authorizeRequest{
		redirectURI: query.Get("redirect_uri"), state: query.Get("state"), challenge: query.Get("code_challenge"),
		scopes: strings.Fields(query.Get("scope")),
	}
	switch {
	case !s.tenantKnown(r):
		return request, errorPage("AADSTS90002: Tenant not found.")
	case query.Get("client_id") != s.config.ClientID:
		return request, errorPage("AADSTS700016: Application with identifier '" + query.Get("client_id") + "' was not found in the directory.")
	case !s.config.redirectAllowed(request.redirectURI):
		return request, errorPage("AADSTS50011: The redirect URI '" + request.redirectURI + "' specified in the request does not match the redirect URIs configured for the application.")
	}
	refuse := func(code, description string) (authorizeRequest, *reply) {
		answer := request.refuse(code, description)
		return request, &answer
	}
	switch mode := query.Get("response_mode"); {
	case query.Get("response_type") != "code":
		return refuse("unsupported_response_type", "AADSTS70005: response_type is not supported by the simulator; use code.")
	case mode != "" && mode != "query":
		return refuse("invalid_request", "The simulator plays response_mode=query only.")
	case len(request.scopes) == 0:
		return refuse("invalid_request", "AADSTS900144: The request must contain the following parameter: 'scope'.")
	case request.challenge != "" && query.Get("code_challenge_method") != "S256":
		return refuse("invalid_request", "AADSTS501491: code_challenge_method must be S256 here.")
	case request.challenge != "" && !challengePattern.MatchString(request.challenge):
		return refuse("invalid_request", "AADSTS501491: Invalid size or format of Code_Challenge parameter.")
	case query.Get("prompt") == "none":
		return refuse("interaction_required", "AADSTS65001: The user or administrator has not consented to use the application.")
	}
	resource, failed := s.resourceOf(r, request.scopes)
	if failed != nil {
		return refuse(failed.word, "AADSTS"+number1(failed.number)+": "+failed.message)
	}
	request.resource = resource
	return request, nil
}

// redirect sends the browser back to the app.
func (a authorizeRequest) redirect(values url.Values) reply {
	target, err := url.Parse(a.redirectURI)
	if err != nil {
		return *errorPage("AADSTS50011: The redirect URI is not well-formed.")
	}
	query := target.Query()
	maps.Copy(query, values)
	if a.state != "" {
		query.Set("state", a.state)
	}
	target.RawQuery = query.Encode()
	return reply{status: http.StatusFound}.set("Location", target.String())
}

func (a authorizeRequest) refuse(code, description string) reply {
	return a.redirect(url.Values{"error": {code}, "error_description": {description}})
}

// pagePolicy lets pages load nothing but the control page's style. It has no form-action: browsers apply that to
// redirects too, and the consent form ends in a redirect to the app.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"

func errorPage(message string) *reply {
	answer := textReply(http.StatusBadRequest, "text/html; charset=utf-8",
		"<!doctype html><title>Sign in to your account</title><p>Sorry, but we're having trouble signing you in.</p><p>"+
			template.HTMLEscapeString(message)+"</p>\n")
	answer.policy = pagePolicy
	return &answer
}

func (s *Simulator) consentPage(r *http.Request, request authorizeRequest) reply {
	page, err := template.ParseFS(web, "web/consent.html")
	if err != nil {
		return textReply(http.StatusInternalServerError, "text/plain", "simulator bug: "+err.Error())
	}
	redirect, _ := url.Parse(request.redirectURI) // checked by redirectAllowed or registered by the operator
	var body bytes.Buffer
	err = page.Execute(&body, map[string]any{
		"App": s.config.AppName, "Org": s.config.OrgName, "Tenant": s.config.TenantDomain, "Environment": s.environment(),
		"Scopes": request.scopes, "Action": r.URL.RequestURI(), "Host": redirect.Host, "User": s.userName(),
	})
	if err != nil {
		return textReply(http.StatusInternalServerError, "text/plain", "simulator bug: "+err.Error())
	}
	return reply{status: http.StatusOK, kind: "text/html; charset=utf-8", body: body.Bytes(), policy: pagePolicy}
}

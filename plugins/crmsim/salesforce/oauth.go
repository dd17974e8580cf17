package salesforce

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for the consent page
	"encoding/base64"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The consent page, and the style that is written into it.
var (
	//go:embed web/consent.html
	consentHTML string
	//go:embed web/consent.css
	consentStyle string
)

// oauthError is the object that OAuth endpoints answer with (the data API uses arrays instead).
type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func badGrant(description string) *oauthError {
	return &oauthError{Code: "invalid_grant", Description: description}
}

// scope is an OAuth scope and what the consent page says it allows.
type scope struct{ Name, Text string }

// knownScopes are the scopes a connected app can ask for.
func knownScopes() []scope {
	return []scope{
		{"api", "Manage user data via APIs"},
		{"refresh_token", "Perform requests at any time"},
		{"offline_access", "Perform requests at any time"},
		{"id", "Access the identity URL service"},
		{"openid", "Access unique user identifiers"},
		{"profile", "Access the user's basic information"},
		{"email", "Access the user's e-mail address"},
		{"address", "Access the user's address"},
		{"phone", "Access the user's phone number"},
		{"full", "Full access"},
		{"web", "Manage user data via web browsers"},
		{"chatter_api", "Access Chatter"},
		{"custom_permissions", "Access custom permissions"},
		{"visualforce", "Access Visualforce applications"},
		{"lightning", "Access Lightning applications"},
		{"content", "Access content resources"},
	}
}

var challengePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// authorizeRequest is a checked authorization request.
type authorizeRequest struct {
	redirectURI, state, challenge string
	scopes                        []scope
}

// authorize shows the consent page for a valid request.
func (s *Simulator) authorize(r *http.Request) reply {
	request, refused := s.checkAuthorize(r.URL.Query())
	if refused != nil {
		return *refused
	}
	return s.consentPage(r, request)
}

// decide takes the consent form: decision=approve sends the browser back with a code, anything else with access_denied.
func (s *Simulator) decide(r *http.Request) reply {
	request, refused := s.checkAuthorize(r.URL.Query())
	if refused != nil {
		return *refused
	}
	if r.PostFormValue("decision") != "approve" {
		return request.refuse("access_denied", "end-user denied authorization")
	}
	names := make([]string, len(request.scopes))
	for i, wanted := range request.scopes {
		names[i] = wanted.Name
	}
	return request.redirect(url.Values{
		"code": {s.authorizations.issueCode(s.loginNamed(r.PostFormValue("login")), names, request.redirectURI, request.challenge)},
	})
}

// checkAuthorize validates in Salesforce's order. A wrong client or redirect URI is answered on the spot, because
// sending the browser to an unregistered address would help an attacker; everything else goes back to the app.
func (s *Simulator) checkAuthorize(query url.Values) (authorizeRequest, *reply) {
	request := authorizeRequest{
		redirectURI: query.Get("redirect_uri"), state: query.Get("state"),
		challenge: query.Get("code_challenge"),
	}
	if query.Get("client_id") != s.config.ClientID {
		return request, errorPage("invalid_client_id", "client identifier invalid")
	}
	if !s.config.redirectAllowed(request.redirectURI) {
		return request, errorPage("redirect_uri_mismatch", "redirect_uri must match configuration")
	}
	refuse := func(code, description string) (authorizeRequest, *reply) {
		answer := request.refuse(code, description)
		return request, &answer
	}
	method := query.Get("code_challenge_method")
	switch {
	case query.Get("response_type") != "code":
		return refuse("unsupported_response_type", "response type not supported")
	case s.config.RequirePKCE && request.challenge == "":
		return refuse("invalid_request", "missing required code challenge")
	// A challenge without a method counts as S256: jsforce sends it so.
	case request.challenge != "" && method != "" && method != "S256":
		return refuse("invalid_request", "code challenge method must be S256")
	case request.challenge != "" && !challengePattern.MatchString(request.challenge):
		return refuse("invalid_request", "invalid code challenge")
	case s.faults.TakeKind(FaultAppBlocked):
		return refuse("OAUTH_APP_BLOCKED", "this app is blocked by admin")
	case query.Get("prompt") == "none":
		return refuse("immediate_unsuccessful", "end-user approval is needed")
	}
	known := knownScopes()
	for _, name := range strings.Fields(orDefault(query.Get("scope"), "refresh_token api id")) {
		at := slices.IndexFunc(known, func(k scope) bool { return k.Name == name })
		if at < 0 {
			return refuse("invalid_scope", "the requested scope is invalid, unknown, or malformed")
		}
		request.scopes = append(request.scopes, known[at])
	}
	return request, nil
}

// redirect sends the browser back to the app.
func (a authorizeRequest) redirect(values url.Values) reply {
	target, err := url.Parse(a.redirectURI)
	if err != nil {
		return *errorPage("redirect_uri_mismatch", "redirect_uri must match configuration")
	}
	query := target.Query()
	maps.Copy(query, values)
	if a.state != "" {
		query.Set("state", a.state)
	}
	target.RawQuery = query.Encode()
	return reply{status: http.StatusFound, location: target.String()}
}

func (a authorizeRequest) refuse(code, description string) reply {
	return a.redirect(url.Values{"error": {code}, "error_description": {description}})
}

func errorPage(code, description string) *reply {
	answer := textReply(http.StatusBadRequest, "text/html;charset=UTF-8",
		"<!doctype html><title>OAuth Error</title><p>error="+template.HTMLEscapeString(code)+
			"&amp;error_description="+template.HTMLEscapeString(url.QueryEscape(description))+"</p>\n")
	answer.policy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
	return &answer
}

// consentPolicy lets the page use nothing but the style that is written in it. It has no form-action: browsers apply
// that to redirects too, and the consent form ends in a redirect to the app.
func consentPolicy() string {
	hash := sha256.Sum256([]byte(consentStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
		"'; base-uri 'none'; frame-ancestors 'none'"
}

func (s *Simulator) consentPage(r *http.Request, request authorizeRequest) reply {
	page, err := template.New("consent").Parse(consentHTML)
	if err != nil {
		return textReply(http.StatusInternalServerError, "text/plain", "simulator bug: "+err.Error())
	}
	redirect, _ := url.Parse(request.redirectURI) // checked by redirectAllowed or registered by the operator
	var body bytes.Buffer
	err = page.Execute(&body, map[string]any{
		"App": s.config.AppName, "Org": s.config.OrgName, "Sandbox": s.config.Sandbox, "Scopes": request.scopes,
		"Action": r.URL.RequestURI(), "Host": redirect.Host, "User": s.userText(integrationUser, "Username"), "Colleague": s.colleagueName(),
		"Style": template.CSS(consentStyle), //nolint:gosec // our own file, not what a client sent
	})
	if err != nil {
		return textReply(http.StatusInternalServerError, "text/plain", "simulator bug: "+err.Error())
	}
	return reply{status: http.StatusOK, kind: "text/html;charset=UTF-8", body: body.Bytes(), policy: consentPolicy()}
}

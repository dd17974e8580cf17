package hubspot

import (
	"bytes"
	"embed"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

//go:embed web
var web embed.FS

var challengePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// authorizeRequest is a checked authorization request.
type authorizeRequest struct {
	redirectURI, state, challenge string
	scopes                        []string // required ones, then the optional ones that the portal can grant
}

// authorize shows the consent page for a valid request.
func (s *Simulator) authorize(r *http.Request) reply {
	request, refused := s.checkAuthorize(r)
	if refused != nil {
		return *refused
	}
	back, _ := url.Parse(request.redirectURI) // parsed before by redirectAllowed, or registered by the operator
	return showPage("web/consent.html", http.StatusOK, map[string]any{
		"App": s.config.AppName, "Portal": s.config.PortalName, "PortalID": s.config.PortalID, "Type": s.accountType(),
		"Scopes": request.scopes, "Action": r.URL.RequestURI(), "Host": back.Host, "User": s.installer(),
	})
}

// decide takes the consent form: decision=approve sends the browser back with a code, anything else with access_denied.
func (s *Simulator) decide(r *http.Request) reply {
	request, refused := s.checkAuthorize(r)
	if refused != nil {
		return *refused
	}
	if r.PostFormValue("decision") != "approve" {
		return request.redirect(url.Values{"error": {"access_denied"}, "error_description": {"The user denied the request"}})
	}
	return request.redirect(url.Values{
		"code": {s.grants.issueCode(request.scopes, request.redirectURI, request.challenge)},
	})
}

// checkAuthorize answers everything that is wrong with a page: HubSpot does not send the browser back to the app then.
func (s *Simulator) checkAuthorize(r *http.Request) (authorizeRequest, *reply) {
	query := r.URL.Query()
	request := authorizeRequest{
		redirectURI: query.Get("redirect_uri"), state: query.Get("state"), challenge: query.Get("code_challenge"),
	}
	refuse := func(title, text string, scopes ...string) (authorizeRequest, *reply) {
		answer := showPage("web/refused.html", http.StatusBadRequest, map[string]any{"Title": title, "Text": text, "Scopes": scopes})
		return request, &answer
	}
	if parts := segments(r.URL.Path); len(parts) == 3 && parts[1] != strconv.FormatInt(s.config.PortalID, 10) {
		return refuse("No access to this account", "You are not a user of account "+parts[1]+".")
	}
	switch {
	case query.Get("client_id") != s.config.ClientID:
		return refuse("Authorization failed", "The client ID is missing or not known.")
	case !s.config.redirectAllowed(request.redirectURI):
		return refuse("Authorization failed", "The redirect URL does not match one that is registered for this app.")
	case request.challenge != "" && (query.Get("code_challenge_method") != "S256" || !challengePattern.MatchString(request.challenge)):
		return refuse("Authorization failed", "The code challenge is invalid; only S256 is supported.")
	}
	required, optional := strings.Fields(query.Get("scope")), strings.Fields(query.Get("optional_scope"))
	if unknown := unknownScopes(slices.Concat(required, optional)); len(unknown) > 0 {
		return refuse("Authorization failed", "Some scopes are not known.", unknown...)
	}
	var unlisted []string
	for _, one := range s.config.RequiredScopes {
		if !holds(required, one) {
			unlisted = append(unlisted, one)
		}
	}
	if len(unlisted) > 0 {
		return refuse("Authorization failed", "The link leaves out scopes that this app requires.", unlisted...)
	}
	if _, impossible := s.grants.grantable(required); len(impossible) > 0 {
		return refuse("Insufficient scopes", "This account cannot grant scopes that the app requires: "+
			"its subscription does not include them.", impossible...)
	}
	granted, _ := s.grants.grantable(optional)
	for _, one := range slices.Concat(required, granted) {
		if !slices.Contains(request.scopes, one) {
			request.scopes = append(request.scopes, one)
		}
	}
	return request, nil
}

func unknownScopes(asked []string) []string {
	known := knownScopes()
	return slices.DeleteFunc(slices.Clone(asked), func(one string) bool { return holds(known, one) })
}

func (s *Simulator) accountType() (account AccountType) {
	s.portal.with(func(p *portal) { account = p.account })
	return account
}

// redirect sends the browser back to the app.
func (a authorizeRequest) redirect(values url.Values) reply {
	target, err := url.Parse(a.redirectURI)
	if err != nil {
		return failure(http.StatusBadRequest, "", "redirect_uri: "+err.Error()) // cannot happen: it was checked
	}
	query := target.Query()
	maps.Copy(query, values)
	if a.state != "" {
		query.Set("state", a.state)
	}
	target.RawQuery = query.Encode()
	return reply{status: http.StatusFound, location: target.String()}
}

func showPage(name string, status int, data map[string]any) reply {
	page, err := template.ParseFS(web, name, "web/style.html")
	if err != nil {
		return failure(http.StatusInternalServerError, "", "simulator bug: "+err.Error())
	}
	var body bytes.Buffer
	if err := page.Execute(&body, data); err != nil {
		return failure(http.StatusInternalServerError, "", "simulator bug: "+err.Error())
	}
	answer := htmlReply(status, body.String())
	answer.page = true
	return answer
}

package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/netguard"
)

const (
	// maxToken bounds a token, in bytes.
	maxToken = 16 << 10

	hintClient = "Compare the OAuth client's settings at the CRM (callback URL, scopes) with the prerequisites."
	hintSecret = "Correct the client id and secret; the CRM must know the client."
)

// outcome says what became of a grant (an authorization code or a refresh token)
// that a request to the token endpoint presented.
type outcome int

const (
	// spent: the endpoint took the grant and gave tokens for it.
	spent outcome = iota
	// untouched: the endpoint certainly did not take the grant; it may be
	// presented again.
	untouched
	// refused: the endpoint says that the grant is not, or no longer, good.
	refused
	// unknown: the request may have arrived and its answer is lost. A grant that
	// can be used once may be spent.
	unknown
)

// tokenAnswer is the JSON object that a token endpoint answers.
type tokenAnswer map[string]any

// text returns a member that is a string, or a number as it stands.
func (a tokenAnswer) text(name string) string {
	switch value := a[name].(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	default:
		return ""
	}
}

// requestToken presents a grant to the token endpoint. The error is a
// *fault.Error without anything secret in it; nil exactly if the outcome is spent.
func (s *Service) requestToken(ctx context.Context, d described, client OAuthClient, form url.Values) (tokenAnswer, outcome, error) {
	form.Set("client_id", client.ID)
	if client.Secret != "" {
		form.Set("client_secret", client.Secret.Reveal())
	}
	response, err := s.post(ctx, d.oauth.TokenURL, form)
	if err != nil {
		return nil, outcomeOf(err), transportFault(d.manifest.Title, err)
	}
	answer, readable := decodeAnswer(response.Body)
	if response.Status == http.StatusOK {
		if !readable || !answer.hasToken() {
			return nil, unknown, fault.New(fault.CRMBadResponse, fmt.Sprintf("%s gave no access token.", d.manifest.Title))
		}
		return answer, spent, nil
	}
	result, failure := s.refusal(d, response, answer, form)
	return nil, result, failure
}

// post sends a form to an OAuth endpoint.
func (s *Service) post(ctx context.Context, target string, form url.Values) (*netguard.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fault.New(fault.HostBlocked, "The connector's manifest holds a URL that cannot be used.", fault.Cause(err))
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	return s.c.HTTP.Do(req)
}

// decodeAnswer reads a JSON object.
func decodeAnswer(body []byte) (tokenAnswer, bool) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var answer tokenAnswer
	err := decoder.Decode(&answer)
	return answer, err == nil && answer != nil
}

// hasToken reports whether the answer has a bearer token of a sensible size (RFC
// 6749 section 5.1, RFC 6750).
func (a tokenAnswer) hasToken() bool {
	token := a.text("access_token")
	return token != "" && len(token) <= maxToken && len(a.text("refresh_token")) <= maxToken &&
		strings.EqualFold(a.text("token_type"), "bearer")
}

// refusal judges an answer without a token.
//
// 429, 500 and 503 are the endpoint's own word that it gave nothing out, and a
// redirect or 4xx that does not speak OAuth was turned away before it: the grant
// may be presented again. Should that be wrong, the grant is lost, as it would
// have been without another try. 502 and 504 come from something in between that
// cannot know, and a success without tokens may have spent the grant.
//
// The manifest's own codes come before the meaning that RFC 6749 gives to a code.
func (s *Service) refusal(d described, response *netguard.Response, answer tokenAnswer, form url.Values) (outcome, error) {
	crmName, codes := d.manifest.Title, answer.codes()
	code := ""
	if len(codes) > 0 {
		code = codes[0]
	}
	switch status := response.Status; {
	case status == http.StatusTooManyRequests:
		return untouched, fault.New(fault.CRMRateLimited, fmt.Sprintf("%s limits the rate of sign-ins.", crmName), retryAfter(response.Header))
	case status == http.StatusInternalServerError, status == http.StatusServiceUnavailable:
		return untouched, fault.New(fault.CRMUnavailable, fmt.Sprintf("The sign-in service of %s is not available (HTTP %d).", crmName, status), retryAfter(response.Header))
	case status >= 500 || status < 300:
		return unknown, errNoAnswer(crmName, status)
	case code == "":
		return untouched, errNoAnswer(crmName, status)
	case anyOf(codes, d.oauth.RetryCodes):
		return untouched, fault.New(fault.CRMUnavailable, s.said(crmName, "cannot sign in at the moment", code, answer, form), retryAfter(response.Header))
	case anyOf(codes, d.oauth.RevokedCodes), slices.Contains([]string{"invalid_grant", "inactive_user", "inactive_org"}, code):
		return refused, fault.New(fault.CRMGrantRevoked, s.said(crmName, "does not accept the authorization", code, answer, form))
	case slices.Contains([]string{"invalid_client", "invalid_client_id", "unauthorized_client"}, code):
		return untouched, fault.New(fault.OAuthClientMissing, s.said(crmName, "does not accept the OAuth client", code, answer, form),
			d.hint(hintSecret))
	case strings.HasPrefix(code, "OAUTH_"):
		return untouched, fault.New(fault.CRMAppBlocked, s.said(crmName, "blocks the app", code, answer, form))
	default:
		return untouched, fault.New(fault.CRMInvalidRequest, s.said(crmName, "refused the sign-in", code, answer, form),
			d.hint(hintClient))
	}
}

// codes are what an answer without tokens gives as codes: RFC 6749's error first,
// then HubSpot's status and Entra's error_codes.
func (a tokenAnswer) codes() []string {
	var codes []string
	for _, text := range []string{a.text("error"), a.text("status")} {
		if code := errorCode(text); code != "" {
			codes = append(codes, code)
		}
	}
	numbers, _ := a["error_codes"].([]any)
	for _, number := range numbers {
		if number, ok := number.(json.Number); ok {
			codes = append(codes, number.String())
		}
	}
	return codes
}

func anyOf(codes, wanted []string) bool {
	return slices.ContainsFunc(codes, func(code string) bool { return slices.Contains(wanted, code) })
}

func errNoAnswer(crmName string, status int) error {
	return fault.New(fault.CRMBadResponse, fmt.Sprintf("The sign-in service of %s gave no usable answer (HTTP %d).", crmName, status))
}

// said words a refusal with the CRM's code and, when it is harmless, description.
func (s *Service) said(crmName, what, code string, answer tokenAnswer, form url.Values) string {
	text := fmt.Sprintf("%s %s (%s", crmName, what, code)
	if description := s.harmless(answer.text("error_description"), form); description != "" {
		text += ": " + description
	}
	return text + ")."
}

// harmless makes a CRM's free text fit to show: short, printable and without a
// secret. Text that repeats what was sent is dropped whole.
func (s *Service) harmless(text string, form url.Values) string {
	for _, values := range form {
		for _, value := range values {
			if len(value) >= 8 && strings.Contains(text, value) {
				return ""
			}
		}
	}
	printable := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s.c.Redactor.Text(text))
	return clip(strings.TrimRight(printable, ". "), 200)
}

var oauthCode = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,63}$`)

// errorCode returns an OAuth error code when it looks like one, else "".
func errorCode(text string) string {
	if oauthCode.MatchString(text) {
		return text
	}
	return ""
}

// retryAfter reads the header's seconds.
func retryAfter(header http.Header) fault.Option {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		seconds = 0
	}
	return fault.RetryAfter(time.Duration(min(seconds, 3600)) * time.Second)
}

// outcomeOf judges a request without an answer.
func outcomeOf(err error) outcome {
	var failed *netguard.Error
	if errors.As(err, &failed) && failed.Sent {
		return unknown
	}
	return untouched
}

// transportFault words a request without an answer.
func transportFault(crmName string, err error) error {
	if found, ok := fault.From(err); ok {
		return found
	}
	var failed *netguard.Error
	if errors.As(err, &failed) && failed.Timeout {
		return fault.New(fault.CRMTimeout, fmt.Sprintf("The sign-in service of %s did not answer in time.", crmName), fault.Cause(err))
	}
	return fault.New(fault.CRMUnavailable, fmt.Sprintf("The sign-in service of %s could not be reached.", crmName), fault.Cause(err))
}

// missingScopes lists the scopes that were asked for and not granted. An answer
// that names none granted them all (RFC 6749 section 5.1). Salesforce's "full"
// covers everything, and offline_access and refresh_token are one thing. Entra names
// the scopes of the resource alone, not those of OpenID Connect, and its ".default"
// stands for others.
func missingScopes(asked []string, answer tokenAnswer) []string {
	granted := answer.scopes()
	if len(granted) == 0 || slices.Contains(granted, "full") {
		return nil
	}
	isResource := func(scope string) bool { return strings.HasPrefix(scope, "https://") }
	same := map[string]string{"offline_access": "refresh_token", "refresh_token": "offline_access"}
	var missing []string
	for _, scope := range asked {
		switch {
		case slices.Contains(granted, scope), same[scope] != "" && slices.Contains(granted, same[scope]):
		case slices.ContainsFunc(granted, isResource) && (!isResource(scope) || strings.HasSuffix(scope, "/.default")):
		default:
			missing = append(missing, scope)
		}
	}
	return missing
}

// scopes are the scopes that an answer names, in RFC 6749's form or as a list.
func (a tokenAnswer) scopes() []string {
	if list, ok := a["scopes"].([]any); ok {
		var scopes []string
		for _, scope := range list {
			if scope, ok := scope.(string); ok {
				scopes = append(scopes, scope)
			}
		}
		return scopes
	}
	return strings.Fields(a.text("scope"))
}

// tokens are what is sealed in a credential.
type tokens struct {
	Access  string   `json:"access"`
	Refresh string   `json:"refresh"`
	Scopes  []string `json:"scopes,omitempty"`
	// Grant is how the access token was got; empty is the authorization code.
	Grant crm.GrantType `json:"grant,omitempty"`
	// Issued is by our clock.
	Issued time.Time `json:"issued"`
	// Expires is when the access token ends; zero where the CRM does not tell
	// (Salesforce), so that only a refusal does.
	Expires time.Time `json:"expires,omitzero"`
	// Ending says that the integration was disconnected and the CRM is still to be told:
	// the tokens are for their revocation and nothing else.
	Ending bool `json:"ending,omitempty"`
}

// access is the access token as connectors get it.
func (t tokens) access() crm.Secret { return crm.Secret(t.Access) }

// tokensOf reads the tokens of an answer; keep is the refresh token that stays
// good when the answer brings no other.
func tokensOf(answer tokenAnswer, keep string, now time.Time) tokens {
	t := tokens{
		Access: answer.text("access_token"), Refresh: answer.text("refresh_token"),
		Scopes: answer.scopes(), Issued: now.UTC(),
	}
	if t.Refresh == "" {
		t.Refresh = keep
	}
	if seconds, err := strconv.Atoi(answer.text("expires_in")); err == nil && seconds > 0 {
		t.Expires = now.UTC().Add(time.Duration(seconds) * time.Second)
	}
	return t
}

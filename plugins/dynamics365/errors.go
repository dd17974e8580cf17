package dynamics365

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// Error codes of the platform that this connector acts on. Messages differ by
// language and release; codes do not.
const (
	codePrivilegeDenied = "0x80040220"
	codeRowDenied       = "0x80048306"
	codeUnknownResource = "0x80060888" // any part of a URL that OData does not know
	codeNotMember       = "0x80072560"
	codeNoRoles         = "0x80042f09"
	codeUserDisabled    = "0x80040225"
	codeNoLicence       = "0x8004d24b"
	codeOrgDisabled     = "0x8004a104"
	codeStampExpired    = "0x80044352"
	codeNotTracked      = "0x80072491"
	codeSQLTimeout      = "0x80044151"
	codeTooManyRequests = "0x80072322"
	codeTooMuchTime     = "0x80072321"
	codeTooManyAtOnce   = "0x80072326"
	codeThrottling      = "0x8005f103"
)

// vendorError is the error of a Web API answer.
type vendorError struct {
	Code    string
	Message string
}

// classify turns an answer that is not 2xx into an error of the SDK. object is
// the table that was asked for; without it nothing is ever ObjectDenied or
// FieldDenied. The order matters: what speaks of sessions, users, limits and
// outages is recognised before what speaks of permission, because the platform
// uses 403 for all of them.
func classify(a answer, object string) error {
	e, kind := parseError(a)
	message := describeError(a, e, kind)
	if a.status == http.StatusUnauthorized {
		return sdk.Unauthenticated(message)
	}
	if err := classifyCode(a, e, message, object); err != nil {
		return err
	}
	switch {
	case a.status >= 300 && a.status < 400:
		return sdk.BadResponse(redirectMessage(a))
	case a.status == http.StatusTooManyRequests:
		return sdk.RateLimited(message, retryAfter(a))
	case a.status == http.StatusNotImplemented:
		return sdk.InvalidRequest(message)
	case a.status >= 500:
		return sdk.Unavailable(message)
	case a.status == http.StatusRequestTimeout:
		return sdk.Timeout(message)
	case kind != kindJSON && kind != kindEmpty:
		return sdk.BadResponse(message)
	case a.status == http.StatusForbidden:
		return sdk.Forbidden(message)
	case e != (vendorError{}):
		return sdk.InvalidRequest(message)
	default:
		return sdk.BadResponse(message)
	}
}

// classifyCode classifies by the platform's own error code; nil when the code
// says nothing that the status does not say.
func classifyCode(a answer, e vendorError, message, object string) error {
	switch e.Code {
	case codeTooManyRequests, codeTooMuchTime, codeTooManyAtOnce, codeThrottling:
		return sdk.RateLimited(message, retryAfter(a))
	case codeNotMember, codeNoRoles, codeUserDisabled, codeNoLicence:
		return sdk.Forbidden(message)
	case codeOrgDisabled:
		return sdk.Unavailable(message)
	case codeStampExpired:
		return sdk.CursorExpired(message)
	case codeSQLTimeout:
		return sdk.Timeout(message)
	}
	if object == "" || e.Code == "" {
		return nil
	}
	switch {
	case a.status == http.StatusForbidden && e.Code == codePrivilegeDenied:
		return sdk.ObjectDenied(object, message)
	case a.status == http.StatusNotFound && e.Code == codeUnknownResource:
		return sdk.ObjectDenied(object, message)
	case a.status == http.StatusBadRequest && e.Code == codeUnknownResource:
		if m := noSuchProperty.FindStringSubmatch(e.Message); m != nil && strings.EqualFold(m[2], object) {
			return sdk.FieldDenied(object, columnOf(m[1]), message)
		}
	}
	return nil
}

// noSuchProperty finds the column in the message for a column that does not
// exist. That the request names one is told by the code; the text tells which.
var noSuchProperty = regexp.MustCompile(`property named '(\w{1,160})' on type 'Microsoft\.Dynamics\.CRM\.(\w+)'`)

// isRefused tells that the user lacks the privilege for a call, and nothing else.
func isRefused(a answer) bool {
	if a.status != http.StatusForbidden {
		return false
	}
	e, _ := parseError(a)
	return e.Code == codePrivilegeDenied || e.Code == codeRowDenied
}

// isMissing tells that what a URL names does not exist.
func isMissing(a answer) bool {
	if a.status != http.StatusNotFound {
		return false
	}
	e, _ := parseError(a)
	return e != (vendorError{})
}

// isQueryTrouble tells that the service does not take a query as it is, whatever
// the records are: a name or cookie that it does not know, or no change tracking.
func isQueryTrouble(a answer) bool {
	if a.status != http.StatusBadRequest && a.status != http.StatusNotFound && a.status != http.StatusGone {
		return false
	}
	e, _ := parseError(a)
	return e.Code == codeUnknownResource || e.Code == codeNotTracked || e.Code == "" && e.Message != ""
}

// bodyForm is what an answer's body looks like.
type bodyForm string

const (
	kindJSON   bodyForm = "JSON of another shape"
	kindBroken bodyForm = "broken JSON"
	kindHTML   bodyForm = "an HTML page"
	kindText   bodyForm = "plain text"
	kindEmpty  bodyForm = "an empty body"
)

func bodyKind(a answer) bodyForm {
	body := bytes.TrimSpace(a.body)
	switch {
	case len(body) == 0:
		return kindEmpty
	case body[0] == '<':
		return kindHTML
	case json.Valid(body):
		return kindJSON
	case body[0] == '[' || body[0] == '{':
		return kindBroken
	default:
		return kindText
	}
}

// parseError finds the error object. The code is empty when there is none, and
// when the platform gave "0x0", which it does where it has none itself.
func parseError(a answer) (vendorError, bodyForm) {
	kind := bodyKind(a)
	var body struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if kind != kindJSON || json.Unmarshal(a.body, &body) != nil {
		return vendorError{}, kind
	}
	code := strings.ToLower(body.Error.Code)
	if code == "0x0" {
		code = ""
	}
	return vendorError{Code: code, Message: body.Error.Message}, kind
}

// describeError words an error for admins: status, code and the platform's own
// message. Of a login without access it says what that means.
func describeError(a answer, e vendorError, kind bodyForm) string {
	if e.Code == "" && e.Message == "" {
		return fmt.Sprintf("Dataverse answered HTTP %d with %s", a.status, kind)
	}
	text := strings.TrimSpace(fmt.Sprintf("Dataverse answered HTTP %d %s", a.status, excerpt(e.Code)))
	if message := excerpt(e.Message); message != "" {
		text += ": " + message
	}
	switch e.Code {
	case codeNotMember:
		text += " The login is valid, but it is no user of this environment."
	case codeNoRoles:
		text += " Assign a security role to the integration user."
	}
	return text
}

// redirectMessage names the host of a redirect; it is not followed, for a login
// page is no answer and the token must not travel.
func redirectMessage(a answer) string {
	host := "another address"
	if location, err := url.Parse(a.header.Get("Location")); err == nil && location.Host != "" {
		host = excerpt(location.Host)
	}
	return fmt.Sprintf("Dataverse answered HTTP %d and pointed to %s; the connector does not follow", a.status, host)
}

// retryAfter reads a Retry-After header, in seconds.
func retryAfter(a answer) time.Duration {
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil || seconds < 0 || seconds > 24*60*60 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// oneLine removes line breaks and other control characters.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

// excerpt makes one line of at most about 240 bytes.
func excerpt(text string) string {
	text = oneLine(text)
	if len(text) > 240 {
		text = strings.ToValidUTF8(text[:240], "") + "…"
	}
	return text
}

package salesforce

import (
	"bytes"
	"encoding/json"
	"errors"
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

// statusEdge is what Salesforce's edge answers while it moves an org: transient,
// often without a body.
const statusEdge = 420

// errTooHeavy marks a query that Salesforce refuses for what it would have to do.
var errTooHeavy = errors.New("query too heavy")

// vendorError is one entry of Salesforce's error array.
type vendorError struct {
	Code    string `json:"errorCode"`
	Message string `json:"message"`
}

// classify turns an answer that is not 2xx into an error of the SDK. object is
// the sObject that was asked for; without it nothing is ever ObjectDenied or
// FieldDenied. The order matters: what speaks of sessions, limits and outages is
// recognised before what speaks of permission, because Salesforce uses 401 and
// 403 for all of them.
func classify(a answer, object string) error {
	e, kind := parseError(a)
	message := describeError(a, e, kind)
	if err := classifyCode(a, e, message, object); err != nil {
		return err
	}
	switch {
	case a.status >= 300 && a.status < 400:
		return sdk.BadResponse(redirectMessage(a))
	case a.status == http.StatusTooManyRequests:
		return sdk.RateLimited(message, retryAfter(a))
	case a.status >= 500, a.status == statusEdge, a.status == http.StatusNotAcceptable && len(a.body) == 0:
		return sdk.Unavailable(message)
	case a.status == http.StatusGone:
		return sdk.UnsupportedAPIVersion(message)
	case kind == kindHTML || kind == kindText || kind == kindBroken:
		return sdk.BadResponse(message)
	case a.status == http.StatusUnauthorized:
		return sdk.Unauthenticated(message)
	case a.status == http.StatusForbidden:
		return sdk.Forbidden(message)
	case e.Code != "":
		return sdk.InvalidRequest(message)
	default:
		return sdk.BadResponse(message)
	}
}

// classifyCode classifies by Salesforce's own error code; nil when the code says
// nothing that the status does not say.
func classifyCode(a answer, e vendorError, message, object string) error {
	switch e.Code {
	case "INVALID_SESSION_ID":
		// The same code for a dead session and for a living one that may not use
		// the API; a refresh helps only the first.
		if strings.Contains(strings.ToLower(e.Message), "not valid for use with the rest api") {
			return sdk.AppBlocked(message)
		}
		return sdk.Unauthenticated(message)
	case "Bad_OAuth_Token", "Missing_OAuth_Token", "INVALID_AUTH_HEADER", "invalid_grant", "invalid_token", "inactive_user":
		return sdk.Unauthenticated(message)
	case "OAUTH_APP_BLOCKED", "OAUTH_APP_ACCESS_DENIED", "OAUTH_EC_APP_NOT_FOUND":
		return sdk.AppBlocked(message)
	case "REQUEST_LIMIT_EXCEEDED":
		if strings.Contains(strings.ToLower(e.Message), "totalrequests") {
			return sdk.QuotaExhausted(message, time.Time{})
		}
		return sdk.RateLimited(message, retryAfter(a))
	case "API_DISABLED_FOR_ORG", "TXN_SECURITY_METERING_ERROR":
		return sdk.Forbidden(message)
	case "SERVER_UNAVAILABLE", "API_CURRENTLY_DISABLED", "UNABLE_TO_LOCK_ROW",
		"PROCESSING_HALTED", "BATCH_PROCESSING_HALTED":
		return sdk.Unavailable(message)
	case "UNSUPPORTED_API_VERSION":
		return sdk.UnsupportedAPIVersion(message)
	case "QUERY_TIMEOUT":
		return sdk.Timeout(message)
	case "OPERATION_TOO_LARGE":
		return errors.Join(sdk.InvalidRequest(message), errTooHeavy)
	case "INVALID_QUERY_LOCATOR", "INVALID_REPLICATION_DATE", "EXCEEDED_ID_LIMIT":
		return sdk.CursorExpired(message)
	}
	return classifyDenial(a, e, message, object)
}

// classifyDenial recognises the codes that speak of permission, each with its own
// status only.
func classifyDenial(a answer, e vendorError, message, object string) error {
	if object == "" {
		return nil
	}
	switch a.status {
	case http.StatusBadRequest:
		if m := noSuchColumn.FindStringSubmatch(e.Message); m != nil && e.Code == "INVALID_FIELD" {
			return sdk.FieldDenied(object, m[1], message)
		}
		if e.Code == "INVALID_TYPE" {
			return sdk.ObjectDenied(object, message)
		}
	case http.StatusForbidden:
		if strings.HasPrefix(e.Code, "INSUFFICIENT_ACCESS") {
			return sdk.ObjectDenied(object, message)
		}
	case http.StatusNotFound:
		if e.Code == "NOT_FOUND" {
			return sdk.ObjectDenied(object, message)
		}
	}
	return nil
}

// noSuchColumn finds the field in "No such column 'X' on entity 'Y'" (SOQL) and
// "… on sobject of type Y" (writes).
var noSuchColumn = regexp.MustCompile(`No such column '(\w+)' on (?:entity|sobject)`)

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

// oauthWord is an error that is one word of plain text, as the identity services
// give it ("Bad_OAuth_Token").
var oauthWord = regexp.MustCompile(`^[A-Za-z]+(_[A-Za-z]+)+$`)

// parseError finds the first vendor error: an array of the data API, an object
// of the OAuth services, or one word of plain text.
func parseError(a answer) (vendorError, bodyForm) {
	kind := bodyKind(a)
	switch kind {
	case kindJSON:
		var list []vendorError
		if json.Unmarshal(a.body, &list) == nil && len(list) > 0 {
			return list[0], kind
		}
		var oauth struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if json.Unmarshal(a.body, &oauth) == nil && oauth.Error != "" {
			return vendorError{Code: oauth.Error, Message: oauth.Description}, kind
		}
	case kindText:
		if word := string(bytes.TrimSpace(a.body)); len(word) <= 64 && oauthWord.MatchString(word) {
			return vendorError{Code: word}, kind
		}
	default: // a page, or nothing: no error of the vendor's
	}
	return vendorError{}, kind
}

// describeError words an error for admins: status, Salesforce's code, and its
// message, which is cut because a SOQL error repeats the whole query.
func describeError(a answer, e vendorError, kind bodyForm) string {
	if e.Code == "" {
		return fmt.Sprintf("Salesforce answered HTTP %d with %s", a.status, kind)
	}
	text := fmt.Sprintf("Salesforce answered HTTP %d %s", a.status, excerpt(e.Code))
	message := e.Message
	if _, sentence, ok := strings.Cut(message, "\nERROR at Row:"); ok {
		_, message, _ = strings.Cut(sentence, "\n")
	}
	if message = excerpt(message); message != "" {
		text += ": " + message
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
	return fmt.Sprintf("Salesforce answered HTTP %d and pointed to %s; the connector does not follow", a.status, host)
}

// retryAfter reads a Retry-After header in seconds. Salesforce documents none,
// but proxies before it may send one.
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

package hubspot

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// Statuses of HubSpot's own.
const (
	statusLocked    = http.StatusLocked // heavy writes; lasts two seconds
	statusMigration = 477               // the portal moves between data centres
)

// errURLTooLong marks the one BadResponse that a call with fewer names avoids.
var errURLTooLong = errors.New("URL too long")

// denial is HubSpot's word that something may not be read, with its cause. The
// error of the SDK is in its chain.
type denial struct {
	error

	cause sdk.Cause
	// scopes are those named in the answer, any one of which suffices.
	scopes []string
}

// Unwrap gives the error of the SDK.
func (d *denial) Unwrap() error { return d.error }

// denialOf finds the denial in an error's chain.
func denialOf(err error) (*denial, bool) {
	var d *denial
	return d, errors.As(err, &d)
}

// classify turns an answer that is not 2xx into an error of the SDK. about is the
// object that was asked for; without it nothing is ever a denial. The order
// matters: what speaks of limits, locks and outages, and what is not HubSpot's
// JSON at all, is recognised before what speaks of permission. zone is the
// portal's, for the reset of the daily limit; nil is unknown.
func classify(a answer, about objectType, zone *time.Location) error {
	e, form := parseError(a)
	message := describeError(a, e, form)
	switch {
	case a.status >= 300 && a.status < 400:
		return sdk.BadResponse(redirectMessage(a))
	case a.status == http.StatusTooManyRequests:
		return limited(a, e, message, zone)
	case a.status == statusLocked:
		return unavailable(message, max(retryAfter(a), 2*time.Second))
	case a.status == statusMigration, a.status >= 500:
		return unavailable(message, retryAfter(a))
	case a.status == http.StatusRequestTimeout:
		return sdk.Timeout(message)
	case a.status == http.StatusGone:
		return sdk.UnsupportedAPIVersion(message)
	case a.status == http.StatusRequestURITooLong:
		return errors.Join(sdk.BadResponse(message), errURLTooLong)
	case form != formVendor:
		// A page of a proxy, a cut body, nothing: whatever its status, it is not
		// HubSpot that speaks.
		return sdk.BadResponse(message)
	case a.status == http.StatusUnauthorized, e.endsAuthorization():
		return sdk.Unauthenticated(message)
	case a.status == http.StatusForbidden:
		return forbidden(e, message, about)
	case a.status == http.StatusNotFound:
		return notFound(e, message, about)
	case a.status == http.StatusBadRequest:
		return badRequest(e, message, about)
	default:
		return sdk.InvalidRequest(message)
	}
}

func unavailable(message string, wait time.Duration) error {
	return &sdk.Error{Code: sdk.CodeUnavailable, Message: message, RetryAfter: wait}
}

// limited tells HubSpot's limits apart by the policy it names: a day, ten seconds,
// one second.
func limited(a answer, e vendorError, message string, zone *time.Location) error {
	policy, text := strings.ToUpper(e.PolicyName), strings.ToLower(e.Message)
	wait := retryAfter(a)
	switch {
	case policy == "DAILY", policy == "" && strings.Contains(text, "daily limit"):
		return sdk.QuotaExhausted(message, nextMidnight(a.askedAt, zone))
	case policy == "SECONDLY", policy == "" && strings.Contains(text, "your secondly limit"):
		return sdk.RateLimited(message, max(wait, time.Second))
	default:
		return sdk.RateLimited(message, max(wait, 10*time.Second))
	}
}

// nextMidnight is when the daily limit resets; zero when the time or the portal's
// zone is unknown.
func nextMidnight(now time.Time, zone *time.Location) time.Time {
	if now.IsZero() || zone == nil {
		return time.Time{}
	}
	local := now.In(zone)
	return time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, zone).UTC()
}

// forbidden tells a missing scope from a missing permission.
func forbidden(e vendorError, message string, about objectType) error {
	scopes := e.scopes()
	missing := e.Category == "MISSING_SCOPES" || len(scopes) > 0
	switch {
	case about.name == "":
		return sdk.Forbidden(message)
	case missing:
		if len(scopes) > 0 {
			message += " Any one of these scopes suffices: " + strings.Join(scopes, ", ") + "."
		}
		return &denial{sdk.ObjectDenied(about.name, message), sdk.CauseScopeMissing, scopes}
	default:
		return &denial{sdk.ObjectDenied(about.name, message), sdk.CausePermission, nil}
	}
}

// notFound: a custom object can be gone, a standard one cannot: then it is the
// path that HubSpot does not know.
func notFound(e vendorError, message string, about objectType) error {
	switch {
	case about.name != "" && !about.standard():
		return &denial{sdk.ObjectDenied(about.name, message), sdk.CauseDeleted, nil}
	case e.Category == "OBJECT_NOT_FOUND":
		return sdk.InvalidRequest(message)
	default:
		return sdk.UnsupportedAPIVersion(message)
	}
}

// noSuchObject is what HubSpot says of an object type that it does not know.
var noSuchObject = regexp.MustCompile(`(?i)unable to infer object type`)

func badRequest(e vendorError, message string, about objectType) error {
	if about.name == "" {
		return sdk.InvalidRequest(message)
	}
	if noSuchObject.MatchString(e.Message) {
		cause := sdk.CauseDeleted
		if about.standard() { // not in this portal's edition
			cause = sdk.CauseObjectDenied
		}
		return &denial{sdk.ObjectDenied(about.name, message), cause, nil}
	}
	for _, detail := range e.Errors {
		if names := texts(detail.Context, "propertyName"); detail.Code == "PROPERTY_DOESNT_EXIST" && len(names) > 0 {
			return sdk.FieldDenied(about.name, names[0], message)
		}
	}
	return sdk.InvalidRequest(message)
}

// endsAuthorization recognises the answers of the OAuth services.
func (e vendorError) endsAuthorization() bool {
	return e.OAuth == "invalid_grant" || e.OAuth == "invalid_token" || slices.Contains(revokedCodes(), e.OAuth) ||
		slices.Contains(revokedCodes(), e.Status) || e.Status == "BAD_AUTH_CODE" || e.Status == "EXPIRED_AUTH_CODE"
}

// retryAfter reads a Retry-After header in seconds, which HubSpot documents for
// migrations (up to a day).
func retryAfter(a answer) time.Duration {
	seconds, err := strconv.Atoi(a.header.Get("Retry-After"))
	if err != nil || seconds < 0 || seconds > 48*60*60 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

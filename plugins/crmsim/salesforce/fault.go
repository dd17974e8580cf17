package salesforce

import (
	"net/http"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// FaultKind names a way in which the service breaks.
type FaultKind = string

// Fault is a rule: which requests break, how, and how often. Its Path may leave out the version root. Without Path and
// Object it meets every data API request.
type Fault = control.Fault

// The faults, and what a client sees.
const (
	FaultSlow               FaultKind = control.FaultSlow     // the answer comes DelayMS later
	FaultServerError        FaultKind = "server_error"        // 500 with JSON UNKNOWN_EXCEPTION
	FaultUnavailable        FaultKind = "unavailable"         // 503 with an HTML page
	FaultUnavailableJSON    FaultKind = "unavailable_json"    // 503 with JSON SERVER_UNAVAILABLE
	FaultTooManyRequests    FaultKind = "too_many_requests"   // 429 from the edge
	FaultEdge               FaultKind = "edge_420"            // 420 without a body
	FaultCut                FaultKind = "cut"                 // the connection breaks in the middle of the body
	FaultTruncated          FaultKind = "truncated"           // 200 with half of the JSON
	FaultDailyLimit         FaultKind = "daily_limit"         // 403 REQUEST_LIMIT_EXCEEDED, TotalRequests
	FaultConcurrentLimit    FaultKind = "concurrent_limit"    // 403 REQUEST_LIMIT_EXCEEDED, ConcurrentRequests
	FaultSessionExpired     FaultKind = "session_expired"     // 401 INVALID_SESSION_ID: refresh helps
	FaultSessionNotREST     FaultKind = "session_not_rest"    // 401 INVALID_SESSION_ID: refresh does not help
	FaultAPIDisabled        FaultKind = "api_disabled"        // 403 API_DISABLED_FOR_ORG
	FaultInsufficientAccess FaultKind = "insufficient_access" // 403 INSUFFICIENT_ACCESS
	FaultQueryTimeout       FaultKind = "query_timeout"       // 400 QUERY_TIMEOUT
	FaultTokenRace          FaultKind = "token_race"          // 400 invalid_grant from the token endpoint
	FaultAppBlocked         FaultKind = "app_blocked"         // the consent page refuses with OAUTH_APP_BLOCKED
)

// newFaults describes the faults of this simulator.
func newFaults() *control.Faults {
	return control.NewFaults(append([]control.FaultKind{
		{Key: FaultServerError, Title: "500 UNKNOWN_EXCEPTION"},
		{Key: FaultUnavailable, Title: "503 maintenance page (HTML)"},
		{Key: FaultUnavailableJSON, Title: "503 SERVER_UNAVAILABLE"},
		{Key: FaultTooManyRequests, Title: "429 too many requests (HTML)"},
		{Key: FaultEdge, Title: "420 from the edge, no body"},
		{Key: FaultDailyLimit, Title: "403 REQUEST_LIMIT_EXCEEDED (daily)"},
		{Key: FaultConcurrentLimit, Title: "403 REQUEST_LIMIT_EXCEEDED (concurrent)"},
		{Key: FaultSessionExpired, Title: "401 session expired"},
		{Key: FaultSessionNotREST, Title: "401 session not valid for REST"},
		{Key: FaultAPIDisabled, Title: "403 API_DISABLED_FOR_ORG"},
		{Key: FaultInsufficientAccess, Title: "403 INSUFFICIENT_ACCESS"},
		{Key: FaultQueryTimeout, Title: "400 QUERY_TIMEOUT"},
		{Key: FaultSlow, Title: "slow answer"},
		{Key: FaultCut, Title: "connection cut in the middle of the body", Spoils: true},
		{Key: FaultTruncated, Title: "200 with half of the JSON", Spoils: true},
		{Key: FaultTokenRace, Title: "token endpoint: request already being processed", Path: "/services/oauth2/token"},
		{Key: FaultAppBlocked, Title: "consent: app blocked by administrator", Path: "/services/oauth2/authorize", Asked: true},
	}, moreFaultKinds()...), "/services/data", belowVersion)
}

// faultAnswer is what a fault answers instead of the service; ok is false for faults that only spoil an answer.
func faultAnswer(kind FaultKind) (reply, bool) {
	switch kind {
	case FaultServerError:
		return failure(http.StatusInternalServerError, "UNKNOWN_EXCEPTION",
			"An unexpected error occurred. Please include this ErrorId if you contact support: 1234567890-12345 (-1234567890)"), true
	case FaultUnavailable:
		return textReply(http.StatusServiceUnavailable, "text/html;charset=UTF-8", "<!DOCTYPE html><html><head><title>"+
			"Down for Maintenance</title></head><body><h1>We are down for maintenance.</h1></body></html>\n"), true
	case FaultUnavailableJSON:
		return failure(http.StatusServiceUnavailable, "SERVER_UNAVAILABLE", "The server is temporarily unavailable."), true
	case FaultTooManyRequests:
		return textReply(http.StatusTooManyRequests, "text/html", "<html><body>Too Many Requests</body></html>\n"), true
	case FaultEdge:
		return reply{status: 420}, true
	case FaultDailyLimit:
		return failure(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), true
	case FaultConcurrentLimit:
		return failure(http.StatusForbidden, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."), true
	case FaultSessionExpired:
		return sessionInvalid(), true
	case FaultSessionNotREST:
		return sessionNotREST(), true
	case FaultAPIDisabled:
		return failure(http.StatusForbidden, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization."), true
	case FaultInsufficientAccess:
		return failure(http.StatusForbidden, "INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id"), true
	case FaultQueryTimeout:
		return failure(http.StatusBadRequest, "QUERY_TIMEOUT", "Your query request was running for too long."), true
	case FaultTokenRace:
		return oauthFailure(badGrant("Token request is already being processed.")), true
	}
	return moreFaultAnswer(kind)
}

// belowVersion is the path after /services/data/vNN.N, "" when it has none.
func belowVersion(path string) string {
	rest, ok := strings.CutPrefix(path, "/services/data/v")
	if !ok {
		return ""
	}
	if _, below, ok := strings.Cut(rest, "/"); ok {
		return "/" + below
	}
	return ""
}

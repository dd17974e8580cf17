package hubspot

import (
	"fmt"
	"net/http"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// The keys of the faults that spoil an answer.
const (
	faultCut           = "cut"
	faultTruncated     = "truncated"
	faultTruncatedGzip = "truncated_gzip"
)

// faultKinds are the ways in which this service breaks, and what a client sees.
func faultKinds() []control.FaultKind {
	const token = "/oauth/token"
	return []control.FaultKind{
		{Key: control.FaultSlow, Title: "The answer comes later"},
		{Key: "server_error", Title: "500 with a JSON error"},
		{Key: "bad_gateway", Title: "502 with an HTML page"},
		{Key: "unavailable", Title: "503 with an HTML page"},
		{Key: "gateway_timeout", Title: "504 with an HTML page"},
		{Key: "cloudflare_timeout", Title: "524 from the edge, HTML"},
		{Key: "ten_secondly_limit", Title: "429 TEN_SECONDLY_ROLLING"},
		{Key: "secondly_limit", Title: "429 SECONDLY"},
		{Key: "daily_limit", Title: "429 DAILY"},
		{Key: "locked", Title: "423 The record is locked"},
		{Key: "migration", Title: "477 Migration in progress, Retry-After 3600"},
		{Key: "token_expired", Title: "401 EXPIRED_AUTHENTICATION: a refresh helps"},
		{Key: "token_unknown", Title: "401 INVALID_AUTHENTICATION"},
		{Key: "missing_scopes", Title: "403 MISSING_SCOPES"},
		{Key: "user_forbidden", Title: "403 FORBIDDEN without scopes"},
		{Key: "uri_too_long", Title: "414 with an HTML page"},
		{Key: "login_page", Title: "302 to a login page"},
		{Key: "html_ok", Title: "200 with an HTML page instead of JSON"},
		{Key: faultCut, Title: "The connection breaks in the middle of the body", Spoils: true},
		{Key: faultTruncated, Title: "200 with half of the JSON", Spoils: true},
		{Key: faultTruncatedGzip, Title: "200 with half of the gzip stream", Spoils: true},
		{Key: "bad_refresh_token", Title: "Tokens: 400 BAD_REFRESH_TOKEN", Path: token},
		{Key: "bad_hub", Title: "Tokens: 400 BAD_HUB, the portal is gone", Path: token},
		{Key: "bad_client", Title: "Tokens: 400 BAD_CLIENT_ID", Path: token},
	}
}

// faultAnswer is what a fault answers instead of the service; ok is false for those that only spoil an answer.
func (s *Simulator) faultAnswer(kind, object string) (answer reply, ok bool) {
	switch kind {
	case "server_error":
		return failure(http.StatusInternalServerError, "", "internal error"), true
	case "bad_gateway":
		return gatewayPage(http.StatusBadGateway, "Bad Gateway"), true
	case "unavailable":
		return gatewayPage(http.StatusServiceUnavailable, "Service Unavailable"), true
	case "gateway_timeout":
		return gatewayPage(http.StatusGatewayTimeout, "Gateway Timeout"), true
	case "cloudflare_timeout":
		return gatewayPage(524, "A timeout occurred"), true
	case "ten_secondly_limit":
		return rateLimited(policyTenSecondly, s.config.PortalID, s.config.AppID), true
	case "secondly_limit":
		return rateLimited(policySecondly, s.config.PortalID, s.config.AppID), true
	case "daily_limit":
		return rateLimited(policyDaily, s.config.PortalID, s.config.AppID), true
	case "locked":
		return failure(http.StatusLocked, "LOCKED", "The record is locked"), true
	case "migration":
		answer = failure(477, "MIGRATION_IN_PROGRESS", "Migration in progress")
		answer.header["Retry-After"] = "3600"
		return answer, true
	case "token_expired":
		now := s.config.Clock.Now()
		return expiredToken(now, now), true
	case "token_unknown":
		return noCredentials(), true
	case "missing_scopes":
		return missingScopes(s.typeOr(object).readers()...), true
	case "user_forbidden":
		return userForbidden(s.typeOr(object)), true
	case "uri_too_long":
		return uriTooLong(), true
	case "login_page":
		return reply{status: http.StatusFound, location: "/login"}, true
	case "html_ok":
		return loginPage(nil), true
	case "bad_refresh_token":
		return badRefreshToken().reply(), true
	case "bad_hub":
		return oauthError{"access_denied", "BAD_HUB", "missing or unknown hub id"}.reply(), true
	case "bad_client":
		return oauthError{"invalid_client", "BAD_CLIENT_ID", "missing or invalid client id"}.reply(), true
	default: // it only spoils an answer
	}
	return reply{}, false
}

// typeOr is the object a request is about; contacts when it is about none.
func (s *Simulator) typeOr(object string) *objectType {
	if o, ok := s.types.find(object); ok {
		return o
	}
	return s.types.all[0]
}

func gatewayPage(status int, title string) reply {
	return htmlReply(status, fmt.Sprintf("<html><head><title>%d %s</title></head><body><h1>%d</h1></body></html>\n", status, title, status))
}

func uriTooLong() reply {
	return htmlReply(http.StatusRequestURITooLong, "<html>\r\n<head><title>414 Request-URI Too Large</title></head>\r\n"+
		"<body>\r\n<center><h1>414 Request-URI Too Large</h1></center>\r\n</body>\r\n</html>\r\n")
}

// loginPage is where a lost session of the user interface leads; an API client may be sent there by a proxy.
func loginPage(*http.Request) reply {
	answer := htmlReply(http.StatusOK, "<!doctype html><html><head><title>Log in</title></head>"+
		"<body><h1>Log in to your account</h1></body></html>\n")
	answer.page = true
	return answer
}

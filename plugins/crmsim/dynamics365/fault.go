package dynamics365

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// The kinds of faults, beside control.FaultSlow.
const (
	FaultUnauthorized    = "unauthorized"      // 401 without a body
	FaultNotMember       = "not_member"        // 403 0x80072560
	FaultNoRoles         = "no_roles"          // 403 0x80042f09
	FaultUserDisabled    = "user_disabled"     // 403 0x80040225
	FaultRequestLimit    = "request_limit"     // 429 0x80072322
	FaultTimeLimit       = "time_limit"        // 429 0x80072321
	FaultConcurrentLimit = "concurrent_limit"  // 429 0x80072326
	FaultServerError     = "server_error"      // 500 0x80040216
	FaultSQLError        = "sql_error"         // 500 0x80044150
	FaultBadGateway      = "bad_gateway"       // 502 with an HTML page
	FaultGatewayTimeout  = "gateway_timeout"   // 504 with an HTML page
	FaultUnavailable     = "unavailable"       // 503
	FaultLoginRedirect   = "login_redirect"    // 302 to a sign-in page
	FaultLoginPage       = "login_page"        // 200 with a sign-in page in HTML
	FaultCut             = "cut"               // the connection breaks in the middle of the body
	FaultTruncated       = "truncated"         // 200 with half of the body
	FaultTruncatedGzip   = "truncated_gzip"    // a gzip body without its end
	FaultPlugin          = "plugin_error"      // 400 0x80040265 with the customer's own text
	FaultEntraThrottled  = "entra_throttled"   // token endpoint: 90015
	FaultEntraMFA        = "entra_mfa"         // token endpoint: 50076
	FaultEntraDown       = "entra_unavailable" // token endpoint: 503 with an HTML page
)

func newFaults() *control.Faults {
	api := func(key, title string) control.FaultKind { return control.FaultKind{Key: key, Title: title} }
	spoil := func(key, title string) control.FaultKind {
		return control.FaultKind{Key: key, Title: title, Spoils: true}
	}
	entra := func(key, title string) control.FaultKind {
		return control.FaultKind{Key: key, Title: title, Path: "/token"}
	}
	return control.NewFaults([]control.FaultKind{
		api(FaultUnauthorized, "401 without a body"), api(FaultNotMember, "403 0x80072560 user is not a member of the organization"),
		api(FaultNoRoles, "403 0x80042f09 user has no roles"), api(FaultUserDisabled, "403 0x80040225 user is disabled"),
		api(FaultRequestLimit, "429 0x80072322 too many requests"), api(FaultTimeLimit, "429 0x80072321 too much execution time"),
		api(FaultConcurrentLimit, "429 0x80072326 too many concurrent requests"), api(FaultServerError, "500 0x80040216 unexpected error"),
		api(FaultSQLError, "500 0x80044150 generic SQL error"), api(FaultBadGateway, "502 with an HTML page"),
		api(FaultGatewayTimeout, "504 with an HTML page"), api(FaultUnavailable, "503 service unavailable"),
		api(FaultPlugin, "400 0x80040265 from a customer's plug-in"), edge(FaultLoginRedirect, "302 to a sign-in page"),
		edge(FaultLoginPage, "200 with a sign-in page in HTML"),
		spoil(FaultCut, "the connection breaks in the middle of the answer"), spoil(FaultTruncated, "half of the answer"),
		spoil(FaultTruncatedGzip, "a gzip answer without its end"),
		entra(FaultEntraThrottled, "token endpoint: AADSTS90015, try later"), entra(FaultEntraMFA, "token endpoint: AADSTS50076, a second factor is needed"),
		entra(FaultEntraDown, "token endpoint: 503 with an HTML page"),
	}, "/api", relativePath)
}

// edge is for answers of the gateway before the service, which never meet a part of a batch.
func edge(key, title string) control.FaultKind {
	return control.FaultKind{Key: key, Title: title, Spoils: true}
}

var apiPrefix = regexp.MustCompile(`^/api/data/v[0-9.]+`)

// relativePath is the path below the API's root, or the last step of a login path: "/contacts", "/token".
func relativePath(path string) string {
	if strings.HasPrefix(path, "/api/") {
		return apiPrefix.ReplaceAllString(path, "")
	}
	return path[max(strings.LastIndexByte(path, '/'), 0):]
}

// retryAfter is what the faulty limits ask for, in seconds.
const retryAfter = 3

// faultAnswer is what a fault answers instead of the service; ok is false for faults that only spoil an answer.
func (s *Simulator) faultAnswer(kind string) (answer reply, ok bool) {
	html := func(status int, title string) reply {
		return textReply(status, "text/html", "<html><head><title>"+title+"</title></head><body><h1>"+title+"</h1></body></html>\n")
	}
	forbidden := func(code, message string) reply { return failure(http.StatusForbidden, code, message) }
	switch kind {
	case FaultUnauthorized:
		return reply{status: http.StatusUnauthorized}.set("WWW-Authenticate", "Bearer"), true
	case FaultNotMember:
		return forbidden("0x80072560", "The user is not a member of the organization."), true
	case FaultNoRoles:
		return forbidden("0x80042f09", "The user has not been assigned any roles."), true
	case FaultUserDisabled:
		return forbidden("0x80040225", "The specified user is either disabled or is not a member of any business unit."), true
	case FaultRequestLimit:
		return throttled("0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 seconds.", retryAfter), true
	case FaultTimeLimit:
		return throttled("0x80072321", "Combined execution time of incoming requests exceeded limit of 1,200,000 milliseconds over time "+
			"window of 300 seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.", retryAfter), true
	case FaultConcurrentLimit:
		return throttled("0x80072326", "Number of concurrent requests exceeded the limit of 52.", retryAfter), true
	case FaultServerError:
		return failure(http.StatusInternalServerError, "0x80040216", "An unexpected error occurred."), true
	case FaultSQLError:
		return failure(http.StatusInternalServerError, "0x80044150", "Generic SQL error."), true
	case FaultPlugin:
		return failure(http.StatusBadRequest, "0x80040265", "Only the sales team may read this."), true
	case FaultBadGateway:
		return html(http.StatusBadGateway, "502 Bad Gateway"), true
	case FaultGatewayTimeout:
		return html(http.StatusGatewayTimeout, "504 Gateway Time-out"), true
	case FaultUnavailable, FaultEntraDown:
		return html(http.StatusServiceUnavailable, "Service Unavailable"), true
	case FaultLoginRedirect:
		return reply{status: http.StatusFound}.set("Location", "https://login.microsoftonline.com/"+s.config.TenantID+"/oauth2/authorize"), true
	case FaultLoginPage:
		return html(http.StatusOK, "Sign in to your account"), true
	case FaultEntraThrottled:
		return (&entraError{"temporarily_unavailable", 90015, "The request to the directory was throttled."}).reply(s.clock().Now()), true
	case FaultEntraMFA:
		return (&entraError{"interaction_required", 50076, "Due to a configuration change made by your administrator, you must use multi-factor authentication."}).reply(s.clock().Now()), true
	}
	return reply{}, false
}

// meetFault applies the rules that meet a request. met says that answer is to be sent instead of the real one; kinds
// that spoil a real answer are left to finish.
func (s *Simulator) meetFault(ctx context.Context, target control.Target) (answer reply, kind string, met bool) {
	delay, kind := s.faults.Take(target)
	if err := control.Pause(ctx, s.clock(), delay); err != nil {
		return reply{status: http.StatusGatewayTimeout}, kind, true // nobody is left to read it
	}
	answer, met = s.faultAnswer(kind)
	return answer, kind, met
}

// finish logs the request and sends the answer, spoiled if a fault wants that. The log line is written first, so that
// a client that has the answer also finds the line.
func (s *Simulator) finish(w http.ResponseWriter, r *http.Request, answer reply, line control.Request) {
	line.Status = answer.status
	if strings.Contains(line.Path, "/oauth2/") {
		line.Detail = ""
	}
	s.journal.Add(line)
	switch line.Fault {
	case FaultTruncated:
		answer.body = answer.body[:len(answer.body)/2]
	case FaultCut:
		w.Header().Set("Content-Type", answer.kind)
		w.Header().Set("Content-Length", fmt.Sprint(len(answer.body)+1))
		breakOff(w, answer.status, answer.body[:len(answer.body)/2])
	case FaultTruncatedGzip:
		body := compress(answer.body)
		w.Header().Set("Content-Type", answer.kind)
		w.Header().Set("Content-Encoding", "gzip")
		body = body[:len(body)*2/3]
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(answer.status)
		_, _ = w.Write(body)
		return
	}
	s.send(w, r, answer)
}

// breakOff sends what there is and breaks the connection.
func breakOff(w http.ResponseWriter, status int, body []byte) {
	w.WriteHeader(status)
	_, _ = w.Write(body)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler) // net/http's way of breaking a connection
}

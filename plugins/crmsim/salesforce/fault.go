package salesforce

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// FaultKind names a way in which the service breaks.
type FaultKind string

// The faults, and what a client sees.
const (
	FaultSlow               FaultKind = "slow"                // the answer comes DelayMS later
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

// Fault is a rule: which requests break, how, and how often. Without Path and Object it meets every data API request.
type Fault struct {
	ID   int       `json:"id"` // given by the simulator
	Kind FaultKind `json:"kind"`
	// Path is a prefix of the URL path, with or without the version root: "/services/oauth2/token", "/sobjects/Lead".
	Path string `json:"path,omitempty"`
	// Object meets requests about this object: its describe, its queries and their further pages, its records.
	Object string `json:"object,omitempty"`
	// Parts meets only the parts of composite requests, not requests of their own.
	Parts   bool `json:"parts,omitempty"`
	Times   int  `json:"times,omitempty"`    // how many requests still break; 0 means until cleared
	DelayMS int  `json:"delay_ms,omitempty"` // for slow
	Hits    int  `json:"hits"`               // how many requests broke so far
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
	default: // it only spoils an answer
	}
	return reply{}, false
}

// faultTarget is what a rule looks at.
type faultTarget struct {
	path   string // the whole URL path
	object string // API name in any case, "" when the request is about no single object
	part   bool   // part of a composite request
}

// matches compares a rule with a request.
func (f *Fault) matches(t faultTarget) bool {
	if f.Parts && !t.part {
		return false
	}
	// Only whole answers can break off.
	if t.part && (f.Kind == FaultCut || f.Kind == FaultTruncated) {
		return false
	}
	if f.Object != "" && !strings.EqualFold(f.Object, t.object) {
		return false
	}
	if f.Path != "" {
		return strings.HasPrefix(t.path, f.Path) || strings.HasPrefix(belowVersion(t.path), f.Path)
	}
	// Unscoped rules meet the outer request only; its parts never run then.
	return f.Object != "" || f.Parts || (!t.part && strings.HasPrefix(t.path, "/services/data"))
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

// faults is the list of rules in force.
type faults struct {
	mu     sync.Mutex
	nextID int
	rules  []*Fault
}

func newFaults() *faults { return &faults{} }

// add puts a rule in force. Errors are *ControlError.
func (f *faults) add(rule Fault) (int, error) {
	_, answers := faultAnswer(rule.Kind)
	spoils := slices.Contains([]FaultKind{FaultSlow, FaultCut, FaultTruncated, FaultAppBlocked}, rule.Kind)
	switch {
	case !answers && !spoils:
		return 0, badRequest("there is no fault kind %q", rule.Kind)
	case rule.Times < 0:
		return 0, badRequest("times: want 0 (until cleared) or more, got %d", rule.Times)
	case rule.Kind == FaultSlow && (rule.DelayMS <= 0 || rule.DelayMS > int(time.Hour/time.Millisecond)):
		return 0, badRequest("delay_ms: a slow fault wants 1 to 3,600,000, got %d", rule.DelayMS)
	case rule.Kind == FaultTokenRace && rule.Path == "":
		rule.Path = "/services/oauth2/token"
	case rule.Kind == FaultAppBlocked:
		rule.Path = "/services/oauth2/authorize"
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nextID++
	rule.ID, rule.Hits = f.nextID, 0
	f.rules = append(f.rules, &rule)
	return rule.ID, nil
}

// take collects the rules that meet this request and counts them as used: at most one of a kind other than slow.
func (f *faults) take(t faultTarget) (delay time.Duration, kind FaultKind) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var spent []*Fault
	for _, rule := range f.rules {
		if rule.Kind == FaultAppBlocked || !rule.matches(t) || (kind != "" && rule.Kind != FaultSlow) {
			continue
		}
		if rule.Kind == FaultSlow {
			delay += time.Duration(rule.DelayMS) * time.Millisecond
		} else {
			kind = rule.Kind
		}
		spent = append(spent, rule)
	}
	f.spend(spent)
	return delay, kind
}

// takeKind uses a rule of a kind that its endpoint answers itself.
func (f *faults) takeKind(kind FaultKind) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, rule := range f.rules {
		if rule.Kind == kind {
			f.spend([]*Fault{rule})
			return true
		}
	}
	return false
}

// spend counts a use and removes rules that are used up. Callers hold mu.
func (f *faults) spend(rules []*Fault) {
	for _, rule := range rules {
		rule.Hits++
		if rule.Times == 0 {
			continue
		}
		if rule.Times--; rule.Times == 0 {
			f.rules = slices.DeleteFunc(f.rules, func(other *Fault) bool { return other == rule })
		}
	}
}

func (f *faults) remove(id int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.rules)
	f.rules = slices.DeleteFunc(f.rules, func(rule *Fault) bool { return rule.ID == id })
	if len(f.rules) == before {
		return notFound("there is no fault %d (any more)", id)
	}
	return nil
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

func (f *faults) list() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	rules := make([]Fault, len(f.rules))
	for i, rule := range f.rules {
		rules[i] = *rule
	}
	return rules
}

// pause waits on the simulator's clock, or until the client goes away.
func pause(ctx context.Context, clock clockwork.Clock, delay time.Duration) error {
	if delay <= 0 {
		return nil
	}
	timer := clock.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.Chan():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("slow fault: %w", ctx.Err())
	}
}

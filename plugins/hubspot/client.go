package hubspot

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const (
	// maxRepeats is how often a read-only call is repeated after a lock, 5xx, a
	// cut connection or the limit of calls per second. Longer waits are the host's
	// business.
	maxRepeats = 2
	// longestWait is the longest wait before a repetition that HubSpot may ask
	// for; a longer one is left to the host.
	longestWait = 2 * time.Second
	// callTimeout bounds a call when the host gave no deadline.
	callTimeout = time.Minute
)

// newHTTPClient returns a client without cookies, proxy and redirects. Settings
// from the environment (HTTP_PROXY) are ignored on purpose: only the host
// decides where a token travels.
func newHTTPClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout:    10 * time.Second,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// request is one read-only call. All calls of this connector may be repeated, the
// POSTs of searches and batch reads included.
type request struct {
	path  string // root-relative, without query
	query url.Values
	// body makes the call a POST with this value as JSON.
	body any
	// about is the object the call is about, for error classes; its zero value is
	// none.
	about objectType
}

// answer is one HTTP answer.
type answer struct {
	status int
	header http.Header
	body   []byte
	// askedAt is when the call was sent, by HubSpot's clock; it is never later than
	// the truth. Zero when the answer has no Date.
	askedAt time.Time
}

// session is the client of one connector call: endpoint, token, configuration,
// what is known of the token, and what the call has cost so far. It is not shared
// between goroutines.
type session struct {
	connector *Connector
	base      *url.URL
	token     sdk.Secret
	config    config
	grant     grant
	stats     sdk.Stats
	limits    limits
	// zone is the portal's time zone; nil is unknown.
	zone *time.Location
}

// session checks the target and returns a client for it.
func (c *Connector) session(target sdk.Target) (*session, error) {
	base, err := url.Parse(strings.TrimRight(target.Endpoint, "/"))
	if err != nil || base.Host == "" || base.User != nil || base.Path != "" {
		return nil, sdk.InvalidRequest("the endpoint is not the base URL of HubSpot's API")
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !isLoopback(base.Hostname())) {
		return nil, sdk.InvalidRequest("the endpoint must use https; plain http is accepted for loopback addresses only")
	}
	if target.AccessToken.Reveal() == "" {
		return nil, sdk.Unauthenticated("no access token was given")
	}
	parsed, err := parseConfig(target.Config)
	if err != nil {
		return nil, err
	}
	s := &session{connector: c, base: base, token: target.AccessToken, config: parsed, grant: parseGrant(target.Introspection)}
	if s.grant.ended {
		return nil, sdk.Unauthenticated("HubSpot says that the access token is not active")
	}
	return s, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// api is the paths of the configured API version.
func (s *session) api() version { return s.config.APIVersion }

// takeStats returns the cost since the last call and starts a new count.
func (s *session) takeStats() sdk.Stats {
	stats := s.stats
	s.stats.CRMCalls = 0
	return stats
}

// call sends a request and decodes its JSON answer into out.
func (s *session) call(ctx context.Context, r request, out any) (answer, error) {
	a, err := s.do(ctx, r)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(a.body, out); err != nil {
		return a, sdk.BadResponse(fmt.Sprintf("HubSpot answered HTTP %d with %s", a.status, bodyKind(a)))
	}
	return a, nil
}

// do sends a request, repeats it when that is safe and promising, and returns
// the 2xx answer or a classified error.
func (s *session) do(ctx context.Context, r request) (answer, error) {
	for attempt := 0; ; attempt++ {
		if pause := s.limits.takePause(); pause > 0 && s.connector.wait(ctx, pause) != nil {
			return answer{}, transportError(ctx, ctx.Err())
		}
		a, again, err := s.once(ctx, r)
		if err == nil || !again || attempt == maxRepeats {
			return a, err
		}
		pause := pauseBefore(attempt, err)
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < pause {
			return a, err // no time for it; HubSpot's own word is worth more than a timeout
		}
		if s.connector.wait(ctx, pause) != nil {
			return a, err
		}
	}
}

// pauseBefore is the wait before a repetition: what HubSpot asks for, else about
// a second, doubled each time, with jitter.
func pauseBefore(attempt int, err error) time.Duration {
	var e *sdk.Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		return e.RetryAfter
	}
	base := 500 * time.Millisecond << attempt
	return base + rand.N(base)
}

// once sends a request once. again tells that repeating may help soon.
func (s *session) once(ctx context.Context, r request) (a answer, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience(ctx))
	defer cancel()
	req, err := s.newRequest(ctx, r)
	if err != nil {
		return answer{}, false, err
	}
	s.stats.CRMCalls++
	started := time.Now()
	resp, err := s.connector.http.Do(req)
	if err != nil {
		err := transportError(ctx, err)
		return answer{}, sdk.CodeOf(err) == sdk.CodeUnavailable, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, s.connector.maxAnswer+1))
	switch {
	case ctx.Err() != nil:
		return answer{}, false, transportError(ctx, ctx.Err())
	case err != nil:
		return answer{}, true, sdk.BadResponse(fmt.Sprintf("HubSpot's answer (HTTP %d) was cut off after %d bytes", resp.StatusCode, len(body)))
	case int64(len(body)) > s.connector.maxAnswer:
		return answer{}, false, sdk.BadResponse(fmt.Sprintf("HubSpot's answer is larger than %d bytes", s.connector.maxAnswer))
	}
	a = answer{status: resp.StatusCode, header: resp.Header, body: body}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		a.askedAt = date.Add(-time.Since(started))
	}
	s.limits.read(resp.Header)
	s.stats.QuotaUsed, s.stats.QuotaMax = s.limits.dailyUsed, s.limits.dailyMax
	if a.status >= 200 && a.status < 300 {
		return a, false, nil
	}
	err = s.classify(a, r.about)
	return a, mayRepeat(err), err
}

// mayRepeat tells failures that pass within seconds.
func mayRepeat(err error) bool {
	var e *sdk.Error
	if !errors.As(err, &e) || e.RetryAfter > longestWait {
		return false
	}
	return e.Code == sdk.CodeUnavailable || e.Code == sdk.CodeRateLimited && e.RetryAfter > 0
}

// patience is how long HubSpot may take for one call: most of what the deadline
// leaves. The rest is for saying that it was HubSpot that did not answer; the
// host could only say that the connector did not.
func patience(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return callTimeout
	}
	return min(callTimeout, time.Until(deadline)*9/10)
}

func (s *session) newRequest(ctx context.Context, r request) (*http.Request, error) {
	method, body := http.MethodGet, []byte(nil)
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return nil, fmt.Errorf("marshal a request body: %w", err)
		}
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base.String()+withQuery(r.path, r.query), bytes.NewReader(body))
	if err != nil {
		return nil, sdk.InvalidRequest("a call could not be built for the integration's endpoint")
	}
	// Go's transport asks for gzip by itself and unpacks it; maxAnswer counts the
	// unpacked bytes.
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "fieldwarden-connector-hubspot/"+Version)
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+s.token.Reveal())
	return req, nil
}

func withQuery(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// classify is the package's classify on an answer without the token, should a
// proxy or an error page ever echo it. It is removed first, because excerpts may
// cut it.
func (s *session) classify(a answer, about objectType) error {
	a.body = bytes.ReplaceAll(a.body, []byte(s.token.Reveal()), []byte("[secret]"))
	return classify(a, about, s.zone)
}

// transportError tells a call that got no answer. The URL is left out: it may
// hold names that are nobody's business in a log.
func transportError(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	var timeout net.Error
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return sdk.Timeout("HubSpot did not answer in time")
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return sdk.Unavailable("HubSpot could not be reached: " + excerpt(err.Error()))
}

package salesforce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const (
	// maxRepeats is how often a read-only call is repeated after 420, 5xx or a
	// cut connection. Longer waits are the host's business.
	maxRepeats = 2
	// callTimeout bounds a call when the host gave no deadline: some describes
	// take more than 30 seconds.
	callTimeout = 2 * time.Minute
)

// errTooLarge marks the one BadResponse that a smaller request can avoid.
var errTooLarge = errors.New("answer too large")

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

// request is one call. All calls of this connector may be repeated, the POST of a
// composite of GETs included; a bulk job that is created twice is read once.
type request struct {
	method string
	// path is root-relative, with its query.
	path   string
	body   []byte
	header map[string]string
	// object is the sObject the call is about, for error classes; may be empty.
	object string
	// anonymous calls carry no token.
	anonymous bool
}

// answer is one HTTP answer, or one part of a composite answer.
type answer struct {
	status int
	header http.Header
	body   []byte
	// askedAt is when the call was sent, by Salesforce's clock; it is never
	// later than the truth. Zero when the answer has no Date.
	askedAt time.Time
}

// session is the client of one connector call: endpoint, token, and what the
// call has cost so far. It is not shared between goroutines.
type session struct {
	connector *Connector
	base      *url.URL
	token     sdk.Secret
	stats     sdk.Stats
}

// session checks the target and returns a client for it.
func (c *Connector) session(target sdk.Target) (*session, error) {
	base, err := url.Parse(strings.TrimRight(target.Endpoint, "/"))
	if err != nil || base.Host == "" || base.User != nil || (base.Path != "" && base.Path != "/") {
		return nil, sdk.InvalidRequest("the endpoint is not the base URL of a Salesforce org")
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !isLoopback(base.Hostname())) {
		return nil, sdk.InvalidRequest("the endpoint must use https; plain http is accepted for loopback addresses only")
	}
	if target.AccessToken.Reveal() == "" {
		return nil, sdk.Unauthenticated("no access token was given")
	}
	return &session{connector: c, base: base, token: target.AccessToken}, nil
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// takeStats returns the cost since the last call and starts a new count.
func (s *session) takeStats() sdk.Stats {
	stats := s.stats
	s.stats.CRMCalls, s.stats.ByType = 0, nil
	return stats
}

// count counts a call. The list of versions and the OAuth services are not metered;
// calls of the Bulk API are told apart.
func (s *session) count(path string) {
	if !strings.HasPrefix(path, "/services/data/v") {
		return
	}
	s.stats.CRMCalls++
	if strings.HasPrefix(path, jobsPath) {
		if s.stats.ByType == nil {
			s.stats.ByType = map[string]int{}
		}
		s.stats.ByType[apiBulk]++
	}
}

// get fetches a path and decodes its JSON answer into out.
func (s *session) get(ctx context.Context, path, object string, out any) error {
	a, err := s.do(ctx, request{method: http.MethodGet, path: path, object: object})
	if err != nil {
		return err
	}
	return decode(a, out)
}

// decode reads a 2xx answer; anything that is not the expected JSON is a
// BadResponse.
func decode(a answer, out any) error {
	if err := json.Unmarshal(a.body, out); err != nil {
		return sdk.BadResponse(fmt.Sprintf("Salesforce answered HTTP %d with %s", a.status, bodyKind(a)))
	}
	return nil
}

// do sends a request, repeats it when that is safe and promising, and returns
// the 2xx answer or a classified error.
func (s *session) do(ctx context.Context, r request) (answer, error) {
	for attempt := 0; ; attempt++ {
		a, again, err := s.once(ctx, r)
		if err == nil || !again || attempt == maxRepeats {
			return a, err
		}
		if s.connector.pause(ctx, attempt) != nil {
			return a, err
		}
	}
}

// once sends a request once. again tells that repeating may help.
func (s *session) once(ctx context.Context, r request) (a answer, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience(ctx))
	defer cancel()
	req, err := s.newRequest(ctx, r)
	if err != nil {
		return answer{}, false, err
	}
	s.count(r.path)
	started := time.Now()
	resp, err := s.connector.http.Do(req)
	if err != nil {
		err := transportError(ctx, err)
		return answer{}, sdk.CodeOf(err) == sdk.CodeUnavailable, err
	}
	defer func() { _ = resp.Body.Close() }()
	a, again, err = s.readAnswer(ctx, resp, started)
	if err != nil {
		return answer{}, again, err
	}
	s.readUsage(resp.Header)
	if a.status >= 200 && a.status < 300 {
		return a, false, nil
	}
	err = s.classify(a, r.object)
	return a, a.status == statusEdge || a.status == http.StatusNotAcceptable || a.status >= 500, err
}

// readAnswer reads an answer whole. again tells that asking once more may help.
func (s *session) readAnswer(ctx context.Context, resp *http.Response, started time.Time) (a answer, again bool, err error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, s.connector.maxAnswer+1))
	switch {
	case ctx.Err() != nil:
		return answer{}, false, transportError(ctx, ctx.Err())
	case err != nil:
		return answer{}, true, sdk.BadResponse(fmt.Sprintf("Salesforce's answer (HTTP %d) was cut off after %d bytes", resp.StatusCode, len(body)))
	case int64(len(body)) > s.connector.maxAnswer:
		return answer{}, false, errors.Join(sdk.BadResponse(fmt.Sprintf("Salesforce's answer is larger than %d bytes", s.connector.maxAnswer)), errTooLarge)
	}
	a = answer{status: resp.StatusCode, header: resp.Header, body: body}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		a.askedAt = date.Add(-time.Since(started))
	}
	return a, false, nil
}

// patience is how long Salesforce may take for one call: most of what the host's
// deadline leaves. The rest is for saying that it was Salesforce that did not
// answer; the host could only say that the connector did not.
func patience(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return callTimeout
	}
	return min(callTimeout, time.Until(deadline)*9/10)
}

func (s *session) newRequest(ctx context.Context, r request) (*http.Request, error) {
	ref, err := url.Parse(r.path)
	if err != nil || ref.Host != "" || ref.Scheme != "" {
		return nil, sdk.InvalidRequest("a call would have left the integration's endpoint")
	}
	req, err := http.NewRequestWithContext(ctx, r.method, s.base.ResolveReference(ref).String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, sdk.InvalidRequest("a call could not be built for the integration's endpoint")
	}
	// Go's transport asks for gzip by itself and unpacks it; maxAnswer counts the
	// unpacked bytes.
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "fieldwarden-connector-salesforce/"+Version)
	if len(r.body) > 0 {
		req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	if !r.anonymous {
		req.Header.Set("Authorization", "Bearer "+s.token.Reveal())
	}
	return req, nil
}

// apiUsage finds "api-usage=24/15000", but not "per-app-api-usage=…".
var apiUsage = regexp.MustCompile(`(?:^|[^-\w])api-usage=(\d{1,12})/(\d{1,12})`)

// readUsage keeps the org's own count of calls in the last 24 hours. The figure
// is not monotonic: it serves budgets only.
func (s *session) readUsage(header http.Header) {
	m := apiUsage.FindStringSubmatch(header.Get("Sforce-Limit-Info"))
	if m == nil {
		return
	}
	used, errUsed := strconv.Atoi(m[1])
	limit, errMax := strconv.Atoi(m[2])
	if errUsed == nil && errMax == nil {
		s.stats.QuotaUsed, s.stats.QuotaMax = used, limit
	}
}

// classify is the package's classify on an answer without the token, should a
// proxy or an error page ever echo it. It is removed first, because excerpts may
// cut it.
func (s *session) classify(a answer, object string) error {
	a.body = bytes.ReplaceAll(a.body, []byte(s.token.Reveal()), []byte("[secret]"))
	return classify(a, object)
}

// transportError tells a call that got no answer. The URL is left out: a query
// string may hold record values.
func transportError(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	var timeout net.Error
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return sdk.Timeout("Salesforce did not answer in time")
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return sdk.Unavailable("Salesforce could not be reached: " + excerpt(err.Error()))
}

package dynamics365

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
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

const (
	// maxRepeats is how often a call is repeated after 5xx or a cut connection.
	// Longer waits are the host's business.
	maxRepeats = 2
	// callTimeout bounds a call when the host gave no deadline; Dataverse itself
	// gives up after two minutes.
	callTimeout = 2 * time.Minute
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

// answer is one HTTP answer, or one part of a batch answer.
type answer struct {
	status int
	header http.Header
	body   []byte
	// askedAt is when the call was sent, by Dataverse's clock; it is never later
	// than the truth. Zero when the answer has no Date.
	askedAt time.Time
}

// session is the client of one connector call: endpoint, token, and what the
// call has cost so far. It is not shared between goroutines.
type session struct {
	connector *Connector
	// base is "https://contoso.crm.dynamics.com", without a trailing slash.
	base  *url.URL
	token sdk.Secret
	// strong asks Dataverse not to answer from its caches, which lag behind a
	// change of rights by up to half a minute.
	strong bool
	stats  sdk.Stats
}

// session checks the target and returns a client for it.
func (c *Connector) session(target sdk.Target) (*session, error) {
	base, err := url.Parse(strings.TrimRight(target.Endpoint, "/"))
	if err != nil || base.Host == "" || base.User != nil || base.Path != "" || base.RawQuery != "" {
		return nil, sdk.InvalidRequest("the endpoint is not the base URL of a Dataverse environment")
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
	s.stats.CRMCalls = 0
	return stats
}

// decode reads a 2xx answer; anything that is not the expected JSON is a
// BadResponse.
func decode(a answer, out any) error {
	if err := json.Unmarshal(a.body, out); err != nil {
		return sdk.BadResponse(fmt.Sprintf("Dataverse answered HTTP %d with %s", a.status, bodyKind(a)))
	}
	return nil
}

// do sends a batch, repeats it when that is promising (it holds GETs only, so it
// is always safe), and returns the 2xx answer or a classified error.
func (s *session) do(ctx context.Context, body []byte) (answer, error) {
	for attempt := 0; ; attempt++ {
		a, again, err := s.once(ctx, body)
		if err == nil || !again || attempt == maxRepeats {
			return a, err
		}
		if s.connector.pause(ctx, attempt) != nil {
			return a, err
		}
	}
}

// once sends a batch once. again tells that repeating may help.
func (s *session) once(ctx context.Context, body []byte) (a answer, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience(ctx))
	defer cancel()
	req, err := s.newRequest(ctx, body)
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
	content, err := io.ReadAll(io.LimitReader(resp.Body, s.connector.maxAnswer+1))
	switch {
	case ctx.Err() != nil:
		return answer{}, false, transportError(ctx, ctx.Err())
	case err != nil:
		return answer{}, true, sdk.BadResponse(fmt.Sprintf("Dataverse's answer (HTTP %d) was cut off after %d bytes", resp.StatusCode, len(content)))
	case int64(len(content)) > s.connector.maxAnswer:
		return answer{}, false, sdk.BadResponse(fmt.Sprintf("Dataverse's answer is larger than %d bytes", s.connector.maxAnswer))
	}
	a = answer{status: resp.StatusCode, header: resp.Header, body: content}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		a.askedAt = date.Add(-time.Since(started))
	}
	if isSuccess(a) {
		return a, false, nil
	}
	return a, a.status >= 500 && a.status != http.StatusNotImplemented, s.classify(a, "")
}

func isSuccess(a answer) bool { return a.status >= 200 && a.status < 300 }

// patience is how long Dataverse may take for one call: most of what the host's
// deadline leaves. The rest is for saying that it was Dataverse that did not
// answer; the host could only say that the connector did not.
func patience(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return callTimeout
	}
	return min(callTimeout, time.Until(deadline)*9/10)
}

func (s *session) newRequest(ctx context.Context, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base.String()+dataPath+"/$batch", bytes.NewReader(body))
	if err != nil {
		return nil, sdk.InvalidRequest("a call could not be built for the integration's endpoint")
	}
	// Go's transport asks for gzip by itself and unpacks it; maxAnswer counts the
	// unpacked bytes.
	req.Header.Set("Content-Type", `multipart/mixed; boundary="`+boundary+`"`)
	req.Header.Set("Accept", "multipart/mixed, application/json")
	req.Header.Set("OData-Version", "4.0")
	req.Header.Set("OData-MaxVersion", "4.0")
	// A cached 304 would be evidence about an older moment.
	req.Header.Set("If-None-Match", "null")
	req.Header.Set("Prefer", "odata.continue-on-error")
	req.Header.Set("User-Agent", "fieldwarden-connector-dynamics365/"+Version)
	if s.strong {
		req.Header.Set("Consistency", "Strong")
	}
	req.Header.Set("Authorization", "Bearer "+s.token.Reveal())
	return req, nil
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
		return sdk.Timeout("Dataverse did not answer in time")
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return sdk.Unavailable("Dataverse could not be reached: " + excerpt(err.Error()))
}

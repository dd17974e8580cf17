// Package sink is what deliveries go to in tests: a mail server and a web server on
// loopback that remember what they were sent, and that misbehave on demand. Both end
// with the test.
package sink

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Request is one HTTP request that a Web was sent.
type Request struct {
	Method string
	Path   string
	Header http.Header
	Body   []byte
	// At is when it had come whole.
	At time.Time
}

// ID is the message id of a Standard Webhook.
func (r Request) ID() string { return r.Header.Get("Webhook-Id") }

// Web is a web server that records requests.
type Web struct {
	// URL is its address, with a path that is a secret of a sort.
	URL string
	// Host is "host:port", for lists of allowed hosts.
	Host string

	mu       sync.Mutex
	requests []Request
	answer   http.HandlerFunc
	changed  chan struct{}
	ended    chan struct{}
}

// Webhook starts a Web that answers 204.
func Webhook(t testing.TB) *Web {
	t.Helper()
	w := &Web{changed: make(chan struct{}), ended: make(chan struct{})}
	w.Answer(http.StatusNoContent)
	server := httptest.NewServer(w)
	w.URL, w.Host = server.URL+"/hook/s3cret-path", server.Listener.Addr().String()
	t.Cleanup(func() {
		close(w.ended)
		server.Close()
	})
	return w
}

// ServeHTTP records a request and answers as it was told to.
func (w *Web) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // it was cut off, so it never came
	}
	w.mu.Lock()
	w.requests = append(w.requests, Request{Method: r.Method, Path: r.URL.Path, Header: r.Header.Clone(), Body: body, At: time.Now()})
	close(w.changed)
	w.changed = make(chan struct{})
	answer := w.answer
	w.mu.Unlock()
	answer(out, r)
}

// Requests are those that have come so far, oldest first.
func (w *Web) Requests() []Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.requests)
}

// Wait waits until n requests have come and returns all there are. It fails the test
// when they do not come in time.
func (w *Web) Wait(t testing.TB, n int, patience time.Duration) []Request {
	t.Helper()
	return wait(t, n, patience, func() ([]Request, <-chan struct{}) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return slices.Clone(w.requests), w.changed
	})
}

// AnswerWith makes a handler answer from now on.
func (w *Web) AnswerWith(answer http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
}

// Answer answers every request with a status.
func (w *Web) Answer(status int) {
	w.AnswerWith(func(out http.ResponseWriter, _ *http.Request) { out.WriteHeader(status) })
}

// AnswerText answers with a status and a body.
func (w *Web) AnswerText(status int, body string) {
	w.AnswerWith(func(out http.ResponseWriter, _ *http.Request) {
		out.WriteHeader(status)
		_, _ = io.WriteString(out, body) // whoever asked may have gone
	})
}

// RetryAfter answers with a status (429 or 503) and for how long to wait.
func (w *Web) RetryAfter(status int, wait time.Duration) {
	w.AnswerWith(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
		out.WriteHeader(status)
	})
}

// Redirect answers with a redirect to itself: whoever follows never arrives.
func (w *Web) Redirect() {
	w.AnswerWith(func(out http.ResponseWriter, r *http.Request) {
		http.Redirect(out, r, r.URL.Path, http.StatusTemporaryRedirect)
	})
}

// Hang answers nothing until whoever asked gives up, or the test ends.
func (w *Web) Hang() {
	w.AnswerWith(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-w.ended:
		}
	})
}

// Huge answers with a status and a body that does not end before whoever asked goes.
func (w *Web) Huge(status int) {
	w.AnswerWith(func(out http.ResponseWriter, _ *http.Request) {
		out.WriteHeader(status)
		block := make([]byte, 32<<10)
		for {
			if _, err := out.Write(block); err != nil {
				return
			}
			select {
			case <-w.ended:
				return
			default:
			}
		}
	})
}

// Drop closes the connection without an answer.
func (w *Web) Drop() {
	w.AnswerWith(func(out http.ResponseWriter, _ *http.Request) {
		if connection, _, err := http.NewResponseController(out).Hijack(); err == nil {
			_ = connection.Close() // that is all it is for
		}
	})
}

// wait returns what there is once it is n or more.
func wait[T any](t testing.TB, n int, patience time.Duration, look func() ([]T, <-chan struct{})) []T {
	t.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		found, changed := look()
		if len(found) >= n {
			return found
		}
		select {
		case <-changed:
		case <-timeout.C:
			t.Fatalf("%d of %d came within %s", len(found), n, patience)
		}
	}
}

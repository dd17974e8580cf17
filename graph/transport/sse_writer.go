package transport

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// errTooSlow: the reader took nothing for Config.WriteTimeout.
var errTooSlow = errors.New("the reader is too slow")

// eventWriter writes server-sent events (WHATWG HTML, section 9.2), one at a time,
// each with a deadline. After the first failure it writes no more.
type eventWriter struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	// failed is called once, with what went wrong.
	failed func(error)

	mu     sync.Mutex
	broken bool
}

func newEventWriter(w http.ResponseWriter, patience time.Duration, failed func(error)) *eventWriter {
	return &eventWriter{w: w, control: http.NewResponseController(w), patience: patience, failed: failed}
}

// open sends the header, so that the client knows that it is connected.
func (e *eventWriter) open() {
	header := e.w.Header()
	header.Set("Content-Type", mediaEvents+"; charset=utf-8")
	header.Set("Cache-Control", "no-store, no-transform")
	header.Set("X-Accel-Buffering", "no") // proxies such as nginx must not hold events back
	e.w.WriteHeader(http.StatusOK)
	e.comment()
}

// comment sends what clients ignore.
func (e *eventWriter) comment() { e.write(":\n\n") }

// event sends an event. data is one line; the field is there even without any, since
// a browser drops an event that has none. id is left out when it is empty.
func (e *eventWriter) event(id, name string, data []byte) {
	var text strings.Builder
	if id != "" {
		text.WriteString("id: " + id + "\n")
	}
	text.WriteString("event: " + name + "\ndata: ")
	text.Write(data)
	text.WriteString("\n\n")
	e.write(text.String())
}

func (e *eventWriter) write(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.broken {
		return
	}
	err := e.control.SetWriteDeadline(time.Now().Add(e.patience))
	if err == nil {
		_, err = e.w.Write([]byte(text))
	}
	if err == nil {
		err = e.control.Flush()
	}
	if err == nil {
		return
	}
	e.broken = true
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errTooSlow
	}
	e.failed(err)
}

// close takes the deadline off a connection that is still good.
func (e *eventWriter) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.broken {
		_ = e.control.SetWriteDeadline(time.Time{}) // it could be set before
	}
	e.broken = true
}

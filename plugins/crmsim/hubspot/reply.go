package hubspot

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// reply is a whole answer before it goes out. Answers are built first and sent later, so that faults can spoil them.
type reply struct {
	status   int
	kind     string // content type; "" for answers without a body
	body     []byte
	header   map[string]string // further headers
	metered  bool              // whether HubSpot sends its rate limit headers with this kind of answer
	location string            // where a redirect leads
	page     bool              // a page for people: sent with a content security policy
}

const (
	jsonKind = "application/json;charset=utf-8"
	htmlKind = "text/html;charset=utf-8"
)

func jsonReply(status int, value any) reply {
	body, err := marshal(value)
	if err != nil {
		// Only values of our own making get here, so this is a bug of the simulator; say so to whoever is testing.
		return failure(http.StatusInternalServerError, "", "simulator bug: "+err.Error())
	}
	return reply{status: status, kind: jsonKind, body: body}
}

// marshal encodes with "<", ">" and "&" as they are and without a newline at the end.
func marshal(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}

// results is the usual envelope of a list in one piece.
func results[T any](list []T) reply {
	if list == nil {
		list = []T{}
	}
	return jsonReply(http.StatusOK, map[string]any{"results": list})
}

func noContent() reply { return reply{status: http.StatusNoContent} }

func htmlReply(status int, body string) reply {
	return reply{status: status, kind: htmlKind, body: []byte(body)}
}

// pagePolicy lets pages load nothing. It has no form-action: browsers apply that to redirects too, and the consent form
// ends in a redirect to the app.
const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

// send writes an answer with the headers HubSpot sends.
func (s *Simulator) send(w http.ResponseWriter, r *http.Request, answer reply) {
	header := w.Header()
	header.Set("Vary", "origin, Accept-Encoding")
	header.Set("Cache-Control", "no-store")
	for name, value := range answer.header {
		header.Set(name, value)
	}
	if answer.location != "" {
		header.Set("Location", answer.location)
	}
	if answer.page {
		header.Set("Content-Security-Policy", pagePolicy)
		header.Set("X-Content-Type-Options", "nosniff")
	}
	body := answer.body
	if len(body) > 0 {
		header.Set("Content-Type", answer.kind)
		if header.Get("Content-Encoding") == "" && acceptsGzip(r) {
			body = compress(body)
			header.Set("Content-Encoding", "gzip")
		}
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(answer.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

func acceptsGzip(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
}

func compress(body []byte) []byte {
	var buffer bytes.Buffer
	writer, err := gzip.NewWriterLevel(&buffer, gzip.BestSpeed)
	if err != nil {
		return body // cannot happen: the level is a constant
	}
	_, _ = writer.Write(body) // a bytes.Buffer never fails
	_ = writer.Close()
	return buffer.Bytes()
}

// timestamp is the API's date and time format: milliseconds, UTC; whole seconds have no fraction, as recorded.
func timestamp(t time.Time) string {
	t = t.UTC()
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

func formatBool(b bool) string { return strconv.FormatBool(b) }

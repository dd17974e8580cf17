package salesforce

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

// reply is a whole answer before it goes out. Answers are built first and sent later, so that composite can collect
// them, faults can spoil them and gzip can shrink them.
type reply struct {
	status   int
	kind     string // content type; "" for answers without a body
	body     []byte
	modified time.Time // Last-Modified and ETag, when set
	etag     string    // without quotes
	location string    // where a redirect leads
	policy   string    // Content-Security-Policy of a page
	headers  map[string]string
	cutGzip  bool // send only half of the compressed body
}

const jsonKind = "application/json;charset=UTF-8"

// apiError is one entry of the data API's error array.
type apiError struct {
	Message string   `json:"message"`
	Code    string   `json:"errorCode"`
	Fields  []string `json:"fields,omitempty"`
}

func jsonReply(status int, value any) reply {
	body, err := marshal(value)
	if err != nil {
		// Only values of our own making get here, so this is a bug of the simulator; say so to whoever is testing.
		return failure(http.StatusInternalServerError, "UNKNOWN_EXCEPTION", "simulator bug: "+err.Error())
	}
	return reply{status: status, kind: jsonKind, body: body}
}

// marshal encodes as Salesforce does: "<", ">" and "&" stay as they are, no trailing newline.
func marshal(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}

// failure is an error of the data API: an array with one entry.
func failure(status int, code, message string) reply {
	return jsonReply(status, []apiError{{Message: message, Code: code}})
}

func resourceMissing() reply {
	return failure(http.StatusNotFound, "NOT_FOUND", "The requested resource does not exist")
}

func textReply(status int, kind, body string) reply {
	return reply{status: status, kind: kind, body: []byte(body)}
}

// send writes an answer with the headers Salesforce sends. usage, when given, becomes Sforce-Limit-Info.
func (s *Simulator) send(w http.ResponseWriter, r *http.Request, answer reply, usage *apiUsage) {
	header := w.Header()
	header.Set("Vary", "Accept-Encoding")
	header.Set("Cache-Control", "no-cache,must-revalidate,max-age=0,no-store,private")
	if usage != nil {
		header.Set("Sforce-Limit-Info", usage.header())
	}
	if answer.location != "" {
		header.Set("Location", answer.location)
	}
	for name, value := range answer.headers {
		header.Set(name, value)
	}
	if answer.policy != "" {
		header.Set("Content-Security-Policy", answer.policy)
		header.Set("X-Content-Type-Options", "nosniff")
	}
	body, suffix := answer.body, ""
	if len(body) > 0 {
		header.Set("Content-Type", answer.kind)
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			body, suffix = compress(body), "--gzip"
			if answer.cutGzip {
				body = body[:len(body)/2]
			}
			header.Set("Content-Encoding", "gzip")
		}
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	if !answer.modified.IsZero() {
		header.Set("Last-Modified", answer.modified.Format(http.TimeFormat))
		header.Set("ETag", `"`+answer.etag+suffix+`"`)
	}
	w.WriteHeader(answer.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
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

// timestamp is the API's date and time format: milliseconds, and a zone without a colon.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000-0700") }

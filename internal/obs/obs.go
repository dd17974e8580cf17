// Package obs is how the program is observed: the one set-up of log/slog, the
// names of its attributes, the request id, and a handler that masks secrets.
//
// Logs are for the operator. Whatever reaches them passes the Redactor, so that a
// secret that slipped into a message, an error or a connector's output does not
// reach a log file (requirement O1). Masking is the last line of defence and no
// licence to log secrets: values that are secrets have the type crm.Secret, which
// never prints itself.
package obs

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
)

// Attribute keys, so that one fact has one name in every log line.
const (
	KeyComponent   = "component"
	KeyRequest     = "request"
	KeyWorkspace   = "workspace"
	KeyIntegration = "integration"
	KeyConnector   = "connector"
	KeyPrincipal   = "principal"
	KeyRun         = "run"
	KeyJob         = "job"
	KeyObject      = "object"
	KeyCode        = "code"
	KeyDuration    = "duration"
	KeyError       = "error"
)

// Format is how log lines are written.
type Format string

// Formats of log lines.
const (
	JSON Format = "json"
	Text Format = "text"
)

// Options set up a logger.
type Options struct {
	Format Format
	Level  slog.Leveler
	// Redactor masks secrets; nil makes one that knows the patterns only.
	Redactor *Redactor
}

// NewLogger returns the program's logger: JSON or text lines on w, with the
// request id of the context, and with secrets masked.
func NewLogger(w io.Writer, o Options) (*slog.Logger, error) {
	settings := &slog.HandlerOptions{Level: o.Level}
	var lines slog.Handler
	switch o.Format {
	case JSON:
		lines = slog.NewJSONHandler(w, settings)
	case Text:
		lines = slog.NewTextHandler(w, settings)
	default:
		return nil, fmt.Errorf("log format %q: want %q or %q", o.Format, JSON, Text)
	}
	redactor := o.Redactor
	if redactor == nil {
		redactor = NewRedactor()
	}
	return slog.New(NewHandler(lines, redactor)), nil
}

// Err is the attribute of an error.
func Err(err error) slog.Attr { return slog.Any(KeyError, err) }

type requestKey struct{}

// NewRequestID makes the id of one request, for logs and error answers.
func NewRequestID() string {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(id[:])
}

// WithRequestID returns a context whose log lines bear the request id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestID returns the request id of the context, empty without one.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

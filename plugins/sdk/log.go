package sdk

import (
	"io"
	"log/slog"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/proto/redact"
)

// maxLogValue is the longest string value of a log line; the host cuts lines at
// 1 MiB.
const maxLogValue = 16 << 10

// newLogger writes JSON lines in the form that hclog, and so the host,
// understands, without the secrets in flight.
func newLogger(w io.Writer, secrets *redact.Set) *slog.Logger {
	return slog.New(slog.NewJSONHandler(redactingWriter{w: w, secrets: secrets}, &slog.HandlerOptions{
		Level:       slog.LevelDebug,
		ReplaceAttr: hclogAttr,
	}))
}

func hclogAttr(groups []string, attr slog.Attr) slog.Attr {
	if len(groups) == 0 {
		switch attr.Key {
		case slog.TimeKey:
			return slog.String("@timestamp", attr.Value.Time().Format("2006-01-02T15:04:05.000000Z07:00"))
		case slog.LevelKey:
			return slog.String("@level", strings.ToLower(attr.Value.String()))
		case slog.MessageKey:
			attr.Key = "@message"
		}
	}
	if attr.Value.Kind() == slog.KindString {
		attr.Value = slog.StringValue(redact.Cut(attr.Value.String(), maxLogValue))
	}
	return attr
}

// redactingWriter filters whole lines: a slog handler writes one line per call.
type redactingWriter struct {
	w       io.Writer
	secrets *redact.Set
}

// Write writes a line without the secrets in flight.
func (r redactingWriter) Write(line []byte) (int, error) {
	if _, err := io.WriteString(r.w, r.secrets.String(string(line))); err != nil {
		return 0, err
	}
	return len(line), nil
}

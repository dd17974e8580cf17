package obs

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
)

// handler masks secrets and adds the request id before the next handler writes.
type handler struct {
	next     slog.Handler
	redactor *Redactor
}

// NewHandler returns a handler that passes each record on to next with the
// request id of its context and with secrets masked in message and attributes.
func NewHandler(next slog.Handler, redactor *Redactor) slog.Handler {
	return &handler{next: next, redactor: redactor}
}

// Enabled asks the next handler.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle masks the record and passes it on.
func (h *handler) Handle(ctx context.Context, record slog.Record) error {
	masked := slog.NewRecord(record.Time, record.Level, h.redactor.Text(record.Message), record.PC)
	record.Attrs(func(attr slog.Attr) bool {
		masked.AddAttrs(h.attr(attr))
		return true
	})
	if id := RequestID(ctx); id != "" {
		masked.AddAttrs(slog.String(KeyRequest, id))
	}
	return h.next.Handle(ctx, masked)
}

// WithAttrs masks the attributes once, for all later records.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{next: h.next.WithAttrs(h.attrs(attrs)), redactor: h.redactor}
}

// WithGroup opens a group in the next handler.
func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{next: h.next.WithGroup(name), redactor: h.redactor}
}

func (h *handler) attrs(attrs []slog.Attr) []slog.Attr {
	masked := make([]slog.Attr, len(attrs))
	for i, attr := range attrs {
		masked[i] = h.attr(attr)
	}
	return masked
}

func (h *handler) attr(attr slog.Attr) slog.Attr {
	return slog.Attr{Key: attr.Key, Value: h.value(attr.Value.Resolve())}
}

func (h *handler) value(value slog.Value) slog.Value {
	switch value.Kind() {
	case slog.KindString:
		return slog.StringValue(h.redactor.Text(value.String()))
	case slog.KindGroup:
		return slog.GroupValue(h.attrs(value.Group())...)
	case slog.KindAny:
		return h.any(value)
	default:
		return value // numbers, times and booleans hold no secrets
	}
}

// any masks a value of any type: as text when it is one, else as its JSON, which
// is kept as it is when there was nothing to mask.
func (h *handler) any(value slog.Value) slog.Value {
	switch v := value.Any().(type) {
	case nil:
		return value
	case error:
		return slog.StringValue(h.redactor.Text(v.Error()))
	case fmt.Stringer:
		return slog.StringValue(h.redactor.Text(v.String()))
	case []byte:
		return slog.StringValue(h.redactor.Text(string(v)))
	default:
		text := fmt.Sprintf("%+v", v)
		if encoded, err := json.Marshal(v); err == nil {
			text = string(encoded)
		}
		if masked := h.redactor.Text(text); masked != text {
			return slog.StringValue(masked)
		}
		return value
	}
}

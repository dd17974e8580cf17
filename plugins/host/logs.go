package host

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/fieldwarden/fieldwarden/plugins/proto/redact"
)

const (
	// maxLine is the longest line that is read whole; the rest of it is dropped.
	maxLine = 1 << 20
	// maxLogged is the longest text that goes into our log.
	maxLogged = 16 << 10
	// maxAttrs is how many attributes of a connector's line are kept.
	maxAttrs = 40
	// linesPerSecond is what one connector may log; the rest is counted.
	linesPerSecond = 500
	// tailLines are kept for the status: tailRaw bytes of each, tailShown shown.
	tailLines = 20
	tailRaw   = 4 << 10
	tailShown = 400
)

// lines yields the lines of a stream without their ends, each cut at maxLine, in
// bounded memory whatever the stream holds.
func lines(stream io.Reader) iter.Seq[string] {
	return func(yield func(string) bool) {
		reader := bufio.NewReaderSize(stream, 64<<10)
		var line []byte
		for {
			part, err := reader.ReadSlice('\n')
			line = append(line, part[:min(len(part), maxLine-len(line))]...)
			if err == bufio.ErrBufferFull { //nolint:errorlint // documented to be returned as it is
				continue
			}
			if len(line) > 0 && !yield(string(bytes.TrimRight(line, "\r\n"))) {
				return
			}
			if err != nil {
				return
			}
			line = line[:0]
		}
	}
}

// logSink turns what a connector writes into lines of our log, without secrets,
// at a bounded rate, and keeps the last of them.
type logSink struct {
	logger  *slog.Logger
	secrets *redact.Set
	clock   clockwork.Clock

	mu      sync.Mutex
	second  time.Time
	used    int
	dropped int
	panics  bool
	tail    []string
}

// begin makes ready for a new process.
func (s *logSink) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.panics, s.tail = false, nil
}

// stderr logs one line of standard error: hclog's JSON, which the SDK writes, or
// any text.
func (s *logSink) stderr(line string) {
	if strings.TrimSpace(line) == "" {
		return
	}
	s.keep(line)
	level := s.levelOfText(line)
	if !s.admit() {
		return
	}
	if entry, ok := s.parseEntry(line); ok {
		s.logger.LogAttrs(context.Background(), entry.level, entry.message, entry.attrs...)
		return
	}
	s.logger.LogAttrs(context.Background(), level, s.secrets.Text(line, maxLogged))
}

// noise logs one line of standard output, which connectors should not write.
func (s *logSink) noise(line string) {
	s.keep(line)
	if s.admit() {
		s.logger.Debug("the connector printed to standard output", "line", s.secrets.Text(line, maxLogged))
	}
}

// levelOfText guesses the level of a plain line. The Go runtime's last words
// after "panic:" are errors to the end.
func (s *logSink) levelOfText(line string) slog.Level {
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
		s.panics = true
	}
	switch {
	case s.panics, strings.HasPrefix(line, "[ERROR]"):
		return slog.LevelError
	case strings.HasPrefix(line, "[WARN]"):
		return slog.LevelWarn
	case strings.HasPrefix(line, "[INFO]"):
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

func (s *logSink) keep(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tail) >= tailLines {
		s.tail = s.tail[1:]
	}
	s.tail = append(s.tail, strings.Clone(line[:min(len(line), tailRaw)]))
}

// last returns the last lines, without secrets. What is kept is longer than what
// is shown, so a token cut in two does not show.
func (s *logSink) last() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown := make([]string, len(s.tail))
	for i, line := range s.tail {
		shown[i] = s.secrets.Text(line, tailShown)
	}
	return shown
}

// admit counts a line against the second's budget, and tells once in a second
// how many lines it dropped.
func (s *logSink) admit() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.clock.Now().Truncate(time.Second); now != s.second {
		if s.dropped > 0 {
			s.logger.Warn("the connector logged too much; lines were dropped", "dropped", s.dropped)
		}
		s.second, s.used, s.dropped = now, 0, 0
	}
	s.used++
	if s.used > linesPerSecond {
		s.dropped++
		return false
	}
	return true
}

type entry struct {
	level   slog.Level
	message string
	attrs   []slog.Attr
}

// parseEntry reads a line in hclog's JSON form.
func (s *logSink) parseEntry(line string) (entry, bool) {
	if !strings.HasPrefix(line, "{") {
		return entry{}, false
	}
	var values map[string]any
	if err := json.Unmarshal([]byte(line), &values); err != nil {
		return entry{}, false
	}
	message, ok := values["@message"].(string)
	if !ok {
		return entry{}, false
	}
	level, _ := values["@level"].(string)
	parsed := entry{level: levelOf(level), message: s.secrets.Text(message, maxLogged)}
	var fields []any
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !strings.HasPrefix(key, "@") && len(fields) < maxAttrs {
			fields = append(fields, slog.Any(s.secrets.Text(key, tailShown), s.value(values[key])))
		}
	}
	if len(fields) > 0 {
		// A group, so that no attribute of a connector can pose as ours.
		parsed.attrs = []slog.Attr{slog.Group("fields", fields...)}
	}
	return parsed, true
}

// value makes an attribute's value fit for our log; what is nested becomes text.
func (s *logSink) value(value any) any {
	switch value := value.(type) {
	case string:
		return s.secrets.Text(value, maxLogged)
	case map[string]any, []any:
		text, err := json.Marshal(value)
		if err != nil {
			return "[unreadable]"
		}
		return s.secrets.Text(string(text), maxLogged)
	default: // number, bool, null
		return value
	}
}

func levelOf(name string) slog.Level {
	switch strings.ToLower(name) {
	case "error":
		return slog.LevelError
	case "warn", "warning":
		return slog.LevelWarn
	case "info":
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

// lineWriter passes what is written to it on as lines; go-plugin hands over the
// connector's output after the greeting in pieces.
type lineWriter struct {
	mu      sync.Mutex
	partial []byte
	line    func(string)
}

// Write never fails.
func (w *lineWriter) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for rest := data; len(rest) > 0; {
		before, after, complete := bytes.Cut(rest, []byte{'\n'})
		w.partial = append(w.partial, before[:min(len(before), maxLine-len(w.partial))]...)
		if complete {
			w.line(string(w.partial))
			w.partial = w.partial[:0]
		}
		rest = after
	}
	return len(data), nil
}

package host

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// greeting is the line by which a connector says where it listens.
type greeting struct {
	core, version string
	network       string
	protocol      string
	certificate   bool
}

// greetingPattern recognizes the line among whatever else a program prints, even
// when it breaks the rules: those get a better error than "noise" would.
var greetingPattern = regexp.MustCompile(`^\d+\|\d+\|[a-z]+\|[^|]*(\|.*)?$`)

func parseGreeting(line string) (greeting, bool) {
	line = strings.TrimSpace(line)
	if !greetingPattern.MatchString(line) {
		return greeting{}, false
	}
	parts := append(strings.Split(line, "|"), "", "")
	return greeting{
		core: parts[0], version: parts[1], network: parts[2],
		protocol: parts[4], certificate: len(parts[5]) > 50,
	}, true
}

// filterStdout passes the greeting on and logs everything else, before and
// after: whatever a library prints must not break the start (go-plugin takes the
// first line for the greeting).
func filterStdout(stdout io.Reader, greetings io.WriteCloser, found func(greeting), log *logSink) {
	seen := false
	for line := range lines(stdout) {
		if parsed, ok := parseGreeting(line); ok && !seen {
			seen = true
			found(parsed)
			_, _ = fmt.Fprintln(greetings, line)
			continue
		}
		log.noise(line)
	}
	_ = greetings.Close()
}

// versionOf returns a number of a greeting for the status; the pattern lets only
// digits pass.
func versionOf(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// Package redact removes secrets from text that leaves a connector or its host:
// log lines and error messages. Both sides use it, so a token that an author
// logs by accident has to pass two filters.
//
// It knows the access tokens of the calls in flight, and the shapes that tokens
// commonly have. It is a net under careful code, not a replacement for it.
package redact

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// Replacement stands where a secret was.
const Replacement = "[secret]"

const (
	// minToken is the shortest secret that is replaced: shorter ones would
	// garble ordinary text.
	minToken = 8
	// remembered is how many tokens stay known after their calls, since log
	// lines come late.
	remembered = 256
)

// Set is a set of secrets in flight. The zero value is ready; it is safe for
// concurrent use.
type Set struct {
	mu      sync.RWMutex
	active  map[string]int
	retired []string
}

// Add makes a secret known until the returned function is called, and a while
// longer.
func (s *Set) Add(secret string) (release func()) {
	if len(secret) < minToken {
		return func() {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active == nil {
		s.active = map[string]int{}
	}
	s.active[secret]++
	return sync.OnceFunc(func() { s.retire(secret) })
}

func (s *Set) retire(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active[secret]--; s.active[secret] > 0 {
		return
	}
	delete(s.active, secret)
	if slices.Contains(s.retired, secret) {
		return
	}
	if len(s.retired) >= remembered {
		s.retired = s.retired[1:]
	}
	s.retired = append(s.retired, secret)
}

// patterns are shapes that nothing but a secret has: bearer headers, Salesforce
// session ids, JSON web tokens, and OAuth parameters.
var patterns = []struct {
	shape *regexp.Regexp
	keep  string
}{
	{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[a-z0-9._~+/!=-]{8,}`), "$1 " + Replacement},
	{regexp.MustCompile(`\b00D[0-9A-Za-z]{12,15}![0-9A-Za-z._]{8,}`), Replacement},
	{regexp.MustCompile(`\beyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}(\.[0-9A-Za-z_-]*)?`), Replacement},
	{
		regexp.MustCompile(`(?i)((?:access_token|refresh_token|id_token|client_secret|code_verifier|assertion|password)\\?["']?\s*[=:]\s*\\?["']?)[^\s"'&\\]{4,}`),
		"${1}" + Replacement,
	},
}

// String returns text without the known secrets and without anything that has
// a secret's shape.
func (s *Set) String(text string) string {
	s.mu.RLock()
	for secret := range s.active {
		text = strings.ReplaceAll(text, secret, Replacement)
	}
	for _, secret := range s.retired {
		text = strings.ReplaceAll(text, secret, Replacement)
	}
	s.mu.RUnlock()
	for _, pattern := range patterns {
		text = pattern.shape.ReplaceAllString(text, pattern.keep)
	}
	return text
}

// Text makes a text from outside fit to show: valid UTF-8, no secret, at most
// limit bytes, in a time that the limit bounds, however long the text is.
func (s *Set) Text(text string, limit int) string {
	cut := len(text) > limit+longest
	if cut {
		text = head(text, limit+longest)
	}
	text = s.String(strings.ToValidUTF8(text, "\uFFFD"))
	if cut {
		// Half a secret may stand at the end, where no rule could see it.
		text = head(text, max(0, len(text)-longest)) + mark
	}
	return Cut(text, limit)
}

const (
	// longest is how long a secret may be to be found at a cut.
	longest = 8 << 10
	// mark ends a text that was cut.
	mark = "…"
)

// Cut shortens text to at most limit bytes, at the end of a character, and says
// so.
func Cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return head(text, limit-len(mark)) + mark
}

// head returns at most the first n bytes, whole characters only.
func head(text string, n int) string {
	if n >= len(text) {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

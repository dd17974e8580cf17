package obs

import (
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
)

// Mask stands where a secret was.
const Mask = "[secret]"

// shortest is the length below which a registered secret is not masked: masking
// "test" would only make the logs unreadable.
const shortest = 8

// Redactor masks secrets in text: those that look like one and those that were
// registered. It is safe for concurrent use.
type Redactor struct {
	patterns []pattern

	mu    sync.Mutex
	known map[string]bool
	live  atomic.Pointer[strings.Replacer]
}

type pattern struct {
	match *regexp.Regexp
	// with keeps the harmless part of a match.
	with string
}

// NewRedactor returns a Redactor that knows what the tokens of Fieldwarden and of
// the CRMs look like.
func NewRedactor() *Redactor {
	rule := func(expression, with string) pattern {
		return pattern{match: regexp.MustCompile(expression), with: with}
	}
	r := &Redactor{known: map[string]bool{}, patterns: []pattern{
		rule(`(?i)\b(bearer|basic)[ +]+[A-Za-z0-9._~+/!=-]{16,}`, "$1 "+Mask),
		// A Salesforce access token: 15-character organization id, "!", opaque.
		rule(`\b00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?(?:!|%21)[A-Za-z0-9._%-]+`, Mask),
		rule(`\b5Aep[A-Za-z0-9._]{8,}`, Mask), // a Salesforce refresh token
		rule(`\bfw_[A-Za-z0-9_-]{20,}`, Mask), // a token of ours
		// Form fields, query parameters, JSON members and Go's %+v.
		rule(`(?i)\b(access_token|refresh_token|client_secret|code_verifier|id_token|password)("?\s*[=:]\s*"?)[^\s"&,}]+`, "$1$2"+Mask),
		rule(`(?i)([?&](?:code|state|ticket)=)[^\s"&]+`, "$1"+Mask),
		rule(`(://[^/\s:@]*:)[^/\s@]+@`, "$1"+Mask+"@"), // a password in a URL
	}}
	r.live.Store(strings.NewReplacer())
	return r
}

// Register makes the Redactor mask these values wherever they occur: secrets of
// the operator's configuration, which no pattern can know. Values below eight
// characters are ignored.
func (r *Redactor) Register(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, secret := range secrets {
		if len(secret) >= shortest {
			r.known[secret] = true
		}
	}
	pairs := make([]string, 0, 2*len(r.known))
	for secret := range r.known {
		pairs = append(pairs, secret, Mask)
	}
	r.live.Store(strings.NewReplacer(pairs...))
}

// Text returns text with all secrets masked.
func (r *Redactor) Text(text string) string {
	text = r.live.Load().Replace(text)
	for _, p := range r.patterns {
		text = p.match.ReplaceAllString(text, p.with)
	}
	return text
}

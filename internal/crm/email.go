package crm

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxEmail is the longest address that mail can be sent to (RFC 5321).
const maxEmail = 254

// NormalizeEmail gives an e-mail address the form in which it is stored and compared:
// without space around it, in lower case. It reports false for what is no address: a
// bare one is wanted, without a name, comment, quotes or an IP address behind the @.
func NormalizeEmail(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxEmail || !utf8.ValidString(text) || strings.ContainsFunc(text, unprintable) {
		return "", false
	}
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Name != "" || parsed.Address != text {
		return "", false
	}
	_, domain, _ := strings.Cut(text, "@")
	if strings.ContainsAny(text, `"[]`) || strings.Contains(domain, "@") {
		return "", false
	}
	return strings.ToLower(text), true
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) }

package mailview

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// Lengths, in characters, at which values are cut. A CRM's names have no length of
// their own, and what nobody reads to its end must not push the rest out of the mail.
const (
	nameLength    = 100
	lineLength    = 300
	textLength    = 700
	urlLength     = 2000
	subjectLength = 150
)

// name makes a name of somebody else's fit for a mail: one line, no surprises.
func name(text string) string { return line(text, nameLength) }

// line is name for longer text.
func line(text string, length int) string {
	cleaned := clean(text, length)
	if cleaned != "" && strings.ContainsRune("=+-@", rune(cleaned[0])) {
		return "'" + cleaned
	}
	return cleaned
}

// clean makes text one line of at most length characters: control characters and line
// ends become spaces, runs of spaces one, and format characters, which reorder or hide
// text (right-to-left marks, zero-width ones), become visible. The joiners that some
// scripts and emoji need stay.
func clean(text string, length int) string {
	var out strings.Builder
	count, space := 0, false
	for _, r := range text {
		if unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			space = count > 0
			continue
		}
		piece := string(r)
		switch {
		case r == '\u200c' || r == '\u200d':
		case unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs) || unicode.Is(unicode.Noncharacter_Code_Point, r):
			piece = fmt.Sprintf("[U+%04X]", r)
		}
		size := len([]rune(piece))
		if space {
			size++
		}
		if count+size > length {
			return out.String() + "…"
		}
		if space {
			out.WriteByte(' ')
			space = false
		}
		out.WriteString(piece)
		count += size
	}
	return out.String()
}

// link lets an absolute http or https address through, and nothing else.
func link(address string) string {
	if len(address) > urlLength || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.User != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return ""
	}
	return parsed.String()
}

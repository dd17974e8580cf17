package dynamics365

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// call is one request to the Web API, or one part of a batch.
type call struct {
	ctx      context.Context
	method   string
	base     string // "http://127.0.0.1:8080"
	root     string // "/api/data/v9.2"
	segments []segment
	query    map[string]string // options and @aliases, decoded
	path     string            // below root, as it was sent
	rawQuery string
	header   http.Header
	body     []byte
	prefer   preferences
	rights   *rights
	part     bool
	undo     *undo             // the change set that this is a part of
	inSet    map[string]string // what $1 stands for in a change set
	request  *control.Request  // the line in the request log that parts are added to
}

// api is the address of the Web API.
func (c *call) api() string { return c.base + c.root }

// context is a @odata.context of this API.
func (c *call) context(what string) string { return c.api() + "/$metadata#" + what }

// aliases are the @parameters of the URL.
func (c *call) aliases() map[string]string {
	aliases := map[string]string{}
	for name, value := range c.query {
		if strings.HasPrefix(name, "@") {
			aliases[name] = value
		}
	}
	return aliases
}

// segment is one step of a path: a name with, maybe, something in parentheses.
type segment struct {
	name      string
	arguments string
	brackets  bool
}

// parsePath splits a path below the API's root. Slashes and brackets inside quotes do not count.
func parsePath(escaped string) ([]segment, *refusal) {
	plain, err := url.PathUnescape(escaped)
	if err != nil {
		return nil, badQuery("The URL is not well-formed: " + escaped)
	}
	var segments []segment
	depth, inQuotes, start := 0, false, 0
	flush := func(end int) {
		text := plain[start:end]
		start = end + 1
		if text == "" {
			return
		}
		s := segment{name: text}
		if open := strings.IndexByte(text, '('); open >= 0 && strings.HasSuffix(text, ")") {
			s = segment{name: text[:open], arguments: text[open+1 : len(text)-1], brackets: true}
		}
		segments = append(segments, s)
	}
	for i := range len(plain) {
		switch c := plain[i]; {
		case c == '\'':
			inQuotes = !inQuotes
		case inQuotes:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '/' && depth == 0:
			flush(i)
		}
	}
	if depth != 0 || inQuotes {
		return nil, badQuery("The URL has unbalanced brackets or quotes: " + plain)
	}
	flush(len(plain))
	return segments, nil
}

// parseQuery reads a query string. Semicolons belong to values here, unlike in net/url.
func parseQuery(raw string) map[string]string {
	options := map[string]string{}
	for _, pair := range strings.Split(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(name)
		plain, err := url.QueryUnescape(value)
		if err != nil {
			plain = value
		}
		if nameErr == nil && name != "" {
			options[name] = plain
		}
	}
	return options
}

// preferences are what a Prefer header asks for.
type preferences struct {
	pageSize       int
	annotations    string // pattern, "" for none
	trackChanges   bool
	representation bool
	continueOnErr  bool
}

// parsePrefer reads Prefer headers: comma-separated, with quoted values.
func parsePrefer(header http.Header) preferences {
	var p preferences
	for _, entry := range splitOutside(strings.Join(header.Values("Prefer"), ","), ',') {
		name, value, _ := strings.Cut(strings.TrimSpace(entry), "=")
		value = strings.Trim(strings.TrimSpace(value), `"`)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "odata.maxpagesize":
			if n, err := strconv.Atoi(value); err == nil && n > 0 {
				p.pageSize = n
			}
		case "odata.include-annotations":
			p.annotations = value
		case "odata.track-changes":
			p.trackChanges = true
		case "return":
			p.representation = value == "representation"
		case "odata.continue-on-error":
			p.continueOnErr = value != "false"
		}
	}
	return p
}

// wants reports whether an annotation was asked for: "*", a prefix with a star, or the name itself; a leading minus
// takes away.
func (p preferences) wants(annotation string) bool {
	wanted := false
	for _, pattern := range strings.Split(p.annotations, ",") {
		pattern, minus := strings.CutPrefix(strings.TrimSpace(pattern), "-")
		prefix, star := strings.CutSuffix(pattern, "*")
		if star && strings.HasPrefix(annotation, prefix) || pattern == annotation && pattern != "" {
			wanted = !minus
		}
	}
	return wanted
}

// splitOutside splits at a separator that is outside quotes and brackets.
func splitOutside(text string, separator byte) []string {
	var parts []string
	depth, start := 0, 0
	var quote byte
	for i := range len(text) {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		case c == separator && depth == 0:
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}

package salesforce

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

// Bounds of one composite request.
const (
	maxParts   = 25
	maxQueries = 5 // queries and collections together
)

type compositeRequest struct {
	AllOrNone bool            `json:"allOrNone"`
	Parts     []compositePart `json:"compositeRequest"`
}

type compositePart struct {
	Method      string            `json:"method"`
	URL         string            `json:"url"`
	ReferenceID string            `json:"referenceId"`
	HTTPHeaders map[string]string `json:"httpHeaders"`
	Body        json.RawMessage   `json:"body"`
}

// referencePattern is what Salesforce accepts as referenceId since v54: no hyphens.
var referencePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_]*$`)

// composite serves POST /composite: up to 25 parts in order, one API call altogether, each part with a status of its
// own. The answer is 200 even if every part failed.
func (s *Simulator) composite(c *call) reply {
	var request compositeRequest
	decoder := json.NewDecoder(bytes.NewReader(c.body))
	if err := decoder.Decode(&request); err != nil {
		return failure(http.StatusBadRequest, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no "+
			"entity body or an unreadable one: "+jsonTrouble(err))
	}
	if refused := checkParts(request.Parts); refused != nil {
		return *refused
	}
	if request.AllOrNone {
		c.changes = &transaction{}
	}
	answers := make([]reply, len(request.Parts))
	done := map[string]reply{}
	for i, part := range request.Parts {
		answers[i] = s.runPart(c, part, done)
		done[part.ReferenceID] = answers[i]
		if answers[i].status >= 400 && request.AllOrNone {
			halt(answers, i)
			c.changes.rollBack(s)
			break
		}
	}
	return compositeAnswer(request.Parts, answers)
}

func jsonTrouble(err error) string {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("unexpected character at position %d", syntax.Offset)
	}
	return "unexpected end or type"
}

// checkParts refuses the whole request where Salesforce does.
func checkParts(parts []compositePart) *reply {
	refuse := func(code, message string) *reply {
		answer := failure(http.StatusBadRequest, code, message)
		return &answer
	}
	if len(parts) == 0 {
		return refuse("INVALID_INPUT", "compositeRequest: at least one subrequest is required")
	}
	if len(parts) > maxParts {
		return refuse("INVALID_INPUT", fmt.Sprintf("Limit of %d subrequests exceeded: %d", maxParts, len(parts)))
	}
	seen, queries := map[string]bool{}, 0
	for _, part := range parts {
		if !referencePattern.MatchString(part.ReferenceID) {
			return refuse("JSON_PARSER_ERROR", fmt.Sprintf("Provided referenceId ('%s') must start with a letter or a number, "+
				"and it can contain only letters, numbers and underscores ('_').", part.ReferenceID))
		}
		if seen[part.ReferenceID] {
			return refuse("INVALID_INPUT", "Duplicate ReferenceId provided in the request: "+part.ReferenceID)
		}
		seen[part.ReferenceID] = true
		if below := belowVersion(part.URL); strings.HasPrefix(below, "/query") || strings.HasPrefix(below, "/composite/sobjects") {
			queries++
		}
	}
	if queries > maxQueries {
		return refuse("INVALID_INPUT", fmt.Sprintf("Limit of %d query subrequests exceeded: %d", maxQueries, queries))
	}
	return nil
}

// halt gives the other parts of an all-or-none request the error that says another part failed.
func halt(answers []reply, culprit int) {
	for i := range answers {
		switch {
		case i < culprit:
			answers[i] = failure(http.StatusBadRequest, "PROCESSING_HALTED",
				"The transaction was rolled back since another operation in the same transaction failed.")
		case i > culprit:
			answers[i] = failure(http.StatusBadRequest, "PROCESSING_HALTED", "Invalid reference specified. No value for "+
				"another subrequest: the transaction was halted.")
		}
	}
}

// runPart runs one part like a request of its own, with the same rights, and notes it in the request log.
func (s *Simulator) runPart(outer *call, part compositePart, done map[string]reply) reply {
	target, err := fillReferences(part.URL, done, url.QueryEscape)
	if err == nil {
		var body string
		body, err = fillReferences(string(part.Body), done, insideJSON)
		part.Body = json.RawMessage(body)
	}
	line := Part{Method: part.Method, Path: part.URL, Endpoint: unknownEndpoint}
	answer := failure(http.StatusBadRequest, "PROCESSING_HALTED", "Invalid reference specified. "+fmt.Sprint(err))
	if err == nil {
		answer = s.runTarget(outer, part, target, &line)
	}
	line.Status = answer.status
	outer.request.Parts = append(outer.request.Parts, line)
	return answer
}

func (s *Simulator) runTarget(outer *call, part compositePart, target string, line *Part) reply {
	parsed, err := url.Parse(target)
	if err != nil || parsed.IsAbs() || parsed.Host != "" || !strings.HasPrefix(parsed.Path, "/services/data/v") {
		return failure(http.StatusBadRequest, "INVALID_INPUT", "The url of a subrequest must start with /services/data/v: "+target)
	}
	rest := segments(strings.TrimPrefix(parsed.EscapedPath(), "/services/data"))
	header := http.Header{}
	for name, value := range part.HTTPHeaders {
		header.Set(name, value)
	}
	inner := &call{
		ctx: outer.ctx, method: strings.ToUpper(part.Method), base: outer.base, root: "/services/data/" + rest[0],
		rest: rest[1:], query: parsed.Query(), header: header, body: part.Body, view: outer.view, grant: outer.grant,
		part: true, request: outer.request, changes: outer.changes,
	}
	line.Path, line.Endpoint, line.Object = parsed.Path, inner.endpoint(), s.objectOf(inner)
	if inner.root != outer.root {
		return failure(http.StatusBadRequest, "INVALID_INPUT", "All subrequests must use the API version of the composite request")
	}
	answer, kind, met := s.meetFault(outer.ctx, control.Target{Path: parsed.Path, Object: line.Object, Part: true})
	if line.Fault = kind; met {
		return answer
	}
	return s.route(inner)
}

var referenceUse = regexp.MustCompile(`@\{([A-Za-z0-9_]+)((?:\.[A-Za-z0-9_]+|\[\d+\])*)\}`)

// insideJSON writes a text as the inside of a JSON string.
func insideJSON(text string) string {
	quoted := appendString(nil, text)
	return string(quoted[1 : len(quoted)-1])
}

// fillReferences replaces @{ref.path} by what an earlier part answered.
func fillReferences(target string, done map[string]reply, escape func(string) string) (string, error) {
	var trouble error
	filled := referenceUse.ReplaceAllStringFunc(target, func(use string) string {
		match := referenceUse.FindStringSubmatch(use)
		value, ok := dig(done[match[1]].body, match[2])
		if !ok && trouble == nil {
			trouble = fmt.Errorf("No value for %s in %s", use, match[1]) //nolint:staticcheck // Salesforce's wording
		}
		return escape(value)
	})
	return filled, trouble
}

// dig follows a path such as .records[0].Id through JSON to a text or number.
func dig(body []byte, path string) (string, bool) {
	var value any
	if json.Unmarshal(body, &value) != nil {
		return "", false
	}
	for _, step := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		switch at := value.(type) {
		case map[string]any:
			value = at[step]
		case []any:
			var index int
			if _, err := fmt.Sscanf(step, "%d", &index); err != nil || index >= len(at) {
				return "", false
			}
			value = at[index]
		default:
			return "", false
		}
	}
	switch value := value.(type) {
	case string:
		return value, true
	case float64:
		return fmt.Sprint(value), true
	}
	return "", false
}

// compositeAnswer puts the parts' answers together. Bodies are copied as they are: they are JSON already.
func compositeAnswer(parts []compositePart, answers []reply) reply {
	size := 64
	for _, answer := range answers {
		size += len(answer.body) + 256
	}
	body := append(make([]byte, 0, size), `{"compositeResponse":[`...)
	for i, answer := range answers {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, `{"body":`...)
		body = append(body, partBody(answer)...)
		body = append(body, `,"httpHeaders":`...)
		body = appendValue(body, partHeaders(answer))
		body = fmt.Appendf(body, `,"httpStatusCode":%d,"referenceId":`, answer.status)
		body = append(appendString(body, parts[i].ReferenceID), '}')
	}
	return reply{status: http.StatusOK, kind: jsonKind, body: append(body, "]}"...)}
}

// partBody is a part's body as JSON; a page of HTML becomes a text, no body becomes null.
func partBody(answer reply) []byte {
	switch {
	case len(answer.body) == 0:
		return []byte("null")
	case answer.kind == jsonKind:
		return answer.body
	}
	return appendString(nil, string(answer.body))
}

// partHeaders are the headers that parts carry: where a new record is, and the stamps of a describe. Those are written
// a little unlike real headers: no leading zero in the day, and the tag without the mark of compression.
func partHeaders(answer reply) map[string]any {
	headers := map[string]any{}
	if !answer.modified.IsZero() {
		headers["ETag"] = `"` + answer.etag + `"`
		headers["Last-Modified"] = answer.modified.In(time.UTC).Format("Mon, 2 Jan 2006 15:04:05 GMT")
	}
	if answer.location != "" {
		headers["Location"] = answer.location
	}
	return headers
}

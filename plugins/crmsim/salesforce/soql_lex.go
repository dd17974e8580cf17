package salesforce

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// soqlError is a query that Salesforce would refuse: its code, its text, and where in the query it is wrong.
type soqlError struct {
	code, message string
	at            int // byte offset; -1 for the query as a whole
}

func soqlFail(at int, code, format string, args ...any) *soqlError {
	return &soqlError{code: code, message: fmt.Sprintf(format, args...), at: at}
}

func unexpected(t token) *soqlError {
	if t.kind == tokenEnd {
		return soqlFail(t.at, "MALFORMED_QUERY", "unexpected token: <EOF>")
	}
	return soqlFail(t.at, "MALFORMED_QUERY", "unexpected token: '%s'", t.text)
}

// unsupported is SOQL that Salesforce knows and this simulator does not. It says so, lest an author hunt for a mistake.
func unsupported(at int, what string) *soqlError {
	return soqlFail(at, "MALFORMED_QUERY", "the simulator does not support %s", what)
}

// Salesforce shows this much of the query around the mistake.
const before, after = 40, 35

// text renders the error as Salesforce does: the query around the mistake, a caret under it, row and column.
func (e *soqlError) text(query string) string {
	if e.at < 0 {
		return e.message
	}
	at := min(e.at, len(query))
	start, end := max(0, at-before), min(len(query), at+after)
	row := 1 + strings.Count(query[:at], "\n")
	column := at - strings.LastIndexByte(query[:at], '\n')
	window := strings.ReplaceAll(strings.ToValidUTF8(query[start:end], "?"), "\n", " ")
	return fmt.Sprintf("\n%s\n%s^\nERROR at Row:%d:Column:%d\n%s", window, strings.Repeat(" ", at-start), row, column, e.message)
}

type tokenKind int

const (
	tokenEnd  tokenKind = iota
	tokenWord           // keyword, name or dotted path
	tokenSymbol
	tokenString
	tokenNumber
	tokenDate
	tokenDatetime
)

type token struct {
	kind   tokenKind
	text   string // as written; for strings the value
	at     int
	number float64
	time   time.Time
	like   string // for strings: the value with escaped wildcards kept as \% and \_
}

// is compares a word without regard to case.
func (t token) is(word string) bool { return t.kind == tokenWord && strings.EqualFold(t.text, word) }

func (t token) symbol(s string) bool { return t.kind == tokenSymbol && t.text == s }

var (
	wordPattern     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*`)
	datetimePattern = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)`)
	datePattern     = regexp.MustCompile(`^\d{4}-\d\d-\d\d`)
	numberPattern   = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?`)
	symbolPattern   = regexp.MustCompile(`^(<=|>=|!=|<>|[(),=<>])`)
)

// lex cuts a query into tokens, ending with tokenEnd.
func lex(query string) ([]token, *soqlError) {
	var tokens []token
	for at := 0; ; {
		for at < len(query) && strings.IndexByte(" \t\r\n", query[at]) >= 0 {
			at++
		}
		if at == len(query) {
			return append(tokens, token{kind: tokenEnd, at: at}), nil
		}
		next, size, wrong := lexOne(query[at:], at)
		if wrong != nil {
			return nil, wrong
		}
		tokens = append(tokens, next)
		at += size
	}
}

func lexOne(rest string, at int) (token, int, *soqlError) {
	if rest[0] == '\'' {
		return lexString(rest, at)
	}
	if m := datetimePattern.FindString(rest); m != "" {
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05Z0700"} {
			if parsed, err := time.Parse(layout, m); err == nil {
				return token{kind: tokenDatetime, text: m, at: at, time: parsed.UTC()}, len(m), nil
			}
		}
		return token{}, 0, soqlFail(at, "INVALID_FIELD", "invalid date: %s", m)
	}
	if m := datePattern.FindString(rest); m != "" {
		if _, err := time.Parse(time.DateOnly, m); err != nil {
			return token{}, 0, soqlFail(at, "INVALID_FIELD", "invalid date: %s", m)
		}
		return token{kind: tokenDate, text: m, at: at}, len(m), nil
	}
	if m := numberPattern.FindString(rest); m != "" {
		number, err := strconv.ParseFloat(m, 64)
		if err != nil {
			return token{}, 0, soqlFail(at, "MALFORMED_QUERY", "unexpected token: '%s'", m)
		}
		return token{kind: tokenNumber, text: m, at: at, number: number}, len(m), nil
	}
	if m := wordPattern.FindString(rest); m != "" {
		return token{kind: tokenWord, text: m, at: at}, len(m), nil
	}
	if m := symbolPattern.FindString(rest); m != "" {
		return token{kind: tokenSymbol, text: m, at: at}, len(m), nil
	}
	return token{}, 0, soqlFail(at, "MALFORMED_QUERY", "unexpected token: '%s'", strings.ToValidUTF8(rest[:1], "?"))
}

// lexString reads a quoted string with SOQL's escapes. LIKE needs to know which wildcards were escaped.
func lexString(rest string, at int) (token, int, *soqlError) {
	var plain, like strings.Builder
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; c {
		case '\'':
			return token{kind: tokenString, text: plain.String(), like: like.String(), at: at}, i + 1, nil
		case '\\':
			i++
			if i == len(rest) {
				return token{}, 0, soqlFail(at, "MALFORMED_QUERY", "unexpected token: <EOF>")
			}
			escaped, ok := map[byte]string{
				'n': "\n", 'N': "\n", 'r': "\r", 'R': "\r", 't': "\t", 'T': "\t", 'b': "\b",
				'B': "\b", 'f': "\f", 'F': "\f", '"': `"`, '\'': "'", '\\': `\`, '_': "_", '%': "%",
			}[rest[i]]
			if !ok {
				return token{}, 0, soqlFail(at+i, "MALFORMED_QUERY", "invalid string escape: '\\%c'", rest[i])
			}
			plain.WriteString(escaped)
			if strings.Contains(`_%\`, escaped) {
				like.WriteByte('\\')
			}
			like.WriteString(escaped)
		default:
			plain.WriteByte(c)
			like.WriteByte(c)
		}
	}
	return token{}, 0, soqlFail(at, "MALFORMED_QUERY", "line 1:%d mismatched character '<EOF>' expecting '''", at+len(rest))
}

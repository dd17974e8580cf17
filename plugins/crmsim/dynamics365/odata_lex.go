package dynamics365

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// tokenKind says what a token of a $filter is.
type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenSymbol
	tokenWord    // a name, a path, an operator
	tokenLiteral // a value
)

type token struct {
	kind  tokenKind
	text  string
	value any
}

var (
	guidPattern   = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)
	numberPattern = regexp.MustCompile(`^-?\d+(\.\d+)?([eE][+-]?\d+)?$`)
	datePattern   = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2})?)?$`)
)

// lex splits an expression into tokens.
func lex(text string) ([]token, *refusal) {
	var tokens []token
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t':
			i++
		case strings.IndexByte("()[],=", c) >= 0:
			tokens = append(tokens, token{kind: tokenSymbol, text: string(c)})
			i++
		case c == '\'' || c == '"':
			value, end := quoted(text, i)
			if end < 0 {
				return nil, badQuery("There is an unterminated string literal at position " + strconv.Itoa(len(text)) + " in '" + text + "'.")
			}
			tokens = append(tokens, token{kind: tokenLiteral, value: value})
			i = end
		default:
			end := i
			for end < len(text) && strings.IndexByte(" \t()[],='\"", text[end]) < 0 {
				end++
			}
			word := text[i:end]
			// A qualified enum: Microsoft.Dynamics.CRM.AttributeTypeCode'Picklist'.
			if end < len(text) && text[end] == '\'' && strings.Contains(word, ".") {
				value, after := quoted(text, end)
				if after < 0 {
					return nil, badQuery("There is an unterminated string literal in '" + text + "'.")
				}
				tokens = append(tokens, token{kind: tokenLiteral, value: enumValue{word, value}})
				i = after
				continue
			}
			tokens = append(tokens, wordToken(word))
			i = end
		}
	}
	return tokens, nil
}

// enumValue is a member of a qualified enum type.
type enumValue struct{ kind, name string }

// quoted reads a string from its opening quote; doubled quotes stand for one. end is -1 without a closing one.
func quoted(text string, at int) (value string, end int) {
	quote := text[at]
	var plain strings.Builder
	for i := at + 1; i < len(text); i++ {
		if text[i] != quote {
			plain.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == quote {
			plain.WriteByte(quote)
			i++
			continue
		}
		return plain.String(), i + 1
	}
	return "", -1
}

func wordToken(word string) token {
	literal := func(value any) token { return token{kind: tokenLiteral, text: word, value: value} }
	switch {
	case word == "null":
		return literal(nil)
	case word == "true" || word == "false":
		return literal(word == "true")
	case guidPattern.MatchString(word):
		return literal(guid(strings.ToLower(word)))
	case numberPattern.MatchString(word):
		number, err := strconv.ParseFloat(word, 64)
		if err == nil {
			return literal(number)
		}
	case datePattern.MatchString(word):
		if at, ok := parseTime(word); ok {
			return literal(at)
		}
	}
	return token{kind: tokenWord, text: word}
}

// parseTime reads a date or a date with time; a missing zone means UTC.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

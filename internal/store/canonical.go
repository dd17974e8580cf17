package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// maxCanonicalDepth bounds the recursion of the quick look.
const maxCanonicalDepth = 32

// canonicalObject rewrites a JSON object with sorted keys and without spaces, so
// that equal content has equal bytes. Nothing counts as an empty object.
func canonicalObject(data json.RawMessage) ([]byte, error) {
	if len(data) == 0 {
		return []byte("{}"), nil
	}
	// Connectors written in Go send this form already, and decoding is what a
	// sync would spend most of its time with.
	if isCanonicalObject(data) {
		return data, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // a float64 would change large numbers
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return nil, err
	}
	if object == nil || decoder.More() {
		return nil, errors.New("not one JSON object")
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(object); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// isCanonicalObject reports whether canonicalObject would give data back as it
// is. It may say no where yes is true: a string with an escape could be written
// in another way, so decoding has to tell.
func isCanonicalObject(data []byte) bool {
	if data[0] != '{' {
		return false
	}
	rest, ok := canonicalValue(data, maxCanonicalDepth)
	return ok && len(rest) == 0
}

// canonicalValue takes one value off the front of data.
func canonicalValue(data []byte, depth int) (rest []byte, ok bool) {
	if len(data) == 0 || depth == 0 {
		return nil, false
	}
	switch data[0] {
	case '{':
		return canonicalMembers(data[1:], depth-1)
	case '[':
		return canonicalElements(data[1:], depth-1)
	case '"':
		_, rest, _, ok = canonicalString(data)
		return rest, ok
	}
	end := 1
	for end < len(data) && data[end] != ',' && data[end] != '}' && data[end] != ']' {
		end++
	}
	// A number keeps its digits; json.Valid knows its grammar, but would also
	// let spaces pass.
	text := data[:end]
	ok = !bytes.ContainsAny(text, " \t\r\n") && json.Valid(text)
	return data[end:], ok
}

// canonicalMembers takes what follows the opening brace.
func canonicalMembers(data []byte, depth int) (rest []byte, ok bool) {
	if bytes.HasPrefix(data, []byte("}")) {
		return data[1:], true
	}
	var before []byte
	for first := true; ; first = false {
		var key []byte
		var plain bool
		// Keys are sorted by what they stand for, so they must be plain.
		if key, data, plain, ok = canonicalString(data); !ok || !plain || !first && bytes.Compare(before, key) >= 0 {
			return nil, false
		}
		if len(data) == 0 || data[0] != ':' {
			return nil, false
		}
		if data, ok = canonicalValue(data[1:], depth); !ok || len(data) == 0 {
			return nil, false
		}
		switch data[0] {
		case '}':
			return data[1:], true
		case ',':
			before, data = key, data[1:]
		default:
			return nil, false
		}
	}
}

// canonicalElements takes what follows the opening bracket.
func canonicalElements(data []byte, depth int) (rest []byte, ok bool) {
	if bytes.HasPrefix(data, []byte("]")) {
		return data[1:], true
	}
	for {
		if data, ok = canonicalValue(data, depth); !ok || len(data) == 0 {
			return nil, false
		}
		switch data[0] {
		case ']':
			return data[1:], true
		case ',':
			data = data[1:]
		default:
			return nil, false
		}
	}
}

// canonicalString takes a string in the one form that it would be written in.
// plain tells that it has no escapes.
func canonicalString(data []byte) (text, rest []byte, plain, ok bool) {
	if len(data) == 0 || data[0] != '"' {
		return nil, nil, false, false
	}
	plain, ascii := true, true
	for i := 1; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			text = data[1:i]
			return text, data[i+1:], plain, ascii || plainUnicode(text)
		case c < ' ':
			return nil, nil, false, false
		case c == '\\':
			// These are always escaped, and always so; what is written as \u could
			// stand for something that needs no escape.
			if i++; i == len(data) || strings.IndexByte(`"\bfnrt`, data[i]) < 0 {
				return nil, nil, false, false
			}
			plain = false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return nil, nil, false, false
}

// plainUnicode reports whether text is valid and without the two separators that
// encoding/json escapes.
func plainUnicode(text []byte) bool {
	return utf8.Valid(text) && !bytes.Contains(text, []byte("\u2028")) && !bytes.Contains(text, []byte("\u2029"))
}

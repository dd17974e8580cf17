package salesforce

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// row is one record as Salesforce sent it: its members, sorted by name, each with
// its value as it stands in the answer. Records are most of what a sync handles;
// decoding each into a map and encoding it again took longer than all the rest.
type row struct{ members []member }

type member struct {
	name  string
	value json.RawMessage
}

// UnmarshalJSON takes an object apart. Like any Unmarshaler it is given valid
// JSON. Field names are letters, digits and underscores: a name with an escape
// stays as it is written, and is nobody's.
func (r *row) UnmarshalJSON(data []byte) error {
	if data[0] != '{' {
		return errors.New("a record is not an object")
	}
	rest := skipSpace(bytes.Clone(data[1:]))
	members := make([]member, 0, bytes.Count(rest, []byte(`":`)))
	for rest[0] != '}' {
		end := valueEnd(rest)
		name := string(rest[1 : end-1])
		rest = skipSpace(skipSpace(rest[end:])[1:]) // the colon
		end = valueEnd(rest)
		members = append(members, member{name, json.RawMessage(rest[:end:end])})
		if rest = skipSpace(rest[end:]); rest[0] == ',' {
			rest = skipSpace(rest[1:])
		}
	}
	r.members = sortedMembers(members)
	return nil
}

// sortedMembers sorts by name; of members with the same name the last stays.
func sortedMembers(members []member) []member {
	slices.SortStableFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	kept := members[:0]
	for i, m := range members {
		if i+1 == len(members) || members[i+1].name != m.name {
			kept = append(kept, m)
		}
	}
	return kept
}

// value returns a member's value, nothing when there is none.
func (r *row) value(name string) json.RawMessage {
	at, ok := slices.BinarySearchFunc(r.members, name, func(m member, name string) int { return strings.Compare(m.name, name) })
	if !ok {
		return nil
	}
	return r.members[at].value
}

// add takes over the members of another row.
func (r *row) add(other row) { r.members = sortedMembers(append(r.members, other.members...)) }

// object writes the members that keep wants as a JSON object, each value in its
// one form (see canonical).
func (r *row) object(keep func(name string) bool) json.RawMessage {
	size := 2
	for _, m := range r.members {
		size += len(m.name) + len(m.value) + len(`"":,`)
	}
	object := append(make([]byte, 0, size), '{')
	for _, m := range r.members {
		if !keep(m.name) {
			continue
		}
		if len(object) > 1 {
			object = append(object, ',')
		}
		object = append(append(append(object, '"'), m.name...), '"', ':')
		object = append(object, canonical(m.value)...)
	}
	return append(object, '}')
}

func skipSpace(data []byte) []byte { return bytes.TrimLeft(data, " \t\r\n") }

// valueEnd is where the value at the front of valid JSON ends.
func valueEnd(data []byte) int {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			i += stringEnd(data[i:]) - 1
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // of the object around a number or word
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return len(data)
}

// stringEnd is where the string at the front of valid JSON ends.
func stringEnd(data []byte) int {
	for i := 1; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(data)
}

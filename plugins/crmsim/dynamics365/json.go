package dynamics365

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// member is one name and value of an object; objects keep their members in the order the service sends them.
type member struct {
	name  string
	value any
}

// object is a JSON object with an order.
type object []member

// with appends a member.
func (o object) with(name string, value any) object { return append(o, member{name, value}) }

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) { return appendJSON(nil, o) }

// get finds a member.
func (o object) get(name string) (any, bool) {
	at := slices.IndexFunc(o, func(m member) bool { return m.name == name })
	if at < 0 {
		return nil, false
	}
	return o[at].value, true
}

// ref is the value of a lookup: a record of a table.
type ref struct {
	table string
	id    guid
}

// appendJSON writes a value as the service does: times to the second in UTC, no escaping of "<" and "&".
func appendJSON(to []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(to, "null"...), nil
	case bool:
		return strconv.AppendBool(to, v), nil
	case int:
		return strconv.AppendInt(to, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(to, v, 10), nil
	case float64:
		return strconv.AppendFloat(to, v, 'f', -1, 64), nil
	case string:
		return appendString(to, v)
	case guid:
		return append(append(append(to, '"'), v...), '"'), nil
	case ref:
		return append(append(append(to, '"'), v.id...), '"'), nil
	case time.Time:
		return append(append(append(to, '"'), v.UTC().Format(time.RFC3339)...), '"'), nil
	case object:
		return appendObject(to, v)
	case []any:
		return appendList(to, v)
	case []object:
		return appendList(to, v)
	case []string:
		return appendList(to, v)
	}
	text, err := json.Marshal(value)
	return append(to, text...), err
}

func appendObject(to []byte, o object) ([]byte, error) {
	to = append(to, '{')
	for i, m := range o {
		if i > 0 {
			to = append(to, ',')
		}
		to, _ = appendString(to, m.name)
		to = append(to, ':')
		var err error
		if to, err = appendJSON(to, m.value); err != nil {
			return nil, err
		}
	}
	return append(to, '}'), nil
}

func appendList[T any](to []byte, list []T) ([]byte, error) {
	to = append(to, '[')
	for i, value := range list {
		if i > 0 {
			to = append(to, ',')
		}
		var err error
		if to, err = appendJSON(to, value); err != nil {
			return nil, err
		}
	}
	return append(to, ']'), nil
}

// appendString quotes a text; the usual one needs no escaping at all.
func appendString(to []byte, text string) ([]byte, error) {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x7f {
			quoted, err := json.Marshal(text)
			return append(to, quoted...), err
		}
	}
	return append(append(append(to, '"'), text...), '"'), nil
}

package dynamics365

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// cookie is what a $skiptoken holds: the page, where the last one ended, and for change tracking the moment it began.
// Clients must not look inside.
type cookie struct {
	number  int
	from    *position
	version int64 // 0 without change tracking
}

var cookiePattern = regexp.MustCompile(`^<cookie pagenumber="(\d+)" pagingcookie="([A-Za-z0-9_-]*)" istracking="(True|False)" />$`)

// packed is a position in a form that JSON keeps.
type packed struct {
	ID      guid
	Values  []string
	Version int64
}

// String is the cookie as it goes into a link.
func (k cookie) String() string {
	tracking := "False"
	if k.version > 0 {
		tracking = "True"
	}
	from := position{}
	if k.from != nil {
		from = *k.from
	}
	return fmt.Sprintf(`<cookie pagenumber="%d" pagingcookie="%s" istracking="%s" />`, k.number, packPosition(from, k.version), tracking)
}

func packPosition(from position, version int64) string {
	p := packed{ID: from.id, Version: version}
	for _, value := range from.values {
		p.Values = append(p.Values, pack(value))
	}
	text, _ := json.Marshal(p) // strings and numbers always encode
	return base64.RawURLEncoding.EncodeToString(text)
}

// unpacked is a position with the version that went with it.
type unpacked struct {
	position
	version int64
}

// unpackPosition reads what packPosition wrote; keys is how many order keys the query has.
func unpackPosition(text string, keys int) (unpacked, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var p packed
	if err != nil || json.Unmarshal(raw, &p) != nil || len(p.Values) != keys {
		return unpacked{}, false
	}
	u := unpacked{position{id: p.ID}, p.Version}
	for _, value := range p.Values {
		u.values = append(u.values, unpack(value))
	}
	return u, true
}

// parseCookie reads a $skiptoken; keys is how many order keys the query has.
func parseCookie(text string, keys int) (cookie, *refusal) {
	if text == "" {
		return cookie{}, nil
	}
	m := cookiePattern.FindStringSubmatch(text)
	if m == nil {
		return cookie{}, badQuery("The paging cookie of $skiptoken is not well-formed.")
	}
	u, ok := unpackPosition(m[2], keys)
	if !ok {
		return cookie{}, badQuery("The paging cookie of $skiptoken is not well-formed.")
	}
	number, _ := strconv.Atoi(m[1]) // the pattern allows digits only
	return cookie{number: number, from: &u.position, version: u.version}, nil
}

// pack writes a value with a letter for its type.
func pack(value any) string {
	switch v := value.(type) {
	case time.Time:
		return "t" + v.Format(time.RFC3339)
	case string:
		return "s" + v
	case guid:
		return "g" + string(v)
	case ref:
		return "g" + string(v.id)
	case bool:
		return "b" + strconv.FormatBool(v)
	}
	if n, ok := number(value); ok {
		return "n" + strconv.FormatFloat(n, 'g', -1, 64)
	}
	return ""
}

func unpack(text string) any {
	if text == "" {
		return nil
	}
	switch rest := text[1:]; text[0] {
	case 't':
		if at, err := time.Parse(time.RFC3339, rest); err == nil {
			return at
		}
	case 's':
		return rest
	case 'g':
		return guid(rest)
	case 'b':
		return rest == "true"
	case 'n':
		if n, err := strconv.ParseFloat(rest, 64); err == nil {
			return n
		}
	}
	return nil
}

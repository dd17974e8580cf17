package hubspot

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// filter decides whether a record is found.
type filter func(candidate) bool

// compile checks a search's filters and makes one of them: groups are alternatives, the filters of a group all hold.
func (s *Simulator) compile(c *call, o *objectType, body searchBody) (filter, *reply) {
	groups := body.FilterGroups
	if len(body.Filters) > 0 {
		groups = append(slices.Clone(groups), filterGroup{body.Filters})
	}
	total := 0
	for _, group := range groups {
		total += len(group.Filters)
		if len(group.Filters) > maxGroupFilters {
			answer := invalid("A filter group has at most %d filters", maxGroupFilters)
			return nil, &answer
		}
	}
	if len(groups) > maxFilterGroups || total > maxSearchFilters {
		answer := invalid("A search has at most %d filter groups and %d filters", maxFilterGroups, maxSearchFilters)
		return nil, &answer
	}
	var alternatives [][]filter
	for _, group := range groups {
		var all []filter
		for _, in := range group.Filters {
			one, refused := s.compileOne(c, o, in)
			if refused != nil {
				return nil, refused
			}
			all = append(all, one)
		}
		alternatives = append(alternatives, all)
	}
	words := strings.Fields(strings.ToLower(body.Query))
	return func(one candidate) bool {
		return meetsAny(alternatives, one) && (len(words) == 0 || mentions(o, one.values(), words))
	}, nil
}

func meetsAny(alternatives [][]filter, one candidate) bool {
	if len(alternatives) == 0 {
		return true
	}
	return slices.ContainsFunc(alternatives, func(all []filter) bool {
		return !slices.ContainsFunc(all, func(f filter) bool { return !f(one) })
	})
}

// mentions is the free text search: every word begins a token of some searched property.
func mentions(o *objectType, values map[string]string, words []string) bool {
	var tokens []string
	for _, name := range o.searched {
		tokens = append(tokens, tokenize(values[name])...)
		tokens = append(tokens, strings.ToLower(values[name]))
	}
	return !slices.ContainsFunc(words, func(word string) bool {
		return !slices.ContainsFunc(tokens, func(token string) bool { return strings.HasPrefix(token, word) })
	})
}

func operators() []string {
	return []string{
		"EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY",
		"CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN",
	}
}

// compileOne makes one filter. An unknown property is an error here, unlike among the properties to answer.
func (s *Simulator) compileOne(c *call, o *objectType, in filterInput) (filter, *reply) {
	refuse := func(format string, args ...any) (filter, *reply) {
		answer := invalid("There was a problem with the request: "+format, args...)
		return nil, &answer
	}
	if !slices.Contains(operators(), in.Operator) {
		return refuse("operator %q is not one of %s", in.Operator, strings.Join(operators(), ", "))
	}
	if other, ok := strings.CutPrefix(in.PropertyName, "associations."); ok {
		return s.compileAssociation(c, o, other, in)
	}
	d, known := s.schema.find(o.name, in.PropertyName)
	if !known || !d.exists() {
		return refuse("property %s does not exist", in.PropertyName)
	}
	if class := d.class(); class != nonSensitive && !c.may([]string{o.sensitiveScope(class, "read")}) {
		answer := missingScopes(o.sensitiveScope(class, "read"))
		return nil, &answer
	}
	needsValue := !slices.Contains([]string{"HAS_PROPERTY", "NOT_HAS_PROPERTY", "IN", "NOT_IN"}, in.Operator)
	switch {
	case needsValue && in.Value == nil:
		return refuse("operator %s needs a value", in.Operator)
	case in.Operator == "BETWEEN" && in.HighValue == nil:
		return refuse("operator BETWEEN needs a highValue")
	case (in.Operator == "IN" || in.Operator == "NOT_IN") && len(in.Values) == 0:
		return refuse("operator %s needs values", in.Operator)
	}
	for _, value := range append([]*string{in.Value, in.HighValue}, pointers(in.Values)...) {
		if _, ok := numeric(d.kind, deref(value)); value != nil && isNumeric(d.kind) && !ok {
			return refuse("%q is not a valid value for %s", *value, in.PropertyName)
		}
	}
	return compare(o, d, in), nil
}

func pointers(values []string) []*string {
	list := make([]*string, len(values))
	for i := range values {
		list[i] = &values[i]
	}
	return list
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// compare makes the filter of a checked input. The id and the stamps, which every incremental read asks for, are
// compared without making the record's other values.
func compare(o *objectType, d definition, in filterInput) filter {
	test := testValue(d.kind, in)
	switch in.PropertyName {
	case "hs_object_id":
		return func(one candidate) bool {
			id := o.id(one.row.number)
			return test(strconv.FormatInt(id, 10), float64(id), true)
		}
	case o.modified:
		return func(one candidate) bool { return test("", float64(one.version.modified.UnixMilli()), true) }
	case o.created:
		return func(one candidate) bool { return test("", float64(one.version.created.UnixMilli()), true) }
	}
	return func(one candidate) bool {
		value, ok := one.values()[d.name]
		n, _ := numeric(d.kind, value)
		return test(value, n, ok)
	}
}

// testValue makes the comparison of one value: as a number for numbers and dates (both exact below 2^53), otherwise as
// text. A record without a value meets nothing but NOT_HAS_PROPERTY.
func testValue(kind string, in filterInput) func(text string, n float64, has bool) bool {
	number := isNumeric(kind)
	low, _ := numeric(kind, deref(in.Value))
	high, _ := numeric(kind, deref(in.HighValue))
	order := func(text string, n float64, limit string, limitN float64) int {
		if number {
			return compareRanks(rank{number: n}, rank{number: limitN})
		}
		return strings.Compare(fold(kind, text), fold(kind, limit))
	}
	among := func(text string, n float64) bool {
		return slices.ContainsFunc(in.Values, func(one string) bool {
			if limit, ok := numeric(kind, one); number {
				return ok && limit == n
			}
			// String values are indexed in lower case, and the asked ones are taken as they come.
			return fold(kind, text) == one
		})
	}
	return func(text string, n float64, has bool) bool {
		if !has {
			return in.Operator == "NOT_HAS_PROPERTY"
		}
		at := order(text, n, deref(in.Value), low)
		switch in.Operator {
		case "EQ":
			return at == 0
		case "NEQ":
			return at != 0
		case "LT":
			return at < 0
		case "LTE":
			return at <= 0
		case "GT":
			return at > 0
		case "GTE":
			return at >= 0
		case "BETWEEN":
			return at >= 0 && order(text, n, deref(in.HighValue), high) <= 0
		case "IN":
			return among(text, n)
		case "NOT_IN":
			return !among(text, n)
		case "CONTAINS_TOKEN":
			return hasTokens(text, deref(in.Value))
		case "NOT_CONTAINS_TOKEN":
			return !hasTokens(text, deref(in.Value))
		}
		return in.Operator == "HAS_PROPERTY"
	}
}

// fold is how text is compared: enumerations exactly, everything else without regard to case.
func fold(kind, text string) string {
	if kind == "enumeration" {
		return text
	}
	return strings.ToLower(text)
}

func isNumeric(kind string) bool { return kind == "number" || kind == "datetime" || kind == "date" }

// numeric reads a number, or a moment as milliseconds since 1970: from ISO 8601, a date, or the number itself.
func numeric(kind, value string) (float64, bool) {
	if !isNumeric(kind) {
		return 0, false
	}
	if n, err := strconv.ParseFloat(value, 64); err == nil {
		return n, true
	}
	if kind == "number" {
		return 0, false
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, value); err == nil {
			return float64(at.UnixMilli()), true
		}
	}
	return 0, false
}

// tokenize cuts text into words in lower case.
func tokenize(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && r < 0x80
	})
}

// hasTokens reports whether text holds every word of a pattern; * at either end of a word stands for anything.
func hasTokens(text, pattern string) bool {
	tokens := tokenize(text)
	for _, word := range strings.Fields(strings.ToLower(pattern)) {
		front, back := strings.HasPrefix(word, "*"), strings.HasSuffix(word, "*")
		for _, part := range tokenize(word) {
			if !slices.ContainsFunc(tokens, func(token string) bool {
				switch {
				case front && back:
					return strings.Contains(token, part)
				case front:
					return strings.HasSuffix(token, part)
				case back:
					return strings.HasPrefix(token, part)
				default:
					return token == part
				}
			}) {
				return false
			}
		}
	}
	return true
}

// compileAssociation makes the filter "is associated with these records of another object".
func (s *Simulator) compileAssociation(c *call, o *objectType, other string, in filterInput) (filter, *reply) {
	refuse := func(format string, args ...any) (filter, *reply) {
		answer := invalid("There was a problem with the request: "+format, args...)
		return nil, &answer
	}
	to, ok := s.types.find(other)
	if !ok || len(typesBetween(o.singular, to.singular)) == 0 {
		return refuse("property associations.%s does not exist", other)
	}
	if !holdsAll(c.scopes, to.read) {
		answer := missingScopes(to.missingReaders(c.scopes)...)
		return nil, &answer
	}
	wanted := in.Values
	if in.Value != nil {
		wanted = append(slices.Clone(wanted), *in.Value)
	}
	if (in.Operator != "EQ" && in.Operator != "IN") || len(wanted) == 0 {
		return refuse("associations take EQ and IN only")
	}
	numbers := map[int]bool{}
	for _, id := range wanted {
		for _, link := range s.links.of(to, id, o) {
			numbers[link.other] = true
		}
	}
	return func(one candidate) bool { return numbers[one.row.number] }, nil
}

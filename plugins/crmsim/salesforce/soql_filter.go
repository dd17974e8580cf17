package salesforce

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// test decides whether a record passes; value reads a field the query named.
type test func(value func(selected) any) bool

// test compiles a WHERE tree.
func (c *checker) test(node condition) (test, *soqlError) {
	switch node := node.(type) {
	case allOf:
		tests, wrong := c.tests(node)
		return func(value func(selected) any) bool {
			return !slices.ContainsFunc(tests, func(t test) bool { return !t(value) })
		}, wrong
	case anyOf:
		tests, wrong := c.tests(node)
		return func(value func(selected) any) bool {
			return slices.ContainsFunc(tests, func(t test) bool { return t(value) })
		}, wrong
	case negated:
		inner, wrong := c.test(node.inner)
		return func(value func(selected) any) bool { return !inner(value) }, wrong
	case comparison:
		return c.compare(node)
	}
	return nil, soqlFail(-1, "MALFORMED_QUERY", "unexpected condition")
}

func (c *checker) tests(nodes []condition) ([]test, *soqlError) {
	tests := make([]test, len(nodes))
	for i, node := range nodes {
		compiled, wrong := c.test(node)
		if wrong != nil {
			return nil, wrong
		}
		tests[i] = compiled
	}
	return tests, nil
}

func (c *checker) compare(node comparison) (test, *soqlError) {
	found, wrong := c.find(node.path)
	if wrong != nil {
		return nil, wrong
	}
	if !found.field.usage.filter {
		return nil, soqlFail(node.path.at, "INVALID_FIELD", "field '%s' can not be filtered in a query call", node.path.name)
	}
	family := familyOf(found.field.kind)
	keys := make([]any, len(node.values))
	for i, literal := range node.values {
		key, wrong := keyOf(found.field, family, literal)
		if wrong != nil {
			return nil, wrong
		}
		keys[i] = key
	}
	if wrong := operatorAllowed(node, family); wrong != nil {
		return nil, wrong
	}
	if node.op == "LIKE" {
		pattern := strings.ToLower(node.values[0].like)
		return func(value func(selected) any) bool {
			text, ok := value(found).(string)
			return ok && like(strings.ToLower(text), pattern)
		}, nil
	}
	passes := operatorTest(node.op, keys)
	return func(value func(selected) any) bool { return passes(comparableValue(family, value(found))) }, nil
}

// operatorTest compares a record's value with the literals. No value is smaller or greater than null.
func operatorTest(op string, keys []any) func(any) bool {
	among := func(value any) bool {
		return slices.ContainsFunc(keys, func(key any) bool { return compareKeys(value, key) == 0 })
	}
	ordered := func(wanted ...int) func(any) bool {
		return func(value any) bool {
			return value != nil && keys[0] != nil && slices.Contains(wanted, compareKeys(value, keys[0]))
		}
	}
	switch op {
	case "=", "IN":
		return among
	case "!=", "NOT IN":
		return func(value any) bool { return !among(value) }
	case "<":
		return ordered(-1)
	case "<=":
		return ordered(-1, 0)
	case ">":
		return ordered(1)
	}
	return ordered(0, 1)
}

// family groups field types that compare alike.
type family string

const (
	familyText     family = "string"
	familyID       family = "ID"
	familyBoolean  family = "boolean"
	familyNumber   family = "double"
	familyDate     family = "date"
	familyDatetime family = "dateTime"
	familyAddress  family = "address"
)

func familyOf(kind string) family {
	switch kind {
	case "id", "reference":
		return familyID
	case "boolean", "date", "address":
		return family(kind)
	case "int", "double", "currency", "percent":
		return familyNumber
	case "datetime":
		return familyDatetime
	}
	return familyText
}

// keyOf turns a literal into what a field of this family compares with, or refuses the wrong type.
func keyOf(f *field, kind family, literal token) (any, *soqlError) {
	if literal.is("null") {
		return nil, nil
	}
	quoted := literal.kind == tokenString
	switch {
	case kind == familyText && quoted:
		return comparableValue(kind, literal.text), nil
	case kind == familyID && quoted:
		if literal.text == "" {
			return nil, nil
		}
		id, ok := id15Of(literal.text)
		if !ok {
			return nil, soqlFail(literal.at, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: %s", literal.text)
		}
		return id, nil
	case kind == familyBoolean && (literal.is("true") || literal.is("false")):
		return literal.is("true"), nil
	case kind == familyNumber && literal.kind == tokenNumber:
		return literal.number, nil
	case kind == familyDate && literal.kind == tokenDate:
		return literal.text, nil
	case kind == familyDatetime && literal.kind == tokenDatetime:
		return literal.time, nil
	}
	manner := "should not be enclosed in quotes"
	if kind == familyText || kind == familyID {
		manner = "should be enclosed in quotes"
	}
	return nil, soqlFail(literal.at, "INVALID_FIELD", "value of filter criterion for field '%s' must be of type %s and %s",
		f.name, kind, manner)
}

func operatorAllowed(node comparison, kind family) *soqlError {
	equality := slices.Contains([]string{"=", "!=", "IN", "NOT IN"}, node.op)
	switch {
	case equality:
		return nil
	case node.op == "LIKE" && kind != familyText,
		kind == familyBoolean || kind == familyAddress:
		return soqlFail(node.path.at, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on %s field", strings.ToLower(string(kind)))
	case node.op == "LIKE" && node.values[0].kind != tokenString:
		return soqlFail(node.values[0].at, "MALFORMED_QUERY", "unexpected token: '%s'", node.values[0].text)
	}
	return nil
}

// comparableValue turns a record's value into the form that keyOf gives: text without case (and empty text is null), ids
// by their first 15 characters, numbers as float64.
func comparableValue(kind family, value any) any {
	switch value := value.(type) {
	case string:
		switch {
		case value == "":
			return nil
		case kind == familyText:
			return strings.ToLower(value)
		case kind == familyID && len(value) == 18:
			return value[:15]
		}
		return value
	case int:
		return float64(value)
	case map[string]any:
		return nil
	}
	return value
}

// compareKeys orders two keys of one family; null comes first. Different kinds never meet: keyOf saw to that.
func compareKeys(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	switch a := a.(type) {
	case string:
		b, _ := b.(string)
		return strings.Compare(a, b)
	case float64:
		b, _ := b.(float64)
		return cmp.Compare(a, b)
	case time.Time:
		b, _ := b.(time.Time)
		return a.Compare(b)
	case bool:
		if a == b {
			return 0
		}
		if a {
			return 1
		}
	}
	return -1
}

// like matches SOQL's wildcards: % for any text, _ for one character, both literal after a backslash.
func like(text, pattern string) bool {
	runes, want := []rune(text), []rune(pattern)
	// Where the last % stood and how much it has swallowed; trying again from there is all the backtracking needed.
	star, retry := -1, 0
	i, j := 0, 0
	for i < len(runes) {
		switch {
		case j < len(want) && want[j] == '%':
			star, retry = j, i
			j++
		case j < len(want) && want[j] == '_':
			i, j = i+1, j+1
		case j+1 < len(want) && want[j] == '\\' && want[j+1] == runes[i]:
			i, j = i+1, j+2
		case j < len(want) && want[j] != '\\' && want[j] == runes[i]:
			i, j = i+1, j+1
		case star >= 0:
			retry++
			i, j = retry, star+1
		default:
			return false
		}
	}
	for j < len(want) && want[j] == '%' {
		j++
	}
	return j == len(want)
}

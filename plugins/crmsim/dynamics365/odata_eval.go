package dynamics365

import (
	"slices"
	"strings"
	"time"
)

// source answers what a property of the thing being filtered is: a record or a piece of metadata.
type source interface {
	property(p path) any
}

// evaluator runs an expression. now and user serve the query functions that depend on them.
type evaluator struct {
	now  time.Time
	user guid
}

// holds reports whether a condition is true for one thing.
func (e evaluator) holds(n node, of source) bool {
	value, _ := e.value(n, of).(bool)
	return value
}

func (e evaluator) value(n node, of source) any {
	switch n := n.(type) {
	case literal:
		return n.value
	case path:
		return of.property(n)
	case list:
		return n.values
	case negate:
		return !e.holds(n.inner, of)
	case logic:
		if n.and {
			return e.holds(n.left, of) && e.holds(n.right, of)
		}
		return e.holds(n.left, of) || e.holds(n.right, of)
	case compare:
		return compareBy(n.op, e.value(n.left, of), e.value(n.right, of))
	case function:
		return e.call(n, of)
	}
	return nil
}

// compareBy applies an operator. As the platform does, "ne" a value includes rows without one; the order of null is
// undefined, so no other operator finds them.
func compareBy(op string, left, right any) bool {
	if enum, ok := right.(enumValue); ok {
		right = enum.name
	}
	if left == nil || right == nil {
		switch op {
		case "eq":
			return left == nil && right == nil
		case "ne":
			return (left == nil) != (right == nil)
		}
		return false
	}
	c := compareValues(left, right)
	switch op {
	case "eq":
		return c == 0
	case "ne":
		return c != 0
	case "gt":
		return c > 0
	case "ge":
		return c >= 0
	case "lt":
		return c < 0
	}
	return c <= 0
}

// textFunctions compare without regard to case, as the database does.
func textFunctions() map[string]func(text, part string) bool {
	return map[string]func(string, string) bool{
		"contains": strings.Contains, "startswith": strings.HasPrefix, "endswith": strings.HasSuffix,
	}
}

// queryFunctions are the platform's own that are simulated, and how many values each wants: -1 is a list.
func queryFunctions() map[string]int {
	return map[string]int{
		"In": -1, "NotIn": -1, "Between": -1, "NotBetween": -1, "LastXHours": 1, "LastXDays": 1, "NextXDays": 1,
		"On": 1, "OnOrAfter": 1, "OnOrBefore": 1, "Today": 0, "Yesterday": 0, "EqualUserId": 0, "NotEqualUserId": 0,
	}
}

// checkFunctions refuses functions that are not simulated, before any row is looked at.
func checkFunctions(n node) *refusal {
	switch n := n.(type) {
	case compare:
		if err := checkFunctions(n.left); err != nil {
			return err
		}
		return checkFunctions(n.right)
	case logic:
		if err := checkFunctions(n.left); err != nil {
			return err
		}
		return checkFunctions(n.right)
	case negate:
		return checkFunctions(n.inner)
	case function:
		if _, ok := textFunctions()[n.name]; ok {
			if len(n.args) != 2 {
				return badQuery("The function '" + n.name + "' wants two arguments.")
			}
			return nil
		}
		if _, ok := queryFunctions()[n.name]; !ok {
			return notSimulated("the function " + n.name)
		}
		if _, ok := n.property(); !ok {
			return badQuery("The function '" + n.name + "' wants the parameter PropertyName.")
		}
	}
	return nil
}

func (e evaluator) call(f function, of source) bool {
	if match, ok := textFunctions()[f.name]; ok {
		text, _ := e.value(f.args[0], of).(string)
		part, _ := e.value(f.args[1], of).(string)
		return match(strings.ToLower(text), strings.ToLower(part))
	}
	name, _ := f.property()
	value := of.property(path{[]string{name}})
	single := e.value(f.named["PropertyValue"], of)
	several, _ := e.value(f.named["PropertyValues"], of).([]any)
	switch f.name {
	case "In", "NotIn":
		found := slices.ContainsFunc(several, func(v any) bool { return value != nil && compareLoose(value, v) == 0 })
		return found == (f.name == "In")
	case "Between", "NotBetween":
		inside := len(several) == 2 && value != nil && compareLoose(value, several[0]) >= 0 && compareLoose(value, several[1]) <= 0
		return inside == (f.name == "Between")
	case "EqualUserId", "NotEqualUserId":
		return (idOf(value) == e.user) == (f.name == "EqualUserId")
	}
	at, ok := value.(time.Time)
	return ok && e.during(f.name, at, single)
}

// during are the functions about dates. Days begin at midnight UTC.
func (e evaluator) during(name string, at time.Time, value any) bool {
	day := func(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }
	today := day(e.now)
	count, _ := number(value)
	if text, ok := value.(string); ok {
		if moment, ok := parseTime(text); ok {
			value = moment
		}
	}
	moment, _ := value.(time.Time)
	switch name {
	case "LastXHours":
		return !at.After(e.now) && at.After(e.now.Add(-time.Duration(count)*time.Hour))
	case "LastXDays":
		return !at.After(e.now) && !at.Before(today.AddDate(0, 0, -int(count)))
	case "NextXDays":
		return at.After(e.now) && at.Before(today.AddDate(0, 0, int(count)+1))
	case "On":
		return day(at).Equal(day(moment))
	case "OnOrAfter":
		return !day(at).Before(day(moment))
	case "OnOrBefore":
		return !day(at).After(day(moment))
	case "Today":
		return day(at).Equal(today)
	case "Yesterday":
		return day(at).Equal(today.AddDate(0, 0, -1))
	}
	return false
}

// compareLoose compares with values that query functions take as texts, whatever the column's type.
func compareLoose(value, given any) int {
	text, ok := given.(string)
	if !ok {
		return compareValues(value, given)
	}
	switch value.(type) {
	case time.Time:
		if at, ok := parseTime(text); ok {
			return compareValues(value, at)
		}
	case int, int64, float64, bool, guid, ref:
		return compareValues(value, wordToken(text).value)
	}
	return compareValues(value, text)
}

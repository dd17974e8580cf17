package dynamics365

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxPage is the largest page, and the default one.
const maxPage = 5000

// query is what a request wants to know about a table's records.
type query struct {
	table   *table
	columns []*column // in the order asked for, the primary key last unless it was asked for
	named   []string  // what $select named, for the context
	filter  node
	order   []orderKey
	limited bool // at most top rows in all, without further pages
	top     int
	count   bool
	expand  []expansion
	page    int
	within  *navigation // only records that this lookup ties to parent
	parent  guid
}

type orderKey struct {
	path       path
	descending bool
}

// expansion is a navigation property to follow, with the options in its brackets.
type expansion struct {
	navigation navigation
	query      query
}

// parseQueryOptions checks everything about a query before any record is looked at, as the service does.
func (s *Simulator) parseQueryOptions(c *call, t *table, options map[string]string) (query, *refusal) {
	q := query{table: t, page: maxPage}
	for name := range options {
		switch name {
		case "$select", "$filter", "$orderby", "$top", "$count", "$expand", "$skiptoken", "$deltatoken", "":
		case "$skip":
			return q, refuse(http.StatusBadRequest, "0x80060888", "Skip Clause is not supported in CRM")
		case "savedQuery", "userQuery", "$apply", "$search", "$compute":
			return q, notSimulated("the query option " + name)
		default:
			if strings.HasPrefix(name, "$") {
				return q, badQuery("The query parameter '" + name + "' is not supported.")
			}
		}
	}
	if c.prefer.pageSize > 0 {
		q.page = min(c.prefer.pageSize, maxPage)
	}
	if err := q.parseSelect(c.rights, options["$select"]); err != nil {
		return q, err
	}
	if err := s.parseRows(c, &q, options); err != nil {
		return q, err
	}
	if text, ok := options["$expand"]; ok {
		return q, s.parseExpand(c, &q, text)
	}
	return q, nil
}

// parseSelect reads the columns. Without $select every readable one is meant.
func (q *query) parseSelect(r *rights, text string) *refusal {
	t := q.table
	primary := t.byName[t.primaryID]
	if strings.TrimSpace(text) == "" {
		for _, c := range t.columns {
			if c.selectable() && !r.state(c).deleted && c.typeName != "ImageType" {
				q.columns = append(q.columns, c)
			}
		}
		if !slices.Contains(q.columns, primary) {
			q.columns = append(q.columns, primary)
		}
		return nil
	}
	for _, name := range strings.Split(text, ",") {
		name = strings.TrimSpace(name)
		c, err := property(r, t, name)
		if err != nil {
			return err
		}
		q.named = append(q.named, name)
		if !slices.Contains(q.columns, c) {
			q.columns = append(q.columns, c)
		}
	}
	// Money means nothing without its currency.
	if currency, ok := t.byName["transactioncurrencyid"]; ok && !slices.Contains(q.columns, currency) &&
		slices.ContainsFunc(q.columns, func(c *column) bool { return c.kind == "Money" }) && !r.state(currency).deleted {
		q.columns = append(q.columns, currency)
	}
	if !slices.Contains(q.columns, primary) {
		q.columns = append(q.columns, primary)
	}
	return nil
}

// property finds the column behind an OData property; names are case-sensitive.
func property(r *rights, t *table, name string) (*column, *refusal) {
	c, ok := t.byProperty[name]
	if !ok || !c.selectable() && c.name != t.primaryID || r.state(c).deleted {
		return nil, unknownProperty(t, name)
	}
	return c, nil
}

// parseRows reads $filter, $orderby, $top and $count.
func (s *Simulator) parseRows(c *call, q *query, options map[string]string) *refusal {
	if text, ok := options["$filter"]; ok {
		filter, err := parseFilter(text, c.aliases())
		if err == nil {
			err = checkFunctions(filter)
		}
		if err == nil {
			err = s.checkFilter(c.rights, q.table, filter)
		}
		if err != nil {
			return err
		}
		q.filter = filter
	}
	if text, ok := options["$orderby"]; ok {
		if err := s.parseOrder(c.rights, q, text); err != nil {
			return err
		}
	}
	if text, ok := options["$top"]; ok {
		top, err := strconv.Atoi(text)
		if err != nil || top < 0 {
			return badQuery("Invalid value '" + text + "' for $top query option found. The $top query option requires a non-negative integer value.")
		}
		// With maxpagesize, $top is ignored.
		if c.prefer.pageSize == 0 {
			q.limited, q.top = true, min(top, maxPage)
		}
	}
	if text, ok := options["$count"]; ok {
		if text != "true" && text != "false" {
			return badQuery("Invalid value '" + text + "' for $count query option found.")
		}
		q.count = text == "true"
	}
	return nil
}

func (s *Simulator) parseOrder(r *rights, q *query, text string) *refusal {
	for entry := range strings.SplitSeq(text, ",") {
		fields := strings.Fields(entry)
		if len(fields) == 0 || len(fields) > 2 || len(fields) == 2 && fields[1] != "asc" && fields[1] != "desc" {
			return badQuery("Syntax error in $orderby '" + text + "'.")
		}
		key := orderKey{path{strings.Split(fields[0], "/")}, len(fields) == 2 && fields[1] == "desc"}
		if _, err := s.resolve(r, q.table, key.path); err != nil {
			return err
		}
		q.order = append(q.order, key)
	}
	return nil
}

// resolve finds the column that a path means: a property, or one step through a lookup.
func (s *Simulator) resolve(r *rights, t *table, p path) (*column, *refusal) {
	if len(p.steps) == 1 {
		return property(r, t, p.steps[0])
	}
	nav, err := navigate(r, t, p.steps[0])
	if err != nil {
		return nil, err
	}
	if nav.many || nav.to == nil || len(p.steps) != 2 {
		return nil, notSimulated("the path " + strings.Join(p.steps, "/"))
	}
	if err := r.allow(nav.to, "Read", s.user()); err != nil {
		return nil, err
	}
	return property(r, nav.to, p.steps[1])
}

// navigate finds a navigation property; names are case-sensitive.
func navigate(r *rights, t *table, name string) (navigation, *refusal) {
	nav, ok := t.navigations[name]
	if ok {
		owner := nav.lookup.table
		ok = r.exists(owner) && !r.state(nav.lookup).deleted && (nav.to == nil || r.exists(nav.to))
	}
	if !ok {
		return nav, unknownProperty(t, name)
	}
	return nav, nil
}

// checkFilter makes sure that every property exists and is compared with something of its own type.
func (s *Simulator) checkFilter(r *rights, t *table, n node) *refusal {
	switch n := n.(type) {
	case logic:
		if err := s.checkFilter(r, t, n.left); err != nil {
			return err
		}
		return s.checkFilter(r, t, n.right)
	case negate:
		return s.checkFilter(r, t, n.inner)
	case compare:
		left, isPath := n.left.(path)
		if !isPath {
			return paths(n, func(p path) *refusal { _, err := s.resolve(r, t, p); return err })
		}
		c, err := s.resolve(r, t, left)
		if err != nil {
			return err
		}
		if value, ok := n.right.(literal); ok && !comparesWith(c, value.value) {
			return badQuery("A binary operator with incompatible types was detected. Found operand types '" + edmType(c) + "' and '" +
				literalType(value.value) + "' for operator kind '" + operatorNames()[n.op] + "'.")
		}
		return paths(n.right, func(p path) *refusal { _, err := s.resolve(r, t, p); return err })
	}
	return paths(n, func(p path) *refusal {
		// Query functions name lookups by their logical names.
		if f, ok := n.(function); ok && len(p.steps) == 1 {
			if name, named := f.property(); named && name == p.steps[0] {
				if c, ok := r.column(t, name); ok && c.isLookup() {
					return nil
				}
			}
		}
		_, err := s.resolve(r, t, p)
		return err
	})
}

func operatorNames() map[string]string {
	return map[string]string{
		"eq": "Equal", "ne": "NotEqual", "gt": "GreaterThan", "ge": "GreaterThanOrEqual", "lt": "LessThan", "le": "LessThanOrEqual",
	}
}

func literalType(value any) string {
	switch value.(type) {
	case string:
		return "Edm.String"
	case float64:
		return "Edm.Int32"
	case bool:
		return "Edm.Boolean"
	case guid:
		return "Edm.Guid"
	case enumValue:
		return "Edm.Enum"
	}
	return "Edm.DateTimeOffset"
}

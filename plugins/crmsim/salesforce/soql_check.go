package salesforce

import (
	"strings"
	"time"
)

// selected is a field a query names: on the object itself, or one lookup away.
type selected struct {
	field  *field
	via    *field  // the lookup that leads to the parent; nil for the object's own fields
	parent *object // the parent's object
}

// plan is a query whose names were found and whose rights were checked.
type plan struct {
	object  *objectView
	columns []selected
	filter  test // nil lets every record through
	orders  []planOrder
	limit   int
	count   bool
	// from and to bound SystemModstamp as far as the filter allows; zero means unbounded.
	from, to time.Time
}

type planOrder struct {
	selected
	descending, nullsLast bool
}

// checkSOQL looks the names up among what the integration user may see.
func checkSOQL(q *soqlQuery, v *view) (*plan, *soqlError) {
	o, ok := v.object(q.from.name)
	if !ok {
		return nil, soqlFail(q.from.at, "INVALID_TYPE", "sObject type '%s' is not supported. If you are attempting to use "+
			"a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the "+
			"describe call for the appropriate names.", q.from.name)
	}
	if !o.queryable {
		return nil, soqlFail(-1, "INVALID_TYPE_FOR_OPERATION", "entity type %s does not support query", o.name)
	}
	p := &plan{object: o, limit: q.limit, count: q.count}
	c := &checker{view: v, object: o}
	seen := map[string]bool{}
	for _, path := range q.selects {
		column, wrong := c.find(path)
		if wrong != nil {
			return nil, wrong
		}
		key := strings.ToLower(path.name)
		if seen[key] {
			return nil, soqlFail(-1, "INVALID_FIELD", "duplicate field selected: %s", path.name)
		}
		seen[key] = true
		p.columns = append(p.columns, column)
	}
	if q.where != nil {
		filter, wrong := c.test(q.where)
		if wrong != nil {
			return nil, wrong
		}
		p.filter = filter
		p.from, p.to = stampBounds(q.where)
	}
	for _, by := range q.orders {
		found, wrong := c.find(by.path)
		if wrong != nil {
			return nil, wrong
		}
		if !found.field.usage.sort {
			return nil, soqlFail(by.path.at, "MALFORMED_QUERY", "field '%s' can not be sorted in a query call", by.path.name)
		}
		p.orders = append(p.orders, planOrder{found, by.descending, by.nullsLast})
	}
	return p, nil
}

type checker struct {
	view   *view
	object *objectView
}

// find resolves "Field" or "Relationship.Field". A field without read access does not exist.
func (c *checker) find(path namedPath) (selected, *soqlError) {
	parts := strings.Split(path.name, ".")
	// The object's own name may lead: Account.Name FROM Account.
	if len(parts) > 1 && strings.EqualFold(parts[0], c.object.name) && c.object.byRelationship[strings.ToLower(parts[0])] == nil {
		parts = parts[1:]
	}
	switch len(parts) {
	case 1:
		f, ok := c.object.field(parts[0])
		if !ok {
			return selected{}, noSuchColumn(path.at, parts[0], c.object.name)
		}
		return selected{field: f.field}, nil
	case 2:
		return c.findParent(path, parts[0], parts[1])
	}
	return selected{}, unsupported(path.at, "paths over more than one relationship")
}

func (c *checker) findParent(path namedPath, relationship, name string) (selected, *soqlError) {
	notUnderstood := soqlFail(path.at, "INVALID_FIELD", "Didn't understand relationship '%s' in field path. If you are "+
		"attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please "+
		"reference your WSDL or the describe call for the appropriate names.", relationship)
	via, ok := c.object.byRelationship[strings.ToLower(relationship)]
	if !ok {
		return selected{}, notUnderstood
	}
	for _, target := range via.referenceTo {
		parent, known := c.view.objects[strings.ToLower(target)]
		if !known {
			continue
		}
		if !parent.readable {
			return selected{}, notUnderstood
		}
		f, ok := parent.field(name)
		if !ok {
			return selected{}, noSuchColumn(path.at, name, parent.name)
		}
		return selected{field: f.field, via: via.field, parent: parent.object}, nil
	}
	return selected{}, unsupported(path.at, "the relationship "+relationship+", whose object is not simulated")
}

func noSuchColumn(at int, name, object string) *soqlError {
	return soqlFail(at, "INVALID_FIELD", "No such column '%s' on entity '%s'. If you are attempting to use a custom field, "+
		"be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "+
		"appropriate names.", name, object)
}

// stampBounds finds the span of SystemModstamp outside which no record can match, so that a read of what changed last
// does not look at the whole table.
func stampBounds(c condition) (from, to time.Time) {
	switch c := c.(type) {
	case comparison:
		if !strings.EqualFold(c.path.name, "SystemModstamp") || c.values[0].kind != tokenDatetime {
			return from, to
		}
		switch at := c.values[0].time; c.op {
		case "=":
			return at, at
		case ">", ">=":
			return at, to
		case "<", "<=":
			return from, at
		}
	case allOf:
		for _, term := range c {
			lower, upper := stampBounds(term)
			if lower.After(from) {
				from = lower
			}
			if !upper.IsZero() && (to.IsZero() || upper.Before(to)) {
				to = upper
			}
		}
	case anyOf:
		from, to = stampBounds(c[0])
		for _, term := range c[1:] {
			lower, upper := stampBounds(term)
			if lower.Before(from) {
				from = lower
			}
			if upper.IsZero() || (!to.IsZero() && upper.After(to)) {
				to = upper
			}
		}
	}
	return from, to
}

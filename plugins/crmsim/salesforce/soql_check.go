package salesforce

import (
	"slices"
	"strings"
	"time"
)

// selected is a field a query names: on the object itself, or one lookup away.
type selected struct {
	field  *field
	via    *field  // the lookup that leads to the parent; nil for the object's own fields
	parent *object // the parent's object; nil when the lookup has parents of several kinds
}

// plan is a query whose names were found and whose rights were checked.
type plan struct {
	object  *objectView
	columns []selected
	filter  test // nil lets every record through
	orders  []planOrder
	limit   int
	count   bool
	counts  []countColumn
	// children are the subqueries: their rows hang on the parent through a lookup.
	children []childPlan
	// from and to bound SystemModstamp as far as the filter allows; zero means unbounded.
	from, to time.Time
}

type countColumn struct {
	selected
	name string
}

// childPlan is a checked subquery.
type childPlan struct {
	relationship string
	via          *field // the child's lookup to the parent
	plan         *plan
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
	p, c := &plan{object: o, limit: q.limit, count: q.count}, &checker{view: v, object: o}
	for _, step := range []func(*soqlQuery, *plan) *soqlError{c.columns, c.subqueries, c.filters, c.orders} {
		if wrong := step(q, p); wrong != nil {
			return nil, wrong
		}
	}
	return p, nil
}

func (c *checker) columns(q *soqlQuery, p *plan) *soqlError {
	seen := map[string]bool{}
	for _, path := range q.selects {
		column, wrong := c.find(path)
		if wrong != nil {
			return wrong
		}
		key := strings.ToLower(path.name)
		if seen[key] {
			return soqlFail(-1, "INVALID_FIELD", "duplicate field selected: %s", path.name)
		}
		seen[key] = true
		p.columns = append(p.columns, column)
	}
	for _, count := range q.counts {
		column, wrong := c.find(count.path)
		if wrong != nil {
			return wrong
		}
		if !column.field.usage.aggregate {
			return soqlFail(count.path.at, "MALFORMED_QUERY", "field %s does not support aggregate operator COUNT", count.path.name)
		}
		p.counts = append(p.counts, countColumn{column, count.name})
	}
	return nil
}

func (c *checker) filters(q *soqlQuery, p *plan) *soqlError {
	if q.where == nil {
		return nil
	}
	filter, wrong := c.test(q.where)
	if wrong != nil {
		return wrong
	}
	p.filter = filter
	p.from, p.to = stampBounds(q.where)
	return nil
}

func (c *checker) orders(q *soqlQuery, p *plan) *soqlError {
	for _, by := range q.orders {
		found, wrong := c.find(by.path)
		if wrong != nil {
			return wrong
		}
		if !found.field.usage.sort {
			return soqlFail(by.path.at, "MALFORMED_QUERY", "field '%s' can not be sorted in a query call", by.path.name)
		}
		p.orders = append(p.orders, planOrder{found, by.descending, by.nullsLast})
	}
	return nil
}

// subqueries finds the child object and lookup behind each relationship name.
func (c *checker) subqueries(q *soqlQuery, p *plan) *soqlError {
	for _, sub := range q.children {
		child, via := c.childOf(sub.from.name)
		if child == nil {
			return soqlFail(sub.from.at, "INVALID_TYPE", "Didn't understand relationship '%s' in FROM part of query call. If you "+
				"are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. "+
				"Please reference your WSDL or the describe call for the appropriate names.", sub.from.name)
		}
		renamed := *sub
		renamed.from.name = child.name
		inner, wrong := checkSOQL(&renamed, c.view)
		if wrong != nil {
			return wrong
		}
		p.children = append(p.children, childPlan{via.childRelationship, via.field, inner})
	}
	return nil
}

// childOf finds the readable child object whose lookup carries this relationship name.
func (c *checker) childOf(relationship string) (*objectView, *fieldView) {
	for _, o := range c.view.catalog.objects {
		child, ok := c.view.object(o.name)
		if !ok {
			continue
		}
		for i := range child.fields {
			f := &child.fields[i]
			if strings.EqualFold(f.childRelationship, relationship) && slices.Contains(f.referenceTo, c.object.name) {
				return child, f
			}
		}
	}
	return nil, nil
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
	if via.polymorphic {
		f, ok := nameEntity().field(name)
		if !ok {
			return selected{}, noSuchColumn(path.at, name, "Name")
		}
		return selected{field: f, via: via.field}, nil
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

// nameEntity is what SOQL shows of a parent that may be one of several objects: Who, What, and a lead's Owner.
func nameEntity() *object {
	return catalogOf(&object{name: "Name", fields: one(
		recordID("ID"),
		text("Name", "Name", 255, derived),
		text("FirstName", "First Name", 40, derived),
		text("LastName", "Last Name", 80, derived),
		picklist("Type", "Type", 40, derived),
		textLike("email", "Email", "Email", 80, derived),
		phone("Phone", "Phone", derived),
		text("Title", "Title", 128, derived),
		text("Username", "Username", 80, derived),
		flag("IsActive", "Active", derived),
	)}).objects[0]
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

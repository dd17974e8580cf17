package dynamics365

import (
	"net/url"
	"strings"
)

// maxExpand is how many navigation properties one query may follow.
const maxExpand = 15

// parseExpand reads "nav($select=a,b;$orderby=c),other".
func (s *Simulator) parseExpand(c *call, q *query, text string) *refusal {
	for _, entry := range splitOutside(text, ',') {
		name, options := strings.TrimSpace(entry), map[string]string{}
		if open := strings.IndexByte(name, '('); open >= 0 && strings.HasSuffix(name, ")") {
			for _, option := range splitOutside(name[open+1:len(name)-1], ';') {
				key, value, _ := strings.Cut(option, "=")
				options[strings.TrimSpace(key)] = value
			}
			name = name[:open]
		}
		nav, err := navigate(c.rights, q.table, name)
		if err != nil {
			return err
		}
		if nav.to == nil {
			return notSimulated("expanding " + name + ", which leads to users and teams alike")
		}
		if _, nested := options["$expand"]; nested {
			return notSimulated("nested $expand")
		}
		if err := c.rights.allow(nav.to, "Read", s.user()); err != nil {
			return err
		}
		inner := *c
		inner.prefer.pageSize = 0
		sub, err := s.parseQueryOptions(&inner, nav.to, options)
		if err != nil {
			return err
		}
		if q.expand = append(q.expand, expansion{nav, sub}); len(q.expand) > maxExpand {
			return badQuery("The number of $expand properties exceeds the limit of 15.")
		}
	}
	return nil
}

// renderExpansion writes the record, or the first records, that a navigation property leads to. Callers hold the
// store's read lock.
func (s *Simulator) renderExpansion(c *call, o object, d *reading, e expansion) object {
	name := e.navigation.name
	if !e.navigation.many {
		other, ok := s.follow(c.rights, d, e.navigation)
		if !ok {
			return o.with(name, nil)
		}
		return o.with(name, s.render(c, e.query, other))
	}
	q := e.query
	q.within, q.parent = &e.navigation, d.row.id
	h := s.store.shelf(e.navigation.to)
	found := s.selectRows(c.rights, q, h, nil)
	values := make([]object, len(found.rows))
	for i, other := range found.rows {
		values[i] = s.render(c, q, other)
	}
	// The service sends this link even when there is nothing more behind it.
	link := c.api() + "/" + d.table.set + "(" + string(d.row.id) + ")/" + name
	if len(q.named) > 0 {
		link += "?$select=" + url.QueryEscape(strings.Join(q.named, ","))
	}
	return o.with(name, values).with(name+"@odata.nextLink", link)
}

func skipOption(k cookie) string { return "$skiptoken=" + url.QueryEscape(k.String()) }

// tables are all tables that a query reads from.
func (q query) tables() []*table {
	tables := []*table{q.table}
	for _, e := range q.expand {
		tables = append(tables, e.query.table)
	}
	return tables
}

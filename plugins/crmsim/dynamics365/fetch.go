package dynamics365

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// fetchXML is the part of FetchXML that is simulated: one table, no links, no aggregates.
type fetchXML struct {
	Page      int    `xml:"page,attr"`
	Count     int    `xml:"count,attr"`
	Top       int    `xml:"top,attr"`
	Cookie    string `xml:"paging-cookie,attr"`
	Total     bool   `xml:"returntotalrecordcount,attr"`
	Aggregate bool   `xml:"aggregate,attr"`
	Distinct  bool   `xml:"distinct,attr"`
	Entity    struct {
		Name string    `xml:"name,attr"`
		All  *struct{} `xml:"all-attributes"`
		Link []struct {
			Name string `xml:"name,attr"`
		} `xml:"link-entity"`
		Attributes []struct {
			Name string `xml:"name,attr"`
		} `xml:"attribute"`
		Orders []struct {
			Attribute  string `xml:"attribute,attr"`
			Descending bool   `xml:"descending,attr"`
		} `xml:"order"`
		Filters []fetchFilter `xml:"filter"`
	} `xml:"entity"`
}

type fetchFilter struct {
	Type       string `xml:"type,attr"`
	Conditions []struct {
		Attribute string   `xml:"attribute,attr"`
		Operator  string   `xml:"operator,attr"`
		Value     string   `xml:"value,attr"`
		Values    []string `xml:"value"`
	} `xml:"condition"`
	Filters []fetchFilter `xml:"filter"`
}

const (
	annotationFetchCookie = "Microsoft.Dynamics.CRM.fetchxmlpagingcookie"
	annotationMore        = "Microsoft.Dynamics.CRM.morerecords"
)

var fetchCookiePattern = regexp.MustCompile(`last="([A-Za-z0-9_-]*)"`)

// fetch answers ?fetchXml=….
func (s *Simulator) fetch(c *call, t *table, text string) reply {
	var f fetchXML
	if err := xml.Unmarshal([]byte(text), &f); err != nil {
		return refuse(http.StatusBadRequest, "0x80041129", "Invalid XML.").reply()
	}
	q, err := c.fetchQuery(t, f)
	if err != nil {
		return err.reply()
	}
	var from *position
	if m := fetchCookiePattern.FindStringSubmatch(f.Cookie); m != nil {
		p, ok := unpackPosition(m[1], len(q.order))
		if !ok {
			return refuse(http.StatusBadRequest, "0x80041129", "The paging cookie is not well-formed.").reply()
		}
		from = &p.position
	} else if f.Page > 1 {
		return notSimulated("FetchXML pages without a paging cookie").reply()
	}
	answer := object{{"@odata.context", c.context(t.set + selected(q.named, nil))}}
	s.store.read(func() {
		found := s.selectRows(c.rights, q, s.store.shelf(t), from)
		answer = s.describeList(c, q, answer, found)
		if c.prefer.wants(annotationMore) {
			answer = answer.with("@"+annotationMore, found.more)
		}
		if found.more && c.prefer.wants(annotationFetchCookie) {
			answer = answer.with("@"+annotationFetchCookie, fetchCookie(max(f.Page, 1), found.last))
		}
		rows := make([]object, len(found.rows))
		for i, d := range found.rows {
			rows[i] = s.render(c, q, d)
		}
		answer = answer.with("value", rows)
	}, t)
	return c.preferred(jsonReply(http.StatusOK, answer))
}

// fetchCookie is what the next page is asked for with: a cookie in a cookie, encoded twice, as the service writes it.
func fetchCookie(page int, last position) string {
	inner := fmt.Sprintf(`<cookie page="%d"><position last="%s" /></cookie>`, page, packPosition(last, 0))
	encoded := strings.ReplaceAll(url.QueryEscape(url.QueryEscape(inner)), "%2B", "%2520")
	return fmt.Sprintf(`<cookie pagenumber="%d" pagingcookie="%s" istracking="False" />`, page+1, encoded)
}

// fetchQuery checks a FetchXML query and turns it into one of ours.
func (c *call) fetchQuery(t *table, f fetchXML) (query, *refusal) {
	q := query{table: t, page: maxPage, count: f.Total, limited: f.Top > 0, top: f.Top}
	switch {
	case f.Entity.Name != t.name:
		return q, refuse(http.StatusBadRequest, "0x80041129", "The entity '"+f.Entity.Name+"' of the query is not the one of the URL.")
	case f.Aggregate || f.Distinct || len(f.Entity.Link) > 0:
		return q, notSimulated("aggregates, distinct and link-entity in FetchXML")
	}
	if f.Count > 0 {
		q.page = min(f.Count, maxPage)
	}
	var names []string
	for _, a := range f.Entity.Attributes {
		column, err := c.fetchColumn(t, a.Name)
		if err != nil {
			return q, err
		}
		names = append(names, column.property())
	}
	if err := q.parseSelect(c.rights, strings.Join(names, ",")); err != nil {
		return q, err
	}
	for _, o := range f.Entity.Orders {
		column, err := c.fetchColumn(t, o.Attribute)
		if err != nil {
			return q, err
		}
		q.order = append(q.order, orderKey{path{[]string{column.property()}}, o.Descending})
	}
	for _, filter := range f.Entity.Filters {
		condition, err := c.fetchFilter(t, filter)
		if err != nil {
			return q, err
		}
		if q.filter == nil {
			q.filter = condition
		} else {
			q.filter = logic{true, q.filter, condition}
		}
	}
	return q, nil
}

func (c *call) fetchColumn(t *table, name string) (*column, *refusal) {
	column, ok := c.rights.column(t, name)
	if !ok || !column.selectable() && name != t.primaryID {
		return nil, refuse(http.StatusBadRequest, "0x80041103", "'"+t.schema+"' entity doesn't contain attribute with Name = '"+name+"'.")
	}
	return column, nil
}

func (c *call) fetchFilter(t *table, f fetchFilter) (node, *refusal) {
	var parts []node
	for _, condition := range f.Conditions {
		column, err := c.fetchColumn(t, condition.Attribute)
		if err != nil {
			return nil, err
		}
		part, ok := fetchCondition(column, condition.Operator, condition.Value, condition.Values)
		if !ok {
			return nil, notSimulated("the FetchXML operator " + condition.Operator)
		}
		parts = append(parts, part)
	}
	for _, inner := range f.Filters {
		part, err := c.fetchFilter(t, inner)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return literal{true}, nil
	}
	all := parts[0]
	for _, part := range parts[1:] {
		all = logic{f.Type != "or", all, part}
	}
	return all, nil
}

// fetchCondition turns one condition into an expression.
func fetchCondition(c *column, operator, value string, values []string) (node, bool) {
	property := path{[]string{c.property()}}
	named := func(operation string, value node) node {
		return function{name: operation, named: map[string]node{"PropertyName": literal{c.property()}, "PropertyValue": value, "PropertyValues": value}}
	}
	switch operator {
	case "eq", "ne", "gt", "ge", "lt", "le":
		typed, err := c.convertLoose(value)
		return compare{operator, property, literal{typed}}, err == nil
	case "null":
		return compare{"eq", property, literal{nil}}, true
	case "not-null":
		return compare{"ne", property, literal{nil}}, true
	case "like":
		name, part := "contains", strings.Trim(value, "%")
		if !strings.HasPrefix(value, "%") {
			name = "startswith"
		} else if !strings.HasSuffix(value, "%") {
			name = "endswith"
		}
		return function{name: name, args: []node{property, literal{part}}}, true
	case "in", "not-in":
		chosen := list{}
		for _, v := range values {
			chosen.values = append(chosen.values, v)
		}
		return named(map[string]string{"in": "In", "not-in": "NotIn"}[operator], chosen), true
	case "on-or-after", "on-or-before", "on", "last-x-days", "last-x-hours", "eq-userid":
		name := map[string]string{
			"on-or-after": "OnOrAfter", "on-or-before": "OnOrBefore", "on": "On", "last-x-days": "LastXDays",
			"last-x-hours": "LastXHours", "eq-userid": "EqualUserId",
		}[operator]
		if n, err := strconv.ParseFloat(value, 64); err == nil && slices.Contains([]string{"last-x-days", "last-x-hours"}, operator) {
			return named(name, literal{n}), true
		}
		return named(name, literal{value}), true
	}
	return nil, false
}

// convertLoose reads a value that FetchXML gives as a text.
func (c *column) convertLoose(value string) (any, *refusal) {
	switch edmType(c) {
	case "Edm.Boolean":
		return value == "1" || value == "true", nil
	case "Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.Double":
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, badQuery("The value '" + value + "' of '" + c.name + "' is no number.")
		}
		return n, nil
	}
	return c.convert(value)
}

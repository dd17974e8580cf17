package dynamics365

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Annotations that results can carry.
const (
	annotationFormatted  = "OData.Community.Display.V1.FormattedValue"
	annotationLookup     = "Microsoft.Dynamics.CRM.lookuplogicalname"
	annotationNavigation = "Microsoft.Dynamics.CRM.associatednavigationproperty"
	annotationTotal      = "Microsoft.Dynamics.CRM.totalrecordcount"
	annotationExceeded   = "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"
	annotationMetadata   = "Microsoft.Dynamics.CRM.globalmetadataversion"
)

// countLimit is the most that @odata.count ever says.
const countLimit = 5000

// list answers a query for many records.
func (s *Simulator) list(c *call, t *table, within *navigation, parent guid) reply {
	s.beforePage(t.name)
	if err := c.rights.allow(t, "Read", s.user()); err != nil {
		return err.reply()
	}
	if text, ok := c.query["fetchXml"]; ok {
		return s.fetch(c, t, text)
	}
	if token, ok := c.query["$deltatoken"]; ok {
		return s.delta(c, t, token)
	}
	tracking := c.prefer.trackChanges || strings.Contains(c.query["$skiptoken"], `istracking="True"`)
	if tracking {
		if err := s.mayTrack(c, t); err != nil {
			return err.reply()
		}
	}
	q, err := s.parseQueryOptions(c, t, c.query)
	if err != nil {
		return err.reply()
	}
	q.within, q.parent = within, parent
	cookie, err := parseCookie(c.query["$skiptoken"], len(q.order))
	if err != nil {
		return err.reply()
	}
	if tracking && cookie.version == 0 {
		cookie.version = s.store.now()
	}
	answer := object{{"@odata.context", c.context(t.set + selected(q.named, q.expand))}}
	s.store.read(func() {
		found := s.selectRows(c.rights, q, s.store.shelf(t), cookie.from)
		answer = s.describeList(c, q, answer, found)
		values := make([]object, len(found.rows))
		for i, d := range found.rows {
			values[i] = s.render(c, q, d)
		}
		answer = answer.with("value", values)
		switch {
		case found.more:
			next := cookie
			next.number, next.from = max(cookie.number, 1)+1, &found.last
			answer = answer.with("@odata.nextLink", c.link("$skiptoken", next.String()))
		case tracking:
			answer = answer.with("@odata.deltaLink", c.link("$deltatoken", s.deltaToken(cookie.version)))
		}
	}, q.tables()...)
	return c.preferred(jsonReply(http.StatusOK, answer))
}

// describeList adds the counts and versions that were asked for.
func (s *Simulator) describeList(c *call, q query, answer object, found page) object {
	if c.prefer.wants(annotationTotal) {
		total, exceeded := -1, false
		if q.count {
			total, exceeded = min(found.total, countLimit), found.total > countLimit
		}
		answer = answer.with("@"+annotationTotal, total).with("@"+annotationExceeded, exceeded)
	}
	if c.prefer.wants(annotationMetadata) {
		answer = answer.with("@"+annotationMetadata, strconv.Itoa(c.rights.version))
	}
	if q.count {
		answer = answer.with("@odata.count", min(found.total, countLimit))
	}
	return answer
}

// selected is the part of a context that names the columns.
func selected(named []string, expand []expansion) string {
	names := append([]string{}, named...)
	for _, e := range expand {
		names = append(names, e.navigation.name+"("+strings.Join(e.query.named, ",")+")")
	}
	if len(names) == 0 {
		return ""
	}
	return "(" + strings.Join(names, ",") + ")"
}

// link is the request's own URL with one option set and the paging options of before taken out.
func (c *call) link(option, value string) string {
	var kept []string
	for _, pair := range strings.Split(c.rawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		plain, _ := url.QueryUnescape(name)
		if pair != "" && plain != "$skiptoken" && plain != "$deltatoken" {
			kept = append(kept, pair)
		}
	}
	kept = append(kept, option+"="+url.QueryEscape(value))
	return c.api() + c.path + "?" + strings.Join(kept, "&")
}

// preferred says which preferences were honoured.
func (c *call) preferred(answer reply) reply {
	var applied []string
	if c.prefer.pageSize > 0 {
		applied = append(applied, "odata.maxpagesize="+strconv.Itoa(c.prefer.pageSize))
	}
	if c.prefer.annotations != "" {
		applied = append(applied, `odata.include-annotations="`+c.prefer.annotations+`"`)
	}
	if c.prefer.trackChanges {
		applied = append(applied, "odata.track-changes")
	}
	if len(applied) == 0 {
		return answer
	}
	return answer.set("Preference-Applied", strings.Join(applied, ","))
}

func etag(r *row) string { return `W/"` + strconv.FormatInt(r.version, 10) + `"` }

// render writes a record as a query asked for it. Callers hold the store's read lock.
func (s *Simulator) render(c *call, q query, d *reading) object {
	o := make(object, 0, len(q.columns)+2)
	o = o.with("@odata.etag", etag(d.row))
	for _, column := range q.columns {
		o = s.renderColumn(c, o, d, column)
	}
	for _, e := range q.expand {
		o = s.renderExpansion(c, o, d, e)
	}
	return o
}

func (s *Simulator) renderColumn(c *call, o object, d *reading, column *column) object {
	value := s.see(c.rights, d, column)
	name := column.property()
	if value != nil {
		o = s.annotate(c, o, column, value)
	}
	if at, ok := value.(time.Time); ok && column.format == "DateOnly" {
		value = at.Format(time.DateOnly)
	}
	return o.with(name, value)
}

// annotate adds what was asked for about a value, before the value itself, as the service does.
func (s *Simulator) annotate(c *call, o object, column *column, value any) object {
	name := column.property()
	if to, ok := value.(ref); ok {
		if nav := navigationFor(column, to.table); nav != "" && c.prefer.wants(annotationNavigation) {
			o = o.with(name+"@"+annotationNavigation, nav)
		}
		if c.prefer.wants(annotationLookup) {
			o = o.with(name+"@"+annotationLookup, to.table)
		}
	}
	if !c.prefer.wants(annotationFormatted) {
		return o
	}
	if text, ok := s.formatted(column, value); ok {
		return o.with(name+"@"+annotationFormatted, text)
	}
	return o
}

// navigationFor is the navigation property that leads to a lookup's table.
func navigationFor(c *column, table string) string {
	for _, to := range c.targets {
		if to.table == table || to.table == "owner" && (table == "systemuser" || table == "team") {
			return to.nav
		}
	}
	return ""
}

// formatted is the text that a user would see, in English and dollars.
func (s *Simulator) formatted(c *column, value any) (string, bool) {
	switch v := value.(type) {
	case ref:
		return s.nameOf(v)
	case bool:
		o, ok := c.choice(boolInt(v))
		return o.label, ok
	case time.Time:
		if c.format == "DateOnly" || c.format == "Day" {
			return v.Format("1/2/2006"), true
		}
		return v.UTC().Format("1/2/2006 3:04 PM"), true
	case int:
		if len(c.options) > 0 {
			o, ok := c.choice(v)
			return o.label, ok
		}
		return grouped(float64(v), 0), true
	case int64:
		return grouped(float64(v), 0), true
	case float64:
		if c.kind == "Money" {
			return "$" + grouped(v, 2), true
		}
		return grouped(v, max(c.precision, 2)), true
	}
	return "", false
}

// nameOf is the primary name of the record that a lookup points to, also where the user may not read that record.
func (s *Simulator) nameOf(to ref) (string, bool) {
	t, ok := s.catalog.byName[to.table]
	if !ok || t.primaryName == "" {
		return "", false
	}
	found, ok := s.store.find(t, to.id)
	column, hasName := t.byName[t.primaryName]
	if !ok || !hasName {
		return "", false
	}
	name, ok := s.store.value(found, t, column).(string)
	return name, ok
}

// grouped writes a number with thousands separators.
func grouped(value float64, decimals int) string {
	digits := strconv.FormatFloat(value, 'f', decimals, 64)
	whole, rest, _ := strings.Cut(digits, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		whole += "." + rest
	}
	return sign + whole
}

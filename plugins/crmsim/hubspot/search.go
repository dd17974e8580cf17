package hubspot

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	searchCap        = 10_000 // results that one search gives, over all its pages
	searchPage       = 200
	maxFilterGroups  = 5
	maxGroupFilters  = 6
	maxSearchFilters = 18
)

// searchBody is a search. Sorts are names ("-createdate" is descending) or objects.
type searchBody struct {
	FilterGroups []filterGroup     `json:"filterGroups"`
	Filters      []filterInput     `json:"filters"` // short for one group
	Sorts        []json.RawMessage `json:"sorts"`
	Query        string            `json:"query"`
	Properties   []string          `json:"properties"`
	Limit        *int              `json:"limit"`
	After        any               `json:"after"` // a number, mostly as text
}

type filterGroup struct {
	Filters []filterInput `json:"filters"`
}

type filterInput struct {
	PropertyName string   `json:"propertyName"`
	Operator     string   `json:"operator"`
	Value        *string  `json:"value"`
	HighValue    *string  `json:"highValue"`
	Values       []string `json:"values"`
}

// candidate is a record as the search index shows it. Its values are made only when a filter looks at them.
type candidate struct {
	row     *row
	version *version
	values  func() map[string]string
}

// search serves POST …/search. It sees what the index shows: changes after a lag, archived records never. after is an
// offset here.
func (s *Simulator) search(c *call, o *objectType) reply {
	if !holdsAll(c.scopes, o.read) {
		return missingScopes(o.missingReaders(c.scopes)...)
	}
	most, longest := s.portal.searchRules()
	if longest > 0 && len(c.body) > longest {
		return invalid("The request body is too long: %d characters, the limit is %d", len(c.body), longest)
	}
	var body searchBody
	if refused := c.read(&body); refused != nil {
		return *refused
	}
	offset, limit, refused := body.window(most)
	if refused != nil {
		return *refused
	}
	matches, refused := s.compile(c, o, body)
	if refused != nil {
		return *refused
	}
	order, refused := s.order(o, body.Sorts)
	if refused != nil {
		return *refused
	}
	chosen, refused := s.selectProperties(c, o, body.Properties)
	if refused != nil {
		return *refused
	}
	s.controls.beforePage(o.name)
	return jsonReply(http.StatusOK, s.searchPage(o, matches, order, chosen, offset, limit))
}

// searchPage runs a search over the whole table.
func (s *Simulator) searchPage(o *objectType, matches filter, order ordering, chosen selection, offset, limit int) recordPage {
	now, lag := s.store.clock.Now(), s.store.indexLag()
	page := recordPage{Results: []recordAnswer{}}
	s.store.read(o, func(t *table) {
		var found []candidate
		for _, r := range t.rows {
			shown := r.indexed(now, lag)
			if shown == nil || shown.archived || r.now.erased() {
				continue
			}
			one := candidate{row: r, version: shown, values: func() map[string]string { return s.store.values(t, r, shown) }}
			if matches(one) {
				found = append(found, one)
			}
		}
		if order != nil {
			found = order(found)
		}
		total := len(found)
		page.Total = &total
		end := min(offset+limit, total)
		for _, one := range found[min(offset, total):end] {
			page.Results = append(page.Results, s.show(t, one.row, one.version, chosen))
		}
		if end < total {
			page.Paging = &paging{Next: pagingNext{After: strconv.Itoa(end)}}
		}
	})
	return page
}

// window reads limit and after. A search past the cap is refused: the wall that every large read must go around.
func (b searchBody) window(most int) (offset, limit int, refused *reply) {
	refuse := func(format string, args ...any) (int, int, *reply) {
		answer := invalid(format, args...)
		return 0, 0, &answer
	}
	limit = defaultPage
	if b.Limit != nil {
		limit = *b.Limit
	}
	if limit < 0 || limit > searchPage {
		return refuse("The limit %d is invalid: want 0 to %d", limit, searchPage)
	}
	switch after := b.After.(type) {
	case nil:
	case float64:
		offset = int(after)
	case string:
		if after == "" {
			break
		}
		n, err := strconv.Atoi(after)
		if err != nil {
			return refuse("The after parameter %q is not a valid paging cursor", after)
		}
		offset = n
	default:
		return refuse("The after parameter is not a valid paging cursor")
	}
	if offset < 0 || (most > 0 && offset+limit > most) {
		return refuse("There was a problem with the request: a search gives at most %d results", searchCap)
	}
	return offset, limit, nil
}

// ordering sorts candidates; nil keeps them by id, which is by creation.
type ordering func([]candidate) []candidate

// sortInput is a sort in its longer form.
type sortInput struct {
	PropertyName string `json:"propertyName"`
	Direction    string `json:"direction"`
}

func parseSort(raw json.RawMessage) (by sortInput, ok bool) {
	var short string
	if json.Unmarshal(raw, &short) == nil {
		name, descending := strings.CutPrefix(short, "-")
		by = sortInput{PropertyName: name, Direction: "ASCENDING"}
		if descending {
			by.Direction = "DESCENDING"
		}
		return by, name != ""
	}
	if json.Unmarshal(raw, &by) != nil {
		return by, false
	}
	by.Direction = orDefault(by.Direction, "ASCENDING")
	return by, by.PropertyName != "" && (by.Direction == "ASCENDING" || by.Direction == "DESCENDING")
}

func (s *Simulator) order(o *objectType, sorts []json.RawMessage) (ordering, *reply) {
	refuse := func(format string, args ...any) (ordering, *reply) {
		answer := invalid(format, args...)
		return nil, &answer
	}
	if len(sorts) == 0 {
		return nil, nil
	}
	if len(sorts) > 1 {
		return refuse("Only one sort is supported")
	}
	by, ok := parseSort(sorts[0])
	if !ok {
		return refuse("Invalid sort: %s", sorts[0])
	}
	d, known := s.schema.find(o.name, by.PropertyName)
	if !known || !d.exists() {
		return refuse("There was a problem with the request: property %s does not exist", by.PropertyName)
	}
	descending := by.Direction == "DESCENDING"
	if by.PropertyName == "hs_object_id" || by.PropertyName == o.created {
		return func(found []candidate) []candidate {
			if descending {
				slices.Reverse(found)
			}
			return found
		}, nil
	}
	key := sortKey(o, d)
	return func(found []candidate) []candidate { return sorted(found, key, descending) }, nil
}

// rank is what candidates are ordered by: records without a value come last.
type rank struct {
	none   bool
	number float64
	text   string
}

// sortKey ranks a candidate by a property.
func sortKey(o *objectType, d definition) func(candidate) rank {
	if d.name == o.modified {
		return func(c candidate) rank { return rank{number: float64(c.version.modified.UnixMilli())} }
	}
	return func(c candidate) rank {
		value, ok := c.values()[d.name]
		if !ok {
			return rank{none: true}
		}
		if n, ok := numeric(d.kind, value); ok {
			return rank{number: n}
		}
		return rank{text: strings.ToLower(value)}
	}
}

func sorted(found []candidate, key func(candidate) rank, descending bool) []candidate {
	type ranked struct {
		candidate
		rank rank
	}
	list := make([]ranked, len(found))
	for i, one := range found {
		list[i] = ranked{one, key(one)}
	}
	slices.SortStableFunc(list, func(a, b ranked) int {
		c := compareRanks(a.rank, b.rank)
		if descending && a.rank.none == b.rank.none {
			return -c
		}
		return c
	})
	for i, one := range list {
		found[i] = one.candidate
	}
	return found
}

func compareRanks(a, b rank) int {
	switch {
	case a.none != b.none:
		if a.none {
			return 1
		}
		return -1
	case a.number != b.number:
		if a.number < b.number {
			return -1
		}
		return 1
	default:
		return strings.Compare(a.text, b.text)
	}
}

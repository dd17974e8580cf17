package hubspot

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// recordAnswer is a record as the API shows it. Every value is a string or null.
type recordAnswer struct {
	ID           string                     `json:"id"`
	Properties   map[string]*string         `json:"properties"`
	CreatedAt    string                     `json:"createdAt"`
	UpdatedAt    string                     `json:"updatedAt"`
	Archived     bool                       `json:"archived"`
	ArchivedAt   string                     `json:"archivedAt,omitempty"`
	URL          string                     `json:"url,omitempty"`
	Associations map[string]associationList `json:"associations,omitempty"`
	New          *bool                      `json:"new,omitempty"` // of a batch upsert
}

type associationList struct {
	Results []associationRef `json:"results"`
}

type associationRef struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

type paging struct {
	Next pagingNext `json:"next"`
}

type pagingNext struct {
	After string `json:"after"`
	Link  string `json:"link,omitempty"`
}

type recordPage struct {
	Total   *int           `json:"total,omitempty"` // of a search
	Results []recordAnswer `json:"results"`
	Paging  *paging        `json:"paging,omitempty"`
}

const (
	defaultPage = 10
	maxPage     = 100
)

// objects serves records: by list, id, batch and search, and the associations of one record.
func (s *Simulator) objects(c *call) reply {
	o, refused := s.typeAt(c, 0)
	if refused != nil {
		return *refused
	}
	rest := c.location.rest[1:]
	switch {
	case len(rest) == 0 && c.method == http.MethodGet:
		return s.list(c, o)
	case len(rest) == 0 && c.method == http.MethodPost:
		return s.create(c, o)
	case len(rest) == 1 && c.method == http.MethodPost && rest[0] == "search":
		return s.search(c, o)
	case len(rest) == 1 && c.method == http.MethodPost && rest[0] == "gdpr-delete":
		return s.erase(c, o)
	case len(rest) == 1 && c.method == http.MethodPost:
		return notSimulated(rest[0] + " of records")
	case len(rest) == 1:
		return s.one(c, o, rest[0])
	case len(rest) == 2 && rest[0] == "batch" && c.method == http.MethodPost:
		return s.batch(c, o, rest[1])
	case len(rest) >= 3 && rest[1] == "associations":
		return s.recordAssociations(c, o, rest[0], rest[2:])
	}
	return resourceMissing()
}

// selection is which properties of an object a read is about.
type selection struct {
	object *objectType
	names  []string
}

// selectProperties keeps the names that exist and adds those that every answer has. Unknown and archived names are left
// out without a word; a sensitive one without its scope fails the whole request.
func (s *Simulator) selectProperties(c *call, o *objectType, asked []string) (selection, *reply) {
	if len(asked) == 0 {
		asked = o.defaults
	}
	chosen := selection{object: o}
	for _, name := range append(slices.Clone(asked), o.created, o.modified, "hs_object_id") {
		d, ok := s.schema.find(o.name, name)
		if !ok || !d.exists() || slices.Contains(chosen.names, name) {
			continue
		}
		if class := d.class(); class != nonSensitive && !c.may([]string{o.sensitiveScope(class, "read")}) {
			answer := missingScopes(o.sensitiveScope(class, "read"))
			return selection{}, &answer
		}
		chosen.names = append(chosen.names, name)
	}
	return chosen, nil
}

// askedProperties reads ?properties=, comma-joined or repeated.
func askedProperties(query url.Values, key string) []string {
	var names []string
	for _, value := range query[key] {
		for _, name := range strings.Split(value, ",") {
			if name = strings.TrimSpace(name); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// show describes one version of a record. Callers hold the store's mu.
func (s *Simulator) show(t *table, r *row, v *version, chosen selection) recordAnswer {
	answer := s.envelope(t, r, v)
	values := s.store.values(t, r, v)
	for _, name := range chosen.names {
		answer.Properties[name] = nil
		if value, ok := values[name]; ok {
			answer.Properties[name] = &value
		}
	}
	return answer
}

// envelope is a record without its properties.
func (s *Simulator) envelope(t *table, r *row, v *version) recordAnswer {
	answer := recordAnswer{
		ID: t.id(r), Properties: map[string]*string{}, CreatedAt: timestamp(v.created), UpdatedAt: timestamp(v.modified),
		Archived: v.archived, URL: s.recordURL(t.object, t.id(r)),
	}
	if v.archived {
		answer.ArchivedAt = timestamp(v.archivedAt)
	}
	return answer
}

// recordURL is where people look at a record.
func (s *Simulator) recordURL(o *objectType, id string) string {
	root := "https://" + uiDomain
	portal := strconv.FormatInt(s.config.PortalID, 10)
	switch {
	case o.name == "tasks":
		return root + "/tasks/" + portal + "/view/all/task/" + id
	case o.engagement:
		filter := `[{"property":"hs_object_id","operator":"EQ","value":"` + id + `"}]`
		return root + "/contacts/" + portal + "/objects/" + o.typeID + "/views/all/list?filters=" + url.QueryEscape(filter)
	}
	return root + "/contacts/" + portal + "/record/" + o.typeID + "/" + id
}

// list serves the plain list, ordered by id. Its cursor is the id to go on from.
func (s *Simulator) list(c *call, o *objectType) reply {
	if !holdsAll(c.scopes, o.read) {
		return missingScopes(o.missingReaders(c.scopes)...)
	}
	limit, refused := pageLimit(c.query.Get("limit"), defaultPage, maxPage)
	if refused != nil {
		return *refused
	}
	if c.query.Has("propertiesWithHistory") {
		return notSimulated("the history of properties")
	}
	chosen, refused := s.selectProperties(c, o, askedProperties(c.query, "properties"))
	if refused != nil {
		return *refused
	}
	joins, refused := s.joins(c, o)
	if refused != nil {
		return *refused
	}
	var from int64
	if after := c.query.Get("after"); after != "" {
		id, err := strconv.ParseInt(after, 10, 64)
		if err != nil {
			return invalid("The after parameter %q is not a valid paging cursor", after)
		}
		from = id
	}
	s.controls.beforePage(o.name)
	archived := c.query.Get("archived") == "true"
	page := recordPage{Results: []recordAnswer{}}
	s.store.read(o, func(t *table) {
		for n := t.from(from); n < len(t.rows); n++ {
			r := t.rows[n]
			if r.now.archived != archived || r.now.erased() {
				continue
			}
			if len(page.Results) == limit {
				page.Paging = &paging{Next: pagingNext{After: t.id(r), Link: nextLink(c, t.id(r))}}
				break
			}
			page.Results = append(page.Results, s.show(t, r, &r.now, chosen))
		}
	})
	for i := range page.Results {
		page.Results[i].Associations = s.joined(o, page.Results[i].ID, joins)
	}
	answer := jsonReply(http.StatusOK, page)
	answer.metered = true
	return answer
}

// nextLink is the address of the next page. It names HubSpot's host, where nothing should follow it: use after.
func nextLink(c *call, after string) string {
	query := maps.Clone(c.query)
	query.Set("after", after)
	prefix := "/crm/v3/objects/"
	if dated(c.location.version) {
		prefix = "/crm/objects/" + c.location.version + "/"
	}
	return "https://api.hubapi.com" + prefix + strings.Join(c.location.rest, "/") + "?" + query.Encode()
}

func pageLimit(value string, fallback, most int) (int, *reply) {
	if value == "" {
		return fallback, nil
	}
	limit, err := strconv.Atoi(value)
	if err != nil || limit < 1 || limit > most {
		answer := invalid("The limit %q is invalid: want 1 to %d", value, most)
		return 0, &answer
	}
	return limit, nil
}

// missingReaders are the scopes that the 403 for reading names.
func (o *objectType) missingReaders(held []string) []string {
	if o.sensitive {
		return o.readers()
	}
	var missing []string
	for _, one := range o.read {
		if !holds(held, one) {
			missing = append(missing, one)
		}
	}
	return missing
}

// one serves a single record for reading, updating and archiving.
func (s *Simulator) one(c *call, o *objectType, id string) reply {
	switch c.method {
	case http.MethodPatch:
		return s.update(c, o, id)
	case http.MethodDelete:
		return s.archive(c, o, id)
	case http.MethodGet:
	default:
		return methodNotAllowed()
	}
	if !holdsAll(c.scopes, o.read) {
		return missingScopes(o.missingReaders(c.scopes)...)
	}
	chosen, refused := s.selectProperties(c, o, askedProperties(c.query, "properties"))
	if refused != nil {
		return *refused
	}
	joins, refused := s.joins(c, o)
	if refused != nil {
		return *refused
	}
	archived := c.query.Get("archived") == "true"
	found := false
	var answer recordAnswer
	s.store.read(o, func(t *table) {
		r, ok := s.lookup(t, id, c.query.Get("idProperty"))
		if found = ok && r.now.archived == archived && !r.now.erased(); found {
			answer = s.show(t, r, &r.now, chosen)
		}
	})
	if !found {
		if _, err := strconv.ParseInt(id, 10, 64); err != nil && c.query.Get("idProperty") == "" {
			return objectMissing(id)
		}
		return resourceMissing()
	}
	answer.Associations = s.joined(o, answer.ID, joins)
	return jsonReply(http.StatusOK, answer)
}

// lookup finds a record by id or by the value of a property that identifies it. Callers hold the store's mu.
func (s *Simulator) lookup(t *table, id, property string) (*row, bool) {
	if property == "" || property == "hs_object_id" {
		return t.byID(id)
	}
	for _, r := range t.rows {
		if !r.now.archived && strings.EqualFold(s.identity(t, r, property), id) {
			return r, true
		}
	}
	return nil, false
}

// identity is the value of a property that identifies records. Mail addresses, which every new contact is compared
// with, are found without making the record's other values.
func (s *Simulator) identity(t *table, r *row, property string) string {
	if t.object.name == "contacts" && property == "email" {
		if value, set := r.now.values[property]; set || r.origin < 0 {
			return value
		}
		return s.store.person(r.origin).Email
	}
	return s.store.values(t, r, &r.now)[property]
}

// identifies reports whether a property may be used as idProperty.
func (s *Simulator) identifies(o *objectType, property string) bool {
	if property == "" || property == "hs_object_id" || (o.name == "contacts" && property == "email") {
		return true
	}
	d, ok := s.schema.find(o.name, property)
	return ok && d.exists() && d.unique
}

// batchRead serves POST …/batch/read. It has no associations.
func (s *Simulator) batchRead(c *call, o *objectType) reply {
	var body struct {
		Properties []string `json:"properties"`
		History    []string `json:"propertiesWithHistory"`
		IDProperty string   `json:"idProperty"`
		Inputs     []struct {
			ID string `json:"id"`
		} `json:"inputs"`
	}
	refused := c.read(&body)
	switch {
	case refused != nil:
		return *refused
	case !holdsAll(c.scopes, o.read):
		return missingScopes(o.missingReaders(c.scopes)...)
	case len(body.Inputs) > maxBatch:
		return invalid("The maximum number of inputs supported in a batch request is %d", maxBatch)
	case len(body.History) > 0:
		return notSimulated("the history of properties")
	case !s.identifies(o, body.IDProperty):
		return invalid("%s is not a unique identifier property of %s", body.IDProperty, o.title)
	}
	chosen, refused := s.selectProperties(c, o, body.Properties)
	if refused != nil {
		return *refused
	}
	s.controls.beforePage(o.name)
	archived := c.query.Get("archived") == "true"
	batch := newBatch(s.store.now())
	var missing []string
	s.store.read(o, func(t *table) {
		for _, input := range body.Inputs {
			r, ok := s.lookup(t, input.ID, body.IDProperty)
			if !ok || r.now.archived != archived || r.now.erased() {
				missing = append(missing, input.ID)
				continue
			}
			batch.add(s.show(t, r, &r.now, chosen))
		}
	})
	if len(missing) > 0 {
		batch.fail(notGotten(o, missing))
	}
	return batch.reply(http.StatusOK, s.store.now())
}

func notGotten(o *objectType, ids []string) apiError {
	return apiError{
		Category: "OBJECT_NOT_FOUND", Context: map[string][]string{"ids": ids},
		Message: fmt.Sprintf("Could not get some %s objects, they may be deleted or not exist. Check that ids are valid.", o.title),
	}
}

// erased reports whether a record was removed for good, at somebody's request for privacy.
func (v *version) erased() bool { return v.archived && v.archivedAt.Equal(time.Time{}) }

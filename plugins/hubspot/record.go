package hubspot

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// row is one record as HubSpot sent it.
type row struct {
	ID         number                     `json:"id"`
	Properties map[string]json.RawMessage `json:"properties"`
	CreatedAt  string                     `json:"createdAt"`
	UpdatedAt  string                     `json:"updatedAt"`
	ArchivedAt string                     `json:"archivedAt"`
}

// plan sorts the wanted fields by where they come from.
type plan struct {
	asked        []column // all, in order, each once
	properties   []string
	associations []string // objects
}

// column is a wanted field with its name as JSON, which is written once for every
// record: a portal has hundreds of properties.
type column struct {
	name string
	key  []byte
}

func newColumn(name string) column {
	key, _ := json.Marshal(name) // a text can always be written
	return column{name, append(key, ':')}
}

func planFields(o objectType, fields []string) plan {
	var p plan
	for _, name := range slices.Compact(slices.Sorted(slices.Values(fields))) {
		p.asked = append(p.asked, newColumn(name))
		to, association := strings.CutPrefix(name, associationPrefix)
		switch {
		case association && slices.Contains(o.associations(), to):
			p.associations = append(p.associations, to)
		case name == "id" || name == "createdAt" || name == "updatedAt":
		default:
			p.properties = append(p.properties, name)
		}
	}
	return p
}

// tooLongForURL reports whether the names of the properties do not fit a URL.
func (p plan) tooLongForURL(v version, o objectType) bool {
	query := url.Values{"properties": {strings.Join(p.properties, ",")}, "limit": {"100"}, "after": {strings.Repeat("9", 40)}}
	return len(withQuery(v.records(o.name), query)) > maxURL
}

// object is a JSON object that is being written.
type object struct{ buf []byte }

// add writes a member; value must be valid JSON.
func (o *object) add(c column, value []byte) {
	separator := byte(',')
	if len(o.buf) == 0 {
		separator = '{'
	}
	o.buf = append(o.buf, separator)
	o.buf = append(append(o.buf, c.key...), value...)
}

func (o *object) bytes() json.RawMessage {
	if len(o.buf) == 0 {
		return json.RawMessage("{}")
	}
	return append(o.buf, '}')
}

// records turns rows into records, fetching what the rows do not have yet:
// properties, when their names were too many, and associations.
func (r *reader) records(ctx context.Context, rows []row) ([]sdk.Record, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	if r.byBatch && len(r.plan.properties) > 0 {
		var err error
		if rows, err = r.batchRead(ctx, rows); err != nil {
			return nil, err
		}
	}
	links := map[string]map[string][]association{} // by object and record id
	for _, to := range r.plan.associations {
		found, err := r.associations(ctx, to, rows)
		if err != nil {
			return nil, err
		}
		links[to] = found
	}
	records := make([]sdk.Record, len(rows))
	size := 0
	for i, row := range rows {
		data := object{buf: make([]byte, 0, size)} // records are about as long as the one before
		for _, column := range r.plan.asked {
			if value := row.value(column.name, links); value != nil {
				data.add(column, value)
			}
		}
		size = len(data.buf) + 64
		records[i] = sdk.Record{ID: string(row.ID), ModifiedAt: parseTime(row.UpdatedAt), Data: data.bytes()}
	}
	return records, nil
}

// value is a field of the row as JSON; nil when HubSpot did not send it.
func (row row) value(name string, links map[string]map[string][]association) []byte {
	var own any
	switch name {
	case "id":
		own = string(row.ID)
	case "createdAt":
		own = row.CreatedAt
	case "updatedAt":
		own = row.UpdatedAt
	default:
		if found, ok := links[strings.TrimPrefix(name, associationPrefix)]; ok && strings.HasPrefix(name, associationPrefix) {
			own = sorted(found[string(row.ID)])
			break
		}
		return row.Properties[name]
	}
	value, err := json.Marshal(own)
	if err != nil {
		return nil // texts and numbers can always be written
	}
	return value
}

// maxBatch is HubSpot's limit of records in a batch read.
const maxBatch = 100

type batchBody struct {
	Properties []string  `json:"properties,omitempty"`
	Inputs     []batchID `json:"inputs"`
}

type batchID struct {
	ID    string `json:"id"`
	After string `json:"after,omitempty"`
}

// partError is a part of a batch that failed.
type partError struct {
	Category    string          `json:"category"`
	SubCategory json.RawMessage `json:"subCategory"`
	Message     string          `json:"message"`
	Context     json.RawMessage `json:"context"`
}

// batchRead fetches the properties of rows. A row that was archived in between is
// left out: it counts as archived before the page was read. So is one that was
// merged into another record, which HubSpot then sends in its place.
func (r *reader) batchRead(ctx context.Context, rows []row) ([]row, error) {
	byID := make(map[number]row, len(rows))
	for some := range slices.Chunk(rows, maxBatch) {
		body := batchBody{Properties: r.plan.properties}
		for _, row := range some {
			body.Inputs = append(body.Inputs, batchID{ID: string(row.ID)})
		}
		var reply struct {
			Results []row       `json:"results"`
			Errors  []partError `json:"errors"`
		}
		if _, err := r.call(ctx, request{path: r.api().batchRead(r.object.name), body: body, about: r.object}, &reply); err != nil {
			return nil, err
		}
		gone, strangers := map[string]bool{}, 0
		for _, part := range reply.Errors {
			if part.Category != "OBJECT_NOT_FOUND" {
				return nil, sdk.BadResponse("HubSpot could not read a part of a batch of " + r.object.name + ": " + excerpt(part.Category+" "+part.Message))
			}
			for _, id := range texts(part.Context, "ids") {
				gone[id] = true
			}
		}
		for _, row := range reply.Results {
			byID[row.ID] = row
			if !slices.ContainsFunc(body.Inputs, func(asked batchID) bool { return asked.ID == string(row.ID) }) {
				strangers++ // the record that an asked one was merged into
			}
		}
		for _, row := range some {
			if _, ok := byID[row.ID]; ok || gone[string(row.ID)] {
				continue
			}
			if strangers--; strangers < 0 {
				return nil, sdk.BadResponse("HubSpot left a record out of a batch read of " + r.object.name + " and did not say why")
			}
		}
	}
	var complete []row
	for _, row := range rows {
		if full, ok := byID[row.ID]; ok {
			complete = append(complete, full)
		}
	}
	return complete, nil
}

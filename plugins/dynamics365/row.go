package dynamics365

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// Annotations of the Web API that records carry along.
const (
	annotationFormatted = "OData.Community.Display.V1.FormattedValue"
	annotationTable     = "Microsoft.Dynamics.CRM.lookuplogicalname"
	formatted           = `odata.include-annotations="` + annotationFormatted + "," + annotationTable + `"`
)

// modifiedOn is the column that tells when a row changed last.
const modifiedOn = "modifiedon"

// row is one entry of a page.
type row map[string]json.RawMessage

// text is a member that is a string; empty when it is not there or none.
func (r row) text(name string) string {
	var text string
	if json.Unmarshal(r[name], &text) != nil {
		return ""
	}
	return text
}

// deleted reports whether the entry of a delta stands for a deleted row.
func (r row) deleted() bool { return strings.HasSuffix(r.text("@odata.context"), "/$deletedEntity") }

// version tells one version of a row from another. The ETag is opaque, and differs
// with every change.
func (r row) version() string { return r.text("@odata.etag") }

// record turns an entry into a record: columns under their logical names, with the
// text that people see ("statecode@formatted") and the table a lookup points to
// ("ownerid@table"). Columns that nobody asked for, as the currency that comes
// with every amount, are left out.
func (r row) record(key string, wanted map[string]bool) (sdk.Record, error) {
	if r.deleted() {
		id := strings.ToLower(r.text("id"))
		if !guid.MatchString(id) {
			return sdk.Record{}, sdk.BadResponse("Dataverse reported a deleted row without its id")
		}
		return sdk.Record{ID: id, Deleted: true}, nil
	}
	record := sdk.Record{ID: strings.ToLower(r.text(key))}
	if !guid.MatchString(record.ID) {
		return sdk.Record{}, sdk.BadResponse("Dataverse sent a row without its primary key")
	}
	if stamp := r.text(modifiedOn); stamp != "" {
		at, err := time.Parse(time.RFC3339, stamp)
		if err != nil {
			return sdk.Record{}, sdk.BadResponse("Dataverse sent a row with an unreadable modifiedon")
		}
		record.ModifiedAt = at.UTC()
	}
	record.Data = r.object(wanted)
	return record, nil
}

// object writes the wanted members as a JSON object, sorted by name.
func (r row) object(wanted map[string]bool) json.RawMessage {
	type member struct {
		name  string
		value json.RawMessage
	}
	members := make([]member, 0, len(r))
	size := 2
	for name, value := range r {
		property, annotation, annotated := strings.Cut(name, "@")
		column := columnOf(property)
		if !wanted[column] {
			continue
		}
		switch {
		case !annotated:
		case annotation == annotationFormatted:
			column += "@formatted"
		case annotation == annotationTable:
			column += "@table"
		default:
			continue
		}
		members = append(members, member{column, value})
		size += len(column) + len(value) + len(`"":,`)
	}
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	object := append(make([]byte, 0, size), '{')
	for i, m := range members {
		if i > 0 {
			object = append(object, ',')
		}
		object = append(append(append(object, '"'), m.name...), '"', ':')
		object = append(object, m.value...)
	}
	return append(object, '}')
}

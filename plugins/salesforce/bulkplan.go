package salesforce

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// bulkPlan is a select list for the Bulk API, and how a row of its CSV becomes the
// record that REST would have answered.
type bulkPlan struct {
	columns []bulkColumn
	// compounds are the fields that are put together from columns.
	compounds []string
}

// bulkColumn is one selected field.
type bulkColumn struct {
	name string
	// convert makes JSON of a value that is not empty.
	convert func(text string) (json.RawMessage, error)
	// compound and part: the column is a part of that field, not a field wanted
	// for itself; compound is empty for any other. A part that is wanted for
	// itself too is two columns of the record and one of the query.
	compound, part string
	// hidden columns are read for the position only.
	hidden bool
}

// planBulk makes the plan for the wanted fields by the object's describe; false
// when a field is not listed or is of a type that a bulk query does not do.
func planBulk(describe objectDescribe, wanted []string) (bulkPlan, bool) {
	var plan bulkPlan
	byName := make(map[string]fieldDescribe, len(describe.Fields))
	for _, f := range describe.Fields {
		byName[strings.ToLower(f.Name)] = f
	}
	seen := map[string]bool{}
	for i, name := range append([]string{"Id", "SystemModstamp"}, wanted...) {
		f, ok := byName[strings.ToLower(name)]
		if !ok {
			return bulkPlan{}, false
		}
		if position := i < 2; position || !seen[f.Name] {
			seen[f.Name] = !position
			if !plan.add(f, describe.Fields, position) {
				return bulkPlan{}, false
			}
		}
	}
	return plan, true
}

// add plans one field.
func (p *bulkPlan) add(f fieldDescribe, all []fieldDescribe, position bool) bool {
	if f.Type != "address" && f.Type != "location" {
		convert, ok := converter(f.Type)
		p.columns = append(p.columns, bulkColumn{name: f.Name, convert: convert, hidden: position})
		return ok
	}
	p.compounds = append(p.compounds, f.Name)
	found := false
	for _, part := range all {
		if !strings.EqualFold(part.CompoundFieldName, f.Name) {
			continue
		}
		convert, ok := converter(part.Type)
		key := partKey(part.Name)
		if !ok || key == "" {
			return false
		}
		p.columns = append(p.columns, bulkColumn{name: part.Name, convert: convert, compound: f.Name, part: key})
		found = true
	}
	return found
}

// partKeys are the members that REST gives a compound field.
func partKeys() []string {
	return []string{"street", "city", "state", "stateCode", "postalCode", "country", "countryCode", "latitude", "longitude", "geocodeAccuracy"}
}

// partKey is the member of a compound field that one of its parts becomes:
// BillingStreet → street, Site__Latitude__s → latitude.
func partKey(name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, "__s"))
	found := ""
	for _, key := range partKeys() {
		if strings.HasSuffix(name, strings.ToLower(key)) && len(key) > len(found) {
			found = key
		}
	}
	return found
}

// converter is how values of a field type become JSON; false for types that are
// not read by bulk jobs (base64, complexvalue, anyType).
func converter(fieldType string) (func(string) (json.RawMessage, error), bool) {
	switch fieldType {
	case "id", "reference", "string", "textarea", "picklist", "multipicklist", "combobox", "email", "phone", "url", "date", "time", "encryptedstring":
		return func(text string) (json.RawMessage, error) { return jsonText(text), nil }, true
	case "boolean":
		return convertBoolean, true
	case "int", "long", "double", "currency", "percent":
		return convertNumber, true
	case "datetime":
		return convertTime, true
	default:
		return nil, false
	}
}

func convertBoolean(text string) (json.RawMessage, error) {
	switch strings.ToLower(text) {
	case "true":
		return json.RawMessage("true"), nil
	case "false":
		return json.RawMessage("false"), nil
	default:
		return nil, sdk.BadResponse("Salesforce's bulk result has a checkbox that is neither true nor false")
	}
}

func convertNumber(text string) (json.RawMessage, error) {
	var number json.Number
	if json.Unmarshal([]byte(text), &number) != nil {
		return nil, sdk.BadResponse("Salesforce's bulk result has a number that is none")
	}
	return canonicalNumber(text), nil
}

func convertTime(text string) (json.RawMessage, error) {
	t, err := parseTime(text)
	if err != nil {
		return nil, sdk.BadResponse("Salesforce's bulk result has a time that is none")
	}
	return json.RawMessage(t.Format(`"2006-01-02T15:04:05.000-0700"`)), nil
}

// names are the selected fields, each once.
func (p bulkPlan) names() []string {
	var names []string
	for _, column := range p.columns {
		if !slices.Contains(names, column.name) {
			names = append(names, column.name)
		}
	}
	return names
}

// record makes a record of a CSV row; places tells where each of names stands.
func (p bulkPlan) record(cells []string, places map[string]int) (sdk.Record, error) {
	var data row
	compounds := make(map[string]*row, len(p.compounds))
	for _, compound := range p.compounds {
		compounds[compound] = &row{}
	}
	var record sdk.Record
	for _, column := range p.columns {
		place, ok := places[strings.ToLower(column.name)]
		if !ok || place >= len(cells) {
			return sdk.Record{}, sdk.BadResponse(fmt.Sprintf("Salesforce's bulk result has a row of %d columns without %s", len(cells), column.name))
		}
		text := cells[place]
		if column.hidden {
			if err := readKey(&record, column.name, text); err != nil {
				return sdk.Record{}, err
			}
			continue
		}
		value := json.RawMessage(null)
		if text != "" {
			var err error
			if value, err = column.convert(text); err != nil {
				return sdk.Record{}, err
			}
		}
		into, name := &data, column.name
		if column.compound != "" {
			into, name = compounds[column.compound], column.part
		}
		into.members = append(into.members, member{name, value})
	}
	for _, name := range p.compounds {
		compound := compounds[name]
		compound.members = sortedMembers(compound.members)
		data.members = append(data.members, member{name, compound.object(func(string) bool { return true })})
	}
	data.members = sortedMembers(data.members)
	record.Data = data.object(func(string) bool { return true })
	return record, nil
}

// readKey reads a column of the position into a record.
func readKey(record *sdk.Record, column, text string) (err error) {
	if column == "Id" {
		if record.ID = text; !recordID.MatchString(text) {
			return sdk.BadResponse("Salesforce's bulk result has a record without Id")
		}
		return nil
	}
	if record.ModifiedAt, err = parseTime(text); err != nil {
		return sdk.BadResponse("Salesforce's bulk result has a record with an unreadable " + column)
	}
	return nil
}

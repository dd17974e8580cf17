package hubspot

import (
	"encoding/json"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// ownerFields are the fixed fields of owners.
func ownerFields(o objectType) *fieldList {
	list := &fieldList{object: o, names: map[string]bool{}}
	for _, field := range [][3]string{
		{"id", "Owner ID", typeID},
		{"email", "Email", "string"},
		{"type", "Type", "string"},
		{"firstName", "First name", "string"},
		{"lastName", "Last name", "string"},
		{"userId", "User ID", "number"},
		{"userIdIncludingInactive", "User ID, of inactive users too", "number"},
		{"createdAt", "Created at", "datetime"},
		{"updatedAt", "Updated at", "datetime"},
		{"archived", "Deactivated", "bool"},
		{"teams", "Teams", "json"},
	} {
		list.add(sdk.Field{Name: field[0], Label: field[1], Type: field[2], Rights: sdk.Rights{Read: true}})
	}
	return list
}

// ownerRecord makes a record of an owner, with the wanted members as HubSpot sent
// them. A deactivated owner is no deleted record: records still refer to it.
func ownerRecord(raw json.RawMessage, fields []column) (sdk.Record, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return sdk.Record{}, errNoRecord(ownersObject)
	}
	var id number
	var updated string
	_ = json.Unmarshal(members["id"], &id)
	_ = json.Unmarshal(members["updatedAt"], &updated)
	if id == "" {
		return sdk.Record{}, errNoRecord(ownersObject)
	}
	record := sdk.Record{ID: string(id), ModifiedAt: parseTime(updated)}
	var data object
	for _, column := range fields {
		if value, ok := members[column.name]; ok {
			data.add(column, value)
		}
	}
	record.Data = data.bytes()
	return record, nil
}

// ownersReply is a page of owners.
type ownersReply struct {
	Results []json.RawMessage `json:"results"`
	Paging  struct {
		Next struct {
			After string `json:"after"`
		} `json:"next"`
	} `json:"paging"`
}

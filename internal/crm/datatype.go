package crm

import (
	"slices"
	"strings"
)

// DataType is the kind of value that a standard field holds.
type DataType string

// Values of DataType.
const (
	TypeID        DataType = "ID"
	TypeReference DataType = "REFERENCE"
	TypeText      DataType = "TEXT"
	TypePicklist  DataType = "PICKLIST"
	TypeEmail     DataType = "EMAIL"
	TypePhone     DataType = "PHONE"
	TypeURL       DataType = "URL"
	TypeNumber    DataType = "NUMBER"
	TypeBoolean   DataType = "BOOLEAN"
	TypeDate      DataType = "DATE"
	TypeDateTime  DataType = "DATE_TIME"
)

// Values lists the data types.
func (DataType) Values() []string {
	return []string{
		string(TypeID), string(TypeReference), string(TypeText), string(TypePicklist), string(TypeEmail), string(TypePhone),
		string(TypeURL), string(TypeNumber), string(TypeBoolean), string(TypeDate), string(TypeDateTime),
	}
}

// dataTypesOf tells which standard data types a CRM's own field type can hold;
// nil for a type it does not know. The names are those of Salesforce's describe,
// of HubSpot's properties and of Dynamics' attribute metadata, in lower case;
// Dynamics appends "Type" to some of its own.
func dataTypesOf(crmType string) []DataType {
	switch strings.TrimSuffix(strings.ToLower(crmType), "type") {
	case "id", "uniqueidentifier", "primarykey":
		return []DataType{TypeID, TypeReference}
	case "reference", "lookup", "owner", "customer", "partylist", "associations":
		return []DataType{TypeReference}
	case "string", "textarea", "memo", "encryptedstring", "address", "entityname":
		// Custom text fields are where admins keep anything that is spelt out. HubSpot
		// and Dynamics have no other type for e-mail addresses, and HubSpot none for ids.
		return []DataType{TypeText, TypeEmail, TypePhone, TypeURL, TypePicklist, TypeReference, TypeID}
	case "enumeration":
		// HubSpot lists owners and teams as choices.
		return []DataType{TypePicklist, TypeText, TypeReference}
	case "picklist", "multipicklist", "multiselectpicklist", "combobox":
		return []DataType{TypePicklist, TypeText}
	case "state", "status":
		// Dynamics tells with its state whether a record is closed or active.
		return []DataType{TypePicklist, TypeText, TypeBoolean}
	case "email":
		return []DataType{TypeEmail, TypeText}
	case "phone", "phone_number":
		return []DataType{TypePhone, TypeText}
	case "url":
		return []DataType{TypeURL, TypeText}
	case "int", "integer", "long", "bigint", "double", "decimal", "currency", "money", "percent":
		return []DataType{TypeNumber}
	case "number":
		// HubSpot's ids are numbers.
		return []DataType{TypeNumber, TypeID, TypeReference}
	case "boolean", "bool":
		return []DataType{TypeBoolean}
	case "date":
		return []DataType{TypeDate}
	case "datetime":
		return []DataType{TypeDateTime, TypeDate}
	default:
		return nil
	}
}

// Holds reports whether a CRM field of a type can stand for values of the data
// type. A type that is not known holds nothing: an automatic mapping must not
// guess (an admin still may map it).
func (d DataType) Holds(crmType string) bool {
	return slices.Contains(dataTypesOf(crmType), d)
}

// Suits reports whether a mapping of a CRM field of a type works: the type holds the
// values, or can be written out where text is wanted, or is one that nobody knows, of
// which nothing bad can be said.
func (d DataType) Suits(crmType string) bool {
	return d == TypeText || d.Holds(crmType) || dataTypesOf(crmType) == nil
}

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
// of HubSpot's properties and of Dynamics' attribute metadata, in lower case.
func dataTypesOf(crmType string) []DataType {
	switch strings.ToLower(crmType) {
	case "id", "uniqueidentifier":
		return []DataType{TypeID, TypeReference}
	case "reference", "lookup", "owner", "customer":
		return []DataType{TypeReference}
	case "string", "textarea", "memo", "encryptedstring", "address":
		// Custom text fields are where admins keep anything that is spelt out.
		return []DataType{TypeText, TypeEmail, TypePhone, TypeURL, TypePicklist, TypeReference}
	case "picklist", "multipicklist", "combobox", "enumeration", "state", "status":
		return []DataType{TypePicklist, TypeText}
	case "email":
		return []DataType{TypeEmail, TypeText}
	case "phone", "phone_number":
		return []DataType{TypePhone, TypeText}
	case "url":
		return []DataType{TypeURL, TypeText}
	case "int", "integer", "long", "bigint", "double", "decimal", "number", "currency", "money", "percent":
		return []DataType{TypeNumber}
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

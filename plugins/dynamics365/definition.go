package dynamics365

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// activityPointer is the table that all activities inherit most columns from.
const activityPointer = "activitypointer"

// label is a localized text of the platform.
type label struct {
	User *struct {
		Label string `json:"Label"`
	} `json:"UserLocalizedLabel"`
}

// or returns the text in the user's language, or a name where there is none.
func (l label) or(name string) string {
	if l.User == nil || strings.TrimSpace(l.User.Label) == "" {
		return name
	}
	return excerpt(l.User.Label)
}

// privilege is the right to do one thing (Type: Create, Read, Write, …) with the
// rows of a table. Tables may share one: all activities have prvReadActivity.
type privilege struct {
	Name string `json:"Name"`
	ID   string `json:"PrivilegeId"`
	Type string `json:"PrivilegeType"`
}

// definition is a table's EntityMetadata, the properties that matter here. It is
// the same for every user: it says nothing about permission.
type definition struct {
	LogicalName           string      `json:"LogicalName"`
	EntitySetName         string      `json:"EntitySetName"`
	PrimaryIDAttribute    string      `json:"PrimaryIdAttribute"`
	DisplayName           label       `json:"DisplayName"`
	IsActivity            bool        `json:"IsActivity"`
	IsCustomEntity        bool        `json:"IsCustomEntity"`
	IsIntersect           bool        `json:"IsIntersect"`
	IsPrivate             bool        `json:"IsPrivate"`
	ChangeTrackingEnabled bool        `json:"ChangeTrackingEnabled"`
	Privileges            []privilege `json:"Privileges"`
	Attributes            []attribute `json:"Attributes"`
}

// attribute is a column's AttributeMetadata.
type attribute struct {
	LogicalName       string `json:"LogicalName"`
	MetadataID        string `json:"MetadataId"`
	SchemaName        string `json:"SchemaName"`
	AttributeOf       string `json:"AttributeOf"`
	AttributeType     string `json:"AttributeType"`
	AttributeTypeName struct {
		Value string `json:"Value"`
	} `json:"AttributeTypeName"`
	DisplayName           label `json:"DisplayName"`
	IsSecured             bool  `json:"IsSecured"`
	CanBeSecuredForRead   bool  `json:"CanBeSecuredForRead"`
	CanBeSecuredForCreate bool  `json:"CanBeSecuredForCreate"`
	CanBeSecuredForUpdate bool  `json:"CanBeSecuredForUpdate"`
	IsValidForRead        bool  `json:"IsValidForRead"`
	IsValidForCreate      bool  `json:"IsValidForCreate"`
	IsValidForUpdate      bool  `json:"IsValidForUpdate"`
	IsValidODataAttribute bool  `json:"IsValidODataAttribute"`
	IsCustomAttribute     bool  `json:"IsCustomAttribute"`
	RequiredLevel         struct {
		Value string `json:"Value"`
	} `json:"RequiredLevel"`
}

const (
	tableProperties  = "LogicalName,EntitySetName,PrimaryIdAttribute,DisplayName,IsActivity,IsCustomEntity,ChangeTrackingEnabled,Privileges"
	columnProperties = "LogicalName,SchemaName,AttributeOf,AttributeType,AttributeTypeName,DisplayName,IsSecured," +
		"CanBeSecuredForRead,CanBeSecuredForCreate,CanBeSecuredForUpdate,IsValidForRead,IsValidForCreate,IsValidForUpdate," +
		"IsValidODataAttribute,IsCustomAttribute,RequiredLevel"
)

// definitionPart asks for a table with all its columns. Each table is asked for by
// itself, so that a failure concerns that table only, and so that "there is no
// such table" is an answer (404), not a gap in a list.
func definitionPart(table string) part {
	return part{
		path:   "EntityDefinitions(LogicalName='" + table + "')?$select=" + tableProperties + "&$expand=Attributes($select=" + columnProperties + ")",
		object: table,
	}
}

// check tells a definition from anything else that might come with status 200.
// Every table has a primary key: to take an empty list of columns for a loss of
// all of them would be the costliest mistake a check can make.
func (d *definition) check(table string) error {
	switch {
	case !strings.EqualFold(d.LogicalName, table):
		return sdk.BadResponse("Dataverse answered the definition of " + table + " with something else")
	case !logicalName.MatchString(d.EntitySetName) || !logicalName.MatchString(d.PrimaryIDAttribute):
		return sdk.BadResponse("Dataverse answered the definition of " + table + " without its entity set or primary key")
	case d.column(d.PrimaryIDAttribute) == nil:
		return sdk.BadResponse("Dataverse answered the definition of " + table + " without its columns")
	}
	return nil
}

// column finds a column by its logical name; nil when there is none.
func (d *definition) column(name string) *attribute {
	i := slices.IndexFunc(d.Attributes, func(a attribute) bool { return a.LogicalName == name })
	if i < 0 {
		return nil
	}
	return &d.Attributes[i]
}

// privilege finds the privilege of a type; a table may have none.
func (d *definition) privilege(kind string) (privilege, bool) {
	i := slices.IndexFunc(d.Privileges, func(p privilege) bool { return p.Type == kind })
	if i < 0 {
		return privilege{}, false
	}
	return d.Privileges[i], true
}

// label is what people call the table.
func (d *definition) label() string { return d.DisplayName.or(d.LogicalName) }

// selectable reports whether OData can read the column. base is the definition of
// the table that activities inherit from; metadata calls inherited columns not
// valid for OData on the activity itself, though they are.
func (d *definition) selectable(a *attribute, base *definition) bool {
	if a.AttributeOf != "" || !a.IsValidForRead || !a.isPlain() {
		return false
	}
	if a.IsValidODataAttribute {
		return true
	}
	if !d.IsActivity || base == nil {
		return false
	}
	inherited := base.column(a.LogicalName)
	return inherited != nil && inherited.IsValidODataAttribute
}

// isPlain leaves out columns without a value of their own: parties of activities
// are rows of another table, and virtual columns repeat others, except choices
// (several), images and files.
func (a *attribute) isPlain() bool {
	switch {
	case a.AttributeType == "PartyList":
		return false
	case a.AttributeType != "Virtual":
		return true
	default:
		return slices.Contains([]string{"MultiSelectPicklistType", "ImageType", "FileType"}, a.AttributeTypeName.Value)
	}
}

// typeName is the platform's name of the column's type.
func (a *attribute) typeName() string {
	if a.AttributeType == "Virtual" {
		return strings.TrimSuffix(a.AttributeTypeName.Value, "Type")
	}
	return a.AttributeType
}

// isLookup reports whether the column points to a row and is read as _name_value.
func (a *attribute) isLookup() bool {
	return a.AttributeType == "Lookup" || a.AttributeType == "Owner" || a.AttributeType == "Customer"
}

// property is the name under which OData reads the column.
func (a *attribute) property() string {
	if a.isLookup() {
		return "_" + a.LogicalName + "_value"
	}
	return a.LogicalName
}

// securedFor tells for which rights the column needs a column security profile.
// IsSecured alone is not enough: some columns can be secured for changes only.
func (a *attribute) securedFor() sdk.Rights {
	return sdk.Rights{
		Read:   a.IsSecured && a.CanBeSecuredForRead,
		Create: a.IsSecured && a.CanBeSecuredForCreate,
		Update: a.IsSecured && a.CanBeSecuredForUpdate,
	}
}

// field describes a readable column. object are the rights on its table and
// granted those of the column's security profile, where it has one.
func (a *attribute) field(object, granted sdk.Rights) sdk.Field {
	secured := a.securedFor()
	return sdk.Field{
		Name:  a.LogicalName,
		Label: a.DisplayName.or(a.SchemaName),
		Type:  a.typeName(),
		Rights: sdk.Rights{
			Read:   true,
			Create: object.Create && a.IsValidForCreate && (!secured.Create || granted.Create),
			Update: object.Update && a.IsValidForUpdate && (!secured.Update || granted.Update),
		},
		Hideable: a.CanBeSecuredForRead,
		// What the platform itself requires (ids, owner, state) it also fills in.
		RequiredOnCreate: a.IsValidForCreate && a.RequiredLevel.Value == "ApplicationRequired",
		Custom:           a.IsCustomAttribute,
	}
}

// renamed finds a custom column that has the same name as a missing one but for
// the publisher's prefix, which is what a column that was made anew looks like
// (the platform never renames one).
func (d *definition) renamed(missing string, base *definition) *attribute {
	for i := range d.Attributes {
		a := &d.Attributes[i]
		if a.IsCustomAttribute && a.LogicalName != missing && withoutPrefix(a.LogicalName) == withoutPrefix(missing) && d.selectable(a, base) {
			return a
		}
	}
	return nil
}

// withoutPrefix removes a publisher's prefix ("new_", "cr123_").
func withoutPrefix(column string) string {
	if _, rest, ok := strings.Cut(column, "_"); ok && rest != "" {
		return rest
	}
	return column
}

// missingTable says that metadata knows no such table.
func missingTable(table string) string {
	return fmt.Sprintf("The environment has no table %s: Dataverse's metadata answered 404. It was deleted, or the app or solution that brings it was uninstalled.", table)
}

// missingColumn says that metadata knows no such column.
func missingColumn(table, column string) string {
	return fmt.Sprintf("The table %s has no column %s: Dataverse's metadata does not list it.", table, column)
}

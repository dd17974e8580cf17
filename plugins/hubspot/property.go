package hubspot

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// sensitivity is the class of a property's data. HubSpot lists the definitions of
// one class at a time, and values of the sensitive ones need a scope of their own.
type sensitivity string

const (
	sensitive       sensitivity = "sensitive"
	highlySensitive sensitivity = "highly_sensitive"
)

// view is one of HubSpot's lists of an object's property definitions.
type view struct {
	archived bool
	class    sensitivity // "": not sensitive
}

func (v view) query() url.Values {
	query := url.Values{}
	if v.archived {
		query.Set("archived", "true")
	}
	if v.class != "" {
		query.Set("dataSensitivity", string(v.class))
	}
	return query
}

// property is a definition, the members that matter here.
type property struct {
	Name             string `json:"name"`
	Label            string `json:"label"`
	Type             string `json:"type"`
	Calculated       bool   `json:"calculated"`
	HubSpotDefined   bool   `json:"hubspotDefined"`
	Archived         bool   `json:"archived"`
	ArchivedAt       string `json:"archivedAt"`
	ReferencedObject string `json:"referencedObjectType"`
	Modification     struct {
		Archivable    bool `json:"archivable"`
		ReadOnlyValue bool `json:"readOnlyValue"`
	} `json:"modificationMetadata"`
	Options []struct {
		Value  string `json:"value"`
		Label  string `json:"label"`
		Hidden bool   `json:"hidden"`
	} `json:"options"`
}

// definitions fetches one list of an object's properties.
func (s *session) definitions(ctx context.Context, o objectType, v view) ([]property, error) {
	var reply struct {
		Results []property `json:"results"`
	}
	if _, err := s.call(ctx, request{path: s.api().properties(o.name), query: v.query(), about: o}, &reply); err != nil {
		return nil, err
	}
	if reply.Results == nil || slices.ContainsFunc(reply.Results, func(p property) bool { return p.Name == "" }) {
		return nil, sdk.BadResponse("HubSpot answered the properties of " + o.name + " with something else")
	}
	if v == (view{}) && len(reply.Results) == 0 {
		// Every object has hs_object_id. To take this for a loss of all fields
		// would be the costliest mistake a check can make.
		return nil, sdk.BadResponse("HubSpot answered the properties of " + o.name + " with none")
	}
	return reply.Results, nil
}

// field is a property as a field. writable says whether the app may write records
// at all.
func (p property) field(o objectType, writable bool) sdk.Field {
	writable = writable && !p.Modification.ReadOnlyValue && !p.Calculated
	field := sdk.Field{
		Name: p.Name, Label: excerpt(p.Label), Type: p.Type,
		Rights:           sdk.Rights{Read: true, Create: writable, Update: writable},
		Hideable:         p.Modification.Archivable,
		RequiredOnCreate: slices.Contains(o.required, p.Name),
		Custom:           !p.HubSpotDefined,
		References:       referenced(p.ReferencedObject),
	}
	for _, option := range p.Options {
		if len(option.Value) <= maxValue {
			field.Picklist = append(field.Picklist, sdk.PicklistValue{Value: oneLine(option.Value), Label: excerpt(option.Label), Active: !option.Hidden})
		}
	}
	return field
}

// maxValue is the longest value of a choice that the protocol takes.
const maxValue = 1024

// referenced names the object that a property refers to: HubSpot says "OWNER",
// "CONTACT" or "COMPANY".
func referenced(object string) []string {
	if object == "" {
		return nil
	}
	name := strings.ToLower(object)
	for _, o := range objectTypes() {
		if o.name == name || strings.TrimSuffix(o.name, "s") == name || strings.TrimSuffix(o.name, "ies")+"y" == name {
			return []string{o.name}
		}
	}
	return nil
}

// Types of fields that are no properties.
const (
	typeID           = "id"
	typeAssociations = "associations"
)

// associationPrefix begins the pseudo-fields of associations.
const associationPrefix = "associations."

// ownFields are the fields that every record has beside its properties, and the
// associations that can be read.
func (o objectType) ownFields(g grant) []sdk.Field {
	read := sdk.Rights{Read: true}
	fields := []sdk.Field{
		{Name: "id", Label: "Record ID", Type: typeID, Rights: read},
		{Name: "createdAt", Label: "Created at", Type: "datetime", Rights: read},
		{Name: "updatedAt", Label: "Updated at", Type: "datetime", Rights: read},
	}
	for _, to := range o.associations() {
		if missing, _ := objectOf(to).lacks(g); len(missing) == 0 {
			fields = append(fields, sdk.Field{
				Name: associationPrefix + to, Label: "Associated " + to, Type: typeAssociations, Rights: read, References: []string{to},
			})
		}
	}
	return fields
}

// associations are the objects whose associations are offered as fields.
func (o objectType) associations() []string {
	if !o.associated {
		return nil
	}
	return slices.DeleteFunc(associatedTypes(), func(to string) bool { return to == o.name || objectOf(to).typeID == o.name })
}

// fieldList collects an object's readable fields by name. A field of ours goes
// before a property of the same name.
type fieldList struct {
	object objectType
	writes bool
	fields []sdk.Field
	names  map[string]bool
}

func newFieldList(o objectType, g grant) *fieldList {
	l := &fieldList{object: o, writes: o.mayWrite(g), names: map[string]bool{}}
	for _, field := range o.ownFields(g) {
		l.add(field)
	}
	return l
}

func (l *fieldList) add(field sdk.Field) {
	if !l.names[field.Name] {
		l.names[field.Name] = true
		l.fields = append(l.fields, field)
	}
}

func (l *fieldList) addProperties(properties []property) {
	for _, p := range properties {
		if !p.Archived {
			l.add(p.field(l.object, l.writes))
		}
	}
}

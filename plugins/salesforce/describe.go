package salesforce

import (
	"context"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// sobject are the flags of an object, in the global describe and in its own.
// They speak of the calling user. Queryable is a pointer to tell false from
// absent: an answer without it is no describe.
type sobject struct {
	Name                string `json:"name"`
	Label               string `json:"label"`
	Custom              bool   `json:"custom"`
	Queryable           *bool  `json:"queryable"`
	Createable          bool   `json:"createable"`
	Updateable          bool   `json:"updateable"`
	DeprecatedAndHidden bool   `json:"deprecatedAndHidden"`
}

func (o sobject) rights() sdk.Rights {
	return sdk.Rights{Read: o.Queryable != nil && *o.Queryable, Create: o.Createable, Update: o.Updateable}
}

// objectDescribe is the answer of …/sobjects/{object}/describe.
type objectDescribe struct {
	sobject
	Fields []fieldDescribe `json:"fields"`
}

// fieldDescribe is one field of a describe, the properties that matter here. A
// field that field-level security hides from the user is simply not listed.
type fieldDescribe struct {
	Name              string   `json:"name"`
	Label             string   `json:"label"`
	Type              string   `json:"type"`
	Createable        bool     `json:"createable"`
	Updateable        bool     `json:"updateable"`
	Nillable          bool     `json:"nillable"`
	DefaultedOnCreate bool     `json:"defaultedOnCreate"`
	Permissionable    bool     `json:"permissionable"`
	Custom            bool     `json:"custom"`
	CompoundFieldName string   `json:"compoundFieldName"`
	ReferenceTo       []string `json:"referenceTo"`
	PicklistValues    []struct {
		Value  string `json:"value"`
		Label  string `json:"label"`
		Active bool   `json:"active"`
	} `json:"picklistValues"`
}

func (f fieldDescribe) field() sdk.Field {
	field := sdk.Field{
		Name:             f.Name,
		Label:            oneLine(f.Label),
		Type:             f.Type,
		Rights:           sdk.Rights{Read: true, Create: f.Createable, Update: f.Updateable},
		Hideable:         f.Permissionable,
		RequiredOnCreate: f.Createable && !f.Nillable && !f.DefaultedOnCreate,
		Custom:           f.Custom,
		References:       f.ReferenceTo,
	}
	for _, value := range f.PicklistValues {
		field.Picklist = append(field.Picklist, sdk.PicklistValue{Value: value.Value, Label: oneLine(value.Label), Active: value.Active})
	}
	return field
}

func (d objectDescribe) fields() []sdk.Field {
	fields := make([]sdk.Field, len(d.Fields))
	for i, field := range d.Fields {
		fields[i] = field.field()
	}
	return fields
}

func describePath(object string) string { return dataPath + "/sobjects/" + object + "/describe" }

// ListObjects lists the org's objects by one global describe. An object that the
// user may not read, or whose feature is off, is left out by Salesforce or has
// no read right.
func (c *Connector) ListObjects(ctx context.Context, target sdk.Target) ([]sdk.Object, error) {
	s, err := c.session(target)
	if err != nil {
		return nil, err
	}
	var catalogue struct {
		Objects []sobject `json:"sobjects"`
	}
	if err := s.get(ctx, dataPath+"/sobjects", "", &catalogue); err != nil {
		return nil, err
	}
	if len(catalogue.Objects) == 0 {
		return nil, sdk.BadResponse("Salesforce answered the list of objects with none")
	}
	objects := make([]sdk.Object, 0, len(catalogue.Objects))
	for _, o := range catalogue.Objects {
		if !o.DeprecatedAndHidden {
			objects = append(objects, sdk.Object{Name: o.Name, Label: oneLine(o.Label), Custom: o.Custom, Rights: o.rights()})
		}
	}
	return objects, nil
}

// ListFields lists the readable fields of one object by one describe. It judges
// by the same rule as CheckPermissions.
func (c *Connector) ListFields(ctx context.Context, target sdk.Target, object string) ([]sdk.Field, error) {
	s, err := c.session(target)
	if err != nil {
		return nil, err
	}
	if err := checkObjectName(object); err != nil {
		return nil, err
	}
	part, err := s.do(ctx, request{method: "GET", path: describePath(object), object: object})
	if err != nil {
		return nil, err
	}
	check := decide(object, part, nil)
	switch check.Verdict {
	case sdk.VerdictAccessible:
		return check.Fields, nil
	case sdk.VerdictDenied:
		return nil, sdk.ObjectDenied(object, check.Evidence)
	default:
		return nil, check.Failure
	}
}

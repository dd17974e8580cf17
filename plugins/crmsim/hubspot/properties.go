package hubspot

import (
	"net/http"
	"slices"
	"strings"
)

// propertyAnswer is a definition as the API shows it. HubSpot's own have hubspotDefined and no archived; those of the
// customer have it the other way round.
type propertyAnswer struct {
	UpdatedAt          string         `json:"updatedAt,omitempty"`
	CreatedAt          string         `json:"createdAt,omitempty"`
	ArchivedAt         string         `json:"archivedAt,omitempty"`
	Name               string         `json:"name"`
	Label              string         `json:"label"`
	Type               string         `json:"type"`
	FieldType          string         `json:"fieldType"`
	Description        string         `json:"description"`
	GroupName          string         `json:"groupName"`
	Options            []optionAnswer `json:"options"`
	CreatedUserID      string         `json:"createdUserId,omitempty"`
	UpdatedUserID      string         `json:"updatedUserId,omitempty"`
	ReferencedObject   string         `json:"referencedObjectType,omitempty"`
	DisplayOrder       int            `json:"displayOrder"`
	Calculated         bool           `json:"calculated"`
	ExternalOptions    bool           `json:"externalOptions"`
	Archived           *bool          `json:"archived,omitempty"`
	HasUniqueValue     bool           `json:"hasUniqueValue"`
	Hidden             bool           `json:"hidden"`
	HubspotDefined     *bool          `json:"hubspotDefined,omitempty"`
	ShowCurrencySymbol *bool          `json:"showCurrencySymbol,omitempty"`
	Modification       modification   `json:"modificationMetadata"`
	FormField          bool           `json:"formField"`
	DataSensitivity    sensitivity    `json:"dataSensitivity"`
}

type modification struct {
	Archivable         bool `json:"archivable"`
	ReadOnlyDefinition bool `json:"readOnlyDefinition"`
	ReadOnlyValue      bool `json:"readOnlyValue"`
}

type optionAnswer struct {
	Label        string `json:"label"`
	Value        string `json:"value"`
	Description  string `json:"description,omitempty"`
	DisplayOrder int    `json:"displayOrder"`
	Hidden       bool   `json:"hidden"`
}

func (d definition) answer() propertyAnswer {
	yes, archived := true, d.archived()
	answer := propertyAnswer{
		UpdatedAt: timestamp(d.updated), CreatedAt: timestamp(d.created), Name: d.name, Label: d.label, Type: d.kind,
		FieldType: d.fieldType, Description: d.description, GroupName: d.group, Options: []optionAnswer{},
		ReferencedObject: d.referenced, DisplayOrder: -1, Calculated: d.calculated, ExternalOptions: d.external,
		HasUniqueValue: d.unique, Hidden: d.hidden, FormField: d.form, DataSensitivity: d.class(),
		Modification: modification{Archivable: true, ReadOnlyDefinition: !d.custom, ReadOnlyValue: d.readOnly},
	}
	if d.custom {
		answer.CreatedUserID, answer.UpdatedUserID = "1000001", "1000001"
	} else {
		answer.HubspotDefined = &yes
	}
	if d.custom || archived {
		answer.Archived = &archived
	}
	if archived {
		answer.ArchivedAt = timestamp(d.archivedAt)
	}
	if d.currency {
		answer.ShowCurrencySymbol = &yes
	}
	for i, one := range d.options {
		answer.Options = append(answer.Options, optionAnswer{Label: one.label, Value: one.value, DisplayOrder: i})
	}
	return answer
}

// properties serves the definitions of an object.
func (s *Simulator) properties(c *call) reply {
	o, refused := s.typeAt(c, 0)
	if refused != nil {
		return *refused
	}
	rest := c.location.rest[1:]
	switch {
	case c.method == http.MethodGet && !c.may(o.definitions):
		return missingScopes(o.definitions...)
	case c.method != http.MethodGet && !strings.HasSuffix(strings.Join(rest, "/"), "batch/read") && !s.mayDefine(c, o):
		return missingScopes("crm.schemas."+o.name+".write", o.write[0])
	case len(rest) == 0 && c.method == http.MethodGet:
		return s.listProperties(c, o)
	case len(rest) == 0 && c.method == http.MethodPost:
		return s.createProperty(c, o)
	case len(rest) > 0 && rest[0] == "groups":
		return s.propertyGroups(c, o, rest[1:])
	case len(rest) == 2 && rest[0] == "batch":
		return s.batchProperties(c, o, rest[1])
	case len(rest) == 1:
		return s.oneProperty(c, o, rest[0])
	}
	return resourceMissing()
}

func (s *Simulator) mayDefine(c *call, o *objectType) bool {
	return c.may([]string{"crm.schemas." + o.name + ".write"}) || c.may(o.write)
}

// wantedClass reads dataSensitivity: definitions come one class at a time.
func wantedClass(value string) (sensitivity, *reply) {
	switch class := sensitivity(orDefault(value, string(nonSensitive))); class {
	case nonSensitive, sensitive, highlySensitive:
		return class, nil
	default:
		answer := invalid("dataSensitivity: %q is not one of [non_sensitive, sensitive, highly_sensitive]", value)
		return "", &answer
	}
}

// listProperties leaves out what is sensitive unless it is asked for, and archived properties likewise.
func (s *Simulator) listProperties(c *call, o *objectType) reply {
	class, refused := wantedClass(c.query.Get("dataSensitivity"))
	if refused != nil {
		return *refused
	}
	archived := c.query.Get("archived") == "true"
	answers := []propertyAnswer{}
	for _, d := range s.schema.list(o.name) {
		if d.condition != conditionDeleted && d.archived() == archived && d.class() == class {
			answers = append(answers, d.answer())
		}
	}
	answer := results(answers)
	answer.metered = true
	return answer
}

func (s *Simulator) oneProperty(c *call, o *objectType, name string) reply {
	d, ok := s.schema.find(o.name, name)
	if !ok || d.condition == conditionDeleted {
		return propertyMissing(o, name)
	}
	now := s.store.now()
	switch c.method {
	case http.MethodGet:
		if d.archived() != (c.query.Get("archived") == "true") {
			return propertyMissing(o, name)
		}
		answer := jsonReply(http.StatusOK, d.answer())
		answer.metered = true
		return answer
	case http.MethodPatch:
		if !d.custom {
			return invalid("The definition of %s is read only.", name)
		}
		var edit propertyInput
		if refused := c.read(&edit); refused != nil {
			return *refused
		}
		if d, ok = s.schema.update(o.name, name, edit.apply, now); !ok {
			return propertyMissing(o, name)
		}
		return jsonReply(http.StatusOK, d.answer())
	case http.MethodDelete:
		s.schema.change(o.name, name, conditionArchived, now)
		return noContent()
	}
	return methodNotAllowed()
}

func propertyMissing(o *objectType, name string) reply {
	return apiError{
		Message:  "Property " + name + " does not exist for object type " + o.typeID,
		Category: "OBJECT_NOT_FOUND", Context: map[string][]string{"propertyName": {name}},
	}.reply(http.StatusNotFound)
}

// propertyInput is what a client may say about a property.
type propertyInput struct {
	Name            string         `json:"name"`
	Label           string         `json:"label"`
	Type            string         `json:"type"`
	FieldType       string         `json:"fieldType"`
	GroupName       string         `json:"groupName"`
	Description     string         `json:"description"`
	Options         []optionAnswer `json:"options"`
	Hidden          bool           `json:"hidden"`
	FormField       bool           `json:"formField"`
	HasUniqueValue  bool           `json:"hasUniqueValue"`
	DataSensitivity sensitivity    `json:"dataSensitivity"`
}

// apply writes what is given over a definition.
func (in propertyInput) apply(p *property) {
	p.label, p.kind = orDefault(in.Label, p.label), orDefault(in.Type, p.kind)
	p.fieldType, p.group = orDefault(in.FieldType, p.fieldType), orDefault(in.GroupName, p.group)
	p.description, p.hidden, p.form = orDefault(in.Description, p.description), in.Hidden, in.FormField
	if in.Options != nil {
		p.options = nil
		for _, one := range in.Options {
			p.options = append(p.options, option{one.Label, one.Value})
		}
	}
}

func propertyKinds() []string {
	return []string{"string", "number", "bool", "enumeration", "date", "datetime", "phone_number", "object_coordinates", "json"}
}

// define makes a custom property from a client's input.
func (s *Simulator) define(o *objectType, in propertyInput) (definition, *reply) {
	if in.Name == "" || in.Label == "" || in.GroupName == "" || in.FieldType == "" || !slices.Contains(propertyKinds(), in.Type) {
		answer := invalid("Invalid input: name, label, groupName, fieldType and a known type are required")
		return definition{}, &answer
	}
	p := &property{name: in.Name, unique: in.HasUniqueValue, custom: true}
	in.apply(p)
	now := s.store.now()
	made, ok := s.schema.add(o.name, p, now)
	if !ok {
		answer := failure(http.StatusConflict, "OBJECT_ALREADY_EXISTS", "A property named '"+in.Name+"' already exists.")
		return definition{}, &answer
	}
	if in.DataSensitivity == sensitive || in.DataSensitivity == highlySensitive {
		s.schema.change(o.name, in.Name, string(in.DataSensitivity), now)
		made.condition = string(in.DataSensitivity)
	}
	return made, nil
}

func (s *Simulator) createProperty(c *call, o *objectType) reply {
	var in propertyInput
	if refused := c.read(&in); refused != nil {
		return *refused
	}
	made, refused := s.define(o, in)
	if refused != nil {
		return *refused
	}
	return jsonReply(http.StatusCreated, made.answer())
}

// batchProperties serves batch/read, batch/create and batch/archive. Archiving answers 204 for unknown names too.
func (s *Simulator) batchProperties(c *call, o *objectType, verb string) reply {
	var body struct {
		Archived        bool            `json:"archived"`
		DataSensitivity string          `json:"dataSensitivity"`
		Inputs          []propertyInput `json:"inputs"`
	}
	if refused := c.read(&body); refused != nil {
		return *refused
	}
	class, refused := wantedClass(body.DataSensitivity)
	switch {
	case c.method != http.MethodPost:
		return methodNotAllowed()
	case refused != nil:
		return *refused
	case !c.may(o.definitions):
		return missingScopes(o.definitions...)
	}
	batch := newBatch(s.store.now())
	for _, in := range body.Inputs {
		switch verb {
		case "read":
			d, ok := s.schema.find(o.name, in.Name)
			if !ok || d.condition == conditionDeleted || d.archived() != body.Archived || d.class() != class {
				batch.fail(apiError{
					Category: "OBJECT_NOT_FOUND", Message: "Could not get some PROPERTY objects, they may be deleted or not exist.",
					Context: map[string][]string{"names": {in.Name}},
				})
				continue
			}
			batch.add(d.answer())
		case "create":
			made, refused := s.define(o, in)
			if refused != nil {
				return *refused
			}
			batch.add(made.answer())
		case "archive":
			s.schema.change(o.name, in.Name, conditionArchived, s.store.now())
		default:
			return resourceMissing()
		}
	}
	if verb == "archive" {
		return noContent()
	}
	return batch.reply(map[string]int{"read": http.StatusOK, "create": http.StatusCreated}[verb], s.store.now())
}

type groupAnswer struct {
	Name         string `json:"name"`
	Label        string `json:"label"`
	DisplayOrder int    `json:"displayOrder"`
	Archived     bool   `json:"archived"`
}

// propertyGroups serves the groups of an object for reading.
func (s *Simulator) propertyGroups(c *call, o *objectType, rest []string) reply {
	if c.method != http.MethodGet {
		return notSimulated("changing property groups")
	}
	groups, seen := []groupAnswer{}, map[string]bool{}
	for _, d := range s.schema.list(o.name) {
		if !seen[d.group] {
			seen[d.group] = true
			groups = append(groups, groupAnswer{Name: d.group, Label: labelOf(d.group), DisplayOrder: len(groups)})
		}
	}
	if len(rest) == 0 {
		return results(groups)
	}
	for _, one := range groups {
		if one.Name == rest[0] {
			return jsonReply(http.StatusOK, one)
		}
	}
	return resourceMissing()
}

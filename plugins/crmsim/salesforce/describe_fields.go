package salesforce

import "net/http"

// describedField is a field in a full describe: all 57 properties of a real answer, in its alphabetical order.
type describedField struct {
	Aggregatable                 bool            `json:"aggregatable"`
	AIPredictionField            bool            `json:"aiPredictionField"`
	AutoNumber                   bool            `json:"autoNumber"`
	ByteLength                   int             `json:"byteLength"`
	Calculated                   bool            `json:"calculated"`
	CalculatedFormula            *string         `json:"calculatedFormula"`
	CascadeDelete                bool            `json:"cascadeDelete"`
	CaseSensitive                bool            `json:"caseSensitive"`
	CompoundFieldName            *string         `json:"compoundFieldName"`
	ControllerName               *string         `json:"controllerName"`
	Createable                   bool            `json:"createable"`
	Custom                       bool            `json:"custom"`
	DefaultValue                 any             `json:"defaultValue"`
	DefaultValueFormula          *string         `json:"defaultValueFormula"`
	DefaultedOnCreate            bool            `json:"defaultedOnCreate"`
	DependentPicklist            bool            `json:"dependentPicklist"`
	DeprecatedAndHidden          bool            `json:"deprecatedAndHidden"`
	Digits                       int             `json:"digits"`
	DisplayLocationInDecimal     bool            `json:"displayLocationInDecimal"`
	Encrypted                    bool            `json:"encrypted"`
	ExternalID                   bool            `json:"externalId"`
	ExtraTypeInfo                *string         `json:"extraTypeInfo"`
	Filterable                   bool            `json:"filterable"`
	FilteredLookupInfo           *string         `json:"filteredLookupInfo"`
	FormulaTreatNullNumberAsZero bool            `json:"formulaTreatNullNumberAsZero"`
	Groupable                    bool            `json:"groupable"`
	HighScaleNumber              bool            `json:"highScaleNumber"`
	HTMLFormatted                bool            `json:"htmlFormatted"`
	IDLookup                     bool            `json:"idLookup"`
	InlineHelpText               *string         `json:"inlineHelpText"`
	Label                        string          `json:"label"`
	Length                       int             `json:"length"`
	Mask                         *string         `json:"mask"`
	MaskType                     *string         `json:"maskType"`
	Name                         string          `json:"name"`
	NameField                    bool            `json:"nameField"`
	NamePointing                 bool            `json:"namePointing"`
	Nillable                     bool            `json:"nillable"`
	Permissionable               bool            `json:"permissionable"`
	PicklistValues               []picklistValue `json:"picklistValues"`
	PolymorphicForeignKey        bool            `json:"polymorphicForeignKey"`
	Precision                    int             `json:"precision"`
	QueryByDistance              bool            `json:"queryByDistance"`
	ReferenceTargetField         *string         `json:"referenceTargetField"`
	ReferenceTo                  []string        `json:"referenceTo"`
	RelationshipName             *string         `json:"relationshipName"`
	RelationshipOrder            *int            `json:"relationshipOrder"`
	RestrictedDelete             bool            `json:"restrictedDelete"`
	RestrictedPicklist           bool            `json:"restrictedPicklist"`
	Scale                        int             `json:"scale"`
	SearchPrefilterable          bool            `json:"searchPrefilterable"`
	SoapType                     string          `json:"soapType"`
	Sortable                     bool            `json:"sortable"`
	Type                         string          `json:"type"`
	Unique                       bool            `json:"unique"`
	Updateable                   bool            `json:"updateable"`
	WriteRequiresMasterRead      bool            `json:"writeRequiresMasterRead"`
}

type picklistValue struct {
	Active       bool    `json:"active"`
	DefaultValue bool    `json:"defaultValue"`
	Label        string  `json:"label"`
	ValidFor     *string `json:"validFor"`
	Value        string  `json:"value"`
}

func (f *fieldView) describe() describedField {
	described := describedField{
		Aggregatable: f.usage.aggregate, ByteLength: f.byteLength(), CaseSensitive: f.caseSensitive,
		CompoundFieldName: orNull(f.compound), Createable: f.mayCreate, Custom: f.packaged, DefaultValue: f.defaultValue,
		DefaultedOnCreate: f.traits.has(defaulted), Digits: f.digits, ExtraTypeInfo: orNull(f.extra),
		Filterable: f.usage.filter, Groupable: f.usage.group, IDLookup: f.traits.has(idLookup), Label: f.label,
		Length: f.length, Name: f.name, NameField: f.isName, NamePointing: f.polymorphic,
		Nillable: f.traits.has(nillable), Permissionable: f.traits.has(permissionable),
		PicklistValues: []picklistValue{}, PolymorphicForeignKey: f.polymorphic, Precision: f.precision,
		QueryByDistance: f.geoSearch, ReferenceTo: append([]string{}, f.referenceTo...),
		RelationshipName: orNull(f.relationship), RestrictedPicklist: f.traits.has(restricted), Scale: f.scale,
		SearchPrefilterable: f.prefilterable, SoapType: f.soapType(), Sortable: f.usage.sort, Type: f.kind,
		Updateable: f.mayUpdate,
	}
	for _, o := range f.options {
		described.PicklistValues = append(described.PicklistValues,
			picklistValue{Active: true, DefaultValue: o.value == f.defaultValue, Label: o.label, Value: o.value})
	}
	return described
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// byteLength is three bytes per character, except for ids and the like, which are plain ASCII.
func (f *field) byteLength() int {
	if f.ascii || f.kind == "id" || f.kind == "reference" {
		return f.length
	}
	return 3 * f.length
}

// soapType is the XML type behind describe's type.
func (f *field) soapType() string {
	switch f.kind {
	case "id", "reference":
		return "tns:ID"
	case "boolean", "int", "date", "double":
		return "xsd:" + f.kind
	case "currency", "percent":
		return "xsd:double"
	case "datetime":
		return "xsd:dateTime"
	case "address":
		return "urn:address"
	}
	return "xsd:string"
}

type childRelationship struct {
	CascadeDelete       bool     `json:"cascadeDelete"`
	ChildSObject        string   `json:"childSObject"`
	DeprecatedAndHidden bool     `json:"deprecatedAndHidden"`
	Field               string   `json:"field"`
	JunctionIDListNames []string `json:"junctionIdListNames"`
	JunctionReferenceTo []string `json:"junctionReferenceTo"`
	RelationshipName    *string  `json:"relationshipName"`
	RestrictedDelete    bool     `json:"restrictedDelete"`
}

// describedObject is a full describe.
type describedObject struct {
	objectFlags
	ActionOverrides       []string            `json:"actionOverrides"`
	ChildRelationships    []childRelationship `json:"childRelationships"`
	CompactLayoutable     bool                `json:"compactLayoutable"`
	DefaultImplementation *string             `json:"defaultImplementation"`
	ExtendedBy            *string             `json:"extendedBy"`
	ExtendsInterfaces     *string             `json:"extendsInterfaces"`
	Fields                []describedField    `json:"fields"`
	ImplementedBy         *string             `json:"implementedBy"`
	ImplementsInterfaces  *string             `json:"implementsInterfaces"`
	Listviewable          *bool               `json:"listviewable"`
	LookupLayoutable      *bool               `json:"lookupLayoutable"`
	NamedLayoutInfos      []string            `json:"namedLayoutInfos"`
	NetworkScopeFieldName *string             `json:"networkScopeFieldName"`
	RecordTypeInfos       []map[string]any    `json:"recordTypeInfos"`
	SearchLayoutable      bool                `json:"searchLayoutable"`
	DescribeOption        string              `json:"sobjectDescribeOption"`
	SupportedScopes       []map[string]string `json:"supportedScopes"`
	URLs                  map[string]string   `json:"urls"`
}

func fullDescribe(c *call, o *objectView) describedObject {
	described := describedObject{
		objectFlags: o.flags(), ActionOverrides: []string{}, CompactLayoutable: true, DescribeOption: "FULL",
		ChildRelationships: childRelationships(c.view, o), Fields: make([]describedField, len(o.fields)),
		NamedLayoutInfos: []string{}, RecordTypeInfos: []map[string]any{}, SearchLayoutable: true,
		SupportedScopes: []map[string]string{}, URLs: o.urls(c.root),
	}
	for i := range o.fields {
		described.Fields[i] = o.fields[i].describe()
	}
	for _, scope := range o.scopes {
		described.SupportedScopes = append(described.SupportedScopes,
			map[string]string{"name": scope.value, "label": scope.label})
	}
	if o.layoutable {
		const master = "012000000000000AAA"
		described.RecordTypeInfos = append(described.RecordTypeInfos, map[string]any{
			"active": true, "available": true, "defaultRecordTypeMapping": true, "developerName": "Master",
			"master": true, "name": "Master", "recordTypeId": master,
			"urls": map[string]string{"layout": c.root + "/sobjects/" + o.name + "/describe/layouts/" + master},
		})
		described.URLs["uiDetailTemplate"] = c.base + "/{ID}"
		described.URLs["uiEditTemplate"] = c.base + "/{ID}/e"
		described.URLs["uiNewRecord"] = c.base + "/" + o.keyPrefix + "/e"
	}
	return described
}

// childRelationships lists the readable lookups that point at an object.
func childRelationships(v *view, parent *objectView) []childRelationship {
	list := []childRelationship{}
	for _, child := range v.catalog.objects {
		ov, ok := v.object(child.name)
		if !ok {
			continue
		}
		for _, f := range ov.fields {
			for _, to := range f.referenceTo {
				if to == parent.name {
					list = append(list, childRelationship{
						ChildSObject: child.name, Field: f.name,
						RelationshipName: orNull(f.childRelationship), JunctionIDListNames: []string{},
						JunctionReferenceTo: []string{},
					})
				}
			}
		}
	}
	return list
}

// record serves GET /sobjects/{object}/{id}, with ?fields=A,B or all readable fields.
func (s *Simulator) record(c *call) reply {
	o, ok := c.view.object(c.rest[1])
	if !ok {
		return resourceMissing()
	}
	columns, wrong := selection(o, splitList(c.query.Get("fields")))
	if wrong != nil {
		return wrong.reply()
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	t := s.store.tables[o.name]
	r, ok := t.byID(c.rest[2])
	if !ok || r.deleted {
		return resourceMissing()
	}
	body := s.store.appendRecord(nil, c, t, r, columns)
	return reply{status: http.StatusOK, kind: jsonKind, body: body, modified: r.modified, etag: etagOf(r.modified)}
}

// recordByKey serves GET /sobjects/{object}/{field}/{value}: the record whose external id has this value.
func (s *Simulator) recordByKey(c *call) reply {
	o, ok := c.view.object(c.rest[1])
	if !ok {
		return resourceMissing()
	}
	key, wrong := upsertKey(o, c.rest[2])
	if wrong != nil {
		return wrong.reply()
	}
	s.store.mu.RLock()
	found := s.withKey(o, key, c.rest[3])
	s.store.mu.RUnlock()
	if len(found) != 1 {
		return resourceMissing()
	}
	inner := *c
	inner.rest = []string{"sobjects", o.name, s.store.tables[o.name].id(found[0])}
	return s.record(&inner)
}

// selection is the named fields, or without names all readable ones.
func selection(o *objectView, names []string) ([]selected, *writeError) {
	columns := make([]selected, 0, len(o.fields))
	for _, name := range names {
		f, ok := o.field(name)
		if !ok {
			return nil, refuseWrite("INVALID_FIELD", nil, "No such column '%s' on sobject of type %s", name, o.name)
		}
		columns = append(columns, selected{field: f.field})
	}
	if len(names) == 0 {
		for i := range o.fields {
			columns = append(columns, selected{field: o.fields[i].field})
		}
	}
	return columns, nil
}

package salesforce

import (
	"slices"
	"strings"
)

// The catalogue says what the objects and fields of a plain org are, before anybody's rights are looked at: true API
// names, labels, types, lengths and the flags that describe reports. Permissions sit on top (permission.go).

// trait is a set of a field's yes-or-no properties in describe.
type trait uint8

const (
	nillable       trait = 1 << iota // may be empty
	createable                       // may be set on create
	updateable                       // may be set on update
	permissionable                   // field-level security can hide it
	defaulted                        // gets a value by itself on create
	idLookup                         // usable as a key for upsert
	restricted                       // a picklist that refuses other values

	optional   = nillable | createable | updateable | permissionable // an ordinary business field
	required   = createable | updateable                             // must be set on create, never hidden
	systemSet  = defaulted                                           // set by Salesforce, always present
	derived    = nillable                                            // computed, may be empty, never hidden
	checkbox   = createable | updateable | defaulted                 // a writable flag, never hidden
	personName = nillable | createable | updateable                  // first name and salutation
)

func (t trait) has(other trait) bool { return t&other == other }

// option is one value of a picklist.
type option struct{ value, label string }

// field is one field of the catalogue.
type field struct {
	name, label, kind      string // kind is describe's "type"
	length                 int    // characters, for text
	digits                 int    // for int
	precision, scale       int    // for double, currency, percent
	traits                 trait
	compound               string // the compound field it is a part of
	extra                  string // describe's "extraTypeInfo"
	referenceTo            []string
	relationship           string // the name of the parent in a SOQL path
	prefilterable          bool
	isName, caseSensitive  bool
	ascii                  bool // one byte per character
	options                []option
	defaultValue           any
	usage                  usage
	childRelationship      string // the name of the other direction, as the parent's describe lists it
	polymorphic, geoSearch bool
}

// usage says what SOQL may do with a field.
type usage struct{ filter, sort, group, aggregate bool }

// object is one sObject of the catalogue.
type object struct {
	name, label, labelPlural, keyPrefix string
	fields                              []field
	createable, updateable, deletable   bool
	undeletable, mergeable              bool
	searchable, layoutable, triggerable bool
	mruEnabled, feedEnabled, deepClone  bool
	replicateable                       bool
	// switchable: object permissions can take it away. Organization and OpportunityStage are open to every user.
	switchable bool
	scopes     []option
	index      map[string]int // fields by lower-case name
}

// catalog is the immutable set of objects, by lower-case name and in describe order.
type catalog struct {
	objects []*object
	byName  map[string]*object
}

func newCatalog() *catalog {
	c := &catalog{
		objects: []*object{account(), contact(), lead(), opportunity(), opportunityStage(), organization(), user()},
		byName:  map[string]*object{},
	}
	for _, o := range c.objects {
		c.byName[strings.ToLower(o.name)] = o
		o.index = make(map[string]int, len(o.fields))
		for i, f := range o.fields {
			o.index[strings.ToLower(f.name)] = i
		}
	}
	return c
}

// object finds an object by name, without regard to case, as Salesforce does.
func (c *catalog) object(name string) (*object, bool) {
	o, ok := c.byName[strings.ToLower(name)]
	return o, ok
}

// field finds a field by name, without regard to case.
func (o *object) field(name string) (*field, bool) {
	i, ok := o.index[strings.ToLower(name)]
	if !ok {
		return nil, false
	}
	return &o.fields[i], true
}

func newField(kind, name, label string, traits trait) field {
	return field{name: name, label: label, kind: kind, traits: traits, usage: usageOf(kind, 0)}
}

// usageOf is what SOQL may do with a field of this type; long text can be neither filtered nor sorted.
func usageOf(kind string, length int) usage {
	switch kind {
	case "address":
		return usage{filter: true}
	case "boolean":
		return usage{filter: true, sort: true, group: true}
	case "datetime", "double", "currency", "percent":
		return usage{filter: true, sort: true, aggregate: true}
	case "textarea":
		if length > 255 {
			return usage{}
		}
	}
	return usage{filter: true, sort: true, group: true, aggregate: true}
}

func text(name, label string, length int, traits trait) field {
	f := newField("string", name, label, traits)
	f.length = length
	return f
}

func textArea(name, label string, length int, traits trait) field {
	f := text(name, label, length, traits)
	f.kind, f.usage = "textarea", usageOf("textarea", length)
	return f
}

// plainArea is a textarea that describe marks as plain text (addresses and descriptions).
func plainArea(name, label string, length int, traits trait) field {
	f := textArea(name, label, length, traits)
	f.extra = "plaintextarea"
	return f
}

// textLike makes a phone, email or url.
func textLike(kind, name, label string, length int, traits trait) field {
	f := text(name, label, length, traits)
	f.kind = kind
	return f
}

func phone(name, label string, traits trait) field { return textLike("phone", name, label, 40, traits) }

func picklist(name, label string, length int, traits trait, values ...string) field {
	f := textLike("picklist", name, label, length, traits)
	for _, v := range values {
		f.options = append(f.options, option{v, v})
	}
	return f
}

func flag(name, label string, traits trait) field {
	f := newField("boolean", name, label, traits)
	f.defaultValue = false
	return f
}

func integer(name, label string, digits int, traits trait) field {
	f := newField("int", name, label, traits)
	f.digits = digits
	return f
}

func number(kind, name, label string, precision, scale int, traits trait) field {
	f := newField(kind, name, label, traits)
	f.precision, f.scale = precision, scale
	return f
}

func date(name, label string, traits trait) field { return newField("date", name, label, traits) }
func datetime(name, label string, traits trait) field {
	return newField("datetime", name, label, traits)
}

// lookup is a reference; relationship is its name in SOQL paths, "" for none.
func lookup(name, label, relationship string, traits trait, to ...string) field {
	f := newField("reference", name, label, traits)
	f.length, f.relationship, f.referenceTo = 18, relationship, to
	return f
}

func recordID(label string) field {
	f := newField("id", "Id", label, systemSet|idLookup)
	f.length = 18
	return f
}

func (f field) as(kind string) field              { f.kind = kind; return f }
func (f field) partOf(compound string) field      { f.compound = compound; return f }
func (f field) looks(extra string) field          { f.extra = extra; return f }
func (f field) nameOfRecord() field               { f.isName = true; return f }
func (f field) prefiltered() field                { f.prefilterable = true; return f }
func (f field) children(name string) field        { f.childRelationship = name; return f }
func (f field) related(relationship string) field { f.relationship = relationship; return f }
func (f field) usable(u usage) field              { f.usage = u; return f }
func (f field) startsAs(value any) field          { f.defaultValue = value; return f }
func (f field) labelled(options ...option) field  { f.options = options; return f }

// auditFields are the stamps nearly every object carries.
func auditFields() []field {
	return []field{
		datetime("CreatedDate", "Created Date", systemSet),
		lookup("CreatedById", "Created By ID", "CreatedBy", systemSet, "User"),
		datetime("LastModifiedDate", "Last Modified Date", systemSet),
		lookup("LastModifiedById", "Last Modified By ID", "LastModifiedBy", systemSet, "User"),
		datetime("SystemModstamp", "System Modstamp", systemSet),
	}
}

// viewedFields are the dates a user last looked at a record.
func viewedFields() []field {
	return []field{
		datetime("LastViewedDate", "Last Viewed Date", derived),
		datetime("LastReferencedDate", "Last Referenced Date", derived),
	}
}

// addressFields are the nine fields of a postal address: eight parts and the compound. Both prefixes may be empty.
func addressFields(prefix, label string) []field {
	if label != "" {
		label += " "
	}
	compound := prefix + "Address"
	parts := []field{
		plainArea(prefix+"Street", label+"Street", 255, optional),
		text(prefix+"City", label+"City", 40, optional),
		text(prefix+"State", label+"State/Province", 80, optional),
		text(prefix+"PostalCode", label+"Zip/Postal Code", 20, optional),
		text(prefix+"Country", label+"Country", 80, optional),
		number("double", prefix+"Latitude", label+"Latitude", 18, 15, optional),
		number("double", prefix+"Longitude", label+"Longitude", 18, 15, optional),
		picklist(prefix+"GeocodeAccuracy", label+"Geocode Accuracy", 40, optional|restricted, "Address", "NearAddress",
			"Block", "Street", "ExtendedZip", "Zip", "Neighborhood", "City", "County", "State", "Unknown"),
	}
	for i := range parts {
		parts[i].compound = compound
	}
	whole := newField("address", compound, label+"Address", nillable|permissionable)
	whole.geoSearch = true
	return append(parts, whole)
}

// nameFields are the parts of a person's name and the compound; salutations is empty for objects without one.
func nameFields(salutations ...string) []field {
	fields := []field{
		text("LastName", "Last Name", 80, required).partOf("Name").looks("personname"),
		text("FirstName", "First Name", 40, personName).partOf("Name").looks("personname"),
	}
	if len(salutations) > 0 {
		fields = append(fields,
			picklist("Salutation", "Salutation", 40, personName, salutations...).partOf("Name").looks("personname"))
	}
	return append(fields, text("Name", "Full Name", 121, 0).looks("personname").nameOfRecord())
}

func join(groups ...[]field) []field {
	var all []field
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

func one(fields ...field) []field { return fields }

func industries() []string {
	return strings.Split("Agriculture|Apparel|Banking|Biotechnology|Chemicals|Communications|Construction|Consulting|"+
		"Education|Electronics|Energy|Engineering|Entertainment|Environmental|Finance|Food & Beverage|Government|"+
		"Healthcare|Hospitality|Insurance|Machinery|Manufacturing|Media|Not For Profit|Recreation|Retail|Shipping|"+
		"Technology|Telecommunications|Transportation|Utilities|Other", "|")
}

func leadSources() []string {
	return []string{"Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"}
}

func cleanStatus() field {
	return picklist("CleanStatus", "Clean Status", 40, optional|restricted, "Matched", "Different", "Acknowledged",
		"NotFound", "Inactive", "Pending", "SelectMatch", "Skipped").labelled(
		option{"Matched", "In Sync"}, option{"Different", "Different"}, option{"Acknowledged", "Reviewed"},
		option{"NotFound", "Not Found"}, option{"Inactive", "Inactive"}, option{"Pending", "Not Compared"},
		option{"SelectMatch", "Select Match"}, option{"Skipped", "Skipped"})
}

// userScopes are the "filter by owner" scopes that describe lists for objects with owners, by name.
func userScopes(plural string, more ...option) []option {
	scopes := append([]option{
		{"everything", "All " + plural}, {"mine", "My " + plural}, {"scopingRule", "Filter by scope"},
		{"team", "My team's " + plural},
	}, more...)
	slices.SortFunc(scopes, func(a, b option) int { return strings.Compare(a.value, b.value) })
	return scopes
}

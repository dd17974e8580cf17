package salesforce

import (
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
	unhideable = nillable | createable | updateable                  // writable, may be empty, never hidden
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
	// packaged: a custom field of the LinkedIn app, there only while the app is installed.
	packaged bool
	// was is the field before it was renamed, under whose name its values are stored; nil for all others.
	was *field
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
	// virtual: no stored records; a query makes the rows it reads (virtual.go). Bulk API and /updated refuse these.
	virtual bool
	scopes  []option
	index   map[string]int // fields by lower-case name
}

// catalog is the immutable set of objects, by lower-case name and in describe order.
type catalog struct {
	objects []*object
	byName  map[string]*object
}

func newCatalog() *catalog {
	return catalogOf(
		account(), contact(), event(), lead(), opportunity(), opportunityContactRole(), opportunityStage(), organization(),
		packageLicense(), setupAuditTrail(), task(), user(), userRecordAccess(), userRole(),
	)
}

// catalogOf indexes objects, in the order in which global describe lists them.
func catalogOf(objects ...*object) *catalog {
	c := &catalog{objects: objects, byName: map[string]*object{}}
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

// renamed is a custom field under another API name.
func (f *field) renamed() *field {
	next := *f
	next.name, next.was = strings.TrimSuffix(f.name, customSuffix)+"_Renamed"+customSuffix, f
	return &next
}

// customSuffix ends the API names of custom fields.
const customSuffix = "__c"

// column is the name that a field's values are stored under.
func (f *field) column() string {
	if f.was != nil {
		return f.was.name
	}
	return f.name
}

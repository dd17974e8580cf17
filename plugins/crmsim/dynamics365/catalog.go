package dynamics365

import (
	"slices"
	"strings"
	"sync"
)

// choice is one option of a choice column. For a status reason, state is the state it belongs to; for a state, its
// default status reason.
type choice struct {
	value, state int
	label        string
}

// target is a table that a lookup can point to. nav is the navigation property from the lookup's side, inverse the
// collection on the other side; both are empty for tables outside the simulated set.
type target struct{ table, nav, inverse string }

// column is one attribute of a table.
type column struct {
	table  *table
	name   string // logical name
	schema string // schema name: the same letters, with capitals
	label  string
	// kind is the AttributeType ("String", "Lookup"); typeName the AttributeTypeName ("StringType", "ImageType").
	kind, typeName string
	// What metadata says: readable, writable, visible in OData, stored elsewhere, securable for each verb.
	read, create, update, odata, logical   bool
	secureRead, secureCreate, secureUpdate bool
	required                               string
	maxLength, precision                   int
	format                                 string // Email, Phone, Url, …; DateOnly; Day (a date with a time zone)
	attributeOf                            string
	options                                []choice
	globalSet                              string // the name of a shared option set
	defaultValue                           any
	targets                                []target
}

// isLookup reports whether the column refers to one record, and is thus read as _name_value.
func (c *column) isLookup() bool {
	return c.kind == "Lookup" || c.kind == "Owner" || c.kind == "Customer"
}

// property is the name under which OData reads the column.
func (c *column) property() string {
	if c.isLookup() {
		return "_" + c.name + "_value"
	}
	return c.name
}

// selectable reports whether OData can read the column. Activities inherit most of theirs from activitypointer, and
// metadata then says that the column is not valid for OData on the activity itself.
func (c *column) selectable() bool {
	// Of the virtual columns only these hold something of their own.
	virtual := c.kind == "Virtual" && c.typeName != "ImageType" && c.typeName != "FileType" && c.typeName != "MultiSelectPicklistType"
	if !c.read || c.kind == "PartyList" || virtual {
		return false
	}
	if c.odata || !c.table.activity {
		return c.odata
	}
	base, ok := c.table.base.byName[c.name]
	return ok && base.odata
}

// choice finds an option by its value.
func (c *column) choice(value int) (choice, bool) {
	at := slices.IndexFunc(c.options, func(o choice) bool { return o.value == value })
	if at < 0 {
		return choice{}, false
	}
	return c.options[at], true
}

// privilege is the right to do one thing with a table. Several tables may share it: every activity table does.
type privilege struct{ name, verb string }

// navigation leads from a record to one record (through its lookup) or to many (through theirs).
type navigation struct {
	name   string
	lookup *column
	to     *table
	many   bool
}

// table is one table (EntityMetadata) of the catalogue.
type table struct {
	name, schema, set, label, plural string
	otc                              int // object type code
	ownership                        string
	primaryID, primaryName           string
	privileges                       []privilege
	activity                         bool
	app                              string // appSales, appLinkedIn, or "" for the platform itself
	base                             *table // activitypointer, for activities
	columns                          []*column
	byName                           map[string]*column
	byProperty                       map[string]*column
	navigations                      map[string]navigation
}

// Apps that bring tables with them.
const (
	appSales    = "Sales"
	appLinkedIn = "LinkedIn"
)

// privilege finds the privilege for a verb (Read, Create, Write, Delete, Append, AppendTo, Assign, Share).
func (t *table) privilege(verb string) (privilege, bool) {
	at := slices.IndexFunc(t.privileges, func(p privilege) bool { return p.verb == verb })
	if at < 0 {
		return privilege{}, false
	}
	return t.privileges[at], true
}

// userOwned reports whether records have owners, so that privileges can stop short of the whole organization.
func (t *table) userOwned() bool { return t.ownership == "UserOwned" }

// hasDepths reports whether a privilege on the table can be held at less than Global depth.
func (t *table) hasDepths() bool { return t.userOwned() || t.ownership == "BusinessOwned" }

// catalog is the immutable set of tables.
type catalog struct {
	tables []*table // by logical name
	byName map[string]*table
	bySet  map[string]*table
	// owners finds the tables that a privilege covers.
	owners map[string][]*table
	// defined keeps definedColumn by *column, because working one out is dear and checks ask for hundreds.
	defined sync.Map
}

func newCatalog() *catalog {
	c := &catalog{byName: map[string]*table{}, bySet: map[string]*table{}, owners: map[string][]*table{}}
	for _, t := range parseCatalog() {
		c.add(t)
	}
	for _, extra := range linkedInTables(c.byName["activitypointer"]) {
		c.add(extra)
		activity := c.byName["activityparty"].byName["activityid"]
		activity.targets = append(activity.targets, target{extra.name, "activityid_" + extra.name, extra.name + "_activity_parties"})
	}
	for _, name := range []string{"lead", "opportunity", "opportunitysalesprocess"} {
		c.byName[name].app = appSales
	}
	slices.SortFunc(c.tables, func(a, b *table) int { return strings.Compare(a.name, b.name) })
	for _, t := range c.tables {
		if t.activity {
			t.base = c.byName["activitypointer"]
		}
		for _, p := range t.privileges {
			c.owners[p.name] = append(c.owners[p.name], t)
		}
	}
	c.link()
	return c
}

func (c *catalog) add(t *table) {
	c.tables = append(c.tables, t)
	c.byName[t.name], c.bySet[t.set] = t, t
	t.byName, t.byProperty = map[string]*column{}, map[string]*column{}
	t.navigations = map[string]navigation{}
	for _, column := range t.columns {
		column.table = t
		t.byName[column.name], t.byProperty[column.property()] = column, column
	}
}

// link resolves navigation properties in both directions.
func (c *catalog) link() {
	for _, t := range c.tables {
		for _, lookup := range t.columns {
			for _, to := range lookup.targets {
				if to.nav == "" {
					continue
				}
				other := c.byName[to.table] // nil for "owner", which is a user or a team
				t.navigations[to.nav] = navigation{name: to.nav, lookup: lookup, to: other}
				if other != nil && to.inverse != "" {
					other.navigations[to.inverse] = navigation{name: to.inverse, lookup: lookup, to: t, many: true}
				}
			}
		}
	}
}

// linkedInTables are the activities that LinkedIn Sales Navigator's solution adds: plain activities but for one column.
func linkedInTables(base *table) []*table {
	describe := func(otc int, name, label, plural string, extra ...*column) *table {
		t := &table{
			name: name, schema: name, set: name + "s", label: label, plural: plural, otc: otc, ownership: "UserOwned",
			primaryID: "activityid", primaryName: "subject", privileges: base.privileges, activity: true, app: appLinkedIn,
		}
		for _, inherited := range base.columns {
			own := *inherited
			own.odata = false
			own.targets = slices.Clone(own.targets)
			for i, to := range own.targets {
				if to.nav != "" {
					own.targets[i].nav = strings.TrimSuffix(to.nav, "_activitypointer") + "_" + name
					own.targets[i].inverse = to.table + "_" + inherited.name + "_" + name
				}
			}
			t.columns = append(t.columns, &own)
		}
		t.columns = append(t.columns, extra...)
		return t
	}
	link := &column{
		name: "li_url", schema: "li_url", label: "URL", kind: "String", typeName: "StringType", format: "Url", maxLength: 200,
		read: true, create: true, update: true, odata: true, secureRead: true, secureCreate: true, secureUpdate: true,
		required: "None",
	}
	return []*table{
		describe(10461, "li_message", "Message", "Messages"),
		describe(10462, "li_inmail", "InMail", "InMails"),
		describe(10463, "li_pointdrivepresentationviewed", "Smart Links Content Viewed", "Smart Links Content Viewed", link),
	}
}

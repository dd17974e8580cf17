package hubspot

import (
	"regexp"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// ownersObject are the people who use HubSpot. They are no CRM object there: they
// have an endpoint and fields of their own.
const ownersObject = "owners"

// objectType is what is known beforehand of a kind of record. The scopes are those
// of HubSpot's API descriptions.
type objectType struct {
	name, label string
	typeID      string // "0-1"; accepted in place of the name
	// read and write are the scopes for records, all of which are needed; empty:
	// not known beforehand.
	read, write []string
	// readAny are scopes of which any one suffices.
	readAny []string
	// sensitive begins the scopes for sensitive values; empty: there are none.
	sensitive string
	// modified is the property with the date of the last change; archiving does
	// not move it.
	modified string
	// required are properties without which no record can be created.
	required []string
	// associated objects have the pseudo-fields of associations.
	associated bool
	// note explains what else the object depends on.
	note   string
	custom bool
}

// standard reports whether every portal has the object.
func (o objectType) standard() bool { return o.typeID != "" || o.name == ownersObject }

const leadsNote = "Leads come with Sales Hub Professional or Enterprise: a portal without it cannot grant the scope, and connecting again does not help."

// objectTypes are the standard objects, in the order in which people look for
// them.
func objectTypes() []objectType {
	types := []objectType{
		{name: "companies", typeID: "0-2", label: "Companies"},
		{name: "contacts", typeID: "0-1", label: "Contacts", modified: "lastmodifieddate"},
		{name: "deals", typeID: "0-3", label: "Deals", required: []string{"dealname"}},
		{name: "leads", typeID: "0-136", label: "Leads", required: []string{"hs_lead_name"}, note: leadsNote},
		{name: ownersObject, label: "Owners", readAny: []string{"crm.objects.owners.read", "automation"}},
		activity("calls", "0-48", "Calls"),
		activity("emails", "0-49", "E-mails", "sales-email-read"),
		activity("meetings", "0-47", "Meetings"),
		activity("notes", "0-46", "Notes"),
		activity("tasks", "0-27", "Tasks"),
		activity("communications", "0-18", "Communications"),
		{name: "tickets", typeID: "0-5", label: "Tickets", read: []string{"tickets"}, write: []string{"tickets"}, sensitive: "tickets"},
		{name: "line_items", typeID: "0-8", label: "Line items"},
		{name: "users", typeID: "0-115", label: "Users"},
	}
	for i := range types {
		o := &types[i]
		if o.read == nil && o.readAny == nil {
			o.read, o.write = []string{"crm.objects." + o.name + ".read"}, []string{"crm.objects." + o.name + ".write"}
		}
		if o.modified == "" {
			o.modified = "hs_lastmodifieddate"
		}
		if slices.Contains(associatedTypes(), o.name) {
			o.associated = true
		}
		if slices.Contains([]string{"companies", "contacts", "deals"}, o.name) {
			o.sensitive = "crm.objects." + o.name
		}
	}
	return types
}

// activity is an engagement. It has no scopes of its own but rides on those of
// contacts.
func activity(name, typeID, label string, also ...string) objectType {
	return objectType{
		name: name, typeID: typeID, label: label, required: []string{"hs_timestamp"}, associated: true,
		read: append([]string{"crm.objects.contacts.read"}, also...), write: []string{"crm.objects.contacts.write"},
	}
}

// associatedTypes are the objects to which associations are offered as fields.
func associatedTypes() []string { return []string{"companies", "contacts", "deals", "leads"} }

// customName is the type id or full name of a custom object.
var customName = regexp.MustCompile(`^(2-\d+|p\d+_\w+)$`)

// objectOf finds what is known of an object by its name or type id. Of an unknown
// one only the name is known.
func objectOf(name string) objectType {
	for _, o := range objectTypes() {
		if o.name == name || o.typeID == name {
			o.name = name
			return o
		}
	}
	o := objectType{name: name, label: name, modified: "hs_lastmodifieddate"}
	if customName.MatchString(name) {
		o.custom, o.sensitive = true, "crm.objects.custom"
		o.read, o.write = []string{"crm.objects.custom.read"}, []string{"crm.objects.custom.write"}
	}
	return o
}

// objectName are names that can stand in a path.
var objectName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,199}$`)

func checkObjectName(object string) error {
	if !objectName.MatchString(object) {
		return sdk.InvalidRequest("this is not a name that a HubSpot object can have: " + excerpt(object))
	}
	return nil
}

// lacks tells which scopes for reading records are missing, and whether any one of
// them suffices. Nothing is missing when the token's scopes or the object's are
// not known: then only a call can tell.
func (o objectType) lacks(g grant) (scopes []string, anyOf bool) {
	if !g.known() {
		return nil, false
	}
	if len(o.readAny) > 0 && !slices.ContainsFunc(o.readAny, g.holds) {
		return o.readAny, true
	}
	for _, scope := range o.read {
		if !g.holds(scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes, false
}

// mayWrite reports whether records may be created and changed. Without the token's
// scopes nobody knows, and the definitions have the last word: to say no would be
// to report a loss without evidence.
func (o objectType) mayWrite(g grant) bool {
	switch {
	case o.name == ownersObject:
		return false
	case !g.known():
		return true
	case len(o.write) == 0: // not listed here: HubSpot names scopes alike
		return g.holds("crm.objects." + o.name + ".write")
	default:
		return !slices.ContainsFunc(o.write, func(scope string) bool { return !g.holds(scope) })
	}
}

// sensitiveScope is the scope for values of a class of sensitive properties.
func (o objectType) sensitiveScope(class sensitivity) string {
	switch o.sensitive {
	case "":
		return ""
	case "tickets":
		return "tickets." + string(class)
	default:
		return o.sensitive + "." + string(class) + ".read"
	}
}

// plainScope drops the suffix that API descriptions and error bodies add to
// sensitive scopes and guides do not.
func plainScope(scope string) string { return strings.TrimSuffix(scope, ".v2") }

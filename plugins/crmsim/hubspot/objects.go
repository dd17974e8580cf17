package hubspot

import "strings"

// objectType is a kind of record: its names, and the scopes and properties that HubSpot ties to it.
type objectType struct {
	name, singular string // "contacts", "contact": both are accepted in paths
	typeID         string // "0-1", accepted too
	title          string // as record paths of the user interface and error texts have it: "CONTACT"
	label          string
	read, write    []string // every listed scope is needed
	definitions    []string // any one of these opens the property definitions
	sensitive      bool     // whether sensitive properties and their scopes exist
	created        string   // the property with the date of creation
	modified       string   // the property with the date of the last change; archiving does not move it
	defaults       []string // answered when no properties are asked for
	display        string   // the primary display property
	ridesOn        string   // the object whose scopes open this one; "" when it has its own
	engagement     bool
	required       []string // properties without which a create is refused
	idBase         int64    // ids of this type start here
	searched       []string // properties that a search's free text looks into
}

// objectTypes lists what the portal has, in the order of the control page.
func objectTypes() []*objectType {
	types := []*objectType{
		standard("contacts", "contact", "0-1", "email", 710_000_000_000),
		standard("companies", "company", "0-2", "name", 400_000_000_000),
		standard("deals", "deal", "0-3", "dealname", 470_000_000_000),
		{
			name: "leads", singular: "lead", typeID: "0-136", display: "hs_lead_name", idBase: 390_000_000_000,
			read: []string{"crm.objects.leads.read"}, write: []string{"crm.objects.leads.write"},
			created: "hs_createdate", required: []string{"hs_lead_name"}, searched: []string{"hs_lead_name"},
		},
		{
			name: "line_items", singular: "line_item", typeID: "0-8", display: "name", idBase: 230_000_000_000,
			read: []string{"crm.objects.line_items.read"}, write: []string{"crm.objects.line_items.write"},
			created: "createdate", defaults: []string{"quantity", "amount", "price"}, searched: []string{"name"},
		},
		{
			name: "users", singular: "user", typeID: "0-115", display: "hs_email", idBase: 260_000_000_000,
			read: []string{"crm.objects.users.read"}, write: []string{"crm.objects.users.write"}, created: "hs_createdate",
		},
		engagement("calls", "call", "0-48", "hs_call_title", 520_000_000_000),
		engagement("emails", "email", "0-49", "hs_email_subject", 530_000_000_000),
		engagement("meetings", "meeting", "0-47", "hs_meeting_title", 540_000_000_000),
		engagement("tasks", "task", "0-27", "hs_task_subject", 463_000_000_000),
		engagement("notes", "note", "0-46", "hs_body_preview", 478_000_000_000),
		engagement("communications", "communication", "0-18", "hs_body_preview", 550_000_000_000),
	}
	for _, o := range types {
		o.title = strings.ToUpper(o.singular)
		o.label = strings.ToUpper(o.name[:1]) + strings.ReplaceAll(o.name[1:], "_", " ")
		if o.modified == "" {
			o.modified = "hs_lastmodifieddate"
		}
		o.defaults = append(o.defaults, o.created, o.modified, "hs_object_id")
		if o.definitions == nil {
			o.definitions = o.read
		}
		switch o.name {
		case "contacts":
			o.modified, o.defaults = "lastmodifieddate", []string{
				"createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname",
			}
			o.searched = []string{"firstname", "lastname", "email", "phone", "company"}
		case "companies":
			o.defaults = append(o.defaults, "name", "domain")
			o.searched = []string{"name", "domain", "website", "phone"}
		case "deals":
			o.defaults = append(o.defaults, "dealname", "amount", "closedate", "pipeline", "dealstage")
			o.searched = []string{"dealname", "description"}
		case "emails":
			o.read = append(o.read, "sales-email-read")
			o.required = append(o.required, "hs_email_direction")
		case "communications":
			o.required = append(o.required, "hs_communication_channel_type", "hs_communication_logged_from")
		}
	}
	return types
}

// standard is an object with scopes of its own, sensitive ones among them.
func standard(name, singular, typeID, display string, base int64) *objectType {
	scope := "crm.objects." + name
	return &objectType{
		name: name, singular: singular, typeID: typeID, display: display, idBase: base, sensitive: true,
		read: []string{scope + ".read"}, write: []string{scope + ".write"},
		definitions: []string{"crm.schemas." + name + ".read", scope + ".read"}, created: "createdate",
	}
}

// engagement is an activity. It has no scopes of its own but rides on those of contacts.
func engagement(name, singular, typeID, display string, base int64) *objectType {
	return &objectType{
		name: name, singular: singular, typeID: typeID, display: display, idBase: base, engagement: true, ridesOn: "contacts",
		read: []string{"crm.objects.contacts.read"}, write: []string{"crm.objects.contacts.write"},
		definitions: []string{"crm.objects.contacts.read"}, created: "hs_createdate", required: []string{"hs_timestamp"},
		searched: []string{display},
	}
}

// sensitiveScope is the scope for sensitive values of an object, as error bodies spell it.
func (o *objectType) sensitiveScope(class sensitivity, right string) string {
	return "crm.objects." + o.name + "." + string(class) + "." + right + ".v2"
}

// readers are the scopes a 403 for reading names, any one of which is said to do.
func (o *objectType) readers() []string {
	if !o.sensitive {
		return o.read
	}
	return []string{
		"crm.schemas." + o.name + ".read", o.sensitiveScope(sensitive, "read"),
		"crm.objects." + o.name + ".read", o.sensitiveScope(highlySensitive, "read"),
	}
}

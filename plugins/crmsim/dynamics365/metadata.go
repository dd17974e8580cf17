package dynamics365

import (
	"slices"
	"time"
)

// catalogTime is when the standard metadata was made.
func catalogTime() time.Time { return time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC) }

const english = 1033

// label is a localized text as metadata carries it; an empty one has no text at all.
func label(text string, id guid) object {
	if text == "" {
		return object{{"LocalizedLabels", []object{}}, {"UserLocalizedLabel", nil}}
	}
	one := object{
		{"Label", text},
		{"LanguageCode", english},
		{"IsManaged", true},
		{"MetadataId", madeID("label:" + string(id) + text)},
		{"HasChanged", nil},
	}
	return object{{"LocalizedLabels", []object{one}}, {"UserLocalizedLabel", one}}
}

func managed(value any, changeable bool, name string) object {
	return object{{"Value", value}, {"CanBeChanged", changeable}, {"ManagedPropertyLogicalName", name}}
}

// tableMetadata is a table's EntityMetadata without its collections.
func (r *rights) tableMetadata(t *table) object {
	id := tableMetadataID(t)
	privileges := make([]object, len(t.privileges))
	for i, p := range t.privileges {
		kind := p.verb
		if kind == "" {
			kind = "None"
		}
		privileges[i] = object{
			{"CanBeBasic", t.userOwned()},
			{"CanBeDeep", t.hasDepths()},
			{"CanBeGlobal", true},
			{"CanBeLocal", t.hasDepths()},
			{"CanBeEntityReference", false},
			{"CanBeParentEntityReference", false},
			{"Name", p.name},
			{"PrivilegeId", privilegeID(p.name)},
			{"PrivilegeType", kind},
		}
	}
	pointer := t.activity || t.name == "activitypointer"
	return object{
		{"MetadataId", id},
		{"HasChanged", nil},
		{"ActivityTypeMask", boolInt(t.activity)},
		{"ChangeTrackingEnabled", !r.untracked[t.name]},
		{"CollectionSchemaName", t.plural},
		{"CreatedOn", catalogTime()},
		{"Description", label("", id)},
		{"DisplayCollectionName", label(t.plural, id)},
		{"DisplayName", label(t.label, id)},
		{"EntitySetName", t.set},
		{"HasActivities", t.userOwned() && !pointer},
		{"HasNotes", t.userOwned()},
		{"IntroducedVersion", "5.0.0.0"},
		{"IsActivity", pointer},
		{"IsActivityParty", t.userOwned() && !pointer},
		{"IsAuditEnabled", managed(false, true, "canmodifyauditsettings")},
		{"IsBPFEntity", t.name == "opportunitysalesprocess"},
		{"IsCustomEntity", t.app == appLinkedIn},
		{"IsCustomizable", managed(true, false, "iscustomizable")},
		{"IsDuplicateDetectionEnabled", managed(slices.Contains([]string{"account", "contact", "lead"}, t.name), true, "canmodifyduplicatedetectionsettings")},
		{"IsIntersect", false},
		{"IsLogicalEntity", false},
		{"IsManaged", true},
		{"IsOptimisticConcurrencyEnabled", true},
		{"IsPrivate", false},
		{"IsValidForAdvancedFind", true},
		{"LogicalCollectionName", t.set},
		{"LogicalName", t.name},
		{"ModifiedOn", r.at.UTC()},
		{"ObjectTypeCode", t.otc},
		{"OwnershipType", t.ownership},
		{"PrimaryIdAttribute", t.primaryID},
		{"PrimaryImageAttribute", nil},
		{"PrimaryNameAttribute", text(t.primaryName)},
		{"SchemaName", t.schema},
		{"TableType", "Standard"},
		{"Privileges", privileges},
	}
}

// definedColumn is a column's AttributeMetadata: what every type has comes first, extra says where the rest begins.
type definedColumn struct {
	object object
	extra  int
}

// columnMetadata is a column's AttributeMetadata as it is now. Callers may append to it, but not change it.
func (r *rights) columnMetadata(c *column) (o object, extra int) {
	cached, ok := r.catalog.defined.Load(c)
	if !ok {
		cached, _ = r.catalog.defined.LoadOrStore(c, c.define())
	}
	d, _ := cached.(definedColumn)
	if !r.state(c).secured {
		return d.object, d.extra
	}
	o = slices.Clone(d.object)
	at := slices.IndexFunc(o, func(m member) bool { return m.name == "IsSecured" })
	o[at].value = true
	return o, d.extra
}

// define works out what never changes.
func (c *column) define() definedColumn {
	id := columnMetadataID(c)
	var inherits any
	if base := c.table.base; base != nil && base.byName[c.name] != nil {
		inherits = c.name
	}
	o := object{
		{"MetadataId", id},
		{"HasChanged", nil},
		{"AttributeOf", text(c.attributeOf)},
		{"AttributeType", c.kind},
		{"AttributeTypeName", object{{"Value", c.typeName}}},
		{"CanBeSecuredForCreate", c.secureCreate},
		{"CanBeSecuredForRead", c.secureRead},
		{"CanBeSecuredForUpdate", c.secureUpdate},
		{"ColumnNumber", slices.Index(c.table.columns, c) + 1},
		{"CreatedOn", catalogTime()},
		{"Description", label("", id)},
		{"DisplayName", label(c.label, id)},
		{"EntityLogicalName", c.table.name},
		{"InheritsFrom", inherits},
		{"IntroducedVersion", "5.0.0.0"},
		{"IsAuditEnabled", managed(false, true, "canmodifyauditsettings")},
		{"IsCustomAttribute", c.isCustom()},
		{"IsCustomizable", managed(true, true, "iscustomizable")},
		{"IsFilterable", false},
		{"IsLogical", c.logical},
		{"IsManaged", true},
		{"IsPrimaryId", c.name == c.table.primaryID},
		{"IsPrimaryName", c.name == c.table.primaryName},
		{"IsRetrievable", c.read},
		{"IsSearchable", false},
		{"IsSecured", false},
		{"IsValidForCreate", c.create},
		{"IsValidForRead", c.read},
		{"IsValidForUpdate", c.update},
		{"IsValidODataAttribute", c.odata},
		{"LinkedAttributeId", nil},
		{"LogicalName", c.name},
		{"ModifiedOn", catalogTime()},
		{"RequiredLevel", managed(c.required, c.required != "SystemRequired", "canmodifyrequirementlevelsettings")},
		{"SchemaName", c.schema},
		{"SourceType", nil},
	}
	extra := len(o)
	return definedColumn{slices.Clip(append(o, c.typeProperties()...)), extra}
}

// isCustom reports whether another app brought the column with a publisher's prefix.
func (c *column) isCustom() bool {
	for _, prefix := range []string{"msdyn_", "adx_", "msa_", "mspp_", "li_"} {
		if len(c.name) > len(prefix) && c.name[:len(prefix)] == prefix {
			return true
		}
	}
	return false
}

// typeProperties are what only columns of this type have.
func (c *column) typeProperties() object {
	switch c.kind {
	case "String":
		format := c.format
		if format == "" {
			format = "Text"
		}
		return object{
			{"Format", format},
			{"FormatName", object{{"Value", format}}},
			{"MaxLength", c.maxLength},
			{"DatabaseLength", 2 * c.maxLength},
			{"YomiOf", nil},
		}
	case "Memo":
		return object{{"Format", "TextArea"}, {"FormatName", object{{"Value", "TextArea"}}}, {"MaxLength", c.maxLength}}
	case "DateTime":
		format, behavior := "DateAndTime", "UserLocal"
		if c.format != "" {
			format = "DateOnly"
		}
		if c.format == "DateOnly" {
			behavior = "DateOnly"
		}
		return object{{"Format", format}, {"DateTimeBehavior", object{{"Value", behavior}}}}
	case "Integer":
		return object{{"Format", "None"}, {"MaxValue", 2147483647}, {"MinValue", -2147483648}}
	case "Money":
		return object{
			{"MaxValue", 922337203685477.0},
			{"MinValue", -922337203685477.0},
			{"Precision", c.precision},
			{"PrecisionSource", 2},
			{"CalculationOf", nil},
		}
	case "Decimal", "Double":
		return object{{"MaxValue", 100000000000.0}, {"MinValue", -100000000000.0}, {"Precision", c.precision}}
	case "Lookup", "Owner", "Customer", "PartyList":
		targets := []string{}
		for _, to := range c.targets {
			if to.table == "owner" {
				targets = append(targets, "systemuser", "team")
			} else {
				targets = append(targets, to.table)
			}
		}
		return object{{"Targets", targets}, {"Format", "None"}}
	case "Boolean":
		return object{{"DefaultValue", c.defaultValue}}
	case "Picklist", "State", "Status":
		value := -1
		if n, ok := c.defaultValue.(int); ok {
			value = n
		}
		return object{{"DefaultFormValue", value}}
	}
	return nil
}

// metadataType is the @odata.type of a column's metadata; the plain ones have none.
func (c *column) metadataType() string {
	switch {
	case c.typeName == "ImageType" || c.typeName == "FileType" || c.typeName == "MultiSelectPicklistType":
		return c.typeName[:len(c.typeName)-len("Type")] + "AttributeMetadata"
	case c.kind == "Owner" || c.kind == "Customer" || c.kind == "PartyList":
		return "LookupAttributeMetadata"
	case c.kind == "Uniqueidentifier" || c.kind == "Virtual":
		return ""
	}
	return c.kind + "AttributeMetadata"
}

// optionSet is the list of choices of a column.
func (c *column) optionSet() object {
	id, name := optionSetID(c), c.table.name+"_"+c.name
	if c.globalSet != "" {
		id, name = madeID("globaloptionset:"+c.globalSet), c.globalSet
	}
	head := object{
		{"MetadataId", id},
		{"HasChanged", nil},
		{"Name", name},
		{"DisplayName", label(c.label, id)},
		{"Description", label("", id)},
		{"IsCustomOptionSet", false},
		{"IsGlobal", c.globalSet != ""},
		{"IsManaged", true},
		{"OptionSetType", c.kind},
	}
	if c.kind == "Boolean" {
		no, _ := c.choice(0)
		yes, _ := c.choice(1)
		return head.with("TrueOption", c.option(yes)).with("FalseOption", c.option(no))
	}
	options := make([]object, len(c.options))
	for i, o := range c.options {
		options[i] = c.option(o)
	}
	return head.with("Options", options)
}

func (c *column) option(choice choice) object {
	o := object{
		{"Value", choice.value},
		{"Color", nil},
		{"IsManaged", true},
		{"IsHidden", false},
		{"ExternalValue", nil},
		{"ParentValues", []any{}},
		{"MetadataId", nil},
		{"HasChanged", nil},
		{"Label", label(choice.label, optionSetID(c))},
		{"Description", label("", "")},
	}
	switch c.kind {
	case "State":
		return o.with("DefaultStatus", choice.state).with("InvariantName", choice.label)
	case "Status":
		return o.with("State", choice.state).with("TransitionData", nil)
	}
	return o
}

// relationships of a table in one direction, with the properties that clients need.
func (r *rights) relationships(t *table, many bool) []object {
	found := []object{}
	for _, nav := range t.navigations {
		if nav.many != many || !r.exists(nav.lookup.table) || nav.to != nil && !r.exists(nav.to) || r.state(nav.lookup).deleted {
			continue
		}
		one, other := t, nav.lookup.table
		referenced, inverse := "owner", ""
		for _, to := range nav.lookup.targets {
			if many && to.inverse == nav.name || !many && to.nav == nav.name {
				referenced, inverse = to.table, to.inverse
				nav.name = to.nav
			}
		}
		if !many {
			one = nav.to
		}
		key := "ownerid"
		if one != nil {
			key = one.primaryID
		}
		found = append(found, object{
			{"SchemaName", inverse},
			{"MetadataId", madeID("relationship:" + other.name + ":" + nav.name)},
			{"RelationshipType", "OneToManyRelationship"},
			{"IsCustomRelationship", false},
			{"IsManaged", true},
			{"ReferencedAttribute", key},
			{"ReferencedEntity", referenced},
			{"ReferencingAttribute", nav.lookup.name},
			{"ReferencingEntity", other.name},
			{"ReferencedEntityNavigationPropertyName", inverse},
			{"ReferencingEntityNavigationPropertyName", nav.name},
		})
	}
	slices.SortFunc(found, func(a, b object) int {
		x, _ := a.get("MetadataId")
		y, _ := b.get("MetadataId")
		return compareValues(x, y)
	})
	return found
}

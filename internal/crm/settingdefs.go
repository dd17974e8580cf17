package crm

// SettingGroup is a section of the settings page.
type SettingGroup string

// Groups of settings.
const (
	GroupGeneral SettingGroup = "GENERAL"
	GroupImport  SettingGroup = "IMPORT"
	GroupExport  SettingGroup = "EXPORT"
)

// Values lists the groups in the order of the page.
func (SettingGroup) Values() []string {
	return []string{string(GroupGeneral), string(GroupImport), string(GroupExport)}
}

// Title is the section's heading.
func (g SettingGroup) Title() string {
	switch g {
	case GroupImport:
		return "Imported from the CRM"
	case GroupExport:
		return "Exported to the CRM"
	default:
		return "General"
	}
}

// SettingType is the kind of a setting's value.
type SettingType string

// Types of settings: a BOOLEAN's value is a bool, an ENUM's a string that is one of
// the setting's options.
const (
	SettingBoolean SettingType = "BOOLEAN"
	SettingEnum    SettingType = "ENUM"
)

// Values lists the types.
func (SettingType) Values() []string { return []string{string(SettingBoolean), string(SettingEnum)} }

// Right is one thing the integration user may do with an object or field.
type Right string

// Rights that settings need.
const (
	RightRead   Right = "READ"
	RightCreate Right = "CREATE"
	RightUpdate Right = "UPDATE"
)

// Values lists the rights.
func (Right) Values() []string {
	return []string{string(RightRead), string(RightCreate), string(RightUpdate)}
}

// Has reports whether the rights hold one right.
func (r Rights) Has(right Right) bool {
	switch right {
	case RightRead:
		return r.Read
	case RightCreate:
		return r.Create
	case RightUpdate:
		return r.Update
	default:
		return false
	}
}

// SettingRequirement is a right that a setting needs to work, in the package's
// vendor-neutral words.
type SettingRequirement struct {
	// Object is the key of a package object ("contact").
	Object string
	// Field is the key of a standard field ("contact.email"); empty when the right
	// is needed on the object.
	Field string
	Right Right
}

// Keys of the settings.
const (
	SettingDataSync              = "dataSync"
	SettingAutoSave              = "autoSave.enabled"
	SettingPipelineEntryStage    = "autoSave.pipelineEntryStage"
	SettingContactsCreate        = "contacts.create"
	SettingContactsCreateBulk    = "contacts.create.bulk"
	SettingContactsEmailRequired = "contacts.create.emailRequired"
	SettingRestrictedDataMode    = "restrictedDataMode"
)

// SettingDefinition is what is fixed about a setting; what is true of it now is a
// SettingState.
type SettingDefinition struct {
	Key   string
	Group SettingGroup
	Title string
	Help  string
	Type  SettingType
	// Default is a bool or a string by Type; nil when an admin must choose.
	Default any
	// Parent is the key of the BOOLEAN setting without which this one has no effect
	// (requirement D20); empty at the top.
	Parent   string
	Requires []SettingRequirement
	// OptionsFrom is the key of the standard field whose picklist gives an ENUM's
	// options where the CRM's choices for Source are not known.
	OptionsFrom string
	// Source is the list of choices that an ENUM is made from.
	Source PicklistSource
	// Capability is what the connector must be able to do; empty for nothing.
	Capability Capability
	// Edition is the least edition that has the setting.
	Edition Edition
	// MustDecide says that onboarding asks for a decision (reading 1b.3): on or off,
	// but not left open. Until it is decided the setting has no effect.
	MustDecide bool
}

// SettingDefinitions lists the settings in the order of the page; a parent comes
// before its children.
//
// Contact creation is decided here and has no effect yet: connectors cannot write
// so far, so no capability is asked for. Its rights are those of the integration
// user; a person's own grant is asked for when the record is written (A6).
func SettingDefinitions() []SettingDefinition {
	return []SettingDefinition{
		{
			Key: SettingDataSync, Group: GroupGeneral, Type: SettingBoolean, Default: true, // D15
			Title:      "Data sync",
			Help:       "The master switch. While it is off nothing is synced, once a day or on demand.",
			Capability: CanRead, Edition: EditionCore, MustDecide: true,
		},
		{
			Key: SettingRestrictedDataMode, Group: GroupGeneral, Type: SettingBoolean, Default: false, // D12
			Title: "Restricted data mode",
			Help: "Shows an opportunity's data only to the people whom the CRM lets view it. " +
				"Others see no opportunity dates, amounts or cards.",
			Requires: []SettingRequirement{
				{Object: "opportunity", Right: RightRead},
				{Object: "opportunity", Field: "opportunity.owner_id", Right: RightRead},
			},
			Edition: EditionCore, MustDecide: true,
		},
		{
			Key: SettingAutoSave, Group: GroupImport, Type: SettingBoolean, Default: true, // D1
			Title: "Auto-save accounts, leads and contacts",
			Help: "Saves the accounts, leads and contacts that people are mapped to in the CRM to lists of their own. " +
				"It only imports: nothing is written to the CRM.",
			Requires: []SettingRequirement{
				{Object: "account", Right: RightRead},
				{Object: "contact", Right: RightRead},
				{Object: "lead", Right: RightRead},
				{Object: "opportunity", Right: RightRead},
			},
			Capability: CanRead, Edition: EditionAdvancedPlus, MustDecide: true, // A4: CRM sync is of the top edition
		},
		{
			Key: SettingPipelineEntryStage, Group: GroupImport, Type: SettingEnum, // D1a
			Parent: SettingAutoSave,
			Title:  "At which stage does an opportunity enter your pipeline?",
			Help: "Open opportunities at this stage or after it, in the CRM's own order of stages, count as pipeline. " +
				"The choice holds for everyone in the workspace.",
			Requires:    []SettingRequirement{{Object: "opportunity", Field: "opportunity.stage", Right: RightRead}},
			OptionsFrom: "opportunity.stage", Source: OpportunityStages,
			Capability: CanRead, Edition: EditionAdvancedPlus, MustDecide: true,
		},
		{
			Key: SettingContactsCreate, Group: GroupExport, Type: SettingBoolean, Default: false, // D3
			Title: "Create contacts",
			Help:  "Lets people create contacts in the CRM. Each contact is linked to an account that is there already.",
			Requires: []SettingRequirement{
				{Object: "contact", Right: RightCreate},
				{Object: "account", Right: RightRead},
			},
			Edition: EditionAdvancedPlus, MustDecide: true,
		},
		{
			Key: SettingContactsCreateBulk, Group: GroupExport, Type: SettingBoolean, Default: false, // D3a
			Parent:  SettingContactsCreate,
			Title:   "Bulk create contacts",
			Help:    "Lets people create many contacts at once from a relationship map.",
			Edition: EditionAdvancedPlus, MustDecide: true,
		},
		{
			Key: SettingContactsEmailRequired, Group: GroupExport, Type: SettingBoolean, Default: false, // D3b
			Parent:   SettingContactsCreate,
			Title:    "Require an e-mail address for new contacts",
			Help:     "Refuses a new contact that has no e-mail address.",
			Requires: []SettingRequirement{{Object: "contact", Field: "contact.email", Right: RightCreate}},
			Edition:  EditionAdvancedPlus, MustDecide: true,
		},
	}
}

// FindSetting returns the definition of a key.
func FindSetting(key string) (SettingDefinition, bool) {
	for _, definition := range SettingDefinitions() {
		if definition.Key == key {
			return definition, true
		}
	}
	return SettingDefinition{}, false
}

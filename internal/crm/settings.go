package crm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// StoredSetting is what a workspace has stored for one setting.
type StoredSetting struct {
	// Value is a bool or a string by the setting's type.
	Value any
	// Decided says that an admin chose it, be it the default.
	Decided bool
}

// SettingOption is one choice of an ENUM setting.
type SettingOption struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// SettingInputs is everything that settings depend on.
type SettingInputs struct {
	// Stored holds values by setting key; a key that is not there has its default.
	Stored   map[string]StoredSetting
	Edition  Edition
	Manifest Manifest
	Package  Package
	// Objects are the stored states by the CRM's object name, with all their fields:
	// a field that is not there counts as unreadable.
	Objects map[string]ObjectState
	// Mappings gives the CRM field of a standard field key. A standard field that is
	// not mapped yet is looked for under its first candidate.
	Mappings map[string]string
	// Options are the choices of ENUM settings by key. A key that is not there means
	// that the CRM has not been asked yet or did not answer.
	Options map[string][]SettingOption
}

// UnavailableReason says why a setting cannot be used (requirement A4).
type UnavailableReason string

// Reasons, the gravest first: a setting shows the first that holds. No setting of
// today asks for an installed app.
const (
	UnavailableEdition     UnavailableReason = "EDITION"
	UnavailableConnector   UnavailableReason = "CONNECTOR_UNSUPPORTED"
	UnavailableApp         UnavailableReason = "APP_NOT_INSTALLED"
	UnavailablePermission  UnavailableReason = "PERMISSION_MISSING"
	UnavailableParentIsOff UnavailableReason = "PARENT_DISABLED"
)

// Values lists the reasons.
func (UnavailableReason) Values() []string {
	return []string{
		string(UnavailableEdition), string(UnavailableConnector), string(UnavailableApp),
		string(UnavailablePermission), string(UnavailableParentIsOff),
	}
}

// RightStatus is what is known of a right that a setting needs.
type RightStatus string

// Statuses of a right. RightUnknown is an object that was never checked with an
// answer; it never makes a setting unavailable.
const (
	RightGranted RightStatus = "GRANTED"
	RightMissing RightStatus = "MISSING"
	RightUnknown RightStatus = "UNKNOWN"
)

// Values lists the statuses.
func (RightStatus) Values() []string {
	return []string{string(RightGranted), string(RightMissing), string(RightUnknown)}
}

// RequirementState is a requirement in the CRM's words, with its present status.
type RequirementState struct {
	SettingRequirement
	ObjectName  string
	ObjectLabel string
	// FieldName and FieldLabel are empty for a right on the object.
	FieldName  string
	FieldLabel string
	Status     RightStatus
	// Stale says that the object's last check failed: Status is what was known before.
	Stale bool
}

// String says the requirement in words: "create Contact.Email".
func (r RequirementState) String() string {
	subject := r.ObjectName
	if r.FieldName != "" {
		subject += "." + r.FieldName
	}
	return strings.ToLower(string(r.Right)) + " " + subject
}

// SettingState is what is true of a setting now.
type SettingState struct {
	Definition SettingDefinition
	// Value is what is stored, else the default; nil when there is neither.
	Value any
	// EffectiveValue is what holds: Value, or false (BOOLEAN) or nil (ENUM) while the
	// setting is unavailable, undecided though it must be decided, or its parent has
	// no effect. Value is kept all the while (requirement D20).
	EffectiveValue any
	Decided        bool
	Available      bool
	// UnavailableReason and UnavailableMessage are empty while Available.
	UnavailableReason  UnavailableReason
	UnavailableMessage string
	Requires           []RequirementState
	Options            []SettingOption
	// OptionsKnown is false while the CRM has not given the options.
	OptionsKnown bool
	// ValueGone says that the stored choice is no longer among the options (K8).
	ValueGone bool
}

// On reports whether a BOOLEAN setting is in effect.
func (s SettingState) On() bool { return s.EffectiveValue == true }

// Evaluate works out the state of every setting, in the order of
// SettingDefinitions. Rules:
//
//   - A setting is unavailable for its edition, for what the connector or the package
//     does not have, for a right that is missing, or because its parent is off, in
//     this order. A check that failed or never was made takes nothing away.
//   - A parent that is off makes its children ineffective; their values are kept
//     (requirement D20).
//   - A setting that must be decided has no effect until it is. So a setting that
//     was unavailable at onboarding does not switch itself on when a right is
//     granted later.
func Evaluate(inputs SettingInputs) []SettingState {
	byKey := map[string]SettingState{}
	definitions := SettingDefinitions()
	states := make([]SettingState, 0, len(definitions))
	for _, definition := range definitions {
		state := evaluateSetting(definition, byKey[definition.Parent], inputs)
		byKey[definition.Key] = state
		states = append(states, state)
	}
	return states
}

// evaluateSetting works out one setting; parent is the zero state at the top.
func evaluateSetting(definition SettingDefinition, parent SettingState, inputs SettingInputs) SettingState {
	state := SettingState{Definition: definition, Value: definition.Default, Requires: requirementStates(definition, inputs)}
	if stored, there := inputs.Stored[definition.Key]; there && definition.accepts(stored.Value) {
		state.Value, state.Decided = stored.Value, stored.Decided
	}
	if definition.Type == SettingEnum {
		state.Options, state.OptionsKnown = inputs.Options[definition.Key], inputs.Options[definition.Key] != nil
		state.ValueGone = state.OptionsKnown && state.Value != nil && !state.hasOption(state.Value)
	}
	state.UnavailableReason, state.UnavailableMessage = unavailable(state, parent, inputs)
	state.Available = state.UnavailableReason == ""
	state.EffectiveValue = state.effective(parent)
	return state
}

// accepts reports whether a value has the setting's type.
func (d SettingDefinition) accepts(value any) bool {
	switch value := value.(type) {
	case bool:
		return d.Type == SettingBoolean
	case string:
		return d.Type == SettingEnum && value != ""
	default:
		return false
	}
}

func (s SettingState) hasOption(value any) bool {
	return slices.ContainsFunc(s.Options, func(o SettingOption) bool { return o.Value == value })
}

// effective is the value that holds (see SettingState.EffectiveValue).
func (s SettingState) effective(parent SettingState) any {
	parentHolds := s.Definition.Parent == "" || parent.On()
	if s.Available && parentHolds && !s.ValueGone && (s.Decided || !s.Definition.MustDecide) {
		return s.Value
	}
	if s.Definition.Type == SettingBoolean {
		return false
	}
	return nil
}

// unavailable gives the gravest reason why a setting cannot be used, and the words
// for it; empty when it can.
func unavailable(state, parent SettingState, inputs SettingInputs) (UnavailableReason, string) {
	definition := state.Definition
	unsupported := inputs.Package.lacks(definition.Requires)
	var missing []string
	for _, requirement := range state.Requires {
		if requirement.Status == RightMissing {
			missing = append(missing, requirement.String())
		}
	}
	switch {
	case !inputs.Edition.Includes(definition.Edition):
		return UnavailableEdition, fmt.Sprintf("It needs edition %s; the workspace has %s.", definition.Edition, inputs.Edition)
	case definition.Capability != "" && !inputs.Manifest.Can(definition.Capability):
		return UnavailableConnector, fmt.Sprintf("The connector %s does not offer %s.", inputs.Manifest.Title, definition.Capability)
	case len(unsupported) > 0:
		return UnavailableConnector, fmt.Sprintf("It needs %s, which the package %s does not have for %s.",
			strings.Join(unsupported, ", "), inputs.Package.Title, inputs.Manifest.Title)
	case len(missing) > 0:
		return UnavailablePermission, "The integration user may not " + strings.Join(missing, ", ") + "."
	case definition.Parent != "" && (!parent.Available || parent.Value != true):
		return UnavailableParentIsOff, fmt.Sprintf("It belongs to %q, which is off or unavailable.", parent.Definition.Title)
	default:
		return "", ""
	}
}

// lacks lists the objects and standard fields that are required and that the package
// has no counterpart for in its CRM, in vendor-neutral words, each once.
func (p Package) lacks(requirements []SettingRequirement) []string {
	var lacking []string
	for _, requirement := range requirements {
		_, found := p.ObjectByKey(requirement.Object)
		name := requirement.Object
		if found && requirement.Field != "" {
			_, _, found = p.StandardField(requirement.Field)
			name = requirement.Field
		}
		if !found && !slices.Contains(lacking, name) {
			lacking = append(lacking, name)
		}
	}
	return lacking
}

// requirementStates puts a setting's requirements into the CRM's words. What the
// package does not have has none; it makes the setting unavailable (see lacks).
func requirementStates(definition SettingDefinition, inputs SettingInputs) []RequirementState {
	var states []RequirementState
	for _, requirement := range definition.Requires {
		object, found := inputs.Package.ObjectByKey(requirement.Object)
		if !found {
			continue
		}
		state := RequirementState{SettingRequirement: requirement, ObjectName: object.Name, ObjectLabel: object.Label}
		if requirement.Field != "" {
			_, field, found := inputs.Package.StandardField(requirement.Field)
			if !found {
				continue
			}
			state.FieldName, state.FieldLabel = field.CRMField(inputs.Mappings), field.Label
		}
		access, checked := inputs.Objects[object.Name]
		state.Stale = access.Stale
		state.Status = RightUnknown
		if checked {
			state.Status = access.right(state.FieldName, requirement.Right)
		}
		states = append(states, state)
	}
	return states
}

// right tells whether the state grants a right on the object, or on a field of it.
func (s ObjectState) right(field string, right Right) RightStatus {
	var granted bool
	switch {
	case s.Status == ObjectNotChecked || s.Status == "":
		return RightUnknown
	case s.Status != ObjectOK:
		return RightMissing
	case field == "":
		granted = right == RightRead || s.Rights.Has(right)
	default:
		found := s.Fields[field]
		granted = found.Readable && (right == RightRead || found.Rights.Has(right))
	}
	if granted {
		return RightGranted
	}
	return RightMissing
}

// PicklistOptions turns a picklist into the options of a setting: the active
// values, in the CRM's order, never nil.
func PicklistOptions(values []PicklistValue) []SettingOption {
	options := make([]SettingOption, 0, len(values))
	for _, value := range values {
		if value.Active {
			options = append(options, SettingOption{Value: value.Value, Label: value.Label})
		}
	}
	return options
}

// ChoiceOptions turns the choices of a source into the options of a setting: the
// active ones, in the CRM's order, each value once, never nil. Where there are several
// groups (pipelines), a label names its group.
func ChoiceOptions(choices []Choice) []SettingOption {
	groups, seen := map[string]bool{}, map[string]bool{}
	for _, choice := range choices {
		groups[choice.Group] = true
	}
	options := make([]SettingOption, 0, len(choices))
	for _, choice := range choices {
		if !choice.Active || seen[choice.Value] {
			continue
		}
		seen[choice.Value] = true
		label := cmp.Or(choice.Label, choice.Value)
		if group := cmp.Or(choice.GroupLabel, choice.Group); len(groups) > 1 && group != "" {
			label = fmt.Sprintf("%s (%s)", label, group)
		}
		options = append(options, SettingOption{Value: choice.Value, Label: label})
	}
	return options
}

// NeededPicklists lists the sources of choices that settings are made from, for an
// edition that has the settings, a connector that gives choices and a package that
// has what they are about.
func NeededPicklists(edition Edition, manifest Manifest, pkg Package) []PicklistSource {
	if !manifest.Can(CanListPicklist) {
		return nil
	}
	var sources []PicklistSource
	for _, definition := range SettingDefinitions() {
		needed := definition.Source != "" && edition.Includes(definition.Edition) && len(pkg.lacks(definition.Requires)) == 0
		if needed && !slices.Contains(sources, definition.Source) {
			sources = append(sources, definition.Source)
		}
	}
	return sources
}

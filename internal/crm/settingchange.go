package crm

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// SettingErrorReason says why a value was refused.
type SettingErrorReason string

// Reasons to refuse a value.
const (
	SettingUnknown        SettingErrorReason = "UNKNOWN_SETTING"
	SettingWrongType      SettingErrorReason = "WRONG_TYPE"
	SettingNotAnOption    SettingErrorReason = "NOT_AN_OPTION"
	SettingOptionsUnknown SettingErrorReason = "OPTIONS_UNKNOWN"
	SettingUnavailable    SettingErrorReason = "UNAVAILABLE"
)

// SettingError is a refused change of a setting.
type SettingError struct {
	Key     string
	Reason  SettingErrorReason
	Message string
}

// Error gives key and message.
func (e SettingError) Error() string { return e.Key + ": " + e.Message }

// SettingChange is one wanted value.
type SettingChange struct {
	Key string
	// Value is a bool or a string by the setting's type.
	Value any
}

// ValidateChange refuses, with a SettingError, a value that the setting cannot
// have: of another type, not among its options, or anything but off while it is
// unavailable. Switching off is always allowed.
func ValidateChange(states []SettingState, key string, value any) error {
	refuse := func(reason SettingErrorReason, format string, args ...any) error {
		return SettingError{Key: key, Reason: reason, Message: fmt.Sprintf(format, args...)}
	}
	i := slices.IndexFunc(states, func(s SettingState) bool { return s.Definition.Key == key })
	if i < 0 {
		return refuse(SettingUnknown, "there is no such setting")
	}
	state := states[i]
	switch {
	case !state.Definition.accepts(value):
		return refuse(SettingWrongType, "%T is not a value of type %s", value, state.Definition.Type)
	case value == false:
		return nil
	case !state.Available:
		return refuse(SettingUnavailable, "it is not available: %s", state.UnavailableMessage)
	case state.Definition.Type == SettingBoolean || state.hasOption(value):
		return nil
	case !state.OptionsKnown:
		return refuse(SettingOptionsUnknown, "its options have not been read from the CRM yet")
	default:
		return refuse(SettingNotAnOption, "%q is not among its options", value)
	}
}

// ApplyChanges decides several settings together, as one form does: parents before
// their children, each validated against what the ones before it led to. It returns
// the states afterwards, and all refusals joined; inputs are not changed.
func ApplyChanges(inputs SettingInputs, changes []SettingChange) ([]SettingState, error) {
	position := func(key string) int {
		return slices.IndexFunc(SettingDefinitions(), func(d SettingDefinition) bool { return d.Key == key })
	}
	ordered := slices.Clone(changes)
	slices.SortStableFunc(ordered, func(a, b SettingChange) int { return position(a.Key) - position(b.Key) })

	inputs.Stored = maps.Clone(inputs.Stored)
	if inputs.Stored == nil {
		inputs.Stored = map[string]StoredSetting{}
	}
	states := Evaluate(inputs)
	var refusals []error
	for _, change := range ordered {
		if err := ValidateChange(states, change.Key, change.Value); err != nil {
			refusals = append(refusals, err)
			continue
		}
		inputs.Stored[change.Key] = StoredSetting{Value: change.Value, Decided: true}
		states = Evaluate(inputs)
	}
	return states, errors.Join(refusals...)
}

// Undecided lists the keys of the settings that onboarding still waits for
// (requirement D, reading 1b.3). A setting that is unavailable, also because its
// parent is off, counts as decided off: nobody can be asked to answer what cannot
// be chosen.
func Undecided(states []SettingState) []string {
	var keys []string
	for _, state := range states {
		if state.Definition.MustDecide && !state.Decided && state.Available {
			keys = append(keys, state.Definition.Key)
		}
	}
	return keys
}

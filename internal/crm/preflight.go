package crm

// SettingEffect is a setting that changes make different (requirement D23).
type SettingEffect struct {
	Before, After SettingState
	// Requested says that a change names it; else it follows from another one.
	Requested bool
}

// Preflight tells what changes would do: each setting that would have another value,
// another effect, or another reason not to have one, in the order of SettingDefinitions,
// and each that a change names though it is refused. The error joins the refusals as
// ApplyChanges does; what is refused does not count for the rest. inputs are not changed.
func Preflight(inputs SettingInputs, changes []SettingChange) ([]SettingEffect, error) {
	requested := make(map[string]bool, len(changes))
	for _, change := range changes {
		requested[change.Key] = true
	}
	before := Evaluate(inputs)
	after, err := ApplyChanges(inputs, changes)
	var effects []SettingEffect
	for i, was := range before {
		effect := SettingEffect{Before: was, After: after[i], Requested: requested[was.Definition.Key]}
		if effect.Requested || effect.follows() {
			effects = append(effects, effect)
		}
	}
	return effects, err
}

// follows reports whether a setting that nobody changes is another one all the same.
func (e SettingEffect) follows() bool {
	return e.Before.EffectiveValue != e.After.EffectiveValue || e.Before.UnavailableReason != e.After.UnavailableReason
}

// Missing lists the rights that the setting needs and that are not known to be there.
func (s SettingState) Missing() []RequirementState {
	var missing []RequirementState
	for _, requirement := range s.Requires {
		if requirement.Status != RightGranted {
			missing = append(missing, requirement)
		}
	}
	return missing
}

// RightFix fills in how to get a right that is missing. What cannot be read is repaired
// as its cause says (RenderRemediation); for a right to write on what can be read,
// connectors have no words of their own: the place is the same.
func RightFix(templates []RemediationTemplate, cause Cause, subject Subject, right Right, readable bool) Fix {
	if !readable || right == RightRead {
		return RenderRemediation(templates, cause, subject)
	}
	return writeFix(RenderRemediation(templates, CausePermission, subject), []Need{{Right: right}})
}

package crm

import "slices"

// Simulation is what would be different if an integration signed in as somebody else
// (requirement J7). It holds no credential.
type Simulation struct {
	Objects  []SimulatedObject  `json:"objects"`
	Settings []SimulatedSetting `json:"settings"`
}

// SimulatedObject is an object of the package as another login sees it.
type SimulatedObject struct {
	Name   string `json:"name"`
	Rights Rights `json:"rights"`
	// CheckFailed says that the CRM did not answer for it: nothing is known.
	CheckFailed bool `json:"checkFailed,omitempty"`
	// MissingFields are the mapped CRM fields that it could not read, sorted; all of
	// them when it cannot read the object.
	MissingFields []string `json:"missingFields,omitempty"`
	ReadableNow   bool     `json:"readableNow"`
}

// SimulatedSetting is a setting under another login.
type SimulatedSetting struct {
	Key      string             `json:"key"`
	Title    string             `json:"title"`
	Works    bool               `json:"works"`
	WorksNow bool               `json:"worksNow"`
	Missing  []SimulatedMissing `json:"missing,omitempty"`
}

// SimulatedMissing is a right that a setting needs, or a setting above it, and that
// the other login does not have as far as is known.
type SimulatedMissing struct {
	Object string      `json:"object"`
	Field  string      `json:"field,omitempty"`
	Right  Right       `json:"right"`
	Status RightStatus `json:"status"`
}

// Simulate compares the present login, whose states the inputs hold, with another
// one, for which the CRM gave checks, one per object asked for. Rules:
//
//   - A setting works when it could be switched on and would have an effect: edition,
//     connector and package have it, every right that it and the settings above it
//     need is known to be there. What is decided and switched on now does not count:
//     the question is what could be.
//   - What the CRM did not answer for is unknown, and what is unknown does not work.
//     (Evaluate takes nothing away for it; there the setting was good before.)
func Simulate(now SettingInputs, checks []ObjectCheck) Simulation {
	then := now
	then.Objects = make(map[string]ObjectState, len(checks))
	simulation := Simulation{Objects: make([]SimulatedObject, 0, len(checks))}
	for _, check := range checks {
		then.Objects[check.Object] = simulatedState(check)
		simulation.Objects = append(simulation.Objects, simulatedObject(now, check))
	}
	present := possible(now)
	for i, setting := range possible(then) {
		setting.WorksNow = present[i].Works
		simulation.Settings = append(simulation.Settings, setting)
	}
	return simulation
}

// simulatedState is an answer as the state that a first check would make of it.
func simulatedState(check ObjectCheck) ObjectState {
	state := ObjectState{Object: check.Object, Status: ObjectNotChecked}
	switch check.Verdict {
	case VerdictAccessible:
		state.Status, state.Rights = ObjectOK, check.Rights
		state.Fields = make(map[string]FieldState, len(check.Fields))
		for _, field := range check.Fields {
			state.Fields[field.Name] = FieldState{Readable: true, Rights: field.Rights}
		}
	case VerdictDenied:
		state.Status = ObjectPermissionMissing
	case VerdictFailed:
	}
	return state
}

func simulatedObject(now SettingInputs, check ObjectCheck) SimulatedObject {
	object := SimulatedObject{
		Name: check.Object, CheckFailed: check.Verdict == VerdictFailed,
		ReadableNow: now.Objects[check.Object].Status == ObjectOK,
	}
	if check.Verdict == VerdictAccessible {
		object.Rights = check.Rights
		object.Rights.Read = true
	}
	if object.CheckFailed {
		return object
	}
	readable := simulatedState(check).Fields
	found, _ := now.Package.Object(check.Object)
	for _, standard := range found.Fields {
		name := now.Mappings[standard.Key]
		if name != "" && !readable[name].Readable {
			object.MissingFields = append(object.MissingFields, name)
		}
	}
	slices.Sort(object.MissingFields)
	object.MissingFields = slices.Compact(object.MissingFields)
	return object
}

// possible tells of every setting whether it would work with everything switched on.
func possible(inputs SettingInputs) []SimulatedSetting {
	inputs.Stored = map[string]StoredSetting{}
	for _, definition := range SettingDefinitions() {
		if definition.Type == SettingBoolean {
			inputs.Stored[definition.Key] = StoredSetting{Value: true, Decided: true}
		}
	}
	byKey := map[string]SimulatedSetting{}
	var all []SimulatedSetting
	for _, state := range Evaluate(inputs) {
		parent, nested := byKey[state.Definition.Parent]
		setting := SimulatedSetting{Key: state.Definition.Key, Title: state.Definition.Title, Missing: slices.Clone(parent.Missing)}
		for _, requirement := range state.Requires {
			missing := SimulatedMissing{
				Object: requirement.ObjectName, Field: requirement.FieldName, Right: requirement.Right, Status: requirement.Status,
			}
			if requirement.Status != RightGranted && !slices.Contains(setting.Missing, missing) {
				setting.Missing = append(setting.Missing, missing)
			}
		}
		setting.Works = state.Available && len(setting.Missing) == 0 && (!nested || parent.Works)
		byKey[setting.Key] = setting
		all = append(all, setting)
	}
	return all
}

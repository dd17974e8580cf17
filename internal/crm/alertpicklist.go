package crm

import (
	"fmt"
	"strings"
)

// PicklistValueGone compares the settings of an integration with its open alert on
// choices that the CRM has no more (requirement K8): one alert, which names every such
// setting. It opens while a setting that would work points to a choice that has gone,
// and is resolved as RESTORED when it is decided anew, or the choice is back, or the
// setting has no effect for another reason. The second result is false when nothing is
// to be done. Open says that the alert is open.
func PicklistValueGone(states []SettingState, open bool) (AlertIntent, bool) {
	byKey := map[string]SettingState{}
	var gone []string
	intent := AlertIntent{Action: ActionOpen, Key: AlertKey{Rule: RulePicklistValueGone}, Severity: SeverityWarning}
	for _, state := range states {
		byKey[state.Definition.Key] = state
		works := state.Decided && state.Available && (state.Definition.Parent == "" || byKey[state.Definition.Parent].On())
		if !works || !state.ValueGone {
			continue
		}
		gone = append(gone, fmt.Sprintf("%q (%v)", state.Definition.Title, state.Value))
		intent.StandardField = state.Definition.OptionsFrom
		intent.Affected = append(intent.Affected, Affected{Kind: AffectedSetting, Key: state.Definition.Key, Title: state.Definition.Title})
	}
	switch {
	case len(gone) == 0 && open:
		return AlertIntent{Action: ActionResolve, Key: intent.Key, Resolution: ResolvedRestored}, true
	case len(gone) == 0:
		return AlertIntent{}, false
	}
	intent.Title = "A setting points to a choice that the CRM no longer has"
	if len(gone) > 1 {
		intent.Title = fmt.Sprintf("%d settings point to choices that the CRM no longer has", len(gone))
	}
	intent.Message = "The choice was removed or renamed in the CRM, so the setting has no effect: " + strings.Join(gone, ", ") + "."
	intent.Fix = Fix{
		Steps: []string{
			"Open the settings of the integration and choose again from the choices that the CRM has now.",
			"Or add the choice to the picklist in the CRM again; the setting then works as before.",
		},
		Who: "An admin of the workspace; an admin of the CRM for its picklist",
	}
	return intent, true
}

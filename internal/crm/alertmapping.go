package crm

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// mappingAlerts evaluates the alerts about the mappings of one object (requirement
// K8): REQUIRED_FIELD_UNMAPPED for a required standard field that stands for nothing,
// and MAPPING_BROKEN for a mapped field whose type cannot carry the values any more.
// Nobody is told before standardization is over: until then its blockers say it.
//
// What can no longer be read has an alert of its own, so MAPPING_BROKEN speaks of
// readable fields only; while nothing is known of an object its alerts stay as they
// are. The key of REQUIRED_FIELD_UNMAPPED has the standard field's key for a field:
// there is no CRM field.
func (e *alertEvaluation) mappingAlerts() []AlertIntent {
	open := map[AlertKey]bool{}
	for _, key := range e.Open {
		if key.Object == e.state.Object && (key.Rule == RuleRequiredFieldUnmapped || key.Rule == RuleMappingBroken) {
			open[key] = true
		}
	}
	if !e.Standardized && len(open) == 0 {
		return nil
	}
	mapped := map[string]Mapping{}
	for _, mapping := range e.Mappings {
		if mapping.Object == e.state.Object {
			mapped[mapping.StandardField] = mapping
		}
	}
	var intents []AlertIntent
	raise := func(intent AlertIntent) {
		intent.Action = ActionOpen
		if open[intent.Key] {
			intent.Action = ActionUpdate
		}
		delete(open, intent.Key)
		intents = append(intents, intent)
	}
	if e.Standardized {
		for _, standard := range e.object.Fields {
			mapping, there := mapped[standard.Key]
			field := e.state.Fields[mapping.CRMField]
			switch {
			case e.state.Status != ObjectOK || e.state.Stale:
				// Nothing is known for sure; what is mapped meanwhile is resolved below.
				if there {
					delete(open, AlertKey{RuleMappingBroken, e.state.Object, mapping.CRMField})
				} else {
					delete(open, AlertKey{RuleRequiredFieldUnmapped, e.state.Object, standard.Key})
				}
			case !there && standard.Requirement == Required:
				raise(e.unmappedAlert(standard))
			case there && !field.Readable:
				delete(open, AlertKey{RuleMappingBroken, e.state.Object, mapping.CRMField})
			case there && !standard.DataType.Suits(field.Type):
				raise(e.brokenAlert(mapping, standard, field))
			}
		}
	}
	return append(intents, resolveMappingAlerts(open, mapped)...)
}

// resolveMappingAlerts ends the open alerts whose problem is gone, in a stable order.
func resolveMappingAlerts(open map[AlertKey]bool, mapped map[string]Mapping) []AlertIntent {
	fields := map[string]bool{}
	for _, mapping := range mapped {
		fields[mapping.CRMField] = true
	}
	var intents []AlertIntent
	for _, key := range slices.SortedFunc(maps.Keys(open), func(a, b AlertKey) int { return cmp.Compare(a.String(), b.String()) }) {
		_, isMapped := mapped[key.Field]
		intent := AlertIntent{Action: ActionResolve, Key: key, Resolution: ResolvedUnmapped}
		switch {
		case key.Rule == RuleRequiredFieldUnmapped && isMapped:
			intent.Resolution = ResolvedMapped
		case key.Rule == RuleMappingBroken && fields[key.Field]:
			intent.Resolution = ResolvedRestored
		}
		intents = append(intents, intent)
	}
	return intents
}

// unpublished resolves every alert of an object that was taken out of
// standardization: it is not watched any more (requirement F4).
func (e *alertEvaluation) unpublished() []AlertIntent {
	var intents []AlertIntent
	for _, key := range e.Open {
		if key.Object == e.state.Object {
			intents = append(intents, AlertIntent{Action: ActionResolve, Key: key, Resolution: ResolvedUnmapped})
		}
	}
	return intents
}

func (e *alertEvaluation) unmappedAlert(standard StandardField) AlertIntent {
	message := fmt.Sprintf("The package %s requires the standard field %s (%s) of %s, and no CRM field stands for it.",
		e.Package.Title, standard.Key, standard.Label, e.object.Name)
	return AlertIntent{
		Key:           AlertKey{Rule: RuleRequiredFieldUnmapped, Object: e.state.Object, Field: standard.Key},
		Severity:      SeverityWarning,
		StandardField: standard.Key,
		Title:         fmt.Sprintf("Nothing stands for %s of %s", standard.Label, e.object.Name),
		Message:       message,
		Fix: Fix{
			Steps: []string{
				fmt.Sprintf("Open the standardization of %s and look at what is proposed for %s.", e.object.Name, standard.Label),
				"Map the CRM field that holds these values; the alert is resolved at once.",
				fmt.Sprintf("If the CRM has no such field, create one, let the integration user read it, check %s again, then map it.", e.object.Name),
			},
			Who: "An admin of the workspace",
		},
		Affected: FieldImpact(e.Package, standard),
	}
}

func (e *alertEvaluation) brokenAlert(mapping Mapping, standard StandardField, field FieldState) AlertIntent {
	name := e.state.Object + "." + mapping.CRMField
	return AlertIntent{
		Key:           AlertKey{Rule: RuleMappingBroken, Object: e.state.Object, Field: mapping.CRMField},
		Severity:      severity(standard.Requirement),
		StandardField: standard.Key,
		Title:         name + " changed its type",
		Message: fmt.Sprintf("%s stands for %q in the package %s, but its type is %s now, which holds no %s values.",
			name, standard.Label, e.Package.Title, field.Type, standard.DataType),
		Evidence: fmt.Sprintf("The CRM describes %s as %s.", name, field.Type),
		Fix: Fix{
			Steps: []string{
				fmt.Sprintf("Map another field of %s to %s, or give %s its former type back in the CRM.", e.state.Object, standard.Label, mapping.CRMField),
				fmt.Sprintf("Check %s again; the alert is resolved as soon as the type suits.", e.state.Object),
			},
			Who: "An admin of the workspace; an admin of the CRM for the field's type",
		},
		Affected: FieldImpact(e.Package, standard),
	}
}

package crm

import "fmt"

// fieldLossCause says what a field's absence from a readable object is due to, as
// far as the evidence goes (requirement I6). CRMs leave out a field that was
// deleted, renamed or hidden in the same way. Only where the other causes are ruled
// out is it a permission: a field that came with the CRM cannot be deleted or
// renamed, the API version is the same, and the field can be hidden by itself.
func fieldLossCause(field FieldState, name, previousVersion string, check ObjectCheck) (Cause, string) {
	evidence := absence(check, name)
	switch {
	case previousVersion != check.APIVersion && previousVersion != "":
		return CauseUnknown, fmt.Sprintf("%s; the API version changed from %s to %s since it was last seen, which can hide a field too.",
			evidence, previousVersion, check.APIVersion)
	case field.Custom:
		return CauseUnknown, evidence + "; a custom field may have been hidden, deleted or renamed, which the CRM shows alike."
	case !field.Hideable:
		return CauseUnknown, evidence + "; this field cannot be hidden by itself."
	default:
		return CausePermission, evidence + "; it came with the CRM, so it cannot have been deleted or renamed, but it can be hidden."
	}
}

// absence is the observation itself, without a full stop.
func absence(check ObjectCheck, field string) string {
	return fmt.Sprintf("%s can be read, but the CRM does not list %s among the fields that the integration user may read",
		check.Object, field)
}

package crm

import (
	"cmp"
	"fmt"
)

// fieldLossCause says what a field's absence from a readable object is due to, as
// far as the evidence goes (requirement I6):
//
//   - What the connector says of it counts first, unless it does not know.
//   - Else a candidate that appeared at the same time makes it RENAMED_CANDIDATE, for
//     a field that may have been renamed at all.
//   - Else what is ruled out decides. CRMs leave out a field that was deleted, renamed
//     or hidden in the same way. Only where the other causes are ruled out is it a
//     permission: a field that came with the CRM cannot be deleted or renamed, the API
//     version is the same, and the field can be hidden by itself.
func fieldLossCause(name string, field FieldState, candidate, previousVersion string, check ObjectCheck, denied DeniedField) (Cause, string) {
	cause, evidence := ruledOut(name, field, previousVersion, check)
	if denied.explains() {
		cause, evidence = denied.Cause, cmp.Or(denied.Evidence, absence(check, name)+".")
	} else if cause == CauseUnknown && denied.Evidence != "" {
		evidence = denied.Evidence
	}
	if candidate != "" && mayBeRenamed(cause) {
		return CauseRenamedCandidate, fmt.Sprintf("%s; %s appeared at the same time, with the same type and a similar name.",
			absence(check, name), candidate)
	}
	return cause, evidence
}

// explains reports whether the connector knows why the field cannot be read.
func (f DeniedField) explains() bool { return f.Cause != "" && f.Cause != CauseUnknown }

// exists reports whether the connector's explanation means that the CRM has the
// field.
func (f DeniedField) exists() bool { return f.explains() && f.Cause != CauseDeleted }

// mayBeRenamed reports whether a cause leaves room for a rename.
func mayBeRenamed(cause Cause) bool { return cause == CauseUnknown || cause == CauseDeleted }

// ruledOut is the cause that is left when nobody says it.
func ruledOut(name string, field FieldState, previousVersion string, check ObjectCheck) (Cause, string) {
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

// stillLost is the cause of a field that stays unreadable: the stored one, unless
// the connector gives another now. That it does not know is no reason to forget what
// was concluded when the field was lost: that it was hidden, or renamed to a field
// that is there still.
func stillLost(name string, field FieldState, candidateThere bool, check ObjectCheck, denied DeniedField) (Cause, string) {
	said := orUnknown(denied.Cause)
	kept := said == field.Cause
	switch field.Cause {
	case CauseRenamedCandidate:
		kept = kept || candidateThere && mayBeRenamed(said)
	case CausePermission:
		kept = kept || said == CauseUnknown
	default:
		kept = kept || denied.Name == "" && field.Cause != ""
	}
	if kept {
		return field.Cause, field.Evidence
	}
	return said, cmp.Or(denied.Evidence, absence(check, name)+".")
}

package crm

// Words that end the steps of every general remediation of a field.
const (
	stepMapAnother = "If another field holds the values now, map the standard field to that one in Fieldwarden."
	stepUnmap      = "If it is no longer needed, unmap it in Fieldwarden."
)

// generalRemediation is for causes that a connector gives no template for: words
// that hold for every CRM.
func generalRemediation(cause Cause, kind SubjectKind) RemediationTemplate {
	template := RemediationTemplate{Cause: cause, Subject: kind, Who: "CRM administrator"}
	if kind == SubjectField {
		template.Steps = generalFieldSteps(cause)
	} else {
		template.Steps = generalObjectSteps(cause)
	}
	if cause == CauseRenamedCandidate {
		template.Who = "Workspace administrator"
	}
	return template
}

func generalFieldSteps(cause Cause) []string {
	switch cause {
	case CausePermission:
		return []string{"Give {user} read access to the field {fieldLabel} ({object}.{field}).", stepUnmap}
	case CauseDeleted:
		return []string{
			"Restore the field {fieldLabel} ({object}.{field}) in the CRM, or create it again under the same name.",
			stepMapAnother, stepUnmap,
		}
	case CauseArchived:
		return []string{"Restore the field {fieldLabel} ({object}.{field}) from the CRM's archive.", stepMapAnother, stepUnmap}
	case CauseSensitive:
		return []string{
			"Decide whether Fieldwarden may read the sensitive field {fieldLabel} ({object}.{field}).",
			"If so, give the app the scope for sensitive data and sign in to the CRM again; if not, unmap it in Fieldwarden.",
		}
	case CauseScopeMissing:
		return []string{
			"Sign in to the CRM again and grant the app the scope that {object}.{field} ({fieldLabel}) needs.",
			stepUnmap,
		}
	case CauseRenamedCandidate:
		return []string{
			"See in the CRM whether {candidate} holds now what the field {fieldLabel} ({object}.{field}) held.",
			"If so, map the standard field to it: {object}.{candidate}.",
			"If not, make sure that {object}.{field} still exists and give {user} read access to it.",
		}
	case CauseAPIVersion:
		return []string{
			"The CRM's API version does not offer the field {fieldLabel} ({object}.{field}): update Fieldwarden's connector, or ask for the version that does.",
			stepMapAnother, stepUnmap,
		}
	case CauseObjectDenied, CauseUnknown:
	}
	return []string{
		"Make sure that the field {fieldLabel} ({object}.{field}) still exists in the CRM.",
		"Give {user} read access to it.",
		stepUnmap,
	}
}

func generalObjectSteps(cause Cause) []string {
	switch cause {
	case CausePermission, CauseObjectDenied:
		return []string{"Give {user} read access to the object {objectLabel} ({object})."}
	case CauseDeleted:
		return []string{"Make the object {objectLabel} ({object}) available in the CRM again: it is not there under this name."}
	case CauseArchived:
		return []string{"Restore the object {objectLabel} ({object}) from the CRM's archive."}
	case CauseScopeMissing:
		return []string{"Sign in to the CRM again and grant the app the scope that reading {objectLabel} ({object}) needs."}
	case CauseSensitive:
		return []string{"Give the app the scope for the sensitive data of {objectLabel} ({object}) and sign in to the CRM again."}
	case CauseAPIVersion:
		return []string{"The CRM's API version does not offer {objectLabel} ({object}): update Fieldwarden's connector."}
	case CauseRenamedCandidate, CauseUnknown:
	}
	return []string{
		"Make sure that the object {objectLabel} ({object}) is in use in the CRM.",
		"Give {user} read access to it.",
	}
}

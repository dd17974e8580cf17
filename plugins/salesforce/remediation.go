package salesforce

import "github.com/fieldwarden/fieldwarden/plugins/sdk"

// administrator is who can change rights in Setup.
const administrator = "Salesforce administrator (needs Manage Profiles and Permission Sets and Customize Application)"

// Deep links into Setup. Lightning resolves them from the org's own address.
const (
	fieldsLink      = "{instanceUrl}/lightning/setup/ObjectManager/{object}/FieldsAndRelationships/view"
	permissionLink  = "{instanceUrl}/lightning/setup/PermSets/home"
	objectLink      = "{instanceUrl}/lightning/setup/ObjectManager/{object}/Details/view"
	allObjectsLink  = "{instanceUrl}/lightning/setup/ObjectManager/home"
	fieldRightsStep = "Or change the permission set: Setup → Users → Permission Sets → a set assigned to {user} → Object Settings → {objectLabel} → Edit → Field Permissions: tick Read Access for {fieldLabel}, and Edit Access if it is written back → Save."
)

// remediations are the repairs, by cause and subject (requirement B5), with the
// menu names of Spring '26.
func remediations() []sdk.Remediation {
	return []sdk.Remediation{
		fieldRemediation(sdk.CausePermission, fieldsLink,
			"Open Setup → Object Manager → {objectLabel} → Fields & Relationships → {fieldLabel}.",
			"Choose Set Field-Level Security. Tick Visible for the integration user's profile or permission set; clear Read-Only if the field is written back. Save.",
			fieldRightsStep,
			"If {fieldLabel} is a lookup, {user} also needs Read on the object it points to.",
		),
		fieldRemediation(sdk.CauseUnknown, fieldsLink,
			"Open Setup → Object Manager → {objectLabel} → Fields & Relationships and search for {field}. Salesforce answers alike when a field is hidden from {user}, deleted, or renamed.",
			"If it is listed: open it, choose Set Field-Level Security, tick Visible for the integration user's profile or permission set, and save.",
			fieldRightsStep,
			"If it is listed under another Field Name, it was renamed: map the new name in Fieldwarden.",
			"If it is not listed, look under Deleted Fields (custom fields can be restored for 15 days), or remove the mapping in Fieldwarden.",
		),
		fieldRemediation(sdk.CauseObjectDenied, permissionLink,
			"{fieldLabel} cannot be read because {objectLabel} cannot: Setup → Users → Permission Sets → a set assigned to {user} → Object Settings → {objectLabel} → Edit.",
			"Tick Read under Object Permissions and Read Access for the fields that are synced → Save.",
		),
		fieldRemediation(sdk.CauseDeleted, fieldsLink,
			"Open Setup → Object Manager → {objectLabel} → Fields & Relationships → Deleted Fields and restore {field} (possible for 15 days after the deletion); then set its field-level security again, which deleting removed.",
			"Or remove the mapping of {field} in Fieldwarden.",
		),
		fieldRemediation(sdk.CauseAPIVersion, fieldsLink,
			"{field} does not exist in API version "+APIVersion+", which this connector uses. Update the connector to a release for a newer version.",
			"Until then remove the mapping of {field} in Fieldwarden.",
		),
		objectRemediation(sdk.CauseObjectDenied, permissionLink, objectSteps()...),
		objectRemediation(sdk.CausePermission, permissionLink, objectSteps()[:2]...),
		objectRemediation(sdk.CauseUnknown, allObjectsLink, append([]string{
			"Open Setup → Object Manager and search for {object}. Salesforce answers alike when an object is closed to {user}, deleted, or its feature is switched off.",
		}, objectSteps()...)...),
		objectRemediation(sdk.CauseDeleted, allObjectsLink,
			"Open Setup → Object Manager → Deleted Objects (custom objects can be restored for 15 days) and restore {object}.",
			"Or switch the object off in Fieldwarden.",
		),
		objectRemediation(sdk.CauseAPIVersion, objectLink,
			"{object} does not exist in API version "+APIVersion+", which this connector uses. Update the connector to a release for a newer version.",
		),
	}
}

func objectSteps() []string {
	return []string{
		"Open Setup → Users → Permission Sets → a set assigned to {user} → Object Settings → {objectLabel} → Edit.",
		"Tick Read under Object Permissions (Create and Edit as well if it is written back) and Read Access for the fields that are synced → Save.",
		"If {objectLabel} is not in the list, its feature may be off (team selling, notes, person accounts): switch the feature on in Setup, or switch the object off in Fieldwarden.",
	}
}

func fieldRemediation(cause sdk.Cause, link string, steps ...string) sdk.Remediation {
	return sdk.Remediation{Cause: cause, Subject: sdk.SubjectField, Steps: steps, DeepLink: link, Who: administrator}
}

func objectRemediation(cause sdk.Cause, link string, steps ...string) sdk.Remediation {
	return sdk.Remediation{Cause: cause, Subject: sdk.SubjectObject, Steps: steps, DeepLink: link, Who: administrator}
}

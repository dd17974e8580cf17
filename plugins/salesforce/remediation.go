package salesforce

import "github.com/fieldwarden/fieldwarden/plugins/sdk"

// administrator is who can change rights in Setup.
const administrator = "Salesforce administrator (needs Manage Profiles and Permission Sets and Customize Application)"

// Deep links into Setup. Lightning resolves them from the org's own address.
const (
	fieldsLink     = "{instanceUrl}/lightning/setup/ObjectManager/{object}/FieldsAndRelationships/view"
	permissionLink = "{instanceUrl}/lightning/setup/PermSets/home"
	objectLink     = "{instanceUrl}/lightning/setup/ObjectManager/{object}/Details/view"
	allObjectsLink = "{instanceUrl}/lightning/setup/ObjectManager/home"
	// connectedAppsLink is the list of apps that users have authorized.
	connectedAppsLink = "{instanceUrl}/lightning/setup/ConnectedApplication/home"
	fieldRightsStep   = "Or change the permission set: Setup → Users → Permission Sets → a set assigned to {user} → Object Settings → {objectLabel} → Edit → Field Permissions: tick Read Access for {fieldLabel}, and Edit Access if it is written back → Save."
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
			"Open Setup → Object Manager → {objectLabel} → Fields & Relationships → Deleted Fields and restore {field} (possible for 15 days after the deletion); then set its field-level security again, which deleting removed. A field of an app comes back with the app: Setup → Installed Packages.",
			"If the field is in Fields & Relationships under another Field Name, it was renamed: map the new name in Fieldwarden. (Fields of tasks are managed under the object Activity.)",
			"Or remove the mapping of {field} in Fieldwarden.",
		),
		fieldRemediation(sdk.CauseAPIVersion, fieldsLink,
			"{field} does not exist in API version "+APIVersion+", which this connector uses. Update the connector to a release for a newer version.",
			"Until then remove the mapping of {field} in Fieldwarden.",
		),
		fieldRemediation(sdk.CauseRenamedCandidate, fieldsLink,
			"Open Setup → Object Manager → {objectLabel} → Fields & Relationships and search for {fieldLabel}; the evidence gives the Field Name that it seems to have now.",
			"If it is the same field, map the new name in Fieldwarden, or choose Edit on the field and give it the old Field Name back.",
			"If it is another field, {field} was deleted: restore it under Deleted Fields (possible for 15 days), or remove its mapping in Fieldwarden.",
		),
		fieldRemediation(sdk.CauseScopeMissing, connectedAppsLink, scopeSteps()...),
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
			"Until then switch the object off in Fieldwarden.",
		),
		objectRemediation(sdk.CauseRenamedCandidate, allObjectsLink,
			"Open Setup → Object Manager and search for {objectLabel}; the evidence gives the API Name that it seems to have now.",
			"If it is the same object, choose Details → Edit and give it the old Object Name back, or switch the object off in Fieldwarden.",
		),
		objectRemediation(sdk.CauseScopeMissing, connectedAppsLink, scopeSteps()...),
	}
}

func scopeSteps() []string {
	return []string{
		"Open Setup → Apps → Connected Apps → Manage Connected Apps (or External Client App Manager) → the app that Fieldwarden uses → OAuth Policies, and see that its OAuth scopes include Manage user data via APIs (api).",
		"Connect the integration again in Fieldwarden, signed in to Salesforce as {user}: an authorization keeps the scopes that it was given with.",
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

package hubspot

import "github.com/fieldwarden/fieldwarden/plugins/sdk"

// Who can repair what, in HubSpot's words.
const (
	superAdmin    = "HubSpot super admin"
	propertyAdmin = "HubSpot super admin, or a user with the permission Edit property settings"
	operator      = "Administrator of this Fieldwarden server"
)

// Deep links. HubSpot completes /l/ with the portal that the person signed in to.
const (
	propertiesLink = "{instanceUrl}/l/property-settings/properties?search={field}"
	appsLink       = "{instanceUrl}/l/integrations-settings/installed"
	objectsLink    = "{instanceUrl}/l/sales-products-settings/object"
)

// Steps that several causes share.
const (
	openProperties = "In HubSpot open Settings (the cog) → Data Management → Properties and choose {objectLabel} under Select an object."
	connectAgain   = "Then connect again in Fieldwarden: only a new consent changes what the app may read."
	seeApp         = "In HubSpot open Settings (the cog) → Integrations → Connected Apps → Fieldwarden and compare the listed permissions with those named in the evidence."
	tierStep       = "If {objectLabel} belongs to an edition that the account does not have (leads need Sales Hub Professional, custom objects Enterprise), connecting again does not help: buy the edition, or switch the object off in Fieldwarden."
	unmapStep      = "Or map another property, or remove the mapping of {field}, in Fieldwarden."
)

// remediations are the repairs, by cause and subject (requirement B5). HubSpot's
// own restrictions of properties to users and teams do not reach apps, so no step
// speaks of them, except where a token acts for one user.
func remediations() []sdk.Remediation {
	return append(fieldRemediations(), objectRemediations()...)
}

func fieldRemediations() []sdk.Remediation {
	return []sdk.Remediation{
		fieldRepair(sdk.CauseArchived, propertiesLink, propertyAdmin,
			openProperties,
			"Choose the tab Archived properties, search for {fieldLabel}, choose Restore. HubSpot deletes archived properties for good after 90 days.",
			unmapStep,
		),
		fieldRepair(sdk.CauseSensitive, propertiesLink, superAdmin,
			"{fieldLabel} is marked as sensitive data, whose values HubSpot gives only to apps with a scope for it; this one does not ask for it.",
			"If it need not be sensitive: "+openProperties+" Make a property without the mark (a marked one cannot be unmarked), copy the values, and map it in Fieldwarden.",
			"If it must stay sensitive: have the scope named in the evidence added to the app, and connect again.",
			"Or remove the mapping of {field} in Fieldwarden.",
		),
		fieldRepair(sdk.CauseDeleted, propertiesLink, propertyAdmin,
			openProperties+" Search for {field}: it no longer exists, and what HubSpot has deleted for good cannot be restored.",
			"If it told of a pipeline stage, it went with the stage: map the property of the stage that took its place.",
			"Otherwise create the property again with the internal name {field}, or map another one, or remove the mapping in Fieldwarden.",
		),
		fieldRepair(sdk.CauseRenamedCandidate, propertiesLink, propertyAdmin,
			openProperties+" Open the property named in the evidence (</> shows its internal name) and see whether it took the place of {field}.",
			"If so, map it in Fieldwarden. HubSpot cannot change an internal name, so the old one will not come back.",
			"If not, create the property again with the internal name {field}, or remove the mapping in Fieldwarden.",
		),
		fieldRepair(sdk.CauseScopeMissing, appsLink, superAdmin,
			seeApp, "To read {fieldLabel}, the app needs the scope for both objects that it connects.", connectAgain, tierStep,
		),
		fieldRepair(sdk.CauseObjectDenied, appsLink, superAdmin,
			"{fieldLabel} cannot be read because {objectLabel} cannot.", seeApp, connectAgain, tierStep,
		),
		fieldRepair(sdk.CausePermission, appsLink, superAdmin,
			"The token acts for one user, {user}, and this user may not see {fieldLabel}.",
			openProperties+" Open {fieldLabel} → Manage access, and give the user access.",
			"Better: connect again as a super admin with an app whose token acts for the whole account.",
		),
		fieldRepair(sdk.CauseAPIVersion, appsLink, operator,
			"{field} is not part of the API version that the integration uses. Choose a newer apiVersion in the integration's configuration, or update the connector.",
			unmapStep,
		),
		fieldRepair(sdk.CauseUnknown, propertiesLink, propertyAdmin,
			openProperties+" Search for {field}, under Archived properties as well.",
			"If it is archived, restore it. If it has another internal name (</> shows it), map that in Fieldwarden.",
			"If it is not there, create it again, or remove the mapping in Fieldwarden.",
		),
	}
}

func objectRemediations() []sdk.Remediation {
	return []sdk.Remediation{
		objectRepair(sdk.CauseScopeMissing, appsLink, superAdmin, seeApp, connectAgain, tierStep),
		objectRepair(sdk.CauseObjectDenied, appsLink, superAdmin, seeApp, connectAgain, tierStep),
		objectRepair(sdk.CausePermission, appsLink, superAdmin,
			"The token acts for one user, {user}, who may not view {objectLabel}. In HubSpot open Settings (the cog) → Users & Teams → the user → Edit permissions → CRM → {objectLabel} → View: Everything, and save.",
			"Better: connect again as a super admin with an app whose token acts for the whole account.",
		),
		objectRepair(sdk.CauseDeleted, objectsLink, superAdmin,
			"In HubSpot open Settings (the cog) → Objects → Custom Objects and look for {object}.",
			"If it was deleted, restore it there (possible for 90 days). If it was made anew, its id is another one: choose the new object in Fieldwarden, or switch the object off.",
		),
		objectRepair(sdk.CauseArchived, objectsLink, superAdmin,
			"In HubSpot open Settings (the cog) → Objects → Custom Objects, find {objectLabel} among the archived ones and restore it, or switch the object off in Fieldwarden.",
		),
		objectRepair(sdk.CauseSensitive, appsLink, superAdmin,
			"HubSpot gives the records of {objectLabel} only to apps with a scope for sensitive data. Have the scope named in the evidence added to the app.", connectAgain,
		),
		objectRepair(sdk.CauseRenamedCandidate, objectsLink, superAdmin,
			"In HubSpot open Settings (the cog) → Objects → Custom Objects and see whether the object named in the evidence took the place of {object}; if so, choose it in Fieldwarden.",
		),
		objectRepair(sdk.CauseAPIVersion, appsLink, operator,
			"{object} is not part of the API version that the integration uses. Choose a newer apiVersion in the integration's configuration, or update the connector.",
		),
		objectRepair(sdk.CauseUnknown, appsLink, superAdmin, seeApp,
			"If the permission is listed, see whether {objectLabel} is switched on: Settings → Objects.", connectAgain, tierStep,
		),
	}
}

func fieldRepair(cause sdk.Cause, link, who string, steps ...string) sdk.Remediation {
	return sdk.Remediation{Cause: cause, Subject: sdk.SubjectField, Steps: steps, DeepLink: link, Who: who}
}

func objectRepair(cause sdk.Cause, link, who string, steps ...string) sdk.Remediation {
	return sdk.Remediation{Cause: cause, Subject: sdk.SubjectObject, Steps: steps, DeepLink: link, Who: who}
}

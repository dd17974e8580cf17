package dynamics365

import "github.com/fieldwarden/fieldwarden/plugins/sdk"

// Who can do it, in the platform's words.
const (
	systemAdministrator = "System Administrator of the environment (or a Power Platform or Dynamics 365 administrator of the tenant)"
	systemCustomizer    = "System Customizer or System Administrator of the environment"
)

// Deep links. The admin center and the maker portal find the environment by its
// id, which is not in its address, so the first step names the environment.
const (
	adminCenter = "https://admin.powerplatform.microsoft.com/manage/environments"
	makerPortal = "https://make.powerapps.com/"
)

// Click paths of the Power Platform admin center and the maker portal, late 2025.
const (
	rolesStep    = "Open the Power Platform admin center → Manage → Environments → the environment of {instanceUrl} → Settings → Users + permissions → Security roles."
	profilesStep = "Open the Power Platform admin center → Manage → Environments → the environment of {instanceUrl} → Settings → Users + permissions → Column security profiles."
	columnsStep  = "Open Power Apps → choose the environment of {instanceUrl} at the top right → Tables → All → {objectLabel} → Columns."
	tablesStep   = "Open Power Apps → choose the environment of {instanceUrl} at the top right → Tables → All, and search for {object}."
	recheckStep  = "Check again in Fieldwarden. A change of rights takes effect within half a minute."
)

// remediations are the repairs, by cause and subject (requirement B5).
func remediations() []sdk.Remediation {
	var all []sdk.Remediation
	for _, cause := range []sdk.Cause{
		sdk.CausePermission, sdk.CauseObjectDenied, sdk.CauseDeleted, sdk.CauseArchived, sdk.CauseSensitive, sdk.CauseScopeMissing,
		sdk.CauseAPIVersion, sdk.CauseRenamedCandidate, sdk.CauseUnknown,
	} {
		all = append(all, fieldRemediation(cause), objectRemediation(cause))
	}
	return all
}

func fieldRemediation(cause sdk.Cause) sdk.Remediation {
	r := sdk.Remediation{Cause: cause, Subject: sdk.SubjectField}
	switch cause {
	case sdk.CausePermission:
		r.Who, r.DeepLink, r.Steps = systemAdministrator, adminCenter, append(profileSteps(), recheckStep)
	case sdk.CauseSensitive:
		r.Who, r.DeepLink = systemAdministrator, adminCenter
		r.Steps = append(profileSteps(), "If the column has a masking rule, also set Read unmasked to All records in the profile.", recheckStep)
	case sdk.CauseObjectDenied:
		r.Who, r.DeepLink = systemAdministrator, adminCenter
		r.Steps = append([]string{"{fieldLabel} cannot be read because {objectLabel} cannot."}, roleSteps()...)
	case sdk.CauseScopeMissing:
		r.Who, r.DeepLink, r.Steps = systemAdministrator, "https://entra.microsoft.com/", scopeSteps()
	case sdk.CauseDeleted:
		r.Who, r.DeepLink = systemCustomizer, makerPortal
		r.Steps = []string{
			columnsStep + " Search for {field}.",
			"If it is not listed, it was deleted. Restore it within 30 days: Power Platform admin center → the environment → Settings → Features shows whether deleted columns are kept; else make the column again under the same name, or import the solution that has it.",
			"Or remove the mapping of {field} in Fieldwarden.",
		}
	case sdk.CauseRenamedCandidate:
		r.Who, r.DeepLink = systemCustomizer, makerPortal
		r.Steps = []string{
			columnsStep + " Compare the column that the evidence names with {field}: Dataverse never renames a column, so it was made anew by another publisher.",
			"If it holds the same data, map the new column in Fieldwarden.",
			"If it does not, restore {field} or remove its mapping in Fieldwarden.",
		}
	case sdk.CauseArchived:
		r.Who, r.DeepLink = systemCustomizer, makerPortal
		r.Steps = []string{
			columnsStep + " Open {fieldLabel} → Advanced options. A column that is marked as deprecated, or whose table keeps its rows in long-term retention only, is not delivered by the Web API.",
			"Map the column that takes its place in Fieldwarden, or remove the mapping of {field}.",
		}
	case sdk.CauseAPIVersion:
		r.Who, r.DeepLink, r.Steps = systemAdministrator, adminCenter, versionSteps("{field}")
	default:
		r.Who, r.DeepLink = systemCustomizer, makerPortal
		r.Steps = []string{
			columnsStep + " Search for {field}.",
			"If it is listed, open it → Advanced options. If Enable column security is ticked, a column security profile of {user} must allow Read on it: " + profilesStep,
			"If its type is a list of activity parties or a calculated virtual column, the Web API cannot deliver it: map another column in Fieldwarden.",
			"If it is not listed, it was deleted: make it again, or remove the mapping in Fieldwarden.",
		}
	}
	return r
}

func objectRemediation(cause sdk.Cause) sdk.Remediation {
	r := sdk.Remediation{Cause: cause, Subject: sdk.SubjectObject}
	switch cause {
	case sdk.CausePermission, sdk.CauseObjectDenied:
		r.Who, r.DeepLink, r.Steps = systemAdministrator, adminCenter, append(roleSteps(), recheckStep)
	case sdk.CauseSensitive:
		r.Who, r.DeepLink = systemAdministrator, adminCenter
		r.Steps = append(roleSteps(), "Where columns of {objectLabel} are secured, add {user} to a profile that allows Read on them as well: "+profilesStep)
	case sdk.CauseScopeMissing:
		r.Who, r.DeepLink, r.Steps = systemAdministrator, "https://entra.microsoft.com/", scopeSteps()
	case sdk.CauseDeleted:
		r.Who, r.DeepLink = systemAdministrator, makerPortal
		r.Steps = []string{
			tablesStep,
			"If it is not listed, see Solutions → History and the Power Platform admin center → the environment → Resources → Dynamics 365 apps: leads and opportunities come with Dynamics 365 Sales, li_… tables with LinkedIn Sales Navigator. Install the app or import the solution again.",
			"Or switch {objectLabel} off in Fieldwarden.",
		}
	case sdk.CauseRenamedCandidate:
		r.Who, r.DeepLink = systemCustomizer, makerPortal
		r.Steps = []string{
			tablesStep + " Compare the table that the evidence names: Dataverse never renames a table, so it was made anew by another publisher.",
			"If it holds the same data, choose the new table in Fieldwarden; else restore {object} or switch it off in Fieldwarden.",
		}
	case sdk.CauseArchived:
		r.Who, r.DeepLink = systemCustomizer, makerPortal
		r.Steps = []string{
			tablesStep + " Open its Properties → Advanced options: rows in long-term retention are not delivered by the Web API.",
			"Bring the rows back from retention, or switch {objectLabel} off in Fieldwarden.",
		}
	case sdk.CauseAPIVersion:
		r.Who, r.DeepLink, r.Steps = systemAdministrator, adminCenter, versionSteps("{object}")
	default:
		r.Who, r.DeepLink = systemAdministrator, adminCenter
		r.Steps = append([]string{tablesStep + " If it is not listed, it was deleted or its app was uninstalled."}, roleSteps()...)
	}
	return r
}

// roleSteps give the read privilege on a table.
func roleSteps() []string {
	return []string{
		rolesStep,
		"Open a role that {user} has (or make one for integrations and assign it: Settings → Users + permissions → Application users, or Users, → {user} → Edit security roles).",
		"On the tab Tables find {objectLabel} (tasks, phone calls, e-mails and appointments share the entry Activity, notes have Note) and set Read to Organization; set Create, Write, Append and Append To as well if it is written back. Save + close.",
	}
}

// profileSteps give the right to read a secured column.
func profileSteps() []string {
	return []string{
		profilesStep,
		"Open a profile for integrations, or New profile. On Column permission choose {fieldLabel} of {objectLabel} → Edit: Read = Allowed (Update and Create as well if it is written back). Save.",
		"On Users → Add users (or Teams) add {user}. Save.",
		"Or lift the security: Power Apps → Tables → {objectLabel} → Columns → {fieldLabel} → Advanced options → clear Enable column security → Save.",
	}
}

func scopeSteps() []string {
	return []string{
		"Open the Microsoft Entra admin center → App registrations → the app of this integration → API permissions.",
		"Add a permission → APIs my organization uses → Dataverse → Delegated → user_impersonation, then Grant admin consent.",
		"Connect {instanceUrl} again in Fieldwarden.",
	}
}

func versionSteps(name string) []string {
	return []string{
		name + " is not known to version " + APIVersion + " of the Web API, which this connector uses. Update the connector to a release for a newer version.",
		"See Power Platform admin center → the environment of {instanceUrl} → Updates for the environment's own version.",
	}
}

package dynamics365

import (
	_ "embed"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// Version is the connector's own version.
const Version = "0.1.0"

// maxObjects is how many tables one check asks for in one batch. The platform
// allows 1,000 parts; the answer's size bounds it earlier.
const maxObjects = 25

//go:embed icon.svg
var iconSVG string

// Describe returns the manifest.
func (c *Connector) Describe() sdk.Manifest {
	return sdk.Manifest{
		Name:    "dynamics365",
		Title:   "Dynamics 365",
		Vendor:  "Microsoft",
		Version: Version,
		IconSVG: iconSVG,
		Kind:    sdk.KindCRM,
		// Sandboxes sign in like production; the organization's type tells them apart.
		Environments: []sdk.EnvironmentSpec{
			{Environment: sdk.Production, OAuth: oauth()},
			{Environment: sdk.Sandbox, OAuth: oauth()},
		},
		AllowedHosts:       allowedHosts(),
		ConfigSchema:       []byte(configSchema),
		Costs:              costs(),
		Prerequisites:      prerequisites(),
		Remediations:       remediations(),
		MaxObjectsPerCheck: maxObjects,
		APITypes:           []sdk.APIType{{Key: "web-api", Title: "Dataverse Web API", RecommendedDailyLimit: recommendedDailyLimit}},
	}
}

// recommendedDailyLimit is requirement D17's value. The platform's own limits are by
// user and five minutes, and by licence and day.
const recommendedDailyLimit = 10_000

// refreshTokenIdle is Microsoft Entra ID's: a refresh token that was not used for 90
// days is refused (AADSTS700082).
const refreshTokenIdle = 90 * 24 * time.Hour

// lastRegion is the highest number of a region's host names; numbers are given to
// regions as they open (crm4 is EMEA, crm11 the UK, crm21 Korea).
const lastRegion = 30

// allowedHosts are the sign-in services and the environments' hosts: one suffix a
// region, and those of the sovereign clouds.
func allowedHosts() []string {
	hosts := []string{
		"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn",
		"*.crm.dynamics.com",
	}
	for region := 2; region <= lastRegion; region++ {
		hosts = append(hosts, fmt.Sprintf("*.crm%d.dynamics.com", region))
	}
	return append(hosts, "*.crm.microsoftdynamics.us", "*.crm.appsplatform.us", "*.crm.dynamics.cn", "*.crm.microsoftdynamics.de")
}

// oauth describes Microsoft Entra ID's v2.0 flows. The scope names the environment:
// a token for any other audience is refused with 401. There is no revocation.
func oauth() sdk.OAuth {
	return sdk.OAuth{
		AuthorizeURL: "{authority}/{tenant}/oauth2/v2.0/authorize",
		TokenURL:     "{authority}/{tenant}/oauth2/v2.0/token",
		// offline_access: daily runs without a person.
		Scopes:                  []string{"{environmentUrl}/user_impersonation", "offline_access", "openid"},
		PKCE:                    true,
		RotatesRefreshToken:     true,
		RefreshTokenIdle:        refreshTokenIdle,
		Endpoint:                "{environmentUrl}",
		AuthorizeParams:         map[string]string{"response_mode": "query"},
		Grants:                  []sdk.GrantType{sdk.GrantAuthorizationCode, sdk.GrantClientCredentials},
		ClientCredentialsScopes: []string{"{environmentUrl}/.default"},
		RevokedCodes: []string{
			"interaction_required", "login_required", "consent_required",
			"700082", "700084", // the refresh token was not used for too long, or reached its end
			"50173", "50132", "50133", // revoked: password changed, signed out everywhere
			"70000", "70008", "70043", // expired or refused grant; sign-in frequency
			"50076", "50078", "50079", "50158", // another factor is demanded
			"53000", "53001", "53003", "530003", // Conditional Access
			"50034", "50053", "50055", "50057", "50105", // no such user, locked, password expired, disabled, not assigned
			"65001", // consent is missing or was taken back
		},
		RetryCodes: []string{"90015", "90033", "50196", "temporarily_unavailable"},
	}
}

// costs counts HTTP calls to the Web API; a batch is one. Read makes one call for
// each page and one to begin.
func costs() []sdk.VerbCost {
	return []sdk.VerbCost{
		{Verb: "Checklist", CallsPerRequest: 2},
		{Verb: "Identify", CallsPerRequest: 2},
		{Verb: "ListObjects", CallsPerRequest: 2},
		{Verb: "ListFields", CallsPerRequest: 2},
		{Verb: "ListPicklist", CallsPerRequest: 1},
		{Verb: "CheckPermissions", CallsPerRequest: 1},
		{Verb: "Read", CallsPerRequest: 1},
		{Verb: "ReadRecords", CallsPerRequest: 2},
	}
}

// prerequisites are what the Dynamics 365 administrator prepares (requirement B4).
func prerequisites() []sdk.Prerequisite {
	return []sdk.Prerequisite{
		{
			Key: "online", Title: "Dynamics 365 online", Required: true,
			Description: "A Dataverse environment in Microsoft's cloud, version 9 or later. On-premises installations are not supported.",
		},
		{
			Key: "app-registration", Title: "An app registration with access to Dataverse", Required: true,
			Description: "Microsoft Entra admin center → App registrations: redirect address of this server, a client secret, and under API permissions the delegated permission Dynamics CRM → user_impersonation, with admin consent.",
			HelpURL:     "https://learn.microsoft.com/power-apps/developer/data-platform/walkthrough-register-app-azure-active-directory",
		},
		{
			Key: "integration-user", Title: "A user of its own", Required: false,
			Description: "Power Platform admin center → Environments → the environment → Settings → Users + permissions → Application users → New app user, in the right business unit, so that the integration outlives people's roles.",
			HelpURL:     "https://learn.microsoft.com/power-platform/admin/manage-application-users",
		},
		{
			Key: "security-role", Title: "A security role that reads the whole organization", Required: true,
			Description: "A role of its own with Read at organization level on every table to be synced and on User, without which the integration user may not ask for its own rights. At a lower level other people's records are silently missing, and changes cannot be tracked.",
			HelpURL:     "https://learn.microsoft.com/power-platform/admin/create-edit-security-role",
		},
		{
			Key: "column-security", Title: "A column security profile for secured columns", Required: false,
			Description: "Where columns that are synced are secured: Settings → Users + permissions → Column security profiles → a profile with Read allowed on them, with the integration user as a member.",
			HelpURL:     "https://learn.microsoft.com/power-platform/admin/field-level-security",
		},
		{
			Key: "write-rights", Title: "Rights for write-back", Required: false,
			Description: "Create and Write on the tables that are written back, Append on them and Append To on the tables they point to.",
		},
		{
			Key: "change-tracking", Title: "Change tracking", Required: false,
			Description: "On for the tables to be synced (it is by default: " + trackChanges + "). Without it deleted records are not noticed.",
		},
		{
			Key: "linkedin-app", Title: "LinkedIn Sales Navigator's app", Required: false,
			Description: "To write InMails and messages back, a Dynamics 365 administrator installs LinkedIn Sales Navigator for Dynamics 365 (Power Platform admin center → Resources → Dynamics 365 apps).",
		},
	}
}

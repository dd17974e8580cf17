package salesforce

import (
	_ "embed"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// Version is the connector's own version.
const Version = "0.2.0"

//go:embed icon.svg
var iconSVG string

// Describe returns the manifest.
func (c *Connector) Describe() sdk.Manifest {
	return sdk.Manifest{
		Name:    "salesforce",
		Title:   "Salesforce",
		Vendor:  "Salesforce",
		Version: Version,
		IconSVG: iconSVG,
		Kind:    sdk.KindCRM,
		Environments: []sdk.EnvironmentSpec{
			{Environment: sdk.Production, OAuth: oauth("https://login.salesforce.com")},
			{Environment: sdk.Sandbox, OAuth: oauth("https://test.salesforce.com")},
		},
		// Every org has a My Domain; sandboxes are below sandbox.my.salesforce.com.
		AllowedHosts:       []string{"login.salesforce.com", "test.salesforce.com", "*.my.salesforce.com"},
		ConfigSchema:       []byte(configSchema),
		Costs:              costs(),
		Prerequisites:      prerequisites(),
		Remediations:       remediations(),
		MaxObjectsPerCheck: objectsPerCheck,
		APITypes:           apiTypes(),
	}
}

// apiBulk is the key of the Bulk API, which only first reads of large objects use.
const apiBulk = "bulk"

// apiTypes are counted apart. There is no recommendation: an org's quota depends on
// its edition and licences, and every answer tells it.
func apiTypes() []sdk.APIType {
	return []sdk.APIType{{Key: "rest", Title: "REST API"}, {Key: apiBulk, Title: "Bulk API 2.0"}}
}

// refreshTokenIdle is what Salesforce demands of apps used by several orgs (May
// 2026). An org's own policy may be longer or have no such limit; then nothing is
// lost by using the token earlier.
const refreshTokenIdle = 30 * 24 * time.Hour

// oauth describes the web server flow at a login host. Salesforce demands PKCE
// and rotation of apps used by several orgs (May 2026), and allows both to all.
func oauth(login string) sdk.OAuth {
	return sdk.OAuth{
		AuthorizeURL: login + "/services/oauth2/authorize",
		TokenURL:     login + "/services/oauth2/token",
		RevokeURL:    login + "/services/oauth2/revoke",
		// api: data; refresh_token: daily runs without a person; openid: userinfo.
		Scopes:              []string{"api", "refresh_token", "openid"},
		PKCE:                true,
		RotatesRefreshToken: true,
		RefreshTokenIdle:    refreshTokenIdle,
		EndpointField:       "instance_url",
	}
}

// costs counts metered calls. Versions and userinfo are not metered; a check makes
// one or two more when requested fields are missing; Read makes one call for each
// page (2,000 records of a query, 5,000 of a bulk job), and each later run one more
// for deletions.
func costs() []sdk.VerbCost {
	return []sdk.VerbCost{
		{Verb: "Checklist", CallsPerRequest: 1},
		{Verb: "Identify", CallsPerRequest: 1},
		{Verb: "ListObjects", CallsPerRequest: 1},
		{Verb: "ListFields", CallsPerRequest: 1},
		{Verb: "CheckPermissions", CallsPerRequest: 1},
		{Verb: "ListPicklist", CallsPerRequest: 1},
		{Verb: "Read", CallsPerRequest: 1},
		{Verb: "ReadRecords", CallsPerRequest: 1},
	}
}

// prerequisites are what the Salesforce administrator prepares (requirement B4).
func prerequisites() []sdk.Prerequisite {
	return []sdk.Prerequisite{
		{
			Key: "edition", Title: "An edition with API access", Required: true,
			Description: "Enterprise, Performance, Unlimited or Developer Edition, or Professional Edition with the API add-on.",
		},
		{
			Key: "integration-user", Title: "A user of its own", Required: false,
			Description: "A user with the Salesforce Integration licence that no person signs in with, so that the integration outlives people's roles.",
		},
		{
			// Requirement C10.
			Key: "authorization-limit", Title: "Fewer than five authorizations of this user for this app", Required: false,
			Description: "Salesforce keeps five authorizations per user and app. A sixth sign-in as this user, from any workspace, environment or server with the same app, ends the oldest without notice: that integration then stops until an admin reconnects it. " +
				"Before connecting, look at Setup → Apps → Connected Apps → Connected Apps OAuth Usage → the app's users and revoke what is left over; let each server sign in as a user of its own.",
		},
		{
			Key: "api-enabled", Title: "The permission API Enabled", Required: true,
			Description: "In Setup → Users → Permission Sets, the integration user's set → System Permissions → API Enabled.",
		},
		{
			Key: "read-rights", Title: "Read access to objects and fields", Required: true,
			Description: "The same permission set → Object Settings: Read on every object to be synced, and Read Access on its fields. View All Records as well, unless sharing shall limit what is synced.",
			HelpURL:     "https://help.salesforce.com/s/articleView?id=platform.users_fields_fls_permsets.htm&type=5",
		},
		{
			Key: "write-rights", Title: "Edit access for write-back", Required: false,
			Description: "Create and Edit on the objects, and Edit Access on the fields, that are to be written back.",
		},
		{
			Key: "app-approved", Title: "The app is installed or approved", Required: true,
			Description: "Setup → Apps → Connected Apps → Connected Apps OAuth Usage → Install. A user who connects before that needs the permission Approve Uninstalled Connected Apps, or Use Any API Client where API Access Control is on.",
		},
		{
			Key: "ip-allowed", Title: "This server's addresses are allowed", Required: false,
			Description: "Where the org or the user's profile limits login IP ranges, add the addresses from which this server calls (Setup → Security → Network Access, or the profile's Login IP Ranges).",
		},
	}
}

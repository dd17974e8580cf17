package hubspot

import (
	_ "embed"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// Version is the connector's own version.
const Version = "0.1.0"

//go:embed icon.svg
var iconSVG string

const (
	// apiHost serves every region.
	apiHost = "https://api.hubapi.com"
	// oauthRoot is the newest generation of the token services; v1 ends on
	// 2027-02-16.
	oauthRoot = apiHost + "/oauth/2026-09"
)

// Describe returns the manifest.
func (c *Connector) Describe() sdk.Manifest {
	return sdk.Manifest{
		Name:    "hubspot",
		Title:   "HubSpot",
		Vendor:  "HubSpot",
		Version: Version,
		IconSVG: iconSVG,
		Kind:    sdk.KindCRM,
		// Sandboxes are portals of their own on the same hosts; Identify and the
		// checklist tell which kind was chosen in HubSpot.
		Environments: []sdk.EnvironmentSpec{
			{Environment: sdk.Production, OAuth: oauth()},
			{Environment: sdk.Sandbox, OAuth: oauth()},
		},
		AllowedHosts:       []string{"api.hubapi.com"},
		ConfigSchema:       []byte(configSchema),
		Costs:              costs(),
		Prerequisites:      prerequisites(),
		Remediations:       remediations(),
		MaxObjectsPerCheck: 50,
		// Public apps have no daily limit, so that there is nothing to recommend; an
		// account with a private app's limits tells them in its answers.
		APITypes: []sdk.APIType{{Key: "rest", Title: "HubSpot API"}},
	}
}

// oauth describes the sign-in. app.hubspot.com sends people on to their region.
func oauth() sdk.OAuth {
	return sdk.OAuth{
		AuthorizeURL:   "https://app.hubspot.com/oauth/authorize",
		TokenURL:       oauthRoot + "/token",
		RevokeURL:      oauthRoot + "/token/revoke",
		IntrospectURL:  oauthRoot + "/token/introspect",
		Scopes:         requiredScopes(),
		OptionalScopes: optionalScopes(),
		PKCE:           true,
		// A refresh token stays the same, and does not expire.
		RotatesRefreshToken: false,
		Endpoint:            apiHost,
		RevokedCodes:        revokedCodes(),
		// Those of RFC 6749 and its extensions; HubSpot speaks by HTTP status.
		RetryCodes: []string{"temporarily_unavailable", "server_error", "slow_down"},
	}
}

// requiredScopes must be grantable in every portal: one that is not makes HubSpot
// refuse the whole sign-in with a page of its own.
func requiredScopes() []string {
	return []string{
		"oauth", "crm.objects.companies.read", "crm.objects.contacts.read", "crm.objects.deals.read", "crm.objects.owners.read",
	}
}

// optionalScopes depend on what the customer bought; HubSpot leaves out silently
// what the portal cannot grant. Scopes for sensitive values are not asked for.
func optionalScopes() []string {
	return []string{
		// Sales Hub Professional.
		"crm.objects.leads.read", "crm.objects.leads.write",
		// Write-back.
		"crm.objects.companies.write", "crm.objects.contacts.write", "crm.objects.deals.write",
		// Custom objects, Enterprise.
		"crm.objects.custom.read", "crm.schemas.custom.read",
	}
}

// revokedCodes are what HubSpot's token service says of an authorization that has
// ended, beside invalid_grant: the app was uninstalled, or the portal is gone.
func revokedCodes() []string { return []string{"BAD_REFRESH_TOKEN", "BAD_HUB", "access_denied"} }

// costs are calls of the API: reads make one for each page of 100 records (200
// when only changes are read), and one more for each kind of association. The
// introspection of the token is the host's call and not in them.
func costs() []sdk.VerbCost {
	return []sdk.VerbCost{
		{Verb: "Checklist", CallsPerRequest: 1, CallsPerObject: 1},
		{Verb: "Identify", CallsPerRequest: 1},
		{Verb: "ListObjects", CallsPerRequest: len(objectTypes()) + 1},
		{Verb: "ListFields", CallsPerRequest: 2},
		{Verb: "ListPicklist", CallsPerRequest: 1},
		{Verb: "CheckPermissions", CallsPerObject: 1},
		{Verb: "Read", CallsPerRequest: 1},
		{Verb: "ReadRecords", CallsPerRequest: 2}, // 100 records a call
	}
}

// prerequisites are what the HubSpot administrator prepares (requirement B4).
func prerequisites() []sdk.Prerequisite {
	return []sdk.Prerequisite{
		{
			Key: "super-admin", Title: "A super admin connects", Required: true,
			Description: "Only a super admin, or a user with the permission App Marketplace Access, can install an app (Settings → Users & Teams → the user → Permissions).",
			HelpURL:     "https://knowledge.hubspot.com/user-management/hubspot-user-permissions-guide",
		},
		{
			Key: "right-portal", Title: "The right HubSpot account", Required: true,
			Description: "HubSpot asks which account to connect. A sandbox is an account of its own with its own ids: choose a standard account for production, a sandbox or developer test account for the sandbox. One account serves one environment at a time.",
		},
		{
			Key: "crm-scopes", Title: "Consent to what the app asks for", Required: true,
			Description: "The app asks to read companies, contacts, deals and owners. Writing is asked for as well where the account can grant it, for write-back. The app does not ask for sensitive data.",
		},
		{
			Key: "leads", Title: "Sales Hub Professional for leads", Required: false,
			Description: "Lead records exist from Sales Hub Professional on. Without it everything else works.",
		},
		{
			Key: "custom-objects", Title: "Enterprise for custom objects", Required: false,
			Description: "Custom objects exist in Enterprise editions.",
		},
	}
}

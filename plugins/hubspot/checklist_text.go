package hubspot

import "github.com/fieldwarden/fieldwarden/plugins/sdk"

// itemTitle is what an item tests, as a sentence that is true when it passes.
func itemTitle(key string) string {
	switch key {
	case itemReachable:
		return "HubSpot can be reached"
	case itemToken:
		return "The authorization is valid"
	case itemEnvironment:
		return "The account is of the chosen environment"
	case itemAPIVersion:
		return "The API version is supported"
	case itemScopes:
		return "The scopes that the app needs are granted"
	case itemIntegrationUser:
		return "The connection does not depend on a person"
	case itemBudget:
		return "Enough API calls are left"
	default:
		return key
	}
}

// errorRemediation tells an admin what to do about a failure of a whole call.
func errorRemediation(code sdk.Code) string {
	switch code {
	case sdk.CodeUnavailable, sdk.CodeTimeout:
		return "See status.hubspot.com, and whether a firewall stands between this server and api.hubapi.com; then test again."
	case sdk.CodeBadResponse:
		return "Check that no proxy answers in HubSpot's place; then test again."
	case sdk.CodeRateLimited, sdk.CodeQuotaExhausted:
		return "Wait, and see which other integrations call HubSpot that often (Settings → Integrations → Connected Apps); then test again."
	default:
		return "Test again; if it stays so, see the server's log."
	}
}

// accountName words a type of account.
func accountName(accountType string) string {
	switch accountType {
	case accountStandard:
		return "a standard account"
	case accountSandbox:
		return "a sandbox account"
	case accountDeveloper:
		return "a developer test account"
	default:
		return "an account of the type " + excerpt(accountType)
	}
}

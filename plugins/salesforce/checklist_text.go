package salesforce

import (
	"errors"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// itemTitle is what an item tests, as a sentence that is true when it passes.
func itemTitle(key string) string {
	switch key {
	case itemReachable:
		return "Salesforce can be reached"
	case itemAPIVersion:
		return "The org offers API version " + APIVersion
	case itemToken:
		return "The authorization is valid"
	case itemUserActive:
		return "The user is active"
	case itemIntegrationUser:
		return "The login is an integration user"
	case itemAPIEnabled:
		return "The API is enabled for the user"
	case itemEnvironment:
		return "The org is of the chosen environment"
	case itemEdition:
		return "The org's edition includes the API"
	case itemBudget:
		return "Enough API calls are left"
	case itemApp:
		return "The app for Salesforce is installed"
	default:
		return key
	}
}

// errorRemediation tells an admin what to do about a failure of a whole call.
func errorRemediation(code sdk.Code) string {
	switch code {
	case sdk.CodeUnavailable, sdk.CodeTimeout:
		return "See status.salesforce.com for the org's instance, and whether a firewall stands between this server and Salesforce; then test again."
	case sdk.CodeBadResponse:
		return "Check that the org's My Domain address is right and that no proxy answers in Salesforce's place; then test again."
	case sdk.CodeAppBlocked:
		return "Setup → Apps → Connected Apps → Connected Apps OAuth Usage: install or unblock the app; see also the user's login IP ranges and, where API Access Control is on, the permission Use Any API Client or Approve Uninstalled Connected Apps."
	case sdk.CodeForbidden:
		return "Use an edition with API access, and give the integration user the system permission API Enabled (Setup → Users → Permission Sets → its set → System Permissions)."
	case sdk.CodeQuotaExhausted:
		return "Wait: the count covers the last 24 hours. Setup → Company Settings → Company Information shows it (API Requests, Last 24 Hours); reduce other integrations' calls or buy more."
	case sdk.CodeAPIVersion:
		return "Use a release of the connector for a version that the org offers."
	default:
		return "Test again; if it stays so, see the server's log."
	}
}

// messageOf is an error's text for admins, without its code.
func messageOf(err error) string {
	var e *sdk.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return "The test could not be made."
}

package dynamics365

import (
	"errors"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// itemTitle is what an item tests, as a sentence that is true when it passes.
func itemTitle(key string) string {
	switch key {
	case itemReachable:
		return "The environment can be reached"
	case itemToken:
		return "The authorization is valid"
	case itemUserActive:
		return "The user is enabled in the environment"
	case itemRoles:
		return "The user has a security role"
	case itemIntegrationUser:
		return "The login is an application user"
	case itemEnvironment:
		return "The organization is of the chosen environment"
	case itemSales:
		return "Dynamics 365 Sales is installed"
	case itemApp:
		return "LinkedIn Sales Navigator's solution is installed"
	case itemTracking:
		return "Changes are tracked and kept long enough"
	default:
		return key
	}
}

// errorRemediation tells an admin what to do about a failure of a whole call.
func errorRemediation(key string, code sdk.Code) string {
	switch {
	case key == itemUserActive:
		return "Power Platform admin center → the environment → Settings → Users + permissions → Application users (or Users): add the user or app, activate it, and give it a security role."
	case code == sdk.CodeUnavailable || code == sdk.CodeTimeout:
		return "Check the environment URL (Power Platform admin center → Manage → Environments), the service health in the Microsoft 365 admin center, and whether a firewall stands between this server and Dataverse; then test again."
	case code == sdk.CodeBadResponse:
		return "Check that the environment URL is right and that no proxy answers in Dataverse's place; then test again."
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

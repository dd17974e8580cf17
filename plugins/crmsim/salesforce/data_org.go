package salesforce

import (
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

// integrationUser is the name under which the connected user signs in.
const integrationUser = "integration.user"

// user invents a User record. Number 0 is the integration user, whom every access token stands for.
func (g *generator) user(name string, n int) any {
	domain := "northwind-trading.example"
	switch name {
	case "Username":
		username := fmt.Sprintf("%v", g.user("Email", n))
		if g.org.sandbox {
			username += ".uat"
		}
		return username
	case "Email":
		if n == 0 {
			return integrationUser + "@" + domain
		}
	case "FirstName":
		if n == 0 {
			return "Integration"
		}
	case "LastName":
		if n == 0 {
			return "User"
		}
	case "Alias":
		return fmt.Sprintf("user%d", n%10000)
	case "CommunityNickname":
		return fmt.Sprintf("user%d", n)
	case "CompanyName":
		return g.org.name
	case "IsActive":
		return n == 0 || g.roll("User", name, n)%100 < 94
	case "UserType":
		return "Standard"
	case "TimeZoneSidKey":
		return crmsim.Pick([]string{"America/Los_Angeles", "America/New_York", "Europe/London", "Europe/Berlin"},
			g.roll("User", name, n))
	case "LocaleSidKey", "LanguageLocaleKey":
		return "en_US"
	case "EmailEncodingKey":
		return "UTF-8"
	case "ProfileId":
		return id18("00e" + idPod + "00001")
	case "UserRoleId":
		return g.sparse("User", name, n, 85, recordIDOf("00E", 1+int(g.roll("User", name, n)%6)))
	case "ManagerId":
		return g.sparse("User", name, n, 80, g.owner("User", n))
	case "DigestFrequency", "DefaultGroupNotificationFrequency":
		return "N"
	case "ForecastEnabled", "IsExtIndicatorVisible", "UserPermissionsMarketingUser":
		return g.roll("User", name, n)%3 == 0
	case "LastLoginDate":
		return g.end.Add(-time.Duration(g.roll("User", name, n)%(30*24*3600)) * time.Second).UTC()
	case "City", "State", "PostalCode", "Country", "Street":
		return g.postal("User", name, n)
	case "Description", "OwnerId", "LeadSource", "Industry":
		return nil
	}
	return g.person("User", name, n, func() string { return domain })
}

// organization is the org's one Organization record.
func (g *generator) organization(name string) any {
	switch name {
	case "Name":
		return g.org.name
	case "IsSandbox":
		return g.org.sandbox
	case "InstanceName":
		return g.org.instance
	case "OrganizationType":
		return "Enterprise Edition"
	case "Country", "SignupCountryIsoCode":
		return "US"
	case "DefaultLocaleSidKey", "LanguageLocaleKey":
		return "en_US"
	case "TimeZoneSidKey":
		return "America/Los_Angeles"
	case "PrimaryContact":
		return "Integration User"
	case "FiscalYearStartMonth":
		return 1
	case "DefaultAccountAccess", "DefaultOpportunityAccess":
		return "Edit"
	case "DefaultContactAccess":
		return "ControlledByParent"
	case "DefaultLeadAccess", "DefaultCaseAccess":
		return "ReadEditTransfer"
	case "UiSkin":
		return "Theme3"
	case "ReceivesInfoEmails", "ReceivesAdminInfoEmails":
		return true
	}
	return nil
}

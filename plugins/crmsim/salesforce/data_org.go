package salesforce

import (
	"fmt"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

// user describes a User record. Number 0 is the integration user, whom every access token stands for.
func (g *generator) user(name string, n int) any {
	u := g.employee(n)
	switch name {
	case "Username":
		if g.org.sandbox {
			return u.Email + ".uat"
		}
		return u.Email
	case "Email":
		return u.Email
	case "FirstName":
		return u.First
	case "LastName":
		return u.Last
	case "Title":
		return orNone(u.Title)
	case "Department":
		return orNone(u.Department)
	case "Alias":
		return fmt.Sprintf("user%d", n%10000)
	case "CommunityNickname":
		return fmt.Sprintf("user%d", n)
	case "CompanyName":
		return g.org.name
	case "IsActive":
		return u.Active
	case "UserRoleId":
		return lookupOf("00E", u.Role)
	case "ManagerId":
		return lookupOf("005", u.Manager)
	}
	return g.userSetting(name, n)
}

// userSetting invents what only Salesforce asks of its users.
func (g *generator) userSetting(name string, n int) any {
	switch name {
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
	case "DigestFrequency", "DefaultGroupNotificationFrequency":
		return "N"
	case "ForecastEnabled", "IsExtIndicatorVisible", "UserPermissionsMarketingUser":
		return g.roll("User", name, n)%3 == 0
	case "LastLoginDate":
		ago := time.Duration(g.roll("User", name, n)%(30*24*3600)) * time.Second
		return g.world.End().Add(-ago)
	}
	return nil
}

// role describes a UserRole.
func (g *generator) role(name string, n int) any {
	r := g.world.Role(n)
	switch name {
	case "Name", "RollupDescription":
		return r.Name
	case "DeveloperName":
		return strings.ReplaceAll(r.Name, " ", "_")
	case "ParentRoleId":
		return lookupOf("00E", r.Parent)
	case "OpportunityAccessForAccountOwner", "CaseAccessForAccountOwner", "ContactAccessForAccountOwner":
		return "Edit"
	case "PortalType":
		return "None"
	}
	return nil
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
	// A private org: what a user sees depends on owners, managers and teams (recordAccess).
	case "DefaultAccountAccess", "DefaultOpportunityAccess", "DefaultLeadAccess", "DefaultCaseAccess":
		return "None"
	case "DefaultContactAccess":
		return "ControlledByParent"
	case "UiSkin":
		return "Theme3"
	case "ReceivesInfoEmails", "ReceivesAdminInfoEmails":
		return true
	}
	return nil
}

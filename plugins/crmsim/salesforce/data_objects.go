package salesforce

import (
	"fmt"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

func (g *generator) account(name string, n int) any {
	company := g.names.Company(g.roll("Account", "company", n))
	switch name {
	case "Name":
		return company.Name()
	case "Website":
		return "https://www." + company.Domain()
	case "Type":
		return crmsim.Pick([]string{"Prospect", "Customer - Direct", "Customer - Channel", "Technology Partner", "Other"},
			g.roll("Account", name, n))
	case "AccountNumber":
		return fmt.Sprintf("AC%06d", n+1)
	case "ParentId":
		return g.sparse("Account", name, n, 10, g.parent("Account", name, "Account", "001", n))
	case "Ownership":
		return crmsim.Pick([]string{"Public", "Private", "Subsidiary"}, g.roll("Account", name, n))
	case "CleanStatus":
		return "Pending"
	}
	if suffix, ok := strings.CutPrefix(name, "Billing"); ok {
		return g.postal("Account", suffix, n)
	}
	return g.shared("Account", name, n)
}

// person invents what contacts, leads and users share; domain tells where their mail lives.
func (g *generator) person(object, name string, n int, domain func() string) any {
	first := func() string { return g.names.First(g.roll(object, "first", n)) }
	last := func() string { return g.names.Last(g.roll(object, "last", n)) }
	switch name {
	case "FirstName":
		return first()
	case "LastName":
		return last()
	case "Email":
		return strings.ToLower(fmt.Sprintf("%s.%s.%d@%s", first(), last(), n, domain()))
	case "Title":
		return crmsim.Pick(g.words.titles, g.roll(object, name, n))
	case "Department":
		return crmsim.Pick(g.words.departments, g.roll(object, name, n))
	}
	return g.shared(object, name, n)
}

func (g *generator) contact(name string, n int) any {
	switch name {
	case "AccountId":
		return g.parent("Contact", name, "Account", "001", n)
	case "Salutation":
		return g.sparse("Contact", name, n, 40, crmsim.Pick([]string{"Mr.", "Ms.", "Dr."}, g.roll("Contact", name, n)))
	case "Birthdate":
		return g.sparse("Contact", name, n, 10, fmt.Sprintf("19%d-0%d-1%d", 60+n%39, 1+n%9, n%10))
	case "CleanStatus":
		return "Pending"
	}
	if suffix, ok := strings.CutPrefix(name, "Mailing"); ok {
		return g.postal("Contact", suffix, n)
	}
	return g.person("Contact", name, n, func() string {
		account := 0
		if accounts := g.counts["Account"]; accounts > 0 {
			account = int(g.roll("Contact", "AccountId", n) % uint64(accounts))
		}
		return g.names.Company(g.roll("Account", "company", account)).Domain()
	})
}

func (g *generator) lead(name string, n int) any {
	company := g.names.Company(g.roll("Lead", "company", n))
	converted := g.roll("Lead", "converted", n)%100 < 8
	whenConverted := func(v any) any {
		if !converted {
			return nil
		}
		return v
	}
	switch name {
	case "Company":
		return company.Name()
	case "Website":
		return "https://www." + company.Domain()
	case "IsConverted":
		return converted
	case "Status":
		if converted {
			return "Closed - Converted"
		}
		return crmsim.Pick([]string{"Open - Not Contacted", "Working - Contacted", "Closed - Not Converted"},
			g.roll("Lead", name, n))
	case "ConvertedDate":
		return whenConverted(g.day("Lead", name, n))
	case "ConvertedAccountId":
		return whenConverted(g.parent("Lead", name, "Account", "001", n))
	case "ConvertedContactId":
		return whenConverted(g.parent("Lead", name, "Contact", "003", n))
	case "ConvertedOpportunityId":
		return whenConverted(g.parent("Lead", name, "Opportunity", "006", n))
	case "IsUnreadByOwner":
		return g.roll("Lead", name, n)%4 == 0
	case "Street", "City", "State", "PostalCode", "Country":
		return g.postal("Lead", name, n)
	case "CleanStatus":
		return "Pending"
	}
	return g.person("Lead", name, n, company.Domain)
}

func (g *generator) opportunity(name string, n int) any {
	account := 0
	if accounts := g.counts["Account"]; accounts > 0 {
		account = int(g.roll("Opportunity", "AccountId", n) % uint64(accounts))
	}
	switch name {
	case "AccountId":
		return g.parent("Opportunity", name, "Account", "001", n)
	case "Name":
		company := g.names.Company(g.roll("Account", "company", account))
		return fmt.Sprintf("%s - %s %d", company.Name(), crmsim.Pick([]string{"New Business", "Renewal", "Expansion"},
			g.roll("Opportunity", name, n)), n+1)
	case "StageName":
		return crmsim.Pick(g.stages, g.roll("Opportunity", name, n)).name
	case "Amount":
		return g.sparse("Opportunity", name, n, 90, float64(5+g.roll("Opportunity", name, n)%2000)*100)
	case "CloseDate":
		return g.end.AddDate(0, 0, int(g.roll("Opportunity", name, n)%540)-360).Format(time.DateOnly)
	case "Type":
		return g.sparse("Opportunity", name, n, 80, crmsim.Pick([]string{
			"New Customer", "Existing Customer - Upgrade",
			"Existing Customer - Replacement",
		}, g.roll("Opportunity", name, n)))
	case "NextStep":
		return g.sparse("Opportunity", name, n, 40, "Send proposal")
	}
	return g.shared("Opportunity", name, n)
}

func (g *generator) stage(name string, n int) any {
	at := g.stages[n]
	switch name {
	case "MasterLabel", "ApiName":
		return at.name
	case "IsActive":
		return true
	case "SortOrder":
		return n + 1
	case "IsClosed":
		return at.closed
	case "IsWon":
		return at.won
	case "ForecastCategory":
		return at.forecast
	case "ForecastCategoryName":
		return at.forecastName
	case "DefaultProbability":
		return at.probability
	}
	return nil
}

package salesforce

import (
	"fmt"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

// place is a city that invented addresses use.
type place struct{ city, state, postal, country string }

func places() []place {
	return []place{
		{"Austin", "TX", "78701", "United States"}, {"Boston", "MA", "02108", "United States"},
		{"Chicago", "IL", "60601", "United States"}, {"Denver", "CO", "80202", "United States"},
		{"San Francisco", "CA", "94105", "United States"}, {"Toronto", "ON", "M5H 2N2", "Canada"},
		{"London", "", "EC2A 4NE", "United Kingdom"}, {"Berlin", "", "10115", "Germany"},
		{"Paris", "", "75002", "France"}, {"Singapore", "", "018956", "Singapore"},
		{"Sydney", "NSW", "2000", "Australia"}, {"Dublin", "", "D02 X285", "Ireland"},
	}
}

func jobTitles() []string {
	return []string{"Account Executive", "CEO", "CFO", "CTO", "Director of Sales", "Head of Procurement", "IT Manager",
		"Marketing Manager", "Operations Manager", "Software Engineer", "VP Engineering", "VP Marketing", "VP Sales"}
}

func departments() []string {
	return []string{"Engineering", "Finance", "IT", "Marketing", "Operations", "Procurement", "Sales"}
}

// postal fills the address part named by suffix ("City", …); "" for parts a place does not have.
func (g *generator) postal(object, suffix string, n int) any {
	at := crmsim.Pick(g.words.places, g.roll(object, "place", n))
	switch suffix {
	case "Street":
		return fmt.Sprintf("%d %s Street", 1+g.roll(object, "street", n)%900, g.names.Last(g.roll(object, "road", n)))
	case "City":
		return at.city
	case "State":
		return emptyAsNull(at.state)
	case "PostalCode":
		return at.postal
	case "Country":
		return at.country
	}
	return nil
}

func emptyAsNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (g *generator) phone(object, trait string, n int) string {
	r := g.roll(object, trait, n)
	return fmt.Sprintf("(%03d) 555-%04d", 201+r%780, (r>>20)%10000)
}

// sparse gives v for about share percent of the records.
func (g *generator) sparse(object, trait string, n int, share uint64, v any) any {
	if g.roll(object, trait+"?", n)%100 >= share {
		return nil
	}
	return v
}

// owner is a user other than the integration user, as long as there is one.
func (g *generator) owner(object string, n int) string {
	if users := g.counts["User"]; users > 1 {
		return recordIDOf("005", 1+int(g.roll(object, "owner", n)%uint64(users-1)))
	}
	return recordIDOf("005", 0)
}

// parent is the id of some record of another object, nil when there are none.
func (g *generator) parent(object, trait, parent, prefix string, n int) any {
	if g.counts[parent] == 0 {
		return nil
	}
	return recordIDOf(prefix, int(g.roll(object, trait, n)%uint64(g.counts[parent])))
}

func (g *generator) day(object, trait string, n int) string {
	back := time.Duration(g.roll(object, trait, n)%700) * 24 * time.Hour
	return g.end.Add(-back).Format(time.DateOnly)
}

// shared invents the fields that several objects have in common.
func (g *generator) shared(object, name string, n int) any {
	switch name {
	case "OwnerId":
		return g.owner(object, n)
	case "Phone":
		return g.phone(object, name, n)
	case "Fax":
		return g.sparse(object, name, n, 20, g.phone(object, name, n))
	case "MobilePhone":
		return g.sparse(object, name, n, 60, g.phone(object, name, n))
	case "LeadSource", "AccountSource":
		return g.sparse(object, name, n, 70, crmsim.Pick(g.words.leadSources, g.roll(object, name, n)))
	case "Industry":
		return g.sparse(object, name, n, 90, crmsim.Pick(g.words.industries, g.roll(object, name, n)))
	case "Rating":
		return g.sparse(object, name, n, 40, crmsim.Pick([]string{"Hot", "Warm", "Cold"}, g.roll(object, name, n)))
	case "NumberOfEmployees":
		return 5 + int(g.roll(object, name, n)%20000)
	case "AnnualRevenue":
		return g.sparse(object, name, n, 75, float64(1+g.roll(object, name, n)%900)*100_000)
	case "Description":
		return g.sparse(object, name, n, 25, "Notes from the last call:\nasked for \"pricing\" and a reference.")
	case "LastActivityDate":
		return g.sparse(object, name, n, 60, g.day(object, name, n))
	}
	return nil
}

func (g *generator) account(name string, n int) any {
	company, domain := g.names.Company(g.roll("Account", "company", n))
	switch name {
	case "Name":
		return company
	case "Website":
		return "https://www." + domain
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

// person invents what contacts, leads and users share; domain is where their mail lives.
func (g *generator) person(object, name, domain string, n int) any {
	first, last := g.names.First(g.roll(object, "first", n)), g.names.Last(g.roll(object, "last", n))
	switch name {
	case "FirstName":
		return first
	case "LastName":
		return last
	case "Email":
		return strings.ToLower(fmt.Sprintf("%s.%s.%d@%s", first, last, n, domain))
	case "Title":
		return crmsim.Pick(g.words.titles, g.roll(object, name, n))
	case "Department":
		return crmsim.Pick(g.words.departments, g.roll(object, name, n))
	}
	return g.shared(object, name, n)
}

func (g *generator) contact(name string, n int) any {
	var domain string
	company := 0
	if accounts := g.counts["Account"]; accounts > 0 {
		company = int(g.roll("Contact", "AccountId", n) % uint64(accounts))
	}
	_, domain = g.names.Company(g.roll("Account", "company", company))
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
	return g.person("Contact", name, domain, n)
}

func (g *generator) lead(name string, n int) any {
	company, domain := g.names.Company(g.roll("Lead", "company", n))
	converted := g.roll("Lead", "converted", n)%100 < 8
	whenConverted := func(v any) any {
		if !converted {
			return nil
		}
		return v
	}
	switch name {
	case "Company":
		return company
	case "Website":
		return "https://www." + domain
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
	return g.person("Lead", name, domain, n)
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
		company, _ := g.names.Company(g.roll("Account", "company", account))
		return fmt.Sprintf("%s - %s %d", company, crmsim.Pick([]string{"New Business", "Renewal", "Expansion"},
			g.roll("Opportunity", name, n)), n+1)
	case "StageName":
		return crmsim.Pick(g.stages, g.roll("Opportunity", name, n)).name
	case "Amount":
		return g.sparse("Opportunity", name, n, 90, float64(5+g.roll("Opportunity", name, n)%2000)*100)
	case "CloseDate":
		return g.end.AddDate(0, 0, int(g.roll("Opportunity", name, n)%540)-360).Format(time.DateOnly)
	case "Type":
		return g.sparse("Opportunity", name, n, 80, crmsim.Pick([]string{"New Customer", "Existing Customer - Upgrade",
			"Existing Customer - Replacement"}, g.roll("Opportunity", name, n)))
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

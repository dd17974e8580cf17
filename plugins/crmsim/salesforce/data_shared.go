package salesforce

import (
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

// place is a city that invented addresses use.
type place struct{ city, state, postal, country string }

func places() []place {
	return []place{
		{"Austin", "TX", "78701", "United States"},
		{"Boston", "MA", "02108", "United States"},
		{"Chicago", "IL", "60601", "United States"},
		{"Denver", "CO", "80202", "United States"},
		{"San Francisco", "CA", "94105", "United States"},
		{"Toronto", "ON", "M5H 2N2", "Canada"},
		{"London", "", "EC2A 4NE", "United Kingdom"},
		{"Berlin", "", "10115", "Germany"},
		{"Paris", "", "75002", "France"},
		{"Singapore", "", "018956", "Singapore"},
		{"Sydney", "NSW", "2000", "Australia"},
		{"Dublin", "", "D02 X285", "Ireland"},
	}
}

func jobTitles() []string {
	return []string{
		"Account Executive", "CEO", "CFO", "CTO", "Director of Sales", "Head of Procurement", "IT Manager",
		"Marketing Manager", "Operations Manager", "Software Engineer", "VP Engineering", "VP Marketing", "VP Sales",
	}
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

package world

import (
	"fmt"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
)

// Company describes company n.
func (w *World) Company(n int) Company {
	c := Company{
		Industry:  crmsim.Pick(w.words.industries, w.roll(KindCompany, "industry", n)),
		Kind:      w.companyKind(n),
		Employees: 5 + int(w.roll(KindCompany, "employees", n)%20000),
		Phone:     w.phone(KindCompany, "phone", n), Address: w.address(KindCompany, n), Owner: w.owner(KindCompany, n),
	}
	c.Name, c.Domain = w.companyName(n)
	c.Website = "https://www." + c.Domain
	if w.chance(KindCompany, "revenue", n, 75) {
		c.Revenue = float64(1+w.roll(KindCompany, "revenue", n)%900) * 100_000
	}
	if w.chance(KindCompany, "description", n, 25) {
		c.Description = crmsim.Pick(w.words.remarks, w.roll(KindCompany, "description", n))
	}
	c.Created, c.Modified = w.stamps[KindCompany].of(n)
	return c
}

// companyKind: most are prospects or customers.
func (w *World) companyKind(n int) CompanyKind {
	switch r := w.roll(KindCompany, "kind", n) % 100; {
	case r < 45:
		return CompanyProspect
	case r < 80:
		return CompanyCustomer
	case r < 92:
		return CompanyPartner
	default:
		return CompanyVendor
	}
}

// companyName gives a name and domain that no other number has.
func (w *World) companyName(n int) (name, domain string) {
	company, round := w.names.Distinct(crmsim.Mix(w.seed, uint64(KindCompany)), uint64(n))
	if round == 0 {
		return company.Name(), company.Domain()
	}
	name = strings.Replace(company.Name(), " ", fmt.Sprintf(" %d ", round+1), 1)
	return name, fmt.Sprintf("%s-%d.example", strings.TrimSuffix(company.Domain(), ".example"), round+1)
}

// Person describes person n.
func (w *World) Person(n int) Person {
	p := w.person(KindPerson, n)
	p.Company = w.employer(n)
	domain := "mail.example"
	if p.Company >= 0 {
		_, domain = w.companyName(p.Company)
	}
	p.Email = mailAddress(p.First, p.Last, n, domain)
	return p
}

// employer is the company of person n. Neighbouring people work for neighbouring companies, so that a company's people
// can be found without a list of them (see colleagues).
func (w *World) employer(n int) int {
	if w.size.Companies == 0 || !w.chance(KindPerson, "employed", n, 97) {
		return -1
	}
	return n % w.size.Companies
}

// colleagues gives up to limit people of a company, a different choice for each roll.
func (w *World) colleagues(company, limit int, roll uint64) []int {
	if company < 0 || company >= w.size.People {
		return nil
	}
	desks := (w.size.People - company + w.size.Companies - 1) / w.size.Companies
	var found []int
	for i := range min(limit, desks) {
		n := company + (int(roll%uint64(desks))+i)%desks*w.size.Companies
		if w.employer(n) == company {
			found = append(found, n)
		}
	}
	return found
}

// person invents what people and leads have in common.
func (w *World) person(k Kind, n int) Person {
	p := Person{
		First:   w.names.First(w.roll(k, "first", n)),
		Last:    w.names.Last(w.roll(k, "last", n)),
		Title:   crmsim.Pick(w.words.titles, w.roll(k, "title", n)),
		Company: -1, Address: w.address(k, n), Owner: w.owner(k, n),
	}
	if w.chance(k, "phone", n, 90) {
		p.Phone = w.phone(k, "phone", n)
	}
	if w.chance(k, "mobile", n, 60) {
		p.Mobile = w.phone(k, "mobile", n)
	}
	if w.chance(k, "department", n, 80) {
		p.Department = crmsim.Pick(w.words.departments, w.roll(k, "department", n))
	}
	p.Source = w.source(k, n)
	p.Created, p.Modified = w.stamps[k].of(n)
	return p
}

// Lead describes lead n.
func (w *World) Lead(n int) Lead {
	l := Lead{
		Person: w.person(KindLead, n), Industry: crmsim.Pick(w.words.industries, w.roll(KindLead, "industry", n)),
		ConvertedCompany: -1, ConvertedPerson: -1, ConvertedDeal: -1,
	}
	// Companies of leads are numbered after those in the books; some are shared by several leads.
	l.CompanyName, l.CompanyDomain = w.companyName(w.size.Companies + w.one(KindLead, "company", n, w.size.Leads))
	l.Email = mailAddress(l.First, l.Last, n, l.CompanyDomain)
	switch r := w.roll(KindLead, "status", n) % 100; {
	case r < 35:
		l.Status = LeadNew
	case r < 70:
		l.Status = LeadWorking
	case r < 85:
		l.Status = LeadUnqualified
	default:
		l.Status = LeadQualified
		if r >= 92 {
			w.convert(&l, n)
		}
	}
	return l
}

// convert makes a lead a person at a company, half of the time with a deal of that company. Where the world has nobody
// whom the lead could have become, the lead stays qualified.
func (w *World) convert(l *Lead, n int) {
	person := w.one(KindLead, "person", n, w.size.People)
	deal := w.one(KindLead, "deal", n, w.size.Deals)
	if deal >= 0 && w.chance(KindLead, "deal", n, 50) {
		if contacts := w.dealContacts(deal); len(contacts) > 0 {
			person, l.ConvertedDeal = contacts[0].Person, deal
		}
	}
	if person < 0 || w.employer(person) < 0 {
		return
	}
	l.ConvertedPerson, l.ConvertedCompany = person, w.employer(person)
	l.ConvertedAt = l.Created.Add(l.Modified.Sub(l.Created) / 2).Truncate(time.Second)
}

func mailAddress(first, last string, n int, domain string) string {
	return strings.ToLower(fmt.Sprintf("%s.%s.%d@%s", first, last, n, domain))
}

func (w *World) source(k Kind, n int) Source {
	if !w.chance(k, "source", n, 70) {
		return ""
	}
	return crmsim.Pick(w.words.sources, w.roll(k, "source", n))
}

func (w *World) address(k Kind, n int) Address {
	at := crmsim.Pick(w.words.places, w.roll(k, "place", n))
	at.Street = fmt.Sprintf("%d %s Street", 1+w.roll(k, "street", n)%900, w.names.Last(w.roll(k, "road", n)))
	return at
}

func (w *World) phone(k Kind, trait string, n int) string {
	r := w.roll(k, trait, n)
	return fmt.Sprintf("(%03d) 555-%04d", 201+r%780, (r>>20)%10000)
}

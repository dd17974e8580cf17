package salesforce

import (
	"fmt"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

func (g *generator) account(name string, n int) any {
	c := g.company(n)
	switch name {
	case "Name":
		return c.Name
	case "Website":
		return c.Website
	case "Phone":
		return orNone(c.Phone)
	case "Description":
		return orNone(c.Description)
	case "Type":
		return accountType(c.Kind, g.roll("Account", name, n))
	case "Industry":
		return industryOf(c.Industry)
	case "NumberOfEmployees":
		return c.Employees
	case "AnnualRevenue":
		return orNone(c.Revenue)
	case "OwnerId":
		return userIDOf(c.Owner)
	case "AccountNumber":
		return fmt.Sprintf("AC%06d", n+1)
	case "ParentId":
		return g.sparse("Account", name, n, 10, g.another("Account", name, "001", n))
	case "Ownership":
		return crmsim.Pick([]string{"Public", "Private", "Subsidiary"}, g.roll("Account", name, n))
	case "CleanStatus":
		return "Pending"
	}
	if suffix, ok := strings.CutPrefix(name, "Billing"); ok {
		return postal(&c.Address, suffix)
	}
	return g.onlyHere("Account", name, n)
}

// human is what contacts and leads share.
func (g *generator) human(object, name string, n int, p *world.Person) any {
	switch name {
	case "FirstName":
		return p.First
	case "LastName":
		return p.Last
	case "Email":
		return p.Email
	case "Phone":
		return orNone(p.Phone)
	case "MobilePhone":
		return orNone(p.Mobile)
	case "Title":
		return p.Title
	case "Department":
		return orNone(p.Department)
	case "LeadSource":
		return leadSourceOf(p.Source)
	case "OwnerId":
		return userIDOf(p.Owner)
	case "Salutation":
		return g.sparse(object, name, n, 40, crmsim.Pick([]string{"Mr.", "Ms.", "Dr."}, g.roll(object, name, n)))
	case "CleanStatus":
		return "Pending"
	}
	return g.onlyHere(object, name, n)
}

func (g *generator) contact(name string, n int) any {
	p := g.person(n)
	switch name {
	case "AccountId":
		return lookupOf("001", p.Company)
	case "Birthdate":
		return g.sparse("Contact", name, n, 10, fmt.Sprintf("19%d-0%d-1%d", 60+n%39, 1+n%9, n%10))
	}
	if suffix, ok := strings.CutPrefix(name, "Mailing"); ok {
		return postal(&p.Address, suffix)
	}
	return g.human("Contact", name, n, p)
}

func (g *generator) lead(name string, n int) any {
	l := g.prospect(n)
	switch name {
	case "Company":
		return l.CompanyName
	case "Website":
		return "https://www." + l.CompanyDomain
	case "Industry":
		return industryOf(l.Industry)
	case "Status":
		return leadStatusOf(l)
	case "IsConverted":
		return !l.ConvertedAt.IsZero()
	case "ConvertedDate":
		if l.ConvertedAt.IsZero() {
			return nil
		}
		return l.ConvertedAt.Format(time.DateOnly)
	case "ConvertedAccountId":
		return lookupOf("001", l.ConvertedCompany)
	case "ConvertedContactId":
		return lookupOf("003", l.ConvertedPerson)
	case "ConvertedOpportunityId":
		return lookupOf("006", l.ConvertedDeal)
	case "IsUnreadByOwner":
		return l.Status == world.LeadNew
	case "NumberOfEmployees":
		return 5 + int(g.roll("Lead", name, n)%20000)
	case "AnnualRevenue":
		return g.sparse("Lead", name, n, 40, float64(1+g.roll("Lead", name, n)%900)*100_000)
	case "Street", "City", "State", "PostalCode", "Country":
		return postal(&l.Address, name)
	}
	return g.human("Lead", name, n, &l.Person)
}

func (g *generator) opportunity(name string, n int) any {
	d := g.deal(n)
	switch name {
	case "AccountId":
		return lookupOf("001", d.Company)
	case "Name":
		return d.Name
	case "StageName":
		return crmsim.Pick(stagesOf(d.Stage), d.Roll)
	case "Amount":
		return orNone(d.Amount)
	case "CloseDate":
		return d.Close.Format(time.DateOnly)
	case "Type":
		return opportunityType(d.Kind)
	case "LeadSource":
		return leadSourceOf(d.Source)
	case "OwnerId":
		return userIDOf(d.Owner)
	case "NextStep":
		return g.sparse("Opportunity", name, n, 40, "Send proposal")
	}
	return g.onlyHere("Opportunity", name, n)
}

// contactRole is the n-th part of a contact in an opportunity.
func (g *generator) contactRole(name string, n int) any {
	if len(g.roles) == 0 {
		return nil
	}
	at := g.roles[n%len(g.roles)] // records made later than the world take after an earlier one
	contact := g.deal(int(at.deal)).Contacts[at.place]
	switch name {
	case "OpportunityId":
		return lookupOf("006", int(at.deal))
	case "ContactId":
		return lookupOf("003", contact.Person)
	case "Role":
		return contactRoleOf(contact.Role)
	case "IsPrimary":
		return contact.Primary
	}
	return nil
}

// taskDone is the status of closed tasks.
const taskDone = "Completed"

// task is an activity of any kind: this org logs its meetings and notes as tasks too.
func (g *generator) task(name string, n int) any {
	a := g.activity(n)
	switch name {
	case "Subject":
		return a.Subject
	case "Description":
		return orNone(a.Body)
	case "ActivityDate":
		return a.At.Format(time.DateOnly)
	case "WhoId":
		return lookupOf("003", a.Person)
	case "WhatId":
		if a.Deal >= 0 {
			return lookupOf("006", a.Deal)
		}
		return lookupOf("001", a.Company)
	case "AccountId":
		return lookupOf("001", a.Company)
	case "OwnerId":
		return userIDOf(a.Owner)
	case "Status":
		if a.Done {
			return taskDone
		}
		return crmsim.Pick([]string{"Not Started", "In Progress", "Deferred"}, g.roll("Task", name, n))
	case "Priority":
		return crmsim.Pick([]string{"Normal", "Normal", "Normal", "High", "Low"}, g.roll("Task", name, n))
	case "TaskSubtype":
		return taskSubtype(a.Kind)
	case "CompletedDateTime":
		if a.Done {
			return a.At
		}
	case "CallDurationInSeconds":
		if a.Kind == world.ActivityCall {
			return a.Minutes * 60
		}
	case "CallType":
		if a.Kind == world.ActivityCall {
			return "Outbound"
		}
	}
	return nil
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

// onlyHere invents what the world does not know and several of Salesforce's objects have.
func (g *generator) onlyHere(object, name string, n int) any {
	switch name {
	case "Fax":
		r := g.roll(object, name, n)
		return g.sparse(object, name, n, 20, fmt.Sprintf("(%03d) 555-%04d", 201+r%780, (r>>20)%10000))
	case "AccountSource":
		return g.sparse(object, name, n, 70, crmsim.Pick(leadSources(), g.roll(object, name, n)))
	case "Rating":
		return g.sparse(object, name, n, 40, crmsim.Pick([]string{"Hot", "Warm", "Cold"}, g.roll(object, name, n)))
	case "Description":
		return g.sparse(object, name, n, 25, "Notes from the last call:\nasked for \"pricing\" and a reference.")
	case "LastActivityDate":
		back := time.Duration(g.roll(object, name, n)%700) * 24 * time.Hour
		return g.sparse(object, name, n, 60, g.world.End().Add(-back).Format(time.DateOnly))
	}
	return nil
}

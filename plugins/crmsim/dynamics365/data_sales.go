package dynamics365

import (
	"strings"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// text makes an empty text null, as the platform stores it.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func refTo(table string, n int) any {
	if n < 0 {
		return nil
	}
	return ref{table, recordID(table, n)}
}

// addressValue answers address1_… columns.
func addressValue(a world.Address, column string) any {
	switch column {
	case "address1_line1":
		return text(a.Street)
	case "address1_city":
		return text(a.City)
	case "address1_stateorprovince":
		return text(a.State)
	case "address1_postalcode":
		return text(a.PostalCode)
	case "address1_country":
		return text(a.Country)
	case "address1_composite":
		return text(strings.Join([]string{a.Street, a.PostalCode + " " + a.City, a.Country}, "\r\n"))
	}
	return nil
}

// industryCodes are the options of industrycode that come nearest to the world's industries.
func industryCode(i world.Industry) any {
	code, ok := map[world.Industry]int{
		world.IndustryTechnology: 6, world.IndustryFinance: 16, world.IndustryInsurance: 20, world.IndustryHealthcare: 11,
		world.IndustryManufacturing: 12, world.IndustryRetail: 25, world.IndustryEnergy: 31, world.IndustryConstruction: 28,
		world.IndustryTransport: 30, world.IndustryMedia: 3, world.IndustryConsulting: 7, world.IndustryHospitality: 13,
	}[i]
	if !ok {
		return nil
	}
	return code
}

// leadSource is the option of lead's leadsourcecode.
func leadSource(s world.Source) any {
	code, ok := map[world.Source]int{
		world.SourceWeb: 8, world.SourcePhone: 9, world.SourceReferral: 3, world.SourcePartner: 4, world.SourceEvent: 7,
		world.SourceAdvertising: 1, world.SourceList: 10, world.SourceOther: 10,
	}[s]
	if !ok {
		return nil
	}
	return code
}

func (s *store) accountValues(n int) func(string) any {
	c := s.world.Company(n)
	return func(column string) any {
		switch column {
		case "name":
			return c.Name
		case "accountnumber":
			return "A" + number5(n)
		case "websiteurl":
			return text(c.Website)
		case "emailaddress1":
			return "info@" + c.Domain
		case "telephone1", "address1_telephone1":
			return text(c.Phone)
		case "description":
			return text(c.Description)
		case "industrycode":
			return industryCode(c.Industry)
		case "customertypecode":
			return map[world.CompanyKind]int{
				world.CompanyProspect: 8, world.CompanyCustomer: 3, world.CompanyPartner: 5, world.CompanyVendor: 11,
			}[c.Kind]
		case "numberofemployees":
			return c.Employees
		case "revenue":
			if c.Revenue > 0 {
				return c.Revenue
			}
		}
		return addressValue(c.Address, column)
	}
}

func (s *store) contactValues(n int) func(string) any {
	p := s.world.Person(n)
	return func(column string) any {
		switch column {
		case "parentcustomerid", "accountid":
			return refTo("account", p.Company)
		}
		return personValue(p, column)
	}
}

func personValue(p world.Person, column string) any {
	switch column {
	case "firstname":
		return text(p.First)
	case "lastname":
		return text(p.Last)
	case "emailaddress1":
		return text(p.Email)
	case "telephone1", "address1_telephone1":
		return text(p.Phone)
	case "mobilephone":
		return text(p.Mobile)
	case "jobtitle":
		return text(p.Title)
	case "department":
		return text(p.Department)
	}
	return addressValue(p.Address, column)
}

func (s *store) leadValues(n int) func(string) any {
	l := s.world.Lead(n)
	status := map[world.LeadStatus]int{
		world.LeadNew: 1, world.LeadWorking: 2, world.LeadQualified: 3, world.LeadUnqualified: 6,
	}[l.Status]
	// The platform knows no qualified lead that was not converted: those still wait.
	if status == 3 && l.ConvertedAt.IsZero() {
		status = 2
	}
	return func(column string) any {
		switch column {
		case "subject":
			return "Interest of " + l.CompanyName
		case "companyname":
			return text(l.CompanyName)
		case "websiteurl":
			if l.CompanyDomain != "" {
				return "https://www." + l.CompanyDomain
			}
		case "industrycode":
			return industryCode(l.Industry)
		case "leadsourcecode":
			return leadSource(l.Source)
		case "statuscode":
			return status
		case "statecode":
			return map[int]int{1: 0, 2: 0, 3: 1, 6: 2}[status]
		case "parentaccountid":
			return refTo("account", l.ConvertedCompany)
		case "parentcontactid":
			return refTo("contact", l.ConvertedPerson)
		case "qualifyingopportunityid":
			return refTo("opportunity", l.ConvertedDeal)
		}
		return personValue(l.Person, column)
	}
}

// salesStage brings the world's stages to Qualify, Develop, Propose and Close.
func salesStage(key world.StageKey) int {
	return map[world.StageKey]int{
		world.StageProspecting: 0, world.StageQualification: 0, world.StageNeedsAnalysis: 1, world.StageProposal: 2,
		world.StageNegotiation: 3, world.StageClosedWon: 3, world.StageClosedLost: 3,
	}[key]
}

func stageNames() []string { return []string{"Qualify", "Develop", "Propose", "Close"} }

func stageOf(key world.StageKey) world.Stage {
	for _, stage := range world.Stages() {
		if stage.Key == key {
			return stage
		}
	}
	return world.Stage{}
}

func (s *store) opportunityValues(n int) func(string) any {
	d := s.world.Deal(n)
	stage := stageOf(d.Stage)
	return func(column string) any {
		switch column {
		case "name":
			return d.Name
		case "customerid", "parentaccountid", "accountid":
			return refTo("account", d.Company)
		case "parentcontactid", "contactid":
			if len(d.Contacts) > 0 {
				return refTo("contact", d.Contacts[0].Person)
			}
		case "estimatedvalue", "totalamount":
			if d.Amount > 0 {
				return d.Amount
			}
		case "actualvalue":
			if stage.Won {
				return d.Amount
			}
		case "estimatedclosedate":
			return d.Close
		case "actualclosedate":
			if stage.Closed {
				return d.Close
			}
		case "closeprobability":
			return stage.Probability
		case "salesstage":
			return salesStage(d.Stage)
		case "stepname":
			return number1(salesStage(d.Stage)+1) + "-" + stageNames()[salesStage(d.Stage)]
		case "stageid":
			return stageID("opportunity", salesStage(d.Stage))
		case "statecode":
			return closedState(stage, 1, 2)
		case "statuscode":
			if !stage.Closed {
				return 1 + int(d.Roll%10)/9 // one in ten is on hold
			}
			return closedState(stage, 3, 5-int(d.Roll%2))
		}
		return nil
	}
}

func closedState(stage world.Stage, won, lost int) int {
	switch {
	case stage.Won:
		return won
	case stage.Closed:
		return lost
	}
	return 0
}

// processValues are the live row of the business process flow: which stage an opportunity is at.
func (s *store) processValues(n int) func(string) any {
	d := s.world.Deal(n)
	stage := stageOf(d.Stage)
	return func(column string) any {
		switch column {
		case "name":
			return "Opportunity Sales Process"
		case "opportunityid":
			return refTo("opportunity", n)
		case "activestageid":
			return ref{"processstage", stageID("opportunity", salesStage(d.Stage))}
		case "processid":
			return ref{"workflow", processID("opportunity")}
		case "activestagestartedon":
			return d.Modified
		case "completedon":
			if stage.Closed {
				return d.Modified
			}
		case "statecode":
			return closedState(stage, 1, 1)
		case "traversedpath":
			var way []string
			for i := range salesStage(d.Stage) + 1 {
				way = append(way, string(stageID("opportunity", i)))
			}
			return strings.Join(way, ",")
		}
		return nil
	}
}

func stageID(table string, stage int) guid {
	return madeID("processstage:" + table + ":" + number1(stage))
}
func processID(table string) guid { return madeID("workflow:" + table) }

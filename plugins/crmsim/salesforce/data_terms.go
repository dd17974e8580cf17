package salesforce

import (
	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// The world's words in Salesforce's: values of the standard picklists of a new org.

func accountType(kind world.CompanyKind, roll uint64) any {
	switch kind {
	case world.CompanyProspect:
		return "Prospect"
	case world.CompanyCustomer:
		return crmsim.Pick([]string{"Customer - Direct", "Customer - Channel"}, roll)
	case world.CompanyPartner:
		return crmsim.Pick([]string{"Channel Partner / Reseller", "Installation Partner", "Technology Partner"}, roll)
	default:
		return "Other"
	}
}

func industryOf(industry world.Industry) any {
	switch industry {
	case world.IndustryTechnology:
		return "Technology"
	case world.IndustryFinance:
		return "Finance"
	case world.IndustryInsurance:
		return "Insurance"
	case world.IndustryHealthcare:
		return "Healthcare"
	case world.IndustryManufacturing:
		return "Manufacturing"
	case world.IndustryRetail:
		return "Retail"
	case world.IndustryEnergy:
		return "Energy"
	case world.IndustryConstruction:
		return "Construction"
	case world.IndustryTransport:
		return "Transportation"
	case world.IndustryMedia:
		return "Media"
	case world.IndustryConsulting:
		return "Consulting"
	case world.IndustryHospitality:
		return "Hospitality"
	}
	return "Other"
}

// leadSourceOf: a new org has fewer sources than the world.
func leadSourceOf(source world.Source) any {
	switch source {
	case "":
		return nil
	case world.SourceWeb, world.SourceAdvertising:
		return "Web"
	case world.SourcePhone:
		return "Phone Inquiry"
	case world.SourcePartner, world.SourceReferral:
		return "Partner Referral"
	case world.SourceList:
		return "Purchased List"
	default:
		return "Other"
	}
}

// leadStatusOf: a qualified lead that is not converted yet is still being worked on.
func leadStatusOf(l *world.Lead) any {
	switch {
	case !l.ConvertedAt.IsZero():
		return "Closed - Converted"
	case l.Status == world.LeadNew:
		return "Open - Not Contacted"
	case l.Status == world.LeadUnqualified:
		return "Closed - Not Converted"
	}
	return "Working - Contacted"
}

// stagesOf: Salesforce's process has more steps than the world's, so some stand for several.
func stagesOf(key world.StageKey) []string {
	switch key {
	case world.StageProspecting:
		return []string{"Prospecting"}
	case world.StageQualification:
		return []string{"Qualification"}
	case world.StageNeedsAnalysis:
		return []string{"Needs Analysis", "Value Proposition", "Id. Decision Makers", "Perception Analysis"}
	case world.StageProposal:
		return []string{"Proposal/Price Quote"}
	case world.StageNegotiation:
		return []string{"Negotiation/Review"}
	case world.StageClosedWon:
		return []string{"Closed Won"}
	default:
		return []string{"Closed Lost"}
	}
}

func opportunityType(kind world.DealKind) any {
	switch kind {
	case world.DealRenewal:
		return "Existing Customer - Replacement"
	case world.DealExpansion:
		return "Existing Customer - Upgrade"
	default:
		return "New Customer"
	}
}

func contactRoleOf(role world.ContactRole) any {
	switch role {
	case world.RoleDecisionMaker:
		return "Decision Maker"
	case world.RoleInfluencer:
		return "Influencer"
	case world.RoleEvaluator:
		return "Evaluator"
	case world.RoleExecutiveSponsor:
		return "Executive Sponsor"
	case world.RoleBusinessUser:
		return "Business User"
	default:
		return "Other"
	}
}

func taskSubtype(kind world.ActivityKind) any {
	switch kind {
	case world.ActivityCall:
		return "Call"
	case world.ActivityEmail:
		return "Email"
	default:
		return "Task"
	}
}

// postal gives the part of an address that suffix names ("City", …); nil for parts it does not have.
func postal(a *world.Address, suffix string) any {
	switch suffix {
	case "Street":
		return orNone(a.Street)
	case "City":
		return orNone(a.City)
	case "State":
		return orNone(a.State)
	case "PostalCode":
		return orNone(a.PostalCode)
	case "Country":
		return orNone(a.Country)
	}
	return nil
}

// orNone makes an empty value null, as Salesforce keeps no empty texts.
func orNone[T comparable](value T) any {
	var zero T
	if value == zero {
		return nil
	}
	return value
}

// lookupOf is the id of the n-th record of the object with this prefix; nil for -1.
func lookupOf(prefix string, n int) any {
	if n < 0 {
		return nil
	}
	return recordIDOf(prefix, n)
}

func userIDOf(n int) string { return recordIDOf("005", n) }

// sparse gives v for about share percent of the records.
func (g *generator) sparse(object, trait string, n int, share uint64, v any) any {
	if g.roll(object, trait+"?", n)%100 >= share {
		return nil
	}
	return v
}

// another is the id of some record of the same object, nil if it would be the record itself.
func (g *generator) another(object, trait, prefix string, n int) any {
	other := int(g.roll(object, trait, n) % uint64(max(1, g.counts[object])))
	if other == n {
		return nil
	}
	return recordIDOf(prefix, other)
}

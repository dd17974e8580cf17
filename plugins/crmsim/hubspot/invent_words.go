package hubspot

import "github.com/fieldwarden/fieldwarden/plugins/crmsim/world"

// The world's words in HubSpot's spelling.

func industryOf(i world.Industry) string {
	return map[world.Industry]string{
		world.IndustryTechnology: "COMPUTER_SOFTWARE", world.IndustryFinance: "FINANCIAL_SERVICES",
		world.IndustryInsurance: "INSURANCE", world.IndustryHealthcare: "HOSPITAL_HEALTH_CARE",
		world.IndustryManufacturing: "MACHINERY", world.IndustryRetail: "RETAIL", world.IndustryEnergy: "OIL_ENERGY",
		world.IndustryConstruction: "CONSTRUCTION", world.IndustryTransport: "LOGISTICS_AND_SUPPLY_CHAIN",
		world.IndustryMedia: "MEDIA_PRODUCTION", world.IndustryConsulting: "MANAGEMENT_CONSULTING",
		world.IndustryHospitality: "HOSPITALITY",
	}[i]
}

func analyticsSource(s world.Source) string {
	return map[world.Source]string{
		world.SourceWeb: "ORGANIC_SEARCH", world.SourcePhone: "OFFLINE", world.SourceReferral: "REFERRALS",
		world.SourcePartner: "REFERRALS", world.SourceEvent: "OFFLINE", world.SourceAdvertising: "PAID_SEARCH",
		world.SourceList: "OFFLINE", world.SourceOther: "DIRECT_TRAFFIC",
	}[s]
}

func leadStatus(s world.LeadStatus) string {
	return map[world.LeadStatus]string{
		world.LeadNew: "NEW", world.LeadWorking: "IN_PROGRESS", world.LeadQualified: "OPEN_DEAL",
		world.LeadUnqualified: "UNQUALIFIED",
	}[s]
}

func leadStage(s world.LeadStatus) string {
	return map[world.LeadStatus]string{
		world.LeadNew: "new-stage-id", world.LeadWorking: "attempting-stage-id", world.LeadQualified: "qualified-stage-id",
		world.LeadUnqualified: "unqualified-stage-id",
	}[s]
}

// dealStage is the pipeline and stage of a deal. Renewals have a pipeline of their own, with fewer stages.
func dealStage(d world.Deal) (pipeline, stage string) {
	if d.Kind == world.DealRenewal {
		return renewalPipeline, map[world.StageKey]string{
			world.StageProspecting: "98765431", world.StageQualification: "98765431", world.StageNeedsAnalysis: "98765431",
			world.StageProposal: "98765432", world.StageNegotiation: "98765432", world.StageClosedWon: "98765433",
			world.StageClosedLost: "98765434",
		}[d.Stage]
	}
	return defaultPipeline, map[world.StageKey]string{
		world.StageProspecting: "appointmentscheduled", world.StageQualification: "qualifiedtobuy",
		world.StageNeedsAnalysis: "presentationscheduled", world.StageProposal: "decisionmakerboughtin",
		world.StageNegotiation: "contractsent", world.StageClosedWon: "closedwon", world.StageClosedLost: "closedlost",
	}[d.Stage]
}

package world

// The closed lists of the world's words. Each simulator maps them to its vendor's values.
type (
	// Industry is what a company does.
	Industry string
	// CompanyKind says how one stands to a company.
	CompanyKind string
	// Source says how a person or deal was found.
	Source string
	// LeadStatus says how far a lead is.
	LeadStatus string
	// StageKey names a step of the one sales process.
	StageKey string
	// DealKind says what a deal is about.
	DealKind string
	// ContactRole is a person's part in a deal.
	ContactRole string
	// ActivityKind says what kind of activity it is.
	ActivityKind string
)

// The industries.
const (
	IndustryTechnology    Industry = "TECHNOLOGY"
	IndustryFinance       Industry = "FINANCE"
	IndustryInsurance     Industry = "INSURANCE"
	IndustryHealthcare    Industry = "HEALTHCARE"
	IndustryManufacturing Industry = "MANUFACTURING"
	IndustryRetail        Industry = "RETAIL"
	IndustryEnergy        Industry = "ENERGY"
	IndustryConstruction  Industry = "CONSTRUCTION"
	IndustryTransport     Industry = "TRANSPORT"
	IndustryMedia         Industry = "MEDIA"
	IndustryConsulting    Industry = "CONSULTING"
	IndustryHospitality   Industry = "HOSPITALITY"
)

// Industries lists all.
func Industries() []Industry {
	return []Industry{
		IndustryTechnology, IndustryFinance, IndustryInsurance, IndustryHealthcare, IndustryManufacturing, IndustryRetail,
		IndustryEnergy, IndustryConstruction, IndustryTransport, IndustryMedia, IndustryConsulting, IndustryHospitality,
	}
}

// The kinds of companies.
const (
	CompanyProspect CompanyKind = "PROSPECT"
	CompanyCustomer CompanyKind = "CUSTOMER"
	CompanyPartner  CompanyKind = "PARTNER"
	CompanyVendor   CompanyKind = "VENDOR"
)

// CompanyKinds lists all.
func CompanyKinds() []CompanyKind {
	return []CompanyKind{CompanyProspect, CompanyCustomer, CompanyPartner, CompanyVendor}
}

// The sources.
const (
	SourceWeb         Source = "WEB"
	SourcePhone       Source = "PHONE"
	SourceReferral    Source = "REFERRAL"
	SourcePartner     Source = "PARTNER"
	SourceEvent       Source = "EVENT"
	SourceAdvertising Source = "ADVERTISING"
	SourceList        Source = "PURCHASED_LIST"
	SourceOther       Source = "OTHER"
)

// Sources lists all.
func Sources() []Source {
	return []Source{
		SourceWeb, SourcePhone, SourceReferral, SourcePartner, SourceEvent, SourceAdvertising, SourceList, SourceOther,
	}
}

// The statuses of leads. A converted lead is qualified; not every qualified lead is converted.
const (
	LeadNew         LeadStatus = "NEW"
	LeadWorking     LeadStatus = "WORKING"
	LeadQualified   LeadStatus = "QUALIFIED"
	LeadUnqualified LeadStatus = "UNQUALIFIED"
)

// LeadStatuses lists all.
func LeadStatuses() []LeadStatus {
	return []LeadStatus{LeadNew, LeadWorking, LeadQualified, LeadUnqualified}
}

// The stages.
const (
	StageProspecting   StageKey = "PROSPECTING"
	StageQualification StageKey = "QUALIFICATION"
	StageNeedsAnalysis StageKey = "NEEDS_ANALYSIS"
	StageProposal      StageKey = "PROPOSAL"
	StageNegotiation   StageKey = "NEGOTIATION"
	StageClosedWon     StageKey = "CLOSED_WON"
	StageClosedLost    StageKey = "CLOSED_LOST"
)

// Stage is a step of the sales process.
type Stage struct {
	Key         StageKey
	Label       string
	Probability int // percent
	Closed, Won bool
}

// Stages lists the sales process in order.
func Stages() []Stage {
	return []Stage{
		{StageProspecting, "Prospecting", 10, false, false},
		{StageQualification, "Qualification", 20, false, false},
		{StageNeedsAnalysis, "Needs Analysis", 40, false, false},
		{StageProposal, "Proposal", 60, false, false},
		{StageNegotiation, "Negotiation", 80, false, false},
		{StageClosedWon, "Closed Won", 100, true, true},
		{StageClosedLost, "Closed Lost", 0, true, false},
	}
}

// The kinds of deals.
const (
	DealNewBusiness DealKind = "NEW_BUSINESS"
	DealRenewal     DealKind = "RENEWAL"
	DealExpansion   DealKind = "EXPANSION"
)

// DealKinds lists all.
func DealKinds() []DealKind { return []DealKind{DealNewBusiness, DealRenewal, DealExpansion} }

// The parts people have in deals.
const (
	RoleDecisionMaker    ContactRole = "DECISION_MAKER"
	RoleInfluencer       ContactRole = "INFLUENCER"
	RoleEvaluator        ContactRole = "EVALUATOR"
	RoleExecutiveSponsor ContactRole = "EXECUTIVE_SPONSOR"
	RoleBusinessUser     ContactRole = "BUSINESS_USER"
	RoleOther            ContactRole = "OTHER"
)

// ContactRoles lists all.
func ContactRoles() []ContactRole {
	return []ContactRole{
		RoleDecisionMaker, RoleInfluencer, RoleEvaluator, RoleExecutiveSponsor, RoleBusinessUser, RoleOther,
	}
}

// The kinds of activities.
const (
	ActivityCall    ActivityKind = "CALL"
	ActivityEmail   ActivityKind = "EMAIL"
	ActivityMeeting ActivityKind = "MEETING"
	ActivityTask    ActivityKind = "TASK"
	ActivityNote    ActivityKind = "NOTE"
)

// ActivityKinds lists all.
func ActivityKinds() []ActivityKind {
	return []ActivityKind{ActivityCall, ActivityEmail, ActivityMeeting, ActivityTask, ActivityNote}
}

package salesforce

// stage is one default opportunity stage. Probabilities and forecast categories are the defaults of a new org.
type stage struct {
	name, forecast, forecastName string
	probability                  float64
	closed, won                  bool
}

// stages are the ten stages of a new org in sort order.
func stages() []stage {
	return []stage{
		{"Prospecting", "Pipeline", "Pipeline", 10, false, false},
		{"Qualification", "Pipeline", "Pipeline", 10, false, false},
		{"Needs Analysis", "Pipeline", "Pipeline", 20, false, false},
		{"Value Proposition", "Pipeline", "Pipeline", 50, false, false},
		{"Id. Decision Makers", "Pipeline", "Pipeline", 60, false, false},
		{"Perception Analysis", "Pipeline", "Pipeline", 70, false, false},
		{"Proposal/Price Quote", "Pipeline", "Pipeline", 75, false, false},
		{"Negotiation/Review", "Pipeline", "Pipeline", 90, false, false},
		{"Closed Won", "Closed", "Closed", 100, true, true},
		{"Closed Lost", "Omitted", "Omitted", 0, true, false},
	}
}

func stageNames() []string {
	var names []string
	for _, s := range stages() {
		names = append(names, s.name)
	}
	return names
}

func opportunity() *object {
	onlyGroup := usage{group: true}
	fiscal := text("Fiscal", "Fiscal Period", 6, derived)
	fiscal.ascii = true
	return &object{
		name: "Opportunity", label: "Opportunity", labelPlural: "Opportunities", keyPrefix: "006",
		createable: true, updateable: true, deletable: true, undeletable: true, searchable: true, layoutable: true,
		triggerable: true, mruEnabled: true, feedEnabled: true, deepClone: true, replicateable: true,
		switchable: true, scopes: userScopes("opportunities"),
		fields: join(
			one(
				recordID("Opportunity ID"),
				flag("IsDeleted", "Deleted", systemSet),
				lookup("AccountId", "Account ID", "Account", optional, "Account").prefiltered().children("Opportunities"),
				flag("IsPrivate", "Private", checkbox|permissionable),
				text("Name", "Name", 120, required|idLookup).nameOfRecord(),
				plainArea("Description", "Description", 32000, optional),
				picklist("StageName", "Stage", 255, required, stageNames()...),
				number("currency", "Amount", "Amount", 18, 2, optional),
				number("percent", "Probability", "Probability (%)", 3, 0, optional|defaulted),
				number("currency", "ExpectedRevenue", "Expected Amount", 18, 2, nillable|permissionable),
				number("double", "TotalOpportunityQuantity", "Quantity", 18, 2, optional),
				date("CloseDate", "Close Date", required),
				picklist("Type", "Opportunity Type", 255, optional, "Existing Customer - Upgrade",
					"Existing Customer - Replacement", "Existing Customer - Downgrade", "New Customer"),
				text("NextStep", "Next Step", 255, optional),
				picklist("LeadSource", "Lead Source", 255, optional, leadSources()...),
				flag("IsClosed", "Closed", systemSet),
				flag("IsWon", "Won", systemSet),
				picklist("ForecastCategory", "Forecast Category", 40, restricted).labelled(
					option{"Omitted", "Omitted"}, option{"Pipeline", "Pipeline"}, option{"BestCase", "Best Case"},
					option{"MostLikely", "Most Likely"}, option{"Forecast", "Commit"}, option{"Closed", "Closed"}),
				picklist("ForecastCategoryName", "Forecast Category", 255, unhideable|defaulted|restricted,
					"Omitted", "Pipeline", "Best Case", "Commit", "Closed"),
				lookup("CampaignId", "Campaign ID", "Campaign", optional, "Campaign").prefiltered(),
				flag("HasOpportunityLineItem", "Has Line Item", systemSet),
				lookup("Pricebook2Id", "Price Book ID", "Pricebook2", unhideable|defaulted, "Pricebook2").
					prefiltered(),
				lookup("OwnerId", "Owner ID", "Owner", required|defaulted, "User"),
			),
			auditFields(),
			one(
				date("LastActivityDate", "Last Activity", derived),
				datetime("LastStageChangeDate", "Last Stage Change Date", derived),
				integer("FiscalQuarter", "Fiscal Quarter", 8, derived).partOf("Fiscal"),
				integer("FiscalYear", "Fiscal Year", 8, derived).partOf("Fiscal"),
				fiscal,
				lookup("ContactId", "Contact ID", "", nillable|createable, "Contact").children("Opportunities"),
			),
			viewedFields(),
			one(
				flag("HasOpenActivity", "Has Open Activity", systemSet).usable(onlyGroup),
				flag("HasOverdueTask", "Has Overdue Task", systemSet).usable(onlyGroup),
				lookup("LastAmountChangedHistoryId", "Opportunity History ID", "LastAmountChangedHistory", derived,
					"OpportunityHistory").prefiltered(),
				lookup("LastCloseDateChangedHistoryId", "Opportunity History ID", "LastCloseDateChangedHistory",
					derived, "OpportunityHistory").prefiltered(),
			),
		),
	}
}

// opportunityContactRole has no field that field-level security could hide: it is lost only as a whole object.
func opportunityContactRole() *object {
	return &object{
		name: "OpportunityContactRole", label: "Opportunity Contact Role", labelPlural: "Opportunity Contact Role",
		keyPrefix: "00K", createable: true, updateable: true, deletable: true, layoutable: true, triggerable: true,
		replicateable: true, switchable: true,
		fields: join(
			one(
				recordID("Contact Role ID"),
				lookup("OpportunityId", "Opportunity ID", "Opportunity", createable, "Opportunity").
					children("OpportunityContactRoles"),
				lookup("ContactId", "Contact ID", "Contact", required, "Contact").children("OpportunityContactRoles"),
				picklist("Role", "Role", 40, unhideable, contactRoles()...),
				flag("IsPrimary", "Primary", checkbox),
			),
			auditFields(),
			one(flag("IsDeleted", "Deleted", systemSet)),
		),
	}
}

// contactRoles are the roles a new org offers for contacts of an opportunity.
func contactRoles() []string {
	return []string{
		"Business User", "Decision Maker", "Economic Buyer", "Economic Decision Maker", "Evaluator",
		"Executive Sponsor", "Influencer", "Technical Buyer", "Other",
	}
}

func opportunityStage() *object {
	return &object{
		name: "OpportunityStage", label: "Opportunity Stage", labelPlural: "Opportunity Stage", keyPrefix: "01J",
		fields: join(
			one(
				recordID("Opportunity Stage ID"),
				text("MasterLabel", "Master Label", 255, derived),
				text("ApiName", "API Name", 255, 0),
				flag("IsActive", "Is Active", systemSet),
				integer("SortOrder", "Order", 9, derived),
				flag("IsClosed", "Closed", systemSet),
				flag("IsWon", "Won", systemSet),
				picklist("ForecastCategory", "Forecast Category", 40, restricted, "Omitted", "Pipeline", "BestCase",
					"MostLikely", "Forecast", "Closed"),
				picklist("ForecastCategoryName", "Forecast Category Name", 255, restricted, "Omitted", "Pipeline",
					"Best Case", "Commit", "Closed"),
				number("percent", "DefaultProbability", "Probability (%)", 3, 0, derived),
				text("Description", "Description", 255, derived),
			),
			auditFields(),
		),
	}
}

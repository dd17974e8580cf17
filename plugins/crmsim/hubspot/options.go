package hubspot

import "strings"

// lifecycleStages are the stages of the default lifecycle pipeline, in order.
func lifecycleStages() []option {
	return []option{
		{"Subscriber", "subscriber"},
		{"Lead", "lead"},
		{"Marketing Qualified Lead", "marketingqualifiedlead"},
		{"Sales Qualified Lead", "salesqualifiedlead"},
		{"Opportunity", "opportunity"},
		{"Customer", "customer"},
		{"Evangelist", "evangelist"},
		{"Other", "other"},
	}
}

// optionsOf gives the choices of a property. Stages, owners and the like have none here: they are kept elsewhere.
func optionsOf(object, name, kind string) []option {
	switch {
	case kind == "bool":
		return []option{{"True", "true"}, {"False", "false"}}
	case kind != "enumeration":
		return nil
	case name == "lifecyclestage":
		return lifecycleStages()
	case name == "hs_pipeline_stage" && object == "leads":
		var options []option
		for _, at := range leadStages() {
			options = append(options, option{at.label, at.id})
		}
		return options
	}
	for _, key := range []string{object + "." + name, name} {
		if values, ok := optionValues()[key]; ok {
			var options []option
			for _, value := range strings.Fields(values) {
				options = append(options, option{optionLabel(value), value})
			}
			return options
		}
	}
	return nil
}

func optionLabel(value string) string {
	words := strings.Split(strings.ToLower(value), "_")
	for i, word := range words {
		if word != "" {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, " ")
}

// optionValues are the choices by property, or by object and property where objects differ.
func optionValues() map[string]string {
	sources := "ORGANIC_SEARCH PAID_SEARCH EMAIL_MARKETING SOCIAL_MEDIA REFERRALS OTHER_CAMPAIGNS DIRECT_TRAFFIC OFFLINE " +
		"PAID_SOCIAL AI_REFERRALS"
	return map[string]string{
		"companies.type": "PROSPECT PARTNER RESELLER VENDOR OTHER", "companies.industry": industryValues(),
		"hs_lead_status": "NEW OPEN IN_PROGRESS OPEN_DEAL UNQUALIFIED ATTEMPTED_TO_CONTACT CONNECTED BAD_TIMING",
		"hs_buying_role": "BLOCKER BUDGET_HOLDER CHAMPION DECISION_MAKER END_USER EXECUTIVE_SPONSOR INFLUENCER " +
			"LEGAL_AND_COMPLIANCE OTHER",
		"dealtype": "newbusiness existingbusiness", "hs_priority": "low medium high",
		"hs_manual_forecast_category":   "OMIT PIPELINE BEST_CASE COMMIT CLOSED",
		"hs_analytics_source":           sources,
		"hs_latest_source":              sources,
		"hs_analytics_latest_source":    sources,
		"hs_lead_type":                  "NEW_BUSINESS UPSELL RE_ATTEMPTING",
		"hs_lead_label":                 "HOT WARM COLD",
		"leads.hs_pipeline":             leadPipeline,
		"numemployees":                  "1-5 5-25 25-50 50-100 100-500 500-1000 1000+",
		"recurringbillingfrequency":     "weekly biweekly monthly quarterly per_six_months annually per_two_years per_three_years",
		"hs_product_type":               "inventory non_inventory service",
		"hs_call_direction":             "INBOUND OUTBOUND",
		"hs_call_status":                "BUSY CALLING_CRM_USER CANCELED COMPLETED CONNECTING FAILED IN_PROGRESS NO_ANSWER QUEUED RINGING",
		"hs_call_disposition":           "f240bbac-87c9-4f6e-bf70-924b57d47db7 73a0d17f-1163-4015-bdd5-ec830791da20 9d9162e7-6cf3-4944-bf63-4dff82258764",
		"hs_task_status":                "NOT_STARTED IN_PROGRESS WAITING DEFERRED COMPLETED",
		"hs_task_priority":              "NONE LOW MEDIUM HIGH",
		"hs_task_type":                  "TODO CALL EMAIL LINKED_IN LINKED_IN_CONNECT LINKED_IN_MESSAGE",
		"hs_meeting_outcome":            "SCHEDULED COMPLETED RESCHEDULED NO_SHOW CANCELED",
		"hs_communication_channel_type": "LINKEDIN_MESSAGE WHATS_APP SMS",
		"hs_communication_logged_from":  "CRM",
		"hs_email_direction":            "EMAIL INCOMING_EMAIL FORWARDED_EMAIL",
		"hs_email_status":               "BOUNCED FAILED SCHEDULED SENDING SENT",
		"hs_marketable_status":          "true false",
		"hs_ideal_customer_profile":     "tier_1 tier_2 tier_3",
	}
}

// industryValues are the choices of a company's industry.
func industryValues() string {
	return `ACCOUNTING AIRLINES_AVIATION ALTERNATIVE_MEDICINE ANIMATION APPAREL_FASHION ARCHITECTURE_PLANNING AUTOMOTIVE
		AVIATION_AEROSPACE BANKING BIOTECHNOLOGY BROADCAST_MEDIA BUILDING_MATERIALS BUSINESS_SUPPLIES_AND_EQUIPMENT
		CAPITAL_MARKETS CHEMICALS CIVIL_ENGINEERING COMMERCIAL_REAL_ESTATE COMPUTER_NETWORK_SECURITY COMPUTER_GAMES
		COMPUTER_HARDWARE COMPUTER_NETWORKING COMPUTER_SOFTWARE INTERNET CONSTRUCTION CONSUMER_ELECTRONICS CONSUMER_GOODS
		CONSUMER_SERVICES DESIGN EDUCATION_MANAGEMENT E_LEARNING ENTERTAINMENT ENVIRONMENTAL_SERVICES EVENTS_SERVICES
		FARMING FINANCIAL_SERVICES FOOD_BEVERAGES FOOD_PRODUCTION FURNITURE GOVERNMENT_ADMINISTRATION
		HEALTH_WELLNESS_AND_FITNESS HIGHER_EDUCATION HOSPITAL_HEALTH_CARE HOSPITALITY HUMAN_RESOURCES
		INDUSTRIAL_AUTOMATION INFORMATION_SERVICES INFORMATION_TECHNOLOGY_AND_SERVICES INSURANCE INVESTMENT_BANKING
		INVESTMENT_MANAGEMENT LAW_PRACTICE LEGAL_SERVICES LEISURE_TRAVEL_TOURISM LOGISTICS_AND_SUPPLY_CHAIN MACHINERY
		MANAGEMENT_CONSULTING MARITIME MARKET_RESEARCH MARKETING_AND_ADVERTISING
		MECHANICAL_OR_INDUSTRIAL_ENGINEERING MEDIA_PRODUCTION MEDICAL_DEVICES MINING_METALS
		NON_PROFIT_ORGANIZATION_MANAGEMENT OIL_ENERGY ONLINE_MEDIA PACKAGE_FREIGHT_DELIVERY PACKAGING_AND_CONTAINERS
		PHARMACEUTICALS PLASTICS PRINTING PROFESSIONAL_TRAINING_COACHING PUBLISHING REAL_ESTATE RENEWABLES_ENVIRONMENT
		RESEARCH RESTAURANTS RETAIL SEMICONDUCTORS SPORTING_GOODS STAFFING_AND_RECRUITING TELECOMMUNICATIONS TEXTILES
		TRANSPORTATION_TRUCKING_RAILROAD UTILITIES VENTURE_CAPITAL_PRIVATE_EQUITY WAREHOUSING WHOLESALE WIRELESS`
}

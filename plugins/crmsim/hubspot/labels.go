package hubspot

import "strings"

// labelOf gives a property's label. The ones people look for are as the user interface has them; the rest follow from
// the name.
func labelOf(name string) string {
	if label, ok := knownLabels()[name]; ok {
		return label
	}
	words := strings.Split(strings.TrimPrefix(name, "hs_"), "_")
	for i, word := range words {
		switch {
		case word == "id" || word == "url" || word == "ip" || word == "nps" || word == "crm":
			words[i] = strings.ToUpper(word)
		case word != "":
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, " ")
}

func knownLabels() map[string]string {
	return map[string]string{
		"address": "Street Address", "address2": "Street Address 2", "amount": "Amount", "annualrevenue": "Annual Revenue",
		"amount_in_home_currency": "Amount in company currency", "associatedcompanyid": "Primary Associated Company ID",
		"closedate": "Close Date", "company": "Company Name", "country": "Country/Region", "createdate": "Create Date",
		"dealname": "Deal Name", "dealstage": "Deal Stage", "dealtype": "Deal Type", "deal_currency_code": "Currency",
		"description": "Description", "domain": "Company Domain Name", "email": "Email", "fax": "Fax Number",
		"firstname": "First Name", "hs_lastmodifieddate": "Last Modified Date", "hs_lead_name": "Lead Name",
		"hs_lead_status": "Lead Status", "hs_object_id": "Record ID", "hs_pipeline": "Pipeline",
		"hs_pipeline_stage": "Pipeline Stage", "hs_timestamp": "Activity date", "hs_timezone": "Time Zone",
		"hubspot_owner_assigneddate": "Owner Assigned Date", "hubspot_owner_id": "Owner", "hubspot_team_id": "HubSpot Team",
		"hubspotscore": "HubSpot Score", "is_public": "Is Public", "jobtitle": "Job Title",
		"lastmodifieddate": "Last Modified Date", "lastname": "Last Name", "lifecyclestage": "Lifecycle Stage",
		"linkedin_company_page": "LinkedIn Company Page", "linkedinbio": "LinkedIn Bio", "mobilephone": "Mobile Phone Number",
		"name": "Name", "notes_last_contacted": "Last Contacted", "notes_last_updated": "Last Activity Date",
		"notes_next_activity_date": "Next Activity Date", "num_associated_contacts": "Number of Associated Contacts",
		"num_associated_deals": "Number of Associated Deals", "num_notes": "Number of Sales Activities",
		"numberofemployees": "Number of Employees", "numemployees": "Number of Employees", "phone": "Phone Number",
		"recurringbillingfrequency": "Billing frequency", "state": "State/Region", "total_revenue": "Total Revenue",
		"website": "Website URL", "work_email": "Work email", "zip": "Postal Code",
		"hs_linkedin_url": "LinkedIn URL", "hs_analytics_source": "Original Source", "hs_priority": "Priority",
		"hs_next_step": "Next step", "hs_buying_role": "Buying Role", "hs_is_closed": "Is Deal Closed?",
	}
}

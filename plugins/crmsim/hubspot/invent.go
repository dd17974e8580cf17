package hubspot

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// values are all values of a record that are not empty: what was invented, what somebody set, what follows from both,
// and what HubSpot keeps about every record. Callers hold the store's mu.
func (s *store) values(t *table, r *row, v *version) map[string]string {
	values := map[string]string{}
	if r.origin >= 0 {
		values = s.invented(t.object, r.origin)
	}
	maps.Copy(values, v.values)
	values["hs_object_id"] = t.id(r)
	values[t.object.created] = timestamp(v.created)
	values[t.object.modified] = timestamp(v.modified)
	if _, ok := values["hs_object_source"]; !ok {
		values["hs_object_source"], values["hs_object_source_label"] = "IMPORT", "IMPORT"
		values["hs_object_source_id"] = "import"
	}
	derive(t.object, values, v, s.clock.Now())
	maps.DeleteFunc(values, func(_, value string) bool { return value == "" })
	return values
}

func (s *store) invented(o *objectType, n int) map[string]string {
	if o.engagement {
		return s.inventActivity(o, n)
	}
	switch o.name {
	case "contacts":
		return s.inventContact(n)
	case "companies":
		return s.inventCompany(n)
	case "deals":
		return s.inventDeal(n)
	case "leads":
		return s.inventLead(n)
	case "line_items":
		return s.inventLineItem(n)
	default:
		return s.inventUser(n)
	}
}

// ownerID is the owner behind a user of the world, "" for none.
func ownerID(user int) string {
	if user < 0 {
		return ""
	}
	return strconv.Itoa(70_000_000 + 37*user)
}

// userID is the HubSpot user behind a user of the world. It is not the owner's id.
func userID(user int) int64 { return installerID + int64(user) }

func teamID(team int) string {
	if team < 0 {
		return ""
	}
	return strconv.Itoa(500_000 + team)
}

func (s *store) owned(values map[string]string, owner int, assigned time.Time) {
	values["hubspot_owner_id"] = ownerID(owner)
	values["hubspot_owner_assigneddate"] = timestamp(assigned)
	if owner >= 0 {
		values["hubspot_team_id"] = teamID(s.world.User(owner).Team)
	}
}

func (s *store) inventContact(n int) map[string]string {
	people := s.world.Size().People
	p := s.person(n)
	values := map[string]string{
		"firstname": p.First, "lastname": p.Last, "email": p.Email, "phone": p.Phone, "mobilephone": p.Mobile,
		"jobtitle": p.Title, "job_function": p.Department, "address": p.Address.Street, "city": p.Address.City,
		"state": p.Address.State, "zip": p.Address.PostalCode, "country": p.Address.Country,
		"hs_analytics_source": analyticsSource(p.Source), "lifecyclestage": "customer", "hs_marketable_status": "false",
	}
	if n%3 == 0 {
		slug := strings.ToLower(p.First+"-"+p.Last) + "-" + strconv.Itoa(n)
		values["hs_linkedin_url"] = "https://www.linkedin.example/in/" + slug
	}
	if n >= people {
		lead := s.world.Lead(n - people)
		values["company"], values["website"] = lead.CompanyName, "https://www."+lead.CompanyDomain
		values["lifecyclestage"], values["hs_lead_status"] = "lead", leadStatus(lead.Status)
		values["industry"] = industryOf(lead.Industry)
	} else if p.Company >= 0 {
		company := s.world.Company(p.Company)
		values["company"], values["website"] = company.Name, company.Website
		values["associatedcompanyid"] = s.idOf("companies", p.Company)
		if company.Kind == world.CompanyProspect {
			values["lifecyclestage"], values["hs_lead_status"] = "opportunity", "OPEN_DEAL"
		}
	}
	s.owned(values, p.Owner, p.Created)
	return values
}

func (s *store) inventCompany(n int) map[string]string {
	c := s.world.Company(n)
	values := map[string]string{
		"name": c.Name, "domain": c.Domain, "website": c.Website, "phone": c.Phone, "description": c.Description,
		"industry": industryOf(c.Industry), "numberofemployees": strconv.Itoa(c.Employees), "address": c.Address.Street,
		"city": c.Address.City, "state": c.Address.State, "zip": c.Address.PostalCode, "country": c.Address.Country,
		"hs_country_code": c.Address.CountryCode, "type": string(c.Kind), "lifecyclestage": "opportunity",
	}
	if c.Kind == world.CompanyCustomer {
		values["type"], values["lifecyclestage"] = "OTHER", "customer"
	}
	if c.Revenue > 0 {
		values["annualrevenue"] = number(c.Revenue)
	}
	s.owned(values, c.Owner, c.Created)
	return values
}

func (s *store) inventDeal(n int) map[string]string {
	d := s.world.Deal(n)
	values := map[string]string{
		"dealname": d.Name, "closedate": timestamp(d.Close), "dealtype": "existingbusiness", "deal_currency_code": "USD",
		"hs_analytics_source": analyticsSource(d.Source), "hs_priority": []string{"", "low", "medium", "high"}[d.Roll%4],
	}
	if d.Kind == world.DealNewBusiness {
		values["dealtype"] = "newbusiness"
	}
	values["pipeline"], values["dealstage"] = dealStage(d)
	if d.Amount > 0 {
		values["amount"] = number(d.Amount)
	}
	switch {
	case d.Stage == world.StageClosedLost && d.Roll%8 < 5:
		values["closed_lost_reason"] = "Chose another offer"
	case d.Stage == world.StageClosedWon && d.Roll%8 < 5:
		values["closed_won_reason"] = "Best fit"
	case d.Roll%16 < 5:
		values["hs_next_step"] = "Send proposal"
	}
	values["num_associated_contacts"] = strconv.Itoa(len(d.Contacts))
	s.owned(values, d.Owner, d.Created)
	return values
}

func (s *store) inventLead(n int) map[string]string {
	l := s.world.Lead(n)
	values := map[string]string{
		"hs_lead_name": l.First + " " + l.Last, "hs_pipeline": leadPipeline, "hs_pipeline_stage": leadStage(l.Status),
		"hs_lead_type": "NEW_BUSINESS", "hs_lead_label": []string{"HOT", "WARM", "COLD"}[n%3],
		"hs_associated_contact_email": l.Email, "hs_associated_contact_firstname": l.First,
		"hs_associated_contact_lastname": l.Last, "hs_primary_contact_id": s.idOf("contacts", s.world.Size().People+n),
		"hs_primary_associated_object_name": l.First + " " + l.Last,
		"hs_contact_analytics_source":       analyticsSource(l.Source),
		"hs_lead_source":                    string(l.Source), "hs_lead_is_new": formatBool(l.Status == world.LeadNew),
		"hs_lead_is_open": formatBool(l.Status == world.LeadNew || l.Status == world.LeadWorking),
	}
	if l.ConvertedCompany >= 0 {
		company := s.world.Company(l.ConvertedCompany)
		values["hs_primary_company_id"] = s.idOf("companies", l.ConvertedCompany)
		values["hs_associated_company_name"], values["hs_associated_company_domain"] = company.Name, company.Domain
	}
	if l.Status == world.LeadUnqualified {
		values["hs_lead_disqualification_reason"] = "NOT_A_GOOD_FIT"
	}
	s.owned(values, l.Owner, l.Created)
	return values
}

// inventLineItem: every deal has one, for the whole amount.
func (s *store) inventLineItem(n int) map[string]string {
	d := s.world.Deal(n)
	values := map[string]string{
		"name": d.Name, "quantity": "1", "price": number(d.Amount), "amount": number(d.Amount),
		"hs_line_item_currency_code": "USD", "hs_product_type": "service",
	}
	s.owned(values, d.Owner, d.Created)
	return values
}

func (s *store) inventUser(n int) map[string]string {
	u := s.world.User(n)
	return map[string]string{
		"hs_email": u.Email, "hs_given_name": u.First, "hs_family_name": u.Last, "hs_job_title": u.Title,
		"hs_searchable_calculated_name": u.First + " " + u.Last, "hubspot_owner_id": ownerID(n),
		"hs_internal_user_id": strconv.FormatInt(userID(n), 10), "hs_deactivated": formatBool(!u.Active),
		"hs_standard_time_zone": portalZone,
	}
}

func (s *store) inventActivity(o *objectType, n int) map[string]string {
	a := s.world.Activity(n)
	values := map[string]string{"hs_timestamp": timestamp(a.At)}
	switch o.name {
	case "calls":
		values["hs_call_title"], values["hs_call_body"] = a.Subject, a.Body
		values["hs_call_duration"] = strconv.Itoa(a.Minutes * 60_000)
		values["hs_call_direction"] = []string{"OUTBOUND", "INBOUND"}[n%2]
		values["hs_call_status"], values["hs_call_disposition"] = "COMPLETED", "f240bbac-87c9-4f6e-bf70-924b57d47db7"
	case "emails":
		values["hs_email_subject"], values["hs_email_text"] = a.Subject, a.Body
		values["hs_email_direction"], values["hs_email_status"] = []string{"EMAIL", "INCOMING_EMAIL"}[n%2], "SENT"
	case "meetings":
		values["hs_meeting_title"], values["hs_meeting_body"] = a.Subject, a.Body
		values["hs_meeting_start_time"] = timestamp(a.At)
		values["hs_meeting_end_time"] = timestamp(a.At.Add(time.Duration(a.Minutes) * time.Minute))
		values["hs_meeting_outcome"] = map[bool]string{true: "COMPLETED", false: "SCHEDULED"}[a.Done]
	case "tasks":
		values["hs_task_subject"], values["hs_task_body"] = a.Subject, a.Body
		values["hs_task_status"] = map[bool]string{true: "COMPLETED", false: "NOT_STARTED"}[a.Done]
		values["hs_task_priority"], values["hs_task_type"] = []string{"LOW", "MEDIUM", "HIGH"}[n%3], "TODO"
	case "notes":
		values["hs_note_body"] = a.Body
	case "communications":
		values["hs_communication_channel_type"], values["hs_communication_logged_from"] = "LINKEDIN_MESSAGE", "CRM"
		values["hs_communication_body"] = a.Subject
	}
	s.owned(values, a.Owner, a.Created)
	return values
}

// number writes a number as HubSpot keeps it: without an exponent or needless zeros.
func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

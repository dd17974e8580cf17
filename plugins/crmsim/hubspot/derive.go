package hubspot

import (
	"strconv"
	"strings"
	"time"
)

// derive fills in what HubSpot computes from other values.
func derive(o *objectType, values map[string]string, v *version, now time.Time) {
	switch o.name {
	case "contacts":
		deriveContact(values, v)
	case "companies":
		deriveCompany(values, v)
	case "deals":
		deriveDeal(values, v)
	}
	if o.engagement {
		deriveEngagement(o, values)
	}
	if o.name == "tasks" {
		deriveTask(values, v, now)
	}
}

// zeros sets counters that nothing has happened to.
func zeros(values map[string]string, names ...string) {
	for _, name := range names {
		if values[name] == "" {
			values[name] = "0"
		}
	}
}

func stageEntered(values map[string]string, at time.Time) {
	values["hs_v2_date_entered_current_stage"] = timestamp(at)
	values["hs_v2_time_in_current_stage"] = timestamp(at)
}

func deriveContact(values map[string]string, v *version) {
	if _, domain, ok := strings.Cut(values["email"], "@"); ok {
		values["hs_email_domain"] = domain
	}
	name := strings.TrimSpace(values["firstname"] + " " + values["lastname"])
	if name == "" {
		name = values["email"]
	}
	values["hs_full_name_or_email"] = name
	values["hs_all_contact_vids"] = values["hs_object_id"]
	values["hs_is_contact"], values["hs_is_unworked"] = "true", formatBool(values["hs_lead_status"] != "IN_PROGRESS")
	values["hs_pipeline"] = "contacts-lifecycle-pipeline"
	values["hs_currently_enrolled_in_prospecting_agent"] = "false"
	if values["lifecyclestage"] == "lead" {
		values["hs_lifecyclestage_lead_date"] = strconv.FormatInt(v.created.UnixMilli(), 10)
	}
	values["hs_searchable_calculated_phone_number"] = searchable(values["phone"])
	zeros(values, "hs_associated_target_accounts", "hs_membership_has_accessed_private_content", "hs_registered_member",
		"hs_prospecting_agent_actively_enrolled_count", "hs_prospecting_agent_total_enrolled_count",
		"hs_sequences_actively_enrolled_count", "num_notes")
	stageEntered(values, v.created)
}

// searchable keeps the digits of a phone number, without the American country code.
func searchable(phone string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
	if strings.HasPrefix(phone, "+1") {
		digits = strings.TrimPrefix(digits, "1")
	}
	return digits
}

func deriveCompany(values map[string]string, v *version) {
	values["hs_annual_revenue_currency_code"] = "USD"
	values["hs_pipeline"], values["hs_task_label"] = "companies-lifecycle-pipeline", values["name"]
	if values["website"] == "" {
		values["website"] = values["domain"]
	}
	zeros(values, "hs_num_blockers", "hs_num_child_companies", "hs_num_contacts_with_buying_roles",
		"hs_num_decision_makers", "hs_num_open_deals", "num_associated_contacts", "num_notes")
	stageEntered(values, v.created)
}

// stageOf finds a stage in any pipeline of deals.
func stageOf(id string) (at pipelineStage, ok bool) {
	for _, p := range pipelinesOf("deals") {
		for _, stage := range p.stages {
			if stage.id == id {
				return stage, true
			}
		}
	}
	return pipelineStage{}, false
}

func deriveDeal(values map[string]string, v *version) {
	stage, staged := stageOf(values["dealstage"])
	amount, _ := strconv.ParseFloat(values["amount"], 64)
	chance, _ := strconv.ParseFloat(stage.probability, 64)
	won, lost := stage.closed && chance == 1, stage.closed && chance == 0
	if values["amount"] != "" {
		values["amount_in_home_currency"], values["hs_forecast_amount"] = values["amount"], values["amount"]
	}
	projected := number(amount * chance)
	values["hs_projected_amount"], values["hs_projected_amount_in_home_currency"] = projected, projected
	closedAmount := "0"
	if won {
		closedAmount = number(amount)
	}
	values["hs_closed_amount"], values["hs_closed_amount_in_home_currency"] = closedAmount, closedAmount
	values["hs_is_closed_won"], values["hs_is_closed_lost"] = formatBool(won), formatBool(lost)
	values["hs_closed_won_count"] = count(won)
	values["hs_deal_stage_probability_shadow"] = number(chance)
	values["hs_createdate"] = timestamp(v.created)
	days := 0.0
	if closes, err := time.Parse(time.RFC3339, values["closedate"]); err == nil {
		days = max(0, closes.Sub(v.created).Hours()/24)
		values["hs_actual_duration"] = strconv.FormatInt(max(0, closes.Sub(v.created).Milliseconds()), 10)
		values["hs_closed_deal_close_date"], values["hs_closed_deal_create_date"] = "0", "0"
	}
	values["days_to_close"], values["hs_days_to_close_raw"] = strconv.Itoa(int(days)), number(days)
	if staged {
		values["hs_is_closed"] = formatBool(stage.closed)
		values["hs_deal_stage_probability"] = values["hs_deal_stage_probability_shadow"]
		values["hs_is_closed_count"], values["hs_is_open_count"] = count(stage.closed), count(!stage.closed)
		if !stage.closed {
			values["hs_open_amount_in_home_currency"] = number(amount)
			values["hs_open_deal_create_date"] = strconv.FormatInt(v.created.UnixMilli(), 10)
		}
		values["hs_weighted_pipeline_in_company_currency"] = projected
		stageEntered(values, v.modified)
	}
	for _, name := range []string{"hs_has_last_conversation_follow_ups", "hs_has_last_meeting_followups", "hs_is_deal_split"} {
		values[name] = "false"
	}
	zeros(values, "hs_num_associated_active_deal_registrations", "hs_num_associated_deal_registrations",
		"hs_num_associated_deal_splits", "hs_num_of_associated_line_items", "hs_num_target_accounts",
		"hs_number_of_call_engagements", "hs_number_of_inbound_calls", "hs_number_of_outbound_calls",
		"hs_number_of_overdue_tasks", "num_associated_contacts", "num_notes")
}

func count(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func deriveEngagement(o *objectType, values map[string]string) {
	values["hs_obj_coords"] = o.typeID + "-" + values["hs_object_id"]
	body := values["hs_"+o.singular+"_body"]
	if body == "" {
		body = values["hs_email_text"]
	}
	if body != "" {
		values["hs_body_preview"], values["hs_body_preview_is_truncated"] = body, "false"
		values["hs_body_preview_html"] = "<html>\n<head></head>\n<body>\n" + body + "\n</body>\n</html>"
	}
	if owner := values["hubspot_owner_id"]; owner != "" {
		values["hs_all_owner_ids"], values["hs_user_ids_of_all_owners"] = owner, owner
	}
}

func deriveTask(values map[string]string, v *version, now time.Time) {
	done := values["hs_task_status"] == "COMPLETED"
	values["hs_engagements_last_contacted"] = values["hs_timestamp"]
	values["hs_start_date_with_fallback"] = timestamp(v.created)
	values["hs_task_completion_count"], values["hs_task_is_completed"] = count(done), count(done)
	for _, kind := range []string{"call", "email", "linked_in", "sequence"} {
		values["hs_task_is_completed_"+kind] = "0"
	}
	values["hs_task_family"], values["hs_task_for_object_type"] = "SALES", "OWNER"
	values["hs_task_is_all_day"], values["hs_task_is_sub_task"] = "false", "false"
	due, err := time.Parse(time.RFC3339, values["hs_timestamp"])
	late := err == nil && !done && due.Before(now)
	for _, name := range []string{"hs_task_is_overdue", "hs_task_is_past_due_date", "hs_task_missed_due_date"} {
		values[name] = formatBool(late)
	}
	values["hs_task_missed_due_date_count"] = count(late)
	if done {
		values["hs_task_completion_date"], values["hs_task_is_open"] = timestamp(v.modified), "false"
	}
}

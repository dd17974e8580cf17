package hubspot

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// recordInput is a record to write. Values may be given as numbers and truth values too; they are kept as text.
type recordInput struct {
	ID           string                     `json:"id"`
	IDProperty   string                     `json:"idProperty"`
	TraceID      string                     `json:"objectWriteTraceId"`
	Properties   map[string]json.RawMessage `json:"properties"`
	Associations []associationInput         `json:"associations"`
}

type associationInput struct {
	To struct {
		ID json.RawMessage `json:"id"`
	} `json:"to"`
	Types []associationSpec `json:"types"`
}

// text is a JSON value as HubSpot keeps it: "" for null.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if plain := strings.TrimSpace(string(raw)); plain != "null" {
		return plain
	}
	return ""
}

// check reads the properties of a record to write. Unknown, read-only and unfit ones are refused together.
func (s *Simulator) check(c *call, o *objectType, given map[string]json.RawMessage) (map[string]string, *apiError, *reply) {
	values := map[string]string{}
	var problems []propertyProblem
	for _, name := range slices.Sorted(maps.Keys(given)) {
		d, ok := s.schema.find(o.name, name)
		value := text(given[name])
		switch problem, code := fit(d, value); {
		case !ok || !d.exists():
			problems = append(problems, s.problem(name, "PROPERTY_DOESNT_EXIST", fmt.Sprintf("Property %q does not exist", name)))
			continue
		case d.class() != nonSensitive && !c.may([]string{o.sensitiveScope(d.class(), "write")}):
			answer := missingScopes(o.sensitiveScope(d.class(), "write"))
			return nil, nil, &answer
		case d.readOnly:
			problems = append(problems, s.problem(name, "READ_ONLY_VALUE", fmt.Sprintf("%q is a read only property; its value cannot be set.", name)))
			continue
		case code != "":
			problems = append(problems, s.problem(name, code, problem))
			continue
		case d.kind == "datetime" && len(value) == len(time.DateOnly):
			value += "T00:00:00Z"
		}
		values[name] = value
	}
	if len(problems) > 0 {
		wrong := invalidProperties(problems)
		return nil, &wrong, nil
	}
	return values, nil, nil
}

func (s *Simulator) problem(name, code, message string) propertyProblem {
	return propertyProblem{Message: message, Error: code, Name: name, Localized: message, PortalID: s.config.PortalID}
}

// fit says what is wrong with a value; nothing when code is "".
func fit(d definition, value string) (problem, code string) {
	switch {
	case d.property == nil || value == "":
		return "", ""
	case d.kind == "number":
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			return d.name + " was not a valid number", "INVALID_INTEGER"
		}
	case d.kind == "datetime" || d.kind == "date":
		if _, ok := numeric(d.kind, value); !ok {
			return value + " was not a valid long", "INVALID_LONG"
		}
	case (d.kind == "enumeration" || d.kind == "bool") && len(d.options) > 0 && !d.external:
		for _, one := range strings.Split(strings.TrimPrefix(value, ";"), ";") {
			if !slices.ContainsFunc(d.options, func(o option) bool { return o.value == one }) {
				return one + " was not one of the allowed options: " + optionList(d.options), "INVALID_OPTION"
			}
		}
	}
	return "", ""
}

func optionList(options []option) string {
	values := make([]string, len(options))
	for i, one := range options {
		values[i] = one.value
	}
	return "[" + strings.Join(values, ", ") + "]"
}

// create serves POST of one record: 201 with every value that is not empty.
func (s *Simulator) create(c *call, o *objectType) reply {
	var in recordInput
	if refused := c.read(&in); refused != nil {
		return *refused
	}
	if !holdsAll(c.scopes, o.write) {
		return missingScopes(o.write...)
	}
	made, wrong, refused := s.insert(c, o, in)
	switch {
	case refused != nil:
		return *refused
	case wrong != nil:
		return wrong.reply(wrong.status())
	}
	return jsonReply(http.StatusCreated, made)
}

// status is the HTTP status of an error that a batch would carry inside.
func (e apiError) status() int {
	switch e.Category {
	case "CONFLICT":
		return http.StatusConflict
	case "OBJECT_NOT_FOUND":
		return http.StatusNotFound
	default:
		return http.StatusBadRequest
	}
}

// insert makes one record. refused is for the whole request, wrong for this record.
func (s *Simulator) insert(c *call, o *objectType, in recordInput) (made recordAnswer, wrong *apiError, refused *reply) {
	values, wrong, refused := s.check(c, o, in.Properties)
	if wrong != nil || refused != nil {
		return recordAnswer{}, wrong, refused
	}
	if wrong := missingValues(o, values); wrong != nil {
		return recordAnswer{}, wrong, nil
	}
	links, wrong := s.checkLinks(o, in.Associations)
	if wrong == nil && o.name == "leads" && !slices.ContainsFunc(links, newLink.primary) {
		wrong = &apiError{Category: "VALIDATION_ERROR", Message: "A lead needs a primary association with a contact or company"}
	}
	if wrong != nil {
		return recordAnswer{}, wrong, nil
	}
	at := s.store.now()
	defaults(o, values, s.config.AppID, at)
	s.store.write(o, func(t *table) {
		if o.name == "contacts" && values["email"] != "" {
			if other, ok := s.lookup(t, values["email"], "email"); ok {
				wrong = &apiError{Category: "CONFLICT", Message: "Contact already exists. Existing ID: " + t.id(other)}
				return
			}
		}
		made = s.whole(t, s.store.add(t, values, at))
	})
	if wrong != nil {
		return recordAnswer{}, wrong, nil
	}
	for _, link := range links {
		s.links.put(o, made.ID, link.to, link.id, link.types)
	}
	return made, nil, nil
}

func missingValues(o *objectType, values map[string]string) *apiError {
	for _, name := range o.required {
		if values[name] == "" {
			return &apiError{
				Category: "VALIDATION_ERROR", Message: "Error creating " + o.title + ". Some required properties were not set.",
				Errors: []errorDetail{{
					Message: "Required property was not set", Code: "MISSING_REQUIRED_PROPERTIES",
					Context: map[string][]string{"properties": {name}},
				}},
			}
		}
	}
	return nil
}

// defaults are what HubSpot sets on every new record.
func defaults(o *objectType, values map[string]string, app int64, at time.Time) {
	values["hs_object_source"], values["hs_object_source_label"] = "INTEGRATION", "INTEGRATION"
	values["hs_object_source_id"] = strconv.FormatInt(app, 10)
	if o.name == "contacts" || o.name == "companies" {
		values["lifecyclestage"] = orDefault(values["lifecyclestage"], "lead")
	}
	if o.name == "deals" && values["dealstage"] != "" {
		values["pipeline"] = orDefault(values["pipeline"], defaultPipeline)
	}
	if values["hubspot_owner_id"] != "" {
		values["hubspot_owner_assigneddate"] = timestamp(at)
	}
}

// whole shows every value of a record that is not empty. Callers hold the store's mu.
func (s *Simulator) whole(t *table, r *row) recordAnswer {
	answer := s.envelope(t, r, &r.now)
	for name, value := range s.store.values(t, r, &r.now) {
		if d, ok := s.schema.find(t.object.name, name); ok && d.exists() && d.class() == nonSensitive {
			answer.Properties[name] = &value
		}
	}
	return answer
}

// update serves PATCH of one record: 200 with what changed, what is computed and what the system keeps.
func (s *Simulator) update(c *call, o *objectType, id string) reply {
	in := recordInput{ID: id, IDProperty: c.query.Get("idProperty")}
	if refused := c.read(&in); refused != nil {
		return *refused
	}
	in.ID, in.IDProperty = id, c.query.Get("idProperty")
	if !holdsAll(c.scopes, o.write) {
		return missingScopes(o.write...)
	}
	changed, wrong, refused := s.edit(c, o, in)
	switch {
	case refused != nil:
		return *refused
	case wrong != nil && wrong.Category == "OBJECT_NOT_FOUND":
		return objectMissing(id)
	case wrong != nil:
		return wrong.reply(wrong.status())
	}
	return jsonReply(http.StatusOK, changed)
}

// edit changes one record. refused is for the whole request, wrong for this record.
func (s *Simulator) edit(c *call, o *objectType, in recordInput) (changed recordAnswer, wrong *apiError, refused *reply) {
	values, wrong, refused := s.check(c, o, in.Properties)
	if wrong != nil || refused != nil {
		return recordAnswer{}, wrong, refused
	}
	at := s.store.now()
	s.store.write(o, func(t *table) {
		r, ok := s.lookup(t, in.ID, in.IDProperty)
		if !ok || r.now.archived {
			missing := notGotten(o, []string{in.ID})
			wrong = &missing
			return
		}
		next := r.now
		next.values = maps.Clone(next.values)
		if next.values == nil {
			next.values = map[string]string{}
		}
		for name, value := range values {
			next.values[name] = s.written(t, r, name, value)
		}
		next.modified = at
		s.store.change(r, next)
		changed = s.envelope(t, r, &r.now)
		shown := s.store.values(t, r, &r.now)
		for _, name := range slices.Concat(slices.Collect(maps.Keys(values)), answeredAfterUpdate(o)) {
			if value, ok := shown[name]; ok {
				changed.Properties[name] = &value
			}
		}
	})
	return changed, wrong, nil
}

// written is the value that a write leads to: a leading ; adds to a multiple choice.
func (s *Simulator) written(t *table, r *row, name, value string) string {
	more, adds := strings.CutPrefix(value, ";")
	if !adds {
		return value
	}
	have := s.store.values(t, r, &r.now)[name]
	if have == "" {
		return more
	}
	return have + ";" + more
}

// answeredAfterUpdate are the properties that an update answers beside those it changed.
func answeredAfterUpdate(o *objectType) []string {
	names := []string{
		o.created, o.modified, "hs_object_id", "hs_object_source", "hs_object_source_id", "hs_object_source_label",
	}
	switch o.name {
	case "contacts":
		return append(names, "hs_is_unworked", "hs_pipeline", "hs_v2_date_entered_current_stage",
			"hs_v2_time_in_current_stage", "lifecyclestage")
	case "companies":
		return append(names, "domain", "hs_pipeline", "hs_task_label", "hs_v2_date_entered_current_stage",
			"hs_v2_time_in_current_stage", "lifecyclestage")
	case "deals":
		return append(names, "amount_in_home_currency", "days_to_close", "hs_actual_duration", "hs_closed_amount",
			"hs_closed_amount_in_home_currency", "hs_closed_deal_close_date", "hs_closed_deal_create_date",
			"hs_closed_won_count", "hs_days_to_close_raw", "hs_deal_stage_probability", "hs_deal_stage_probability_shadow",
			"hs_forecast_amount", "hs_is_closed", "hs_is_closed_count", "hs_is_closed_won", "hs_is_open_count",
			"hs_open_amount_in_home_currency", "hs_open_deal_create_date", "hs_projected_amount",
			"hs_projected_amount_in_home_currency", "hs_v2_date_entered_current_stage", "hs_v2_time_in_current_stage",
			"hs_weighted_pipeline_in_company_currency", "pipeline")
	case "tasks":
		names = append(names, "hs_pipeline", "hs_pipeline_stage", "hs_start_date_with_fallback", "hs_task_completion_count",
			"hs_task_completion_date", "hs_task_is_completed", "hs_task_is_completed_call", "hs_task_is_completed_email",
			"hs_task_is_completed_linked_in", "hs_task_is_completed_sequence", "hs_task_is_open", "hs_task_is_overdue",
			"hs_task_is_past_due_date", "hs_task_missed_due_date", "hs_task_missed_due_date_count", "hs_task_type",
			"hs_timestamp")
	}
	if o.engagement {
		names = append(names, "hs_body_preview", "hs_body_preview_html", "hs_body_preview_is_truncated", "hs_obj_coords")
	}
	return names
}

// archive serves DELETE of one record. It answers 204 for ids that never existed, too.
func (s *Simulator) archive(c *call, o *objectType, id string) reply {
	if !holdsAll(c.scopes, o.write) {
		return missingScopes(o.write...)
	}
	s.archiveAll(o, []string{id})
	return noContent()
}

// archiveAll archives what exists. The modified stamp stays.
func (s *Simulator) archiveAll(o *objectType, ids []string) {
	at := s.store.now()
	s.store.write(o, func(t *table) {
		for _, id := range ids {
			if r, ok := t.byID(id); ok && !r.now.archived {
				next := r.now
				next.archived, next.archivedAt = true, at
				s.store.change(r, next)
			}
		}
	})
}

// erase serves POST …/gdpr-delete: the record and everything about it is gone.
func (s *Simulator) erase(c *call, o *objectType) reply {
	var body struct {
		ObjectID   string `json:"objectId"`
		IDProperty string `json:"idProperty"`
	}
	if refused := c.read(&body); refused != nil {
		return *refused
	}
	if !holdsAll(c.scopes, o.write) {
		return missingScopes(o.write...)
	}
	s.store.write(o, func(t *table) {
		if r, ok := s.lookup(t, body.ObjectID, body.IDProperty); ok {
			s.store.change(r, version{created: r.now.created, modified: r.now.modified, archived: true})
			r.origin = -1
		}
	})
	return noContent()
}

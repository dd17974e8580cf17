package dynamics365

import (
	"net/http"
	"strings"
)

// collectionAction answers CreateMultiple, UpdateMultiple and UpsertMultiple: all records or none.
func (s *Simulator) collectionAction(c *call, t *table, name string) reply {
	if c.method != http.MethodPost {
		return methodNotAllowed(c.method).reply()
	}
	name = strings.TrimPrefix(name, crm)
	if name != "CreateMultiple" && name != "UpdateMultiple" && name != "UpsertMultiple" {
		return unknownSegment(crm + name).reply()
	}
	body, err := parseBody(c.body)
	if err != nil {
		return err.reply()
	}
	targets, _ := body["Targets"].([]any)
	ids, all := []guid{}, &undo{store: s.store}
	inner := *c
	if inner.undo == nil {
		inner.undo = all
	}
	for _, target := range targets {
		values, _ := target.(map[string]any)
		id, err := s.writeTarget(&inner, t, name, values)
		if err != nil {
			s.store.mu.Lock()
			all.rollBack()
			s.store.mu.Unlock()
			return err.reply()
		}
		ids = append(ids, id)
	}
	if name == "CreateMultiple" {
		return jsonReply(http.StatusOK, object{{"@odata.context", c.context(crm + "CreateMultipleResponse")}, {"Ids", ids}})
	}
	return noContent()
}

func (s *Simulator) writeTarget(c *call, t *table, name string, values map[string]any) (guid, *refusal) {
	if values == nil {
		return "", badQuery("Targets of " + name + " wants records.")
	}
	text, _ := values[t.primaryID].(string)
	id, _ := parseGUID(text)
	if name == "CreateMultiple" {
		row, err := s.createFrom(c, t, id, values)
		if err != nil {
			return "", err
		}
		return row.id, nil
	}
	if id == "" {
		return "", badQuery("A target of " + name + " has no " + t.primaryID + ".")
	}
	s.store.mu.RLock()
	_, exists := s.store.find(t, id)
	s.store.mu.RUnlock()
	if !exists && name == "UpsertMultiple" {
		_, err := s.createFrom(c, t, id, values)
		return id, err
	}
	_, err := s.updateFrom(c, t, id, "*", values)
	return id, err
}

// qualifyLead closes a lead as qualified and makes the records that were asked for from what it says.
func (s *Simulator) qualifyLead(c *call, id guid) reply {
	body, err := parseBody(c.body)
	if err != nil {
		return err.reply()
	}
	leads := s.catalog.byName["lead"]
	if _, err := s.reach(c, leads, id); err != nil {
		return err.reply()
	}
	all := &undo{store: s.store}
	inner := *c
	if inner.undo == nil {
		inner.undo = all
	}
	made, err := s.convertLead(&inner, leads, id, body)
	if err != nil {
		s.store.mu.Lock()
		all.rollBack()
		s.store.mu.Unlock()
		return err.reply()
	}
	return jsonReply(http.StatusOK, object{{"@odata.context", c.context("Collection(" + crm + "crmbaseentity)")}, {"value", made}})
}

func (s *Simulator) convertLead(c *call, leads *table, id guid, body map[string]any) ([]object, *refusal) {
	s.store.mu.RLock()
	row, _ := s.store.find(leads, id)
	lead := s.store.reading(row, leads)
	value := func(name string) any { return lead.value(leads.byName[name]) }
	state, _ := value("statecode").(int)
	subject, company, first, last, mail := value("subject"), value("companyname"), value("firstname"), value("lastname"), value("emailaddress1")
	s.store.mu.RUnlock()
	if state != 0 {
		return nil, refuse(http.StatusBadRequest, "0x80040216", "The lead is already closed.")
	}
	made, update := []object{}, map[string]any{"statecode": 1, "statuscode": 3}
	produce := func(flag, table, back string, values map[string]any) (string, *refusal) {
		if wanted, _ := body[flag].(bool); !wanted {
			return "", nil
		}
		t, ok := c.rights.table(table)
		if !ok {
			return "", unknownSegment(table)
		}
		created, err := s.createFrom(c, t, "", values)
		if err != nil {
			return "", err
		}
		made = append(made, object{{"@odata.type", "#" + crm + table}, {t.primaryID, created.id}})
		link := "/" + t.set + "(" + string(created.id) + ")"
		update[back+"@odata.bind"] = link
		return link, nil
	}
	account, err := produce("CreateAccount", "account", "parentaccountid", map[string]any{"name": company})
	if err != nil {
		return nil, err
	}
	person := map[string]any{"firstname": first, "lastname": last, "emailaddress1": mail}
	deal := map[string]any{"name": subject}
	if account != "" {
		person["parentcustomerid_account@odata.bind"] = account
		deal["customerid_account@odata.bind"] = account
	}
	if _, err = produce("CreateContact", "contact", "parentcontactid", person); err != nil {
		return nil, err
	}
	if _, err = produce("CreateOpportunity", "opportunity", "qualifyingopportunityid", deal); err != nil {
		return nil, err
	}
	_, err = s.updateFrom(c, leads, id, "*", update)
	return made, err
}

package dynamics365

import (
	"net/http"
	"slices"
	"strconv"
)

// reach finds a record that the user may read.
func (s *Simulator) reach(c *call, t *table, id guid) (*row, *refusal) {
	if err := c.rights.allow(t, "Read", s.user()); err != nil {
		return nil, err
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	row, ok := s.store.find(t, id)
	if !ok || !s.shown(c.rights, row, depthGlobal) {
		return nil, missingRecord(t, id)
	}
	if !visible(row, c.rights.depth(t, "Read")) {
		return nil, s.accessDenied(row, "ReadAccess")
	}
	return row, nil
}

// single answers one record.
func (s *Simulator) single(c *call, t *table, id guid, status int) reply {
	row, err := s.reach(c, t, id)
	if err != nil {
		return err.reply()
	}
	options := map[string]string{}
	for _, name := range []string{"$select", "$expand"} {
		if text, ok := c.query[name]; ok {
			options[name] = text
		}
	}
	q, err := s.parseQueryOptions(c, t, options)
	if err != nil {
		return err.reply()
	}
	var answer reply
	s.store.read(func() {
		if c.header.Get("If-None-Match") == etag(row) && len(q.expand) == 0 && c.prefer.annotations == "" && c.method == http.MethodGet {
			answer = reply{status: http.StatusNotModified}
			return
		}
		o := append(object{{"@odata.context", c.context(t.set + selected(q.named, q.expand) + "/$entity")}},
			s.render(c, q, s.store.reading(row, t))...)
		answer = c.preferred(jsonReply(status, o)).set("ETag", etag(row))
	}, q.tables()...)
	return answer
}

// related answers a record's navigation property: another record, or the records that point here.
func (s *Simulator) related(c *call, t *table, id guid, nav navigation) reply {
	if c.method != http.MethodGet {
		return methodNotAllowed(c.method).reply()
	}
	row, err := s.reach(c, t, id)
	if err != nil {
		return err.reply()
	}
	if nav.many {
		return s.list(c, nav.to, &nav, id)
	}
	s.store.mu.RLock()
	to, ok := s.see(c.rights, s.store.reading(row, t), nav.lookup).(ref)
	s.store.mu.RUnlock()
	if !ok || nav.to != nil && nav.to.name != to.table {
		return noContent()
	}
	other, exists := c.rights.table(to.table)
	if !exists {
		return noContent()
	}
	return s.single(c, other, to.id, http.StatusOK)
}

// association answers the N:N links between users, roles, profiles, teams and privileges.
func (s *Simulator) association(c *call, t *table, id guid, name string) (reply, bool) {
	user := id == s.user()
	links := map[string]map[string]struct {
		to  string
		ids []guid
	}{
		"systemuser": {
			"systemuserroles_association":    {"role", s.onlyIf(user, connectorRoleID())},
			"systemuserprofiles_association": {"fieldsecurityprofile", s.onlyIf(user, connectorProfileID())},
			"teammembership_association":     {"team", s.teamsOf(id)},
		},
		"role": {
			"roleprivileges_association":  {"privilege", s.privilegesOf(c.rights, id)},
			"systemuserroles_association": {"systemuser", s.onlyIf(id == connectorRoleID(), s.user())},
		},
		"fieldsecurityprofile": {
			"systemuserprofiles_association": {"systemuser", s.onlyIf(id == connectorProfileID(), s.user())},
		},
	}
	link, ok := links[t.name][name]
	if !ok {
		return reply{}, false
	}
	if _, err := s.reach(c, t, id); err != nil {
		return err.reply(), true
	}
	to := s.catalog.byName[link.to]
	if err := c.rights.allow(to, "Read", s.user()); err != nil {
		return err.reply(), true
	}
	q, err := s.parseQueryOptions(c, to, c.query)
	if err != nil {
		return err.reply(), true
	}
	values := []object{}
	eval := evaluator{s.clock().Now().UTC(), s.user()}
	s.store.read(func() {
		for _, id := range link.ids {
			row, ok := s.store.find(to, id)
			if !ok {
				continue
			}
			d := s.store.reading(row, to)
			if q.filter == nil || eval.holds(q.filter, recordSource{s, c.rights, d}) {
				values = append(values, s.render(c, q, d))
			}
		}
	}, q.tables()...)
	return jsonReply(http.StatusOK, object{{"@odata.context", c.context(to.set + selected(q.named, q.expand))}, {"value", values}}), true
}

func (s *Simulator) onlyIf(on bool, ids ...guid) []guid {
	if on {
		return ids
	}
	return nil
}

// teamsOf are the teams of a user: his business unit's, and his own.
func (s *Simulator) teamsOf(id guid) []guid {
	n := slices.Index(s.store.users, id)
	if n < 0 {
		return nil
	}
	teams := []guid{unitTeamID(unitOf(n))}
	if team := s.store.world.User(n).Team; team >= 0 {
		teams = append(teams, recordID("team", team))
	}
	return teams
}

// privilegesOf are the privileges in the integration user's role; the other roles are only names here.
func (s *Simulator) privilegesOf(r *rights, role guid) []guid {
	if role != connectorRoleID() {
		return nil
	}
	var ids []guid
	for name, reach := range r.depths {
		if reach != depthNone && r.privilegeKnown(name) {
			ids = append(ids, privilegeID(name))
		}
	}
	slices.Sort(ids)
	return ids
}

// count answers contacts/$count, with or without a filter: a plain number, at most 5,000.
func (s *Simulator) count(c *call, t *table) reply {
	if err := c.rights.allow(t, "Read", s.user()); err != nil {
		return err.reply()
	}
	q, err := s.parseQueryOptions(c, t, c.query)
	if err != nil {
		return err.reply()
	}
	q.count, q.limited, q.top = true, true, 0
	var total int
	s.store.read(func() { total = s.selectRows(c.rights, q, s.store.shelf(t), nil).total }, t)
	return textReply(http.StatusOK, "text/plain", strconv.Itoa(min(total, countLimit)))
}

// serviceDocument lists the tables.
func (s *Simulator) serviceDocument(c *call) reply {
	sets := []object{}
	for _, t := range s.catalog.tables {
		if c.rights.exists(t) {
			sets = append(sets, object{{"name", t.set}, {"kind", "EntitySet"}, {"url", t.set}})
		}
	}
	return jsonReply(http.StatusOK, object{{"@odata.context", c.api() + "/$metadata"}, {"value", sets}})
}

// globalOptionSet answers GlobalOptionSetDefinitions(Name='x').
func (s *Simulator) globalOptionSet(c *call) reply {
	name, ok := textValue(c.parameters(c.segments[0].arguments)["Name"])
	if !ok {
		return notSimulated("GlobalOptionSetDefinitions without Name='…'").reply()
	}
	for _, t := range s.catalog.tables {
		for _, column := range t.columns {
			if column.globalSet == name && c.rights.exists(t) {
				return jsonReply(http.StatusOK, append(object{
					{"@odata.context", c.context("GlobalOptionSetDefinitions/$entity")}, {"@odata.type", "#" + crm + "OptionSetMetadata"},
				}, column.optionSet()...))
			}
		}
	}
	return refuse(http.StatusNotFound, "0x80040217", "Could not find an optionset with name "+name+".").reply()
}

// organizationTypes are the numbers of the discovery service.
func organizationTypes() map[string]int {
	return map[string]int{
		"Customer": 0, "Secondary": 4, "CustomerTest": 5, "CustomerFreeTest": 6, "CustomerPreview": 7, "TestDrive": 9, "EmailTrial": 11,
		"Default": 12, "Developer": 13, "Trial": 14, "Teams": 15,
	}
}

// discovery answers the global discovery service: the one environment that there is.
func (s *Simulator) discovery(c *call) reply {
	if len(c.segments) == 0 {
		return jsonReply(http.StatusOK, object{
			{"@odata.context", c.api() + "/$metadata"}, {"value", []object{{{"name", "Instances"}, {"kind", "EntitySet"}, {"url", "Instances"}}}},
		})
	}
	if c.segments[0].name != "Instances" || len(c.segments) > 1 {
		return unknownSegment(c.segments[0].name).reply()
	}
	instance := object{
		{"Id", organizationID()},
		{"UniqueName", s.config.UniqueName},
		{"UrlName", s.config.URLName},
		{"FriendlyName", s.config.OrgName},
		{"State", 0},
		{"Version", organizationVersion},
		{"Url", c.base},
		{"ApiUrl", c.base},
		{"Region", "NA"},
		{"EnvironmentId", string(madeID("environment"))},
		{"TenantId", s.config.TenantID},
		{"OrganizationType", organizationTypes()[s.environment()]},
	}
	q, err := parseMetadataQuery(c, c.query, "Instance", instance)
	if err != nil {
		return err.reply()
	}
	values := []object{}
	if !s.engine.view(true).notMember && (q.filter == nil || (evaluator{}).holds(q.filter, metadataObject(instance))) {
		values = append(values, q.cut(instance))
	}
	if !c.segments[0].brackets {
		return jsonReply(http.StatusOK, object{{"@odata.context", c.context("Instances")}, {"value", values}})
	}
	key := c.segments[0].arguments
	name, _ := textValue(c.parameters(key)["UniqueName"])
	if id, _ := parseGUID(key); len(values) == 0 || name != s.config.UniqueName && id != organizationID() {
		return refuse(http.StatusNotFound, "0x80040217", "The instance "+key+" was not found.").reply()
	}
	return jsonReply(http.StatusOK, append(object{{"@odata.context", c.context("Instances/$entity")}}, values[0]...))
}

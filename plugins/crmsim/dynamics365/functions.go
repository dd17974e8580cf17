package dynamics365

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// parameters reads the arguments of a function: Name=value or Name=@alias, the aliases from the URL.
func (c *call) parameters(arguments string) map[string]string {
	values := map[string]string{}
	for _, entry := range splitOutside(arguments, ',') {
		name, value, ok := strings.Cut(strings.TrimSpace(entry), "=")
		if !ok {
			continue
		}
		if strings.HasPrefix(value, "@") {
			value = c.query[value]
		}
		values[name] = strings.TrimSpace(value)
	}
	return values
}

// textValue is a quoted string parameter.
func textValue(value string) (string, bool) {
	if len(value) < 2 || value[0] != '\'' {
		return "", false
	}
	plain, end := quoted(value, 0)
	return plain, end == len(value)
}

// whoAmI is the cheapest way to learn that a token is good.
func (s *Simulator) whoAmI(c *call) reply {
	return jsonReply(http.StatusOK, object{
		{"@odata.context", c.context(crm + "WhoAmIResponse")},
		{"BusinessUnitId", unitID(unitOf(0))},
		{"UserId", s.user()},
		{"OrganizationId", organizationID()},
	})
}

// currentOrganization says which environment this is, in full.
func (s *Simulator) currentOrganization(c *call) reply {
	environment := s.environment()
	return jsonReply(http.StatusOK, object{
		{"@odata.context", c.context(crm + "RetrieveCurrentOrganizationResponse")},
		{"Detail", object{
			{"OrganizationId", organizationID()},
			{"FriendlyName", s.config.OrgName},
			{"OrganizationVersion", organizationVersion},
			{"EnvironmentId", string(madeID("environment"))},
			{"DatacenterId", string(madeID("datacenter"))},
			{"Geo", "NA"},
			{"TenantId", s.config.TenantID},
			{"UrlName", s.config.URLName},
			{"UniqueName", s.config.UniqueName},
			{"State", "Enabled"},
			{"OrganizationType", environment},
			{"Endpoints", object{
				{"Count", 3},
				{"IsReadOnly", false},
				{"Keys", []string{"WebApplication", "OrganizationService", "OrganizationDataService"}},
				{"Values", []string{c.base + "/", c.base + "/XRMServices/2011/Organization.svc", c.base + "/XRMServices/2011/OrganizationData.svc"}},
			}},
		}},
	})
}

// organizationInfo gives the instance type and the installed solutions in one call.
func (s *Simulator) organizationInfo(c *call) reply {
	t := s.catalog.byName["solution"]
	solutions := []object{}
	s.store.read(func() {
		for _, row := range s.store.shelf(t).byID {
			if !s.shown(c.rights, row, depthGlobal) {
				continue
			}
			solutions = append(solutions, object{
				{"Id", row.id},
				{"SolutionUniqueName", row.values["uniquename"]},
				{"FriendlyName", row.values["friendlyname"]},
				{"VersionNumber", row.values["version"]},
				{"IsManaged", row.values["ismanaged"]},
			})
		}
	}, t)
	return jsonReply(http.StatusOK, object{
		{"@odata.context", c.context(crm + "RetrieveOrganizationInfoResponse")},
		{"organizationInfo", object{{"InstanceType", s.environment()}, {"Solutions", solutions}}},
	})
}

// userFunction answers the functions bound to a user.
func (s *Simulator) userFunction(c *call, user guid, f segment) reply {
	if err := c.rights.allow(s.catalog.byName["systemuser"], "Read", s.user()); err != nil {
		return err.reply()
	}
	if !slices.Contains(s.store.users, user) {
		return missingRecord(s.catalog.byName["systemuser"], user).reply()
	}
	parameters := c.parameters(f.arguments)
	switch name := strings.TrimPrefix(f.name, crm); name {
	case "RetrieveUserPrivileges":
		return s.rolePrivileges(c, user, name, c.privilegeNames())
	case "RetrieveUserSetOfPrivilegesByNames":
		var names []string
		if err := json.Unmarshal([]byte(doubleQuoted(parameters["PrivilegeNames"])), &names); err != nil {
			return badQuery("The parameter PrivilegeNames of " + name + " is no list of names.").reply()
		}
		return s.namedPrivileges(c, user, name, names)
	case "RetrieveUserPrivilegeByPrivilegeName":
		one, ok := textValue(parameters["PrivilegeName"])
		if !ok {
			return badQuery("The parameter PrivilegeName of " + name + " is no text.").reply()
		}
		return s.namedPrivileges(c, user, name, []string{one})
	case "RetrievePrincipalAttributePrivileges":
		return s.attributePrivileges(c, user)
	case "RetrievePrincipalAccess":
		return s.principalAccess(c, user, parameters["Target"])
	}
	return unknownSegment(f.name).reply()
}

// privilegeNames are all that the environment has, in order.
func (c *call) privilegeNames() []string {
	var names []string
	for name := range c.rights.catalog.owners {
		if c.rights.privilegeKnown(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// namedPrivileges fails as a whole when one name is unknown, as happens after an app was uninstalled.
func (s *Simulator) namedPrivileges(c *call, user guid, function string, names []string) reply {
	for _, name := range names {
		if !c.rights.privilegeKnown(name) {
			return refuse(http.StatusBadRequest, "0x80040217", fmt.Sprintf("Privilege with name %s does not exist.", name)).reply()
		}
	}
	return s.rolePrivileges(c, user, function, names)
}

// rolePrivileges lists what the user holds; what is not held is absent. All other users are administrators.
func (s *Simulator) rolePrivileges(c *call, user guid, function string, names []string) reply {
	held := []object{}
	for _, name := range names {
		reach := depthGlobal
		if user == s.user() {
			if reach = c.rights.depths[name]; c.rights.noRoles {
				reach = depthNone
			}
		}
		if reach == depthNone {
			continue
		}
		held = append(held, object{
			{"Depth", reach.String()}, {"PrivilegeId", privilegeID(name)}, {"BusinessUnitId", unitID(unitOf(0))}, {"PrivilegeName", name},
		})
	}
	return jsonReply(http.StatusOK, object{{"@odata.context", c.context(crm + function + "Response")}, {"RolePrivileges", held}})
}

// attributePrivileges lists the secured columns that the user's profile grants something on.
func (s *Simulator) attributePrivileges(c *call, user guid) reply {
	allowed := func(on bool) int { return 4 * boolInt(on) }
	list := []object{}
	for _, t := range s.catalog.tables {
		for _, column := range t.columns {
			state := c.rights.state(column)
			if !state.secured || state.deleted || !c.rights.exists(t) || user != s.user() {
				continue
			}
			if !state.canRead && !state.canCreate && !state.canUpdate {
				continue
			}
			list = append(list, object{
				{"AttributeId", columnMetadataID(column)},
				{"CanCreate", allowed(state.canCreate)},
				{"CanRead", allowed(state.canRead)},
				{"CanReadUnMasked", 0},
				{"CanUpdate", allowed(state.canUpdate)},
			})
		}
	}
	return jsonReply(http.StatusOK, object{
		{"@odata.context", c.context(crm + "RetrievePrincipalAttributePrivilegesResponse")}, {"AttributePrivileges", list},
	})
}

// doubleQuoted turns the single quotes that clients like to send into JSON's.
func doubleQuoted(text string) string {
	if strings.Contains(text, `"`) {
		return text
	}
	return strings.ReplaceAll(text, "'", `"`)
}

// principalAccess says what the user may do with one record.
func (s *Simulator) principalAccess(c *call, user guid, target string) reply {
	var link struct {
		ID string `json:"@odata.id"`
	}
	if json.Unmarshal([]byte(doubleQuoted(target)), &link) != nil {
		return badQuery("The parameter Target is no reference to a record.").reply()
	}
	t, id, err := s.reference(c, link.ID)
	if err != nil {
		return err.reply()
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	row, ok := s.store.find(t, id)
	if !ok {
		return missingRecord(t, id).reply()
	}
	var held []string
	for _, verb := range []string{"Read", "Write", "Append", "AppendTo", "Create", "Delete", "Share", "Assign"} {
		if user != s.user() || visible(row, c.rights.depth(t, verb)) {
			held = append(held, verb+"Access")
		}
	}
	if len(held) == 0 {
		held = []string{"None"}
	}
	return jsonReply(http.StatusOK, object{
		{"@odata.context", c.context(crm + "RetrievePrincipalAccessResponse")}, {"AccessRights", strings.Join(held, ", ")},
	})
}

// reference reads "/contacts(<id>)", "contacts(key='x')", an absolute link, or $1 inside a change set.
func (s *Simulator) reference(c *call, link string) (*table, guid, *refusal) {
	if strings.HasPrefix(link, "$") {
		made, ok := c.inSet[link]
		if !ok {
			return nil, "", refuse(http.StatusBadRequest, "0x80060888", "Content-ID Reference: '"+link+"' does not exist in the batch context.")
		}
		link = made
	}
	link = strings.TrimPrefix(link, c.base)
	link = strings.TrimPrefix(link, c.root)
	segments, err := parsePath(link)
	if err != nil {
		return nil, "", err
	}
	if len(segments) != 1 || !segments[0].brackets {
		return nil, "", badQuery("'" + link + "' is no reference to a record.")
	}
	t, ok := s.tableOf(c, segments[0].name)
	if !ok {
		return nil, "", unknownSegment(segments[0].name)
	}
	id, err := s.key(c, t, segments[0].arguments)
	return t, id, err
}

// tableOf finds a table by its entity set.
func (s *Simulator) tableOf(c *call, set string) (*table, bool) {
	t, ok := s.catalog.bySet[set]
	return t, ok && c.rights.exists(t)
}

// alternateKeys are the keys that the environment defines beside ids.
func alternateKeys() map[string][]string {
	return map[string][]string{
		"account": {"accountnumber"}, "contact": {"emailaddress1"}, "solution": {"uniquename"}, "transactioncurrency": {"isocurrencycode"},
		"team": {"name"},
	}
}

// key finds a record's id from what stands in brackets: an id, "contactid=<id>", or alternate keys. For keys that match
// nothing the refusal is 404; the id is then empty.
func (s *Simulator) key(c *call, t *table, arguments string) (guid, *refusal) {
	if strings.HasPrefix(arguments, "@") {
		arguments = c.query[arguments]
	}
	arguments = strings.TrimPrefix(arguments, t.primaryID+"=")
	if id, ok := parseGUID(strings.Trim(arguments, "'")); ok {
		return id, nil
	}
	wanted, err := s.keyValues(c, t, arguments)
	if err != nil {
		return "", err
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	for id, row := range s.store.shelf(t).rows {
		d, all := s.store.reading(row, t), true
		for name, value := range wanted {
			all = all && compareLoose(d.value(t.byName[name]), value) == 0
		}
		if all {
			return id, nil
		}
	}
	return "", refuse(http.StatusNotFound, "0x80060891", "A record with the specified key values does not exist in "+t.name+" entity")
}

// keyValues reads "accountnumber='A1'"; only defined keys are accepted.
func (s *Simulator) keyValues(c *call, t *table, arguments string) (map[string]any, *refusal) {
	wanted := map[string]any{}
	for name, value := range c.parameters(arguments) {
		if !slices.Contains(alternateKeys()[t.name], name) {
			return nil, refuse(http.StatusBadRequest, "0x80060890", "The specified key attributes are not a defined key for the "+t.name+" entity")
		}
		tokens, err := lex(value)
		if err != nil || len(tokens) != 1 {
			return nil, badQuery("The value of key '" + name + "' is not well-formed.")
		}
		wanted[name] = tokens[0].value
	}
	if len(wanted) == 0 {
		return nil, badQuery("Bad Request - Error in query syntax.")
	}
	return wanted, nil
}

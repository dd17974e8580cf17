package dynamics365

import (
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// Well-known ids of the platform itself.
const (
	systemAdministratorProfile = guid("572329c1-a042-4e22-be47-367c6374ea45")
	systemAdministratorRole    = guid("627090ff-40a3-4053-8790-584edc5be201") // its role template
)

func connectorProfileID() guid { return madeID("fieldsecurityprofile:connector") }
func connectorRoleID() guid    { return madeID("role:connector") }

// fillPlatform makes the rows of the tables that every environment has.
func (s *store) fillPlatform(config Config) {
	start := s.world.End().Add(-3 * 365 * 24 * time.Hour)
	add := func(table string, id guid, values map[string]any) *row {
		s.version++
		r := &row{
			id: id, shelf: s.shelves[table], number: -1, owner: -1, created: start, modified: start, version: s.version, values: values,
		}
		s.insert(r)
		return r
	}
	for unit, name := range unitNames() {
		values := map[string]any{"name": name, "isdisabled": false, "organizationid": organizationID()}
		if parent := unitParent(unit); parent >= 0 {
			values["parentbusinessunitid"] = ref{"businessunit", unitID(parent)}
		}
		add("businessunit", unitID(unit), values).number = unit
	}
	add("organization", organizationID(), map[string]any{
		"name": config.UniqueName, "languagecode": 1033, "expirechangetrackingindays": config.ChangeTrackingDays,
		"basecurrencyid": ref{"transactioncurrency", currencyID()}, "maxuploadfilesize": 5242880,
	})
	add("transactioncurrency", currencyID(), map[string]any{
		"currencyname": "US Dollar", "isocurrencycode": "USD", "currencysymbol": "$", "currencyprecision": 2, "exchangerate": 1.0,
	})
	s.fillTeams(add)
	for _, table := range []string{"opportunity", "lead"} {
		for stage, name := range stageNames() {
			add("processstage", stageID(table, stage), map[string]any{
				"stagename": name, "stagecategory": stage, "processid": ref{"workflow", processID(table)}, "primaryentitytypecode": table,
			})
		}
	}
	for _, role := range world.ContactRoles() {
		name := strings.ReplaceAll(strings.ToLower(string(role)), "_", " ")
		add("connectionrole", connectionRoleID(role), map[string]any{
			"name": strings.ToUpper(name[:1]) + name[1:], "category": 1000,
		})
	}
	s.fillSecurity(add)
	s.fillSolutions(add)
	for i, name := range []string{"Spring launch", "Partner days", "Renewal offer"} {
		add("campaign", madeID("campaign:"+name), map[string]any{"name": name, "codename": "CMP-0100" + number1(i)})
	}
}

// unitTeamID is the team that every business unit has.
func unitTeamID(unit int) guid { return madeID("team:unit:" + number1(unit)) }

func rootTeamID() guid { return unitTeamID(unitRoot) }

func (s *store) fillTeams(add func(string, guid, map[string]any) *row) {
	size := s.world.Size()
	for unit, name := range unitNames() {
		add("team", unitTeamID(unit), map[string]any{
			"name": name, "teamtype": 0, "isdefault": true, "businessunitid": ref{"businessunit", unitID(unit)},
			"organizationid": organizationID(),
		}).number = unit
	}
	for n := range size.Teams {
		unit := n % unitCount
		add("team", recordID("team", n), map[string]any{
			"name": s.world.Team(n).Name, "teamtype": 0, "isdefault": false, "businessunitid": ref{"businessunit", unitID(unit)},
			"organizationid": organizationID(),
		}).number = unit
	}
	for n := range size.Roles {
		role := s.world.Role(n)
		add("position", recordID("position", n), map[string]any{
			"name": role.Name, "parentpositionid": refTo("position", role.Parent),
		})
	}
}

func (s *store) fillSecurity(add func(string, guid, map[string]any) *row) {
	for _, role := range []struct {
		id       guid
		name     string
		template any
	}{
		{connectorRoleID(), "Fieldwarden Integration", nil},
		{madeID("role:administrator"), "System Administrator", ref{"roletemplate", systemAdministratorRole}},
		{madeID("role:basic"), "Basic User", nil},
		{madeID("role:salesperson"), "Salesperson", nil},
		{madeID("role:salesmanager"), "Sales Manager", nil},
	} {
		add("role", role.id, map[string]any{
			"name": role.name, "businessunitid": ref{"businessunit", unitID(unitRoot)}, "roletemplateid": role.template, "ismanaged": true,
		})
	}
	for _, t := range s.catalog.tables {
		for _, p := range t.privileges {
			if _, ok := s.find(s.catalog.byName["privilege"], privilegeID(p.name)); ok {
				continue
			}
			add("privilege", privilegeID(p.name), map[string]any{
				"name": p.name, "canbebasic": t.userOwned(), "canbelocal": t.hasDepths(), "canbedeep": t.hasDepths(), "canbeglobal": true,
			})
		}
	}
	add("fieldsecurityprofile", systemAdministratorProfile, map[string]any{
		"name": "System Administrator", "description": "Grants full access to all secured columns.",
	})
	add("fieldsecurityprofile", connectorProfileID(), map[string]any{"name": "Fieldwarden Integration"})
}

func (s *store) fillSolutions(add func(string, guid, map[string]any) *row) {
	for _, solution := range [][3]string{
		{"Default", "Default Solution", "1.0"},
		{"Active", "Active Solution", "1.0"},
		{"Sales", "Sales", "9.2.24073.1001"},
		{"LinkedIn", "LinkedIn", "9.0.1.1060"},
		{"LinkedInSalesNavigatorControlsForUnifiedClient", "LinkedIn Sales Navigator for Unified Client", "3.0.1.1060"},
		{"msdyn_LinkedInSalesNavigatorAnchor", "LinkedIn Sales Navigator", "3.0.1.1060"},
	} {
		add("solution", madeID("solution:"+solution[0]), map[string]any{
			"uniquename": solution[0], "friendlyname": solution[1], "version": solution[2], "ismanaged": solution[2] != "1.0",
			"isvisible": true, "solutiontype": 0, "installedon": s.world.End().Add(-300 * 24 * time.Hour),
		})
	}
}

// solutionApp says which app brings a solution, "" for the platform's own.
func solutionApp(uniqueName string) string {
	switch {
	case strings.Contains(uniqueName, "LinkedIn"):
		return appLinkedIn
	case uniqueName == "Sales":
		return appSales
	}
	return ""
}

package salesforce

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Some objects have no stored records: their rows are made for the query that reads them, as a table beside the
// stored ones.

// dataFor is the store a plan reads: the org's, with the rows of a virtual object added.
func (s *Simulator) dataFor(c *call, q *soqlQuery, p *plan) (*store, *soqlError) {
	if !p.object.virtual {
		return s.store, nil
	}
	if _, ok := s.setup.catalog.object(p.object.name); ok {
		return s.store.with(s.setupTables(c.view)...), nil
	}
	rows, wrong := s.virtualRows(q, p.object.name)
	if wrong != nil {
		return nil, wrong
	}
	return s.store.with(virtualTable(p.object.object, rows)), nil
}

// with is a store that has one table more or another one in its place. It shares everything else; the lock to hold
// stays the original's.
func (s *store) with(tables ...*table) *store {
	s.mu.RLock()
	defer s.mu.RUnlock()
	combined := &store{tables: make(map[string]*table, len(s.tables)+len(tables)), gen: s.gen}
	maps.Copy(combined.tables, s.tables)
	for _, t := range tables {
		combined.tables[t.object.name] = t
	}
	return combined
}

// virtualTable holds rows of which every value is given.
func virtualTable(o *object, records []map[string]any) *table {
	t := &table{object: o, rows: make([]*row, len(records))}
	for n, values := range records {
		stamp, _ := values["SystemModstamp"].(time.Time)
		t.rows[n] = &row{number: n, created: stamp, modified: stamp, made: true, values: values}
	}
	t.byStamp = slices.Clone(t.rows)
	slices.SortFunc(t.byStamp, compareRows)
	return t
}

func (s *Simulator) virtualRows(q *soqlQuery, object string) ([]map[string]any, *soqlError) {
	switch object {
	case "PackageLicense":
		return s.packageLicenses(), nil
	case "SetupAuditTrail":
		return s.auditRows(), nil
	case "UserRecordAccess":
		return s.recordAccessRows(q)
	}
	return nil, nil
}

// packageLicenses is one site-wide licence while the app is installed.
func (s *Simulator) packageLicenses() []map[string]any {
	since := s.engine.packageInstalled()
	if since.IsZero() {
		return nil
	}
	const siteWide = -1
	return []map[string]any{{
		"Status": "Active", "IsProvisioned": false, "AllowedLicenses": siteWide, "UsedLicenses": 0, "ExpirationDate": nil,
		"CreatedDate": since, "LastModifiedDate": since, "SystemModstamp": since, "NamespacePrefix": packageNamespace,
	}}
}

func (s *Simulator) auditRows() []map[string]any {
	trail := s.engine.auditTrail()
	rows := make([]map[string]any, len(trail))
	for i, entry := range trail {
		rows[i] = map[string]any{
			"Action": entry.action, "Section": "Manage Users", "Display": entry.display, "CreatedDate": entry.at,
			"CreatedById": userID(integrationUser), "DelegateUser": nil, "ResponsibleNamespacePrefix": nil,
		}
	}
	return rows
}

// maxAccessRecords is how many records one UserRecordAccess query may ask about.
const maxAccessRecords = 200

// recordAccessRows answers for one user and the records that the query names.
func (s *Simulator) recordAccessRows(q *soqlQuery) ([]map[string]any, *soqlError) {
	users, records := equalTo(q.where, "UserId"), equalTo(q.where, "RecordId")
	switch {
	case len(users) != 1:
		return nil, soqlFail(-1, "MALFORMED_QUERY", "Query must contain a filter on one UserId")
	case len(records) == 0:
		return nil, soqlFail(-1, "MALFORMED_QUERY", "Query must contain a filter on RecordId")
	case len(records) > maxAccessRecords:
		return nil, soqlFail(-1, "MALFORMED_QUERY", "Number of records exceeds limit:%d", maxAccessRecords)
	}
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	rows := make([]map[string]any, 0, len(records))
	for _, id := range records {
		read, edit := s.store.recordAccess(users[0], id)
		level := "None"
		switch {
		case edit:
			level = "All"
		case read:
			level = "Read"
		}
		rows = append(rows, map[string]any{
			"Id": id, "UserId": users[0], "RecordId": id, "HasReadAccess": read, "HasEditAccess": edit, "HasDeleteAccess": edit,
			"HasTransferAccess": edit, "HasAllAccess": edit, "MaxAccessLevel": level,
		})
	}
	return rows, nil
}

// equalTo lists the texts that a condition allows a field to have, if it says so at its top level.
func equalTo(node condition, field string) []string {
	switch node := node.(type) {
	case allOf:
		for _, term := range node {
			if found := equalTo(term, field); found != nil {
				return found
			}
		}
	case comparison:
		if !strings.EqualFold(node.path.name, field) || (node.op != "=" && node.op != "IN") {
			return nil
		}
		var found []string
		for _, value := range node.values {
			if id, ok := id15Of(value.text); ok {
				found = append(found, id18(id))
			}
		}
		return found
	}
	return nil
}

// recordAccess says what a user may do with a record: all with his own and with those of the people he manages; read
// those of his team. The integration user may do everything. Records without an owner are for everybody to read.
// Callers hold the read lock.
func (s *store) recordAccess(userID, recordID string) (read, edit bool) {
	users := s.tables["User"]
	user, ok := users.byID(userID)
	if !ok || user.deleted {
		return false, false
	}
	for _, t := range s.tables {
		r, ok := t.byID(recordID)
		if !ok || r.deleted {
			continue
		}
		if user.number == 0 {
			return true, true
		}
		owner, owned := users.byID(textOf(s.sibling(t, r, "OwnerId")))
		switch {
		case !owned:
			return true, false
		case owner == user || s.manages(user, owner):
			return true, true
		}
		return s.gen.world.MayView(user.number, owner.number), false
	}
	return false, false
}

// manages walks up an employee's managers. Chains are short; the bound only ends a circle.
func (s *store) manages(manager, employee *row) bool {
	users := s.tables["User"]
	for range 20 {
		above, ok := users.byID(textOf(s.sibling(users, employee, "ManagerId")))
		if !ok {
			return false
		}
		if above == manager {
			return true
		}
		employee = above
	}
	return false
}

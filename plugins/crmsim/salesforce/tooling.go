package salesforce

import (
	"net/http"
	"strconv"
	"strings"
)

// The Tooling API, as far as it tells which packages are installed.

// toolingCatalog holds the objects of /tooling/query. Who may read them is not simulated beyond the session.
func toolingCatalog() *catalog {
	return catalogOf(
		&object{name: "InstalledSubscriberPackage", label: "Installed Subscriber Package", keyPrefix: "0A3", virtual: true, fields: one(
			recordID("Installed Package ID"),
			lookup("SubscriberPackageId", "Subscriber Package ID", "SubscriberPackage", 0, "SubscriberPackage"),
			lookup("SubscriberPackageVersionId", "Subscriber Package Version ID", "SubscriberPackageVersion", 0,
				"SubscriberPackageVersion"),
			lookup("MinPackageVersionId", "Minimum Package Version ID", "", derived, "SubscriberPackageVersion"),
		)},
		&object{name: "SubscriberPackage", label: "Subscriber Package", keyPrefix: "033", virtual: true, fields: one(
			recordID("Subscriber Package ID"),
			text("Name", "Name", 255, derived).nameOfRecord(),
			text("NamespacePrefix", "Namespace Prefix", 15, derived),
			text("Description", "Description", 255, derived),
			flag("IsPackageValid", "Is Package Valid", systemSet),
		)},
		&object{name: "SubscriberPackageVersion", label: "Subscriber Package Version", keyPrefix: "04t", virtual: true, fields: one(
			recordID("Subscriber Package Version ID"),
			text("Name", "Name", 255, derived).nameOfRecord(),
			lookup("SubscriberPackageId", "Subscriber Package ID", "SubscriberPackage", 0, "SubscriberPackage"),
			integer("MajorVersion", "Major Version", 9, 0),
			integer("MinorVersion", "Minor Version", 9, 0),
			integer("PatchVersion", "Patch Version", 9, 0),
			integer("BuildNumber", "Build Number", 9, 0),
			flag("IsBeta", "Is Beta", systemSet),
			flag("IsManaged", "Is Managed", systemSet),
		)},
	)
}

// toolingTables are the rows of the three objects: one each while the app is installed.
func (s *Simulator) toolingTables() []*table {
	rows := map[string][]map[string]any{}
	if !s.engine.packageInstalled().IsZero() {
		pack, version := recordIDOf("033", 0), recordIDOf("04t", 0)
		rows["InstalledSubscriberPackage"] = []map[string]any{{
			"SubscriberPackageId": pack, "SubscriberPackageVersionId": version,
			"MinPackageVersionId": nil,
		}}
		rows["SubscriberPackage"] = []map[string]any{{
			"Name": "LinkedIn Sales Navigator", "NamespacePrefix": packageNamespace, "Description": nil,
			"IsPackageValid": true,
		}}
		rows["SubscriberPackageVersion"] = []map[string]any{{
			"Name": "Current", "SubscriberPackageId": pack, "MajorVersion": 4, "MinorVersion": 2,
			"PatchVersion": 0, "BuildNumber": 1, "IsBeta": false, "IsManaged": true,
		}}
	}
	tables := make([]*table, len(s.tooling.catalog.objects))
	for i, o := range s.tooling.catalog.objects {
		tables[i] = virtualTable(o, rows[o.name])
	}
	return tables
}

// toolingQuery serves GET /tooling/query?q=.
func (s *Simulator) toolingQuery(c *call) reply {
	text := c.query.Get("q")
	parsed, wrong := parseSOQL(text)
	if wrong != nil {
		return failure(http.StatusBadRequest, wrong.code, wrong.text(text))
	}
	if o, known := s.tooling.catalog.object(parsed.from.name); known && o.name != "InstalledSubscriberPackage" &&
		len(equalTo(parsed.where, "Id")) != 1 {
		return failure(http.StatusBadRequest, "MALFORMED_QUERY", "Implementation restriction: "+o.name+
			" must be filtered by a single Id")
	}
	inner := *c
	inner.view = s.tooling.view()
	plan, wrong := checkSOQL(parsed, inner.view)
	if wrong != nil {
		return failure(http.StatusBadRequest, wrong.code, wrong.text(text))
	}
	data := s.store.with(s.toolingTables()...)
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	rows := data.run(plan, false)
	inner.root += "/tooling"
	body := []byte(`{"size":` + strconv.Itoa(len(rows)) + `,"totalSize":` + strconv.Itoa(len(rows)) +
		`,"done":true,"queryLocator":null,"entityTypeName":`)
	body = append(appendString(body, plan.object.name), `,"records":[`...)
	if plan.count {
		rows = nil
	}
	var records []string
	for _, r := range rows {
		records = append(records, string(data.appendRecord(nil, &inner, data.tables[plan.object.name], r, plan.columns)))
	}
	body = append(append(body, strings.Join(records, ",")...), "]}"...)
	return reply{status: http.StatusOK, kind: jsonKind, body: body}
}

package hubspot

import "net/url"

// version is a generation of HubSpot's CRM API. Three live side by side; they
// answer alike and differ in their paths.
type version string

const (
	version202609 version = "2026-09"
	version202603 version = "2026-03"
	// versionV3 is v3 with v4 associations, which HubSpot supports until 2027.
	versionV3 version = "v3"
	// defaultVersion is the newest: it outlives the others, and introspection of
	// tokens speaks it too.
	defaultVersion = version202609
)

func (v version) account() string {
	return "/account-info/" + string(v) + "/details"
}

func (v version) owners() string { return v.crm("owners") }

func (v version) pipelines(object string) string { return v.crm("pipelines") + "/" + segment(object) }

func (v version) properties(object string) string { return v.crm("properties") + "/" + segment(object) }

func (v version) records(object string) string { return v.crm("objects") + "/" + segment(object) }

func (v version) batchRead(object string) string { return v.records(object) + "/batch/read" }

func (v version) search(object string) string { return v.records(object) + "/search" }

func (v version) schemas() string { return "/crm-object-schemas/" + string(v) + "/schemas" }

func (v version) associations(from, to string) string {
	return v.associationsRoot() + "/" + segment(from) + "/" + segment(to) + "/batch/read"
}

func (v version) associationLabels(from, to string) string {
	return v.associationsRoot() + "/" + segment(from) + "/" + segment(to) + "/labels"
}

func (v version) associationsRoot() string {
	if v == versionV3 {
		return "/crm/v4/associations"
	}
	return v.crm("associations")
}

// crm is the root of a resource of the CRM API. The older generation has the
// version before the resource, dated ones after it.
func (v version) crm(resource string) string {
	if v == versionV3 {
		return "/crm/v3/" + resource
	}
	return "/crm/" + resource + "/" + string(v)
}

func segment(object string) string { return url.PathEscape(object) }

package hubspot_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/hubspot"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

type object = map[string]any

func where(filters ...object) []any { return []any{object{"filters": filters}} }

func is(property, operator string, value any) object {
	filter := object{"propertyName": property, "operator": operator}
	switch v := value.(type) {
	case nil:
	case []string:
		filter["values"] = v
	default:
		filter["value"] = v
	}
	return filter
}

func TestSearchOperators(t *testing.T) {
	t.Parallel()
	p := start(t, func(c *hubspot.Config) { c.Records = world.Size{Users: 1} })
	for i, values := range []object{
		{"name": "Alder Foods", "domain": "alder.example", "industry": "RETAIL", "numberofemployees": 10},
		{"name": "Birch Foods Ltd", "domain": "Birch.example", "industry": "UTILITIES", "numberofemployees": 200},
		{"name": "Cedar Mills", "numberofemployees": 3000, "closedate": "2026-05-01"},
	} {
		require.Equal(t, http.StatusCreated, p.post("/crm/v3/objects/companies", object{"properties": values}).status, i)
	}
	find := func(filters ...object) string {
		got := p.post("/crm/v3/objects/companies/search", object{"filterGroups": where(filters...), "properties": []string{"name"}})
		require.Equal(t, http.StatusOK, got.status, got.text)
		found := ""
		for _, one := range got.list("results") {
			found += one.(object)["properties"].(object)["name"].(string)[:1]
		}
		require.EqualValues(t, len(found), got.at("total"))
		return found
	}
	for want, filters := range map[string][][]object{
		"ABC": {{}, {is("name", "HAS_PROPERTY", nil)}, {is("hs_object_id", "GT", "0")}},
		"AB":  {{is("domain", "HAS_PROPERTY", nil)}, {is("name", "CONTAINS_TOKEN", "foods")}, {is("numberofemployees", "LT", "3000")}, {is("industry", "IN", []string{"RETAIL", "UTILITIES"})}, {is("name", "CONTAINS_TOKEN", "f*")}},
		"A":   {{is("domain", "EQ", "ALDER.example")}, {is("numberofemployees", "LTE", "10")}, {is("industry", "EQ", "RETAIL")}, {is("domain", "IN", []string{"alder.example", "Birch.example"})}},
		"B":   {{is("domain", "IN", []string{"birch.example"})}, {is("numberofemployees", "GTE", "200"), is("industry", "HAS_PROPERTY", nil)}, {is("domain", "NEQ", "alder.example")}, {is("industry", "NOT_IN", []string{"RETAIL"})}, {object{"propertyName": "numberofemployees", "operator": "BETWEEN", "value": "11", "highValue": "200"}}},
		"C":   {{is("domain", "NOT_HAS_PROPERTY", nil)}, {is("closedate", "EQ", strconv.FormatInt(time.Date(2026, time.May, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), 10))}, {is("closedate", "GTE", "2026-04-30")}, {is("name", "NOT_CONTAINS_TOKEN", "foods")}},
		"":    {{is("industry", "EQ", "retail")}, {is("createdate", "GT", "2026-11-22T10:00:00Z")}},
	} {
		for _, one := range filters {
			require.Equal(t, want, find(one...), "%v", one)
		}
	}
	// Groups are alternatives; free text looks into names.
	got := p.post("/crm/v3/objects/companies/search", object{"filterGroups": append(where(is("name", "EQ", "alder foods")), where(is("name", "EQ", "cedar mills"))...)})
	require.EqualValues(t, 2, got.at("total"))
	require.EqualValues(t, 1, p.post("/crm/v3/objects/companies/search", object{"query": "cedar"}).at("total"))
	sorted := p.post("/crm/v3/objects/companies/search", object{"sorts": []any{object{"propertyName": "numberofemployees", "direction": "DESCENDING"}}, "limit": 1})
	require.Equal(t, "Cedar Mills", sorted.at("results", 0, "properties", "name"))
	require.Equal(t, "1", sorted.at("paging", "next", "after"))
	sorted = p.post("/crm/v3/objects/companies/search", object{"sorts": []any{"-name"}, "limit": 1, "after": "2"})
	require.Equal(t, "Alder Foods", sorted.at("results", 0, "properties", "name"))
	require.Nil(t, sorted.at("paging"))
}

func TestSearchRefusals(t *testing.T) {
	t.Parallel()
	p := start(t)
	seven := make([]object, 7)
	for i := range seven {
		seven[i] = is("email", "HAS_PROPERTY", nil)
	}
	six := append(append(append(append(append(where(), where()...), where()...), where()...), where()...), where()...)
	for name, body := range map[string]object{
		"unknown property": {"filterGroups": where(is("nope", "EQ", "x"))},
		"unknown operator": {"filterGroups": where(is("email", "LIKE", "x"))},
		"no value":         {"filterGroups": where(is("email", "EQ", nil))},
		"no high value":    {"filterGroups": where(is("createdate", "BETWEEN", "1"))},
		"bad number":       {"filterGroups": where(is("hs_object_id", "GT", "many"))},
		"seven filters":    {"filterGroups": where(seven...)},
		"six groups":       {"filterGroups": six},
		"two sorts":        {"sorts": []string{"email", "city"}},
		"unknown sort":     {"sorts": []string{"nope"}},
		"long page":        {"limit": 201},
		"odd cursor":       {"after": "x"},
		"past the wall":    {"limit": 200, "after": "9801"},
	} {
		got := p.post("/crm/v3/objects/contacts/search", body)
		require.Equal(t, http.StatusBadRequest, got.status, name)
		require.Equal(t, "VALIDATION_ERROR", got.at("category"), name)
	}
	require.NoError(t, p.Controls().SetSwitch(hubspot.SwitchSearchBody, 100))
	long := object{"properties": []string{fmt.Sprintf("%0200d", 1)}}
	require.Equal(t, http.StatusBadRequest, p.post("/crm/v3/objects/contacts/search", long).status)
	p.Controls().SetSearchCap(false)
	require.Equal(t, http.StatusOK, p.post("/crm/v3/objects/contacts/search", object{"limit": 50, "after": "9960"}).status)
}

// TestSearchAroundTheWall reads more records than a search gives, all with one stamp, while they change: by restarting
// at the last id. Nothing is lost and nothing comes twice.
func TestSearchAroundTheWall(t *testing.T) {
	t.Parallel()
	const records = 10_450
	p := start(t, func(c *hubspot.Config) { c.Records = world.Size{Users: 1} })
	ids, err := p.Controls().CreateRecords(hubspot.RecordChange{Object: "deals", Count: records, Values: map[string]string{"dealname": "Same"}})
	require.NoError(t, err)
	until := strconv.FormatInt(p.clock.Now().UnixMilli(), 10)
	p.clock.Advance(time.Second)
	changed := false
	p.Controls().BeforePage(func(string) {
		if !changed { // one record moves out of the window, new ones appear behind it
			changed = true
			_, err := p.Controls().TouchRecords(hubspot.RecordChange{Object: "deals", IDs: ids[records-1:]})
			require.NoError(t, err)
			_, err = p.Controls().CreateRecords(hubspot.RecordChange{Object: "deals", Count: 5})
			require.NoError(t, err)
		}
	})
	seen, last := map[string]bool{}, "0"
	for after := 0; ; {
		got := p.post("/crm/v3/objects/deals/search", object{
			"filterGroups": where(is("hs_lastmodifieddate", "LTE", until), is("hs_object_id", "GT", last)),
			"sorts":        []string{"hs_object_id"}, "limit": 200, "after": strconv.Itoa(after), "properties": []string{"dealname"},
		})
		require.Equal(t, http.StatusOK, got.status, got.text)
		var id string
		for _, one := range got.list("results") {
			id = one.(object)["id"].(string)
			require.False(t, seen[id])
			seen[id] = true
		}
		if got.at("paging") == nil {
			break
		}
		if after += 200; after == 10_000 {
			last, after = id, 0
		}
	}
	require.Len(t, seen, records-1, "all but the one that was changed meanwhile")
	for _, id := range ids[:records-1] {
		require.True(t, seen[id])
	}
}

// TestIndexLag: search sees a change late, lists see it at once, and archived records never show in a search.
func TestIndexLag(t *testing.T) {
	t.Parallel()
	p := start(t, func(c *hubspot.Config) { c.IndexLag = 10 * time.Second })
	find := func(name string) any {
		return p.post("/crm/v3/objects/companies/search", object{"filterGroups": where(is("name", "EQ", name))}).at("total")
	}
	made := p.post("/crm/v3/objects/companies", object{"properties": object{"name": "Fresh"}})
	id := made.at("id").(string)
	require.EqualValues(t, 0, find("Fresh"))
	require.Equal(t, http.StatusOK, p.get("/crm/v3/objects/companies/"+id).status)
	p.clock.Advance(10 * time.Second)
	require.EqualValues(t, 1, find("Fresh"))

	p.do(http.MethodPatch, "/crm/v3/objects/companies/"+id, object{"properties": object{"name": "Renamed"}})
	p.clock.Advance(5 * time.Second)
	p.do(http.MethodPatch, "/crm/v3/objects/companies/"+id, object{"properties": object{"name": "Renamed again"}})
	require.EqualValues(t, 1, find("Fresh"), "the index still shows the old name")
	p.clock.Advance(10 * time.Second)
	require.Equal(t, []any{0.0, 1.0}, []any{find("Fresh"), find("Renamed again")})

	p.do(http.MethodDelete, "/crm/v3/objects/companies/"+id, nil)
	require.EqualValues(t, 1, find("Renamed again"))
	p.clock.Advance(10 * time.Second)
	require.EqualValues(t, 0, find("Renamed again"))
}

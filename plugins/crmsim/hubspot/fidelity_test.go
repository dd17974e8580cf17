package hubspot_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/hubspot"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// leastAgreement is the share of names and types, or of the shape of answers, that must agree with the real service.
const leastAgreement = 0.95

// referenceData is the folder with real definitions and recorded exchanges; tests skip without it.
func referenceData(t *testing.T) string {
	t.Helper()
	root := os.Getenv("FIELDWARDEN_REFERENCE_DATA")
	if root == "" {
		t.Skip("FIELDWARDEN_REFERENCE_DATA is not set: the simulator is not compared with the real service")
	}
	return filepath.Join(root, "hubspot", "data")
}

func readJSON[T any](t *testing.T, path string) T {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var value T
	require.NoError(t, json.Unmarshal(text, &value), path)
	return value
}

// exchange is one recorded request and its answer.
type exchange struct {
	Name    string `json:"-"`
	Note    string
	Request struct {
		Method, Path string
		Query        map[string]string
		Body         any
	}
	Response struct {
		Status int
		Body   any
	}
}

func recordings(t *testing.T, data string) []exchange {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(data, "recordings", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	list := make([]exchange, len(files))
	for i, file := range files {
		list[i] = readJSON[exchange](t, file)
		list[i].Name = strings.TrimSuffix(filepath.Base(file), ".json")
	}
	return list
}

// TestDefinitionsAgree compares our property definitions with real ones, in both directions. The real ones are older
// than the recorded exchanges, so a name of ours also counts as real when a recorded record has it.
func TestDefinitionsAgree(t *testing.T) {
	t.Parallel()
	data := referenceData(t)
	seen := recordedNames(recordings(t, data))
	p := start(t)
	for object, file := range map[string]string{
		"contacts": "contacts_default_2023-09", "companies": "companies_default_2026-03", "deals": "deals_default_2024-10",
		"line_items": "line_items_default_2024-10", "leads": "leads_assembled_NOT_REAL",
	} {
		type definitions struct {
			Results []struct{ Name, Type string }
		}
		theirs, ours := map[string]string{}, map[string]string{}
		for _, one := range readJSON[definitions](t, filepath.Join(data, "properties", file+".json")).Results {
			theirs[one.Name] = one.Type
		}
		for _, one := range p.get("/crm/v3/properties/" + object).list("results") {
			definition, _ := one.(map[string]any)
			ours[definition["name"].(string)], _ = definition["type"].(string)
		}
		forward, missing := agreement(theirs, ours, nil)
		backward, invented := agreement(ours, theirs, seen[object])
		t.Logf("%-10s real → ours %5.1f %% of %d, ours → real %5.1f %% of %d", object, 100*forward, len(theirs), 100*backward, len(ours))
		t.Logf("           not here, or of another type: %v", missing)
		t.Logf("           only here: %v", invented)
		if object == "leads" {
			continue // assembled from guides: reported, not judged
		}
		require.GreaterOrEqual(t, forward, leastAgreement, object)
		require.GreaterOrEqual(t, backward, leastAgreement, object)
	}
}

// agreement is the share of names that the other side has with the same type, or that were seen in records.
func agreement(side, other map[string]string, seen map[string]bool) (share float64, differ []string) {
	for name, kind := range side {
		if found, ok := other[name]; (ok && found != kind) || (!ok && !seen[name]) {
			differ = append(differ, fmt.Sprintf("%s (%s, %s)", name, kind, found))
		}
	}
	slices.Sort(differ)
	return 1 - float64(len(differ))/float64(len(side)), differ
}

// recordedNames are the property names that recorded records have, by object.
func recordedNames(list []exchange) map[string]map[string]bool {
	names := map[string]map[string]bool{}
	for _, one := range list {
		parts := strings.Split(one.Request.Path, "/")
		if len(parts) < 5 || parts[3] != "objects" {
			continue
		}
		object := parts[4]
		if names[object] == nil {
			names[object] = map[string]bool{}
		}
		for _, record := range recordsOf(one) {
			for name := range record {
				names[object][name] = true
			}
		}
	}
	return names
}

// recordsOf are the properties of the records in an answer.
func recordsOf(one exchange) []map[string]any {
	body, _ := one.Response.Body.(map[string]any)
	records, isList := body["results"].([]any)
	if !isList {
		records = []any{body}
	}
	var found []map[string]any
	for _, record := range records {
		object, _ := record.(map[string]any)
		if properties, ok := object["properties"].(map[string]any); ok {
			found = append(found, properties)
		}
	}
	return found
}

// TestRecordedExchanges sends recorded requests to a portal with the recorded records and compares the answers' status
// and shape: which keys there are, and what kinds of values.
func TestRecordedExchanges(t *testing.T) {
	t.Parallel()
	list := recordings(t, referenceData(t))
	p := start(t, func(c *hubspot.Config) { c.Records = world.Size{Users: 3} })
	access := p.install(strings.Join(append(hubspot.DefaultScopes(), "crm.schemas.contacts.write"), " ")).at("access_token").(string)
	owner, _ := p.get("/crm/v3/owners").at("results", 1, "id").(string)
	ids := seed(t, p, list)
	for range 4 { // recorded lists are cut to three records; one of them goes on
		require.Equal(t, http.StatusCreated, p.post("/crm/v3/objects/deals", map[string]any{
			"properties": map[string]any{"dealname": "More", "dealstage": "qualifiedtobuy", "pipeline": "default", "amount": 5},
		}).status)
	}
	replace := func(text string) string {
		for recorded, ours := range ids {
			text = strings.ReplaceAll(text, recorded, ours)
		}
		return strings.NewReplacer("<ACCESS_TOKEN>", access, "filterTests", "filterGroups", "1000002", owner).Replace(text)
	}
	total, agreed := 0, 0
	for _, one := range list {
		raw, err := json.Marshal(one.Request.Body)
		require.NoError(t, err)
		body := any(json.RawMessage(replace(string(raw))))
		if one.Request.Body == nil {
			body = nil
		}
		got := p.do(one.Request.Method, replace(one.Request.Path)+"?"+queryOf(one), body)
		want := one.Response.Status
		if strings.Contains(one.Note, "most likely from the recording proxy") {
			want = http.StatusCreated
		}
		require.Equal(t, want, got.status, "%s: %s", one.Name, got.text)
		theirs, ours := map[string]string{}, map[string]string{}
		flatten("", one.Response.Body, theirs)
		if got.json != nil {
			flatten("", got.json, ours)
		}
		paths, differ := compareShapes(theirs, ours)
		total, agreed = total+paths, agreed+paths-len(differ)
		if len(differ) > 0 {
			t.Logf("%s: %d of %d agree; differ: %v", one.Name, paths-len(differ), paths, differ)
		}
	}
	share := float64(agreed) / float64(total)
	t.Logf("%d recorded exchanges: every status agrees, and %.1f %% of the shape (%d of %d paths)", len(list), 100*share, agreed, total)
	require.GreaterOrEqual(t, share, leastAgreement)
}

func queryOf(one exchange) string {
	query := url.Values{}
	for key, value := range one.Request.Query {
		query.Set(key, value)
	}
	return query.Encode()
}

// seed creates the records that recorded answers show and gives our ids for theirs.
func seed(t *testing.T, p *portalUnderTest, list []exchange) map[string]string {
	t.Helper()
	ids := map[string]string{}
	for _, one := range list {
		parts := strings.Split(one.Request.Path, "/")
		if len(parts) < 5 || parts[3] != "objects" || (one.Request.Method == http.MethodPost && parts[len(parts)-1] != "search" && parts[len(parts)-1] != "update") {
			continue
		}
		for _, record := range recordsOf(one) {
			id, _ := record["hs_object_id"].(string)
			if id == "" || ids[id] != "" {
				continue
			}
			ids[id] = create(t, p, parts[4], record)
		}
	}
	// Named in requests only.
	for recorded, object := range map[string]string{"735218133199": "contacts", "713492963559": "contacts", "406260751575": "companies"} {
		if ids[recorded] == "" {
			ids[recorded] = create(t, p, object, map[string]any{"firstname": "Named", "name": "Named"})
		}
	}
	return ids
}

// create makes a record with those of the recorded values that can be written.
func create(t *testing.T, p *portalUnderTest, object string, record map[string]any) string {
	t.Helper()
	values := map[string]any{}
	for name, value := range record {
		definition := p.get("/crm/v3/properties/" + object + "/" + name)
		if value != nil && definition.status == http.StatusOK && definition.at("modificationMetadata", "readOnlyValue") == false {
			values[name] = value
		}
	}
	if object == "tasks" && values["hs_timestamp"] == nil {
		values["hs_timestamp"] = "2026-03-15T10:00:00Z"
	}
	made := p.post("/crm/v3/objects/"+object, map[string]any{"properties": values})
	require.Equal(t, http.StatusCreated, made.status, made.text)
	return made.at("id").(string)
}

// flatten notes the kind of every value by its path; the elements of a list are laid over each other.
func flatten(path string, value any, shape map[string]string) {
	note := func(kind string) {
		if have, ok := shape[path]; !ok || have == "null" {
			shape[path] = kind
		}
	}
	switch v := value.(type) {
	case map[string]any:
		note("object")
		for key, inner := range v {
			flatten(path+"."+strings.ReplaceAll(key, "ScopeTestPks", "ScopeGroupPks"), inner, shape)
		}
	case []any:
		note("list")
		for _, inner := range v {
			flatten(path+"[]", inner, shape)
		}
	case nil:
		if path != "" {
			note("null")
		}
	default:
		note(fmt.Sprintf("%T", v))
	}
}

// compareShapes counts the paths of both sides and names those that one lacks or has with another kind; a null agrees
// with every kind.
func compareShapes(theirs, ours map[string]string) (paths int, differ []string) {
	for path, kind := range theirs {
		paths++
		if found, ok := ours[path]; !ok || (found != kind && found != "null" && kind != "null") {
			differ = append(differ, "-"+path)
		}
	}
	for path := range ours {
		if _, ok := theirs[path]; !ok {
			paths++
			differ = append(differ, "+"+path)
		}
	}
	slices.Sort(differ)
	return paths, differ
}

package hubspot_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/hubspot"
)

// TestSilence: unknown, archived and deleted names are left out without a word; empty ones are null; the id and the
// stamps always come.
func TestSilence(t *testing.T) {
	t.Parallel()
	p := start(t)
	for field, condition := range map[string]string{"jobtitle": "archived", "city": "deleted"} {
		require.NoError(t, p.Controls().SetField("contacts", field, control.FieldChange{Condition: &condition}))
	}
	for _, path := range []string{
		"/crm/v3/objects/contacts?limit=1&properties=email,jobtitle,city,nope,fax",
		"/crm/v3/objects/contact?limit=1&properties=email&properties=jobtitle&properties=city&properties=nope&properties=fax",
		"/crm/objects/2026-09/0-1?limit=1&properties=email,jobtitle,city,nope,fax",
	} {
		got := p.get(path)
		require.Equal(t, http.StatusOK, got.status, got.text)
		properties, _ := got.at("results", 0, "properties").(map[string]any)
		require.Len(t, properties, 5, "email, fax, createdate, lastmodifieddate, hs_object_id: %v", properties)
		require.Contains(t, properties, "fax")
		require.Nil(t, properties["fax"])
		require.Equal(t, got.at("results", 0, "id"), properties["hs_object_id"])
	}
}

// TestSensitive: definitions come one class at a time; reading a sensitive value without its scope fails everything.
func TestSensitive(t *testing.T) {
	t.Parallel()
	p := start(t)
	condition := "sensitive"
	require.NoError(t, p.Controls().SetField("contacts", "mobilephone", control.FieldChange{Condition: &condition}))
	names := func(query string) string { return p.get("/crm/v3/properties/contacts" + query).text }
	require.NotContains(t, names(""), `"mobilephone"`)
	require.Contains(t, names("?dataSensitivity=sensitive"), `"mobilephone"`)
	require.Empty(t, p.get("/crm/v3/properties/contacts?dataSensitivity=highly_sensitive").list("results"))
	require.Equal(t, http.StatusBadRequest, p.get("/crm/v3/properties/contacts?dataSensitivity=secret").status)

	id := p.get("/crm/v3/objects/contacts?limit=1").at("results", 0, "id").(string)
	body := map[string]any{"properties": []string{"email", "mobilephone"}, "inputs": []any{map[string]any{"id": id}}}
	for name, got := range map[string]answer{
		"list":   p.get("/crm/v3/objects/contacts?properties=email,mobilephone"),
		"one":    p.get("/crm/v3/objects/contacts/" + id + "?properties=mobilephone"),
		"batch":  p.post("/crm/v3/objects/contacts/batch/read", body),
		"search": p.post("/crm/v3/objects/contacts/search", map[string]any{"properties": []string{"mobilephone"}}),
	} {
		require.Equal(t, http.StatusForbidden, got.status, name)
		require.Equal(t, "MISSING_SCOPES", got.at("category"), name)
		require.Equal(t, "crm.objects.contacts.sensitive.read.v2", got.at("errors", 0, "context", "requiredGranularScopes", 0), name)
	}
	// The guides' spelling of the scope does, too.
	p.install("oauth crm.objects.contacts.read crm.objects.contacts.sensitive.read")
	require.Equal(t, http.StatusOK, p.get("/crm/v3/objects/contacts?properties=email,mobilephone").status)
}

// TestScopes: an object without its scopes is refused with the documented body; others are untouched.
func TestScopes(t *testing.T) {
	t.Parallel()
	p := start(t)
	off := false
	require.NoError(t, p.Controls().SetObject("deals", control.ObjectChange{Read: &off}))
	got := p.get("/crm/v3/objects/deals")
	require.Equal(t, http.StatusForbidden, got.status)
	require.Equal(t, []any{
		"crm.schemas.deals.read", "crm.objects.deals.sensitive.read.v2", "crm.objects.deals.read",
		"crm.objects.deals.highly_sensitive.read.v2",
	}, got.at("errors", 0, "context", "requiredGranularScopes"))
	require.Equal(t, "https://developers.hubspot.com/scopes", got.at("links", "scopes"))
	require.Equal(t, http.StatusForbidden, p.get("/crm/v3/properties/deals").status)
	require.Equal(t, http.StatusForbidden, p.get("/crm/v3/objects/contacts?associations=deals").status)
	require.Equal(t, http.StatusOK, p.get("/crm/v3/objects/contacts").status)

	require.NoError(t, p.Controls().SetObject("leads", control.ObjectChange{Create: &off}))
	require.Equal(t, http.StatusForbidden, p.post("/crm/v3/objects/leads", map[string]any{}).status)
	require.Equal(t, http.StatusOK, p.get("/crm/v3/objects/leads").status)

	// Engagements ride on contacts; mails need one scope more.
	require.NoError(t, p.Controls().SetObject("emails", control.ObjectChange{Read: &off}))
	require.Equal(t, []any{"sales-email-read"}, p.get("/crm/v3/objects/emails").at("errors", 0, "context", "requiredGranularScopes"))
	require.Equal(t, http.StatusOK, p.get("/crm/v3/objects/tasks").status)
	require.Error(t, p.Controls().SetObject("tasks", control.ObjectChange{Read: &off}))
	require.NoError(t, p.Controls().SetObject("contacts", control.ObjectChange{Read: &off}))
	require.Equal(t, http.StatusForbidden, p.get("/crm/v3/objects/tasks").status)
	p.Controls().Reset()
	require.Equal(t, http.StatusOK, p.get("/crm/v3/objects/deals").status)
}

// TestReauthorization: a withdrawn scope comes back when the admin agrees to it again; one outside the subscription
// does not.
func TestReauthorization(t *testing.T) {
	t.Parallel()
	p := start(t)
	scopes := "oauth crm.objects.contacts.read"
	p.install(scopes)
	p.Controls().SetScope("crm.objects.contacts.read", false)
	require.Equal(t, http.StatusForbidden, p.get("/crm/v3/objects/contacts").status)
	p.install(scopes)
	require.Equal(t, http.StatusOK, p.get("/crm/v3/objects/contacts").status)

	unavailable, normal := "unavailable", ""
	require.NoError(t, p.Controls().SetObject("contacts", control.ObjectChange{Condition: &unavailable}))
	require.Equal(t, http.StatusForbidden, p.get("/crm/v3/objects/contacts").status)
	require.Contains(t, p.get(authorizePath(scopes, "")).text, "Insufficient scopes")
	require.NoError(t, p.Controls().SetObject("contacts", control.ObjectChange{Condition: &normal}))
	require.Equal(t, http.StatusOK, p.get("/crm/v3/objects/contacts").status)
}

func TestListPagesAndArchive(t *testing.T) {
	t.Parallel()
	p := start(t)
	seen := map[string]bool{}
	var order []string
	for path := "/crm/v3/objects/contacts?limit=40"; path != ""; {
		got := p.get(path)
		for _, one := range got.list("results") {
			id := one.(map[string]any)["id"].(string)
			require.False(t, seen[id], "%s twice", id)
			seen[id] = true
			order = append(order, id)
		}
		path = ""
		if after, ok := got.at("paging", "next", "after").(string); ok {
			path = "/crm/v3/objects/contacts?limit=40&after=" + after
		}
	}
	require.Len(t, order, 150, "people and those behind leads")
	require.IsIncreasing(t, order)
	require.Equal(t, http.StatusBadRequest, p.get("/crm/v3/objects/contacts?limit=101").status)
	require.Equal(t, http.StatusBadRequest, p.get("/crm/v3/objects/contacts?after=x").status)
	require.Len(t, p.get("/crm/v3/objects/contacts").list("results"), 10)

	// Archiving does not move the modified stamp; only the archived list shows it.
	before := p.get("/crm/v3/objects/contacts/" + order[0])
	require.Equal(t, http.StatusNoContent, p.do(http.MethodDelete, "/crm/v3/objects/contacts/"+order[0], nil).status)
	require.Equal(t, http.StatusNoContent, p.do(http.MethodDelete, "/crm/v3/objects/contacts/1", nil).status, "unknown ids too")
	require.Equal(t, http.StatusNotFound, p.get("/crm/v3/objects/contacts/"+order[0]).status)
	archived := p.get("/crm/v3/objects/contacts?archived=true")
	require.Equal(t, order[0], archived.at("results", 0, "id"))
	require.Equal(t, true, archived.at("results", 0, "archived"))
	require.NotEmpty(t, archived.at("results", 0, "archivedAt"))
	require.Equal(t, before.at("updatedAt"), archived.at("results", 0, "updatedAt"))
}

func TestNotFoundBodies(t *testing.T) {
	t.Parallel()
	p := start(t)
	require.Equal(t, "resource not found", p.get("/crm/v3/objects/contacts/12345").at("message"))
	odd := p.get("/crm/v3/objects/contacts/abc")
	require.Equal(t, []any{"OBJECT_NOT_FOUND", "Object not found.  objectId are usually numeric."}, []any{odd.at("category"), odd.at("message")})
	require.Equal(t, http.StatusNotFound, p.get("/crm/v2/objects/contacts").status)
	require.Equal(t, http.StatusNotFound, p.get("/crm/objects/2025-01/contacts").status)
	require.Equal(t, http.StatusNotFound, p.get("/nowhere").status)
	require.Equal(t, http.StatusBadRequest, p.get("/crm/v3/objects/spaceships").status)
	require.Equal(t, http.StatusNotImplemented, p.post("/crm/v3/exports/export/async", nil).status)
	require.Equal(t, http.StatusNotImplemented, p.get("/webhooks/v3/987654/settings").status)
	batch := p.post("/crm/v3/objects/contacts/batch/read", map[string]any{"inputs": []any{map[string]any{"id": "999"}}})
	require.Equal(t, http.StatusMultiStatus, batch.status)
	require.Equal(t, []any{"999"}, batch.at("errors", 0, "context", "ids"))
	require.Equal(t, "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid.", batch.at("errors", 0, "message"))
}

func TestWrites(t *testing.T) {
	t.Parallel()
	p := start(t)
	create := func(object string, values map[string]any) answer {
		return p.post("/crm/v3/objects/"+object, map[string]any{"properties": values})
	}
	made := create("contacts", map[string]any{"email": "ada@client.example", "hs_buying_role": "CHAMPION"})
	require.Equal(t, http.StatusCreated, made.status, made.text)
	id := made.at("id").(string)
	clash := create("contacts", map[string]any{"email": "ADA@client.example"})
	require.Equal(t, http.StatusConflict, clash.status)
	require.Equal(t, "Contact already exists. Existing ID: "+id, clash.at("message"))

	unknown := create("contacts", map[string]any{"testproperty": "x"})
	require.Equal(t, http.StatusBadRequest, unknown.status)
	require.Equal(t, "PROPERTY_DOESNT_EXIST", unknown.at("errors", 0, "code"))
	require.Contains(t, unknown.at("message"), `"portalId":12345678}]`)
	for name, one := range map[string]struct {
		object string
		values map[string]any
		code   string
	}{
		"option":   {"companies", map[string]any{"industry": "X"}, "INVALID_OPTION"},
		"number":   {"deals", map[string]any{"dealname": "x", "amount": "many"}, "INVALID_INTEGER"},
		"date":     {"deals", map[string]any{"dealname": "x", "closedate": "soon"}, "INVALID_LONG"},
		"readonly": {"contacts", map[string]any{"num_notes": 3}, "READ_ONLY_VALUE"},
		"required": {"calls", map[string]any{"hs_call_title": "x"}, "MISSING_REQUIRED_PROPERTIES"},
	} {
		got := create(one.object, one.values)
		require.Equal(t, http.StatusBadRequest, got.status, name)
		require.Equal(t, one.code, got.at("errors", 0, "code"), name)
	}
	lonely := create("leads", map[string]any{"hs_lead_name": "Nobody's"})
	require.Equal(t, http.StatusBadRequest, lonely.status, "a lead needs its contact or company")
	require.Equal(t, lonely.at("correlationId"), lonely.header.Get("X-HubSpot-Correlation-Id"))
	patch := func(values map[string]any) answer {
		return p.do(http.MethodPatch, "/crm/v3/objects/contacts/"+id, map[string]any{"properties": values})
	}
	require.Equal(t, "CHAMPION;INFLUENCER", patch(map[string]any{"hs_buying_role": ";INFLUENCER"}).at("properties", "hs_buying_role"))
	require.Equal(t, http.StatusOK, patch(map[string]any{"hs_buying_role": ""}).status)
	require.Nil(t, p.get("/crm/v3/objects/contacts/"+id+"?properties=hs_buying_role").at("properties", "hs_buying_role"))
	mail := p.do(http.MethodPatch, "/crm/v3/objects/contacts/ada@client.example?idProperty=email", map[string]any{"properties": map[string]any{"city": "Turin"}})
	require.Equal(t, "Turin", mail.at("properties", "city"))
	require.Equal(t, http.StatusNoContent, p.post("/crm/v3/objects/contacts/gdpr-delete", map[string]any{"objectId": id}).status)
	require.NotContains(t, p.get("/crm/v3/objects/contacts?archived=true").text, id, "erased, not archived")

	// A batch create is all or nothing, unless every input has a trace id.
	inputs := func(trace bool) map[string]any {
		var list []any
		for i, name := range []string{"city", "missing"} {
			input := map[string]any{"properties": map[string]any{name: "x"}}
			if trace {
				input["objectWriteTraceId"] = fmt.Sprint("trace-", i)
			}
			list = append(list, input)
		}
		return map[string]any{"inputs": list}
	}
	require.Equal(t, http.StatusBadRequest, p.post("/crm/v3/objects/contacts/batch/create", inputs(false)).status)
	partly := p.post("/crm/v3/objects/contacts/batch/create", inputs(true))
	require.Equal(t, http.StatusMultiStatus, partly.status)
	require.Equal(t, []any{"trace-1"}, partly.at("errors", 0, "context", "objectWriteTraceId"))
	require.Len(t, partly.list("results"), 1)
}

func TestProperties(t *testing.T) {
	t.Parallel()
	p := start(t)
	amount := p.get("/crm/properties/2026-03/deals/amount")
	require.Equal(t, true, amount.at("hubspotDefined"))
	require.Nil(t, amount.at("archived"))
	require.Equal(t, true, amount.at("showCurrencySymbol"))
	stage := p.get("/crm/v3/properties/0-3/dealstage")
	require.Equal(t, []any{true, 0}, []any{stage.at("externalOptions"), len(stage.list("options"))})
	require.Len(t, p.get("/crm/v3/properties/contacts/lifecyclestage").list("options"), 8)

	condition := "archived"
	require.NoError(t, p.Controls().SetField("deals", "hs_next_step", control.FieldChange{Condition: &condition}))
	require.NotContains(t, p.get("/crm/v3/properties/deals").text, `"hs_next_step"`)
	archived := p.get("/crm/v3/properties/deals?archived=true")
	require.Equal(t, []any{"hs_next_step", true}, []any{archived.at("results", 0, "name"), archived.at("results", 0, "archived")})
	require.NotEmpty(t, archived.at("results", 0, "archivedAt"))
	require.Equal(t, http.StatusNotFound, p.get("/crm/v3/properties/deals/hs_next_step").status)

	require.NoError(t, p.Controls().CreateProperty("deals", "next_move", "Next step"))
	custom := p.get("/crm/v3/properties/deals/next_move")
	require.Equal(t, []any{false, nil, "1000001"}, []any{custom.at("archived"), custom.at("hubspotDefined"), custom.at("createdUserId")})
	read := p.post("/crm/v3/properties/deals/batch/read", map[string]any{"inputs": []any{map[string]any{"name": "amount"}, map[string]any{"name": "gone"}}})
	require.Equal(t, http.StatusMultiStatus, read.status)
	require.Len(t, read.list("results"), 1)
	require.Equal(t, http.StatusNoContent, p.post("/crm/v3/properties/deals/batch/archive", map[string]any{"inputs": []any{map[string]any{"name": "gone"}}}).status)
}

// TestCatalogs: every object has definitions with a type, a field type, a group, and its own stamps among them.
func TestCatalogs(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, o := range p.Controls().State().Objects {
		if o.Name == "owners" {
			continue
		}
		got := p.get("/crm/v3/properties/" + o.Name)
		require.Equal(t, http.StatusOK, got.status, o.Name)
		names := map[string]bool{}
		for _, one := range got.list("results") {
			definition := one.(map[string]any)
			for _, key := range []string{"name", "label", "type", "fieldType", "groupName"} {
				require.NotEmpty(t, definition[key], "%s of %v", key, definition)
			}
			require.False(t, names[definition["name"].(string)], "%s.%s twice", o.Name, definition["name"])
			names[definition["name"].(string)] = true
		}
		page := p.get("/crm/v3/objects/" + o.Name + "?limit=100")
		for _, record := range page.list("results") {
			for name := range record.(map[string]any)["properties"].(map[string]any) {
				require.True(t, names[name], "%s.%s has no definition", o.Name, name)
			}
		}
	}
}

// TestInventedValuesFit: what the generator fills in exists, and choices are among the options.
func TestInventedValuesFit(t *testing.T) {
	t.Parallel()
	p := start(t, func(c *hubspot.Config) { c.Seed = 7 })
	for _, object := range []string{"contacts", "companies", "deals", "leads", "line_items", "calls", "emails", "meetings", "tasks", "notes", "communications", "users"} {
		options := map[string]map[string]bool{}
		var names []string
		for _, one := range p.get("/crm/v3/properties/" + object).list("results") {
			definition := one.(map[string]any)
			name := definition["name"].(string)
			names = append(names, name)
			if list, _ := definition["options"].([]any); definition["externalOptions"] == false && len(list) > 0 {
				options[name] = map[string]bool{}
				for _, option := range list {
					options[name][option.(map[string]any)["value"].(string)] = true
				}
			}
		}
		ids, err := p.Controls().RecordIDs(object)
		require.NoError(t, err)
		require.NotEmpty(t, ids, object)
		for _, id := range ids[:min(len(ids), 30)] {
			got := p.post("/crm/v3/objects/"+object+"/batch/read", map[string]any{"properties": names, "inputs": []any{map[string]any{"id": id}}})
			filled := 0
			for name, value := range got.at("results", 0, "properties").(map[string]any) {
				text, set := value.(string)
				if set {
					filled++
				}
				if allowed := options[name]; set && allowed != nil {
					for _, one := range strings.Split(text, ";") {
						require.True(t, allowed[one], "%s.%s: %q is no option", object, name, one)
					}
				}
			}
			require.Greater(t, filled, 5, object)
		}
	}
}

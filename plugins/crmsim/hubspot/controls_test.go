package hubspot_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/hubspot"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

func TestAccountType(t *testing.T) {
	t.Parallel()
	p := start(t, func(c *hubspot.Config) { c.Sandbox = true })
	details := p.get("/account-info/2026-09/details")
	require.Equal(t, []any{"SANDBOX", 12345678.0, "-05:00"}, []any{details.at("accountType"), details.at("portalId"), details.at("utcOffset")})
	require.NoError(t, p.Controls().SetSwitch(hubspot.SwitchAccountType, "DEVELOPER_TEST"))
	require.Equal(t, "DEVELOPER_TEST", p.get("/account-info/v3/details").at("accountType"))
	require.Error(t, p.Controls().SetSwitch(hubspot.SwitchAccountType, "MOON"))
	require.Error(t, p.Controls().SetSwitch("nope", true))
	_, err := hubspot.New(hubspot.Config{AccountType: "MOON"})
	require.Error(t, err)
}

func TestUserLevelTokens(t *testing.T) {
	t.Parallel()
	p := start(t)
	token := p.install("oauth crm.objects.deals.read crm.objects.contacts.read").at("access_token").(string)
	require.NoError(t, p.Controls().SetSwitch(hubspot.SwitchUserForbidden, []string{"deals"}))
	require.Equal(t, http.StatusOK, p.get("/crm/v3/objects/deals").status, "app tokens act for the account")
	require.NoError(t, p.Controls().SetSwitch(hubspot.SwitchUserLevel, true))
	got := p.get("/crm/v3/objects/deals")
	require.Equal(t, []any{"FORBIDDEN", "You do not have permissions to view object type DEAL."}, []any{got.at("category"), got.at("message")})
	require.Equal(t, http.StatusOK, p.get("/crm/v3/objects/contacts").status)
	require.Equal(t, true, p.form("/oauth/v3/token/introspect", with("token", token)).at("signed_access_token", "isUserLevel"))
}

// TestControlAPI goes through the shared control API as the control page does.
func TestControlAPI(t *testing.T) {
	t.Parallel()
	p := start(t)
	state := p.get("/sim/api/hubspot/state")
	require.Equal(t, http.StatusOK, state.status, state.text)
	require.Equal(t, "STANDARD", state.at("instance", "environment"))
	require.Equal(t, "12345678", state.at("instance", "id"))
	require.NotContains(t, state.text, p.token)
	require.Equal(t, http.StatusOK, p.get("/sim/").status)
	put := func(path string, body object) int { return p.do(http.MethodPut, "/sim/api/hubspot"+path, body).status }
	require.Equal(t, http.StatusOK, put("/objects/deals", object{"read": false}))
	require.Equal(t, http.StatusForbidden, p.get("/crm/v3/objects/deals").status)
	require.Equal(t, http.StatusOK, put("/objects/owners", object{"read": false}))
	require.Equal(t, http.StatusForbidden, p.get("/crm/v3/owners").status)
	require.Equal(t, http.StatusOK, put("/objects/contacts/fields/phone", object{"condition": "archived"}))
	require.NotContains(t, p.get("/crm/v3/properties/contacts").text, `"name":"phone"`)
	require.Equal(t, http.StatusOK, put("/switches/"+hubspot.SwitchIndexLag, object{"value": 5}))
	for path, body := range map[string]object{
		"/objects/contacts/fields/phone":        {"read": false},
		"/objects/contacts/fields/hs_object_id": {"condition": "deleted"},
		"/objects/tasks":                        {"read": false},
		"/objects/contacts":                     {"create": true, "update": false},
	} {
		require.Equal(t, http.StatusConflict, put(path, body), path)
	}
	require.Equal(t, http.StatusBadRequest, put("/objects/contacts/fields/phone", object{"condition": "secured"}))
	require.Equal(t, http.StatusNotFound, put("/objects/contacts/fields/nope", object{"condition": "deleted"}))
	require.Equal(t, http.StatusNotFound, put("/objects/nope", object{"read": false}))
	require.Equal(t, http.StatusBadRequest, put("/switches/"+hubspot.SwitchIndexLag, object{"value": -1}))
	made := p.post("/sim/api/hubspot/records", object{"action": "CREATE", "object": "companies", "count": 3})
	require.Len(t, made.list("ids"), 3, made.text)

	// Every switch takes back the value it shows.
	for _, one := range p.Controls().State().Switches {
		require.NoError(t, p.Controls().SetSwitch(one.Key, one.Value), one.Key)
	}
	bare := *p
	bare.url = serve(t, p.API())
	require.Equal(t, http.StatusNotFound, bare.get("/sim/api/hubspot/state").status, "API has no control page")
}

func TestRecordHooks(t *testing.T) {
	t.Parallel()
	p := start(t)
	controls := p.Controls()
	made, err := controls.CreateRecords(hubspot.RecordChange{Object: "contacts", Count: 3, Values: map[string]string{"city": "Oslo"}})
	require.NoError(t, err)
	stampOf := func(id string) any { return p.get("/crm/v3/objects/contacts/" + id).at("updatedAt") }
	require.Equal(t, stampOf(made[0]), stampOf(made[2]), "one stamp for all")

	p.clock.Advance(time.Minute)
	touched, err := controls.TouchRecords(hubspot.RecordChange{Object: "contacts", IDs: made[:2], Late: 30 * time.Second})
	require.NoError(t, err)
	require.Equal(t, made[:2], touched)
	require.Equal(t, "2026-11-22T09:00:30Z", stampOf(made[0]), "late: an older stamp shows only now")
	archived, err := controls.ArchiveRecords(hubspot.RecordChange{Object: "contacts", Count: 2})
	require.NoError(t, err)
	require.Len(t, archived, 2)
	ids, err := controls.RecordIDs("contacts")
	require.NoError(t, err)
	require.Len(t, ids, 151)
	require.NotContains(t, ids, archived[0])

	for name, change := range map[string]hubspot.RecordChange{
		"object": {Object: "nope"}, "property": {Object: "contacts", Values: map[string]string{"nope": "x"}},
		"id": {Object: "contacts", IDs: []string{"1"}}, "count": {Object: "contacts", Count: -1},
	} {
		_, err := controls.TouchRecords(change)
		require.Error(t, err, name)
	}
	require.Zero(t, controls.Counters().Named["token_refreshes"])
	require.Positive(t, controls.Counters().APICalls)
	require.Positive(t, controls.Counters().ByObject["contacts"])
	p.get("/crm/v3/objects/deals?limit=1&properties=amount")
	p.post("/crm/v3/objects/deals/search", object{"limit": 3})
	log := controls.Journal().After(0)
	require.Equal(t, []string{"list", "deals", "limit=1&properties=amount"}, []string{log[len(log)-2].Endpoint, log[len(log)-2].Object, log[len(log)-2].Detail})
	require.Equal(t, []string{"search", `{"limit":3}`}, []string{log[len(log)-1].Endpoint, log[len(log)-1].Detail})
	controls.Reset()
	require.Empty(t, controls.Journal().After(0))
}

// TestSameSeedSamePortal: a record depends on the seed alone, and a large portal starts at once.
func TestSameSeedSamePortal(t *testing.T) {
	t.Parallel()
	page := func(seed uint64) string {
		p := start(t, func(c *hubspot.Config) { c.Seed, c.Records = seed, world.Spread(50_000) })
		return p.get("/crm/v3/objects/deals?limit=3&associations=contacts").text
	}
	first := page(1)
	require.Equal(t, first, page(1))
	require.NotEqual(t, first, page(2))
}

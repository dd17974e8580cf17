package hubspot_test

import (
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/hubspot"
)

// documentedError is an error answer as HubSpot documents it or somebody saw it.
type documentedError struct {
	ID     string
	Status int
	Body   any
}

var digits = regexp.MustCompile(`\d+`)

// TestDocumentedErrors provokes every documented error and compares status, keys and texts. Numbers in texts differ.
func TestDocumentedErrors(t *testing.T) {
	t.Parallel()
	data := referenceData(t)
	type file struct{ Errors []documentedError }
	// Texts that depend on what else was sent, or of which the documented one is cut.
	loose := map[string]bool{"bad_json": true, "invalid_option": true, "invalid_integer": true, "batch_create_multistatus": true}
	skipped := map[string]string{"pipeline_in_use": "pipelines cannot be changed here"}
	compared := 0
	for _, want := range readJSON[file](t, filepath.Join(data, "errors", "error_bodies.json")).Errors {
		if why, ok := skipped[want.ID]; ok {
			t.Logf("%s: not compared: %s", want.ID, why)
			continue
		}
		got := provoke(start(t), want.ID)
		require.Equal(t, want.Status, got.status, "%s: %s", want.ID, got.text)
		compared++
		body, isJSON := want.Body.(map[string]any)
		if !isJSON {
			require.Contains(t, got.header.Get("Content-Type"), "text/html", want.ID)
			continue
		}
		theirs, ours := map[string]string{}, map[string]string{}
		flatten("", body, theirs)
		flatten("", got.json, ours)
		for path := range theirs { // ours may say more: the newer endpoints' fields, an id
			require.Contains(t, ours, path, want.ID)
		}
		for _, key := range []string{"status", "category", "subCategory", "error", "errorType", "policyName"} {
			require.Equal(t, body[key], onlyIf(body[key] != nil, got.json[key]), "%s: %s", want.ID, key)
		}
		if theirText, ok := body["message"].(string); ok && !loose[want.ID] {
			require.Equal(t, digits.ReplaceAllString(theirText, "#"), digits.ReplaceAllString(got.json["message"].(string), "#"), want.ID)
		}
	}
	t.Logf("%d documented errors: status, keys and texts agree", compared)
}

func onlyIf(wanted bool, value any) any {
	if wanted {
		return value
	}
	return nil
}

// provoke makes the simulator answer a documented error.
func provoke(p *portalUnderTest, id string) answer {
	p.t.Helper()
	fault := func(kind string) answer {
		_, err := p.Controls().AddFault(control.Fault{Kind: kind, Object: "contacts"})
		require.NoError(p.t, err)
		return p.get("/crm/v3/objects/contacts")
	}
	create := func(object string, values object) answer {
		return p.post("/crm/v3/objects/"+object, map[string]any{"properties": values})
	}
	limited := func(limits hubspot.Limits) { p.Controls().SetLimits(limits) }
	switch id {
	case "missing_scopes":
		p.Controls().SetScope("crm.objects.deals.read", false)
		return p.get("/crm/v3/objects/deals")
	case "user_level_forbidden":
		require.NoError(p.t, p.Controls().SetSwitch(hubspot.SwitchUserLevel, true))
		require.NoError(p.t, p.Controls().SetSwitch(hubspot.SwitchUserForbidden, []string{"deals"}))
		return p.get("/crm/v3/objects/deals")
	case "no_credentials":
		p.token = "garbage"
		return p.get("/crm/v3/objects/deals")
	case "expired_token":
		p.install("oauth")
		p.clock.Advance(31*time.Minute + 164*time.Millisecond)
		return p.get("/account-info/v3/details")
	case "refresh_revoked":
		refresh, _ := p.install("oauth").at("refresh_token").(string)
		p.Controls().RevokeAuthorizations()
		return p.form("/oauth/v3/token", with("grant_type", "refresh_token", "refresh_token", refresh))
	case "auth_code_bad":
		return p.form("/oauth/v3/token", with("grant_type", "authorization_code", "code", "x"))
	case "bad_client":
		return p.form("/oauth/v3/token", with("client_id", "x"))
	case "bad_client_secret":
		return p.form("/oauth/v3/token", with("client_secret", "x"))
	case "bad_redirect_uri":
		return p.form("/oauth/v3/token", with("grant_type", "authorization_code", "code", p.consent(authorizePath("oauth", "")), "redirect_uri", "x"))
	case "bad_hub":
		_, err := p.Controls().AddFault(control.Fault{Kind: "bad_hub"})
		require.NoError(p.t, err)
		return p.form("/oauth/v3/token", with())
	case "rate_ten_secondly":
		limited(hubspot.Limits{TenSecondly: 0, Search: -1, Daily: -1})
		return p.get("/crm/v3/objects/contacts")
	case "rate_secondly_search":
		limited(hubspot.Limits{TenSecondly: -1, Search: 0, Daily: -1})
		return p.post("/crm/v3/objects/contacts/search", object{})
	case "rate_daily":
		limited(hubspot.Limits{TenSecondly: -1, Search: -1, Daily: 0})
		return p.get("/crm/v3/objects/contacts")
	case "property_does_not_exist":
		return create("contacts", object{"testproperty": "x"})
	case "invalid_option":
		return create("companies", object{"industry": "X"})
	case "invalid_integer":
		return create("line_items", object{"discount": "much"})
	case "contact_conflict":
		create("contacts", object{"email": "a@client.example"})
		return create("contacts", object{"email": "a@client.example"})
	case "object_not_found":
		return p.get("/crm/v3/objects/contacts/abc")
	case "resource_not_found":
		return p.get("/crm/v3/objects/contacts/12345")
	case "batch_read_partial":
		return p.post("/crm/v3/objects/contacts/batch/read", object{"inputs": []any{object{"id": "999"}}})
	case "batch_create_multistatus":
		return p.post("/crm/v3/objects/contacts/batch/create", object{"inputs": []any{
			object{"objectWriteTraceId": "trace-2", "properties": object{"missing": "x"}},
		}})
	case "uri_too_long":
		return p.get("/crm/v3/objects/contacts?properties=" + strings.Repeat("x", 20_000))
	case "bad_json":
		return p.do(http.MethodPost, "/crm/v3/objects/contacts/search", []any{"no object"})
	case "gateway_html":
		return fault("bad_gateway")
	default: // locked, migration
		return fault(id)
	}
}

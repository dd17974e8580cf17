package dynamics365_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
)

// put uses the control API.
func (e *env) put(t testing.TB, path, body string) answer {
	t.Helper()
	return e.do(t, http.MethodPut, "/sim/api/dynamics365"+path, body, http.Header{"Content-Type": {"application/json"}})
}

// TestControlAPI: every switch can be thrown over HTTP, shows in the state, and does what it says.
func TestControlAPI(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	state := s.Controls().State()
	require.Equal(t, "Customer", state.Instance.Environment)
	for _, w := range state.Switches {
		value := `null`
		switch w.Kind {
		case control.SwitchBool:
			value = `true`
		case control.SwitchChoice:
			value = `"` + w.Options[len(w.Options)-1] + `"`
		case control.SwitchNumber:
			value = `7`
		case control.SwitchList:
			value = `["contact"]`
		}
		a := s.put(t, "/switches/"+w.Key, `{"value":`+value+`}`)
		require.Less(t, a.status, 300, "%s: %s", w.Key, a.body)
		if w.Kind != control.SwitchAction {
			for _, now := range s.Controls().State().Switches {
				if now.Key == w.Key {
					text, err := json.Marshal(now.Value)
					require.NoError(t, err)
					require.JSONEq(t, value, string(text), w.Key)
				}
			}
			require.Equal(t, http.StatusBadRequest, s.put(t, "/switches/"+w.Key, `{"value":{}}`).status, w.Key)
		}
	}
	require.Equal(t, http.StatusNotFound, s.put(t, "/switches/nothing", `{"value":1}`).status)

	s = start(t).login(t)
	require.Less(t, s.put(t, "/objects/contact", `{"read":false}`).status, 300)
	require.Equal(t, http.StatusForbidden, s.get(t, "/contacts").status)
	for _, action := range []string{"CREATE", "TOUCH", "DELETE"} {
		a := s.do(t, http.MethodPost, "/sim/api/dynamics365/records", `{"action":"`+action+`","object":"lead","count":2}`, http.Header{"Content-Type": {"application/json"}})
		require.Equal(t, http.StatusOK, a.status, "%s: %s", action, a.body)
	}
	require.Len(t, s.rows(t, "/leads?$select=leadid"), 30)
	require.Less(t, s.put(t, "/objects/contact", `{"read":true,"condition":"depth:Local"}`).status, 300)
	require.Less(t, s.put(t, "/objects/contact/fields/mobilephone", `{"condition":"secured"}`).status, 300)
	require.Equal(t, http.StatusBadRequest, s.put(t, "/objects/contact/fields/lastname", `{"condition":"secured"}`).status)
	require.Equal(t, http.StatusNotFound, s.put(t, "/objects/contact/fields/nothing", `{"condition":""}`).status)
	for _, o := range s.Controls().State().Objects {
		if o.Name == "contact" {
			require.Equal(t, "depth:Local", o.Condition)
			require.Equal(t, []string{"deleted", "depth:Basic", "depth:Local", "depth:Deep"}, o.Conditions)
			for _, f := range o.Fields {
				if f.Name == "mobilephone" {
					require.Equal(t, "secured", f.Condition)
					require.False(t, f.Rights.Read)
				}
			}
		}
		if o.Name == "task" {
			require.Contains(t, o.Because, "shares prvReadActivity with")
		}
	}
}

// TestNoSecrets: neither the log nor the state holds a token, a code or the secret.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	e := start(t)
	code := e.approve(t, authorizeQuery(userScope), "approve").Get("code")
	body := e.token(t, codeForm(code)).json(t, http.StatusOK)
	s := &session{env: e, access: body["access_token"].(string)}
	s.get(t, "/contacts?$top=1").json(t, http.StatusOK)
	text, err := json.Marshal([]any{e.Controls().State(), e.Controls().Journal().After(0), e.Controls().Counters()})
	require.NoError(t, err)
	for _, secret := range []string{code, s.access, body["refresh_token"].(string), dynamics365.DefaultClientSecret, verifier, challenge()} {
		require.False(t, strings.Contains(string(text), secret))
	}
}

// TestEnvironmentType: production or not shows everywhere alike.
func TestEnvironmentType(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *dynamics365.Config) { c.Sandbox = true; c.WithoutLinkedIn = true }).login(t)
	instance := values(s.get(t, "/api/discovery/v2.0/Instances").json(t, http.StatusOK))[0]
	require.InDelta(t, 5, instance["OrganizationType"], 0)
	detail := s.get(t, "/RetrieveCurrentOrganization(AccessType=@p1)?@p1=Microsoft.Dynamics.CRM.EndpointAccessType'Default'").json(t, http.StatusOK)["Detail"]
	require.Equal(t, "CustomerTest", detail.(map[string]any)["OrganizationType"])
	info := s.get(t, "/RetrieveOrganizationInfo()").json(t, http.StatusOK)["organizationInfo"].(map[string]any)
	require.Equal(t, "CustomerTest", info["InstanceType"])
	require.NotContains(t, string(s.get(t, "/RetrieveOrganizationInfo()").body), "LinkedIn")
	require.NoError(t, s.Controls().SetEnvironmentType("Developer"))
	require.Error(t, s.Controls().SetEnvironmentType("Nothing"))
	instance = values(s.get(t, "/api/discovery/v2.0/Instances").json(t, http.StatusOK))[0]
	require.InDelta(t, 13, instance["OrganizationType"], 0)
}

// TestJournal: requests are told apart by endpoint and table.
func TestJournal(t *testing.T) {
	t.Parallel()
	s := start(t).login(t)
	s.Controls().Journal().Clear()
	for _, path := range []string{"/WhoAmI", "/contacts?$top=1", "/EntityDefinitions(LogicalName='lead')", "/", "/contacts/$count", "/foos"} {
		s.get(t, path)
	}
	var lines []string
	for _, r := range s.Controls().Journal().After(0) {
		lines = append(lines, r.Endpoint+" "+r.Object)
	}
	require.Equal(t, []string{"whoami ", "query contact", "metadata lead", "service ", "query contact", "unknown "}, lines)
}

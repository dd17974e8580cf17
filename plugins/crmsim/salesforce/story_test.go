package salesforce_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

type compositeAnswer struct {
	CompositeResponse []struct {
		Body           any
		HTTPHeaders    map[string]string
		HTTPStatusCode int
		ReferenceID    string
	}
}

func part(reference, target string) map[string]any {
	return map[string]any{"method": "GET", "url": root + target, "referenceId": reference}
}

// TestDailyCheckInOneCall is the story the simulator exists for: connect, read all rights in one call, lose a field
// and an object, see both losses in the next call, and get everything back.
func TestDailyCheckInOneCall(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	controls := org.Controls()
	check := func() (fields map[string]map[string]map[string]any, statuses map[string]int) {
		controls.ClearRequests()
		var got compositeAnswer
		client.post(t, root+"/composite", map[string]any{"allOrNone": false, "compositeRequest": []any{
			part("Account", "/sobjects/Account/describe"), part("Contact", "/sobjects/Contact/describe"),
			part("Lead", "/sobjects/Lead/describe"), part("Opportunity", "/sobjects/Opportunity/describe"),
			part("User", "/sobjects/User/describe"),
			part("Org", "/query/?q=SELECT+Id,IsSandbox+FROM+Organization"),
		}}).json(t, http.StatusOK, &got)
		fields, statuses = map[string]map[string]map[string]any{}, map[string]int{}
		for _, p := range got.CompositeResponse {
			statuses[p.ReferenceID] = p.HTTPStatusCode
			if body, ok := p.Body.(map[string]any); ok {
				fields[p.ReferenceID] = byName(body["fields"])
			}
		}
		require.Equal(t, 1, controls.Counters().APICalls)
		return fields, statuses
	}

	before, statuses := check()
	require.Equal(t, map[string]int{"Account": 200, "Contact": 200, "Lead": 200, "Opportunity": 200, "User": 200, "Org": 200}, statuses)
	require.Contains(t, before["Contact"], "Email")
	require.Equal(t, true, before["Contact"]["Phone"]["updateable"])

	require.NoError(t, controls.SetField("Contact", "Email", salesforce.FieldSwitch{Read: salesforce.Off()}))
	require.NoError(t, controls.SetField("Contact", "Phone", salesforce.FieldSwitch{Edit: salesforce.Off()}))
	require.NoError(t, controls.SetObject("Lead", salesforce.ObjectSwitch{Read: salesforce.Off()}))
	during, statuses := check()
	require.Equal(t, 404, statuses["Lead"])
	require.Equal(t, 200, statuses["Contact"])
	require.NotContains(t, during["Contact"], "Email")
	require.Equal(t, false, during["Contact"]["Phone"]["updateable"])
	client.query(t, "SELECT Id, Email FROM Contact LIMIT 1").fails(t, 400, "INVALID_FIELD", "No such column 'Email' on entity 'Contact'.")
	client.query(t, "SELECT Id FROM Lead LIMIT 1").fails(t, 400, "INVALID_TYPE", "sObject type 'Lead' is not supported.")

	controls.ResetPermissions()
	restored, statuses := check()
	require.Equal(t, before, restored)
	require.Equal(t, 200, statuses["Lead"])
}

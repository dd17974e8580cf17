package salesforce_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// described reads an object's describe: its own flags, and its fields by name.
func (s *session) described(t testing.TB, object string) (map[string]any, map[string]map[string]any) {
	t.Helper()
	var body map[string]any
	s.get(t, root+"/sobjects/"+object+"/describe").json(t, http.StatusOK, &body)
	return body, byName(body["fields"])
}

// TestObjectSwitchesReachEveryEndpoint: describe, global describe, the basic answer, records, counts, SOQL and
// composite parts all follow one engine.
func TestObjectSwitchesReachEveryEndpoint(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	id := client.rows(t, "SELECT Id FROM Account LIMIT 1").Records[0]["Id"].(string)
	require.NoError(t, org.Controls().SetObject("account", salesforce.ObjectSwitch{Read: salesforce.Off()}))

	for _, path := range []string{"/sobjects/Account/describe", "/sobjects/Account", "/sobjects/Account/" + id} {
		client.get(t, root+path).fails(t, 404, "NOT_FOUND", "The requested resource does not exist")
	}
	client.query(t, "SELECT Id FROM Account").fails(t, 400, "INVALID_TYPE", "sObject type 'Account' is not supported.")
	client.query(t, "SELECT Account.Name FROM Contact").fails(t, 400, "INVALID_FIELD", "Didn't understand relationship 'Account'")
	client.query(t, "SELECT AccountId FROM Contact").fails(t, 400, "INVALID_FIELD", "No such column 'AccountId'")
	var global map[string]any
	client.get(t, root+"/sobjects").json(t, http.StatusOK, &global)
	require.NotContains(t, byName(global["sobjects"]), "Account")
	var counts map[string]any
	client.get(t, root+"/limits/recordCount?sObjects=Account").json(t, http.StatusOK, &counts)
	require.Empty(t, counts["sObjects"])
	_, contact := client.described(t, "Contact")
	require.NotContains(t, contact, "AccountId", "a lookup goes with its parent object")
	require.Contains(t, contact, "OwnerId")
	_, lead := client.described(t, "Lead")
	require.Contains(t, lead, "ConvertedAccountId", "fields that are not permissionable stay")
}

func TestObjectRights(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	for name, test := range map[string]struct {
		change                        salesforce.ObjectSwitch
		createable, updateable, query bool
	}{
		"no create":     {salesforce.ObjectSwitch{Create: salesforce.Off()}, false, true, true},
		"no edit":       {salesforce.ObjectSwitch{Edit: salesforce.Off()}, true, false, true},
		"not queryable": {salesforce.ObjectSwitch{Queryable: salesforce.Off()}, true, true, false},
	} {
		org.Controls().ResetPermissions()
		require.NoError(t, org.Controls().SetObject("Contact", test.change))
		flags, fields := client.described(t, "Contact")
		require.Equal(t, []any{test.createable, test.updateable, test.query},
			[]any{flags["createable"], flags["updateable"], flags["queryable"]}, name)
		require.Equal(t, []any{test.createable, test.updateable},
			[]any{fields["LastName"]["createable"], fields["LastName"]["updateable"]}, name)
		a := client.query(t, "SELECT Id FROM Contact")
		if test.query {
			require.Equal(t, http.StatusOK, a.status, name)
		} else {
			a.fails(t, 400, "INVALID_TYPE_FOR_OPERATION", "entity type Contact does not support query")
		}
	}
}

func TestFieldRights(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	set := func(field string, change salesforce.FieldSwitch) {
		t.Helper()
		require.NoError(t, org.Controls().SetField("Contact", field, change))
	}
	set("title", salesforce.FieldSwitch{Read: salesforce.Off()})
	set("Phone", salesforce.FieldSwitch{Edit: salesforce.Off()})
	set("MailingAddress", salesforce.FieldSwitch{Read: salesforce.Off()})
	set("LastName", salesforce.FieldSwitch{Exists: salesforce.Off()})
	_, fields := client.described(t, "Contact")
	for _, gone := range []string{"Title", "MailingAddress", "MailingCity", "MailingCountry", "LastName"} {
		require.NotContains(t, fields, gone)
		for _, soql := range []string{
			"SELECT " + gone + " FROM Contact", "SELECT Id FROM Contact WHERE " + gone + " = null",
			"SELECT Id FROM Contact ORDER BY " + gone,
		} {
			client.query(t, soql).fails(t, 400, "INVALID_FIELD", "No such column '"+gone+"' on entity 'Contact'.")
		}
	}
	require.Equal(t, []any{false, false}, []any{fields["Phone"]["createable"], fields["Phone"]["updateable"]})
	require.Contains(t, fields, "OtherCity")

	// Switched back on, a field has the edit right it had before; switching edit on brings read along.
	set("Title", salesforce.FieldSwitch{Read: salesforce.On()})
	set("Phone", salesforce.FieldSwitch{Read: salesforce.Off()})
	set("Phone", salesforce.FieldSwitch{Edit: salesforce.On()})
	_, fields = client.described(t, "Contact")
	require.Equal(t, true, fields["Title"]["updateable"])
	require.Equal(t, true, fields["Phone"]["updateable"])
}

func TestSwitchesThatSalesforceDoesNotHave(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	controls := org.Controls()
	read, edit, exists := salesforce.FieldSwitch{Read: salesforce.Off()}, salesforce.FieldSwitch{Edit: salesforce.Off()},
		salesforce.FieldSwitch{Exists: salesforce.Off()}
	for name, test := range map[string]struct {
		err    error
		status int
		text   string
	}{
		"not permissionable": {controls.SetField("Contact", "LastName", read), 409, "not permissionable"},
		"edit of the same":   {controls.SetField("Opportunity", "StageName", edit), 409, "not permissionable"},
		"read-only":          {controls.SetField("Contact", "MailingAddress", edit), 409, "nobody may edit it"},
		"system field":       {controls.SetField("Contact", "SystemModstamp", exists), 409, "every Salesforce object keeps"},
		"open object":        {controls.SetObject("Organization", salesforce.ObjectSwitch{Read: salesforce.Off()}), 409, "every user may read it"},
		"unknown object":     {controls.SetObject("Nope", salesforce.ObjectSwitch{}), 404, `no object "Nope"`},
		"unknown field":      {controls.SetField("Contact", "Nope", read), 404, `no field "Nope" on Contact`},
	} {
		var refused *salesforce.ControlError
		require.ErrorAs(t, test.err, &refused, name)
		require.Equal(t, test.status, refused.Status, name)
		require.Contains(t, refused.Message, test.text, name)
	}
	a := org.control(t, http.MethodPut, "/objects/Contact/fields/LastName", map[string]any{"read": false})
	require.Equal(t, http.StatusConflict, a.status)
	require.Contains(t, string(a.body), "not permissionable")
}

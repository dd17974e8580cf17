package salesforce_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

const (
	definitions = "SELECT EntityDefinition.QualifiedApiName,QualifiedApiName,Label,ReferenceTo FROM FieldDefinition " +
		"WHERE EntityDefinition.QualifiedApiName IN ('Contact','Task') AND QualifiedApiName IN ('Id','Email','AccountId','MailingAddress','MailingCity','Gone__c')"
	grants = "SELECT SobjectType,Field FROM FieldPermissions WHERE SobjectType IN ('Contact') AND Field IN ('Contact.Email','Contact.LastName','Contact.Gone__c')"
)

// TestSetupNeedsItsPermission: without View Setup the objects of setup do not exist; who asks about himself is
// answered either way.
func TestSetupNeedsItsPermission(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.MaxPageRows = 2 })
	client, board := org.login(t), org.Panel().Board
	own := func() []any {
		row := client.rows(t, "SELECT PermissionsViewAllData, PermissionsViewSetup FROM UserPermissionAccess").Records[0]
		return []any{row["PermissionsViewAllData"], row["PermissionsViewSetup"]}
	}
	require.Equal(t, []any{false, false}, own())
	for name, soql := range map[string]string{"FieldDefinition": definitions, "FieldPermissions": grants, "EntityDefinition": "SELECT QualifiedApiName FROM EntityDefinition"} {
		client.query(t, soql).fails(t, 400, "INVALID_TYPE", "sObject type '"+name+"' is not supported.")
	}
	require.NoError(t, board.SetSwitch("view_setup", []byte("true")))
	require.NoError(t, board.SetSwitch("view_all_data", []byte("true")))
	org.Controls().Reset()
	require.Equal(t, []any{true, true}, own(), "a reset leaves them")
	first := client.rows(t, "SELECT QualifiedApiName FROM EntityDefinition")
	require.NotEmpty(t, first.NextRecordsURL)
	require.Equal(t, http.StatusOK, client.get(t, first.NextRecordsURL).status)
	client.query(t, "SELECT Label FROM FieldDefinition").fails(t, 400, "MALFORMED_QUERY", "a filter on a reified column is required")
	require.NoError(t, board.SetSwitch("view_setup", []byte("false")))
	client.query(t, definitions).fails(t, 400, "INVALID_TYPE", "")
	require.Equal(t, 400, client.get(t, first.NextRecordsURL).status)
}

// TestSetupKnowsHiddenFields: setup lists what field-level security hides, and not what was deleted.
func TestSetupKnowsHiddenFields(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client, controls := org.login(t), org.Controls()
	controls.SetViewSetup(true)
	defined := func() []any {
		var found []any
		for _, row := range client.rows(t, definitions).Records {
			entity, _ := row["EntityDefinition"].(map[string]any)
			found = append(found, text(entity["QualifiedApiName"])+"."+text(row["QualifiedApiName"]))
		}
		return found
	}
	granted := func() []any { return column(client.rows(t, grants).Records, "Field") }
	all := []any{"Contact.Id", "Contact.AccountId", "Contact.MailingAddress", "Contact.Email", "Task.Id", "Task.AccountId"}
	require.ElementsMatch(t, all, defined(), "a part of an address is no field of its own")
	require.Equal(t, []any{"Contact.Email", "Contact.Email"}, granted(), "the administrator's profile and the user's own set; LastName is for all")

	require.NoError(t, controls.SetField("Contact", "Email", salesforce.FieldSwitch{Read: salesforce.Off()}))
	require.NoError(t, controls.SetObject("Task", salesforce.ObjectSwitch{Read: salesforce.Off()}))
	require.ElementsMatch(t, all, defined())
	require.Equal(t, []any{"Contact.Email"}, granted())
	require.NoError(t, controls.SetField("Contact", "Email", salesforce.FieldSwitch{Exists: salesforce.Off()}))
	require.NotContains(t, defined(), "Contact.Email")
	require.Empty(t, granted())

	row := client.rows(t, "SELECT Label, EntityDefinition.Label, ReferenceTo FROM FieldDefinition WHERE DurableId = 'Contact.AccountId'").Records[0]
	require.Equal(t, "Account ID", row["Label"])
	require.Equal(t, map[string]any{"referenceTo": []any{"Account"}}, row["ReferenceTo"])
	require.Equal(t, "/services/data/v66.0/sobjects/FieldDefinition/Contact.AccountId", row["attributes"].(map[string]any)["url"])
	var parts struct {
		CompositeResponse []struct{ HTTPStatusCode int }
	}
	client.post(t, root+"/composite", map[string]any{"compositeRequest": []map[string]any{
		{"method": "GET", "referenceId": "a", "url": root + "/query?q=" + url.QueryEscape(definitions)},
		{"method": "GET", "referenceId": "b", "url": root + "/query?q=" + url.QueryEscape(grants)},
	}}).json(t, http.StatusOK, &parts)
	require.Len(t, parts.CompositeResponse, 2)
	for _, part := range parts.CompositeResponse {
		require.Equal(t, http.StatusOK, part.HTTPStatusCode)
	}
}

// TestCustomFieldsCanBeRenamed: another API name, the same label, type and values.
func TestCustomFieldsCanBeRenamed(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.AppInstalled = true })
	client, board := org.login(t), org.Panel().Board
	id := client.rows(t, "SELECT Id FROM Task LIMIT 1").Records[0]["Id"].(string)
	read := func(field string) any {
		return client.rows(t, "SELECT "+field+" FROM Task WHERE Id = '"+id+"'").Records[0][field]
	}
	write := func(field, value string) {
		require.Equal(t, http.StatusNoContent, client.send(t, http.MethodPatch, root+"/sobjects/Task/"+id, `{"`+field+`":"`+value+`"}`).status)
	}
	condition := func(object, field, value string) error {
		return board.SetField(object, field, control.FieldChange{Condition: &value})
	}
	const before, after = "LID__URL__c", "LID__URL_Renamed__c"
	write(before, "https://one.example")
	_, fields := client.described(t, "Task")
	was := fields[before]
	require.NoError(t, condition("Task", before, "renamed"))
	_, fields = client.described(t, "Task")
	require.NotContains(t, fields, before)
	was["name"] = after
	require.Equal(t, was, fields[after])
	require.Equal(t, "https://one.example", read(after))
	client.query(t, "SELECT "+before+" FROM Task").fails(t, 400, "INVALID_FIELD", "")
	write(after, "https://two.example")
	require.NoError(t, condition("Task", before, "deleted"))
	_, fields = client.described(t, "Task")
	require.NotContains(t, fields, after)
	require.NoError(t, condition("Task", before, ""))
	require.Equal(t, "https://two.example", read(before))
	require.ErrorContains(t, condition("Contact", "Email", "renamed"), "standard field")
	require.NoError(t, condition("Contact", "Email", ""))
}

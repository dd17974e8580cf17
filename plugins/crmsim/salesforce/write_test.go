package salesforce_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

func encode(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return string(text)
}

// TestRecordLifecycle creates, reads, changes and deletes one record, with the statuses and bodies Salesforce has.
func TestRecordLifecycle(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	var made struct {
		ID      string
		Success bool
		Errors  []string
	}
	created := client.post(t, root+"/sobjects/Contact/", map[string]any{
		"LastName": "Jansen", "Email": "j@example.com", "Birthdate": "1980-02-03", "Description": "",
	}).json(t, http.StatusCreated, &made)
	require.True(t, made.Success)
	require.Equal(t, root+"/sobjects/Contact/"+made.ID, created.header.Get("Location"))
	require.Equal(t, `{"id":"`+made.ID+`","success":true,"errors":[]}`, string(created.body))

	at := root + "/sobjects/Contact/" + made.ID
	changed := client.send(t, http.MethodPatch, at, `{"Title":"CEO","LastName":"de Vries"}`)
	require.Equal(t, http.StatusNoContent, changed.status)
	require.Empty(t, changed.body)
	require.Empty(t, changed.header.Get("Content-Type"))
	var row map[string]any
	client.get(t, at+"?fields=Title,Name,Birthdate,Description").json(t, http.StatusOK, &row)
	delete(row, "attributes")
	require.Equal(t, map[string]any{"Title": "CEO", "Name": "de Vries", "Birthdate": "1980-02-03", "Description": nil}, row)

	require.Equal(t, http.StatusNoContent, client.send(t, http.MethodDelete, at, "").status)
	client.get(t, at).fails(t, http.StatusNotFound, "NOT_FOUND", "")
	client.send(t, http.MethodPatch, at, `{"Title":"x"}`).fails(t, http.StatusNotFound, "ENTITY_IS_DELETED", "entity is deleted")
	client.send(t, http.MethodDelete, at, "").fails(t, http.StatusNotFound, "ENTITY_IS_DELETED", "entity is deleted")
	client.send(t, http.MethodPut, at, "").fails(t, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "DELETE,GET,PATCH")
}

// TestWritesThatSalesforceRefuses: one code for each way a record can be wrong.
func TestWritesThatSalesforceRefuses(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	controls := org.Controls()
	require.NoError(t, controls.SetField("Contact", "Fax", salesforce.FieldSwitch{Edit: salesforce.Off()}))
	require.NoError(t, controls.SetField("Contact", "Title", salesforce.FieldSwitch{Read: salesforce.Off()}))
	require.NoError(t, controls.SetObject("Event", salesforce.ObjectSwitch{Create: salesforce.Off()}))
	lead := client.rows(t, "SELECT Id FROM Lead LIMIT 1").Records[0]["Id"]
	account := client.rows(t, "SELECT Id FROM Account LIMIT 1").Records[0]["Id"]
	for _, c := range []struct {
		object, body, code, message string
	}{
		{"Contact", `{}`, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]"},
		{"Contact", `{"LastName":null}`, "REQUIRED_FIELD_MISSING", "[LastName]"},
		{"Opportunity", `{"Name":"x"}`, "REQUIRED_FIELD_MISSING", "[StageName, CloseDate]"},
		{"Contact", `{"LastName":"x","Nope":1}`, "INVALID_FIELD", "No such column 'Nope' on sobject of type Contact"},
		{"Contact", `{"LastName":"x","Title":"CEO"}`, "INVALID_FIELD", "No such column 'Title' on sobject of type Contact"},
		{"Contact", `{"LastName":"x","Fax":"1"}`, "INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Fax."},
		{"Contact", `{"LastName":"x","SystemModstamp":"2026-01-01T00:00:00Z","Fax":"1"}`, "INVALID_FIELD_FOR_INSERT_UPDATE", "Fax, SystemModstamp."},
		{"Contact", `{"LastName":"x","Email":"nobody"}`, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: nobody"},
		{"Contact", `{"LastName":"` + strings.Repeat("x", 81) + `"}`, "STRING_TOO_LONG", "max length=80"},
		{"Contact", `{"LastName":"x","CleanStatus":"Nope"}`, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "bad value for restricted picklist field: Nope"},
		{"Contact", `{"LastName":"x","Birthdate":"soon"}`, "JSON_PARSER_ERROR", "Birthdate"},
		{"Contact", `{"LastName":5}`, "JSON_PARSER_ERROR", "LastName"},
		{"Contact", `{"LastName":"x","AccountId":"short"}`, "MALFORMED_ID", "id value of incorrect type: short"},
		{"Contact", fmt.Sprintf(`{"LastName":"x","AccountId":%q}`, lead), "FIELD_INTEGRITY_EXCEPTION", "id value of incorrect type"},
		{"Contact", `{"LastName":"x","AccountId":"001000000000000AAA"}`, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id"},
		{"Account", `{"Name":"x","NumberOfEmployees":1e12}`, "NUMBER_OUTSIDE_VALID_RANGE", "Employees"},
		{"Task", fmt.Sprintf(`{"WhoId":%q,"WhatId":%q}`, lead, account), "FIELD_INTEGRITY_EXCEPTION", "Related To ID"},
		{"Event", `{}`, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted: Event"},
		{"OpportunityStage", `{}`, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Opportunity Stage"},
		{"Contact", `{`, "JSON_PARSER_ERROR", ""},
	} {
		client.send(t, http.MethodPost, root+"/sobjects/"+c.object, c.body).fails(t, http.StatusBadRequest, c.code, c.message)
	}
	converted := client.rows(t, "SELECT Id FROM Lead WHERE IsConverted = true LIMIT 1").Records[0]["Id"]
	client.send(t, http.MethodPatch, fmt.Sprintf("%s/sobjects/Lead/%s", root, converted), `{"Title":"x"}`).
		fails(t, http.StatusBadRequest, "CANNOT_UPDATE_CONVERTED_LEAD", "")
	require.NoError(t, controls.SetObject("Lead", salesforce.ObjectSwitch{Edit: salesforce.Off()}))
	client.send(t, http.MethodPatch, fmt.Sprintf("%s/sobjects/Lead/%s", root, lead), `{"Title":"x"}`).
		fails(t, http.StatusForbidden, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
	// Text stands for numbers and flags, as clients send it.
	require.Equal(t, http.StatusCreated, client.send(t, http.MethodPost, root+"/sobjects/Account", `{"Name":"x","NumberOfEmployees":"31"}`).status)
}

func TestUpsert(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	at := root + "/sobjects/Contact/Email/" + url.PathEscape("new@example.com")
	var made struct {
		ID      string
		Created bool
	}
	client.send(t, http.MethodPatch, at+"?updateOnly=true", `{"LastName":"N"}`).fails(t, http.StatusNotFound, "NOT_FOUND", "")
	client.send(t, http.MethodPatch, at, `{"LastName":"N"}`).json(t, http.StatusCreated, &made)
	require.True(t, made.Created)
	client.send(t, http.MethodPatch, at, `{"Title":"CEO"}`).json(t, http.StatusOK, &made)
	require.False(t, made.Created)
	var row map[string]any
	client.get(t, at).json(t, http.StatusOK, &row)
	require.Equal(t, "CEO", row["Title"])
	require.Equal(t, http.StatusCreated, client.post(t, root+"/sobjects/Contact", map[string]string{"LastName": "Twin", "Email": "NEW@example.com"}).status)
	var matches []string
	client.send(t, http.MethodPatch, at, `{"Title":"x"}`).json(t, http.StatusMultipleChoices, &matches)
	require.Len(t, matches, 2)
	client.send(t, http.MethodPatch, root+"/sobjects/Contact/Fax/1", `{}`).fails(t, http.StatusNotFound, "NOT_FOUND",
		"Provided external ID field does not exist or is not accessible: Fax")
}

// TestCollections: results in order inside a 200, and all or none.
func TestCollections(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	contact := func(fields ...string) map[string]any {
		row := map[string]any{"attributes": map[string]string{"type": "Contact"}}
		for i := 0; i < len(fields); i += 2 {
			row[fields[i]] = fields[i+1]
		}
		return row
	}
	count := func() int { return client.rows(t, "SELECT count() FROM Contact").TotalSize }
	type result struct {
		ID      string
		Success bool
		Errors  []struct {
			StatusCode string
			Fields     []string
		}
	}
	send := func(method string, allOrNone bool, rows ...map[string]any) []result {
		var results []result
		client.send(t, method, root+"/composite/sobjects", encode(t, map[string]any{"allOrNone": allOrNone, "records": rows})).
			json(t, http.StatusOK, &results)
		return results
	}
	before := count()
	got := send(http.MethodPost, false, contact("LastName", "A"), contact(), contact("LastName", "B", "Email", "bad"))
	require.Equal(t, before+1, count())
	require.True(t, got[0].Success)
	require.Equal(t, []string{"REQUIRED_FIELD_MISSING", "INVALID_EMAIL_ADDRESS"}, []string{got[1].Errors[0].StatusCode, got[2].Errors[0].StatusCode})
	require.Equal(t, []string{"LastName"}, got[1].Errors[0].Fields)

	id := got[0].ID
	got = send(http.MethodPatch, true, contact("id", id, "LastName", "Changed"), contact("id", "003000000000000AAA", "LastName", "x"))
	require.Equal(t, "ALL_OR_NONE_OPERATION_ROLLED_BACK", got[0].Errors[0].StatusCode)
	require.Equal(t, "INVALID_CROSS_REFERENCE_KEY", got[1].Errors[0].StatusCode)
	require.Equal(t, "A", client.rows(t, "SELECT LastName FROM Contact WHERE Id = '"+id+"'").Records[0]["LastName"], "undone")
	got = send(http.MethodPost, true, contact("LastName", "C"), contact())
	require.False(t, got[0].Success)
	require.Equal(t, before+1, count(), "undone")

	var rows []map[string]any
	client.post(t, root+"/composite/sobjects/Contact", map[string]any{"ids": []string{id, "003000000000000AAA"}, "fields": []string{"LastName"}}).
		json(t, http.StatusOK, &rows)
	require.Equal(t, "A", rows[0]["LastName"])
	require.Nil(t, rows[1])
	var removed []result
	client.send(t, http.MethodDelete, root+"/composite/sobjects?ids="+id+",x&allOrNone=false", "").json(t, http.StatusOK, &removed)
	require.Equal(t, []bool{true, false}, []bool{removed[0].Success, removed[1].Success})
	require.Equal(t, before, count())

	many := make([]map[string]any, 201)
	client.post(t, root+"/composite/sobjects", map[string]any{"records": many}).fails(t, http.StatusBadRequest, "EXCEEDED_ID_LIMIT", "200")
	client.post(t, root+"/composite/sobjects", map[string]any{}).fails(t, http.StatusBadRequest, "INVALID_INPUT", "at least one")
	untyped := send(http.MethodPost, false, map[string]any{"LastName": "x"})
	require.Equal(t, "JSON_PARSER_ERROR", untyped[0].Errors[0].StatusCode)
}

// TestCompositeWritesAreUndone: a failed part of an all-or-none composite takes back what earlier parts wrote.
func TestCompositeWritesAreUndone(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	write := func(ref, object string, body map[string]any) map[string]any {
		p := part(ref, "/sobjects/"+object)
		p["method"], p["body"] = http.MethodPost, body
		return p
	}
	var got compositeAnswer
	client.composite(t, true, write("a", "Account", map[string]any{"Name": "Undone"}), write("b", "Contact", map[string]any{})).
		json(t, http.StatusOK, &got)
	require.Equal(t, 400, got.CompositeResponse[0].HTTPStatusCode)
	require.Zero(t, client.rows(t, "SELECT Id FROM Account WHERE Name = 'Undone'").TotalSize)
	client.composite(t, true, write("a", "Account", map[string]any{"Name": `Done "well"`}),
		write("b", "Contact", map[string]any{"LastName": "Child", "AccountId": "@{a.id}"})).json(t, http.StatusOK, &got)
	require.Equal(t, []int{201, 201}, []int{got.CompositeResponse[0].HTTPStatusCode, got.CompositeResponse[1].HTTPStatusCode})
	require.Contains(t, got.CompositeResponse[1].HTTPHeaders["Location"], root+"/sobjects/Contact/003")
	child := client.rows(t, "SELECT Account.Name FROM Contact WHERE LastName = 'Child'").Records[0]
	require.Equal(t, `Done "well"`, child["Account"].(map[string]any)["Name"])
}

// TestBatchCountsEachPart, unlike a composite.
func TestBatchCountsEachPart(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.DailyRequests = 4 })
	client := org.login(t)
	get := func(url string) map[string]string { return map[string]string{"method": "GET", "url": url} }
	var got struct {
		HasErrors bool
		Results   []struct{ StatusCode int }
	}
	run := func(halt bool, parts ...map[string]string) []int {
		client.post(t, root+"/composite/batch", map[string]any{"haltOnError": halt, "batchRequests": parts}).json(t, http.StatusOK, &got)
		statuses := []int{}
		for _, r := range got.Results {
			statuses = append(statuses, r.StatusCode)
		}
		return statuses
	}
	require.Equal(t, []int{200, 404}, run(false, get("v66.0/limits"), get("v66.0/sobjects/Nope")))
	require.True(t, got.HasErrors)
	require.Equal(t, 2, org.Controls().State().Quota.Used)
	require.Equal(t, []int{404, 412}, run(true, get("v66.0/sobjects/Nope"), get("v66.0/limits")))
	require.Equal(t, []int{200, 403}, run(false, get("v66.0/limits"), get("v66.0/limits")))
}

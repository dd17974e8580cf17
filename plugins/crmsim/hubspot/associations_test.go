package hubspot_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/hubspot"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

func TestAssociations(t *testing.T) {
	t.Parallel()
	p := start(t)
	contact := p.get("/crm/v3/objects/contacts?limit=1").at("results", 0, "id").(string)
	for _, path := range []string{
		"/crm/v4/objects/contacts/" + contact + "/associations/companies",
		"/crm/objects/2026-03/0-1/" + contact + "/associations/company",
	} {
		got := p.get(path)
		require.Equal(t, http.StatusOK, got.status, got.text)
		require.IsType(t, 1.0, got.at("results", 0, "toObjectId"), "ids are numbers here")
		require.Equal(t, []any{
			object{"category": "HUBSPOT_DEFINED", "typeId": 1.0, "label": "Primary"},
			object{"category": "HUBSPOT_DEFINED", "typeId": 279.0, "label": nil},
		}, got.at("results", 0, "associationTypes"))
	}
	require.Equal(t, http.StatusMethodNotAllowed, p.get("/crm/objects/2026-09/contacts/"+contact+"/associations/companies").status,
		"the newest description has no reading of one record's associations")
	require.Equal(t, http.StatusNotFound, p.get("/crm/v4/objects/contacts/1/associations/companies").status)

	// The other direction has other ids and finds the contact again.
	company := p.get("/crm/v3/objects/contacts?limit=1&associations=companies").at("results", 0, "associations", "companies", "results", 0, "id").(string)
	back := p.get("/crm/v4/objects/companies/" + company + "/associations/contacts")
	require.Contains(t, back.text, contact)
	require.EqualValues(t, 2, back.at("results", 0, "associationTypes", 0, "typeId"))
	first := p.get("/crm/v4/objects/companies/" + company + "/associations/contacts?limit=1")
	require.NotEmpty(t, first.at("paging", "next", "after"))
	second := p.get("/crm/v4/objects/companies/" + company + "/associations/contacts?limit=1&after=" + first.at("paging", "next", "after").(string))
	require.NotEqual(t, first.at("results", 0, "toObjectId"), second.at("results", 0, "toObjectId"))

	// An archived record is not associated with anything.
	p.do(http.MethodDelete, "/crm/v3/objects/contacts/"+contact, nil)
	require.NotContains(t, p.get("/crm/v4/objects/companies/"+company+"/associations/contacts").text, contact)
}

func TestAssociationBatchAndDirection(t *testing.T) {
	t.Parallel()
	p := start(t)
	made := func(objectName string, values object) string {
		got := p.post("/crm/v3/objects/"+objectName, object{"properties": values})
		require.Equal(t, http.StatusCreated, got.status, got.text)
		return got.at("id").(string)
	}
	note := made("notes", object{"hs_timestamp": "2026-11-22T09:00:00Z", "hs_note_body": "x"})
	contact := made("contacts", object{"email": "new@client.example"})
	put := func(typeID int) answer {
		return p.do(http.MethodPut, "/crm/v4/objects/notes/"+note+"/associations/contacts/"+contact,
			[]any{object{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": typeID}})
	}
	require.Equal(t, http.StatusBadRequest, put(201).status, "201 leads from contact to note")
	require.Equal(t, http.StatusCreated, put(202).status)
	require.EqualValues(t, 201, p.get("/crm/v4/objects/contacts/"+contact+"/associations/notes").at("results", 0, "associationTypes", 0, "typeId"))

	read := func(ids ...string) answer {
		inputs := make([]any, len(ids))
		for i, id := range ids {
			inputs[i] = object{"id": id}
		}
		return p.post("/crm/associations/2026-09/contacts/notes/batch/read", object{"inputs": inputs})
	}
	require.Equal(t, http.StatusOK, read(contact).status)
	other := made("contacts", object{"email": "other@client.example"})
	partly := read(contact, other)
	require.Equal(t, http.StatusMultiStatus, partly.status)
	require.Equal(t, []any{other}, partly.at("errors", 0, "context", "fromObjectId"))
	require.Equal(t, "crm.associations.NO_ASSOCIATIONS_FOUND", partly.at("errors", 0, "subCategory"))

	require.Equal(t, http.StatusOK, p.do(http.MethodPut, "/crm/v4/objects/notes/"+note+"/associations/default/contacts/"+other, nil).status)
	require.Equal(t, http.StatusOK, read(contact, other).status)
	require.Equal(t, http.StatusNoContent, p.do(http.MethodDelete, "/crm/v4/objects/notes/"+note+"/associations/contacts/"+contact, nil).status)
	require.Equal(t, http.StatusMultiStatus, read(contact).status)
	require.Equal(t, http.StatusNotFound, p.do(http.MethodPut, "/crm/v4/objects/notes/"+note+"/associations/default/contacts/1", nil).status)

	// Both objects' scopes are needed.
	off := false
	require.NoError(t, p.Controls().SetObject("companies", control.ObjectChange{Read: &off}))
	require.Equal(t, http.StatusForbidden, p.get("/crm/v4/objects/contacts/"+contact+"/associations/companies").status)
	require.Equal(t, http.StatusForbidden, p.post("/crm/v4/associations/contacts/companies/batch/read", object{"inputs": []any{}}).status)
}

// TestSearchByAssociation: the records of a company, by a filter.
func TestSearchByAssociation(t *testing.T) {
	t.Parallel()
	p := start(t)
	company := p.get("/crm/v3/objects/companies?limit=1").at("results", 0, "id").(string)
	linked := p.get("/crm/v4/objects/companies/" + company + "/associations/contacts").list("results")
	found := p.post("/crm/v3/objects/contacts/search", object{"filterGroups": where(is("associations.company", "EQ", company))})
	require.EqualValues(t, len(linked), found.at("total"))
	require.NotEmpty(t, linked)
}

func TestPipelinesOwnersUsers(t *testing.T) {
	t.Parallel()
	p := start(t)
	deals := p.get("/crm/pipelines/2026-09/deals")
	require.Equal(t, "default", deals.at("results", 0, "id"))
	require.Equal(t, object{"isClosed": "true", "probability": "1.0"}, deals.at("results", 0, "stages", 5, "metadata"))
	require.Equal(t, "Closed Lost", p.get("/crm/v3/pipelines/deals/default/stages/closedlost").at("label"))
	require.Equal(t, "new-stage-id", p.get("/crm/v3/pipelines/leads").at("results", 0, "stages", 0, "id"))
	require.Empty(t, p.get("/crm/v3/pipelines/contacts").list("results"))
	require.Equal(t, http.StatusNotFound, p.get("/crm/v3/pipelines/deals/nope").status)

	// Every stage and owner that a record names exists.
	stages, owners := deals.text, p.get("/crm/v3/owners").text+p.get("/crm/v3/owners?archived=true").text
	for _, one := range p.get("/crm/v3/objects/deals?limit=100&properties=pipeline,dealstage,hubspot_owner_id").list("results") {
		values := one.(object)["properties"].(object)
		require.Contains(t, stages, `"`+values["dealstage"].(string)+`"`)
		require.Contains(t, stages, `"`+values["pipeline"].(string)+`"`)
		require.Contains(t, owners, `"id":"`+values["hubspot_owner_id"].(string)+`"`)
	}
	first := p.get("/crm/v3/owners/?limit=2")
	require.Len(t, first.list("results"), 2)
	next := p.get("/crm/v3/owners?limit=500&after=" + first.at("paging", "next", "after").(string))
	require.NotEqual(t, first.at("results", 1, "id"), next.at("results", 0, "id"))
	require.NotEmpty(t, next.at("results", 1, "teams", 0, "name"))
	one, _ := first.at("results", 1).(object)
	require.Equal(t, one, p.get("/crm/owners/2026-09/"+one["id"].(string)).json)
	require.Equal(t, []any{one}, p.get("/crm/v3/owners?email="+one["email"].(string)).list("results"))
	require.Equal(t, http.StatusNotFound, p.get("/crm/v3/owners/1").status)
	require.NotEmpty(t, p.get("/settings/v3/users/teams").at("results", 0, "userIds"))
	require.Equal(t, p.get("/settings/v3/users?limit=1").at("results", 0), any(p.get("/settings/v3/users/1000001").json))
}

// TestOwnersWhoLeft: archived owners have no user any more.
func TestOwnersWhoLeft(t *testing.T) {
	t.Parallel()
	p := start(t, func(c *hubspot.Config) { c.Records = world.Size{Users: 200} })
	left := p.get("/crm/v3/owners?archived=true").list("results")
	require.NotEmpty(t, left)
	for _, one := range left {
		owner, _ := one.(object)
		require.Equal(t, true, owner["archived"])
		require.Nil(t, owner["userId"])
		require.NotNil(t, owner["userIdIncludingInactive"])
		require.Equal(t, http.StatusNotFound, p.get("/crm/v3/owners/"+owner["id"].(string)).status)
		require.Equal(t, http.StatusOK, p.get("/crm/v3/owners/"+owner["id"].(string)+"?archived=true").status)
	}
}

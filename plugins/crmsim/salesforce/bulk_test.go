package salesforce_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

type job struct {
	ID, State, Object, JobType, ErrorMessage string
	NumberRecordsProcessed                   int
}

func (s *session) createJob(t testing.TB, operation, soql string) job {
	t.Helper()
	var created job
	s.post(t, root+"/jobs/query", map[string]string{"operation": operation, "query": soql}).json(t, http.StatusOK, &created)
	require.Equal(t, "UploadComplete", created.State)
	require.Regexp(t, "^750", created.ID)
	return created
}

func (s *session) jobStatus(t testing.TB, id string) job {
	t.Helper()
	var status job
	s.get(t, root+"/jobs/query/"+id).json(t, http.StatusOK, &status)
	return status
}

func (s *session) send(t *testing.T, method, path, body string) answer {
	t.Helper()
	header := s.header()
	header.Set("Content-Type", "application/json")
	return s.org.do(t, method, path, body, header)
}

// TestBulkQueryPages follows locators to the end: a header on each page, every row once, the text "null" at the end.
func TestBulkQueryPages(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	created := client.createJob(t, "query", "SELECT Id, Name, Account.Name, SystemModstamp FROM Contact")
	results := root + "/jobs/query/" + created.ID + "/results"
	client.get(t, results).fails(t, http.StatusBadRequest, "INVALIDJOBSTATE", "UploadComplete")
	require.Equal(t, "InProgress", client.jobStatus(t, created.ID).State)
	client.send(t, http.MethodDelete, root+"/jobs/query/"+created.ID, "").fails(t, http.StatusBadRequest, "INVALIDJOBSTATE", "InProgress")
	status := client.jobStatus(t, created.ID)
	require.Equal(t, job{created.ID, "JobComplete", "Contact", "V2Query", "", 120}, status)

	seen, locator := map[string]bool{}, ""
	for range 3 {
		page := client.get(t, results+"?maxRecords=50&locator="+locator)
		require.Equal(t, "text/csv;charset=UTF-8", page.header.Get("Content-Type"))
		rows, err := csv.NewReader(strings.NewReader(string(page.body))).ReadAll()
		require.NoError(t, err)
		require.Equal(t, []string{"Id", "Name", "Account.Name", "SystemModstamp"}, rows[0])
		require.Equal(t, page.header.Get("Sforce-NumberOfRecords"), map[bool]string{true: "50", false: "20"}[len(rows) == 51])
		for _, row := range rows[1:] {
			require.False(t, seen[row[0]], "a row came twice")
			seen[row[0]] = true
			require.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$`, row[3])
		}
		locator = page.header.Get("Sforce-Locator")
	}
	require.Equal(t, "null", locator)
	require.Len(t, seen, 120)
	client.get(t, results+"?locator=!").fails(t, http.StatusBadRequest, "INVALID_LOCATOR", "!")

	require.Equal(t, http.StatusNoContent, client.send(t, http.MethodDelete, root+"/jobs/query/"+created.ID, "").status)
	client.get(t, root+"/jobs/query/"+created.ID).fails(t, http.StatusNotFound, "NOT_FOUND", "does not exist")
}

// TestBulkResultIsFrozen: what changes after completion does not show, and queryAll sees the recycle bin.
func TestBulkResultIsFrozen(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	ids, err := org.Controls().DeleteRecords(salesforce.RecordChange{Object: "Lead", Count: 3})
	require.NoError(t, err)
	created := client.createJob(t, "queryAll", "SELECT Id, IsDeleted, Title FROM Lead WHERE IsDeleted = true")
	client.jobStatus(t, created.ID)
	require.Equal(t, 3, client.jobStatus(t, created.ID).NumberRecordsProcessed)
	pages := 0
	org.Controls().OnPage(func(p salesforce.Page) {
		pages++
		require.Equal(t, salesforce.Page{Object: "Lead", Bulk: true, Rows: 3}, p)
		_, err := org.Controls().TouchRecords(salesforce.RecordChange{Object: "Lead", IDs: ids, Fields: map[string]any{"Title": "Changed"}})
		require.NoError(t, err)
	})
	page := client.get(t, root+"/jobs/query/"+created.ID+"/results")
	require.Equal(t, 1, pages)
	require.Contains(t, string(page.body), ids[0])
	require.NotContains(t, string(page.body), "Changed")
}

func TestBulkRefusals(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	for soql, want := range map[string][2]string{
		"SELECT BillingAddress FROM Account":                {"FUNCTIONALITY_NOT_ENABLED", "Selecting compound data not supported in Bulk Query"},
		"SELECT Id, (SELECT Id FROM Contacts) FROM Account": {"FUNCTIONALITY_NOT_ENABLED", "Aggregate Relationships not supported"},
		"SELECT count() FROM Account":                       {"FUNCTIONALITY_NOT_ENABLED", "Aggregate functions"},
		"SELECT Type FROM Account GROUP BY Type":            {"FUNCTIONALITY_NOT_ENABLED", "GROUP"},
		"SELECT Id FROM Account OFFSET 5":                   {"FUNCTIONALITY_NOT_ENABLED", "OFFSET"},
		"SELECT TYPEOF Who WHEN Contact THEN Id END FROM Task": {
			"FUNCTIONALITY_NOT_ENABLED", "TYPEOF",
		},
		"SELECT RecordId FROM UserRecordAccess": {"INVALIDENTITY", "Entity 'UserRecordAccess' is not supported by the Bulk API."},
		"SELECT Nope FROM Account":              {"INVALID_FIELD", "No such column 'Nope' on entity 'Account'"},
		"SELECT Id FROM Nope":                   {"INVALID_TYPE", "sObject type 'Nope' is not supported"},
		"":                                      {"INVALIDJOB", "query"},
	} {
		client.post(t, root+"/jobs/query", map[string]string{"operation": "query", "query": soql}).
			fails(t, http.StatusBadRequest, want[0], want[1])
	}
	client.post(t, root+"/jobs/query", map[string]string{"operation": "insert", "query": "x"}).
		fails(t, http.StatusBadRequest, "INVALIDJOB", "insert")
	client.send(t, http.MethodPost, root+"/jobs/query", "{").fails(t, http.StatusBadRequest, "JSON_PARSER_ERROR", "unreadable")
}

// TestBulkJobsEnd covers the ways a job ends without results: aborted, failed by its field's loss, failed and expired
// by a switch, expired by time.
func TestBulkJobsEnd(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(time.Date(2026, 6, 2, 9, 0, 0, 0, time.UTC))
	org := start(t, func(c *salesforce.Config) { c.Clock, c.AccessTokenTTL = clock, 100*24*time.Hour })
	client := org.login(t)
	finish := func(soql string, between func()) job {
		created := client.createJob(t, "query", soql)
		client.jobStatus(t, created.ID)
		between()
		return client.jobStatus(t, created.ID)
	}
	aborted := client.createJob(t, "query", "SELECT Id FROM Lead")
	require.Equal(t, http.StatusOK, client.send(t, http.MethodPatch, root+"/jobs/query/"+aborted.ID, `{"state":"Aborted"}`).status)
	require.Equal(t, "Aborted", client.jobStatus(t, aborted.ID).State)
	client.send(t, http.MethodPatch, root+"/jobs/query/"+aborted.ID, `{"state":"Aborted"}`).fails(t, http.StatusBadRequest, "INVALIDJOBSTATE", "Aborted")

	lost := finish("SELECT Id, Title FROM Lead", func() {
		require.NoError(t, org.Controls().SetField("Lead", "Title", salesforce.FieldSwitch{Read: salesforce.Off()}))
	})
	require.Equal(t, "Failed", lost.State)
	require.Contains(t, lost.ErrorMessage, "INVALID_FIELD: ")

	_, err := org.Controls().AddFault(salesforce.Fault{Kind: salesforce.FaultBulkFailed, Times: 1})
	require.NoError(t, err)
	require.Equal(t, "Failed", finish("SELECT Id FROM Lead", func() {}).State)
	done := finish("SELECT Id FROM Lead", func() {})
	require.Equal(t, "JobComplete", done.State)
	require.Equal(t, 4, org.Controls().ExpireBulkJobs())
	client.get(t, root+"/jobs/query/"+done.ID+"/results").fails(t, http.StatusNotFound, "NOT_FOUND", "")

	old := finish("SELECT Id FROM Lead", func() {})
	clock.Advance(8 * 24 * time.Hour)
	client.get(t, root+"/jobs/query/"+old.ID).fails(t, http.StatusNotFound, "NOT_FOUND", "")
}

// TestReplication: what changed, what was deleted, and the windows that are refused. jsforce sends no slash.
func TestReplication(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(time.Date(2026, 7, 1, 12, 0, 30, 0, time.UTC))
	org := start(t, func(c *salesforce.Config) { c.Clock, c.AccessTokenTTL = clock, 100*24*time.Hour })
	client := org.login(t)
	changed, err := org.Controls().TouchRecords(salesforce.RecordChange{Object: "Contact", Count: 3})
	require.NoError(t, err)
	gone, err := org.Controls().DeleteRecords(salesforce.RecordChange{Object: "Contact", IDs: changed[:1]})
	require.NoError(t, err)
	purged, err := org.Controls().PurgeRecords("Contact")
	require.NoError(t, err)
	require.Equal(t, 1, purged)
	require.Empty(t, client.rows(t, "SELECT Id FROM Contact WHERE Id = '"+gone[0]+"'").Records)
	var all struct{ TotalSize int }
	client.get(t, root+"/queryAll?q="+url.QueryEscape("SELECT Id FROM Contact WHERE IsDeleted = true")).json(t, http.StatusOK, &all)
	require.Zero(t, all.TotalSize, "purged records are in no bin")
	clock.Advance(time.Minute)

	window := "?start=" + url.QueryEscape("2026-07-01T11:00:00+00:00") + "&end=" + url.QueryEscape("2026-07-01T13:00:00Z")
	var updated struct {
		IDs               []string
		LatestDateCovered string
	}
	client.get(t, root+"/sobjects/Contact/updated/"+window).json(t, http.StatusOK, &updated)
	require.ElementsMatch(t, changed[1:], updated.IDs)
	require.Equal(t, "2026-07-01T12:01:00.000+0000", updated.LatestDateCovered, "the future is not covered")
	var deleted struct {
		DeletedRecords                           []struct{ ID, DeletedDate string }
		EarliestDateAvailable, LatestDateCovered string
	}
	client.get(t, root+"/sobjects/Contact/deleted"+window).json(t, http.StatusOK, &deleted)
	require.Len(t, deleted.DeletedRecords, 1)
	require.Equal(t, gone[0], deleted.DeletedRecords[0].ID)
	require.Equal(t, "2026-07-01T12:00:30.000+0000", deleted.DeletedRecords[0].DeletedDate)

	bad := func(object, query, code, text string) {
		client.get(t, root+"/sobjects/"+object+"/deleted?"+query).fails(t, http.StatusBadRequest, code, text)
	}
	bad("Contact", "start=2026-07-01T11:00:00Z", "MISSING_ARGUMENT", "end")
	bad("Contact", "start=2026-07-01T11:00:00Z&end=2026-07-01T11:00:59Z", "INVALID_REPLICATION_DATE", "precede")
	bad("Contact", "start=2026-05-01T11:00:00Z&end=2026-07-01T11:00:59Z", "INVALID_REPLICATION_DATE", "30 days")
	bad("Contact", "start=2026-06-30T11:00:00+00:00&end=2026-07-01T11:00:59Z", "INVALID_REPLICATION_DATE", "invalid start date")
	bad("OpportunityStage", "start=2026-06-30T11:00:00Z&end=2026-07-01T11:00:59Z", "INVALID_TYPE_FOR_OPERATION", "OpportunityStage")
	client.get(t, root+"/sobjects/Nope/updated"+window).fails(t, http.StatusNotFound, "NOT_FOUND", "")
}

func TestMergedRecordsNameTheirMaster(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	ids, err := org.Controls().RecordIDs("Lead")
	require.NoError(t, err)
	require.NoError(t, org.Controls().MergeRecords("Lead", ids[0], ids[1], ids[2]))
	var found struct{ Records []map[string]any }
	client.get(t, root+"/queryAll?q="+url.QueryEscape("SELECT Id, IsDeleted, MasterRecordId FROM Lead WHERE MasterRecordId != null")).json(t, http.StatusOK, &found)
	require.Len(t, found.Records, 2)
	require.Equal(t, ids[0], found.Records[0]["MasterRecordId"])
	require.Equal(t, true, found.Records[0]["IsDeleted"])
	require.Error(t, org.Controls().MergeRecords("Opportunity", ids[0], ids[1]))
	require.Error(t, org.Controls().MergeRecords("Lead", ids[0], ids[0]))
}

// TestAppInstalled: the LinkedIn app brings custom fields and a package licence.
func TestAppInstalled(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	client.query(t, "SELECT Id, LID__URL__c FROM Task").fails(t, http.StatusBadRequest, "INVALID_FIELD", "LID__URL__c")
	licences := "SELECT NamespacePrefix, Status FROM PackageLicense"
	require.Zero(t, client.rows(t, licences).TotalSize)
	require.Error(t, org.Controls().SetField("Task", "LID__URL__c", salesforce.FieldSwitch{Exists: salesforce.On()}))
	org.Controls().SetAppInstalled(true)
	require.True(t, org.Controls().AppInstalled())
	require.Equal(t, "LID", client.rows(t, licences).Records[0]["NamespacePrefix"])
	var described map[string]any
	client.get(t, root+"/sobjects/Lead/describe").json(t, http.StatusOK, &described)
	require.Equal(t, true, byName(described["fields"])["LID__LinkedIn_Member_Token__c"]["custom"])
	org.Controls().ResetPermissions()
	client.query(t, "SELECT Id, LID__URL__c FROM Task").json(t, http.StatusOK, &described)
	org.Controls().SetAppInstalled(false)
	client.query(t, "SELECT Id, LID__URL__c FROM Task").fails(t, http.StatusBadRequest, "INVALID_FIELD", "LID__URL__c")
	trail := client.rows(t, "SELECT Action, CreatedBy.Name FROM SetupAuditTrail WHERE CreatedDate > 2020-01-01T00:00:00Z ORDER BY CreatedDate DESC LIMIT 200")
	require.Equal(t, 2, trail.TotalSize)
}

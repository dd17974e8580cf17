package salesforce_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// TestChildSubqueries: every child hangs on its parent, parents without children have null, and pages keep them.
func TestChildSubqueries(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	roles := client.rows(t, "SELECT Id, OpportunityId FROM OpportunityContactRole").Records
	require.NotEmpty(t, roles)
	want := map[any]int{}
	for _, role := range roles {
		want[role["OpportunityId"]]++
	}
	soql := "SELECT Id, (SELECT ContactId, Contact.LastName, Role, IsPrimary FROM OpportunityContactRoles ORDER BY Id) FROM Opportunity"
	got := map[any]int{}
	next, pages := root+"/query?q="+url.QueryEscape(soql), 0
	for next != "" {
		header := client.header()
		header.Set("Sforce-Query-Options", "batchSize=200")
		var page struct {
			NextRecordsURL string
			Records        []struct {
				ID                      string
				OpportunityContactRoles *struct {
					TotalSize int
					Done      bool
					Records   []map[string]any
				}
			}
		}
		org.do(t, http.MethodGet, next, "", header).json(t, http.StatusOK, &page)
		size := len(page.Records)
		for _, deal := range page.Records {
			if children := deal.OpportunityContactRoles; children != nil {
				require.True(t, children.Done)
				require.Len(t, children.Records, children.TotalSize)
				require.NotEmpty(t, children.Records[0]["Contact"])
				got[deal.ID] = children.TotalSize
				size += children.TotalSize
			}
		}
		require.Less(t, size, 210, "children count towards the page")
		next, pages = page.NextRecordsURL, pages+1
	}
	require.Equal(t, want, got)
	limited := client.rows(t, "SELECT Id, (SELECT Id FROM OpportunityContactRoles LIMIT 1) FROM Opportunity").Records
	for _, deal := range limited {
		if children, ok := deal["OpportunityContactRoles"].(map[string]any); ok {
			require.EqualValues(t, 1, children["totalSize"])
		}
	}
	require.NoError(t, org.Controls().SetObject("OpportunityContactRole", salesforce.ObjectSwitch{Read: salesforce.Off()}))
	client.query(t, soql).fails(t, http.StatusBadRequest, "INVALID_TYPE", "Didn't understand relationship 'OpportunityContactRoles'")
}

// TestPolymorphicParents: Who is a contact or a lead, and shows as Name.
func TestPolymorphicParents(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	for _, task := range client.rows(t, "SELECT WhoId, Who.Name, Who.Type FROM Task WHERE WhoId != null LIMIT 50").Records {
		who, _ := task["Who"].(map[string]any)
		id, _ := task["WhoId"].(string)
		require.Equal(t, map[string]string{"003": "Contact", "00Q": "Lead"}[id[:3]], who["Type"])
		require.NotEmpty(t, who["Name"])
		attributes, _ := who["attributes"].(map[string]any)
		require.Equal(t, "Name", attributes["type"])
	}
	client.query(t, "SELECT Who.Nope FROM Task").fails(t, http.StatusBadRequest, "INVALID_FIELD", "No such column 'Nope' on entity 'Name'")
}

func TestCounts(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	var got struct {
		TotalSize int
		Records   []map[string]any
	}
	client.query(t, "SELECT count(Id), count(AccountId) linked FROM Contact").json(t, http.StatusOK, &got)
	require.Equal(t, 1, got.TotalSize)
	require.Equal(t, map[string]any{"type": "AggregateResult"}, got.Records[0]["attributes"])
	require.EqualValues(t, 120, got.Records[0]["expr0"])
	require.Contains(t, got.Records[0], "linked")
	client.query(t, "SELECT Id, count(Id) FROM Contact").fails(t, http.StatusBadRequest, "MALFORMED_QUERY", "counts beside other columns")
	client.query(t, "SELECT count(Description) FROM Contact").fails(t, http.StatusBadRequest, "MALFORMED_QUERY", "aggregate operator COUNT")
}

// TestUserRecordAccess: owners may see their deals, the integration user all, and 200 is the most a query may ask.
func TestUserRecordAccess(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.Records = map[string]int{"User": 40, "Account": 40, "Opportunity": 210} })
	client := org.login(t)
	deals := client.rows(t, "SELECT Id, OwnerId FROM Opportunity").Records
	users := client.rows(t, "SELECT Id FROM User ORDER BY Id").Records
	access := func(user any, records []any) map[any]bool {
		quoted := make([]string, len(records))
		for i, id := range records {
			quoted[i] = fmt.Sprintf("'%s'", id)
		}
		found := client.rows(t, fmt.Sprintf("SELECT RecordId, HasReadAccess FROM UserRecordAccess WHERE UserId = '%s' AND RecordId IN (%s)",
			user, strings.Join(quoted, ","))).Records
		readable := map[any]bool{}
		for _, row := range found {
			readable[row["RecordId"]], _ = row["HasReadAccess"].(bool)
		}
		require.Len(t, readable, len(records))
		return readable
	}
	ids := column(deals, "Id")[:200]
	for _, readable := range access(users[0]["Id"], ids) {
		require.True(t, readable, "the integration user sees all")
	}
	seller := users[len(users)-1]["Id"]
	seen, refused := access(seller, ids), 0
	for _, deal := range deals[:200] {
		if deal["OwnerId"] == seller {
			require.True(t, seen[deal["Id"]])
		}
		if !seen[deal["Id"]] {
			refused++
		}
	}
	require.Positive(t, refused)
	client.query(t, "SELECT RecordId FROM UserRecordAccess").fails(t, http.StatusBadRequest, "MALFORMED_QUERY", "UserId")
	quoted := "'" + strings.TrimSuffix(strings.Repeat(fmt.Sprintf("%s','", ids[0]), 201), "','") + "'"
	client.query(t, fmt.Sprintf("SELECT RecordId FROM UserRecordAccess WHERE UserId = '%s' AND RecordId IN (%s)", seller, quoted)).
		fails(t, http.StatusBadRequest, "MALFORMED_QUERY", "Number of records exceeds limit:200")
}

// TestInstalledPackages: the Tooling API tells of the app, with the shape of its own.
func TestInstalledPackages(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	tooling := func(soql string) answer { return client.get(t, root+"/tooling/query/?q="+url.QueryEscape(soql)) }
	installed := "SELECT SubscriberPackage.NamespacePrefix, SubscriberPackageVersionId FROM InstalledSubscriberPackage"
	var got struct {
		Size, TotalSize int
		EntityTypeName  string
		Records         []map[string]any
	}
	tooling(installed).json(t, http.StatusOK, &got)
	require.Zero(t, got.Size)
	org.Controls().SetAppInstalled(true)
	tooling(installed).json(t, http.StatusOK, &got)
	require.Equal(t, "InstalledSubscriberPackage", got.EntityTypeName)
	require.Contains(t, fmt.Sprint(got.Records[0]["SubscriberPackage"]), "LID")
	version, _ := got.Records[0]["SubscriberPackageVersionId"].(string)
	tooling("SELECT MajorVersion, IsBeta FROM SubscriberPackageVersion WHERE Id = '"+version+"'").json(t, http.StatusOK, &got)
	require.NotZero(t, got.Records[0]["MajorVersion"])
	tooling("SELECT Id FROM SubscriberPackageVersion").fails(t, http.StatusBadRequest, "MALFORMED_QUERY", "single Id")
	tooling("SELECT Id FROM Account").fails(t, http.StatusBadRequest, "INVALID_TYPE", "Account")
}

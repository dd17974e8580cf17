package salesforce_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
)

// sharedWorld is what start's org shows, as every simulator has it.
func sharedWorld() *world.World {
	return world.New(0, world.Size{
		Companies: 50, People: 120, Leads: 80, Deals: 60, Users: 8, Teams: 1, Roles: 8, Activities: 800,
	}, time.Date(2026, time.May, 31, 0, 0, 0, 0, time.UTC))
}

// TestRecordsAreThoseOfTheWorld: the same companies, people and deals as in the other simulators.
func TestRecordsAreThoseOfTheWorld(t *testing.T) {
	t.Parallel()
	client, w := start(t, nil).login(t), sharedWorld()
	accounts := client.rows(t, "SELECT Name, Website, SystemModstamp FROM Account ORDER BY Id").Records
	for n, row := range accounts {
		company := w.Company(n)
		require.Equal(t, []any{company.Name, company.Website, company.Modified.Format("2006-01-02T15:04:05.000+0000")},
			[]any{row["Name"], row["Website"], row["SystemModstamp"]})
	}
	require.Len(t, accounts, 50)
	for n, row := range client.rows(t, "SELECT Email, Account.Name FROM Contact ORDER BY Id").Records {
		person := w.Person(n)
		require.Equal(t, person.Email, row["Email"])
		if account, ok := row["Account"].(map[string]any); ok {
			require.Equal(t, w.Company(person.Company).Name, account["Name"])
		} else {
			require.Equal(t, -1, person.Company)
		}
	}
	contacts := 0
	for n, row := range client.rows(t, "SELECT Name, (SELECT ContactId, IsPrimary FROM OpportunityContactRoles) FROM Opportunity ORDER BY Id").Records {
		deal := w.Deal(n)
		require.Equal(t, deal.Name, row["Name"])
		if len(deal.Contacts) == 0 {
			require.Nil(t, row["OpportunityContactRoles"])
			continue
		}
		contacts += len(deal.Contacts)
		require.EqualValues(t, len(deal.Contacts), row["OpportunityContactRoles"].(map[string]any)["totalSize"])
	}
	require.Equal(t, contacts, client.rows(t, "SELECT count() FROM OpportunityContactRole").TotalSize)
	tasks := client.rows(t, "SELECT Subject, IsClosed FROM Task ORDER BY Id").Records
	require.Len(t, tasks, 800)
	for n, row := range tasks {
		require.Equal(t, []any{w.Activity(n).Subject, w.Activity(n).Done}, []any{row["Subject"], row["IsClosed"]})
	}
	for n, row := range client.rows(t, "SELECT Name, ParentRoleId FROM UserRole ORDER BY Id").Records {
		require.Equal(t, w.Role(n).Name, row["Name"])
		require.Equal(t, w.Role(n).Parent < 0, row["ParentRoleId"] == nil)
	}
}

// TestValuesFitTheirFields: invented lookups lead to records, and picklists have values that describe lists.
func TestValuesFitTheirFields(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	ids := map[string]bool{}
	objects := []string{
		"Account", "Contact", "Lead", "Opportunity", "OpportunityContactRole", "OpportunityStage", "Organization", "Task", "User",
		"UserRole",
	}
	for _, object := range objects {
		found, err := org.Controls().RecordIDs(object)
		require.NoError(t, err)
		for _, id := range found {
			ids[id] = true
		}
	}
	filled := 0
	for _, object := range objects {
		var body struct {
			Fields []struct {
				Name, Type     string
				ReferenceTo    []string
				PicklistValues []struct{ Value string }
			}
		}
		client.get(t, root+"/sobjects/"+object+"/describe").json(t, http.StatusOK, &body)
		var names []string
		for _, field := range body.Fields {
			if field.Type == "picklist" || field.Type == "reference" {
				names = append(names, field.Name)
			}
		}
		rows := client.rows(t, "SELECT "+strings.Join(names, ", ")+" FROM "+object).Records
		for _, field := range body.Fields {
			for _, row := range rows {
				value, ok := row[field.Name].(string)
				switch {
				case !ok || field.Name == "ProfileId": // profiles are not simulated
				case field.Type == "reference":
					require.True(t, ids[value], "%s.%s %s", object, field.Name, value)
					filled++
				case field.Type == "picklist":
					values := make([]string, len(field.PicklistValues))
					for i, option := range field.PicklistValues {
						values[i] = option.Value
					}
					require.True(t, slices.Contains(values, value), "%s.%s %q", object, field.Name, value)
					filled++
				}
			}
		}
	}
	require.Greater(t, filled, 5000)
}

// TestRecordAccessFollowsTheWorld: UserRecordAccess grants reading where the world does.
func TestRecordAccessFollowsTheWorld(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client, w := org.login(t), sharedWorld()
	deals, err := org.Controls().RecordIDs("Opportunity")
	require.NoError(t, err)
	users, err := org.Controls().RecordIDs("User")
	require.NoError(t, err)
	seen := map[bool]int{}
	for user, userID := range users {
		rows := client.rows(t, "SELECT RecordId, HasReadAccess FROM UserRecordAccess WHERE UserId = '"+userID+
			"' AND RecordId IN ('"+strings.Join(deals, "','")+"')").Records
		require.Len(t, rows, len(deals))
		for _, row := range rows {
			deal := slices.Index(deals, fmt.Sprint(row["RecordId"]))
			require.Equal(t, w.MayViewDeal(user, deal), row["HasReadAccess"], "user %d, deal %d", user, deal)
			seen[row["HasReadAccess"].(bool)]++
		}
	}
	require.Greater(t, min(seen[true], seen[false]), 20)
}

// TestAPIStandsAlone: without the control page the consent page still has its style, and its policy allows just that.
func TestAPIStandsAlone(t *testing.T) {
	t.Parallel()
	simulator, err := salesforce.New(salesforce.Config{})
	require.NoError(t, err)
	server := httptest.NewServer(simulator.API())
	t.Cleanup(server.Close)
	alone := &org{simulator, server.URL, server.Client()}
	require.Equal(t, http.StatusNotFound, alone.do(t, http.MethodGet, "/sim/", "", nil).status)
	page := alone.do(t, http.MethodGet, "/services/oauth2/authorize?"+authorizeQuery().Encode(), "", nil)
	require.Equal(t, http.StatusOK, page.status)
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindSubmatch(page.body)
	require.NotNil(t, style)
	hash := sha256.Sum256(style[1])
	require.Contains(t, page.header.Get("Content-Security-Policy"), "style-src 'sha256-"+base64.StdEncoding.EncodeToString(hash[:])+"'")
	require.NotContains(t, string(page.body), "<link")
	for _, match := range regexp.MustCompile(`(?:src|href|action)="([^"]*)"`).FindAllSubmatch(page.body, -1) {
		target, err := url.Parse(string(match[1]))
		require.NoError(t, err)
		require.Equal(t, "/services/oauth2/authorize", target.Path)
	}
}

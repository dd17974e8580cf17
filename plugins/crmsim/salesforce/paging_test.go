package salesforce_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// follow reads every page of a query by nextRecordsUrl.
func (s *session) follow(t testing.TB, soql string, batch int) (ids []string, pages int) {
	t.Helper()
	header := s.header()
	header.Set("Sforce-Query-Options", fmt.Sprintf("batchSize=%d", batch))
	next := root + "/query?q=" + url.QueryEscape(soql)
	for next != "" {
		var got page
		s.org.do(t, http.MethodGet, next, "", header).json(t, http.StatusOK, &got)
		for _, row := range got.Records {
			ids = append(ids, fmt.Sprint(row["Id"]))
		}
		require.Equal(t, got.Done, got.NextRecordsURL == "")
		next = got.NextRecordsURL
		pages++
	}
	return ids, pages
}

// keyset reads everything the way an incremental sync does: LIMIT queries, each starting after the last row of the one
// before. A LIMIT is no page size, so each may itself come in several pages.
func (s *session) keyset(t testing.TB, object string, limit int) (ids []string) {
	t.Helper()
	where := ""
	for {
		got, _ := s.follow(t, fmt.Sprintf("SELECT Id FROM %s %s ORDER BY SystemModstamp, Id LIMIT %d", object, where, limit), 2000)
		ids = append(ids, got...)
		if len(got) < limit {
			return ids
		}
		last := got[len(got)-1]
		stamp := s.stampOf(t, object, last)
		where = fmt.Sprintf("WHERE SystemModstamp > %s OR (SystemModstamp = %s AND Id > '%s')", stamp, stamp, last)
	}
}

// stampOf is a record's SystemModstamp as a SOQL literal.
func (s *session) stampOf(t testing.TB, object, id string) string {
	t.Helper()
	row := s.rows(t, "SELECT SystemModstamp FROM "+object+" WHERE Id = '"+id+"'").Records[0]
	at, err := time.Parse("2006-01-02T15:04:05.000-0700", fmt.Sprint(row["SystemModstamp"]))
	require.NoError(t, err)
	return at.Format(time.RFC3339)
}

func unique(t require.TestingT, ids []string) {
	seen := map[string]bool{}
	for _, id := range ids {
		require.False(t, seen[id], "%s came twice", id)
		seen[id] = true
	}
}

// TestStampsClusterBeyondAPage: bulk-loaded rows share one SystemModstamp, more of them than any page holds.
func TestStampsClusterBeyondAPage(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.Records = map[string]int{"Contact": 8000} })
	client := org.login(t)
	first := fmt.Sprint(client.rows(t, "SELECT Id FROM Contact ORDER BY Id LIMIT 1").Records[0]["Id"])
	where := " FROM Contact WHERE SystemModstamp = " + client.stampOf(t, "Contact", first)
	require.Equal(t, 2400, client.rows(t, "SELECT count()"+where).TotalSize)
	ids, pages := client.follow(t, "SELECT Id"+where, 2000)
	require.Len(t, ids, 2400)
	require.Equal(t, 2, pages)
	unique(t, ids)
}

// TestPagingReturnsEachRowOnce holds for locators and for keyset paging, for any size of org and page, under ties.
func TestPagingReturnsEachRowOnce(t *testing.T) {
	t.Parallel()
	type sized struct {
		*session
		count int
	}
	var orgs []sized
	for i, count := range []int{0, 1, 39, 40, 41, 80, 150, 400} {
		org := start(t, func(c *salesforce.Config) {
			c.Seed, c.MaxPageRows, c.DailyRequests = uint64(i), 40, -1
			c.Records = map[string]int{"Lead": count, "Account": 0, "Contact": 0, "Opportunity": 0, "User": 3}
		})
		orgs = append(orgs, sized{org.login(t), count})
	}
	rapid.Check(t, func(r *rapid.T) {
		org := rapid.SampledFrom(orgs).Draw(r, "org")
		order := rapid.SampledFrom([]string{"", " ORDER BY SystemModstamp, Id", " ORDER BY Company DESC"}).Draw(r, "order")
		followed, _ := org.follow(t, "SELECT Id FROM Lead"+order, 2000)
		require.Len(r, followed, org.count)
		unique(r, followed)
		walked := org.keyset(t, "Lead", rapid.IntRange(30, 200).Draw(r, "limit"))
		require.Len(r, walked, org.count)
		unique(r, walked)
		if order == " ORDER BY SystemModstamp, Id" {
			require.Equal(r, followed, walked)
		}
	})
}

func TestSameSeedSameOrg(t *testing.T) {
	t.Parallel()
	read := func(seed uint64) string {
		org := start(t, func(c *salesforce.Config) { c.Seed = seed })
		return string(org.login(t).query(t, "SELECT Id, Name, Email, AccountId, MailingCity, SystemModstamp FROM Contact").body)
	}
	require.Equal(t, read(7), read(7))
	require.NotEqual(t, read(7), read(8))
}

func TestBatchSizeBounds(t *testing.T) {
	t.Parallel()
	org := start(t, func(c *salesforce.Config) { c.Records = map[string]int{"Lead": 2500} })
	client := org.login(t)
	for asked, pages := range map[int]int{1: 13, 200: 13, 500: 5, 2000: 2, 9999: 2} {
		ids, got := client.follow(t, "SELECT Id FROM Lead", asked)
		require.Len(t, ids, 2500)
		require.Equal(t, pages, got, "batchSize=%d", asked)
	}
}

func TestLocators(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	org := start(t, func(c *salesforce.Config) {
		c.Clock, c.MaxPageRows, c.MaxOpenCursors, c.AccessTokenTTL = clock, 50, 2, 1000*time.Hour
	})
	client, other := org.login(t), org.login(t)
	open := func() string {
		next := client.rows(t, "SELECT Id, Email FROM Contact").NextRecordsURL
		require.Regexp(t, `^`+root+`/query/0r8[0-9A-Za-z]{15}-50$`, next)
		return next
	}
	invalid := func(s *session, next string) {
		s.get(t, next).fails(t, 400, "INVALID_QUERY_LOCATOR", "invalid query locator")
	}
	oldest := open()
	kept := open()
	require.Equal(t, 200, client.get(t, oldest).status)
	invalid(other, kept) // made for another authorization
	newest := open()
	invalid(client, oldest) // too many open
	require.Equal(t, 200, client.get(t, kept).status)
	invalid(client, root+"/query/0r8nonsense-50")

	// A column lost between two pages fails the second.
	require.NoError(t, org.Controls().SetField("Contact", "Email", salesforce.FieldSwitch{Read: salesforce.Off()}))
	client.get(t, newest).fails(t, 400, "INVALID_FIELD", "No such column 'Email' on entity 'Contact'")
	org.Controls().ResetPermissions()
	require.Equal(t, 200, client.get(t, newest).status)
	clock.Advance(49 * time.Hour)
	invalid(client, newest)
	dropped := open()
	org.Controls().DropCursors()
	invalid(client, dropped)
}

func TestQueryAllSeesTheRecycleBin(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	gone, err := org.Controls().DeleteRecords(salesforce.RecordChange{Object: "Lead", Count: 2})
	require.NoError(t, err)
	require.Equal(t, 78, client.rows(t, "SELECT count() FROM Lead").TotalSize)
	var all page
	client.get(t, root+"/queryAll?q="+url.QueryEscape("SELECT Id FROM Lead WHERE IsDeleted = true ORDER BY SystemModstamp, Id")).
		json(t, http.StatusOK, &all)
	require.Equal(t, []any{gone[0], gone[1]}, column(all.Records, "Id"))
	_, err = org.Controls().TouchRecords(salesforce.RecordChange{Object: "Lead", IDs: gone, Restore: true})
	require.NoError(t, err)
	require.Equal(t, 80, client.rows(t, "SELECT count() FROM Lead").TotalSize)
}

// TestLateCommit: a row may appear behind a cursor that has already passed its SystemModstamp.
func TestLateCommit(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	org := start(t, func(c *salesforce.Config) { c.Clock = clock })
	client := org.login(t)
	cursor := clock.Now().Add(-time.Minute).UTC().Format(time.RFC3339)
	since := "SELECT Id FROM Account WHERE SystemModstamp >= " + cursor + " ORDER BY SystemModstamp, Id"
	require.Empty(t, client.rows(t, since).Records)
	late, err := org.Controls().CreateRecords(salesforce.RecordChange{Object: "Account", Fields: map[string]any{"Name": "Late"}, LateSeconds: 300})
	require.NoError(t, err)
	require.Empty(t, client.rows(t, since).Records, "behind the cursor")
	overlap := clock.Now().Add(-10 * time.Minute).UTC().Format(time.RFC3339)
	require.Equal(t, []any{late[0]}, column(client.rows(t, "SELECT Id FROM Account WHERE SystemModstamp >= "+overlap).Records, "Id"))
}

package salesforce_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

func BenchmarkNew200k(b *testing.B) {
	for b.Loop() {
		_, err := salesforce.New(salesforce.Config{Records: map[string]int{"Contact": 200_000}})
		require.NoError(b, err)
	}
}

// BenchmarkKeysetPage reads 2,000 wide rows from the middle of 200,000, as each step of a first sync does.
func BenchmarkKeysetPage(b *testing.B) {
	org := start(b, func(c *salesforce.Config) { c.Records = map[string]int{"Contact": 200_000}; c.DailyRequests = -1 })
	client := org.login(b)
	for b.Loop() {
		got := client.query(b, "SELECT Id, AccountId, Name, FirstName, LastName, Email, Title, Phone, MailingStreet, MailingCity, "+
			"LeadSource, OwnerId, SystemModstamp FROM Contact WHERE SystemModstamp > 2025-01-01T00:00:00Z OR "+
			"(SystemModstamp = 2025-01-01T00:00:00Z AND Id > '003000000000000AAA') ORDER BY SystemModstamp, Id LIMIT 2000")
		require.Equal(b, http.StatusOK, got.status)
	}
}

func BenchmarkCheckInOneComposite(b *testing.B) {
	org := start(b, func(c *salesforce.Config) { c.DailyRequests = -1 })
	client := org.login(b)
	for b.Loop() {
		require.Equal(b, http.StatusOK, client.composite(b, false, part("a", "/sobjects/Account/describe"),
			part("b", "/sobjects/Contact/describe"), part("c", "/sobjects/Lead/describe"), part("d", "/sobjects/Opportunity/describe"),
			part("e", "/sobjects/User/describe")).status)
	}
}

// BenchmarkBulkJob runs a bulk query of 20,000 records from creation to its last page.
func BenchmarkBulkJob(b *testing.B) {
	org := start(b, func(c *salesforce.Config) { c.Records = map[string]int{"Contact": 20_000}; c.DailyRequests = -1 })
	client := org.login(b)
	org.Controls().SetBulkPolls(0)
	for b.Loop() {
		created := client.createJob(b, "query", "SELECT Id, AccountId, Name, FirstName, LastName, Email, Title, Phone, MailingStreet, "+
			"MailingCity, LeadSource, OwnerId, CreatedDate, SystemModstamp FROM Contact")
		require.Equal(b, 20_000, client.jobStatus(b, created.ID).NumberRecordsProcessed)
		require.Equal(b, "null", client.get(b, root+"/jobs/query/"+created.ID+"/results").header.Get("Sforce-Locator"))
	}
}

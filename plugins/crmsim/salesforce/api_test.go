package salesforce_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

func TestVersions(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	var list []map[string]string
	a := org.do(t, http.MethodGet, "/services/data", "", nil).json(t, http.StatusOK, &list)
	require.Equal(t, map[string]string{"label": "Summer '14", "url": "/services/data/v31.0", "version": "31.0"}, list[0])
	require.Equal(t, map[string]string{"label": "Winter '15", "url": "/services/data/v32.0", "version": "32.0"}, list[1])
	require.Equal(t, map[string]string{"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"}, list[35])
	require.Empty(t, a.header.Get("Sforce-Limit-Info"))
	require.Zero(t, org.Controls().Counters().APICalls)

	client := org.login(t)
	client.get(t, "/services/data/v99.0/limits").fails(t, 404, "UNSUPPORTED_API_VERSION", "Invalid Api version")
	client.get(t, "/services/data/v30.0/limits").fails(t, 410, "UNSUPPORTED_API_VERSION", "Invalid Api version")
	client.get(t, "/services/data/66/limits").fails(t, 404, "NOT_FOUND", "The requested resource does not exist")
	var resources map[string]string
	client.get(t, root).json(t, http.StatusOK, &resources)
	require.Equal(t, root+"/sobjects", resources["sobjects"])
}

func TestRequestsThatGoNowhere(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	for _, path := range []string{
		root + "/nope", root + "/sobjects/Nope", root + "/sobjects/Nope/describe",
		root + "/sobjects/Account/describe/layouts", root + "/sobjects/Account/001000000000000AAA", "/elsewhere",
	} {
		client.get(t, path).fails(t, 404, "NOT_FOUND", "The requested resource does not exist")
	}
	client.post(t, root+"/limits", nil).fails(t, 405, "METHOD_NOT_ALLOWED", "HTTP Method 'POST' not allowed. Allowed are GET")
	client.get(t, root+"/composite").fails(t, 405, "METHOD_NOT_ALLOWED", "HTTP Method 'GET' not allowed. Allowed are POST")
	require.Equal(t, http.StatusRequestURITooLong, client.query(t, "SELECT "+strings.Repeat("Id,", 8000)+"Id FROM Account").status)
	for _, header := range []http.Header{nil, {"Authorization": {"Bearer x"}}, {"Authorization": {"Basic eA=="}}} {
		org.do(t, http.MethodGet, root+"/limits", "", header).fails(t, 401, "INVALID_SESSION_ID", "Session expired or invalid")
	}
}

func TestDailyLimitIsARollingDay(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	org := start(t, func(c *salesforce.Config) {
		c.Clock, c.DailyRequests, c.AccessTokenTTL = clock, 3, 1000*time.Hour
	})
	client := org.login(t)
	for _, want := range []string{"api-usage=1/3", "api-usage=2/3", "api-usage=3/3"} {
		require.Equal(t, want, client.get(t, root+"/sobjects/Account").header.Get("Sforce-Limit-Info"))
		clock.Advance(time.Hour)
	}
	client.get(t, root+"/limits").fails(t, 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
	clock.Advance(21 * time.Hour)
	var limits map[string]map[string]int
	client.get(t, root+"/limits").json(t, http.StatusOK, &limits)
	require.Equal(t, map[string]int{"Max": 3, "Remaining": 0}, limits["DailyApiRequests"])
}

func TestDescribeIsConditional(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	org := start(t, func(c *salesforce.Config) { c.Clock = clock })
	client := org.login(t)
	for _, path := range []string{root + "/sobjects", root + "/sobjects/Account/describe"} {
		first := client.get(t, path)
		require.NotEmpty(t, first.header.Get("ETag"))
		header := client.header()
		header.Set("If-Modified-Since", first.header.Get("Last-Modified"))
		again := org.do(t, http.MethodGet, path, "", header)
		require.Equal(t, http.StatusNotModified, again.status)
		require.Empty(t, again.body)

		require.NoError(t, org.Controls().SetObject("Lead", salesforce.ObjectSwitch{Read: salesforce.Off()}))
		later := org.do(t, http.MethodGet, path, "", header)
		require.Equal(t, http.StatusOK, later.status, "a change within the same second must show")
		require.NotEqual(t, first.header.Get("ETag"), later.header.Get("ETag"))
	}
}

func TestGlobalDescribe(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	var global struct {
		Encoding     string
		MaxBatchSize int
		Sobjects     []map[string]any
	}
	client.get(t, root+"/sobjects/").json(t, http.StatusOK, &global)
	require.Equal(t, "UTF-8", global.Encoding)
	require.Equal(t, 200, global.MaxBatchSize)
	listed := byName(toAny(global.Sobjects))
	require.Equal(t, []string{
		"Account", "Contact", "Event", "Lead", "Opportunity", "OpportunityContactRole", "OpportunityStage", "Organization",
		"PackageLicense", "SetupAuditTrail", "Task", "User", "UserRecordAccess", "UserRole",
	}, names(listed))
	require.Equal(t, "00Q", listed["Lead"]["keyPrefix"])
	require.Len(t, listed["Account"], 28)
	var basic struct {
		ObjectDescribe map[string]any
		RecentItems    []any
	}
	client.get(t, root+"/sobjects/account").json(t, http.StatusOK, &basic)
	require.Equal(t, listed["Account"], basic.ObjectDescribe)
}

func toAny(list []map[string]any) []any {
	result := make([]any, len(list))
	for i := range list {
		result[i] = list[i]
	}
	return result
}

func TestGzip(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	plain := client.get(t, root+"/sobjects/Account/describe")
	header := client.header()
	header.Set("Accept-Encoding", "gzip")
	small := org.do(t, http.MethodGet, root+"/sobjects/Account/describe", "", header)
	require.Equal(t, "gzip", small.header.Get("Content-Encoding"))
	require.Contains(t, small.header.Get("ETag"), "--gzip")
	require.Less(t, len(small.body), len(plain.body)/4)
	reader, err := gzip.NewReader(bytes.NewReader(small.body))
	require.NoError(t, err)
	body, err := io.ReadAll(reader)
	require.NoError(t, err)
	require.True(t, json.Valid(body))
}

func TestRecordAndCounts(t *testing.T) {
	t.Parallel()
	org := start(t, nil)
	client := org.login(t)
	var page struct{ Records []map[string]any }
	client.query(t, "SELECT Id, Name, Industry FROM Account LIMIT 1").json(t, http.StatusOK, &page)
	id, _ := page.Records[0]["Id"].(string)
	var row map[string]any
	a := client.get(t, root+"/sobjects/Account/"+id+"?fields=Name,Industry").json(t, http.StatusOK, &row)
	require.Len(t, row, 3, "attributes and the two fields")
	require.NotEmpty(t, a.header.Get("Last-Modified"))
	require.NoError(t, org.Controls().SetField("Account", "Industry", salesforce.FieldSwitch{Read: salesforce.Off()}))
	client.get(t, root+"/sobjects/Account/"+id+"?fields=Name,Industry").fails(t, 400, "INVALID_FIELD", "No such column 'Industry'")
	var whole map[string]any
	client.get(t, root+"/sobjects/Account/"+id[:15]).json(t, http.StatusOK, &whole)
	require.Equal(t, id, whole["Id"])
	require.Contains(t, whole, "Name")
	require.NotContains(t, whole, "Industry")

	var counts map[string]any
	client.get(t, root+"/limits/recordCount?sObjects=Account,Nope").json(t, http.StatusOK, &counts)
	require.Equal(t, map[string]any{"sObjects": []any{map[string]any{"count": 50.0, "name": "Account"}}}, counts)
}

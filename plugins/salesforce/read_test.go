package salesforce

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

var epoch = time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)

// readAll runs Read until it ends and returns the batches.
func readAll(t require.TestingT, c *Connector, target sdk.Target, request sdk.ReadRequest) []sdk.Batch {
	var batches []sdk.Batch
	err := c.Read(tContext(t), target, request, func(b sdk.Batch) error {
		batches = append(batches, b)
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, batches)
	for i, batch := range batches {
		require.Equal(t, i == len(batches)-1, batch.Done)
	}
	return batches
}

func recordsOf(batches []sdk.Batch) []sdk.Record {
	var records []sdk.Record
	for _, batch := range batches {
		records = append(records, batch.Records...)
	}
	return records
}

func idsOf(batches []sdk.Batch) []string {
	var ids []string
	for _, record := range recordsOf(batches) {
		ids = append(ids, record.ID)
	}
	return ids
}

func TestReadPagesInOrder(t *testing.T) {
	t.Parallel()
	org := newFakeOrg(epoch)
	for n := range 8 { // eight records, two stamps, all older than the overlap
		org.put(leadID(n), n, epoch.Add(-time.Hour).Add(time.Duration(n%2)*time.Minute), 0)
	}
	batches := readAll(t, org.connector(), org.target(), sdk.ReadRequest{Object: "Lead", Fields: []string{"Value__c", "Address", "value__C"}})
	require.Len(t, batches, 3)
	require.Equal(t, []string{leadID(0), leadID(2), leadID(4), leadID(6), leadID(1), leadID(3), leadID(5), leadID(7)}, idsOf(batches))
	require.Equal(t, sdk.Stats{CRMCalls: 1, QuotaUsed: 7, QuotaMax: 100}, batches[0].Stats)
	first := batches[0].Records[1]
	require.Equal(t, epoch.Add(-time.Hour), first.ModifiedAt)
	require.JSONEq(t, `{"Address":{"city":"Basel"},"Value__c":2}`, string(first.Data),
		"the requested fields, without attributes and the position's fields")
	require.Equal(t, []string{"SELECT Id,SystemModstamp,Value__c,Address FROM Lead ORDER BY SystemModstamp, Id"}, org.queries)

	again := readAll(t, org.connector(), org.target(), sdk.ReadRequest{Object: "Lead", Fields: []string{"Value__c"}, ResumeToken: batches[2].ResumeToken})
	require.Empty(t, idsOf(again), "nothing changed, nothing is read")
	require.Equal(t, 2, again[0].Stats.CRMCalls, "the query, and the list of deletions")
}

func TestReadOfNothing(t *testing.T) {
	t.Parallel()
	org := newFakeOrg(epoch)
	batches := readAll(t, org.connector(), org.target(), sdk.ReadRequest{Object: "Lead"})
	require.Len(t, batches, 1)
	org.put(leadID(1), 1, epoch, 0)
	batches = readAll(t, org.connector(), org.target(), sdk.ReadRequest{Object: "Lead", ResumeToken: batches[0].ResumeToken})
	require.Equal(t, []string{leadID(1)}, idsOf(batches))
}

func TestReadAgainWithinTheOverlap(t *testing.T) {
	t.Parallel()
	org := newFakeOrg(epoch)
	org.put(leadID(1), 1, epoch.Add(-time.Hour), 0)
	org.put(leadID(2), 2, epoch.Add(-2*time.Minute), 0)
	org.put(leadID(3), 3, epoch.Add(-9*time.Minute), 9*time.Minute+time.Second) // commits a second after the read
	request := sdk.ReadRequest{Object: "Lead", Fields: []string{"V"}}
	batches := readAll(t, org.connector(), org.target(), request)
	require.Equal(t, []string{leadID(1), leadID(2)}, idsOf(batches))

	org.now = epoch.Add(time.Hour)
	request.ResumeToken = batches[len(batches)-1].ResumeToken
	require.Equal(t, []string{leadID(3), leadID(2)}, idsOf(readAll(t, org.connector(), org.target(), request)))

	// With an overlap of a minute the late record would have been missed.
	target := org.target()
	target.Config = json.RawMessage(`{"overlapMinutes":1}`)
	org.now = epoch
	request.ResumeToken = nil
	batches = readAll(t, org.connector(), target, request)
	org.now = epoch.Add(time.Hour)
	request.ResumeToken = batches[len(batches)-1].ResumeToken
	require.Empty(t, idsOf(readAll(t, org.connector(), target, request)))
}

// copyOf is a host's copy of an org's records, kept by the rules of the protocol.
type copyOf struct {
	values map[string]int
	token  []byte
	// unseen are records that a reading from the beginning has not sent so far;
	// nil when there is none under way.
	unseen map[string]bool
}

func (c *copyOf) store(t require.TestingT, b sdk.Batch) {
	if b.Restarted {
		c.unseen = map[string]bool{}
		for id := range c.values {
			c.unseen[id] = true
		}
	}
	for _, record := range b.Records {
		delete(c.unseen, record.ID)
		if record.Deleted {
			require.Empty(t, record.Data)
			delete(c.values, record.ID)
			continue
		}
		var data struct{ V int }
		require.NoError(t, json.Unmarshal(record.Data, &data))
		c.values[record.ID] = data.V
	}
	if b.Done {
		for id := range c.unseen {
			delete(c.values, id)
		}
		c.unseen = nil
	}
	c.token = b.ResumeToken
}

// TestReadLosesNothing is the promise of Read: whatever the stamps, page sizes,
// interruptions, closed cursors, failing and expiring jobs, cut pages, changes and
// deletions during the run and commits that are late within the overlap, a host
// that stores what it got has the org's records in the end, and then there is
// nothing left to read. So for a first read by query and by bulk job.
func TestReadLosesNothing(t *testing.T) {
	t.Parallel()
	for name, threshold := range map[string]int{"REST": 0, "Bulk": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { loseNothing(t, threshold) })
		})
	}
}

// worldOf makes an org that changes with every request, by the property's draws.
func worldOf(t *rapid.T, most int) *fakeOrg {
	org := newFakeOrg(epoch)
	value := 0
	mutate := func() {
		value++
		id := leadID(rapid.IntRange(1, most).Draw(t, "record"))
		stamp := org.now.Truncate(time.Minute) // ties are the rule
		versions := org.rows[id]
		if len(versions) > 0 && stamp.Before(versions[len(versions)-1].commit) {
			return // locked by an open transaction
		}
		lag := time.Duration(rapid.IntRange(0, 10).Draw(t, "lag")) * time.Minute
		gone := len(versions) > 0 && versions[len(versions)-1].deleted
		switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
		case kind == 0 && len(versions) > 0 && !gone:
			org.remove(id, stamp, lag)
		case kind == 1 && gone:
			org.purged[id] = true
		case !org.purged[id]:
			org.put(id, value, stamp, lag) // an undelete, too
		}
	}
	for range rapid.IntRange(0, 20).Draw(t, "before") {
		org.now = org.now.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "seconds")) * time.Second)
		mutate()
	}
	org.pageSize = func() int { return rapid.IntRange(1, 4).Draw(t, "page") }
	org.bulk.polls = rapid.IntRange(0, 2).Draw(t, "polls")
	org.bulk.end = func() string {
		return rapid.SampledFrom([]string{jobComplete, jobComplete, jobComplete, jobFailed, jobAborted}).Draw(t, "end")
	}
	org.bulk.cut = func(size int) int {
		if rapid.IntRange(0, 5).Draw(t, "cut") > 0 {
			return -1
		}
		return rapid.IntRange(0, size-1).Draw(t, "bytes")
	}
	org.beforeRequest = func() {
		org.now = org.now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "passes")) * time.Second)
		for range rapid.IntRange(0, 2).Draw(t, "changes") {
			mutate()
		}
		if rapid.IntRange(0, 9).Draw(t, "close") == 0 {
			clear(org.cursors)
		}
		if rapid.IntRange(0, 19).Draw(t, "expire") == 0 {
			clear(org.bulk.jobs)
		}
	}
	return org
}

func loseNothing(t *rapid.T, threshold int) {
	org := worldOf(t, 12)
	host := copyOf{values: map[string]int{}}
	stop := errors.New("stop")
	target := org.target()
	target.Config = json.RawMessage(fmt.Sprintf(`{"bulkThreshold":%d}`, threshold))
	connector := org.connector()
	connector.bulkPage = rapid.IntRange(1, 5).Draw(t, "bulk page")
	run := func(batches, size int) error {
		return connector.Read(tContext(t), target, sdk.ReadRequest{Object: "Lead", Fields: []string{"V"}, ResumeToken: host.token, BatchSize: size},
			func(b sdk.Batch) error {
				if batches--; batches < 0 {
					return stop // the host crashed before it stored this batch
				}
				host.store(t, b)
				return nil
			})
	}
	for range rapid.IntRange(1, 8).Draw(t, "runs") {
		err := run(rapid.IntRange(0, 6).Draw(t, "batches"), rapid.IntRange(1, 5).Draw(t, "size"))
		if code := sdk.CodeOf(err); err != nil && code != sdk.CodeUnavailable && code != sdk.CodeBadResponse {
			require.Same(t, stop, err)
		}
		pause := time.Minute
		if rapid.IntRange(0, 9).Draw(t, "long pause") == 0 {
			pause = 24 * time.Hour
		}
		org.now = org.now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "pause")) * pause)
	}
	org.beforeRequest = func() {}
	org.bulk.cut, org.bulk.end = nil, nil
	org.now = org.now.Add(30 * time.Minute) // every transaction is done
	require.NoError(t, run(1000, 100))      // ends the open query, which is as old as it is
	org.now = org.now.Add(2 * time.Minute)
	require.NoError(t, run(1000, 100)) // the next day's run
	want := map[string]int{}
	for id := range org.rows {
		if v, ok := org.visible(id); ok && !v.deleted {
			want[id] = v.value
		}
	}
	require.Equal(t, want, host.values)
	again := readAll(t, connector, target, sdk.ReadRequest{Object: "Lead", Fields: []string{"V"}, ResumeToken: host.token})
	require.Empty(t, idsOf(again))
}

// TestReadSendsOnce: without interruptions and changes, settled records are sent
// exactly once, also when a whole page shares one stamp.
func TestReadSendsOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		org := newFakeOrg(epoch)
		var want []string
		for n := range rapid.IntRange(0, 30).Draw(t, "records") {
			org.put(leadID(n), n, epoch.Add(-time.Hour-time.Duration(rapid.IntRange(0, 3).Draw(t, "stamp"))*time.Minute), 0)
			want = append(want, leadID(n))
		}
		org.pageSize = func() int { return rapid.IntRange(1, 7).Draw(t, "page") }
		size := rapid.IntRange(1, 5).Draw(t, "size")
		var got []string
		var token []byte
		for done := false; !done; { // one batch per run: each goes on by token alone
			stop := errors.New("stop")
			err := org.connector().Read(tContext(t), org.target(), sdk.ReadRequest{Object: "Lead", ResumeToken: token, BatchSize: size}, func(b sdk.Batch) error {
				require.LessOrEqual(t, len(b.Records), size)
				for _, record := range b.Records {
					got = append(got, record.ID)
				}
				token, done = b.ResumeToken, b.Done
				return stop
			})
			require.Same(t, stop, err)
		}
		slices.Sort(got)
		require.Equal(t, want, got)
	})
}

func TestReadDividesLongSelects(t *testing.T) {
	t.Parallel()
	org := newFakeOrg(epoch)
	org.pageSize = func() int { return 210 }
	for n := range 210 {
		org.put(leadID(n), n, epoch.Add(-time.Hour), 0)
	}
	var fields []string
	for n := range 520 {
		fields = append(fields, fmt.Sprintf("A_field_of_some_length_%d__c", n))
	}
	batches := readAll(t, org.connector(), org.target(), sdk.ReadRequest{Object: "Lead", Fields: fields})
	records := recordsOf(batches)
	require.Len(t, records, 210)
	var data map[string]int
	require.NoError(t, json.Unmarshal(records[42].Data, &data))
	require.Len(t, data, 520)
	require.Equal(t, 42, data["A_field_of_some_length_519__c"])
	for _, query := range org.queries {
		require.Less(t, len(queryPath(query)), 15_500)
	}
	for _, batch := range batches {
		size := 0
		for _, record := range batch.Records {
			size += len(record.Data)
		}
		require.LessOrEqual(t, size, maxBatchBytes)
	}
}

func TestReadIgnoresTheCursorOfOtherFields(t *testing.T) {
	t.Parallel()
	org := newFakeOrg(epoch)
	for n := range 9 {
		org.put(leadID(n), n, epoch.Add(-time.Hour), 0)
	}
	stop := errors.New("stop")
	var token []byte
	err := org.connector().Read(t.Context(), org.target(), sdk.ReadRequest{Object: "Lead", Fields: []string{"A", "B"}}, func(b sdk.Batch) error {
		token = b.ResumeToken
		return stop
	})
	require.Same(t, stop, err)
	batches := readAll(t, org.connector(), org.target(), sdk.ReadRequest{Object: "Lead", Fields: []string{"A"}, ResumeToken: token})
	require.Len(t, idsOf(batches), 6)
	require.JSONEq(t, `{"A":3}`, string(batches[0].Records[0].Data))
	require.Len(t, org.queries, 2)
}

func TestReadFailures(t *testing.T) {
	t.Parallel()
	const row = `{"Id":"00Q000000000001AAA","SystemModstamp":"2026-05-06T11:56:44.000+0000"}`
	cases := map[string]struct {
		answer canned
		want   sdk.Code
	}{
		"field lost":       {canned{status: 400, body: `[{"errorCode":"INVALID_FIELD","message":"\nSELECT\n ^\nERROR at Row:1:Column:8\nNo such column 'Email' on entity 'Lead'."}]`}, sdk.CodeFieldDenied},
		"object lost":      {sfError(400, "INVALID_TYPE", "sObject type 'Lead' is not supported."), sdk.CodeObjectDenied},
		"no modstamp":      {sfError(400, "INVALID_FIELD", "No such column 'SystemModstamp' on entity 'Lead'."), sdk.CodeUnsupported},
		"session":          {sfError(401, "INVALID_SESSION_ID", "Session expired or invalid"), sdk.CodeUnauthenticated},
		"quota":            {sfError(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), sdk.CodeQuotaExhausted},
		"maintenance":      {canned{status: 503, body: "<html>"}, sdk.CodeUnavailable},
		"query timeout":    {sfError(400, "QUERY_TIMEOUT", "too long"), sdk.CodeTimeout},
		"closed for ever":  {sfError(400, "INVALID_QUERY_LOCATOR", "invalid query locator"), sdk.CodeUnavailable},
		"no records":       {ok(`{"done":true}`), sdk.CodeBadResponse},
		"no done":          {ok(`{"records":[]}`), sdk.CodeBadResponse},
		"no next":          {ok(`{"done":false,"records":[]}`), sdk.CodeBadResponse},
		"next elsewhere":   {ok(`{"done":false,"records":[],"nextRecordsUrl":"https://evil.example` + dataPath + `/query/x"}`), sdk.CodeBadResponse},
		"next of old path": {ok(`{"done":false,"records":[],"nextRecordsUrl":"/services/data/v1.0/query/x"}`), sdk.CodeBadResponse},
		"row without id":   {ok(`{"done":true,"records":[{"SystemModstamp":"2026-05-06T11:56:44.000+0000"}]}`), sdk.CodeBadResponse},
		"row without time": {ok(`{"done":true,"records":[{"Id":"00Q000000000001AAA","SystemModstamp":"today"}]}`), sdk.CodeBadResponse},
		"truncated":        {ok(`{"done":true,"records":[` + row), sdk.CodeBadResponse},
		"null":             {ok(`null`), sdk.CodeBadResponse},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org := newStub(t, map[string]canned{dataPath + "/query": c.answer})
			err := newTestConnector().Read(t.Context(), org.target(), sdk.ReadRequest{Object: "Lead", Fields: []string{"Email"}}, func(sdk.Batch) error {
				t.Error("nothing can be sent")
				return nil
			})
			require.Equal(t, c.want, sdk.CodeOf(err), "%v", err)
			var e *sdk.Error
			if require.ErrorAs(t, err, &e); c.want == sdk.CodeFieldDenied {
				require.Equal(t, [2]string{"Lead", "Email"}, [2]string{e.Object, e.Field})
			}
		})
	}
}

func TestReadWithoutDateIsRefused(t *testing.T) {
	t.Parallel()
	target := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = nil
		_, _ = io.WriteString(w, `{"done":true,"records":[]}`)
	})
	err := newTestConnector().Read(t.Context(), target, sdk.ReadRequest{Object: "Lead"}, func(sdk.Batch) error { return nil })
	require.Equal(t, sdk.CodeBadResponse, sdk.CodeOf(err))
}

func TestReadRefusesBadRequests(t *testing.T) {
	t.Parallel()
	org := newStub(t, nil)
	cases := map[string]struct {
		request sdk.ReadRequest
		config  string
		want    sdk.Code
	}{
		"object":               {sdk.ReadRequest{Object: "Lead WHERE"}, "", sdk.CodeInvalidRequest},
		"field":                {sdk.ReadRequest{Object: "Lead", Fields: []string{"A,(SELECT Id FROM B)"}}, "", sdk.CodeInvalidRequest},
		"config":               {sdk.ReadRequest{Object: "Lead"}, `{"overlapMinutes":0}`, sdk.CodeInvalidRequest},
		"config shape":         {sdk.ReadRequest{Object: "Lead"}, `[]`, sdk.CodeInvalidRequest},
		"token":                {sdk.ReadRequest{Object: "Lead", ResumeToken: []byte("x")}, "", sdk.CodeCursorExpired},
		"token version":        {sdk.ReadRequest{Object: "Lead", ResumeToken: []byte(`{"v":99,"object":"Lead"}`)}, "", sdk.CodeCursorExpired},
		"token half":           {sdk.ReadRequest{Object: "Lead", ResumeToken: []byte(`{"v":2,"object":"Lead","id":"00Q000000000001AAA"}`)}, "", sdk.CodeCursorExpired},
		"token with SOQL":      {sdk.ReadRequest{Object: "Lead", ResumeToken: []byte(`{"v":2,"object":"Lead","stamp":"2026-05-06T12:00:00Z","id":"' OR Id != '"}`)}, "", sdk.CodeCursorExpired},
		"another object's":     {sdk.ReadRequest{Object: "Lead", ResumeToken: []byte(`{"v":2,"object":"Account"}`)}, "", sdk.CodeInvalidRequest},
		"config of wrong type": {sdk.ReadRequest{Object: "Lead"}, `{"overlapMinutes":"ten"}`, sdk.CodeInvalidRequest},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target := org.target()
			target.Config = json.RawMessage(c.config)
			err := newTestConnector().Read(t.Context(), target, c.request, func(sdk.Batch) error { return nil })
			require.Equal(t, c.want, sdk.CodeOf(err), "%v", err)
		})
	}
	require.Empty(t, org.requests)
}

func TestLocatorStaysInItsPath(t *testing.T) {
	t.Parallel()
	require.True(t, isLocator(dataPath+"/query/0r8xx5R2yF2gs3VASQ-2000"))
	for _, path := range []string{"", "/", dataPath + "/query/", dataPath + "/query/a/b", dataPath + "/query/../x", dataPath + "/query/a?q=x", "https://x" + dataPath + "/query/a", strings.Replace(dataPath, "66", "65", 1) + "/query/a"} {
		require.False(t, isLocator(path), path)
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"2026-05-06T11:56:44.000+0000": "2026-05-06T11:56:44.000Z",
		"2026-05-06T11:56:44.123+0200": "2026-05-06T09:56:44.123Z",
		"2026-05-06T11:56:44Z":         "2026-05-06T11:56:44.000Z",
	} {
		parsed, err := parseTime(text)
		require.NoError(t, err)
		require.Equal(t, want, soqlTime(parsed))
	}
}

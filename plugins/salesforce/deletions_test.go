package salesforce

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// nextRead reads on from a token.
func (o *fakeOrg) nextRead(t *testing.T, token []byte, size int) ([]sdk.Batch, []byte) {
	t.Helper()
	batches := readAll(t, o.connector(), o.target(), sdk.ReadRequest{Object: "Lead", Fields: []string{"V"}, ResumeToken: token, BatchSize: size})
	return batches, batches[len(batches)-1].ResumeToken
}

func TestReadTellsOfDeletions(t *testing.T) {
	t.Parallel()
	org := newFakeOrg(epoch)
	org.leads(8)
	batches, token := org.nextRead(t, nil, 100)
	require.Len(t, idsOf(batches), 8)

	org.now = epoch.Add(24 * time.Hour)
	org.remove(leadID(1), org.now.Add(-time.Hour), 0) // in the recycle bin
	org.remove(leadID(2), org.now.Add(-time.Hour), 0) // and gone from it
	org.purged[leadID(2)] = true
	org.remove(leadID(3), org.now.Add(-2*time.Hour), 0) // and taken out of it again
	org.put(leadID(3), 33, org.now.Add(-time.Hour), 0)
	batches, token = org.nextRead(t, token, 100)
	gone := map[string]bool{}
	for _, record := range recordsOf(batches) {
		if record.Deleted {
			require.Empty(t, record.Data)
			gone[record.ID] = true
		} else {
			require.Equal(t, leadID(3), record.ID)
		}
	}
	require.Equal(t, map[string]bool{leadID(1): true, leadID(2): true}, gone)

	org.now = org.now.Add(time.Hour)
	batches, _ = org.nextRead(t, token, 100)
	require.Empty(t, idsOf(batches), "a deletion is told once")
}

// TestReadOfManyDeletions: a run that is interrupted after every batch gets
// forward, also among deletions of the same second.
func TestReadOfManyDeletions(t *testing.T) {
	t.Parallel()
	org := newFakeOrg(epoch)
	org.leads(25)
	_, token := org.nextRead(t, nil, 100)
	org.now = epoch.Add(time.Hour)
	for n := range 20 {
		org.remove(leadID(n), org.now.Add(-30*time.Minute), 0)
		org.purged[leadID(n)] = true
	}
	gone := map[string]int{}
	stop := errors.New("stop")
	for done := false; !done; {
		err := org.connector().Read(t.Context(), org.target(), sdk.ReadRequest{Object: "Lead", Fields: []string{"V"}, ResumeToken: token, BatchSize: 3}, func(b sdk.Batch) error {
			for _, record := range b.Records {
				require.True(t, record.Deleted)
				gone[record.ID]++
			}
			token, done = b.ResumeToken, b.Done
			return stop
		})
		require.Same(t, stop, err)
	}
	require.Len(t, gone, 20)
	for id, times := range gone {
		require.Equal(t, 1, times, id)
	}
}

// TestReadAfterALongTime: when deletions are no longer listed, everything is read
// again, and the first batch says so.
func TestReadAfterALongTime(t *testing.T) {
	t.Parallel()
	org := newFakeOrg(epoch)
	org.leads(8)
	_, token := org.nextRead(t, nil, 100)
	for days, restarted := range map[int]bool{1: false, 29: false, 31: true, 400: true} {
		org.now = epoch.Add(time.Duration(days) * 24 * time.Hour)
		batches, _ := org.nextRead(t, token, 2)
		require.Equal(t, restarted, batches[0].Restarted, "%d days", days)
		for _, batch := range batches[1:] {
			require.False(t, batch.Restarted)
		}
		if restarted {
			require.Len(t, idsOf(batches), 8)
		} else {
			require.Empty(t, idsOf(batches))
		}
	}
}

func TestReadWithoutAListOfDeletions(t *testing.T) {
	t.Parallel()
	const restarted, ended = "restarted", "ended"
	for name, c := range map[string]struct {
		status      int
		body, basic string
		want        string
		unlisted    bool
	}{
		"too many":             {400, `[{"errorCode":"EXCEEDED_ID_LIMIT","message":"m"}]`, "", restarted, false},
		"window refused":       {400, `[{"errorCode":"INVALID_REPLICATION_DATE","message":"m"}]`, "", restarted, false},
		"not replicateable":    {400, `[{"errorCode":"INVALID_TYPE_FOR_OPERATION","message":"m"}]`, `{"objectDescribe":{"replicateable":false}}`, ended, true},
		"not there":            {404, `[{"errorCode":"NOT_FOUND","message":"m"}]`, `{"objectDescribe":{"replicateable":false}}`, ended, true},
		"refused all the same": {400, `[{"errorCode":"SOMETHING","message":"m"}]`, `{"objectDescribe":{"replicateable":true}}`, ended, false},
		"basic says nothing":   {400, `[{"errorCode":"SOMETHING","message":"m"}]`, `{}`, ended, false},
		"outage":               {503, ``, "", string(sdk.CodeUnavailable), false},
		"quota":                {403, `[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]`, "", string(sdk.CodeQuotaExhausted), false},
		"session":              {401, `[{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}]`, "", string(sdk.CodeUnauthenticated), false},
		"something else":       {200, `{}`, "", string(sdk.CodeBadResponse), false},
		"no date":              {200, `{"deletedRecords":[]}`, "", string(sdk.CodeBadResponse), false},
		"a bad id":             {200, `{"deletedRecords":[{"id":"' OR","deletedDate":"2026-05-06T11:56:44.000+0000"}],"latestDateCovered":"2026-05-06T11:56:44.000+0000"}`, "", string(sdk.CodeBadResponse), false},
		"a page":               {200, `<html>`, "", string(sdk.CodeBadResponse), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org := newFakeOrg(epoch)
			org.leads(2)
			_, token := org.nextRead(t, nil, 100)
			org.now = epoch.Add(time.Hour)
			connector := org.connector()
			connector.http.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				answer := func(status int, body string) (*http.Response, error) {
					return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
				}
				switch r.URL.Path {
				case dataPath + "/sobjects/Lead/deleted":
					return answer(c.status, c.body)
				case dataPath + "/sobjects/Lead":
					return answer(200, c.basic)
				default:
					return org.RoundTrip(r)
				}
			})
			var batches []sdk.Batch
			err := connector.Read(t.Context(), org.target(), sdk.ReadRequest{Object: "Lead", Fields: []string{"V"}, ResumeToken: token}, func(b sdk.Batch) error {
				batches = append(batches, b)
				return nil
			})
			switch c.want {
			case restarted:
				require.NoError(t, err)
				require.True(t, batches[0].Restarted)
				require.Len(t, idsOf(batches), 2)
			case ended:
				require.NoError(t, err)
				require.Empty(t, idsOf(batches))
				var at position
				require.NoError(t, json.Unmarshal(batches[len(batches)-1].ResumeToken, &at))
				require.Equal(t, c.unlisted, at.Deletions.Unlisted)
				require.False(t, at.Deletions.Asked)
			default:
				require.Equal(t, c.want, string(sdk.CodeOf(err)), "%v", err)
			}
		})
	}
}

// TestReadOfObjectsThatCannotBeDeleted: an object without IsDeleted is read
// without asking for it, and asked only once.
func TestReadOfObjectsThatCannotBeDeleted(t *testing.T) {
	t.Parallel()
	org := newFakeOrg(epoch)
	org.leads(2)
	connector := org.connector()
	asked := 0
	connector.http.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.Contains(r.URL.Query().Get("q"), isDeleted) {
			asked++
			body := fmt.Sprintf(`[{"errorCode":"INVALID_FIELD","message":"\nSELECT\n ^\nERROR at Row:1:Column:8\nNo such column '%s' on entity 'Lead'."}]`, isDeleted)
			return &http.Response{StatusCode: 400, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
		}
		return org.RoundTrip(r)
	})
	var token []byte
	for range 3 {
		batches := readAll(t, connector, org.target(), sdk.ReadRequest{Object: "Lead", Fields: []string{"V"}, ResumeToken: token})
		token = batches[len(batches)-1].ResumeToken
		org.now = org.now.Add(time.Hour)
	}
	require.Equal(t, 1, asked)
}

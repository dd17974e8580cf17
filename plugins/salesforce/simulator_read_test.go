package salesforce_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	crmsim "github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/plugins/salesforce"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// mirror is a host's copy of an object.
type mirror struct {
	data  map[string]string
	sent  map[string]int // how often a living record came
	token []byte
	// unseen are the records that a reading from the beginning has not sent.
	unseen map[string]bool
}

func newMirror() *mirror { return &mirror{data: map[string]string{}, sent: map[string]int{}} }

func (m *mirror) store(b sdk.Batch) {
	if b.Restarted {
		m.unseen = map[string]bool{}
		for id := range m.data {
			m.unseen[id] = true
		}
	}
	for _, record := range b.Records {
		delete(m.unseen, record.ID)
		if record.Deleted {
			delete(m.data, record.ID)
			continue
		}
		m.data[record.ID] = string(record.Data)
		m.sent[record.ID]++
	}
	if b.Done {
		for id := range m.unseen {
			delete(m.data, id)
		}
		m.unseen = nil
	}
	m.token = b.ResumeToken
}

// read reads to the end; the host is killed after every kill batches (0 never),
// before it stores the next one.
func (m *mirror) read(t *testing.T, o *org, threshold, kill int) {
	t.Helper()
	target := o.target
	target.Config = json.RawMessage(fmt.Sprintf(`{"bulkThreshold":%d}`, threshold))
	killed := errors.New("killed")
	for done := false; !done; {
		left := kill
		err := salesforce.NewWithoutPause().SmallPages(1000).Read(t.Context(), target, sdk.ReadRequest{
			Object: "Account", Fields: accountFields, ResumeToken: m.token, BatchSize: 500,
		}, func(b sdk.Batch) error {
			if left--; kill > 0 && left < 0 {
				return killed
			}
			m.store(b)
			done = b.Done
			return nil
		})
		if !errors.Is(err, killed) {
			require.NoError(t, err)
		}
	}
}

var accountFields = []string{"Name", "Industry", "AnnualRevenue", "NumberOfEmployees", "BillingAddress", "CreatedDate", "OwnerId", "Description"}

// TestSimulatorReadUnderChange: many records with one stamp, so that every border
// of a page lies within a tie, while records are changed, created and deleted
// before each page, and the host is killed again and again: nothing is lost and
// nothing doubled, by query and by bulk job.
func TestSimulatorReadUnderChange(t *testing.T) {
	t.Parallel()
	count := 3000
	if os.Getenv("FIELDWARDEN_LONG_TESTS") != "" {
		count = 30_000
	}
	for name, threshold := range map[string]int{"REST": 0, "Bulk": 1000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := startOrg(t, crmsim.Config{Records: map[string]int{"Account": count}})
			_, err := o.TouchRecords(crmsim.RecordChange{Object: "Account", Count: count, LateSeconds: 24 * 60 * 60})
			require.NoError(t, err)
			ids, err := o.RecordIDs("Account")
			require.NoError(t, err)
			changed := map[string]bool{}
			pages := 0
			o.OnPage(func(p crmsim.Page) {
				if p.Object != "Account" || pages*3+2 >= len(ids) {
					return
				}
				some := ids[len(ids)-3*pages-3 : len(ids)-3*pages]
				pages++
				touched, err := o.TouchRecords(crmsim.RecordChange{Object: "Account", IDs: some[:2], Fields: map[string]any{"Name": fmt.Sprintf("Changed %d", pages)}})
				require.NoError(t, err)
				deleted, err := o.DeleteRecords(crmsim.RecordChange{Object: "Account", IDs: some[2:]})
				require.NoError(t, err)
				made, err := o.CreateRecords(crmsim.RecordChange{Object: "Account", Count: 1, Fields: map[string]any{"Name": fmt.Sprintf("New %d", pages)}})
				require.NoError(t, err)
				for _, id := range slices.Concat(touched, deleted, made) {
					changed[id] = true
				}
			})
			o.ClearRequests()
			m := newMirror()
			m.read(t, o, threshold, 3)
			require.Positive(t, pages)
			require.Equal(t, threshold > 0, o.Counters().ByEndpoint["bulkJobs"] > 0)
			for id, times := range m.sent {
				require.True(t, times == 1 || changed[id], "%s was not changed and came %d times", id, times)
			}
			o.OnPage(nil)
			m.read(t, o, threshold, 0) // the next day's run

			truth := newMirror()
			truth.read(t, o, 0, 0)
			require.Len(t, truth.data, count)
			require.Equal(t, truth.data, m.data)
		})
	}
}

// TestSimulatorBothWaysGiveTheSame compares a whole object read by query and by
// bulk job, byte by byte.
func TestSimulatorBothWaysGiveTheSame(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{Records: map[string]int{"Account": 1500}})
	byQuery, byJob := newMirror(), newMirror()
	byQuery.read(t, o, 0, 0)
	require.Zero(t, o.Counters().ByEndpoint["bulkJobs"])
	byJob.read(t, o, 100, 0)
	require.Positive(t, o.Counters().ByEndpoint["bulkJobs"])
	require.Len(t, byQuery.data, 1500)
	require.Equal(t, byQuery.data, byJob.data)
}

func TestSimulatorDeletionsArrive(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{Records: map[string]int{"Account": 300}})
	m := newMirror()
	m.read(t, o, 0, 0)
	ids, err := o.RecordIDs("Account")
	require.NoError(t, err)
	require.NoError(t, o.MergeRecords("Account", ids[0], ids[1]))
	_, err = o.DeleteRecords(crmsim.RecordChange{Object: "Account", IDs: ids[2:4]})
	require.NoError(t, err)
	m.read(t, o, 0, 0)
	for _, id := range ids[1:4] {
		require.NotContains(t, m.data, id)
	}
	require.Contains(t, m.data, ids[0])
	_, err = o.TouchRecords(crmsim.RecordChange{Object: "Account", IDs: ids[3:4], Restore: true})
	require.NoError(t, err)
	m.read(t, o, 0, 0)
	require.Contains(t, m.data, ids[3], "taken out of the recycle bin")

	// Gone from the recycle bin: only the list of deletions still tells.
	_, err = o.DeleteRecords(crmsim.RecordChange{Object: "Account", IDs: ids[5:8], LateSeconds: 5 * 60})
	require.NoError(t, err)
	_, err = o.PurgeRecords("Account")
	require.NoError(t, err)
	m.read(t, o, 0, 0)
	for _, id := range ids[5:8] {
		require.NotContains(t, m.data, id)
	}
	require.Len(t, m.data, 300-5)
}

func TestSimulatorJobsThatFail(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{Records: map[string]int{"Account": 2500}})
	_, err := o.AddFault(crmsim.Fault{Kind: crmsim.FaultBulkFailed, Times: 1})
	require.NoError(t, err)
	m := newMirror()
	m.read(t, o, 100, 0)
	require.Len(t, m.data, 2500)

	// Expired in the middle of its result.
	o.SetBulkPolls(2)
	m = newMirror()
	expired := false
	o.OnPage(func(p crmsim.Page) {
		if p.Bulk && p.Offset > 1000 && !expired {
			expired = true
			o.ExpireBulkJobs()
		}
	})
	m.read(t, o, 100, 2)
	require.True(t, expired)
	require.Len(t, m.data, 2500)

	// Failing for ever: a query reads.
	_, err = o.AddFault(crmsim.Fault{Kind: crmsim.FaultBulkFailed})
	require.NoError(t, err)
	m = newMirror()
	m.read(t, o, 100, 1)
	require.Len(t, m.data, 2500)
}

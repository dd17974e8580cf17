package salesforce_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	crmsim "github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/plugins/salesforce"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// byID reads records by their ids.
func (o *org) byID(t *testing.T, object string, fields []string, ids ...string) (map[string]sdk.Record, sdk.Stats, error) {
	t.Helper()
	found := map[string]sdk.Record{}
	var stats sdk.Stats
	err := salesforce.NewWithoutPause().ReadRecords(t.Context(), o.target, sdk.ReadRecordsRequest{Object: object, Fields: fields, IDs: ids}, func(b sdk.RecordsBatch) error {
		for _, record := range b.Records {
			require.NotContains(t, found, record.ID)
			found[record.ID] = record
		}
		stats = b.Stats
		return nil
	})
	return found, stats, err
}

func TestSimulatorRecordsByID(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{Records: map[string]int{"Account": 300}})
	m := newMirror()
	m.read(t, o, 0, 0)
	ids, err := o.RecordIDs("Account")
	require.NoError(t, err)
	require.NoError(t, o.MergeRecords("Account", ids[0], ids[1]))
	_, err = o.DeleteRecords(crmsim.RecordChange{Object: "Account", IDs: ids[2:3]})
	require.NoError(t, err)

	asked := append([]string{"001000000000000AAA", "nobody's id"}, ids[:198]...)
	found, stats, err := o.byID(t, "Account", accountFields, asked...)
	require.NoError(t, err)
	require.Len(t, found, 200)
	require.Equal(t, 1, stats.CRMCalls)
	require.Empty(t, stats.ByType)
	for i, id := range asked {
		gone := i < 2 || id == ids[1] || id == ids[2]
		require.Equal(t, gone, found[id].Deleted, id)
		if !gone && id != ids[0] { // merging changed it
			require.Equal(t, m.data[id], string(found[id].Data))
		}
	}

	// An id of fifteen characters is the same record, and answered as it was asked.
	found, _, err = o.byID(t, "Account", accountFields, ids[5][:15])
	require.NoError(t, err)
	require.Equal(t, m.data[ids[5]], string(found[ids[5][:15]].Data))

	// Fields that do not fit one URL beside the ids come by several queries.
	wide := append([]string{}, accountFields...)
	for i := range 600 {
		wide = append(wide, fmt.Sprintf("No_Such_Field_%03d__c", i))
	}
	var denied *sdk.Error
	_, _, err = o.byID(t, "Account", wide, asked...)
	require.ErrorAs(t, err, &denied)
	require.Equal(t, sdk.CodeFieldDenied, denied.Code)

	require.NoError(t, o.SetObject("Account", crmsim.ObjectSwitch{Read: crmsim.Off()}))
	_, _, err = o.byID(t, "Account", accountFields, ids...)
	require.Equal(t, sdk.CodeObjectDenied, sdk.CodeOf(err), "a denial is no deletion")
}

// Bulk calls have a count of their own, and stay part of the whole.
func TestSimulatorBulkCallsAreToldApart(t *testing.T) {
	t.Parallel()
	o := startOrg(t, crmsim.Config{Records: map[string]int{"Account": 1500}})
	target := o.target
	target.Config = []byte(`{"bulkThreshold":100}`)
	o.ClearRequests()
	calls, bulk := 0, 0
	err := salesforce.NewWithoutPause().Read(t.Context(), target, sdk.ReadRequest{Object: "Account", Fields: accountFields}, func(b sdk.Batch) error {
		calls += b.Stats.CRMCalls
		bulk += b.Stats.ByType["bulk"]
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, o.Counters().APICalls, calls)
	require.GreaterOrEqual(t, bulk, 3, "the job, its state, its result")
	require.Less(t, bulk, calls)
}

package dynamics365_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	crmsim "github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
	"github.com/fieldwarden/fieldwarden/plugins/dynamics365"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// byID reads rows by their ids.
func (o *org) byID(t *testing.T, fields []string, ids ...string) (map[string]sdk.Record, sdk.Stats, error) {
	t.Helper()
	found := map[string]sdk.Record{}
	var stats sdk.Stats
	err := dynamics365.NewWithoutPause().ReadRecords(t.Context(), o.target, sdk.ReadRecordsRequest{Object: "account", Fields: fields, IDs: ids}, func(b sdk.RecordsBatch) error {
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
	for name, prepare := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := startOrg(t, crmsim.Config{Records: accounts(300)})
			prepare(t, o)
			c := newCopy()
			o.drain(t, c, readFields, 1000, 500)
			gone, err := o.DeleteRecords(crmsim.RecordChange{Object: "account", Count: 4})
			require.NoError(t, err)
			for _, id := range gone {
				delete(c.rows, id)
			}
			ids := append([]string{"00000000-0000-4000-8000-000000000000", "nobody's id"}, gone...)
			for id := range c.rows {
				if len(ids) < 200 {
					ids = append(ids, id)
				}
			}
			found, stats, err := o.byID(t, readFields, ids...)
			require.NoError(t, err)
			require.Len(t, found, 200)
			require.LessOrEqual(t, stats.CRMCalls, 3)
			for _, id := range ids {
				want, living := c.rows[id]
				require.Equal(t, !living, found[id].Deleted, id)
				if living {
					var got map[string]any
					require.NoError(t, json.Unmarshal(found[id].Data, &got))
					require.Equal(t, want, got)
				}
			}
			upper := strings.ToUpper(ids[100])
			found, _, err = o.byID(t, readFields, upper)
			require.NoError(t, err)
			require.False(t, found[upper].Deleted, "answered under the id that it was asked by")

			// Values of a secured column come as null: they are refused, not stored.
			require.NoError(t, o.SetField("account", "revenue", fieldCondition("secured")))
			_, _, err = o.byID(t, readFields, ids...)
			var denied *sdk.Error
			require.ErrorAs(t, err, &denied)
			require.Equal(t, [2]string{string(sdk.CodeFieldDenied), "revenue"}, [2]string{string(denied.Code), denied.Field})
		})
	}
}

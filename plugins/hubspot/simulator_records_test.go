package hubspot_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	crmsim "github.com/fieldwarden/fieldwarden/plugins/crmsim/hubspot"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/world"
	"github.com/fieldwarden/fieldwarden/plugins/hubspot"
	"github.com/fieldwarden/fieldwarden/plugins/sdk"
)

// byID reads records by their ids.
func (p *portal) byID(t *testing.T, object string, fields []string, ids ...string) (map[string]sdk.Record, sdk.Stats, error) {
	t.Helper()
	found := map[string]sdk.Record{}
	var stats sdk.Stats
	err := hubspot.NewWithoutPause().ReadRecords(t.Context(), p.target, sdk.ReadRecordsRequest{Object: object, Fields: fields, IDs: ids}, func(b sdk.RecordsBatch) error {
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
	p := startPortal(t, crmsim.Config{Records: world.Size{Companies: 60, People: 150, Leads: 20, Deals: 180, Users: 9}}, "")
	fields := []string{"id", "dealname", "createdAt", "associations.companies", "nosuch"}
	m := newMirror()
	m.read(t, p, "deals", fields, 0, 0)
	archived, err := p.ArchiveRecords(crmsim.RecordChange{Object: "deals", Count: 3})
	require.NoError(t, err)
	asked := []string{"999999999999", "nobody's id"}
	for id := range m.records {
		if len(asked) < 150 {
			asked = append(asked, id)
		}
	}
	for _, id := range archived {
		delete(m.records, id)
	}
	found, stats, err := p.byID(t, "deals", fields, asked...)
	require.NoError(t, err)
	require.Len(t, found, 150)
	require.Equal(t, 3, stats.CRMCalls, "two of a hundred records, and the associations")
	for _, id := range asked {
		want, living := m.records[id]
		require.Equal(t, !living, found[id].Deleted, id)
		require.Equal(t, string(want.Data), string(found[id].Data))
	}

	// Owners are read whole; deactivated ones are no deleted records.
	owners := newMirror()
	owners.read(t, p, "owners", []string{"email", "archived"}, 0, 0)
	ids := []string{"1"}
	for id := range owners.records {
		ids = append(ids, id)
	}
	found, _, err = p.byID(t, "owners", []string{"email", "archived"}, ids...)
	require.NoError(t, err)
	require.True(t, found["1"].Deleted)
	for _, id := range ids[1:] {
		require.Equal(t, string(owners.records[id].Data), string(found[id].Data))
	}

	// Without any property wanted the record is there all the same.
	found, _, err = p.byID(t, "deals", []string{"id"}, asked[5])
	require.NoError(t, err)
	require.Equal(t, m.records[asked[5]].ID == "", found[asked[5]].Deleted)
}

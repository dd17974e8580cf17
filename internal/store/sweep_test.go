package store_test

import (
	"context"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/record"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func TestSweepDeletesWhatAReadingDidNotMeet(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		integrationID := gid.New(gid.Integration)
		met := func(generation int, records ...crm.Record) (counts store.UpsertCounts) {
			t.Helper()
			prepared, err := store.PrepareRecords(records)
			require.NoError(t, err)
			require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
				counts, err = tx.UpsertRecords(ctx, workspace.ID, integrationID, "Contact", prepared.Met(generation))
				return err
			}))
			return counts
		}
		unmet := func(generation, limit int) []string {
			t.Helper()
			ids, err := s.UnmetRecords(ctx, integrationID, "Contact", generation, limit)
			require.NoError(t, err)
			return ids
		}
		sweep := func(generation int, ids ...string) (swept int) {
			t.Helper()
			require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
				swept, err = tx.SweepRecords(ctx, integrationID, "Contact", generation, ids)
				return err
			}))
			return swept
		}
		gone := crmRecord("gone", `{}`)
		gone.Deleted = true

		met(0, crmRecord("changed", `{"V":1}`), crmRecord("same", `{"V":1}`), crmRecord("missing 1", `{"V":1}`), crmRecord("missing 2", `{"V":1}`), gone)
		require.Equal(t, store.UpsertCounts{Created: 1, Updated: 1, Unchanged: 1},
			met(1, crmRecord("changed", `{"V":2}`), crmRecord("same", `{"V":1}`), crmRecord("new", `{"V":1}`)))
		require.Equal(t, []string{"missing 1"}, unmet(1, 1))
		require.Equal(t, []string{"missing 1", "missing 2"}, unmet(1, 10), "neither what was met nor what is deleted already")
		// A record that is met after the sweep was prepared is not swept.
		met(1, crmRecord("missing 2", `{"V":1}`))
		require.Equal(t, 1, sweep(1, "missing 1", "missing 2", "same"))
		require.Zero(t, sweep(1, "missing 1"))
		require.Empty(t, unmet(1, 10))

		swept := s.Read().Record.Query().Where(record.ExternalID("missing 1"), record.IntegrationID(integrationID)).OnlyX(ctx)
		require.True(t, swept.Deleted)
		require.JSONEq(t, `{"V":1}`, swept.Data, "what was known is kept")
		bare := crmRecord("missing 1", "")
		bare.Deleted = true
		require.Equal(t, store.UpsertCounts{Unchanged: 1}, met(0, bare), "the CRM says the same")
		require.Equal(t, store.UpsertCounts{Updated: 1}, met(0, crmRecord("missing 1", `{"V":1}`)), "it is back")

		// An incremental change takes no mark away, and older marks mean nothing to a new reading.
		met(0, crmRecord("same", `{"V":3}`))
		require.Equal(t, []string{"missing 1"}, unmet(1, 10))
		require.Len(t, unmet(2, 10), 5)
	})
}

// TestMarkingWritesOnlyWhatIsNotMarked goes with TestUnchangedRecordsWriteNothing:
// a part of a reading that is made again writes nothing.
func TestMarkingWritesOnlyWhatIsNotMarked(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		integrationID := gid.New(gid.Integration)
		prepared, err := store.PrepareRecords([]crm.Record{crmRecord("1", `{}`), crmRecord("2", `{}`)})
		require.NoError(t, err)
		for _, step := range []struct {
			generation int
			writes     int64
		}{{0, 2}, {1, 2}, {1, 0}} {
			require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				query := "SELECT total_changes()"
				if s.Dialect() == store.Postgres {
					query = "SELECT count(*) FROM records WHERE xmin = pg_current_xact_id()::xid"
				}
				var before, after int64
				require.NoError(t, tx.SQL().QueryRowContext(ctx, query).Scan(&before))
				_, err := tx.UpsertRecords(ctx, workspace.ID, integrationID, "Contact", prepared.Met(step.generation))
				require.NoError(t, err)
				require.NoError(t, tx.SQL().QueryRowContext(ctx, query).Scan(&after))
				require.Equal(t, step.writes, after-before)
				return nil
			}))
		}
	})
}

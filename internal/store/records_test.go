package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/record"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func crmRecord(id, data string) crm.Record {
	return crm.Record{ID: id, ModifiedAt: storetest.Start(), Data: json.RawMessage(data)}
}

func upsert(ctx context.Context, t *testing.T, s *store.Store, workspaceID, integrationID string, records ...crm.Record) (counts store.UpsertCounts, err error) {
	t.Helper()
	prepared, err := store.PrepareRecords(records)
	if err != nil {
		return counts, err
	}
	err = s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		counts, err = tx.UpsertRecords(ctx, workspaceID, integrationID, "Contact", prepared)
		return err
	})
	return counts, err
}

func TestUpsertRecords(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		integrationID := gid.New(gid.Integration)
		step := func(want store.UpsertCounts, records ...crm.Record) {
			t.Helper()
			clock.Advance(time.Minute)
			got, err := upsert(ctx, t, s, workspace.ID, integrationID, records...)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		stored := func(id string) (data string, deleted bool) {
			r := s.Read().Record.Query().Where(record.ExternalID(id), record.ObjectName("Contact"), record.IntegrationID(integrationID)).OnlyX(ctx)
			return r.Data, r.Deleted
		}

		big := `{"N":12345678901234567890,"H":"<a & b>","U":"\u0000é"}`
		step(store.UpsertCounts{Created: 3}, crmRecord("1", `{"Name":"A","Age":1}`), crmRecord("2", big), crmRecord("3", ""))
		step(store.UpsertCounts{Unchanged: 3}, crmRecord("1", ` { "Age" : 1, "Name" : "A" } `), crmRecord("2", big), crmRecord("3", "{}"))
		data, _ := stored("2")
		require.JSONEq(t, big, data)
		require.Contains(t, data, "12345678901234567890", "no digit is lost")

		step(store.UpsertCounts{Updated: 1, Created: 1, Unchanged: 1},
			crmRecord("1", `{"Name":"B"}`), crmRecord("2", big), crmRecord("4", `{"Name":"D"}`))

		gone := crmRecord("1", "")
		gone.Deleted = true
		step(store.UpsertCounts{Deleted: 1}, gone)
		data, deleted := stored("1")
		require.True(t, deleted)
		require.JSONEq(t, `{"Name":"B"}`, data, "a bare deletion keeps what was known")
		step(store.UpsertCounts{Unchanged: 1}, gone)
		step(store.UpsertCounts{Updated: 1}, crmRecord("1", `{"Name":"B"}`))
		_, deleted = stored("1")
		require.False(t, deleted)
		never := gone
		never.ID = "5"
		step(store.UpsertCounts{Deleted: 1}, never)

		// Of several versions the last counts.
		step(store.UpsertCounts{Created: 1, Unchanged: 2}, crmRecord("6", `{"V":1}`), crmRecord("6", `{"V":2}`), crmRecord("6", `{"V":3}`))
		data, _ = stored("6")
		require.JSONEq(t, `{"V":3}`, data)
		step(store.UpsertCounts{})

		for _, bad := range []crm.Record{crmRecord("", "{}"), crmRecord("7", "[]"), crmRecord("7", "null"), crmRecord("7", "{} {}"), crmRecord("7", "{")} {
			_, err := upsert(ctx, t, s, workspace.ID, integrationID, crmRecord("8", "{}"), bad)
			requireFault(t, err, fault.ConnectorAnswer)
		}
		require.Zero(t, s.Read().Record.Query().Where(record.ExternalIDIn("7", "8")).CountX(ctx))

		_, other := storetest.Workspace(t, s)
		_, err := upsert(ctx, t, s, other.ID, integrationID, crmRecord("1", "{}"))
		requireFault(t, err, fault.Forbidden)
	})
}

// TestUnchangedRecordsWriteNothing looks at the database itself: no row changed,
// and on PostgreSQL none was locked either.
func TestUnchangedRecordsWriteNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		const n = 3000
		ctx, workspace := storetest.Workspace(t, s)
		integrationID := gid.New(gid.Integration)
		records := make([]crm.Record, n)
		for i := range records {
			records[i] = crmRecord(fmt.Sprint(i), fmt.Sprintf(`{"Id":"%d","Name":"Person %d","Email":"p%d@example.com"}`, i, i, i))
		}
		counts, err := upsert(ctx, t, s, workspace.ID, integrationID, records...)
		require.NoError(t, err)
		require.Equal(t, store.UpsertCounts{Created: n}, counts)

		records[7] = crmRecord("7", `{"Id":"7","Name":"Somebody else"}`)
		prepared, err := store.PrepareRecords(records)
		require.NoError(t, err)
		mark := func(tx *store.Tx, query string) (value int64) {
			require.NoError(t, tx.SQL().QueryRowContext(ctx, query).Scan(&value))
			return value
		}
		err = s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			query := "SELECT total_changes()"
			if s.Dialect() == store.Postgres {
				// Rows that this transaction wrote, or locked.
				query = "SELECT count(*) FROM records WHERE xmin = pg_current_xact_id()::xid OR xmax = pg_current_xact_id()::xid"
				mark(tx, "SELECT pg_current_xact_id()::text::bigint")
			}
			before := mark(tx, query)
			counts, err := tx.UpsertRecords(ctx, workspace.ID, integrationID, "Contact", prepared)
			require.NoError(t, err)
			require.Equal(t, store.UpsertCounts{Updated: 1, Unchanged: n - 1}, counts)
			require.EqualValues(t, 1, mark(tx, query)-before)
			return nil
		})
		require.NoError(t, err)
	})
}

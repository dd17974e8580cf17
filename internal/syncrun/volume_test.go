package syncrun_test

import (
	"context"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func TestVolumeAddsUpTheRunsOfEachLocalDay(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		b := newBench(t, s)
		foreign, other := storetest.Workspace(t, s)
		ran := func(ctx context.Context, workspaceID, date string, counters crm.Counters) {
			require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				return tx.Ent().SyncRun.Create().SetWorkspaceID(workspaceID).SetIntegrationID(b.integration.ID).SetCreatedAt(tx.Now()).
					SetKind(crm.RunManual).SetLocalDate(date).SetStatus(crm.RunSucceeded).SetCounters(counters).Exec(ctx)
			}))
		}
		ours := b.integration.WorkspaceID
		ran(b.ctx, ours, "2026-03-02", crm.Counters{Read: 5, Created: 5})
		clock.Advance(24 * time.Hour)
		ran(b.ctx, ours, "2026-03-03", crm.Counters{Read: 3, Updated: 2, Failed: 1})
		ran(b.ctx, ours, "2026-03-03", crm.Counters{Read: 1, Deleted: 4})
		// The same integration's id in another workspace: no row of ours.
		ran(foreign, other.ID, "2026-03-03", crm.Counters{Read: 1000})
		clock.Advance(48 * time.Hour)

		volume, err := b.runs.Volume(b.ctx, b.integration, 3)
		require.NoError(t, err)
		require.Equal(t, []*crm.VolumeDay{
			{Date: "2026-03-03", Runs: 2, Counters: crm.Counters{Read: 4, Updated: 2, Deleted: 4, Failed: 1}},
			{Date: "2026-03-04"},
			{Date: "2026-03-05"},
		}, volume)

		// It is evening in Honolulu, the day before.
		require.NoError(t, s.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Integration.UpdateOneID(b.integration.ID).SetScheduleZone("Pacific/Honolulu").Exec(ctx)
		}))
		there, err := s.Read().Integration.Query().Where(integration.ID(b.integration.ID)).Only(b.ctx)
		require.NoError(t, err)
		volume, err = b.runs.Volume(b.ctx, there, 90)
		require.NoError(t, err)
		require.Len(t, volume, 90)
		require.Equal(t, "2026-03-04", volume[89].Date)
		require.Equal(t, 5, volume[87].Created)

		for _, days := range []int{0, -1, 91} {
			_, err = b.runs.Volume(b.ctx, b.integration, days)
			require.Equal(t, fault.BadInput, fault.CodeOf(err), days)
		}
	})
}

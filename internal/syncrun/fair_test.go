package syncrun_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestAWorkspaceWithManyRunsDoesNotDelayAnother makes all runs due before a single
// worker starts, the large workspace's first, and looks at the order in which they begin.
func TestAWorkspaceWithManyRunsDoesNotDelayAnother(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		const large, small = 70, 6
		b := newBench(t, s)
		b.stop(t)
		start := func(workspace *bench, runs int) {
			require.NoError(t, s.WithTx(workspace.ctx, func(ctx context.Context, tx *store.Tx) error {
				for range runs {
					row, err := tx.Ent().Integration.Create().SetWorkspaceID(workspace.integration.WorkspaceID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
						SetConnector("fake").SetEnvironment(crm.Production).SetState(crm.IntegrationActive).Save(ctx)
					if err != nil {
						return err
					}
					if _, err := b.runs.Insert(ctx, tx, row, crm.RunScheduled, "2026-03-02"); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		other := newBench(t, s)
		other.stop(t)
		b.jobs = nil
		b.makeRuns(t, job.Config{Store: s, Logger: slog.New(slog.DiscardHandler), PollInterval: 5 * time.Millisecond, FetchCooldown: time.Millisecond, Workers: 1})
		start(b, large)
		start(other, small)

		var order []string
		clock.Advance(time.Second)
		begun := make(chan string, large+small)
		b.org.onChecklist = func(integrationID string) { begun <- integrationID }
		require.NoError(t, b.jobs.Start(context.WithoutCancel(b.ctx)))
		for range large + small {
			id := <-begun
			order = append(order, s.Read().Integration.GetX(principal.AllWorkspaces(t.Context(), "test"), id).WorkspaceID)
		}
		last := 0
		for at, workspace := range slices.All(order) {
			if workspace == other.integration.WorkspaceID {
				last = at
			}
		}
		require.Less(t, last, 4*small, "the small workspace's runs began among the first")
	})
}

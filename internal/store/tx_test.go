package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func newIntegration(ctx context.Context, t *testing.T, s *store.Store, workspaceID string) *ent.Integration {
	t.Helper()
	var integration *ent.Integration
	require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		integration, err = tx.Ent().Integration.Create().SetWorkspaceID(workspaceID).SetConnector("salesforce").
			SetEnvironment(crm.Production).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).Save(ctx)
		return err
	}))
	return integration
}

func TestWithTxCommitsAllOrNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		afterCommit := 0
		write := func(outcome error) func(context.Context, *store.Tx) error {
			return func(ctx context.Context, tx *store.Tx) error {
				tx.AfterCommit(func() { afterCommit++ })
				tx.Feed(store.FeedItem{WorkspaceID: workspace.ID, Kind: "settings"})
				require.NoError(t, tx.Audit(ctx, store.AuditItem{Action: "test", Outcome: crm.AuditSucceeded, After: map[string]int{"a": 1}}))
				return outcome
			}
		}
		count := func() (audits int, head int64) {
			head, err := s.FeedHead(ctx, workspace.ID)
			require.NoError(t, err)
			return s.Read().AuditEntry.Query().CountX(ctx), head
		}

		refusal := errors.New("no")
		require.ErrorIs(t, s.WithTx(ctx, write(refusal)), refusal)
		audits, head := count()
		require.Zero(t, audits)
		require.Zero(t, head)
		require.Zero(t, afterCommit)

		require.PanicsWithValue(t, "boom", func() {
			_ = s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				require.NoError(t, write(nil)(ctx, tx))
				panic("boom")
			})
		})
		audits, head = count()
		require.Zero(t, audits)
		require.Zero(t, head)

		require.NoError(t, s.WithTx(ctx, write(nil)))
		audits, head = count()
		require.Equal(t, 1, audits)
		require.EqualValues(t, 1, head)
		require.Equal(t, 1, afterCommit)

		entry := s.Read().AuditEntry.Query().OnlyX(ctx)
		require.Equal(t, "Test admin", entry.ActorName)
		require.JSONEq(t, `{"a":1}`, string(entry.After))
		require.True(t, entry.CreatedAt.Equal(storetest.Start()))
	})
}

func TestNestedTransactionIsRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, _ := storetest.Workspace(t, s)
		err := s.WithTx(ctx, func(ctx context.Context, _ *store.Tx) error {
			return s.WithTx(ctx, func(context.Context, *store.Tx) error { return nil })
		})
		require.True(t, fault.Is(err, fault.Internal), "%v", err)
	})
}

// TestAfterCommitMayWrite guards against waiting for oneself: SQLite has one
// connection to write with.
func TestAfterCommitMayWrite(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		require.NoError(t, s.WithTx(ctx, func(_ context.Context, tx *store.Tx) error {
			tx.AfterCommit(func() { require.NoError(t, write(ctx, s, workspace.ID, "after")) })
			return nil
		}))
		head, err := s.FeedHead(ctx, workspace.ID)
		require.NoError(t, err)
		require.EqualValues(t, 1, head)
		require.NoError(t, s.Housekeep(ctx))
	})
}

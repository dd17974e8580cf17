package store_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

type answer struct{ ID string }

func TestRepeatedRequestGetsTheSavedAnswer(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		runs := 0
		ask := func(ctx context.Context, key, operation, request string) (answer, error) {
			return store.Idempotent(ctx, s, key, operation, request, func(_ context.Context, tx *store.Tx) (answer, error) {
				runs++
				tx.Feed(store.FeedItem{WorkspaceID: workspace.ID, Kind: "settings"})
				return answer{ID: request + "!"}, nil
			})
		}
		for range 3 {
			got, err := ask(ctx, "k1", "settings.update", "a")
			require.NoError(t, err)
			require.Equal(t, answer{"a!"}, got)
		}
		require.Equal(t, 1, runs)
		head, err := s.FeedHead(ctx, workspace.ID)
		require.NoError(t, err)
		require.EqualValues(t, 1, head, "a repeat changes nothing")

		_, err = ask(ctx, "k1", "settings.update", "b")
		requireFault(t, err, fault.IdempotencyMismatch)
		_, err = ask(ctx, "k1", "mapping.map", "a")
		requireFault(t, err, fault.IdempotencyMismatch)
		for _, key := range []string{"", strings.Repeat("k", 201)} {
			_, err = ask(ctx, key, "settings.update", "a")
			requireFault(t, err, fault.BadInput)
		}
		_, err = ask(t.Context(), "k2", "settings.update", "a")
		requireFault(t, err, fault.Forbidden)
		require.Equal(t, 1, runs)

		// Keys belong to a principal.
		_, err = ask(principal.System(ctx, workspace.ID, "test"), "k1", "settings.update", "b")
		require.NoError(t, err)
		require.Equal(t, 2, runs)

		// Keys are forgotten some time after a day.
		clock.Advance(24 * time.Hour)
		require.NoError(t, s.PruneIdempotencyKeys(t.Context()))
		_, err = ask(ctx, "k1", "settings.update", "a")
		require.NoError(t, err)
		require.Equal(t, 2, runs)
		clock.Advance(25 * time.Hour)
		require.NoError(t, s.PruneIdempotencyKeys(t.Context()))
		_, err = ask(ctx, "k1", "settings.update", "a")
		require.NoError(t, err)
		require.Equal(t, 3, runs)
	})
}

func TestFailedRequestLeavesItsKeyFree(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, _ := storetest.Workspace(t, s)
		failure := errors.New("no")
		_, err := store.Idempotent(ctx, s, "k", "op", 1, func(context.Context, *store.Tx) (int, error) { return 0, failure })
		require.ErrorIs(t, err, failure)
		got, err := store.Idempotent(ctx, s, "k", "op", 2, func(context.Context, *store.Tx) (int, error) { return 7, nil })
		require.NoError(t, err)
		require.Equal(t, 7, got)
	})
}

// TestSimultaneousRequests sends the same request many times at once.
func TestSimultaneousRequests(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, _ := storetest.Workspace(t, s)
		var runs atomic.Int32
		group, groupCtx := errgroup.WithContext(ctx)
		answers := make([]int32, 20)
		for i := range answers {
			group.Go(func() (err error) {
				answers[i], err = store.Idempotent(groupCtx, s, "k", "op", "same", func(context.Context, *store.Tx) (int32, error) {
					return runs.Add(1), nil
				})
				return err
			})
		}
		require.NoError(t, group.Wait())
		for _, got := range answers {
			require.EqualValues(t, 1, got)
		}
		require.EqualValues(t, 1, runs.Load())
	})
}

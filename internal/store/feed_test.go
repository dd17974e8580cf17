package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// read takes exactly n entries from a follower.
func read(ctx context.Context, f *store.Follower, n int) ([]*ent.FeedEntry, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var all []*ent.FeedEntry
	for len(all) < n {
		entries, err := f.Next(ctx)
		if err != nil {
			return all, err
		}
		all = append(all, entries...)
	}
	return all, nil
}

func write(ctx context.Context, s *store.Store, workspaceID string, subjects ...string) error {
	return s.WithTx(ctx, func(_ context.Context, tx *store.Tx) error {
		for _, subject := range subjects {
			tx.Feed(store.FeedItem{WorkspaceID: workspaceID, Kind: "alert", SubjectID: subject, Payload: map[string]string{"event": "OPENED"}})
		}
		return nil
	})
}

// TestLiveAndReplayingReadersSeeTheSameFeed lets 100 transactions that write one
// to three entries each begin in order and commit in another one, while a reader
// follows live and others replay from places in the middle.
func TestLiveAndReplayingReadersSeeTheSameFeed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		const transactions = 100
		ctx, workspace := storetest.Workspace(t, s)
		total := 0
		for i := range transactions {
			total += 1 + i%3
		}
		live, err := s.Follow(ctx, workspace.ID, nil)
		require.NoError(t, err)
		defer live.Close()

		group, groupCtx := errgroup.WithContext(ctx)
		var seenLive []*ent.FeedEntry
		group.Go(func() (err error) {
			seenLive, err = read(groupCtx, live, total)
			return err
		})
		var begun atomic.Int64
		for i := range transactions {
			pause := time.Duration(rand.IntN(5)) * time.Millisecond
			group.Go(func() error {
				return s.WithTx(groupCtx, func(ctx context.Context, tx *store.Tx) error {
					start := begun.Add(1)
					for part := range 1 + i%3 {
						tx.Feed(store.FeedItem{WorkspaceID: workspace.ID, Kind: "alert", SubjectID: fmt.Sprintf("%03d.%d", start, part)})
					}
					// Work of random length between the start and the commit.
					timer := time.NewTimer(pause)
					defer timer.Stop()
					select {
					case <-ctx.Done():
					case <-timer.C:
					}
					return nil
				})
			})
		}
		require.NoError(t, group.Wait())

		subjects := func(entries []*ent.FeedEntry) (all []string) {
			for i, entry := range entries {
				require.Equal(t, entries[0].Seq+int64(i), entry.Seq, "no gap, no doubling")
				all = append(all, entry.SubjectID)
			}
			return all
		}
		require.Len(t, seenLive, total)
		require.EqualValues(t, 1, seenLive[0].Seq)
		inOrder := subjects(seenLive)
		if s.Dialect() == store.Postgres {
			require.False(t, slices.IsSorted(inOrder), "transactions must have committed in another order than they began")
		}
		for _, after := range []int64{0, 1, 37, int64(total) - 1} {
			replay, err := s.Follow(ctx, workspace.ID, &after)
			require.NoError(t, err)
			seen, err := read(ctx, replay, total-int(after))
			replay.Close()
			require.NoError(t, err)
			require.Equal(t, inOrder[after:], subjects(seen), "after %d", after)
			require.Equal(t, store.FormatCursor(workspace.ID, int64(total)), replay.Cursor())
		}
	})
}

// TestReturningSubscriberGetsWhatItMissed is the story of a lost connection.
func TestReturningSubscriberGetsWhatItMissed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		follower, err := s.Follow(ctx, workspace.ID, nil)
		require.NoError(t, err)
		require.NoError(t, write(ctx, s, workspace.ID, "seen"))
		_, err = read(ctx, follower, 1)
		require.NoError(t, err)
		cursor := follower.Cursor()
		follower.Close()

		require.NoError(t, write(ctx, s, workspace.ID, "missed 1", "missed 2"))
		require.NoError(t, write(ctx, s, workspace.ID, "missed 3"))
		after, err := store.ParseCursor(workspace.ID, cursor)
		require.NoError(t, err)
		back, err := s.Follow(ctx, workspace.ID, &after)
		require.NoError(t, err)
		defer back.Close()
		entries, err := read(ctx, back, 3)
		require.NoError(t, err)
		require.Len(t, entries, 3)
		for i, entry := range entries {
			require.Equal(t, fmt.Sprintf("missed %d", i+1), entry.SubjectID)
			require.JSONEq(t, `{"event":"OPENED"}`, string(entry.Payload))
		}

		// Nothing more comes until something happens; then it comes.
		waiting := make(chan []*ent.FeedEntry)
		go func() {
			entries, _ := back.Next(ctx)
			waiting <- entries
		}()
		require.NoError(t, write(ctx, s, workspace.ID, "live"))
		require.Equal(t, "live", (<-waiting)[0].SubjectID)
	})
}

func TestCursors(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		_, other := storetest.Workspace(t, s)
		for i := range 3 {
			require.NoError(t, write(ctx, s, workspace.ID, fmt.Sprint("old ", i)))
		}
		clock.Advance(store.DefaultFeedRetention + time.Hour)
		require.NoError(t, write(ctx, s, workspace.ID, "young"))
		require.NoError(t, s.PruneFeed(ctx))
		require.NoError(t, s.PruneFeed(ctx), "again changes nothing")

		for cursor, code := range map[string]fault.Code{
			"": fault.CursorInvalid, "x": fault.CursorInvalid, strings.Repeat("A", 18): fault.CursorInvalid,
			store.FormatCursor(other.ID, 3):     fault.CursorInvalid,
			store.FormatCursor(workspace.ID, 5): fault.CursorInvalid,
			store.FormatCursor(workspace.ID, 2): fault.CursorExpired,
			store.FormatCursor(workspace.ID, 0): fault.CursorExpired,
		} {
			after, err := store.ParseCursor(workspace.ID, cursor)
			if err == nil {
				_, err = s.FeedAfter(ctx, workspace.ID, after, 10)
				_, followErr := s.Follow(ctx, workspace.ID, &after)
				require.Equal(t, fault.CodeOf(err), fault.CodeOf(followErr))
			}
			requireFault(t, err, code)
		}
		entries, err := s.FeedAfter(ctx, workspace.ID, 3, 10)
		require.NoError(t, err)
		require.Len(t, entries, 1)
		entries, err = s.FeedAfter(ctx, workspace.ID, 4, 10)
		require.NoError(t, err)
		require.Empty(t, entries)

		// All pruned: the feed is empty, and its sequence goes on.
		clock.Advance(store.DefaultFeedRetention + time.Hour)
		require.NoError(t, s.PruneFeed(ctx))
		require.NoError(t, write(ctx, s, workspace.ID, "next"))
		head, err := s.FeedHead(ctx, workspace.ID)
		require.NoError(t, err)
		require.EqualValues(t, 5, head)
	})
}

// TestRetentionOvertakesASlowReader shows the one case in which a reader that
// keeps following cannot be served.
func TestRetentionOvertakesASlowReader(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		follower, err := s.Follow(ctx, workspace.ID, nil)
		require.NoError(t, err)
		defer follower.Close()
		require.NoError(t, write(ctx, s, workspace.ID, "old"))
		clock.Advance(store.DefaultFeedRetention + time.Hour)
		require.NoError(t, write(ctx, s, workspace.ID, "young"))
		require.NoError(t, s.PruneFeed(ctx))
		_, err = follower.Next(ctx)
		requireFault(t, err, fault.CursorExpired)
	})
}

func TestFeedOfOneWorkspaceInOneTransaction(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		_, other := storetest.Workspace(t, s)
		all := principal.AllWorkspaces(ctx, "test")
		requireFault(t, write(ctx, s, other.ID, "x"), fault.Forbidden)
		err := s.WithTx(all, func(_ context.Context, tx *store.Tx) error {
			tx.Feed(store.FeedItem{WorkspaceID: workspace.ID, Kind: "alert"})
			tx.Feed(store.FeedItem{WorkspaceID: other.ID, Kind: "alert"})
			return nil
		})
		requireFault(t, err, fault.Internal)
		for _, id := range []string{workspace.ID, other.ID} {
			head, err := s.FeedHead(all, id)
			require.NoError(t, err)
			require.Zero(t, head)
		}
		_, err = s.Follow(ctx, other.ID, nil)
		requireFault(t, err, fault.Forbidden)
		_, err = s.FeedAfter(ctx, other.ID, 0, 10)
		requireFault(t, err, fault.Forbidden)
		_, err = s.FeedHead(t.Context(), workspace.ID)
		requireFault(t, err, fault.Forbidden)
	})
}

// TestManyEntriesInOneTransaction has more entries than fit one statement, and
// more than one page.
func TestManyEntriesInOneTransaction(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		subjects := make([]string, 1234)
		for i := range subjects {
			subjects[i] = fmt.Sprint(i)
		}
		zero := int64(0)
		follower, err := s.Follow(ctx, workspace.ID, &zero)
		require.NoError(t, err)
		defer follower.Close()
		require.NoError(t, write(ctx, s, workspace.ID, subjects...))
		entries, err := read(ctx, follower, len(subjects))
		require.NoError(t, err)
		for i, entry := range entries {
			require.Equal(t, subjects[i], entry.SubjectID)
			require.EqualValues(t, i+1, entry.Seq)
		}
	})
}

// TestNodesWakeEachOther shows that a follower on one node hears of another
// node's transaction, also after its listening connection was lost.
func TestNodesWakeEachOther(t *testing.T) {
	t.Parallel()
	url := storetest.PostgresURL(t)
	clock := clockwork.NewFakeClock() // never advanced: polling cannot help
	here, there := storetest.Open(t, url, clock), storetest.Open(t, url, clock)
	ctx, workspace := storetest.Workspace(t, here)
	follower, err := here.Follow(ctx, workspace.ID, nil)
	require.NoError(t, err)
	defer follower.Close()
	next := func(subject string, disturb func()) {
		t.Helper()
		// The follower waits, so only a wake-up can bring the entry.
		received := make(chan []*ent.FeedEntry, 1)
		go func() {
			entries, _ := read(ctx, follower, 1)
			received <- entries
		}()
		require.NoError(t, clock.BlockUntilContext(ctx, 1))
		disturb()
		require.NoError(t, write(ctx, there, workspace.ID, subject))
		entries := <-received
		require.Len(t, entries, 1)
		require.Equal(t, subject, entries[0].SubjectID)
	}
	next("first", func() {})
	next("after the connection was cut", func() {
		_, err := there.SQL().ExecContext(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fieldwarden listener' AND datname = current_database()")
		require.NoError(t, err)
	})
}

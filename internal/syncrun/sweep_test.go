package syncrun_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/record"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// alive lists the records of an object that are not deleted, by their numbers.
func (b *bench) alive(t *testing.T, object string) []int {
	t.Helper()
	ids, err := b.store.Read().Record.Query().Where(record.ObjectName(object), record.Deleted(false)).
		Select(record.FieldExternalID).Strings(b.ctx)
	require.NoError(t, err)
	numbers := make([]int, len(ids))
	for i, id := range ids {
		_, err := fmt.Sscanf(id, object+"-%d", &numbers[i])
		require.NoError(t, err)
	}
	slices.Sort(numbers)
	return numbers
}

// numbers counts from first to before, leaving some out.
func numbers(first, before int, but ...int) []int {
	var all []int
	for n := first; n < before; n++ {
		if !slices.Contains(but, n) {
			all = append(all, n)
		}
	}
	return all
}

// newField makes an object be read from the beginning.
func (b *bench) newField(t *testing.T, object, name string) {
	t.Helper()
	require.NoError(t, b.store.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.Ent().CrmObject.Query().Where(crmobject.Name(object)).Only(ctx)
		if err != nil {
			return err
		}
		return tx.Ent().CrmField.Create().SetWorkspaceID(row.WorkspaceID).SetIntegrationID(row.IntegrationID).
			SetObjectID(row.ID).SetCreatedAt(tx.Now()).SetName(name).SetReadable(true).SetStandardized(true).Exec(ctx)
	}))
}

func (b *bench) counters(t *testing.T, run *ent.SyncRun, object string) crm.Counters {
	t.Helper()
	require.Equal(t, crm.RunSucceeded, run.Status, run.Reason)
	return b.objects(t, run)[object].Counters
}

func TestDeletionsAreCounted(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		b.run(t, "first")
		b.org.deleted["Contact"] = []string{"Contact-3", "Contact-4"}
		require.Equal(t, crm.Counters{Read: 2, Deleted: 2}, b.counters(t, b.run(t, "second"), "Contact"))
		require.Equal(t, numbers(0, 55, 3, 4), b.alive(t, "Contact"))
	})
}

func TestReadingFromTheBeginningSweepsWhatIsGone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		first := b.run(t, "first")
		require.Zero(t, first.Counters.Deleted)

		b.org.lose("Account", 0, 64, 129)
		require.Zero(t, b.counters(t, b.run(t, "on"), "Account"), "who reads on learns nothing and writes nothing")

		b.newField(t, "Account", "Phone")
		require.Equal(t, crm.Counters{Read: 127, Updated: 127, Deleted: 3}, b.counters(t, b.run(t, "full"), "Account"))
		require.Equal(t, numbers(0, 130, 0, 64, 129), b.alive(t, "Account"))

		b.org.give("Account", 64)
		b.newField(t, "Account", "Fax")
		require.Equal(t, crm.Counters{Read: 128, Updated: 128}, b.counters(t, b.run(t, "again"), "Account"))
		require.Equal(t, numbers(0, 130, 0, 129), b.alive(t, "Account"), "what was swept comes back")

		require.Zero(t, b.counters(t, b.run(t, "after"), "Account"), "and reading goes on from there")
	})
}

func TestReadingThatBeganAgainSweepsWhatIsGone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		b.run(t, "first")
		b.org.lose("Account", numbers(10, 80)...)
		b.org.expire("Account")
		run := b.run(t, "second")
		require.Equal(t, crm.Counters{Read: 60, Skipped: 60, Deleted: 70}, b.counters(t, run, "Account"),
			"what is unchanged is marked, but not written as changed")
		require.Equal(t, numbers(0, 130, numbers(10, 80)...), b.alive(t, "Account"))
		require.Equal(t, crm.Counters{Read: 60, Skipped: 60, Deleted: 70}, run.Counters)

		// In the middle of another reading from the beginning, too.
		b.newField(t, "Account", "Phone")
		b.org.lose("Account", 5)
		b.org.records["Account"] = 230
		reads := 0
		b.org.onRead = func(request crm.ReadRequest) {
			if reads++; request.Object == "Account" && reads == 2 {
				b.org.lose("Account", 0) // it was met before the new beginning
				b.org.expire("Account")
			}
		}
		again := b.counters(t, b.run(t, "third"), "Account")
		require.Equal(t, 2, again.Deleted)
		require.Equal(t, numbers(0, 230, append(numbers(10, 80), 0, 5)...), b.alive(t, "Account"))
	})
}

func TestUnfinishedReadingSweepsNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		b.run(t, "first")
		b.org.lose("Account", 120)
		b.newField(t, "Account", "Phone")
		reads := 0
		b.org.onRead = func(request crm.ReadRequest) {
			if reads++; request.Object == "Account" && reads == 3 {
				b.org.mu.Lock()
				defer b.org.mu.Unlock()
				down := fault.New(fault.CRMUnavailable, "down")
				b.org.failures["Account"] = []error{down, down}
			}
		}
		failed := b.run(t, "fails in its third part")
		require.Equal(t, crm.RunPartial, failed.Status, failed.Reason)
		require.Zero(t, failed.Counters.Deleted)
		require.Equal(t, numbers(0, 130), b.alive(t, "Account"))

		// Record 7 was met by the reading that failed, and is gone since.
		b.org.onRead = nil
		b.org.lose("Account", 7)
		require.Equal(t, 2, b.counters(t, b.run(t, "whole"), "Account").Deleted)
		require.Equal(t, numbers(0, 130, 7, 120), b.alive(t, "Account"))
	})
}

// TestSweepSurvivesRestarts ends the process at every progress of a run: the marks
// are in the rows and the rest in the run.
func TestSweepSurvivesRestarts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		b.run(t, "first")
		gone := numbers(3, 113) // three sweeping steps of at most 50
		b.org.lose("Account", gone...)
		b.org.expire("Account")
		restarts := 0
		run := b.runWith(t, "restarts", func() {
			restarts++
			b.stop(t)
			b.start(t)
		})
		require.Equal(t, crm.Counters{Read: 20, Skipped: 20, Deleted: 110}, b.counters(t, run, "Account"))
		require.Equal(t, numbers(0, 130, gone...), b.alive(t, "Account"))
		require.Greater(t, restarts, 4)
	})
}

func TestReadingBringsTheMemo(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		require.NoError(t, s.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().ConnectorMemo.Create().SetWorkspaceID(b.integration.WorkspaceID).SetCreatedAt(tx.Now()).
				SetIntegrationID(b.integration.ID).SetContent([]byte("kept")).SetUpdatedAt(tx.Now()).Exec(ctx)
		}))
		b.run(t, "run")
		require.Equal(t, []string{"kept"}, slices.Compact(b.org.memos))
	})
}

package schedule_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // the tests must not depend on the machine's zones

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/schedule"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// runs inserts bare run rows under the database's own rules.
type runs struct{ busy map[string]bool }

func (r runs) Insert(ctx context.Context, tx *store.Tx, found *ent.Integration, kind crm.RunKind, date string) (*ent.SyncRun, error) {
	if r.busy[found.ID] {
		return nil, fault.New(fault.RunActive, "busy")
	}
	taken, err := tx.Ent().SyncRun.Query().Where(syncrun.DateKey(found.ID + "/" + date)).Exist(ctx)
	if err != nil {
		return nil, err
	}
	if taken {
		return nil, fault.New(fault.Conflict, "taken")
	}
	return tx.Ent().SyncRun.Create().SetWorkspaceID(found.WorkspaceID).SetIntegrationID(found.ID).SetCreatedAt(tx.Now()).
		SetKind(kind).SetLocalDate(date).SetDateKey(found.ID + "/" + date).Save(ctx)
}

func newScheduler(t *testing.T, s *store.Store, clock clockwork.Clock, r runs, change func(*schedule.Config)) *schedule.Scheduler {
	t.Helper()
	config := schedule.Config{
		Store: s, Runs: r, Logger: slog.New(slog.DiscardHandler), Clock: clock,
		Now: func(context.Context) (time.Time, error) { return clock.Now(), nil },
	}
	if change != nil {
		change(&config)
	}
	made, err := schedule.New(config)
	require.NoError(t, err)
	return made
}

func integrationAt(ctx context.Context, t *testing.T, s *store.Store, local, zone string, next time.Time) *ent.Integration {
	t.Helper()
	p, _ := principal.From(ctx)
	var made *ent.Integration
	require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		made, err = tx.Ent().Integration.Create().SetWorkspaceID(p.WorkspaceID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector("fake").SetEnvironment(crm.Production).SetState(crm.IntegrationActive).
			SetScheduleTime(local).SetScheduleZone(zone).SetNextRunAt(next).Save(ctx)
		return err
	}))
	return made
}

func dates(ctx context.Context, t *testing.T, s *store.Store) (all []string, kinds []crm.RunKind) {
	t.Helper()
	rows, err := s.Read().SyncRun.Query().Order(syncrun.ByLocalDate()).All(ctx)
	require.NoError(t, err)
	for _, row := range rows {
		all, kinds = append(all, row.LocalDate), append(kinds, row.Kind)
	}
	return all, kinds
}

// TestOneRunPerLocalDateOverDST walks a schedule inside the hour that the change
// days skip or repeat, minute by minute around it (scenario 21).
func TestOneRunPerLocalDateOverDST(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, zone, local string
		from              time.Time
		want              []string
	}{
		{"spring forward", "Europe/Berlin", "02:30", time.Date(2026, 3, 27, 12, 0, 0, 0, time.UTC), []string{"2026-03-28", "2026-03-29", "2026-03-30"}},
		{"fall back", "Europe/Berlin", "02:30", time.Date(2026, 10, 23, 12, 0, 0, 0, time.UTC), []string{"2026-10-24", "2026-10-25", "2026-10-26"}},
		{"spring forward", "America/New_York", "02:30", time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC), []string{"2026-03-07", "2026-03-08", "2026-03-09"}},
		{"fall back", "America/New_York", "01:30", time.Date(2026, 10, 30, 12, 0, 0, 0, time.UTC), []string{"2026-10-31", "2026-11-01", "2026-11-02"}},
	}
	for _, test := range tests {
		t.Run(test.zone+" "+test.name, func(t *testing.T) {
			t.Parallel()
			url := storetest.SQLiteURL(t)
			clock := clockwork.NewFakeClockAt(test.from)
			s := storetest.Open(t, url, clock)
			ctx, _ := storetest.Workspace(t, s)
			loc, err := time.LoadLocation(test.zone)
			require.NoError(t, err)
			integrationAt(ctx, t, s, test.local, test.zone, crm.NextDaily(test.from, int(test.local[1]-'0'), 30, loc))
			scheduler := newScheduler(t, s, clock, runs{}, nil)
			for clock.Now().Before(test.from.Add(72 * time.Hour)) {
				require.NoError(t, scheduler.Poke(ctx))
				clock.Advance(10 * time.Minute)
			}
			got, kinds := dates(ctx, t, s)
			require.Equal(t, test.want, got)
			for _, kind := range kinds {
				require.Equal(t, crm.RunScheduled, kind)
			}
		})
	}
}

func TestDowntimeGivesOneLateRun(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		ctx, _ := storetest.Workspace(t, s)
		made := integrationAt(ctx, t, s, "02:00", "UTC", time.Date(2026, 2, 25, 2, 0, 0, 0, time.UTC))
		scheduler := newScheduler(t, s, clock, runs{}, nil)
		require.NoError(t, scheduler.Poke(ctx))
		require.NoError(t, scheduler.Poke(ctx))
		got, kinds := dates(ctx, t, s)
		require.Equal(t, []string{"2026-03-02"}, got, "the newest missed date, once")
		require.Equal(t, []crm.RunKind{crm.RunCatchUp}, kinds)
		found, err := s.Read().Integration.Get(ctx, made.ID)
		require.NoError(t, err)
		require.Equal(t, time.Date(2026, 3, 3, 2, 0, 0, 0, time.UTC), found.NextRunAt.UTC())
	})
}

func TestPokesAtOnceMakeOneRun(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		ctx, _ := storetest.Workspace(t, s)
		integrationAt(ctx, t, s, "08:00", "UTC", clock.Now())
		var group sync.WaitGroup
		for range 8 {
			scheduler := newScheduler(t, s, clock, runs{}, nil)
			group.Go(func() { _ = scheduler.Poke(ctx) })
		}
		group.Wait()
		got, _ := dates(ctx, t, s)
		require.Len(t, got, 1)
	})
}

func TestBusyIntegrationIsTriedAgainAndDateIsKept(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		ctx, _ := storetest.Workspace(t, s)
		made := integrationAt(ctx, t, s, "08:00", "UTC", clock.Now())
		require.NoError(t, newScheduler(t, s, clock, runs{busy: map[string]bool{made.ID: true}}, nil).Poke(ctx))
		got, _ := dates(ctx, t, s)
		require.Empty(t, got)
		clock.Advance(time.Minute)
		require.NoError(t, newScheduler(t, s, clock, runs{}, nil).Poke(ctx))
		got, kinds := dates(ctx, t, s)
		require.Equal(t, []string{"2026-03-02"}, got)
		require.Equal(t, []crm.RunKind{crm.RunScheduled}, kinds, "a few minutes late is not a catch-up")
	})
}

func TestOneWorkspaceCannotTakeAPokeForItself(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		large, _ := storetest.Workspace(t, s)
		small, _ := storetest.Workspace(t, s)
		for range 5 {
			integrationAt(large, t, s, "08:00", "UTC", clock.Now().Add(-time.Minute))
		}
		integrationAt(small, t, s, "08:00", "UTC", clock.Now())
		scheduler := newScheduler(t, s, clock, runs{}, func(c *schedule.Config) { c.PerWorkspace, c.Batch = 2, 4 })
		require.NoError(t, scheduler.Poke(large))
		got, _ := dates(large, t, s)
		require.Len(t, got, 3, "two of the first round, one of the second")
		got, _ = dates(small, t, s)
		require.Len(t, got, 1)
		require.NoError(t, scheduler.Poke(large))
		got, _ = dates(large, t, s)
		require.Len(t, got, 5)
	})
}

// TestOnePokeStartsAllThatIsDue: rounds bound nothing but the order, and one that
// cannot start now is not asked again by the same poke.
func TestOnePokeStartsAllThatIsDue(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		ctx, _ := storetest.Workspace(t, s)
		busy := integrationAt(ctx, t, s, "08:00", "UTC", clock.Now().Add(-time.Minute))
		for range 4 {
			integrationAt(ctx, t, s, "08:00", "UTC", clock.Now())
		}
		scheduler := newScheduler(t, s, clock, runs{busy: map[string]bool{busy.ID: true}}, func(c *schedule.Config) { c.PerWorkspace = 1 })
		require.NoError(t, scheduler.Poke(ctx))
		got, _ := dates(ctx, t, s)
		require.Len(t, got, 4)
	})
}

func TestHousekeepingRunsAndOneFailureHidesNoOther(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		ctx, _ := storetest.Workspace(t, s)
		var done []string
		scheduler := newScheduler(t, s, clock, runs{}, func(c *schedule.Config) {
			c.Housekeeping = []schedule.Task{
				{Name: "first", Do: func(context.Context) error { done = append(done, "first"); return errors.New("no space") }},
				{Name: "second", Do: func(ctx context.Context) error {
					p, ok := principal.From(ctx)
					require.True(t, ok && p.All)
					done = append(done, "second")
					return nil
				}},
			}
		})
		require.ErrorContains(t, scheduler.Poke(ctx), "first: no space")
		require.Equal(t, []string{"first", "second"}, done)
	})
}

func TestStartPokesAtOnceAndEachMinute(t *testing.T) {
	t.Parallel()
	url := storetest.SQLiteURL(t)
	clock := clockwork.NewFakeClockAt(storetest.Start())
	s := storetest.Open(t, url, clock)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	pokes := make(chan struct{}, 10)
	scheduler := newScheduler(t, s, clock, runs{}, func(c *schedule.Config) {
		c.Housekeeping = []schedule.Task{{Name: "count", Do: func(context.Context) error { pokes <- struct{}{}; return nil }}}
	})
	require.NoError(t, scheduler.Start(ctx))
	t.Cleanup(func() { require.NoError(t, scheduler.Stop()) })
	<-pokes
	require.NoError(t, clock.BlockUntilContext(ctx, 1))
	clock.Advance(time.Minute)
	<-pokes
}

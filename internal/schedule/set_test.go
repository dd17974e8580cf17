package schedule_test

import (
	"context"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/schedule"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func TestSetMovesTheNextRunAndTellsOfClockChanges(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		ctx, _ := storetest.Workspace(t, s)
		made := integrationAt(ctx, t, s, "02:00", "UTC", time.Date(2026, 3, 3, 2, 0, 0, 0, time.UTC))
		schedules, err := schedule.NewService(s)
		require.NoError(t, err)
		input := schedule.SetInput{IdempotencyKey: "one", IntegrationID: made.ID, Time: "02:30", Zone: "Europe/Berlin"}
		for range 2 { // the second repeats the request
			notes, err := schedules.Set(ctx, input)
			require.NoError(t, err)
			require.Len(t, notes, 2)
			require.Contains(t, notes[0], "2026-03-29")
		}
		found, err := s.Read().Integration.Get(ctx, made.ID)
		require.NoError(t, err)
		require.Equal(t, "02:30", found.ScheduleTime)
		require.Equal(t, "Europe/Berlin", found.ScheduleZone)
		require.Equal(t, time.Date(2026, 3, 3, 1, 30, 0, 0, time.UTC), found.NextRunAt.UTC(), "the 2nd has had its run by the old schedule")
		entry, err := s.Read().AuditEntry.Query().Only(ctx)
		require.NoError(t, err)
		require.Equal(t, "setSchedule", entry.Action)
		require.JSONEq(t, `{"time":"02:00","zone":"UTC"}`, string(entry.Before))
		require.JSONEq(t, `{"time":"02:30","zone":"Europe/Berlin"}`, string(entry.After))
	})
}

func TestSetLeavesAPausedIntegrationWithoutANextRun(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.AnyURL(t), clockwork.NewFakeClockAt(storetest.Start()))
	ctx, _ := storetest.Workspace(t, s)
	made := integrationAt(ctx, t, s, "02:00", "UTC", storetest.Start())
	change(ctx, t, s, func(tx *store.Tx) error {
		return tx.Ent().Integration.UpdateOneID(made.ID).SetState(crm.IntegrationPaused).ClearNextRunAt().Exec(ctx)
	})
	schedules, err := schedule.NewService(s)
	require.NoError(t, err)
	_, err = schedules.Set(ctx, schedule.SetInput{IdempotencyKey: "one", IntegrationID: made.ID, Time: "05:00", Zone: "Asia/Tokyo"})
	require.NoError(t, err)
	found, err := s.Read().Integration.Get(ctx, made.ID)
	require.NoError(t, err)
	require.Nil(t, found.NextRunAt)
	require.Equal(t, "Asia/Tokyo", found.ScheduleZone)
}

func TestSetRefuses(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.AnyURL(t), clockwork.NewFakeClockAt(storetest.Start()))
	ctx, workspace := storetest.Workspace(t, s)
	other, _ := storetest.Workspace(t, s)
	made := integrationAt(ctx, t, s, "02:00", "UTC", storetest.Start())
	viewer := principal.With(ctx, principal.Principal{ID: "mbr_viewer", WorkspaceID: workspace.ID, Role: principal.RoleViewer})
	schedules, err := schedule.NewService(s)
	require.NoError(t, err)
	set := func(wall, zone string) error {
		_, err := schedules.Set(ctx, schedule.SetInput{IdempotencyKey: "key", IntegrationID: made.ID, Time: wall, Zone: zone})
		return err
	}
	for _, wall := range []string{"", "2:30", "24:00", "12:60", "02:30:00", " 02:30", "02:30\n", "0２:30", "noon", "-1:00"} {
		err := set(wall, "UTC")
		require.True(t, fault.Is(err, fault.BadInput), "%q: %v", wall, err)
	}
	for _, zone := range []string{
		"", "Local", "local", "localtime", "posixrules", "Factory", "posix/Europe/Berlin", "right/Europe/Berlin", "europe/berlin", "Europe/berlin",
		"Europe/Atlantis", "CEST", "PDT", "+02:00", "UTC+2", "GMT+2", "-5", "../etc/passwd", "/etc/localtime", "Europe/../UTC", "Europe/Berlin ", "Europe",
	} {
		err := set("02:30", zone)
		require.True(t, fault.Is(err, fault.BadInput), "%q: %v", zone, err)
	}
	require.NoError(t, set("02:30", "Etc/GMT-14"))
	input := schedule.SetInput{IdempotencyKey: "another", IntegrationID: made.ID, Time: "02:30", Zone: "UTC"}
	_, err = schedules.Set(viewer, input)
	require.True(t, fault.Is(err, fault.Forbidden), "%v", err)
	_, err = schedules.Set(other, input)
	require.True(t, fault.Is(err, fault.NotFound), "%v", err)
	found, err := s.Read().Integration.Get(ctx, made.ID)
	require.NoError(t, err)
	require.Equal(t, "Etc/GMT-14", found.ScheduleZone)
}

// TestSetMeetsThePoke sets the schedule while the run is being started: whoever comes
// second sees what the first did.
func TestSetMeetsThePoke(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		ctx, _ := storetest.Workspace(t, s)
		made := integrationAt(ctx, t, s, "08:00", "UTC", clock.Now())
		schedules, err := schedule.NewService(s)
		require.NoError(t, err)
		set := make(chan error, 1)
		go func() {
			_, err := schedules.Set(ctx, schedule.SetInput{IdempotencyKey: "key", IntegrationID: made.ID, Time: "09:00", Zone: "UTC"})
			set <- err
		}()
		require.NoError(t, newScheduler(t, s, clock, runs{}, nil).Poke(ctx))
		require.NoError(t, <-set)
		found, err := s.Read().Integration.Get(ctx, made.ID)
		require.NoError(t, err)
		dates, _ := dates(ctx, t, s)
		want := map[int]time.Time{0: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), 1: time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC)}[len(dates)]
		require.Equal(t, want, found.NextRunAt.UTC())
	})
}

func change(ctx context.Context, t *testing.T, s *store.Store, do func(tx *store.Tx) error) {
	t.Helper()
	require.NoError(t, s.WithTx(ctx, func(_ context.Context, tx *store.Tx) error { return do(tx) }))
}

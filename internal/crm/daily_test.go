package crm_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return parsed
}

func dailyOf(t require.TestingT, wall, zone string) crm.Daily {
	hour, minute, err := crm.ParseWallTime(wall)
	require.NoError(t, err)
	loc, err := crm.ParseZone(zone)
	require.NoError(t, err)
	return crm.Daily{Hour: hour, Minute: minute, Zone: loc}
}

// TestFollowingKeepsOnePerDate works out changes by hand, among them those that cross
// the date line on the day of the change.
func TestFollowingKeepsOnePerDate(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, last, now, toTime, toZone, want string }{
		{"later today, not run yet", "2026-05-09", "2026-05-10T10:00:00Z", "16:00", "UTC", "2026-05-10T16:00:00Z"},
		{"a time that has passed, not run yet: at once", "2026-05-09", "2026-05-10T10:00:00Z", "02:00", "UTC", "2026-05-10T10:00:00Z"},
		{"today's run is done: tomorrow", "2026-05-10", "2026-05-10T10:00:00Z", "14:00", "UTC", "2026-05-11T14:00:00Z"},
		{"due but not started: stays due", "2026-05-09", "2026-05-10T02:01:00Z", "01:00", "UTC", "2026-05-10T02:01:00Z"},
		{"due but not started, to a later time: then", "2026-05-09", "2026-05-10T02:01:00Z", "03:00", "UTC", "2026-05-10T03:00:00Z"},
		// Kiritimati (+14) has had the 10th; Pago Pago (-11) has the 9th: no second 9th, no second 10th.
		{"west over the date line", "2026-05-10", "2026-05-09T13:00:00Z", "02:00", "Pacific/Pago_Pago", "2026-05-11T13:00:00Z"},
		// Pago Pago has had the 9th at 02:00; Kiritimati has the 10th, 03:00 o'clock: its run is due.
		{"east over the date line", "2026-05-09", "2026-05-09T13:05:00Z", "02:00", "Pacific/Kiritimati", "2026-05-09T13:05:00Z"},
		// The same before the time of the 10th has come there.
		{"east over the date line, before the time", "2026-05-09", "2026-05-09T13:05:00Z", "04:00", "Pacific/Kiritimati", "2026-05-09T14:00:00Z"},
		{"the next date does not exist", "2011-12-29", "2011-12-30T09:00:00Z", "12:00", "Pacific/Apia", "2011-12-30T22:00:00Z"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			last, err := crm.ParseDate(test.last)
			require.NoError(t, err)
			got := dailyOf(t, test.toTime, test.toZone).Following(last, instant(t, test.now))
			require.Equal(t, test.want, got.UTC().Format(time.RFC3339))
		})
	}
}

// TestChangesNeitherLoseNorDoubleADate lives through random schedules: dates only go
// up, what is due runs at once, and a date is passed over only when a change jumped
// over it.
func TestChangesNeitherLoseNorDoubleADate(t *testing.T) {
	t.Parallel()
	zones := []string{
		"UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Pacific/Apia", "Europe/Berlin", "America/Nuuk", "Australia/Lord_Howe",
		"America/St_Johns", "Asia/Kathmandu", "Africa/Casablanca", "America/Santiago", "Antarctica/Troll",
	}
	rapid.Check(t, func(t *rapid.T) {
		random := func() crm.Daily {
			loc, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
			require.NoError(t, err)
			return crm.Daily{Hour: rapid.IntRange(0, 23).Draw(t, "hour"), Minute: rapid.IntRange(0, 59).Draw(t, "minute"), Zone: loc}
		}
		begin := rapid.SampledFrom([]string{"2011-12-25T00:00:00Z", "2026-03-05T00:00:00Z", "2026-10-20T00:00:00Z"}).Draw(t, "begin")
		now, err := time.Parse(time.RFC3339, begin)
		require.NoError(t, err)
		in := random()
		next := in.Next(now)
		last := in.Before(in.DueDate(next))
		for range 40 {
			if rapid.Bool().Draw(t, "change") {
				if wait := next.Sub(now); wait > 0 { // nothing is due before next
					now = now.Add(time.Duration(rapid.Int64Range(0, int64(wait)-1).Draw(t, "wait")))
				}
				known := last // the runs say
				if next.After(now) {
					known = in.Before(in.DueDate(next))
				}
				in = random()
				next = in.Following(known, now)
				require.False(t, next.Before(now))
				if due := in.DueDate(now); due.String() > last.String() {
					require.Equal(t, now, next, "%s is due and has no run", due)
				}
				continue
			}
			if next.After(now) {
				now = next
			}
			date := in.DueDate(now)
			if next = in.Next(now); date == last {
				continue // the database refuses the second run of a date
			}
			require.Greater(t, date.String(), last.String())
			for missed := last.AddDays(1); missed != date; missed = missed.AddDays(1) {
				due, exists := crm.DueAt(missed, in.Hour, in.Minute, in.Zone)
				require.True(t, !exists || !due.After(now), "%s is still to come", missed)
			}
			last = date
		}
	})
}

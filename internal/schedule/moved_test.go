package schedule

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return instant
}

func dailyOf(t require.TestingT, wall, zone string) daily {
	d, err := parseDaily(wall, zone)
	require.NoError(t, err)
	return d
}

// TestMovedKeepsOneRunPerDate works out changes by hand, among them those that cross
// the date line on the day of the change.
func TestMovedKeepsOneRunPerDate(t *testing.T) {
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
			got := moved(at(t, test.now), last, dailyOf(t, test.toTime, test.toZone))
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
		random := func() daily {
			loc, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
			require.NoError(t, err)
			return daily{hour: rapid.IntRange(0, 23).Draw(t, "hour"), minute: rapid.IntRange(0, 59).Draw(t, "minute"), loc: loc}
		}
		begin := rapid.SampledFrom([]string{"2011-12-25T00:00:00Z", "2026-03-05T00:00:00Z", "2026-10-20T00:00:00Z"}).Draw(t, "begin")
		now, err := time.Parse(time.RFC3339, begin)
		require.NoError(t, err)
		in := random()
		next := in.next(now)
		last := in.before(in.dueDate(next))
		for range 40 {
			if rapid.Bool().Draw(t, "change") {
				if wait := next.Sub(now); wait > 0 { // nothing is due before next
					now = now.Add(time.Duration(rapid.Int64Range(0, int64(wait)-1).Draw(t, "wait")))
				}
				known := last // the runs say
				if next.After(now) {
					known = in.before(in.dueDate(next))
				}
				in = random()
				next = moved(now, known, in)
				require.False(t, next.Before(now))
				if due := in.dueDate(now); due.String() > last.String() {
					require.Equal(t, now, next, "%s is due and has no run", due)
				}
				continue
			}
			if next.After(now) {
				now = next
			}
			date := in.dueDate(now)
			if next = in.next(now); date == last {
				continue // the database refuses the second run of a date
			}
			require.Greater(t, date.String(), last.String())
			for missed := last.AddDays(1); missed != date; missed = missed.AddDays(1) {
				due, exists := crm.DueAt(missed, in.hour, in.minute, in.loc)
				require.True(t, !exists || !due.After(now), "%s is still to come", missed)
			}
			last = date
		}
	})
}

func TestNotesTellOfClockChanges(t *testing.T) {
	t.Parallel()
	tests := []struct {
		wall, zone string
		want       []string
	}{
		{"02:30", "Europe/Berlin", []string{
			"On 2026-03-29 clocks in Europe/Berlin skip from 02:00 to 03:00: the run of that day starts at 03:00.",
			"On 2026-10-25 clocks in Europe/Berlin go back from 03:00 to 02:00 and show 02:30 twice: the run starts at the first.",
		}},
		{"02:15", "Australia/Lord_Howe", []string{
			"On 2026-10-04 clocks in Australia/Lord_Howe skip from 02:00 to 02:30: the run of that day starts at 02:30.",
		}},
		{"01:45", "Australia/Lord_Howe", []string{
			"On 2026-04-05 clocks in Australia/Lord_Howe go back from 02:00 to 01:30 and show 01:45 twice: the run starts at the first.",
		}},
		{"23:30", "America/Nuuk", []string{
			"On 2026-03-28 clocks in America/Nuuk skip from 23:00 to 00:00: the run of that day starts at 22:59:59.",
			"On 2026-10-24 clocks in America/Nuuk go back from 00:00 to 23:00 and show 23:30 twice: the run starts at the first.",
		}},
		{"12:00", "Europe/Berlin", []string{}},
		{"03:00", "Europe/Berlin", []string{}},
		{"02:30", "Asia/Kathmandu", []string{}},
		{"02:30", "UTC", []string{}},
	}
	for _, test := range tests {
		require.Equal(t, test.want, clockNotes(at(t, "2026-03-02T08:00:00Z"), dailyOf(t, test.wall, test.zone)), "%s %s", test.wall, test.zone)
	}
}

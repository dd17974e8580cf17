package schedule

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return instant
}

func dailyOf(t require.TestingT, wall, zone string) crm.Daily {
	d, err := parseDaily(wall, zone)
	require.NoError(t, err)
	return d
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

package crm_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the zone tables, wherever the test runs

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

func zone(t require.TestingT, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

// TestDueAtOnChangeDays holds the days on which clocks move, worked out by hand
// from the zone rules.
func TestDueAtOnChangeDays(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, zone, date string
		hour, minute     int
		want             string // empty: the date does not exist
	}{
		{"Berlin plain day", "Europe/Berlin", "2026-06-15", 2, 30, "2026-06-15T00:30:00Z"},
		{"Berlin gap 02:00-03:00", "Europe/Berlin", "2026-03-29", 2, 30, "2026-03-29T01:00:00Z"},
		{"Berlin start of the gap", "Europe/Berlin", "2026-03-29", 2, 0, "2026-03-29T01:00:00Z"},
		{"Berlin end of the gap", "Europe/Berlin", "2026-03-29", 3, 0, "2026-03-29T01:00:00Z"},
		{"Berlin before the gap", "Europe/Berlin", "2026-03-29", 1, 59, "2026-03-29T00:59:00Z"},
		{"Berlin overlap, first of two", "Europe/Berlin", "2026-10-25", 2, 30, "2026-10-25T00:30:00Z"},
		{"Berlin after the overlap", "Europe/Berlin", "2026-10-25", 3, 0, "2026-10-25T02:00:00Z"},
		{"New York gap", "America/New_York", "2026-03-08", 2, 30, "2026-03-08T07:00:00Z"},
		{"New York overlap", "America/New_York", "2026-11-01", 1, 30, "2026-11-01T05:30:00Z"},
		{"Lord Howe gap of 30 minutes", "Australia/Lord_Howe", "2026-10-04", 2, 15, "2026-10-03T15:30:00Z"},
		{"Lord Howe just after its gap", "Australia/Lord_Howe", "2026-10-04", 2, 30, "2026-10-03T15:30:00Z"},
		{"Lord Howe overlap", "Australia/Lord_Howe", "2026-04-05", 1, 45, "2026-04-04T14:45:00Z"},
		{"Santiago gap at midnight", "America/Santiago", "2025-09-07", 0, 30, "2025-09-07T04:00:00Z"},
		{"Santiago overlap before midnight", "America/Santiago", "2026-04-04", 23, 30, "2026-04-05T02:30:00Z"},
		{"Beirut gap at midnight", "Asia/Beirut", "2025-03-30", 0, 0, "2025-03-29T22:00:00Z"},
		{"Cairo gap at midnight", "Africa/Cairo", "2025-04-25", 0, 15, "2025-04-24T22:00:00Z"},
		{"Nuuk gap ends on the next date", "America/Nuuk", "2025-03-29", 23, 30, "2025-03-30T00:59:59Z"},
		{"Nuuk next date is its own", "America/Nuuk", "2025-03-30", 0, 0, "2025-03-30T01:00:00Z"},
		{"Apia before the date line moved", "Pacific/Apia", "2011-12-29", 12, 0, "2011-12-29T22:00:00Z"},
		{"Apia skipped the date", "Pacific/Apia", "2011-12-30", 12, 0, ""},
		{"Apia after the date line moved", "Pacific/Apia", "2011-12-31", 12, 0, "2011-12-30T22:00:00Z"},
		{"St John's overlap over midnight", "America/St_Johns", "2010-11-07", 0, 0, "2010-11-07T02:30:00Z"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			date, err := crm.ParseDate(c.date)
			require.NoError(t, err)
			due, exists := crm.DueAt(date, c.hour, c.minute, zone(t, c.zone))
			require.Equal(t, c.want != "", exists)
			if exists {
				require.Equal(t, c.want, due.Format(time.RFC3339))
			}
		})
	}
}

func TestNextDailyStepsOverTheChangeDays(t *testing.T) {
	t.Parallel()
	cases := []struct {
		zone, after string
		want        []string
	}{
		{"Europe/Berlin", "2026-03-28T12:00:00Z", []string{"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
		{"Europe/Berlin", "2026-10-24T12:00:00Z", []string{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
		{"Pacific/Apia", "2011-12-29T12:00:00Z", []string{"2011-12-29T12:30:00Z", "2011-12-30T12:30:00Z"}},
	}
	for _, c := range cases {
		at, err := time.Parse(time.RFC3339, c.after)
		require.NoError(t, err)
		for _, want := range c.want {
			at = crm.NextDaily(at, 2, 30, zone(t, c.zone))
			require.Equal(t, want, at.Format(time.RFC3339), c.zone)
		}
	}
}

func TestDueDateNamesTheDateThatACatchUpStandsFor(t *testing.T) {
	t.Parallel()
	berlin := zone(t, "Europe/Berlin")
	for at, want := range map[string]string{
		"2026-06-15T00:29:59Z": "2026-06-14", // a second before 02:30
		"2026-06-15T00:30:00Z": "2026-06-15",
		"2026-06-15T21:59:59Z": "2026-06-15",
		"2026-03-29T00:59:59Z": "2026-03-28", // the gap's run is due at 01:00 UTC
		"2026-03-29T01:00:00Z": "2026-03-29",
		"2026-10-25T01:30:00Z": "2026-10-25", // the second 02:30 is no second run
	} {
		instant, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		require.Equal(t, want, crm.DueDate(instant, 2, 30, berlin).String(), at)
	}
	// St John's set its clocks back at 00:01 to 23:01 of the day before.
	secondEvening := time.Date(2010, time.November, 7, 3, 0, 0, 0, time.UTC)
	stJohns := zone(t, "America/St_Johns")
	require.Equal(t, "2010-11-06", crm.LocalDate(secondEvening, stJohns).String())
	require.Equal(t, "2010-11-07", crm.DueDate(secondEvening, 0, 0, stJohns).String())
	require.Equal(t, "2010-11-08T03:30:00Z", crm.NextDaily(secondEvening, 0, 0, stJohns).Format(time.RFC3339))
}

func TestParseDateRefusesWhatStringNeverWrites(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "2026-1-5", "2026-02-30", "20260101", "2026-01-01T00:00:00Z"} {
		_, err := crm.ParseDate(bad)
		require.Error(t, err, bad)
	}
}

// zonesUnderTest are 20 zones with every kind of rule: none, half hours, gaps at
// midnight, gaps into the next date, a skipped date, DST turned about.
var zonesUnderTest = []string{
	"UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "America/New_York", "America/Los_Angeles",
	"America/St_Johns", "America/Santiago", "America/Sao_Paulo", "America/Nuuk", "America/Scoresbysund",
	"Africa/Cairo", "Africa/Casablanca", "Asia/Beirut", "Asia/Tehran", "Asia/Kathmandu", "Asia/Gaza",
	"Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham",
}

// TestEveryLocalDateIsDueExactlyOnce walks ten years in twenty zones: the due
// instants rise strictly and their local dates are the zone's dates, each once. Two
// times of day are walked in full, any other for a year each.
func TestEveryLocalDateIsDueExactlyOnce(t *testing.T) {
	t.Parallel()
	begin := func(year int) time.Time { return time.Date(year, time.January, 1, 12, 0, 0, 0, time.UTC) }
	walk := func(t require.TestingT, name string, from, to, hour, minute int) {
		loc, seen := zone(t, name), map[crm.Date]bool{}
		for at := crm.NextDaily(begin(from), hour, minute, loc); at.Before(begin(to)); {
			date := crm.LocalDate(at, loc)
			require.False(t, seen[date], "due twice on %s in %s", date, name)
			require.Equal(t, date, crm.DueDate(at, hour, minute, loc))
			seen[date] = true
			next := crm.NextDaily(at, hour, minute, loc)
			require.True(t, next.After(at), "%s then %s in %s", at, next, name)
			at = next
		}
		dates := datesBetween(begin(from), begin(to), loc)
		for _, date := range dates[1 : len(dates)-1] {
			require.True(t, seen[date], "never due on %s in %s", date, name)
		}
	}
	for _, name := range zonesUnderTest {
		walk(t, name, 2010, 2020, 0, 0)
		walk(t, name, 2010, 2020, 23, 30)
	}
	rapid.Check(t, func(t *rapid.T) {
		name, year := rapid.SampledFrom(zonesUnderTest).Draw(t, "zone"), rapid.IntRange(2010, 2035).Draw(t, "year")
		walk(t, name, year, year+1, rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"))
	})
}

// datesBetween lists the dates that a clock in loc shows, found without the code
// under test: by looking at it every half an hour.
func datesBetween(start, end time.Time, loc *time.Location) []crm.Date {
	var dates []crm.Date
	seen := map[crm.Date]bool{}
	for at := start; at.Before(end); at = at.Add(30 * time.Minute) {
		year, month, day := at.In(loc).Date()
		date := crm.Date{Year: year, Month: month, Day: day}
		if !seen[date] {
			seen[date] = true
			dates = append(dates, date)
		}
	}
	return dates
}

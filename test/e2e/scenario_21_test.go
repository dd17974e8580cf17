package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/server"
)

// TestScenario21AScheduleInsideAClockChangeRunsOnce: the daily run is set to 02:30 in a
// zone whose clocks skip that time on one day and show it twice on another. On both days
// there is one run. On PostgreSQL two servers look for due runs; there is still one.
func TestScenario21AScheduleInsideAClockChangeRunsOnce(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		berlin, err := time.LoadLocation("Europe/Berlin")
		require.NoError(t, err)
		clock := clockwork.NewFakeClockAt(time.Now().UTC().Truncate(time.Second))
		s := newSite(t, url, siteOptions{clock: clock})
		i := s.active(t)
		i.runEnds(t, 1)
		if strings.HasPrefix(url, "postgres") {
			newSite(t, url, siteOptions{clock: clock, config: func(c *server.Config) {
				c.Key, c.Endpoints, c.OAuthClients = s.config.Key, s.config.Endpoints, s.config.OAuthClients
			}})
		}
		requireRefused(t, i.try(t, "setSchedule", "", vars{"time": "02:30", "zone": "Europe/Atlantis"}), "BAD_INPUT")
		var set struct {
			Notes       []string
			Integration struct{ ScheduleTime, ScheduleZone string }
		}
		i.do(t, "setSchedule", "notes integration { scheduleTime scheduleZone }", vars{"time": "02:30", "zone": "Europe/Berlin"}, &set)
		require.Equal(t, "Europe/Berlin", set.Integration.ScheduleZone)
		require.Len(t, set.Notes, 2)

		for range 2 { // the two days of the next year, whichever comes first
			_, change := clock.Now().In(berlin).ZoneBounds()
			day := change.In(berlin).Format(time.DateOnly)
			require.Contains(t, strings.Join(set.Notes, " "), "On "+day)
			// The evening before: what became due meanwhile is made up for by one late run.
			clock.Advance(change.Add(-6 * time.Hour).Sub(clock.Now()))
			i.settled(t, clock, change.Add(-24*time.Hour).In(berlin).Format(time.DateOnly))
			// Over the change, past the second 02:30, to the next day.
			clock.Advance(change.Add(-30 * time.Minute).Sub(clock.Now()))
			for clock.Now().Before(change.Add(3 * time.Hour)) {
				clock.Advance(5 * time.Minute)
				i.idle(t)
			}
			i.settled(t, clock, day)
			clock.Advance(23 * time.Hour)
			i.settled(t, clock, change.Add(24*time.Hour).In(berlin).Format(time.DateOnly))
			require.Equal(t, 1, i.dailyRuns(t)[day], "on %s", day)
		}
		for day, runs := range i.dailyRuns(t) {
			require.Equal(t, 1, runs, "on %s", day)
		}
	})
}

// settled lets minutes pass until the daily run of a date has ended.
func (i *integration) settled(t *testing.T, clock *clockwork.FakeClock, day string) {
	t.Helper()
	i.passes(t, clock, 0, func() bool { return i.dailyRuns(t)[day] > 0 })
	i.idle(t)
}

// idle waits until no run is under way: a clock that jumps would end its calls.
func (i *integration) idle(t *testing.T) {
	t.Helper()
	eventually(t, "the end of the run", func() bool {
		return !slices.ContainsFunc(i.dated(t), func(run datedRun) bool { return run.FinishedAt == nil })
	})
}

type datedRun struct {
	Kind, LocalDate string
	FinishedAt      *time.Time
}

func (i *integration) dated(t *testing.T) []datedRun {
	t.Helper()
	var found struct {
		Runs struct{ Edges []struct{ Node datedRun } }
	}
	i.look(t, "runs(first: 100) { edges { node { kind localDate finishedAt } } }", &found)
	var all []datedRun
	for _, edge := range found.Runs.Edges {
		all = append(all, edge.Node)
	}
	return all
}

// dailyRuns counts the SCHEDULED and CATCH_UP runs by local date.
func (i *integration) dailyRuns(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, run := range i.dated(t) {
		if run.Kind == "SCHEDULED" || run.Kind == "CATCH_UP" {
			counts[run.LocalDate]++
		}
	}
	return counts
}

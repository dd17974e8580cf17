package e2e

import (
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestWatchModeNoticesALossWithinItsInterval: somebody takes a field away between two
// daily runs; subscribers learn of it within one interval and the confirmation.
func TestWatchModeNoticesALossWithinItsInterval(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		clock := clockwork.NewFakeClockAt(time.Now().UTC().Truncate(time.Second))
		i := newSite(t, url, siteOptions{clock: clock, config: manyRequests}).active(t)
		var mode struct{ WatchMode watchMode }
		i.look(t, watchFields, &mode)
		require.Equal(t, "OFF", mode.WatchMode.Interval)
		require.Equal(t, 1, mode.WatchMode.CallsPerProbe)
		require.Empty(t, mode.WatchMode.UnavailableReason)
		require.Nil(t, mode.WatchMode.NextProbeAt)

		var set struct{ Integration struct{ WatchMode watchMode } }
		i.do(t, "setWatchMode", "integration { "+watchFields+" }", vars{"interval": "EVERY_5_MINUTES"}, &set)
		require.NotNil(t, set.Integration.WatchMode.NextProbeAt)
		probed := func() *time.Time {
			i.look(t, watchFields, &mode)
			return mode.WatchMode.LastProbeAt
		}
		i.passes(t, clock, 0, func() bool { return probed() != nil })

		followed := i.alertEvents(t, "")
		runs := len(i.runs(t))
		i.setRead(t, false, "Contact.Title")
		switched := clock.Now()
		for alerted := false; !alerted; alerted = len(i.openAlerts(t)) > 0 {
			require.Less(t, clock.Since(switched), 6*time.Minute, "one interval, and pokes of this test's clock that were left out")
			before := *probed()
			clock.Advance(time.Minute)
			if mode.WatchMode.NextProbeAt.After(clock.Now()) {
				continue
			}
			// A poke that finds the one before still at work is left out: the next one comes.
			eventually(t, "a probe", func() bool { clock.Advance(3 * time.Second); return probed().After(before) })
			eventually(t, "the confirmation", func() bool { return len(i.openAlerts(t)) > 0 })
		}
		event, subject, _ := nextAlert(t, followed)
		require.Equal(t, []string{"OPENED", "Contact.Title"}, []string{event, subject})
		t.Logf("switched at the CRM → subscriber: %s with an interval of 5 minutes", clock.Since(switched).Round(time.Second))
		require.Len(t, i.runs(t), runs, "no run was needed")

		i.do(t, "setApiBudget", "", vars{"apiType": "rest", "dailyLimit": 100}, nil)
		refused := requireRefused(t, i.try(t, "setWatchMode", "", vars{"interval": "EVERY_15_MINUTES"}), "SETTING_UNAVAILABLE")
		require.Contains(t, refused.Message, "budget of 100")
		i.do(t, "setWatchMode", "", vars{"interval": "OFF"}, nil)
	})
}

type watchMode struct {
	Interval, UnavailableReason string
	CallsPerProbe               int
	LastProbeAt, NextProbeAt    *time.Time
}

const watchFields = "watchMode { interval callsPerProbe unavailableReason lastProbeAt nextProbeAt }"

// TestOnboardingProgressTicks: whoever connects sees each object as the CRM answers for
// it, and each step when it is done (requirement F2); a subscription that comes late
// replays them.
func TestOnboardingProgressTicks(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{})
		s.setRead(t, false, "Lead")
		begin := s.admin.feedCursor(t)
		i := s.connect(t, "PRODUCTION")
		total := len(i.objects(t))
		followed, err := i.Subscribe(within(t), `subscription($id: ID!, $after: FeedCursor) { onboardingProgress(integrationId: $id, after: $after) {
			step stepDone objectName readable checked total integration { id } } }`, vars{"id": i.id, "after": begin})
		require.NoError(t, err)
		t.Cleanup(followed.Close)
		next := func() (tick onboardingTick) {
			var one struct{ OnboardingProgress onboardingTick }
			require.NoError(t, followed.Next(within(t), &one))
			return one.OnboardingProgress
		}

		require.Equal(t, onboardingTick{Step: "AUTHORIZE", StepDone: true, Checked: total, Total: total}, next(), "a step counts the objects as they are now")
		readable := map[string]bool{}
		for range total {
			tick := next()
			require.NotNil(t, tick.Readable)
			readable[tick.ObjectName] = *tick.Readable
			require.Equal(t, []int{len(readable), total}, []int{tick.Checked, tick.Total})
		}
		require.Len(t, readable, total)
		require.False(t, readable["Lead"])
		require.True(t, readable["Contact"])

		// What follows comes live: it is repaired and checked again, and the rest is done.
		steps := []string{}
		s.setRead(t, true, "Lead")
		i.check(t)
		i.decideAll(t)
		i.finish(t)
		for len(steps) < 4 {
			if tick := next(); tick.StepDone {
				steps = append(steps, tick.Step)
			}
		}
		require.Equal(t, []string{"CHECK", "SETTINGS", "STANDARDIZATION", "REVIEW"}, steps)
	})
}

type onboardingTick struct {
	Step, ObjectName string
	StepDone         bool
	Readable         *bool
	Checked, Total   int
}

package crm_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

func TestSeeingAProblem(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	before := func(d time.Duration) time.Time { return now.Add(-d) }
	resolved := crm.AlertLife{
		State: crm.AlertResolved, Severity: crm.SeverityWarning, OpenedAt: before(time.Hour),
		LastSeenAt: before(time.Hour), Since: before(time.Hour), ResolvedAt: before(time.Minute), Recovered: true,
	}
	with := func(change func(*crm.AlertLife)) crm.AlertLife {
		life := resolved
		change(&life)
		return life
	}
	young := func(l *crm.AlertLife) { l.OpenedAt = before(2 * time.Minute) }
	for name, c := range map[string]struct {
		life crm.AlertLife
		seen crm.Sighting
		want crm.AlertStep
	}{
		"never seen before": {
			crm.AlertLife{}, crm.Sighting{}, crm.AlertStep{New: true, State: crm.AlertOpen, Event: crm.AlertOpened},
		},
		"back within days": {
			resolved, crm.Sighting{}, crm.AlertStep{State: crm.AlertOpenAgain, Event: crm.AlertReopened},
		},
		"back after a week": {
			with(func(l *crm.AlertLife) { l.ResolvedAt = before(crm.ReopenWithin) }),
			crm.Sighting{},
			crm.AlertStep{New: true, State: crm.AlertOpen, Event: crm.AlertOpened},
		},
		"back at once": {
			with(young),
			crm.Sighting{Since: now},
			crm.AlertStep{State: crm.AlertResolved, Flapped: true, LookAgain: now.Add(8 * time.Minute)},
		},
		"still there while damped": {
			with(func(l *crm.AlertLife) { young(l); l.LastSeenAt, l.Since = before(time.Second), before(30*time.Second) }),
			crm.Sighting{Since: before(30 * time.Second)},
			crm.AlertStep{State: crm.AlertResolved, LookAgain: now.Add(8 * time.Minute)},
		},
		"back at once, but it had not recovered": {
			with(func(l *crm.AlertLife) { young(l); l.Recovered = false }),
			crm.Sighting{Since: before(time.Hour)},
			crm.AlertStep{State: crm.AlertOpenAgain, Event: crm.AlertReopened},
		},
		"an event is never damped": {
			with(young),
			crm.Sighting{Rule: crm.RuleCredentialExpired},
			crm.AlertStep{State: crm.AlertOpenAgain, Event: crm.AlertReopened},
		},
		"dismissed, and the same": {
			with(func(l *crm.AlertLife) { l.Dismissed = true }),
			crm.Sighting{Since: before(time.Hour)},
			crm.AlertStep{State: crm.AlertResolved},
		},
		"dismissed, and worse": {
			with(func(l *crm.AlertLife) { l.Dismissed = true }),
			crm.Sighting{Since: before(time.Hour), Severity: crm.SeverityCritical},
			crm.AlertStep{State: crm.AlertOpenAgain, Event: crm.AlertReopened},
		},
		"dismissed, and another": {
			with(func(l *crm.AlertLife) { l.Dismissed = true }),
			crm.Sighting{Since: before(time.Second)},
			crm.AlertStep{State: crm.AlertOpenAgain, Event: crm.AlertReopened},
		},
		"dismissed, and nobody can tell": {
			with(func(l *crm.AlertLife) { l.Dismissed, l.Since = true, time.Time{} }),
			crm.Sighting{},
			crm.AlertStep{State: crm.AlertOpenAgain, Event: crm.AlertReopened},
		},
		"somebody is on it": {
			crm.AlertLife{State: crm.AlertAcknowledged, Severity: crm.SeverityInfo},
			crm.Sighting{Severity: crm.SeverityCritical},
			crm.AlertStep{State: crm.AlertAcknowledged},
		},
		"put off": {
			crm.AlertLife{State: crm.AlertSnoozed, Severity: crm.SeverityWarning},
			crm.Sighting{Severity: crm.SeverityInfo},
			crm.AlertStep{State: crm.AlertSnoozed},
		},
		"put off, and worse": {
			crm.AlertLife{State: crm.AlertSnoozed, Severity: crm.SeverityWarning},
			crm.Sighting{Severity: crm.SeverityCritical},
			crm.AlertStep{State: crm.AlertOpen, Event: crm.AlertWoke},
		},
	} {
		if c.seen.Rule == "" {
			c.seen.Rule = crm.RuleStandardFieldLost
		}
		if c.seen.Severity == "" {
			c.seen.Severity = crm.SeverityWarning
		}
		c.seen.At, c.seen.Window = now, crm.DampingWindow
		require.Equal(t, c.want, c.life.See(c.seen), name)
	}
}

// TestFlapsAreDampedAndNothingIsLost flaps a problem at random and settles it whenever
// a damping asks for it: in no window are there two openings or two resolutions, and
// a problem that stays is open when its window is over.
func TestFlapsAreDampedAndNothingIsLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
		var life crm.AlertLife
		var lost bool
		var since, settleAt time.Time
		var openings, resolutions []time.Time
		see := func() {
			step := life.See(crm.Sighting{Rule: crm.RuleStandardFieldLost, Severity: crm.SeverityCritical, Since: since, At: now, Window: crm.DampingWindow})
			life.LastSeenAt, life.Since = now, since
			if step.Event != "" {
				openings = append(openings, now)
				life.State, life.OpenedAt = step.State, now
			}
			if !step.LookAgain.IsZero() {
				require.True(t, step.LookAgain.After(now), "what is damped is looked at later")
				settleAt = step.LookAgain
			}
		}
		advance := func(to time.Time) {
			for !settleAt.IsZero() && !settleAt.After(to) {
				now, settleAt = settleAt, time.Time{}
				if lost {
					see()
				}
			}
			now = to
		}
		for range rapid.IntRange(1, 200).Draw(t, "flaps") {
			advance(now.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "seconds")) * time.Second))
			switch {
			case !lost:
				lost, since = true, now
				see()
			case rapid.Bool().Draw(t, "seen again"):
				see()
			default:
				lost = false
				if life.State != crm.AlertResolved {
					life.State, life.ResolvedAt, life.Recovered = crm.AlertResolved, now, true
					resolutions = append(resolutions, now)
				}
			}
		}
		for _, times := range [][]time.Time{openings, resolutions} {
			for i := 2; i < len(times); i++ {
				require.GreaterOrEqual(t, times[i].Sub(times[i-2]), crm.DampingWindow)
			}
		}
		for i := 1; i < len(openings); i++ {
			require.GreaterOrEqual(t, openings[i].Sub(openings[i-1]), crm.DampingWindow, "one opening in a window")
		}
		advance(now.Add(crm.DampingWindow))
		if lost {
			require.NotEqual(t, crm.AlertResolved, life.State, "a problem that stays is told")
		}
	})
}

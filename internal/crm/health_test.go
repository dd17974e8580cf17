package crm_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

var (
	healthContact = crm.HealthSubject{Object: "Contact"}
	healthEmail   = crm.HealthSubject{Object: "Contact", Field: "Email"}
	healthPhone   = crm.HealthSubject{Object: "Contact", Field: "Phone"}
)

// healthDays are the dates of the tests: five from 1 November 2026.
func healthDays() (first, last crm.Date) {
	first = crm.Date{Year: 2026, Month: time.November, Day: 1}
	return first, first.AddDays(4)
}

// healthAt is noon of the test's nth date, by UTC.
func healthAt(day int) time.Time { return time.Date(2026, time.November, day, 12, 0, 0, 0, time.UTC) }

func TestHealthCountsWhatWasLostOnEachDay(t *testing.T) {
	event := func(day int, subject crm.HealthSubject, kind crm.HealthEventType) crm.HealthEvent {
		return crm.HealthEvent{At: healthAt(day), Subject: subject, Type: kind}
	}
	for name, one := range map[string]struct {
		history              crm.HealthHistory
		lost, during, backed [5]int
	}{
		"nothing ever lost": {},
		"lost, and lost still": {
			history: crm.HealthHistory{LostNow: []crm.HealthSubject{healthEmail}, Events: []crm.HealthEvent{event(3, healthEmail, crm.HealthLost)}},
			lost:    [5]int{0, 0, 1, 1, 1}, during: [5]int{0, 0, 1, 0, 0},
		},
		"lost before the first date": {
			history: crm.HealthHistory{LostNow: []crm.HealthSubject{healthContact}},
			lost:    [5]int{1, 1, 1, 1, 1},
		},
		"lost before the first date and restored": {
			history: crm.HealthHistory{Events: []crm.HealthEvent{event(4, healthContact, crm.HealthRestored)}},
			lost:    [5]int{1, 1, 1, 0, 0}, backed: [5]int{0, 0, 0, 1, 0},
		},
		"lost and restored on one day": {
			history: crm.HealthHistory{Events: []crm.HealthEvent{event(2, healthEmail, crm.HealthLost), event(2, healthEmail, crm.HealthRestored)}},
			during:  [5]int{0, 1, 0, 0, 0}, backed: [5]int{0, 1, 0, 0, 0},
		},
		"lost, then unmapped": {
			history: crm.HealthHistory{Events: []crm.HealthEvent{event(2, healthEmail, crm.HealthLost), event(4, healthEmail, crm.HealthUnmapped)}},
			lost:    [5]int{0, 1, 1, 0, 0}, during: [5]int{0, 1, 0, 0, 0},
		},
		"lost before the first date, then unmapped": {
			history: crm.HealthHistory{
				Events:     []crm.HealthEvent{event(3, healthEmail, crm.HealthUnmapped)},
				LostBefore: map[crm.HealthSubject]bool{healthEmail: true},
			},
			lost: [5]int{1, 1, 0, 0, 0},
		},
		"unmapped while it could be read": {
			history: crm.HealthHistory{Events: []crm.HealthEvent{event(3, healthEmail, crm.HealthUnmapped)}},
		},
		"mapped while it could not be read": {
			history: crm.HealthHistory{LostNow: []crm.HealthSubject{healthEmail}, Events: []crm.HealthEvent{event(4, healthEmail, crm.HealthMapped)}},
			lost:    [5]int{0, 0, 0, 1, 1},
		},
		"never readable since it was first seen": {
			history: crm.HealthHistory{LostNow: []crm.HealthSubject{healthContact}, Events: []crm.HealthEvent{event(2, healthContact, crm.HealthSeen)}},
			lost:    [5]int{0, 1, 1, 1, 1},
		},
		"two of one object": {
			history: crm.HealthHistory{
				LostNow: []crm.HealthSubject{healthPhone},
				Events: []crm.HealthEvent{
					event(2, healthEmail, crm.HealthLost), event(2, healthPhone, crm.HealthLost), event(5, healthEmail, crm.HealthRestored),
				},
			},
			lost: [5]int{0, 2, 2, 2, 1}, during: [5]int{0, 2, 0, 0, 0}, backed: [5]int{0, 0, 0, 0, 1},
		},
		"before the first date": {
			history: crm.HealthHistory{LostNow: []crm.HealthSubject{healthEmail}, Events: []crm.HealthEvent{
				{At: healthAt(1).Add(-24 * time.Hour), Subject: healthEmail, Type: crm.HealthLost},
			}},
			lost: [5]int{1, 1, 1, 1, 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			first, last := healthDays()
			days := crm.Health(one.history, first, last, time.UTC)
			require.Len(t, days, 5)
			for i, day := range days {
				require.Equal(t, crm.HealthDay{
					Date: first.AddDays(i), Lost: one.lost[i], LostDuring: one.during[i], RestoredDuring: one.backed[i],
				}, day)
			}
		})
	}
}

// A day is a day of the zone: half past midnight in Berlin is the day before in UTC.
func TestHealthCountsByTheDaysOfTheZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	first, last := healthDays()
	history := crm.HealthHistory{LostNow: []crm.HealthSubject{healthEmail}, Events: []crm.HealthEvent{
		{At: time.Date(2026, time.November, 2, 23, 30, 0, 0, time.UTC), Subject: healthEmail, Type: crm.HealthLost},
	}}
	require.Equal(t, 0, crm.Health(history, first, last, berlin)[1].Lost)
	require.Equal(t, 1, crm.Health(history, first, last, berlin)[2].LostDuring)
	require.Equal(t, 1, crm.Health(history, first, last, time.UTC)[1].LostDuring)
}

// Going back from the present finds the same as going forward from the beginning, whatever
// is lost, restored, mapped and unmapped on the way.
func TestHealthGoesBackAsHistoryWentForward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		subjects := []crm.HealthSubject{healthContact, healthEmail, healthPhone}
		type state struct{ unreadable, standardized bool }
		states := map[crm.HealthSubject]state{healthContact: {standardized: true}, healthEmail: {standardized: true}, healthPhone: {standardized: true}}
		count := func() (n int) {
			for _, one := range states {
				if one.unreadable && one.standardized {
					n++
				}
			}
			return n
		}
		history := crm.HealthHistory{LostBefore: map[crm.HealthSubject]bool{}}
		want := make([]crm.HealthDay, 5)
		first, last := healthDays()
		for i := range want {
			want[i].Date = first.AddDays(i)
			for range rapid.IntRange(0, 6).Draw(t, "events") {
				subject := rapid.SampledFrom(subjects).Draw(t, "subject")
				now := states[subject]
				event := crm.HealthEvent{At: healthAt(i + 1), Subject: subject}
				switch {
				case !now.standardized: // what happens to it is not in the history; nothing here does
					event.Type, now.standardized = crm.HealthMapped, true
				case subject.Field != "" && rapid.Bool().Draw(t, "unmap"):
					event.Type, now.standardized = crm.HealthUnmapped, false
				case now.unreadable:
					event.Type, now.unreadable = crm.HealthRestored, false
					want[i].RestoredDuring++
				default:
					event.Type, now.unreadable = crm.HealthLost, true
					want[i].LostDuring++
				}
				states[subject] = now
				history.Events = append(history.Events, event)
			}
			want[i].Lost = count()
		}
		for subject, now := range states {
			if now.unreadable && now.standardized {
				history.LostNow = append(history.LostNow, subject)
			}
		}
		require.Equal(t, want, crm.Health(history, first, last, time.UTC))
	})
}

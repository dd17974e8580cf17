package crm

import "time"

// freshnessAllowance is how long a daily run may take before its data counts as late:
// a run that is under way is no delay.
const freshnessAllowance = 2 * time.Hour

// FreshnessInputs is what freshness depends on.
type FreshnessInputs struct {
	// LastRead is when the last run that read something ended; zero before the first.
	LastRead time.Time
	// Due says that daily runs are due at all: the integration is ACTIVE.
	Due bool
	// Hour, Minute and Zone are the daily schedule.
	Hour, Minute int
	Zone         *time.Location
	Now          time.Time
}

// FreshnessOf says whether data is as new as the schedule promises, apart from how
// the last run ended (requirement G11):
//
//   - UNKNOWN: nothing was read so far, or nothing is due.
//   - LATE: a daily run was due two hours ago and nothing was read since it was, and
//     what was read is more than a day old.
//   - STALE: the same with two daily runs and two days.
//   - ON_TIME: neither.
//
// A day is one of the schedule's zone, so that the days on which clocks change count
// as days too.
func FreshnessOf(in FreshnessInputs) Freshness {
	if in.LastRead.IsZero() || !in.Due {
		return FreshnessUnknown
	}
	missed := 0
	for due := in.LastRead; missed < 2; missed++ {
		due = NextDaily(due, in.Hour, in.Minute, in.Zone)
		oldAt := in.LastRead.In(in.Zone).AddDate(0, 0, missed+1)
		if in.Now.Before(due.Add(freshnessAllowance)) || !in.Now.After(oldAt) {
			break
		}
	}
	return []Freshness{FreshnessOnTime, FreshnessLate, FreshnessStale}[missed]
}

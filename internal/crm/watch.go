package crm

import (
	"fmt"
	"slices"
	"time"
)

// Watch mode makes cheap probes between the daily checks (requirement J1, "beyond").
// It must never take the calls that daily runs need, so it is bound twice: it cannot
// be switched on where a day of probes would take more than a part of what the CRM
// allows, and it stops for the day once a limit is nearly used.

const (
	// watchPercent is the share of a day's calls that probes may take.
	watchPercent = 25
	// watchLook is how often due probes are looked for.
	watchLook = time.Minute
	day       = 24 * time.Hour
)

// WatchMinutes are the intervals that can be chosen, the most frequent first; 0 is off.
func WatchMinutes() []int { return []int{5, 15} }

// ProbeCalls is how many CRM calls one check of that many objects takes, by the
// connector's own word.
func (m Manifest) ProbeCalls(objects int) int {
	requests := 1
	if m.MaxObjectsPerCheck > 0 {
		requests = max(1, (objects+m.MaxObjectsPerCheck-1)/m.MaxObjectsPerCheck)
	}
	for _, cost := range m.Costs {
		if cost.Verb == "CheckPermissions" {
			return requests*cost.CallsPerRequest + objects*cost.CallsPerObject
		}
	}
	return requests
}

// ProbesPerDay is how often an interval fits a day at most; 0 for one that is off.
func ProbesPerDay(minutes int) int {
	if minutes <= 0 {
		return 0
	}
	interval := time.Duration(minutes) * time.Minute
	return int(day / (interval - watchLook - interval/20)) // as NextProbe has it
}

// CanCheck reports whether the connector reads rights at all.
func (m Manifest) CanCheck() bool { return slices.Contains(m.Capabilities, CanCheckPermissions) }

// WatchRefusal says why watch mode cannot probe that often, empty when it can: a day
// of probes must not take more than a quarter of the budget that the admin set, or
// else of what the connector's author recommends, nor of the part of the CRM's own
// quota that runs stop at, as far as it was told. The allowance's first API is the one
// that checks count to.
func WatchRefusal(allowance Allowance, callsPerProbe, minutes int) string {
	calls := callsPerProbe * ProbesPerDay(minutes)
	refuse := func(limit int, of string) string {
		if limit <= 0 || calls*100 <= limit*watchPercent {
			return ""
		}
		probe := "1 CRM call"
		if callsPerProbe != 1 {
			probe = fmt.Sprintf("%d CRM calls", callsPerProbe)
		}
		return fmt.Sprintf("A probe takes %s, so one every %d minutes would take up to %d of %s; watch mode may use %d %%.",
			probe, minutes, calls, of, watchPercent)
	}
	if len(allowance.APIs) > 0 {
		use := allowance.APIs[0]
		if reason := refuse(use.Limit, fmt.Sprintf("the budget of %d %s calls a day", use.Limit, use.Title)); reason != "" {
			return reason
		}
		if recommended := use.RecommendedDailyLimit; use.Limit == 0 && recommended != nil {
			if reason := refuse(*recommended, fmt.Sprintf("the %d %s calls a day that the connector recommends at most", *recommended, use.Title)); reason != "" {
				return reason
			}
		}
	}
	quota := allowance.Quota
	return refuse(quota.Max*quota.StopPercent/100, fmt.Sprintf("the %d calls a day that Fieldwarden may use of the CRM's quota", quota.Max*quota.StopPercent/100))
}

// NextProbe is when the next probe is due after one at a time. Due probes are looked for
// each minute, so it is a minute before the interval is over: the probe begins within the
// interval. random, from 0 up to but not 1, makes it earlier by up to a twentieth of the
// interval, so that integrations that were switched on together do not probe together
// for ever.
func NextProbe(at time.Time, minutes int, random float64) time.Time {
	interval := time.Duration(minutes) * time.Minute
	return at.Add(interval - watchLook - time.Duration(float64(interval)*random/20))
}

package crm

import "time"

// AutoPauseLimits say when an integration whose daily runs keep failing is warned
// about and paused by itself (requirement G10). Of each pair both must be reached:
// many failures within hours are an outage, and days with few of them are luck.
type AutoPauseLimits struct {
	WarnFailures, WarnDays int
	Failures, Days         int
}

// DefaultAutoPauseLimits warn after five failures and two days, and pause after ten
// and five.
func DefaultAutoPauseLimits() AutoPauseLimits {
	return AutoPauseLimits{WarnFailures: 5, WarnDays: 2, Failures: 10, Days: 5}
}

// FailureStreak is how long daily runs have been failing.
type FailureStreak struct {
	// Failures counts the daily runs that failed since the last one that read
	// something.
	Failures int
	// Since is when the first of them ended.
	Since time.Time
	// Warned says that the warning was given.
	Warned bool
}

// AutoPauseAction is what a streak leads to.
type AutoPauseAction string

// Actions.
const (
	AutoPauseNothing AutoPauseAction = ""
	AutoPauseWarn    AutoPauseAction = "WARN"
	AutoPausePause   AutoPauseAction = "PAUSE"
)

// Decide says what to do about a streak now. A warning is given once in a streak.
func (l AutoPauseLimits) Decide(streak FailureStreak, now time.Time) AutoPauseAction {
	lasts := func(failures, days int) bool {
		return streak.Failures >= failures && now.Sub(streak.Since) >= time.Duration(days)*24*time.Hour
	}
	switch {
	case streak.Failures == 0:
		return AutoPauseNothing
	case lasts(l.Failures, l.Days):
		return AutoPausePause
	case !streak.Warned && lasts(l.WarnFailures, l.WarnDays):
		return AutoPauseWarn
	default:
		return AutoPauseNothing
	}
}

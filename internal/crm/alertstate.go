package crm

import (
	"slices"
	"time"
)

// Spans of an alert's life.
const (
	// DampingWindow is how long after its opening an alert that was resolved stays so
	// although its problem is back: within it an alert opens once and resolves once
	// (requirement J5).
	DampingWindow = 10 * time.Minute
	// ReopenWithin is how long after its resolution an alert is opened again instead of
	// a new one being made: a problem that comes back within days is the same problem,
	// with its history.
	ReopenWithin = 7 * 24 * time.Hour
	// MaxSnooze is how far ahead an alert can be put off.
	MaxSnooze = 30 * 24 * time.Hour
)

// AlertLife is what has become of an alert so far. The zero value is an alert that
// there never was.
type AlertLife struct {
	State    AlertState
	Severity Severity
	// OpenedAt is when it was opened, or opened again, last; LastSeenAt when its
	// problem was seen last.
	OpenedAt   time.Time
	LastSeenAt time.Time
	// Since is since when the problem held that was seen last; zero when nobody can tell.
	Since time.Time
	// ResolvedAt, Recovered and Dismissed tell of a RESOLVED one when it was, that its
	// problem was gone, and that a person dismissed it.
	ResolvedAt time.Time
	Recovered  bool
	Dismissed  bool
}

// Sighting is a problem that is there.
type Sighting struct {
	Rule     AlertRule
	Severity Severity
	// Since is since when it holds; zero when nobody can tell.
	Since time.Time
	At    time.Time
	// Window is how long an opening damps; see DampingWindow.
	Window time.Duration
}

// AlertStep is what a sighting makes of an alert.
type AlertStep struct {
	// New says that the alert so far is history and another one begins.
	New   bool
	State AlertState
	// Event is OPENED, REOPENED or WOKE; empty when the state stays.
	Event AlertEvent
	// Flapped says that the problem had gone and is back, within the damping window.
	Flapped bool
	// LookAgain is when a damped problem is to be looked at again; zero for all others.
	LookAgain time.Time
}

// See says what an alert becomes when its problem is seen (requirements J5, K10):
//
//   - A problem without an alert, or whose alert was resolved seven days ago or more,
//     opens a new one.
//   - An alert that was resolved within seven days is REOPENED, except within the
//     damping window of its opening: there it stays RESOLVED, and its states are to be
//     looked at again when the window is over. Only rules that are judged by states
//     are damped (Damped): those can be looked at again at any time. What ended for
//     another reason than that its problem was gone did not flap, and is not damped:
//     after a disconnection, say, what is lost still is told at once.
//   - What a person dismissed stays so while the very same problem lasts, unless it
//     gets worse.
//   - ACKNOWLEDGED and SNOOZED stay, but a worse severity wakes a snooze.
func (l AlertLife) See(s Sighting) AlertStep {
	switch {
	case l.State == "" || (l.State == AlertResolved && !s.At.Before(l.ResolvedAt.Add(ReopenWithin))):
		return AlertStep{New: true, State: AlertOpen, Event: AlertOpened}
	case l.State == AlertResolved:
		return l.comeBack(s)
	case l.State == AlertSnoozed && Worse(s.Severity, l.Severity):
		return AlertStep{State: AlertOpen, Event: AlertWoke}
	default:
		return AlertStep{State: l.State}
	}
}

// comeBack is See for an alert that was resolved within the last days.
func (l AlertLife) comeBack(s Sighting) AlertStep {
	if l.Dismissed && !s.Since.IsZero() && s.Since.Equal(l.Since) && !Worse(s.Severity, l.Severity) {
		return AlertStep{State: AlertResolved}
	}
	end := l.OpenedAt.Add(s.Window)
	if !Damped(s.Rule) || !l.Recovered && !l.Dismissed || !s.At.Before(end) {
		return AlertStep{State: AlertOpenAgain, Event: AlertReopened}
	}
	news := !l.LastSeenAt.After(l.ResolvedAt) || (!s.Since.IsZero() && !s.Since.Equal(l.Since))
	return AlertStep{State: AlertResolved, Flapped: news && !l.Dismissed, LookAgain: end}
}

// Worse reports whether a severity ranks above another.
func Worse(a, b Severity) bool {
	rank := a.Values()
	return slices.Index(rank, string(a)) < slices.Index(rank, string(b))
}

// Damped reports whether a rule's alerts are damped: those that are judged by the
// states of objects, fields and mappings, which can be judged again when a damping
// window ends without asking anybody. All other alerts come from events that nobody
// would repeat.
func Damped(rule AlertRule) bool {
	switch rule {
	case RuleObjectAccessMissing, RuleRequiredObjectLost, RuleStandardFieldLost, RuleMissingAtStandardization,
		RuleWriteAccessLost, RuleMappingBroken, RuleRequiredFieldUnmapped:
		return true
	default:
		return false
	}
}

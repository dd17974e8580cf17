package crm

import (
	"maps"
	"slices"
	"time"
)

// HealthSubject is an object, or with a field's name one of its fields, whose access is
// counted over time.
type HealthSubject struct{ Object, Field string }

// HealthEventType says what a HealthEvent tells of its subject.
type HealthEventType int

// Values of HealthEventType.
const (
	// HealthLost and HealthRestored are confirmed changes of access.
	HealthLost HealthEventType = iota + 1
	HealthRestored
	// HealthMapped and HealthUnmapped begin and end that a field is standardized: one
	// that cannot be read counts only while it is.
	HealthMapped
	HealthUnmapped
	// HealthSeen is the first time that a check saw the subject.
	HealthSeen
)

// HealthEvent is one thing that decides whether a subject counts as lost.
type HealthEvent struct {
	At      time.Time
	Subject HealthSubject
	Type    HealthEventType
}

// HealthHistory is what the count of lost subjects is worked out from.
type HealthHistory struct {
	// LostNow are the subjects that cannot be read at present, each for a reason of its
	// own: the fields that only their object takes down are not among them.
	LostNow []HealthSubject
	// Events are those since the beginning of the first date, the oldest first.
	Events []HealthEvent
	// LostBefore are the unmapped subjects whose last change before Events was a loss.
	LostBefore map[HealthSubject]bool
}

// HealthDay is one date of the history.
type HealthDay struct {
	Date Date
	// Lost counts the subjects that were lost at the end of the date.
	Lost int
	// LostDuring and RestoredDuring count what was lost and restored on the date.
	LostDuring, RestoredDuring int
}

// Health counts the lost subjects of every date from first to last, in a zone. It goes
// back from the present, of which the CRM's last answer is the witness: a history that
// lacks something is wrong about the past only.
func Health(history HealthHistory, first, last Date, loc *time.Location) []HealthDay {
	lost := map[HealthSubject]bool{}
	for _, subject := range history.LostNow {
		lost[subject] = true
	}
	wasLost := lostWhenUnmapped(history)
	days := []HealthDay{}
	next := len(history.Events) - 1
	for date := last; date.String() >= first.String(); date = date.AddDays(-1) {
		day := HealthDay{Date: date, Lost: len(lost)}
		for ; next >= 0 && LocalDate(history.Events[next].At, loc).String() >= date.String(); next-- {
			event := history.Events[next]
			switch event.Type {
			case HealthLost:
				day.LostDuring++
				delete(lost, event.Subject)
			case HealthRestored:
				day.RestoredDuring++
				lost[event.Subject] = true
			case HealthUnmapped:
				if wasLost[next] {
					lost[event.Subject] = true
				}
			case HealthMapped, HealthSeen:
				delete(lost, event.Subject)
			}
		}
		days = append(days, day)
	}
	slices.Reverse(days)
	return days
}

// lostWhenUnmapped tells of each event that unmaps, by its index, whether its field
// could not be read at that time.
func lostWhenUnmapped(history HealthHistory) map[int]bool {
	unreadable := map[HealthSubject]bool{}
	maps.Copy(unreadable, history.LostBefore)
	found := map[int]bool{}
	for i, event := range history.Events {
		switch event.Type {
		case HealthLost:
			unreadable[event.Subject] = true
		case HealthRestored:
			unreadable[event.Subject] = false
		case HealthUnmapped:
			found[i] = unreadable[event.Subject]
		case HealthMapped, HealthSeen:
		}
	}
	return found
}

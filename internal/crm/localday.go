package crm

import (
	"fmt"
	"time"
)

// Date is a calendar date without a time or a zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// String formats the date as YYYY-MM-DD, which sorts as the dates do.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// ParseDate reads the form that String writes.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, fmt.Errorf("date %q: want YYYY-MM-DD", text)
	}
	return LocalDate(t, time.UTC), nil
}

// AddDays returns the date n calendar days later (earlier when n is negative).
func (d Date) AddDays(n int) Date {
	return LocalDate(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC), time.UTC)
}

// LocalDate is the date that a wall calendar in loc shows at t.
func LocalDate(t time.Time, loc *time.Location) Date {
	year, month, day := t.In(loc).Date()
	return Date{Year: year, Month: month, Day: day}
}

// DueAt is the one instant at which the daily run of a local date is due
// (requirements G1, G8, D16), given as UTC:
//
//   - the wall time occurs once: that instant;
//   - it occurs twice (clocks set back): the first of the two;
//   - it is skipped (clocks set forward): the first instant after the gap; where
//     that is already the next date (America/Nuuk skips from 23:00 to 24:00), the
//     last second before the gap, so that the run stays on its date.
//
// It reports false for a date that the zone never had (Pacific/Apia skipped 30
// December 2011).
func DueAt(date Date, hour, minute int, loc *time.Location) (time.Time, bool) {
	// wall is the wanted wall-clock time written down as if it were UTC. Zone
	// offsets are below a day, so the instant lies within two days of it.
	wall := time.Date(date.Year, date.Month, date.Day, hour, minute, 0, 0, time.UTC)
	limit := wall.Add(48 * time.Hour)
	for at := wall.Add(-48 * time.Hour); at.Before(limit); {
		_, offset := at.In(loc).Zone()
		_, end := at.In(loc).ZoneBounds()
		due := wall.Add(-time.Duration(offset) * time.Second)
		if end.IsZero() || due.Before(end) {
			// Not before this stretch's start either: the stretch before it would
			// have answered, or the gap branch below.
			return due, true
		}
		_, next := end.In(loc).Zone()
		if wall.Before(end.UTC().Add(time.Duration(next) * time.Second)) {
			return afterGap(end.UTC(), date, loc)
		}
		at = end
	}
	return time.Time{}, false
}

// afterGap picks the instant for a wall time that clocks skip at the instant gap.
func afterGap(gap time.Time, date Date, loc *time.Location) (time.Time, bool) {
	for _, due := range []time.Time{gap, gap.Add(-time.Second)} {
		if LocalDate(due, loc) == date {
			return due, true
		}
	}
	return time.Time{}, false
}

// NextDaily is the first due instant strictly after an instant, as UTC: exactly
// one per local date that exists (see DueAt). Hour and minute must be a wall time
// (0 to 23, 0 to 59).
func NextDaily(after time.Time, hour, minute int, loc *time.Location) time.Time {
	// Earlier dates are due before this one begins. Every zone's dates run on, so
	// the loop ends within a handful of them.
	for date := LocalDate(after, loc); ; date = date.AddDays(1) {
		if due, exists := DueAt(date, hour, minute, loc); exists && due.After(after) {
			return due
		}
	}
}

// DueDate is the local date whose daily run is the latest due at an instant: the
// date of the last due instant at or before it. After downtime it names the one
// date that the catch-up run stands for.
func DueDate(at time.Time, hour, minute int, loc *time.Location) Date {
	// Where clocks are set back over midnight, the next date may have been due
	// already although the calendar shows the one before again.
	for date := LocalDate(at, loc).AddDays(1); ; date = date.AddDays(-1) {
		if due, exists := DueAt(date, hour, minute, loc); exists && !due.After(at) {
			return date
		}
	}
}

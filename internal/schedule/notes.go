package schedule

import (
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// ahead is how far clock changes are looked for: every rule that goes on comes round
// within a year, with Ramadan's a little more.
const ahead = 2 * 365 * 24 * time.Hour

// clockNotes says what happens on the next day on which clocks skip the time of a
// schedule, and on the next on which they show it twice.
func clockNotes(now time.Time, d daily) []string {
	notes := []string{}
	skipped, twice := false, false
	for at := now; at.Before(now.Add(ahead)) && (!skipped || !twice); {
		_, change := at.In(d.loc).ZoneBounds()
		if change.IsZero() {
			break // the clocks of this zone change no more
		}
		_, before := change.Add(-time.Second).In(d.loc).Zone()
		_, after := change.In(d.loc).Zone()
		// What the clocks show at the change, by the old rule and by the new one,
		// written down as if it were UTC.
		from, to := change.UTC().Add(time.Duration(before)*time.Second), change.UTC().Add(time.Duration(after)*time.Second)
		date, touched := d.within(from, to)
		if !touched {
			date, touched = d.within(to, from)
		}
		forward := after > before
		switch {
		case touched && forward && !skipped:
			skipped = true
			notes = append(notes, fmt.Sprintf("On %s clocks in %s skip from %s to %s: the run of that day starts at %s.",
				date, d.loc, clockTime(from), clockTime(to), d.localDue(date)))
		case touched && !forward && !twice:
			twice = true
			notes = append(notes, fmt.Sprintf("On %s clocks in %s go back from %s to %s and show %02d:%02d twice: the run starts at the first.",
				date, d.loc, clockTime(from), clockTime(to), d.hour, d.minute))
		}
		at = change
	}
	return notes
}

// within finds the date on which the schedule's wall time lies in [from, to), two wall
// clock times less than two days apart.
func (d daily) within(from, to time.Time) (crm.Date, bool) {
	for date := crm.LocalDate(from, time.UTC); ; date = date.AddDays(1) {
		wall := time.Date(date.Year, date.Month, date.Day, d.hour, d.minute, 0, 0, time.UTC)
		if !wall.Before(to) {
			return crm.Date{}, false
		}
		if !wall.Before(from) {
			return date, true
		}
	}
}

// localDue is the wall time at which the run of a date starts.
func (d daily) localDue(date crm.Date) string {
	at, exists := crm.DueAt(date, d.hour, d.minute, d.loc)
	if !exists {
		return "no time: the zone never has that day"
	}
	return clockTime(at.In(d.loc))
}

func clockTime(t time.Time) string {
	if t.Second() != 0 {
		return t.Format("15:04:05")
	}
	return t.Format("15:04")
}

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
func clockNotes(now time.Time, d crm.Daily) []string {
	notes := []string{}
	skipped, twice := false, false
	for at := now; at.Before(now.Add(ahead)) && (!skipped || !twice); {
		_, change := at.In(d.Zone).ZoneBounds()
		if change.IsZero() {
			break // the clocks of this zone change no more
		}
		_, before := change.Add(-time.Second).In(d.Zone).Zone()
		_, after := change.In(d.Zone).Zone()
		// What the clocks show at the change, by the old rule and by the new one,
		// written down as if it were UTC.
		from, to := change.UTC().Add(time.Duration(before)*time.Second), change.UTC().Add(time.Duration(after)*time.Second)
		date, touched := within(d, from, to)
		if !touched {
			date, touched = within(d, to, from)
		}
		forward := after > before
		switch {
		case touched && forward && !skipped:
			skipped = true
			notes = append(notes, fmt.Sprintf("On %s clocks in %s skip from %s to %s: the run of that day starts at %s.",
				date, d.Zone, clockTime(from), clockTime(to), localDue(d, date)))
		case touched && !forward && !twice:
			twice = true
			notes = append(notes, fmt.Sprintf("On %s clocks in %s go back from %s to %s and show %02d:%02d twice: the run starts at the first.",
				date, d.Zone, clockTime(from), clockTime(to), d.Hour, d.Minute))
		}
		at = change
	}
	return notes
}

// within finds the date on which the schedule's wall time lies in [from, to), two wall
// clock times less than two days apart.
func within(d crm.Daily, from, to time.Time) (crm.Date, bool) {
	for date := crm.LocalDate(from, time.UTC); ; date = date.AddDays(1) {
		wall := time.Date(date.Year, date.Month, date.Day, d.Hour, d.Minute, 0, 0, time.UTC)
		if !wall.Before(to) {
			return crm.Date{}, false
		}
		if !wall.Before(from) {
			return date, true
		}
	}
}

// localDue is the wall time at which the run of a date starts.
func localDue(d crm.Daily, date crm.Date) string {
	at, exists := crm.DueAt(date, d.Hour, d.Minute, d.Zone)
	if !exists {
		return "no time: the zone never has that day"
	}
	return clockTime(at.In(d.Zone))
}

func clockTime(t time.Time) string {
	if t.Second() != 0 {
		return t.Format("15:04:05")
	}
	return t.Format("15:04")
}

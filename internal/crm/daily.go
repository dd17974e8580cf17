package crm

import (
	"fmt"
	"regexp"
	"time"
	_ "time/tzdata" // a machine without zone tables must not fall back to UTC
)

// The forms of a daily schedule. Every part of an IANA name begins with a capital; what
// else lies among a machine's zone files ("localtime", "posix/…", and "right/…", which
// counts leap seconds) does not.
var (
	wallTime = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])$`)
	zoneName = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}$`)
)

const maxZone = 64

// Daily is something that happens once each local day: a wall time in a zone.
type Daily struct {
	Hour, Minute int
	Zone         *time.Location
}

// ParseWallTime reads a time of day, HH:MM from 00:00 to 23:59.
func ParseWallTime(wall string) (hour, minute int, err error) {
	if !wallTime.MatchString(wall) {
		return 0, 0, fmt.Errorf("%q is not a time of day; write HH:MM, from 00:00 to 23:59", clip(wall))
	}
	return int(wall[0]-'0')*10 + int(wall[1]-'0'), int(wall[3]-'0')*10 + int(wall[4]-'0'), nil
}

// ParseZone reads a zone by its IANA name. Neither "Local" nor an offset is a name: the
// one would depend on the machine, the other knows no clock changes.
func ParseZone(name string) (*time.Location, error) {
	if len(name) <= maxZone && zoneName.MatchString(name) && name != "Local" && name != "Factory" {
		if loc, err := time.LoadLocation(name); err == nil {
			return loc, nil
		}
	}
	return nil, fmt.Errorf("%q is no time zone; give its IANA name, for example Europe/Berlin", clip(name))
}

// Next is the first due instant after an instant.
func (d Daily) Next(after time.Time) time.Time { return NextDaily(after, d.Hour, d.Minute, d.Zone) }

// DueDate is the newest local date that is due at an instant.
func (d Daily) DueDate(at time.Time) Date { return DueDate(at, d.Hour, d.Minute, d.Zone) }

// Before is the local date before a due one, of those that the zone has.
func (d Daily) Before(date Date) Date {
	due, exists := DueAt(date, d.Hour, d.Minute, d.Zone)
	if !exists {
		return date.AddDays(-1)
	}
	return d.DueDate(due.Add(-time.Second))
}

// Following is when it is due next, given the newest local date that has had it or needs
// none: whatever the schedule was when it had it. The dates go on from there: none has
// it twice, whatever the calendar of another zone shows, and none is passed over whose
// time has come.
//
//   - The newest due date has not had it: it is due now, like any late one. Where the
//     calendar jumped ahead (a schedule that moved east over the date line), that one
//     stands for the dates in between, which nobody lived through.
//   - Else it is due on the first date that has not had it. After a move to the west over
//     the date line that may be two days off: those dates have had theirs.
func (d Daily) Following(last Date, now time.Time) time.Time {
	if d.DueDate(now).String() > last.String() {
		return now
	}
	for date := last.AddDays(1); ; date = date.AddDays(1) {
		if at, exists := DueAt(date, d.Hour, d.Minute, d.Zone); exists && at.After(now) {
			return at
		}
	}
}

// clip keeps a message readable whatever was sent.
func clip(text string) string {
	if runes := []rune(text); len(runes) > maxZone {
		return string(runes[:maxZone]) + "…"
	}
	return text
}

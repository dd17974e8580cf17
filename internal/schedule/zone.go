package schedule

import (
	"fmt"
	"regexp"
	"time"
	_ "time/tzdata" // a machine without zone tables must not fall back to UTC

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// The forms of a schedule. Every part of an IANA name begins with a capital; what
// else lies among a machine's zone files ("localtime", "posix/…", and "right/…", which
// counts leap seconds) does not.
var (
	wallTime = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])$`)
	zoneName = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}$`)
)

const maxZone = 64

// daily is a schedule: a wall time in a zone.
type daily struct {
	hour, minute int
	loc          *time.Location
}

// parseDaily checks a schedule as somebody gave it: the time as HH:MM, the zone by
// its IANA name. Neither "Local" nor an offset is a name: the one would depend on the
// machine, the other knows no clock changes.
func parseDaily(wall, zone string) (daily, error) {
	if !wallTime.MatchString(wall) {
		return daily{}, fault.New(fault.BadInput, fmt.Sprintf("%q is not a time of day; write HH:MM, from 00:00 to 23:59.", clip(wall)), fault.Field("time"))
	}
	var loc *time.Location
	err := fmt.Errorf("not the form of a name")
	if len(zone) <= maxZone && zoneName.MatchString(zone) && zone != "Local" && zone != "Factory" {
		loc, err = time.LoadLocation(zone)
	}
	if err != nil {
		return daily{}, fault.New(fault.BadInput, fmt.Sprintf("There is no time zone %q; give its IANA name, for example Europe/Berlin.", clip(zone)),
			fault.Field("zone"), fault.Cause(err))
	}
	return daily{hour: int(wall[0]-'0')*10 + int(wall[1]-'0'), minute: int(wall[3]-'0')*10 + int(wall[4]-'0'), loc: loc}, nil
}

// scheduleOf reads an integration's schedule. What cannot be read is 02:00 UTC; the
// values are checked when they are set.
func scheduleOf(found *ent.Integration) daily {
	if d, err := parseDaily(found.ScheduleTime, found.ScheduleZone); err == nil {
		return d
	}
	return daily{hour: 2, loc: time.UTC}
}

// next is the first due instant after an instant.
func (d daily) next(after time.Time) time.Time {
	return crm.NextDaily(after, d.hour, d.minute, d.loc)
}

// dueDate is the newest local date that is due at an instant.
func (d daily) dueDate(at time.Time) crm.Date {
	return crm.DueDate(at, d.hour, d.minute, d.loc)
}

// before is the local date before a due one, of those that the zone has.
func (d daily) before(date crm.Date) crm.Date {
	due, exists := crm.DueAt(date, d.hour, d.minute, d.loc)
	if !exists {
		return date.AddDays(-1)
	}
	return d.dueDate(due.Add(-time.Second))
}

// clip keeps a message readable whatever was sent.
func clip(text string) string {
	if runes := []rune(text); len(runes) > maxZone {
		return string(runes[:maxZone]) + "…"
	}
	return text
}

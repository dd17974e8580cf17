package schedule

import (
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// parseDaily checks a schedule as somebody gave it: the time as HH:MM, the zone by
// its IANA name.
func parseDaily(wall, zone string) (crm.Daily, error) {
	hour, minute, err := crm.ParseWallTime(wall)
	if err != nil {
		return crm.Daily{}, fault.New(fault.BadInput, err.Error()+".", fault.Field("time"))
	}
	loc, err := crm.ParseZone(zone)
	if err != nil {
		return crm.Daily{}, fault.New(fault.BadInput, err.Error()+".", fault.Field("zone"))
	}
	return crm.Daily{Hour: hour, Minute: minute, Zone: loc}, nil
}

// scheduleOf reads an integration's schedule. What cannot be read is 02:00 UTC; the
// values are checked when they are set.
func scheduleOf(found *ent.Integration) crm.Daily {
	if d, err := parseDaily(found.ScheduleTime, found.ScheduleZone); err == nil {
		return d
	}
	return crm.Daily{Hour: 2, Zone: time.UTC}
}

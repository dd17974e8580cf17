package mailview

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // a machine without zone tables must not fall back to UTC

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// zone reads an IANA name; what cannot be read is UTC.
func zone(name string) *time.Location {
	if loc, err := time.LoadLocation(name); err == nil && name != "Local" {
		return loc
	}
	return time.UTC
}

// moment words an instant in a zone.
func moment(at time.Time, loc *time.Location) string {
	if at.IsZero() {
		return ""
	}
	return at.In(loc).Format("2 January 2006 at 15:04 MST")
}

// since words since when something holds, with the days until now.
func since(at, now time.Time, loc *time.Location) string {
	words := moment(at, loc)
	if days := int(now.Sub(at).Hours() / 24); words != "" && days > 0 {
		words += fmt.Sprintf(" (%s)", count(days, "day"))
	}
	return words
}

// day words a local date; what is none stays as it is.
func day(localDate string) string {
	date, err := time.Parse(time.DateOnly, localDate)
	if err != nil {
		return name(localDate)
	}
	return date.Format("Monday, 2 January 2006")
}

func causeWords(cause crm.Cause) string {
	switch cause {
	case "":
		return ""
	case crm.CausePermission:
		return "the integration user lacks the permission"
	case crm.CauseObjectDenied:
		return "its object cannot be read"
	case crm.CauseDeleted:
		return "it was deleted in the CRM"
	case crm.CauseArchived:
		return "it was archived in the CRM"
	case crm.CauseSensitive:
		return "the CRM keeps it as sensitive data"
	case crm.CauseScopeMissing:
		return "the authorization lacks a scope"
	case crm.CauseRenamedCandidate:
		return "it may have been renamed"
	case crm.CauseAPIVersion:
		return "the CRM's API version does not show it"
	default:
		return "unknown: the CRM does not tell"
	}
}

func statusWords(status string) string {
	switch status {
	case string(crm.FieldErrorStandardized):
		return "standardized, cannot be read"
	case string(crm.FieldActiveStandardized):
		return "standardized, can be read"
	case string(crm.FieldActive):
		return "can be read"
	case string(crm.FieldInaccessible):
		return "cannot be read"
	case string(crm.ObjectPermissionMissing):
		return "permission missing"
	case string(crm.ObjectNotFound):
		return "not found in the CRM"
	case string(crm.ObjectNotChecked):
		return "not checked"
	default:
		return name(status)
	}
}

func resolutionWords(resolution crm.AlertResolution) string {
	switch resolution {
	case crm.ResolvedRestored:
		return "access is back"
	case crm.ResolvedUnmapped:
		return "it stands for nothing any more"
	case crm.ResolvedReconnected:
		return "the integration was reconnected"
	case crm.ResolvedDisconnected:
		return "the integration was disconnected"
	case crm.ResolvedResumed:
		return "the integration was resumed"
	case crm.ResolvedMapped:
		return "the standard field was mapped"
	case crm.ResolvedDismissed:
		return "somebody dismissed it"
	default:
		return "it is over"
	}
}

// handling says who is on a problem, and whether it was put off.
func handling(p Problem, loc *time.Location) string {
	var words []string
	if p.State == crm.AlertAcknowledged {
		words = append(words, "acknowledged"+by(p.AcknowledgedBy))
	}
	if p.State == crm.AlertSnoozed {
		words = append(words, "put off until "+moment(p.SnoozedUntil, loc))
	}
	if note := line(p.Note, lineLength); note != "" && len(words) > 0 {
		words = append(words, note)
	}
	return strings.Join(words, "; ")
}

func by(who string) string {
	if who = name(who); who != "" {
		return " by " + who
	}
	return ""
}

// affectedWords lists what a problem breaks.
func affectedWords(affected []crm.Affected) string {
	const most = 8
	titles := make([]string, 0, most)
	for i, one := range affected {
		if i == most {
			titles = append(titles, fmt.Sprintf("%d more", len(affected)-most))
			break
		}
		titles = append(titles, name(one.Title))
	}
	return strings.Join(titles, ", ")
}

package crm

import (
	"fmt"
	"strings"
	"time"
)

// SchemaNewsFor is how long SCHEMA_CHANGED stays open: it is news, not a problem.
const SchemaNewsFor = 24 * time.Hour

// SchemaCounts counts what changed in a CRM's schema that nothing mapped or needed is
// lost by.
type SchemaCounts struct {
	Appeared, Vanished, RightsChanged int
}

// CountSchema counts the changes of a check that are news about the schema. Losses have
// alerts of their own.
func CountSchema(changes []Change) SchemaCounts {
	var counts SchemaCounts
	for _, change := range changes {
		counts.Count(change.Type, change.Cause, 1)
	}
	return counts
}

// Count adds some changes of one type and cause. A field that vanished counts where the
// CRM says that it has it no more: one that was hidden, or may have been, is no news of
// the schema and alerts nobody while nothing is mapped to it (scenario 11).
func (c *SchemaCounts) Count(kind ChangeType, cause Cause, n int) {
	switch kind {
	case ChangeAppeared:
		c.Appeared += n
	case ChangeVanished:
		if cause == CauseDeleted || cause == CauseArchived {
			c.Vanished += n
		}
	case ChangeRightsReduced, ChangeRightsExtended:
		c.RightsChanged += n
	default: // what is lost or restored is no news of the schema
	}
}

// Any reports whether there is anything to tell.
func (c SchemaCounts) Any() bool { return c != SchemaCounts{} }

// SchemaChanged tells that a CRM's fields came, went or changed (requirement K9). It is
// one alert for each integration, whose counts grow for a day.
func SchemaChanged(counts SchemaCounts, since time.Time) AlertIntent {
	var parts []string
	add := func(n int, one, many string) {
		switch {
		case n == 1:
			parts = append(parts, one)
		case n > 1:
			parts = append(parts, fmt.Sprintf(many, n))
		}
	}
	add(counts.Appeared, "1 field appeared", "%d fields appeared")
	add(counts.Vanished, "1 field vanished", "%d fields vanished")
	add(counts.RightsChanged, "1 field or object changed its rights", "%d fields or objects changed their rights")
	return AlertIntent{
		Action: ActionOpen, Key: AlertKey{Rule: RuleSchemaChanged}, Severity: SeverityInfo,
		Title: "The fields of the CRM changed",
		Message: fmt.Sprintf("Since %s: %s. Nothing that is mapped was lost by it. This notice ends by itself within a day.",
			momentWords(since), strings.Join(parts, ", ")),
		Fix: Fix{
			Steps: []string{
				"Look at the permission history of the integration: it names each field.",
				"Map a new field if it is wanted. Else nothing is to be done.",
			},
			Who: "An admin of the workspace",
		},
	}
}

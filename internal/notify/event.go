package notify

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// Event is the body of a webhook; docs/admins/channels.md documents it. It is frozen
// when the thing happened. New members may come; none goes or changes its meaning.
type Event struct {
	// Type is "alert.opened", "alert.reopened", "alert.resolved" or "test".
	Type string `json:"type"`
	// Timestamp is when it happened.
	Timestamp time.Time `json:"timestamp"`
	Data      EventData `json:"data"`
}

// EventData is what an event is about. Alert and Integration are absent in a test.
type EventData struct {
	Workspace   EventWorkspace    `json:"workspace"`
	Integration *EventIntegration `json:"integration,omitempty"`
	Alert       *EventAlert       `json:"alert,omitempty"`
	// Message is for people; tests have one.
	Message string `json:"message,omitempty"`
}

// EventWorkspace names a workspace.
type EventWorkspace struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// EventIntegration names an integration.
type EventIntegration struct {
	ID          string          `json:"id"`
	Connector   string          `json:"connector"`
	Title       string          `json:"title"`
	Environment crm.Environment `json:"environment"`
	Instance    string          `json:"instance,omitempty"`
	URL         string          `json:"url"`
}

// EventAlert is an alert as it was after the event.
type EventAlert struct {
	ID            string              `json:"id"`
	Rule          crm.AlertRule       `json:"rule"`
	Severity      crm.Severity        `json:"severity"`
	Mandatory     bool                `json:"mandatory"`
	State         crm.AlertState      `json:"state"`
	Object        string              `json:"object,omitempty"`
	Field         string              `json:"field,omitempty"`
	StandardField string              `json:"standardField,omitempty"`
	Title         string              `json:"title"`
	Message       string              `json:"message,omitempty"`
	Cause         crm.Cause           `json:"cause,omitempty"`
	Evidence      string              `json:"evidence,omitempty"`
	Fix           crm.Fix             `json:"fix"`
	Affected      []crm.Affected      `json:"affected"`
	Since         *time.Time          `json:"since,omitempty"`
	OpenedAt      time.Time           `json:"openedAt"`
	ResolvedAt    *time.Time          `json:"resolvedAt,omitempty"`
	Resolution    crm.AlertResolution `json:"resolution,omitempty"`
	Links         EventLinks          `json:"links"`
}

// EventLinks lead to where a problem is seen and repaired.
type EventLinks struct {
	// Page is ours, CRM the CRM's; CRM may be empty.
	Page string `json:"page"`
	CRM  string `json:"crm,omitempty"`
}

// eventTest is the type of a test.
const eventTest = "test"

func alertEvent(row *ent.Alert, event crm.AlertEvent, about EventData, publicURL string, now time.Time) Event {
	a := &EventAlert{
		ID: row.ID, Rule: row.Rule, Severity: row.Severity, Mandatory: row.Mandatory, State: row.State,
		Object: row.ObjectName, Field: row.FieldName, StandardField: row.StandardField, Title: row.Title, Message: row.Message,
		Evidence: row.Evidence, Fix: row.Fix, Affected: row.Affected, Since: row.Since, OpenedAt: openedAt(row), ResolvedAt: row.ResolvedAt,
		Links: EventLinks{Page: publicURL + crm.PagePath(row.IntegrationID, row.ObjectName, row.FieldName), CRM: row.Fix.DeepLink},
	}
	if row.Cause != nil {
		a.Cause = *row.Cause
	}
	if row.Resolution != nil {
		a.Resolution = *row.Resolution
	}
	// Lists are lists, also when there is nothing in them.
	if a.Affected == nil {
		a.Affected = []crm.Affected{}
	}
	if a.Fix.Steps == nil {
		a.Fix.Steps = []string{}
	}
	about.Alert = a
	return Event{Type: "alert." + strings.ToLower(string(event)), Timestamp: now, Data: about}
}

// openedAt is when an alert was opened, or opened again, last.
func openedAt(row *ent.Alert) time.Time {
	if row.OpenedAt != nil {
		return *row.OpenedAt
	}
	return row.CreatedAt
}

func readEvent(payload []byte) (event Event, err error) {
	err = json.Unmarshal(payload, &event)
	return event, err
}

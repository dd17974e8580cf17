// Package mailview turns what people are mailed into mails: a subject, an HTML part
// and a text part (requirements K1, K3, K14). It is pure: the contents are values that
// were frozen when the thing happened, and nothing here reads a clock or a database.
//
// Invariants, whatever a CRM, an admin or an attacker named their things:
//
//   - A subject is one line; no value can begin a line of the text part.
//   - No markup of a value is ever markup of the HTML part, and a link leads to http or
//     https only.
//   - Control characters are gone, marks that reorder or hide text are visible as
//     [U+202E], and a value that would be a formula in a spreadsheet begins with an
//     apostrophe.
//   - Values are cut at a length, lists at a count that is said, and the HTML part stays
//     below the 102 KB at which Gmail clips a message.
//
// The HTML is tables with inline styles, as mail clients want it, with colours for
// light and dark; it needs no image and calls nobody.
package mailview

import (
	"time"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// Mail is a mail without its addresses.
type Mail struct {
	// Subject is one line, at most 150 characters.
	Subject string
	HTML    string
	Text    string
}

// Integration names an integration for people.
type Integration struct {
	// CRM is the connector's title ("Salesforce"), Instance the org's name; Instance
	// may be empty.
	CRM         string          `json:"crm"`
	Environment crm.Environment `json:"environment"`
	Instance    string          `json:"instance,omitempty"`
	// URL is its page of this product; may be empty.
	URL string `json:"url,omitempty"`
}

// Problem is what a mail says of one alert.
type Problem struct {
	Rule     crm.AlertRule  `json:"rule"`
	Severity crm.Severity   `json:"severity"`
	State    crm.AlertState `json:"state,omitempty"`
	// Object and Field are the CRM's names; Field is empty for an object's, both for an
	// integration's.
	Object string `json:"object,omitempty"`
	Field  string `json:"field,omitempty"`
	// StandardField is the key that the field stands for.
	StandardField string `json:"standardField,omitempty"`
	// Status is what the lists show: a FieldStatus or an ObjectStatus; may be empty.
	Status   string         `json:"status,omitempty"`
	Title    string         `json:"title"`
	Message  string         `json:"message,omitempty"`
	Cause    crm.Cause      `json:"cause,omitempty"`
	Evidence string         `json:"evidence,omitempty"`
	Fix      crm.Fix        `json:"fix"`
	Affected []crm.Affected `json:"affected,omitempty"`
	// Since is when the problem began; zero when the CRM does not tell.
	Since time.Time `json:"since,omitzero"`
	// OpenedAt is when it was noticed.
	OpenedAt time.Time `json:"openedAt,omitzero"`
	// PageURL is where it is seen and handled; may be empty.
	PageURL string `json:"pageUrl,omitempty"`
	// AcknowledgedBy names who is on it; SnoozedUntil is until when it is put off; Note
	// is what was said with it.
	AcknowledgedBy string    `json:"acknowledgedBy,omitempty"`
	SnoozedUntil   time.Time `json:"snoozedUntil,omitzero"`
	Note           string    `json:"note,omitempty"`
}

// AlertContent tells of one alert that opened, reopened or was resolved.
type AlertContent struct {
	// Workspace is its name.
	Workspace   string         `json:"workspace"`
	Integration Integration    `json:"integration"`
	Event       crm.AlertEvent `json:"event"`
	Problem     Problem        `json:"problem"`
	// Resolution says why it was resolved; empty with other events.
	Resolution crm.AlertResolution `json:"resolution,omitempty"`
	// At is when it happened, shown in Zone (an IANA name; UTC when it is empty).
	At   time.Time `json:"at"`
	Zone string    `json:"zone,omitempty"`
}

// OnboardingContent tells what an onboarding check found missing, or that it is over
// (requirements K1, K11).
type OnboardingContent struct {
	Workspace   string      `json:"workspace"`
	Integration Integration `json:"integration"`
	Problems    []Problem   `json:"problems"`
	// Resolution says why it is over; empty when it is not.
	Resolution crm.AlertResolution `json:"resolution,omitempty"`
	// At is when it was found, shown in Zone.
	At   time.Time `json:"at"`
	Zone string    `json:"zone,omitempty"`
}

// DigestContent is the consolidated mail of one local day (requirements K3, K14).
type DigestContent struct {
	Workspace string `json:"workspace"`
	// LocalDate is the day, YYYY-MM-DD, in Zone.
	LocalDate string    `json:"localDate"`
	Zone      string    `json:"zone"`
	At        time.Time `json:"at"`
	// LostObjects and LostFields count the open losses, also those that the lists below
	// leave out.
	LostObjects  int                 `json:"lostObjects"`
	LostFields   int                 `json:"lostFields"`
	Integrations []DigestIntegration `json:"integrations,omitempty"`
	// Resolved counts what was resolved since the digest before; Restored lists it, the
	// newest first, as far as it is kept.
	Resolved int        `json:"resolved"`
	Restored []Restored `json:"restored,omitempty"`
	// AlertsURL is the page that lists all alerts; may be empty.
	AlertsURL string `json:"alertsUrl,omitempty"`
}

// Lost is how many losses are open.
func (c DigestContent) Lost() int { return c.LostObjects + c.LostFields }

// DigestIntegration is what one integration lost.
type DigestIntegration struct {
	Integration
	// Lost counts its losses, also those that Objects leaves out.
	Lost    int            `json:"lost"`
	Objects []DigestObject `json:"objects"`
}

// DigestObject is an object that cannot be read, or of which fields cannot.
type DigestObject struct {
	// Name is the CRM's own, Label what people call it; Label may be empty.
	Name  string `json:"name"`
	Label string `json:"label,omitempty"`
	// Problem is the object's own loss; nil when it can be read.
	Problem *Problem `json:"problem,omitempty"`
	// Folded are the standardized fields that went with the object.
	Folded []string `json:"folded,omitempty"`
	// Fields are the fields lost while the object can be read.
	Fields []Problem `json:"fields,omitempty"`
}

// Restored is one loss that is over.
type Restored struct {
	// Integration is how the integration is called (Integration.Name).
	Integration string              `json:"integration"`
	Object      string              `json:"object"`
	Field       string              `json:"field,omitempty"`
	Resolution  crm.AlertResolution `json:"resolution"`
	At          time.Time           `json:"at"`
}

// TestContent is a test that somebody asked for.
type TestContent struct {
	Workspace string `json:"workspace"`
	// By names who asked.
	By   string    `json:"by,omitempty"`
	At   time.Time `json:"at"`
	Zone string    `json:"zone,omitempty"`
}

// Name is how people call the integration: "Salesforce Acme", or "Salesforce Acme
// (sandbox)".
func (i Integration) Name() string {
	name := i.CRM
	if i.Instance != "" {
		name += " " + i.Instance
	}
	if i.Environment == crm.Sandbox {
		name += " (sandbox)"
	}
	return name
}

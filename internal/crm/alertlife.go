package crm

import (
	"fmt"
	"time"
)

// CredentialFacts are what the alerts about an integration's credential speak of
// (requirements C6, K4, K7).
type CredentialFacts struct {
	// Instance and User are the names of the org and of the integration user; either
	// may be empty.
	Instance string
	User     string
	// GraceUntil is when the integration is disconnected; zero while it is not in
	// GRACE.
	GraceUntil time.Time
	// Reason is why the credential was lost, as the integration's state says it.
	Reason string
	// Since is when it was lost.
	Since time.Time
}

// CredentialExpiredAlert tells that the CRM no longer accepts the credential and
// that nothing syncs until somebody signs in again (requirement K4).
func CredentialExpiredAlert(f CredentialFacts) AlertIntent {
	message := "Nothing is synced or checked until an admin signs in to the CRM again."
	if !f.GraceUntil.IsZero() {
		message += " On " + inWords(f.GraceUntil) + " the integration is disconnected."
	}
	title := "The CRM no longer accepts the sign-in"
	if f.Instance != "" {
		title += " of " + f.Instance
	}
	return f.alert(RuleCredentialExpired, title, message)
}

// GraceEndingAlert tells, once, that the grace is about to end (requirement K7).
func GraceEndingAlert(f CredentialFacts) AlertIntent {
	return f.alert(RuleGraceEnding, f.instance()+" is about to be disconnected",
		"On "+inWords(f.GraceUntil)+" the integration is disconnected, unless an admin signs in to the CRM before. "+
			"Nothing has been synced since the CRM refused the sign-in.")
}

// AutoDisconnectedAlert tells that the grace has ended (requirement K7).
func AutoDisconnectedAlert(f CredentialFacts) AlertIntent {
	return f.alert(RuleAutoDisconnected, f.instance()+" was disconnected",
		"Nobody signed in to the CRM again in time. Settings, mappings, history and imported data are kept; nothing is synced or checked.")
}

// instance begins a sentence.
func (f CredentialFacts) instance() string {
	if f.Instance == "" {
		return "The CRM"
	}
	return f.Instance
}

func (f CredentialFacts) alert(rule AlertRule, title, message string) AlertIntent {
	where, as := "the CRM", "the integration user"
	if f.Instance != "" {
		where = f.Instance
	}
	if f.User != "" {
		as += " " + f.User
	}
	return AlertIntent{
		Action: ActionOpen, Key: AlertKey{Rule: rule}, Severity: SeverityCritical, Mandatory: true,
		Title: title, Message: message, Cause: CauseUnknown, Evidence: f.Reason,
		Fix: Fix{
			Steps: []string{
				"Open the integration and reconnect it.",
				fmt.Sprintf("Sign in to %s as %s.", where, as),
				"Approve the access that is asked for. Settings, mappings and history stay as they are.",
			},
			Who: "An admin of the workspace who can sign in as the integration user",
		},
		Since: f.Since,
	}
}

// inWords words an instant for people of any zone.
func inWords(at time.Time) string { return at.UTC().Format("2 January 2006 at 15:04 UTC") }

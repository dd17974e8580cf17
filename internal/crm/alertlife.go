package crm

import (
	"cmp"
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

// GraceStartedAlert tells when an integration that lost its credential is disconnected
// (requirement K7).
func GraceStartedAlert(f CredentialFacts) AlertIntent {
	return f.alert(RuleGraceStarted, f.instance()+" is disconnected unless somebody signs in again",
		"On "+inWords(f.GraceUntil)+" the integration is disconnected, unless an admin signs in to the CRM before. "+
			"Until then it keeps its place, and nothing is synced.")
}

// CredentialExpiringAlert tells that an authorization ends for want of use, because
// nothing could refresh it (requirement K4).
func CredentialExpiringAlert(f CredentialFacts, endsAt time.Time) AlertIntent {
	intent := f.alert(RuleCredentialExpiring, "The sign-in of "+f.name()+" ends soon",
		"The CRM ends an authorization that is not used. This one could not be renewed since "+inWords(f.Since)+
			" and ends on "+inWords(endsAt)+". Then nothing is synced until an admin signs in again.")
	intent.Severity = SeverityWarning
	intent.Evidence = "It was renewed last on " + inWords(f.Since) + "."
	return intent
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
func (f CredentialFacts) instance() string { return cmp.Or(f.Instance, "The CRM") }

// name stands within a sentence.
func (f CredentialFacts) name() string { return cmp.Or(f.Instance, "the CRM") }

func (f CredentialFacts) alert(rule AlertRule, title, message string) AlertIntent {
	where, as := f.name(), "the integration user"
	if f.User != "" {
		as += " " + f.User
	}
	return AlertIntent{
		Action: ActionOpen, Key: AlertKey{Rule: rule}, Severity: SeverityCritical,
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

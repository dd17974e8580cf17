package crm

// Mailing says when a rule's alerts are mailed (requirements K1 to K14). Webhooks,
// Slack, the inbox and subscriptions get all at once.
type Mailing string

// Values of Mailing.
const (
	MailAtOnce Mailing = "AT_ONCE"
	// MailDigest leaves an alert to the daily digest.
	MailDigest Mailing = "DIGEST"
	MailNever  Mailing = "NEVER"
)

// Values lists them, for the API.
func (Mailing) Values() []string {
	return []string{string(MailAtOnce), string(MailDigest), string(MailNever)}
}

// Mandatory reports whether nobody can mute a rule, dismiss its alerts or unsubscribe
// from them: those that the documents require of every workspace (requirements K1 to
// K3).
func Mandatory(rule AlertRule) bool {
	switch rule {
	case RuleObjectAccessMissing, RuleRequiredObjectLost, RuleStandardFieldLost, RuleMissingAtStandardization:
		return true
	default:
		return false
	}
}

// MailingOf says when a rule's alerts are mailed.
func MailingOf(rule AlertRule) Mailing {
	switch rule {
	case RuleRequiredObjectLost, RuleStandardFieldLost, RuleMissingAtStandardization:
		return MailDigest
	case RuleSchemaChanged:
		return MailNever
	default:
		return MailAtOnce
	}
}

// AlertRuleInfo is what is fixed about a rule, for people.
type AlertRuleInfo struct {
	Rule  AlertRule
	Title string
	// Description says what it watches, and what ends its alerts.
	Description string
	// Severity is the worst that its alerts are.
	Severity Severity
}

// AlertRules lists all rules: access first, then the credential, runs, and the rest.
func AlertRules() []AlertRuleInfo { //nolint:funlen // it is a table
	return []AlertRuleInfo{
		{
			RuleObjectAccessMissing, "Object missing at onboarding",
			"An object of the package could not be read when the integration was connected. Ends when it can be read.", SeverityCritical,
		},
		{
			RuleRequiredObjectLost, "Object lost",
			"An object of the package cannot be read any more. Ends when it can be read again.", SeverityCritical,
		},
		{
			RuleStandardFieldLost, "Standardized field lost",
			"A mapped field cannot be read any more. Ends when it can be read again, or is unmapped.", SeverityCritical,
		},
		{
			RuleMissingAtStandardization, "Field missing at standardization",
			"A field could not be read when it was mapped. Ends when it can be read, or is unmapped.", SeverityCritical,
		},
		{
			RuleWriteAccessLost, "Write access lost",
			"A setting that is on, or the package, needs a right to create or update that the integration user lost. Ends when the right is back or not needed any more.",
			SeverityCritical,
		},
		{
			RuleRequiredFieldUnmapped, "Required field not mapped",
			"No CRM field stands for a required standard field. Ends when one is mapped.", SeverityWarning,
		},
		{
			RuleMappingBroken, "Mapping broken",
			"A mapped CRM field changed its type so that it no longer suits its standard field. Ends when the type suits again, or the mapping changes.",
			SeverityCritical,
		},
		{
			RulePicklistValueGone, "Choice gone",
			"A setting points to a picklist value that the CRM has no more. Ends when the setting is decided anew, or the value is back.", SeverityWarning,
		},
		{
			RuleCredentialExpiring, "Credential ends soon",
			"The CRM ends the authorization within days, because it could not be renewed. Ends when it is renewed, or somebody signs in again.", SeverityWarning,
		},
		{
			RuleCredentialExpired, "Credential refused",
			"The CRM refuses the credential. Ends when somebody signs in again.", SeverityCritical,
		},
		{
			RuleGraceStarted, "Grace started",
			"The integration is disconnected in three days unless somebody signs in again. Ends then, or when it is disconnected.", SeverityCritical,
		},
		{
			RuleGraceEnding, "Grace ends",
			"The integration is disconnected within a day unless somebody signs in again. Ends then, or when it is disconnected.", SeverityCritical,
		},
		{
			RuleAutoDisconnected, "Disconnected",
			"The integration was disconnected because nobody signed in again. Ends when it is connected again.", SeverityCritical,
		},
		{
			RuleAPILimitNear, "API budget nearly used",
			"Most of the day's budget of API calls is used. Ends with the day.", SeverityInfo,
		},
		{
			RuleAPILimitReached, "API limit reached",
			"A run was stopped by a limit of the day. Ends when the next run gets through.", SeverityWarning,
		},
		{
			RuleRunFailedRepeatedly, "Runs fail",
			"Daily runs fail one after the other; the integration is about to be paused. Ends when a run reads something.", SeverityWarning,
		},
		{
			RuleAutoPaused, "Paused",
			"The integration was paused because its runs kept failing. Ends when it is resumed.", SeverityCritical,
		},
		{
			RuleSyncDelayed, "Data is late",
			"The data is older than the schedule promises. Ends when a run reads something.", SeverityWarning,
		},
		{
			RuleConnectorUnhealthy, "Connector does not work",
			"The connector program crashed too often, or cannot be started. Ends when it works.", SeverityWarning,
		},
		{
			RuleSchemaChanged, "Schema changed",
			"Fields of the CRM came, went or changed, but nothing that is mapped. Ends by itself after a day.", SeverityInfo,
		},
	}
}

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

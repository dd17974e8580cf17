package crm_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// TestCredentialAlertsSayWhatToDo: each names the org, the user and when, and how to
// repair it.
func TestCredentialAlertsSayWhatToDo(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, time.March, 5, 9, 30, 0, 0, time.FixedZone("CET", 3600))
	facts := crm.CredentialFacts{Instance: "Acme", User: "sync@acme.com", GraceUntil: until, Reason: "REAUTH_REQUIRED: invalid_grant"}
	for _, c := range []struct {
		alert crm.AlertIntent
		rule  crm.AlertRule
		says  string
	}{
		{crm.CredentialExpiredAlert(facts), crm.RuleCredentialExpired, "On 5 March 2026 at 08:30 UTC the integration is disconnected."},
		{crm.GraceStartedAlert(facts), crm.RuleGraceStarted, "On 5 March 2026 at 08:30 UTC the integration is disconnected, unless"},
		{crm.GraceEndingAlert(facts), crm.RuleGraceEnding, "On 5 March 2026 at 08:30 UTC the integration is disconnected, unless"},
		{crm.AutoDisconnectedAlert(facts), crm.RuleAutoDisconnected, "imported data are kept"},
	} {
		require.Equal(t, crm.AlertKey{Rule: c.rule}, c.alert.Key)
		require.Equal(t, crm.SeverityCritical, c.alert.Severity)
		require.Contains(t, c.alert.Title, "Acme")
		require.Contains(t, c.alert.Message, c.says)
		require.Equal(t, "REAUTH_REQUIRED: invalid_grant", c.alert.Evidence)
		require.Contains(t, c.alert.Fix.Steps[1], "sync@acme.com")
		require.NotEmpty(t, c.alert.Fix.Who)
	}
	nameless := crm.CredentialExpiredAlert(crm.CredentialFacts{})
	require.Equal(t, "The CRM no longer accepts the sign-in", nameless.Title)
	require.NotContains(t, nameless.Message, "disconnected")
}

package alert_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// shownBy names, for each rule, the tests in which something opens it and something
// resolves it, from the use case or from outside (requirements K1 to K9).
func shownBy() map[crm.AlertRule]string {
	return map[crm.AlertRule]string{
		crm.RuleObjectAccessMissing:      "test/e2e/channels_test.go TestWhatRecipientsPrefer",
		crm.RuleRequiredObjectLost:       "test/e2e/story_test.go TestStory",
		crm.RuleStandardFieldLost:        "test/e2e/scenario_16_test.go TestScenario16",
		crm.RuleMissingAtStandardization: "test/e2e/alerts_test.go TestRightsThatSettingsNeed",
		crm.RuleWriteAccessLost:          "test/e2e/alerts_test.go TestRightsThatSettingsNeed",
		crm.RuleRequiredFieldUnmapped:    "test/e2e/channels_test.go TestWhatRecipientsPrefer",
		crm.RuleMappingBroken:            "internal/alert/alert_test.go TestAMappingThatBreaksIsAlerted",
		crm.RulePicklistValueGone:        "internal/settings/choices_test.go TestAChoiceThatIsGoneIsAlerted",
		crm.RuleCredentialExpiring:       "internal/integration/expiring_test.go TestAnAuthorizationThatIsNotRenewedIsAlerted",
		crm.RuleCredentialExpired:        "internal/integration/refresh_test.go TestReconnectInGraceResolvesTheAlert",
		crm.RuleGraceStarted:             "internal/integration/refresh_test.go TestReconnectInGraceResolvesTheAlert",
		crm.RuleGraceEnding:              "test/e2e/scenario_19_test.go TestScenario19",
		crm.RuleAutoDisconnected:         "test/e2e/scenario_19_test.go TestScenario19",
		crm.RuleAPILimitNear:             "internal/syncrun/limit_test.go TestLimitAlertsEndWithTheDay",
		crm.RuleAPILimitReached:          "internal/syncrun/limit_test.go TestLimitAlertsEndWithTheDay",
		crm.RuleRunFailedRepeatedly:      "internal/syncrun/autopause_test.go TestFailingIntegrationsAreWarnedAboutAndPaused",
		crm.RuleAutoPaused: "internal/syncrun/autopause_test.go TestFailingIntegrationsAreWarnedAboutAndPaused; " +
			"internal/integration/life_test.go TestResumingEndsAnAutomaticPause",
		crm.RuleSyncDelayed:        "internal/syncrun/autopause_test.go TestLateDataIsTold",
		crm.RuleConnectorUnhealthy: "test/e2e/channels_test.go TestAConnectorThatCrashesIsAlerted",
		crm.RuleSchemaChanged:      "internal/alert/triage_test.go TestNewsOfTheSchemaLastADay",
	}
}

// TestEveryRuleIsShownToOpenAndToEnd: a rule that nothing opens is a promise that nobody
// keeps, one that nothing resolves is noise for ever.
func TestEveryRuleIsShownToOpenAndToEnd(t *testing.T) {
	t.Parallel()
	shown := shownBy()
	for _, rule := range crm.AlertRules() {
		require.NotEmpty(t, shown[rule.Rule], "no test shows %s", rule.Rule)
		for place := range strings.SplitSeq(shown[rule.Rule], "; ") {
			file, name, _ := strings.Cut(place, " ")
			text, err := os.ReadFile(filepath.Join("..", "..", file))
			require.NoError(t, err, rule.Rule)
			require.Contains(t, string(text), "func "+name, rule.Rule)
		}
	}
	require.Len(t, shown, len(crm.AlertRules()))
}

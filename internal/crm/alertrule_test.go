package crm_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// TestEveryRuleHasWordsAndARowInThePage holds the operators' page to the code.
func TestEveryRuleHasWordsAndARowInThePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/admins/alerts.md")
	require.NoError(t, err)
	named := map[string]bool{}
	mailed := map[crm.Mailing]string{crm.MailAtOnce: "at once", crm.MailDigest: "digest", crm.MailNever: "never"}
	for _, info := range crm.AlertRules() {
		require.False(t, named[string(info.Rule)], "%s comes twice", info.Rule)
		named[string(info.Rule)] = true
		mandatory := ""
		if crm.Mandatory(info.Rule) {
			mandatory = "yes"
		}
		require.Contains(t, string(page), fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n",
			info.Rule, info.Description, info.Severity, mandatory, mailed[crm.MailingOf(info.Rule)]))
	}
	for _, rule := range crm.AlertRule("").Values() {
		require.True(t, named[rule], "%s has no words", rule)
	}
}

func TestPagePath(t *testing.T) {
	t.Parallel()
	require.Equal(t, "/integrations/int_1", crm.PagePath("int_1", "", ""))
	require.Equal(t, "/integrations/int_1/data-sync/Contact", crm.PagePath("int_1", "Contact", ""))
	require.Equal(t, "/integrations/int_1/data-sync/a%2Fb%3F?field=E+mail%26x%3Dy", crm.PagePath("int_1", "a/b?", "E mail&x=y"))
}

func TestSchemaNewsCountsInWords(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	counts := crm.CountSchema([]crm.Change{
		{Type: crm.ChangeAppeared},
		{Type: crm.ChangeAppeared},
		{Type: crm.ChangeVanished, Cause: crm.CauseDeleted},
		{Type: crm.ChangeVanished, Cause: crm.CausePermission},
		{Type: crm.ChangeLost},
		{Type: crm.ChangeRestored},
	})
	intent := crm.SchemaChanged(counts, at)
	require.Contains(t, intent.Message, "Since 2 March 2026 at 09:00 UTC: 2 fields appeared, 1 field vanished.")
	require.Equal(t, crm.SeverityInfo, intent.Severity)
	require.NotEmpty(t, intent.Fix.Steps)
	require.False(t, crm.CountSchema([]crm.Change{{Type: crm.ChangeLost}, {Type: crm.ChangeSuspected}}).Any(), "losses have alerts of their own")
	for _, hidden := range []crm.Cause{crm.CausePermission, crm.CauseSensitive, crm.CauseScopeMissing, crm.CauseUnknown} {
		require.False(t, crm.CountSchema([]crm.Change{{Type: crm.ChangeVanished, Cause: hidden}}).Any(), "%s: what is hidden is still there", hidden)
	}
}

func TestChoicesThatHaveGone(t *testing.T) {
	t.Parallel()
	parent := crm.SettingState{Definition: crm.SettingDefinition{Key: "a"}, EffectiveValue: true}
	child := crm.SettingState{
		Definition: crm.SettingDefinition{Key: "a.stage", Parent: "a", Title: "Stage", OptionsFrom: "opportunity.stage"},
		Value:      "Won", Decided: true, Available: true, ValueGone: true,
	}
	off, there, undecided := parent, child, child
	off.EffectiveValue, there.ValueGone, undecided.Decided = false, false, false
	intent, news := crm.PicklistValueGone([]crm.SettingState{parent, child}, false)
	require.True(t, news)
	require.Equal(t, crm.ActionOpen, intent.Action)
	require.Contains(t, intent.Message, `"Stage" (Won)`)
	require.Equal(t, []crm.Affected{{Kind: crm.AffectedSetting, Key: "a.stage", Title: "Stage"}}, intent.Affected)
	for name, states := range map[string][]crm.SettingState{
		"back": {parent, there}, "the parent is off": {off, child}, "nobody decided": {parent, undecided},
	} {
		_, news := crm.PicklistValueGone(states, false)
		require.False(t, news, name)
		intent, news = crm.PicklistValueGone(states, true)
		require.True(t, news, name)
		require.Equal(t, crm.ResolvedRestored, intent.Resolution, name)
	}
}

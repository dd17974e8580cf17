package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestScenario03FinishingWaitsForEveryDecision: the onboarding cannot be finished
// while any functionality is undecided; it can when all are decided, though all are
// off.
func TestScenario03FinishingWaitsForEveryDecision(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		i := newSite(t, url, siteOptions{}).connect(t, "PRODUCTION")
		i.do(t, "completeOnboardingStep", "", vars{"step": "STANDARDIZATION"}, nil)
		decided := 0
		for open := i.undecided(t); len(open) > 0; open = i.undecided(t) {
			blocked := requireRefused(t, i.try(t, "finishOnboarding", "", nil), "ONBOARDING_BLOCKED")
			for _, one := range open {
				require.Contains(t, blocked.Message, one.Key)
			}
			requireRefused(t, i.try(t, "completeOnboardingStep", "", vars{"step": "SETTINGS"}), "ONBOARDING_BLOCKED")
			i.standing(t, "ONBOARDING")
			off := vars{"key": open[0].Key, "value": false}
			i.do(t, "updateSettings", "", vars{"expectedVersion": i.settings(t).Version, "changes": []vars{off}}, nil)
			decided++
		}
		require.Greater(t, decided, 1, "each one counts")
		i.do(t, "completeOnboardingStep", "", vars{"step": "SETTINGS"}, nil)
		i.finish(t)
		for _, group := range i.settings(t).Groups {
			for _, one := range group.Settings {
				require.NotEqual(t, true, one.EffectiveValue, "%s is off", one.Key)
			}
		}
	})
}

// undecided are the settings that somebody still has to decide.
func (i *integration) undecided(t *testing.T) []setting {
	t.Helper()
	var open []setting
	for _, group := range i.settings(t).Groups {
		for _, one := range group.Settings {
			if one.Available && !one.Decided {
				open = append(open, one)
			}
		}
	}
	return open
}

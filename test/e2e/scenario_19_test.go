package e2e

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// TestScenario19ARevokedTokenEndsInGraceAndComesBack: the token is revoked at the CRM.
// GRACE begins at once, the token endpoint is not asked again, a warning is given a
// day before the end, and after three days the integration is disconnected. Signing in
// again brings it back as it was: its next run reads only what changed.
func TestScenario19ARevokedTokenEndsInGraceAndComesBack(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		clock := clockwork.NewFakeClockAt(time.Now().UTC().Truncate(time.Second))
		s := newSite(t, url, siteOptions{clock: clock})
		i := s.active(t)
		kept := i.keepsakes(t)
		require.NotEmpty(t, kept.mapped)
		states := i.stateEvents(t)

		require.Positive(t, s.crm.controls().RevokeAuthorizations())
		s.crm.controls().ClearRequests()
		requireRefused(t, i.try(t, "checkIntegration", "", nil), "CRM_GRANT_REVOKED")
		lost := i.standing(t, "GRACE")
		require.Contains(t, lost.StateReason, "REAUTH_REQUIRED")
		require.Equal(t, clock.Now().Add(72*time.Hour), lost.GraceUntil.UTC())
		require.Equal(t, []string{"CREDENTIAL_EXPIRED", "GRACE_STARTED"}, i.openRules(t))

		nobodyAsksTheCRMAgain(t, i, clock)
		require.Equal(t, "GRACE", states())
		i.passes(t, clock, 2*time.Hour, func() bool { return len(i.openRules(t)) == 3 })
		require.Equal(t, []string{"CREDENTIAL_EXPIRED", "GRACE_ENDING", "GRACE_STARTED"}, i.openRules(t))
		i.standing(t, "GRACE")
		i.passes(t, clock, 24*time.Hour, func() bool { return len(i.openRules(t)) == 1 })
		require.Nil(t, i.standing(t, "DISCONNECTED").GraceUntil)
		require.Equal(t, []string{"AUTO_DISCONNECTED"}, i.openRules(t))
		require.Equal(t, "DISCONNECTED", states())
		require.Equal(t, 1, s.crm.controls().Counters().ByEndpoint["token"], "one refresh was refused, and none made since")

		changed, err := s.crm.controls().TouchRecords(salesforce.RecordChange{Object: "Contact", Count: 3, Fields: map[string]any{"Title": "Changed meanwhile"}})
		require.NoError(t, err)
		i.reconnect(t)
		i.standing(t, "ACTIVE")
		require.Equal(t, "ACTIVE", states())
		require.Empty(t, i.openRules(t))
		require.Equal(t, kept, i.keepsakes(t), "ids, settings, mappings and runs are as they were")
		next := i.runNow(t)
		require.Equal(t, "SUCCEEDED", next.Status, next.Reason)
		require.Equal(t, len(changed), next.Counters.Updated)
		require.Zero(t, next.Counters.Created+next.Counters.Deleted)
		require.Less(t, next.Counters.Read, 50, "it reads what changed, not everything again")
	})
}

// nobodyAsksTheCRMAgain tries all that would call the CRM, and lets two days pass.
func nobodyAsksTheCRMAgain(t *testing.T, i *integration, clock *clockwork.FakeClock) {
	t.Helper()
	asked := i.crm.controls().Counters().Requests
	requireRefused(t, i.try(t, "checkIntegration", "", nil), "INTEGRATION_STATE")
	requireRefused(t, i.try(t, "runNow", "", nil), "INTEGRATION_STATE")
	clock.Advance(46 * time.Hour)
	i.standing(t, "GRACE")
	require.Equal(t, asked, i.crm.controls().Counters().Requests)
}

// passes lets time go by, by small steps, until something has happened. It must not
// take more than a few minutes beyond the time given.
func (i *integration) passes(t *testing.T, clock *clockwork.FakeClock, d time.Duration, happened func() bool) {
	t.Helper()
	clock.Advance(d)
	eventually(t, "what is due in "+d.String(), func() bool {
		// Small enough that a call under way, which is watched by this clock, does not run out of its minute.
		clock.Advance(10 * time.Second)
		return happened()
	})
}

// openRules are the rules of the open alerts, sorted.
func (i *integration) openRules(t *testing.T) []string {
	t.Helper()
	var found struct {
		Alerts struct {
			Edges []struct{ Node struct{ Rule string } }
		}
	}
	i.look(t, "alerts(first: 50, filter: {states: [OPEN, REOPENED]}) { edges { node { rule } } }", &found)
	rules := []string{}
	for _, edge := range found.Alerts.Edges {
		rules = append(rules, edge.Node.Rule)
	}
	slices.Sort(rules)
	return rules
}

// reconnect signs in to the integration again.
func (i *integration) reconnect(t *testing.T) {
	t.Helper()
	var again struct {
		Integration struct{ ID string }
		SignInURL   string
	}
	i.do(t, "reconnectIntegration", "integration { id } signInUrl", nil, &again)
	require.Equal(t, i.id, again.Integration.ID)
	page := signIn(t, again.SignInURL, "approve")
	require.Equal(t, http.StatusOK, page.Status, page.Body)
}

// stateEvents follows the integration's state; each call gives the next one.
func (i *integration) stateEvents(t *testing.T) func() string {
	t.Helper()
	followed, err := i.Subscribe(within(t), `subscription($id: ID!) { integrationState(integrationId: $id) { state reason integration { id } } }`, vars{"id": i.id})
	require.NoError(t, err)
	t.Cleanup(followed.Close)
	last := ""
	return func() string {
		t.Helper()
		for {
			var one struct {
				IntegrationState struct {
					State       string
					Integration struct{ ID string }
				}
			}
			require.NoError(t, followed.Next(within(t), &one))
			require.Equal(t, i.id, one.IntegrationState.Integration.ID)
			// Other news of the integration repeat the state.
			if one.IntegrationState.State != last {
				last = one.IntegrationState.State
				return last
			}
		}
	}
}

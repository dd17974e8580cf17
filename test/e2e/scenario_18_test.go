package e2e

import (
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// TestScenario18BudgetHitMidRun: a run that reaches the API budget stops, keeps its
// position and alerts; the next day's run goes on there and resolves the alert
// (requirements G5, K5).
func TestScenario18BudgetHitMidRun(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		clock := clockwork.NewFakeClockAt(time.Now().UTC().Truncate(time.Second))
		const pageRows = 5
		s := newSite(t, url, siteOptions{clock: clock, crm: salesforce.Config{MaxPageRows: pageRows}})
		i := s.connect(t, "PRODUCTION")
		i.decideAll(t)
		// Before its first run the integration gets a budget that ends within it: what
		// the tests of connection and rights cost, and 14 pages.
		api := i.budgets(t)[0]
		require.Nil(t, api.DailyLimit)
		require.Positive(t, api.UsedToday, "the onboarding check is counted")
		limit := api.UsedToday + 3 + 14
		i.do(t, "setApiBudget", "", vars{"apiType": api.APIType, "dailyLimit": limit}, nil)
		i.finish(t)

		stopped := i.runEnds(t, 1)
		require.Equal(t, "RATE_LIMITED", stopped.Status, stopped.Reason)
		require.Equal(t, "BUDGET_EXHAUSTED", stopped.Problem.Code)
		require.Contains(t, stopped.Reason, "is used up")
		when := i.newestRun(t)
		require.NotNil(t, when.FinishedAt)
		require.NotNil(t, when.ResumeAt)
		require.NotNil(t, when.NextRunAt)
		require.Equal(t, *when.NextRunAt, *when.ResumeAt)
		// A page of Salesforce costs a call or two (the query and its next page).
		require.InDelta(t, limit, i.budgets(t)[0].UsedToday, 1)
		require.Greater(t, stopped.Counters.Read, pageRows)
		require.Equal(t, []string{"API_LIMIT_NEAR", "API_LIMIT_REACHED"}, i.openRules(t))
		require.NotEmpty(t, i.openAlerts(t)[""].Fix.Steps)

		// On the same day nothing more is spent.
		again := i.runNow(t)
		require.Equal(t, "RATE_LIMITED", again.Status)
		require.Zero(t, again.CRMCalls)

		// The next day has a budget of its own, and now enough of it.
		i.do(t, "setApiBudget", "", vars{"apiType": api.APIType, "dailyLimit": 10_000}, nil)
		i.passes(t, clock, when.NextRunAt.Sub(clock.Now()), func() bool { return len(i.runs(t)) == 3 })
		next := i.runEnds(t, 3)
		require.Contains(t, []string{"SCHEDULED", "CATCH_UP"}, next.Kind)
		require.Equal(t, "SUCCEEDED", next.Status, next.Reason)
		require.Equal(t, i.records(t), stopped.Counters.Created+next.Counters.Created, "every record once")
		require.Equal(t, next.Counters.Read, next.Counters.Created, "and nothing was read twice")
		require.Empty(t, i.openRules(t))
	})
}

type budget struct {
	APIType               string
	DailyLimit            *int
	RecommendedDailyLimit *int
	UsedToday             int
	ResetsAt              time.Time
}

// budgets are the integration's API budgets.
func (i *integration) budgets(t *testing.T) []budget {
	t.Helper()
	var found struct{ APIBudgets []budget }
	i.look(t, "apiBudgets { apiType dailyLimit recommendedDailyLimit usedToday resetsAt }", &found)
	require.NotEmpty(t, found.APIBudgets)
	return found.APIBudgets
}

// newestRun tells when the newest run goes on.
func (i *integration) newestRun(t *testing.T) (when struct {
	FinishedAt, ResumeAt, NextRunAt *time.Time
},
) {
	t.Helper()
	var found struct {
		NextRunAt *time.Time
		Runs      struct {
			Edges []struct {
				Node struct{ FinishedAt, ResumeAt *time.Time }
			}
		}
	}
	i.look(t, "nextRunAt runs(first: 1) { edges { node { finishedAt resumeAt } } }", &found)
	when.FinishedAt, when.ResumeAt, when.NextRunAt = found.Runs.Edges[0].Node.FinishedAt, found.Runs.Edges[0].Node.ResumeAt, found.NextRunAt
	return when
}

// records is how many records the CRM has of the package's objects.
func (i *integration) records(t *testing.T) int {
	t.Helper()
	n := 0
	for name := range i.objects(t) {
		ids, err := i.crm.controls().RecordIDs(name)
		require.NoError(t, err)
		n += len(ids)
	}
	return n
}

package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/server"
)

// TestOutagesAreNoLosses: whatever way the CRM breaks during a check, nothing is
// lost; the old verdicts stand and say that they are stale, why, and on whose side
// (scenario 17, requirement J4).
func TestOutagesAreNoLosses(t *testing.T) {
	t.Parallel()
	i := newSite(t, storetest.AnyURL(t), siteOptions{tuning: func(tuning *server.Tuning) { tuning.CheckTimeout = 3 * time.Second }}).active(t)
	before := i.facts(t)
	for _, outage := range []struct {
		fault salesforce.Fault
		code  string
	}{
		{salesforce.Fault{Kind: salesforce.FaultServerError}, "CRM_UNAVAILABLE"},
		{salesforce.Fault{Kind: salesforce.FaultUnavailable}, "CRM_UNAVAILABLE"},
		{salesforce.Fault{Kind: salesforce.FaultEdge}, "CRM_UNAVAILABLE"},
		{salesforce.Fault{Kind: salesforce.FaultTooManyRequests}, "CRM_RATE_LIMITED"},
		{salesforce.Fault{Kind: salesforce.FaultConcurrentLimit}, "CRM_RATE_LIMITED"},
		{salesforce.Fault{Kind: salesforce.FaultDailyLimit}, "CRM_QUOTA_EXHAUSTED"},
		{salesforce.Fault{Kind: salesforce.FaultTruncated}, "CRM_BAD_RESPONSE"},
		{salesforce.Fault{Kind: salesforce.FaultCut}, "CRM_"},
		{salesforce.Fault{Kind: salesforce.FaultAPIDisabled}, "CRM_FORBIDDEN"},
		{salesforce.Fault{Kind: salesforce.FaultSlow, DelayMS: 60_000}, "CRM_TIMEOUT"},
	} {
		i.crm.controls().ClearFaults()
		_, err := i.crm.controls().AddFault(outage.fault)
		require.NoError(t, err)
		i.check(t)
		for name, object := range i.objects(t) {
			require.True(t, object.Stale, "%s during %s", name, outage.fault.Kind)
			require.Contains(t, object.StaleReason, "CRM side", outage.fault.Kind)
			require.Contains(t, object.StaleReason, outage.code, outage.fault.Kind)
			require.Equal(t, "OK", object.Status, "%s during %s", name, outage.fault.Kind)
		}
		require.Equal(t, before, i.facts(t), outage.fault.Kind)
		i.recovers(t)
	}
	oneObjectsOutageIsItsOwn(t, i)
	expiredSessionIsRefreshed(t, i)
	require.Equal(t, before, i.facts(t))
}

// facts are what only a verdict may change.
type facts struct{ Alerts, Changes int }

func (i *integration) facts(t *testing.T) facts {
	t.Helper()
	var found struct{ Alerts, PermissionChanges struct{ TotalCount int } }
	i.look(t, "alerts { totalCount } permissionChanges { totalCount }", &found)
	return facts{found.Alerts.TotalCount, found.PermissionChanges.TotalCount}
}

// recovers asserts that the next check after an outage shows the present again.
func (i *integration) recovers(t *testing.T) {
	t.Helper()
	i.panel().Faults.Clear()
	i.check(t)
	for name, object := range i.objects(t) {
		require.False(t, object.Stale, name)
		require.Empty(t, object.StaleReason, name)
	}
}

func oneObjectsOutageIsItsOwn(t *testing.T, i *integration) {
	t.Helper()
	_, err := i.crm.controls().AddFault(salesforce.Fault{Kind: salesforce.FaultServerError, Object: "Lead", Parts: true})
	require.NoError(t, err)
	i.check(t)
	for name, object := range i.objects(t) {
		require.Equal(t, name == "Lead", object.Stale, name)
	}
	i.recovers(t)
}

// A session that ends is no outage: the host refreshes it and the check succeeds.
func expiredSessionIsRefreshed(t *testing.T, i *integration) {
	t.Helper()
	refreshes := i.crm.controls().Counters().TokenRefreshes
	require.Positive(t, i.crm.controls().KillAccessTokens())
	i.recovers(t)
	require.Equal(t, refreshes+1, i.crm.controls().Counters().TokenRefreshes)

	_, err := i.crm.controls().AddFault(salesforce.Fault{Kind: salesforce.FaultSessionExpired, Path: "/composite", Times: 1})
	require.NoError(t, err)
	i.check(t)
	for name, object := range i.objects(t) {
		require.False(t, object.Stale, "%s: %s", name, object.StaleReason)
	}
	require.Equal(t, refreshes+2, i.crm.controls().Counters().TokenRefreshes)
}

// TestRunsNeverPretend: a run that could not read everything is PARTIAL or FAILED
// and says why; it is never SUCCEEDED, and it never takes an outage for a loss.
func TestRunsNeverPretend(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		i := newSite(t, url, siteOptions{}).active(t)
		before := i.facts(t)
		breakCRM := func(fault salesforce.Fault) {
			t.Helper()
			i.crm.controls().ClearFaults()
			_, err := i.crm.controls().AddFault(fault)
			require.NoError(t, err)
		}

		breakCRM(salesforce.Fault{Kind: salesforce.FaultDailyLimit})
		limited := i.runNow(t)
		require.Equal(t, "RATE_LIMITED", limited.Status)
		require.Equal(t, "CRM_QUOTA_EXHAUSTED", limited.Problem.Code)
		require.Equal(t, "CRM", limited.Problem.Side)
		require.NotEmpty(t, limited.Reason)
		require.NotEmpty(t, limited.Problem.Hint)
		require.Equal(t, []string{"API_LIMIT_REACHED"}, i.openRules(t))
		i.recovers(t)
		require.Equal(t, "SUCCEEDED", i.runNow(t).Status)
		require.Empty(t, i.openRules(t))
		before.Alerts++ // the one on the limit, resolved

		breakCRM(salesforce.Fault{Kind: salesforce.FaultAPIDisabled, Path: "/query"})
		failed := i.runNow(t)
		require.Equal(t, "FAILED", failed.Status)
		require.Equal(t, "CRM_FORBIDDEN", failed.Problem.Code)

		breakCRM(salesforce.Fault{Kind: salesforce.FaultAPIDisabled, Path: "/query", Object: "Lead"})
		partial := i.runNow(t)
		require.Equal(t, "PARTIAL", partial.Status)
		require.Contains(t, partial.Reason, "Lead")
		for _, object := range partial.Objects {
			want := "SUCCEEDED"
			if object.Name == "Lead" {
				want = "FAILED"
			}
			require.Equal(t, want, object.Status, object.Name)
		}

		// A hiccup is tried again.
		breakCRM(salesforce.Fault{Kind: salesforce.FaultServerError, Path: "/query", Times: 1})
		require.Equal(t, "SUCCEEDED", i.runNow(t).Status)

		// A right that is really lost makes the run PARTIAL, too, and alerts.
		i.recovers(t)
		require.Equal(t, before, i.facts(t), "so far, nothing was lost")
		i.setRead(t, false, "Lead")
		denied := i.runNow(t)
		require.Equal(t, "PARTIAL", denied.Status)
		require.Equal(t, "CRM_OBJECT_DENIED", denied.Problem.Code)
		eventually(t, "the alert about Lead", func() bool { return len(i.openAlerts(t)) == 1 })
	})
}

// TestRevokedGrantCanBeReconnected: the integration keeps its place for three days
// and comes back with its id, mappings and history (scenario 19).
func TestRevokedGrantCanBeReconnected(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		i := newSite(t, url, siteOptions{}).active(t)
		i.do(t, "unmapField", "", vars{"standardField": "contact.title", "reason": "An admin's own choice."}, nil)
		kept := i.keepsakes(t)
		require.NotEmpty(t, kept.mapped)

		require.Positive(t, i.crm.controls().RevokeAuthorizations())
		requireRefused(t, i.try(t, "checkIntegration", "", nil), "CRM_GRANT_REVOKED")
		until := i.standing(t, "GRACE").GraceUntil
		require.NotNil(t, until)
		require.WithinDuration(t, time.Now().Add(72*time.Hour), *until, time.Hour)
		require.Equal(t, []string{"CREDENTIAL_EXPIRED", "GRACE_STARTED"}, i.openRules(t), "about the credential, none about rights")
		require.NotEmpty(t, i.openAlerts(t)[""].Fix.Steps)
		requireRefused(t, i.try(t, "runNow", "", nil), "INTEGRATION_STATE")

		otherOrgIsRefused(t, i)
		again, link := i.start(t, i.user, "PRODUCTION")
		require.Equal(t, i.id, again.id)
		require.Equal(t, http.StatusOK, signIn(t, link, "approve").Status)
		require.Nil(t, i.standing(t, "ACTIVE").GraceUntil)
		require.Equal(t, "RECONNECTED", i.alerts(t, "")[""].Resolution)
		require.Equal(t, kept, i.keepsakes(t))
		require.Equal(t, "SUCCEEDED", i.runNow(t).Status)
	})
}

// otherOrgIsRefused signs in to another org than the one that was connected.
func otherOrgIsRefused(t *testing.T, i *integration) {
	t.Helper()
	first := i.crm.current.Load()
	i.crm.put(t, salesforce.Config{OrgID: "00D8Z0000000002", OrgName: "Another Company"})
	_, link := i.start(t, i.user, "PRODUCTION")
	page := signIn(t, link, "approve")
	require.Equal(t, http.StatusBadRequest, page.Status)
	require.Contains(t, page.Body, "INSTANCE_MISMATCH")
	i.standing(t, "GRACE")
	require.Positive(t, i.crm.controls().Counters().RevokeCalls, "the tokens that are not kept are given back")
	i.crm.current.Store(first)
}

// standing is where the integration stands, which must be the state given.
func (i *integration) standing(t *testing.T, state string) (found struct {
	State, StateReason string
	GraceUntil         *time.Time
},
) {
	t.Helper()
	i.look(t, "state stateReason graceUntil", &found)
	require.Equal(t, state, found.State, found.StateReason)
	return found
}

// keepsakes is what reconnecting must not change.
type keepsakes struct {
	settings any
	mapped   map[string]string
	runs     []run
	objects  map[string]string
}

func (i *integration) keepsakes(t *testing.T) keepsakes {
	t.Helper()
	kept := keepsakes{settings: i.settings(t), runs: i.runs(t), mapped: map[string]string{}, objects: map[string]string{}}
	var found struct {
		StandardFields []struct {
			Key     string
			Mapping *struct{ ID, CrmField string }
		}
	}
	i.look(t, "standardFields { key mapping { id crmField } }", &found)
	for _, standard := range found.StandardFields {
		if standard.Mapping != nil {
			kept.mapped[standard.Key] = standard.Mapping.ID + " " + standard.Mapping.CrmField
		}
	}
	for name, object := range i.objects(t) {
		kept.objects[name] = object.ID
	}
	return kept
}

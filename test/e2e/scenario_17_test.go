package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// TestScenario17CRMFailsDuringTheCheck: the CRM answers 500 and 429 to the check, on
// demand and in a run. Nothing is LOST, the verdicts say that they are stale, and the
// run is PARTIAL or RATE_LIMITED, never a success (requirement J4).
func TestScenario17CRMFailsDuringTheCheck(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		i := newSite(t, url, siteOptions{}).active(t)
		before := i.facts(t)
		for _, broken := range []salesforce.Fault{{Kind: salesforce.FaultServerError}, {Kind: salesforce.FaultTooManyRequests}} {
			_, err := i.crm.controls().AddFault(broken)
			require.NoError(t, err)
			checked := i.objects(t)
			i.do(t, "recheckObjects", "", vars{"objects": []string{"Contact", "Lead"}}, nil)
			for name, object := range i.objects(t) {
				require.Equal(t, name == "Contact" || name == "Lead", object.Stale, "%s during %s", name, broken.Kind)
				require.Equal(t, "OK", object.Status)
				require.Equal(t, checked[name].CheckedAt, object.CheckedAt, "the time of a check that failed is not the verdict's")
			}
			require.Equal(t, before, i.facts(t))
			i.recovers(t)
		}

		_, err := i.crm.controls().AddFault(salesforce.Fault{Kind: salesforce.FaultServerError, Object: "Lead"})
		require.NoError(t, err)
		partial := i.runNow(t)
		require.Equal(t, "PARTIAL", partial.Status)
		require.Contains(t, partial.Reason, "Lead")
		i.recovers(t)

		_, err = i.crm.controls().AddFault(salesforce.Fault{Kind: salesforce.FaultDailyLimit})
		require.NoError(t, err)
		require.Equal(t, "RATE_LIMITED", i.runNow(t).Status)
		i.recovers(t)
		var found struct{ PermissionChanges struct{ TotalCount int } }
		i.look(t, "permissionChanges { totalCount }", &found)
		require.Equal(t, before.Changes, found.PermissionChanges.TotalCount, "nothing was lost")
	})
}

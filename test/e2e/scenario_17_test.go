package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScenario17CRMFailsDuringTheCheck: the CRM answers 500 and 429 to the check, on
// demand and in a run. Nothing is LOST, the verdicts say that they are stale, and the
// run is PARTIAL or RATE_LIMITED, never a success (requirement J4).
func TestScenario17CRMFailsDuringTheCheck(t *testing.T) {
	t.Parallel()
	eachVendor(t, func(t *testing.T, url string, v vendor) {
		i := newSite(t, url, siteOptions{vendor: v}).active(t)
		before := i.facts(t)
		for _, broken := range []string{v.serverError, v.throttled} {
			i.breaks(t, broken, "")
			checked := i.objects(t)
			i.do(t, "recheckObjects", "", vars{"objects": []string{v.contact, v.lead}}, nil)
			for name, object := range i.objects(t) {
				require.Equal(t, name == v.contact || name == v.lead, object.Stale, "%s during %s", name, broken)
				require.Equal(t, "OK", object.Status)
				require.Equal(t, checked[name].CheckedAt, object.CheckedAt, "the time of a check that failed is not the verdict's")
			}
			require.Equal(t, before, i.facts(t))
			i.recovers(t)
		}

		i.breaks(t, v.serverError, v.lead)
		partial := i.runNow(t)
		require.Equal(t, "PARTIAL", partial.Status)
		require.Contains(t, partial.Reason, v.lead)
		i.recovers(t)

		i.breaks(t, v.exhausted, "")
		require.Equal(t, "RATE_LIMITED", i.runNow(t).Status)
		i.recovers(t)
		var found struct{ PermissionChanges struct{ TotalCount int } }
		i.look(t, "permissionChanges { totalCount }", &found)
		require.Equal(t, before.Changes, found.PermissionChanges.TotalCount, "nothing was lost")
	})
}

package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScenario13ObjectGrantedBack: an object that was lost is granted again. Its status
// stays as the last check found it, with the time of that check, until the daily run or
// until somebody asks for the object (requirement I5).
func TestScenario13ObjectGrantedBack(t *testing.T) {
	t.Parallel()
	eachVendor(t, func(t *testing.T, url string, v vendor) {
		i := newSite(t, url, siteOptions{vendor: v}).active(t)
		lose := func(name string) object {
			i.setRead(t, false, name)
			i.check(t)
			eventually(t, "the loss is confirmed", func() bool { return len(i.openAlerts(t)) == 1 })
			lost := i.objects(t)[name]
			require.Equal(t, "PERMISSION_MISSING", lost.Status)
			i.setRead(t, true, name)
			require.Equal(t, lost, i.objects(t)[name], "nobody has looked since: the verdict and its time stand")
			return lost
		}

		lost := lose(v.lead)
		checks := i.objects(t)
		var answer struct{ Objects []object }
		i.do(t, "recheckObjects", "objects { name status stale checkedAt }", vars{"objects": []string{v.lead}}, &answer)
		require.Len(t, answer.Objects, 1)
		require.Equal(t, "OK", answer.Objects[0].Status)
		require.Greater(t, answer.Objects[0].CheckedAt, lost.CheckedAt)
		require.Empty(t, i.openAlerts(t))
		require.Equal(t, checks[v.contact].CheckedAt, i.objects(t)[v.contact].CheckedAt, "only that object was asked for")
		requireRefused(t, i.try(t, "recheckObjects", "", vars{"objects": []string{"NoSuchObject"}}), "BAD_INPUT")

		lost = lose(v.opportunity)
		require.Equal(t, "SUCCEEDED", i.runNow(t).Status)
		found := i.objects(t)[v.opportunity]
		require.Equal(t, "OK", found.Status, "the run shows it, too")
		require.Greater(t, found.CheckedAt, lost.CheckedAt)
		require.Empty(t, i.openAlerts(t))

		i.do(t, "recheckObjects", "objects { name }", vars{"objects": []string{}}, &answer)
		require.Len(t, answer.Objects, len(checks), "none named means all")
	})
}

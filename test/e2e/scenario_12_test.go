package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScenario12FieldGrantedBack: a field that was lost is granted again, and
// recheckFields shows it at once, resolves its alert and tells subscribers, without
// waiting for the day (requirement I5).
func TestScenario12FieldGrantedBack(t *testing.T) {
	t.Parallel()
	eachVendor(t, func(t *testing.T, url string, v vendor) {
		i := newSite(t, url, siteOptions{vendor: v}).active(t)
		i.setRead(t, false, v.title)
		i.check(t)
		eventually(t, "the loss is confirmed", func() bool { return len(i.openAlerts(t)) == 1 })
		require.Equal(t, "ERROR_STANDARDIZED", i.statusOf(t, v.contact, fieldOf(v.title)))
		checkedAt := i.objects(t)[v.account].CheckedAt

		followed := i.alertEvents(t, "")
		i.setRead(t, true, v.title)
		runs := len(i.runs(t))
		input := vars{"idempotencyKey": "scenario-12", "object": v.contact, "fields": []string{fieldOf(v.title)}}
		i.do(t, "recheckFields", "object { stale }", input, nil)
		require.Equal(t, "ACTIVE_STANDARDIZED", i.statusOf(t, v.contact, fieldOf(v.title)))
		require.Empty(t, i.openAlerts(t))
		event, subject, _ := nextAlert(t, followed)
		require.Equal(t, []string{"RESOLVED", v.title}, []string{event, subject})
		require.Equal(t, "RESTORED", i.alerts(t, "")[v.title].Resolution)
		require.Len(t, i.runs(t), runs, "no run was needed")
		require.Equal(t, checkedAt, i.objects(t)[v.account].CheckedAt, "only that object was asked for")

		i.do(t, "recheckFields", "object { stale }", input, nil)
		requireRefused(t, i.try(t, "recheckFields", "", vars{"object": v.contact, "fields": []string{""}}), "BAD_INPUT")
	})
}

// statusOf is the status of a field as the last check found it. It asks for the field
// by name, which starts no check.
func (i *integration) statusOf(t *testing.T, object, name string) string {
	t.Helper()
	var found struct {
		Object struct{ Field struct{ Status string } }
	}
	i.look(t, `object(name: "`+object+`") { field(name: "`+name+`") { status } }`, &found)
	return found.Object.Field.Status
}

package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestScenario12FieldGrantedBack: a field that was lost is granted again, and
// recheckFields shows it at once, resolves its alert and tells subscribers, without
// waiting for the day (requirement I5).
func TestScenario12FieldGrantedBack(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		i := newSite(t, url, siteOptions{}).active(t)
		i.setRead(t, false, "Contact.Title")
		i.check(t)
		eventually(t, "the loss is confirmed", func() bool { return len(i.openAlerts(t)) == 1 })
		require.Equal(t, "ERROR_STANDARDIZED", i.statusOf(t, "Contact", "Title"))
		checkedAt := i.objects(t)["Account"].CheckedAt

		followed := i.alertEvents(t, "")
		i.setRead(t, true, "Contact.Title")
		runs := len(i.runs(t))
		input := vars{"idempotencyKey": "scenario-12", "object": "Contact", "fields": []string{"Title"}}
		i.do(t, "recheckFields", "object { stale }", input, nil)
		require.Equal(t, "ACTIVE_STANDARDIZED", i.statusOf(t, "Contact", "Title"))
		require.Empty(t, i.openAlerts(t))
		event, subject, _ := nextAlert(t, followed)
		require.Equal(t, []string{"RESOLVED", "Contact.Title"}, []string{event, subject})
		require.Equal(t, "RESTORED", i.alerts(t, "")["Contact.Title"].Resolution)
		require.Len(t, i.runs(t), runs, "no run was needed")
		require.Equal(t, checkedAt, i.objects(t)["Account"].CheckedAt, "only that object was asked for")

		i.do(t, "recheckFields", "object { stale }", input, nil)
		requireRefused(t, i.try(t, "recheckFields", "", vars{"object": "Contact", "fields": []string{""}}), "BAD_INPUT")
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

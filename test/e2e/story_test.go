package e2e

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// What the story takes away and gives back.
const (
	lostObject  = "Lead"
	lostField   = "Contact.Email" // standardized
	kept        = "LastName"      // standardized, stays
	unmapped    = "Contact.Phone" // standardized until it is unmapped
	unmappedKey = "contact.phone"
)

// TestStory plays the whole story at one go: each part starts where the one before
// ended.
func TestStory(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{crm: salesforce.Config{Records: map[string]int{
			"User": 20, "Account": 400, "Contact": 800, "Lead": 480, "Opportunity": 300,
		}}})
		i := s.connect(t, "PRODUCTION")
		finishWaitsForEveryDecision(t, i)
		firstRunReadsEverything(t, i, s.records(t))
		watched := firstHideable(t, i, "Contact")
		events := i.alertEvents(t, "")
		s.setRead(t, false, lostField, "Contact."+watched, lostObject)
		i.check(t)
		lossesAlertLiveAndOnce(t, i, events)
		statusesFollowTheFourRows(t, i, watched)
		fieldRepairShowsAtOnce(t, i, watched)
		objectRepairShowsOnCheck(t, i)
		unmappingResolves(t, i)
		s.setRead(t, true, unmapped)
		i.check(t)
		secondRunWritesNothing(t, i)
	})
}

// records is how many records the CRM has of the package's objects.
func (s *site) records(t *testing.T) int {
	t.Helper()
	n := 0
	for _, object := range []string{"Account", "Contact", "Lead", "Opportunity", "User", "OpportunityContactRole", "Task", "UserRole"} {
		ids, err := s.crm.controls().RecordIDs(object)
		require.NoError(t, err)
		n += len(ids)
	}
	return n
}

// firstHideable is a field of the object that the CRM can hide and that no standard
// field is mapped to.
func firstHideable(t *testing.T, i *integration, object string) string {
	t.Helper()
	name := ""
	for _, f := range i.fields(t, object, "statuses: [ACTIVE]") {
		if f.Hideable && (name == "" || f.Name < name) {
			name = f.Name
		}
	}
	require.NotEmpty(t, name)
	return name
}

// Scenario 3.
func finishWaitsForEveryDecision(t *testing.T, i *integration) {
	t.Helper()
	decisions := i.decisions(t)
	for n, decision := range decisions {
		refused := requireRefused(t, i.try(t, "finishOnboarding", "", nil), "ONBOARDING_BLOCKED")
		require.Contains(t, refused.Message, decision["key"])
		i.do(t, "updateSettings", "", vars{"expectedVersion": i.settings(t).Version, "changes": decisions[n : n+1]}, nil)
	}
	requireRefused(t, i.try(t, "finishOnboarding", "", nil), "ONBOARDING_BLOCKED")
	for _, step := range []string{"SETTINGS", "STANDARDIZATION"} {
		i.do(t, "completeOnboardingStep", "", vars{"step": step}, nil)
	}
	i.finish(t)
}

func firstRunReadsEverything(t *testing.T, i *integration, records int) {
	t.Helper()
	first := i.runEnds(t, 1)
	require.Equal(t, "SUCCEEDED", first.Status, first.Reason)
	require.Equal(t, "ONBOARDING", first.Kind)
	require.Equal(t, records, first.Counters.Created)
	require.Equal(t, records, first.Counters.Read)
	require.Zero(t, first.Counters.Failed)
	var found struct{ LastSyncedAt, NextRunAt *string }
	i.look(t, "lastSyncedAt nextRunAt", &found)
	require.NotNil(t, found.LastSyncedAt, "scenario 2: the admin sees when it synced last")
	require.NotNil(t, found.NextRunAt)
	require.Empty(t, i.openAlerts(t))
}

// The object's loss folds the alerts of its fields; the field that is not
// standardized alerts nobody.
func lossesAlertLiveAndOnce(t *testing.T, i *integration, events interface {
	Next(ctx context.Context, out any) error
},
) {
	t.Helper()
	seen := map[string]alert{}
	for range 2 {
		var one alertEvent
		require.NoError(t, events.Next(within(t), &one))
		require.Equal(t, "OPENED", one.AlertEvents.Event)
		seen[one.AlertEvents.Alert.subject()] = one.AlertEvents.Alert
	}
	require.Contains(t, seen, lostField)
	require.Contains(t, seen, lostObject)
	for subject, a := range seen {
		require.NotEmpty(t, a.Cause, subject)
		require.NotEmpty(t, a.Affected, "impact of "+subject)
		require.NotNil(t, a.Fix, subject)
		require.NotEmpty(t, a.Fix.Steps, subject)
		require.NotEmpty(t, a.Fix.DeepLink, subject)
		require.NotEmpty(t, a.Fix.Who, subject)
	}
	require.Equal(t, "REQUIRED_OBJECT_ACCESS_LOST", seen[lostObject].Rule)
	require.Equal(t, "STANDARD_FIELD_ACCESS_LOST", seen[lostField].Rule)
	i.check(t) // seen again, but told once
	require.Len(t, i.alerts(t, ""), 2, "two problems, two alerts")
}

// Requirement I2 and scenario 11.
func statusesFollowTheFourRows(t *testing.T, i *integration, hidden string) {
	t.Helper()
	listed := i.fields(t, "Contact", "")
	require.Equal(t, "ACTIVE_STANDARDIZED", listed[kept].Status)
	require.Equal(t, "ERROR_STANDARDIZED", listed["Email"].Status)
	require.Equal(t, "ACTIVE", listed[firstHideable(t, i, "Contact")].Status)
	require.NotContains(t, listed, hidden)

	require.NotContains(t, i.fields(t, "Contact", `search: "`+hidden+`"`), hidden, "a lost field is not found")
	require.Contains(t, i.fields(t, "Contact", `search: "email"`), "Email", "one in error is")
	require.NotContains(t, i.alerts(t, ""), "Contact."+hidden)
	tombstone := i.fields(t, "Contact", `includeInaccessible: true, search: "`+hidden+`"`)
	require.Equal(t, "INACCESSIBLE", tombstone[hidden].Status)

	lost := i.objects(t)[lostObject]
	require.NotEqual(t, "OK", lost.Status)
	require.Zero(t, lost.FieldCounts.Active+lost.FieldCounts.ActiveStandardized)
	inError := i.fields(t, lostObject, "")
	require.Len(t, inError, lost.FieldCounts.ErrorStandardized)
	require.NotEmpty(t, inError)
	for _, f := range inError {
		require.Equal(t, "ERROR_STANDARDIZED", f.Status, f.Name)
		require.Equal(t, "OBJECT_DENIED", f.Cause, f.Name)
	}
}

// Scenario 12.
func fieldRepairShowsAtOnce(t *testing.T, i *integration, hidden string) {
	t.Helper()
	events := i.alertEvents(t, i.feedCursor(t))
	i.setRead(t, true, lostField, "Contact."+hidden)
	i.do(t, "recheckFields", "object { name stale }", vars{"object": "Contact"}, nil)
	listed := i.fields(t, "Contact", "")
	require.Equal(t, "ACTIVE_STANDARDIZED", listed["Email"].Status)
	require.Equal(t, "ACTIVE", listed[hidden].Status)
	event, subject, _ := nextAlert(t, events)
	require.Equal(t, []string{"RESOLVED", lostField}, []string{event, subject})
	require.Equal(t, "RESTORED", i.alerts(t, "")[lostField].Resolution)
}

// Scenario 13: the verdict stands, and says honestly how old it is.
func objectRepairShowsOnCheck(t *testing.T, i *integration) {
	t.Helper()
	before := i.objects(t)[lostObject]
	i.setRead(t, true, lostObject)
	require.Equal(t, before, i.objects(t)[lostObject])
	i.check(t)
	after := i.objects(t)[lostObject]
	require.Equal(t, "OK", after.Status)
	require.Greater(t, after.CheckedAt, before.CheckedAt)
	require.Equal(t, "RESTORED", i.alerts(t, "")[lostObject].Resolution)
	require.Empty(t, i.openAlerts(t))
}

// Scenario 14.
func unmappingResolves(t *testing.T, i *integration) {
	t.Helper()
	i.setRead(t, false, unmapped)
	i.check(t)
	eventually(t, "the alert about "+unmapped, func() bool { return len(i.openAlerts(t)) == 1 })
	require.Contains(t, i.fields(t, "Contact", `statuses: [ERROR_STANDARDIZED]`), "Phone")
	i.do(t, "unmapField", "", vars{"standardField": unmappedKey, "reason": "We do not call people."}, nil)
	require.Equal(t, "UNMAPPED", i.alerts(t, "")[unmapped].Resolution)
	require.NotContains(t, i.fields(t, "Contact", ""), "Phone", "the error is gone")
	i.check(t)
	require.Empty(t, i.openAlerts(t))
}

func secondRunWritesNothing(t *testing.T, i *integration) {
	t.Helper()
	second := i.runNow(t)
	require.Equal(t, "SUCCEEDED", second.Status, second.Reason)
	require.Equal(t, "MANUAL", second.Kind)
	require.Zero(t, second.Counters.Created+second.Counters.Updated+second.Counters.Deleted+second.Counters.Failed, "%+v", second.Counters)
}

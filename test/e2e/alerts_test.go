package e2e

import (
	"maps"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// handled is an alert as whoever handles it sees it.
type handled struct {
	ID, State, AcknowledgedBy, Note, PageURL string
	SnoozedUntil                             *time.Time
	FoldedAlerts                             []struct{ FieldName string }
	Deliveries                               struct{ TotalCount int }
}

const handledFields = `id state acknowledgedBy note pageUrl snoozedUntil foldedAlerts { fieldName } deliveries(first: 1) { totalCount }`

// TestHandlingAlerts: people acknowledge, snooze and wake alerts; mandatory ones refuse
// to be dismissed and muted; the inbox tells of all (requirements K10, K11, K13).
func TestHandlingAlerts(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{})
		i := s.active(t)
		s.setRead(t, false, lostField)
		i.check(t)
		eventually(t, "the alert on "+lostField, func() bool { return i.openAlerts(t)[lostField].ID != "" })
		s.setRead(t, false, "Contact")
		i.check(t)
		eventually(t, "the alert on Contact", func() bool { return i.openAlerts(t)["Contact"].ID != "" })
		open := i.openAlerts(t)
		acknowledging(t, i, open[lostField].ID, open["Contact"].ID)
		mandatoryAlertsStay(t, s, i, open["Contact"].ID)
		mutingARule(t, i)
		inboxOfAToken(t, i)
		countsAndFilters(t, i)
	})
}

// handle sends a mutation about an alert that must succeed.
func (i *integration) handle(t *testing.T, name, id string, input vars) handled {
	t.Helper()
	var payload struct{ Alert handled }
	with := vars{"alertId": id}
	maps.Copy(with, input)
	i.change(t, name, "alert { "+handledFields+" }", with, &payload)
	return payload.Alert
}

func acknowledging(t *testing.T, i *integration, field, object string) {
	t.Helper()
	taken := i.handle(t, "acknowledgeAlert", object, vars{"note": "asked the CRM's admin"})
	require.Equal(t, "ACKNOWLEDGED", taken.State)
	require.NotEmpty(t, taken.AcknowledgedBy)
	require.Equal(t, "asked the CRM's admin", taken.Note)
	require.Equal(t, "Email", taken.FoldedAlerts[0].FieldName, "the lost field is shown under its object")
	page, err := url.Parse(taken.PageURL)
	require.NoError(t, err)
	require.Equal(t, "/integrations/"+i.id+"/data-sync/Contact", page.Path)
	i.check(t)
	require.NotContains(t, i.openRules(t), "REQUIRED_OBJECT_ACCESS_LOST", "it stays acknowledged while it is seen")

	put := i.handle(t, "snoozeAlert", field, vars{"until": time.Now().Add(time.Hour)})
	require.Equal(t, "SNOOZED", put.State)
	require.NotNil(t, put.SnoozedUntil)
	require.Contains(t, put.PageURL, "?field=Email")
	requireRefused(t, i.attempt(t, "snoozeAlert", "alert { id }", vars{"alertId": field, "until": time.Now().Add(31 * 24 * time.Hour)}), "BAD_INPUT")
	require.Equal(t, "OPEN", i.handle(t, "wakeAlert", field, nil).State)
	requireRefused(t, i.attempt(t, "wakeAlert", "alert { id }", vars{"alertId": field}), "CONFLICT")
}

func mandatoryAlertsStay(t *testing.T, s *site, i *integration, id string) {
	t.Helper()
	requireRefused(t, i.attempt(t, "resolveAlert", "alert { id }", vars{"alertId": id, "note": "go away"}), "MANDATORY_ALERT")
	requireRefused(t, i.attempt(t, "muteAlertRule", "rule { rule }", vars{"rule": "REQUIRED_OBJECT_ACCESS_LOST", "reason": "noise"}), "MANDATORY_ALERT")
	stranger := s.otherWorkspace(t)
	requireRefused(t, stranger.attempt(t, "acknowledgeAlert", "alert { id }", vars{"alertId": id}), "NOT_FOUND")
	viewer := s.user(t, s.WorkspaceID(), principal.RoleViewer)
	requireRefused(t, viewer.attempt(t, "acknowledgeAlert", "alert { id }", vars{"alertId": id}), "FORBIDDEN")
}

func mutingARule(t *testing.T, i *integration) {
	t.Helper()
	var payload struct {
		Rule struct {
			Mailed, MutedReason string
			MutedAt             *time.Time
		}
	}
	const shown = "rule { mailed mutedAt mutedReason }"
	i.change(t, "muteAlertRule", shown, vars{"rule": "SYNC_DELAYED", "reason": "a test org"}, &payload)
	require.NotNil(t, payload.Rule.MutedAt)
	require.Equal(t, "a test org", payload.Rule.MutedReason)
	require.Equal(t, "AT_ONCE", payload.Rule.Mailed)
	i.change(t, "unmuteAlertRule", shown, vars{"rule": "SYNC_DELAYED"}, &payload)
	require.Nil(t, payload.Rule.MutedAt)
	requireRefused(t, i.attempt(t, "unmuteAlertRule", shown, vars{"rule": "SYNC_DELAYED"}), "CONFLICT")
}

// inboxOfAToken: a token reads the inbox and has nothing to mark.
func inboxOfAToken(t *testing.T, i *integration) {
	t.Helper()
	var found struct {
		UnreadCount int
		Inbox       struct {
			Edges []struct {
				Node struct {
					ID, Event string
					Read      bool
					Alert     struct{ FieldName, ObjectName string }
				}
			}
		}
	}
	i.ask(t, "{ unreadCount inbox(first: 50) { edges { node { id event read alert { fieldName objectName } } } } }", nil, &found)
	require.Zero(t, found.UnreadCount)
	var told []string
	for _, edge := range found.Inbox.Edges {
		require.True(t, edge.Node.Read)
		told = append(told, edge.Node.Event+" "+edge.Node.Alert.ObjectName+"."+edge.Node.Alert.FieldName)
	}
	require.Equal(t, []string{"OPENED Contact.", "OPENED Contact.Email"}, told, "newest first; a folded alert that woke tells nobody")
	id := found.Inbox.Edges[0].Node.ID
	requireRefused(t, i.attempt(t, "markInboxRead", "unreadCount", vars{"itemIds": []string{id}}), "FORBIDDEN")
}

func countsAndFilters(t *testing.T, i *integration) {
	t.Helper()
	var found struct {
		AlertCounts []struct {
			Key   string
			Count int
		}
		Folded, Shown, Named struct{ TotalCount int }
		AlertRules           []struct{ Rule string }
	}
	i.ask(t, `query($id: ID!) {
		alertCounts(by: RULE, filter: {integrationId: $id, states: [ACKNOWLEDGED]}) { key count }
		folded: alerts(filter: {integrationId: $id, states: [OPEN, ACKNOWLEDGED]}) { totalCount }
		shown: alerts(filter: {integrationId: $id, states: [OPEN, ACKNOWLEDGED], hideFolded: true}) { totalCount }
		named: alerts(filter: {integrationId: $id, search: "EMAIL", severities: [CRITICAL, WARNING]}) { totalCount }
		alertRules { rule }
	}`, vars{"id": i.id}, &found)
	require.Len(t, found.AlertCounts, 1)
	require.Equal(t, "REQUIRED_OBJECT_ACCESS_LOST", found.AlertCounts[0].Key)
	require.Equal(t, found.Folded.TotalCount-1, found.Shown.TotalCount)
	require.Equal(t, 1, found.Named.TotalCount)
	require.Len(t, found.AlertRules, 20)
}

// TestRightsThatSettingsNeed are watched on fields that nobody mapped, too, and no longer
// once the setting is off (requirement I8). A field that cannot be read when it is mapped
// has an alert of its own (reading 1b.9).
func TestRightsThatSettingsNeed(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{})
		i := s.active(t)
		i.do(t, "unmapField", "", vars{"standardField": "contact.email", "reason": "test", "confirm": true}, nil)
		off := false
		require.NoError(t, s.crm.controls().SetField("Contact", "Email", salesforce.FieldSwitch{Edit: &off}))
		i.check(t)
		eventually(t, "the right is missed twice", func() bool { return slices.Contains(i.openRules(t), "WRITE_ACCESS_LOST") })
		lost := i.openAlerts(t)["Contact.Email"]
		require.Equal(t, "WRITE_ACCESS_LOST", lost.Rule)
		require.Equal(t, "CRITICAL", lost.Severity, "a setting that is on needs it")
		require.NotEmpty(t, lost.Affected)
		i.do(t, "updateSettings", "", vars{
			"expectedVersion": i.settings(t).Version, "changes": []vars{{"key": "contacts.create.emailRequired", "value": false}},
		}, nil)
		eventually(t, "nothing needs it any more", func() bool { return !slices.Contains(i.openRules(t), "WRITE_ACCESS_LOST") })

		i.do(t, "unmapField", "", vars{"standardField": "contact.title", "reason": "test", "confirm": true}, nil)
		s.setRead(t, false, "Contact.Title")
		i.check(t)
		eventually(t, "the loss is confirmed", func() bool {
			hidden := i.fields(t, "Contact", "statuses: [INACCESSIBLE], includeInaccessible: true")
			return hidden["Title"].Name != ""
		})
		i.do(t, "mapField", "", vars{"standardField": "contact.title", "crmField": "Title"}, nil)
		require.Equal(t, "MISSING_AT_STANDARDIZATION", i.openAlerts(t)["Contact.Title"].Rule)
		s.setRead(t, true, "Contact.Title")
		i.check(t)
		require.NotContains(t, i.openRules(t), "MISSING_AT_STANDARDIZATION")
	})
}

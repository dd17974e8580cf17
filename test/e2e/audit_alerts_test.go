package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/test/internal/sink"
)

// standardizes does what an admin does about mappings and the package.
func (a *audited) standardizes(t *testing.T, i *integration) {
	t.Helper()
	unmapped := vars{"standardField": "contact.title", "reason": "So that a proposal can be taken."}
	proposed := vars{"mappings": []vars{{"standardField": "contact.title", "crmField": "Title"}}}
	a.on(t, i, "unmapField", "", unmapped, nil)
	a.on(t, i, "applyMappingProposals", "", proposed, nil)
	a.change(t, a.admin, "setMappingDefault", "", vars{"connector": connectorName, "standardField": "contact.title", "crmField": "Department"}, nil)
	a.on(t, i, "resetMapping", "", vars{"standardField": "contact.title"}, nil)
	a.on(t, i, "unpublishObject", "", vars{"object": "Lead", "reason": "Nobody works with leads.", "confirm": true}, nil)
	a.on(t, i, "publishObject", "", vars{"object": "Lead"}, nil)
	a.on(t, i, "upgradePackage", "", vars{"toVersion": 1, "confirm": true}, nil)
	a.on(t, i, "upgradePackage", "", vars{"confirm": true}, nil)
	a.on(t, i, "startIdentitySimulation", "", nil, nil)
	eventually(t, "the check of what is new", func() bool { return i.objects(t)["UserRole"].Status == "OK" })
	i.takeProposals(t)
}

// alerts does what people do about an alert that is not mandatory, about the inbox
// and about the digest.
func (a *audited) alerts(t *testing.T, i *integration) {
	t.Helper()
	a.on(t, i, "unmapField", "", vars{"standardField": "contact.email", "reason": "So that something is wrong.", "confirm": true}, nil)
	var found struct {
		Alerts struct {
			Edges []struct{ Node struct{ ID string } }
		}
	}
	i.look(t, "alerts(first: 1, filter: {rules: [REQUIRED_FIELD_UNMAPPED], states: [OPEN, REOPENED]}) { edges { node { id } } }", &found)
	require.Len(t, found.Alerts.Edges, 1)
	about := vars{"alertId": found.Alerts.Edges[0].Node.ID}
	a.change(t, a.admin, "acknowledgeAlert", "", about, nil)
	a.change(t, a.admin, "snoozeAlert", "", vars{"alertId": about["alertId"], "until": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)}, nil)
	a.change(t, a.admin, "wakeAlert", "", about, nil)
	a.change(t, a.admin, "resolveAlert", "", vars{"alertId": about["alertId"], "note": "It is meant to be so."}, nil)
	muted := vars{"rule": "SYNC_DELAYED", "reason": "The CRM is slow by nature."}
	a.change(t, a.admin, "muteAlertRule", "", muted, nil)
	a.change(t, a.admin, "unmuteAlertRule", "", vars{"rule": "SYNC_DELAYED"}, nil)

	reader := a.signedIn(t, a.WorkspaceID(), "reader@example.com")
	var inbox struct {
		Viewer struct{ ID string }
		Inbox  struct {
			Edges []struct{ Node struct{ ID string } }
		}
	}
	reader.ask(t, "{ viewer { id } inbox(first: 1) { edges { node { id } } } }", nil, &inbox)
	require.Len(t, inbox.Inbox.Edges, 1)
	reader.tokenID = inbox.Viewer.ID // whom the audit names
	a.change(t, reader, "markInboxRead", "", vars{"itemIds": []string{inbox.Inbox.Edges[0].Node.ID}}, nil)

	var added struct{ Recipients []struct{ ID string } }
	a.change(t, a.admin, "addRecipients", "recipients { id }", vars{"addresses": "team@example.com", "class": "INTERNAL"}, &added)
	a.change(t, a.admin, "updateRecipient", "", vars{"recipientId": added.Recipients[0].ID, "minSeverity": "CRITICAL"}, nil)
	a.change(t, a.admin, "setDigestTime", "", vars{"time": "06:45"}, nil)
	a.change(t, a.admin, "sendDigestNow", "", nil, nil)
}

// channels does what an admin does about a webhook.
func (a *audited) channels(t *testing.T, hook *sink.Web) {
	t.Helper()
	var made struct{ Channel struct{ ID string } }
	a.change(t, a.admin, "createChannel", "channel { id }", vars{"kind": "WEBHOOK", "name": "ops", "url": hook.URL}, &made)
	about := vars{"channelId": made.Channel.ID}
	a.change(t, a.admin, "updateChannel", "", vars{"channelId": made.Channel.ID, "name": "operations"}, nil)
	a.change(t, a.admin, "rotateChannelSecret", "", about, nil)
	var tested struct{ Delivery struct{ ID, State string } }
	a.change(t, a.admin, "testChannel", "delivery { id state }", about, &tested)
	hook.Wait(t, 1, patience)
	delivered := func() bool {
		var found struct{ Node struct{ State string } }
		a.admin.ask(t, "query($id: ID!) { node(id: $id) { ... on Delivery { state } } }", vars{"id": tested.Delivery.ID}, &found)
		return found.Node.State == "DELIVERED"
	}
	eventually(t, "the test's delivery", delivered)
	a.change(t, a.admin, "replayDelivery", "", vars{"deliveryId": tested.Delivery.ID}, nil)
	a.change(t, a.admin, "removeChannel", "", about, nil)
}

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestScenario16NobodyUnsubscribes: every way to be rid of the mandatory mail is refused
// with a clear error, or leaves the mail as it is (requirement K3, readings 1b.6, 1b.7).
func TestScenario16NobodyUnsubscribes(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		m := newMailed(t, url, salesforceVendor())
		lost := m.standardized(t, "Contact", 2)
		m.setRead(t, false, "Contact."+lost[0], "Contact."+lost[1])
		m.check(t)
		m.settle(t, 2)
		first, second := m.openAlerts(t)["Contact."+lost[0]], m.openAlerts(t)["Contact."+lost[1]]

		var found struct {
			Recipients struct {
				Edges []struct{ Node struct{ ID, Address string } }
			}
		}
		m.ask(t, "{ recipients { edges { node { id address } } } }", nil, &found)
		ids := map[string]string{}
		for _, edge := range found.Recipients.Edges {
			ids[edge.Node.Address] = edge.Node.ID
		}
		requireRefused(t, m.attempt(t, "removeRecipient", "", vars{"recipientId": ids[atCustomer]}), "RECIPIENT_REQUIRED")
		requireRefused(t, m.attempt(t, "muteAlertRule", "", vars{"rule": "STANDARD_FIELD_ACCESS_LOST", "reason": "too many mails"}), "MANDATORY_ALERT")
		requireRefused(t, m.attempt(t, "resolveAlert", "", vars{"alertId": first.ID, "note": "I do not care"}), "MANDATORY_ALERT")
		// What is allowed changes nothing about the digest.
		for _, id := range ids {
			m.change(t, "updateRecipient", "", vars{"recipientId": id, "minSeverity": "CRITICAL"}, nil)
		}
		m.change(t, "acknowledgeAlert", "", vars{"alertId": first.ID}, nil)
		m.change(t, "snoozeAlert", "", vars{"alertId": second.ID, "until": m.clock.Now().Add(7 * 24 * time.Hour).Format(time.RFC3339)}, nil)
		// There is no input that makes it rarer: a time of day is all that can be set.
		var inputs struct {
			Type struct{ InputFields []struct{ Name string } } `json:"__type"`
		}
		m.ask(t, `{ __type(name: "SetDigestTimeInput") { inputFields { name } } }`, nil, &inputs)
		require.Len(t, inputs.Type.InputFields, 3)

		require.Equal(t, 2, m.night(t, 2).Lost)
		for _, address := range []string{atVendor, atCustomer} {
			text := m.digestMails(t, address, 1)[0]
			for _, said := range []string{"* " + lost[0], "* " + lost[1], "acknowledged by", "put off until", "cannot be unsubscribed"} {
				require.Contains(t, text, said)
			}
		}
		var again struct{ Digest struct{ Recipients int } }
		m.change(t, "sendDigestNow", "digest { recipients }", vars{}, &again)
		require.Equal(t, 2, again.Digest.Recipients)
		require.Len(t, m.digestMails(t, atCustomer, 1), 1, "today's was sent already")
	})
}

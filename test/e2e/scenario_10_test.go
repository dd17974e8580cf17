package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScenario10TwoFieldsLost: five fields are standardized, the CRM hides two of them.
// After the daily run both are ERROR_STANDARDIZED, and one consolidated mail that names
// both goes to the vendor's and to the customer's people (requirements K2, K3, K14).
func TestScenario10TwoFieldsLost(t *testing.T) {
	t.Parallel()
	eachVendor(t, func(t *testing.T, url string, v vendor) {
		m := newMailed(t, url, v)
		five := m.standardized(t, v.contact, 5)
		lost := five[:2]
		m.setRead(t, false, v.contact+"."+lost[0], v.contact+"."+lost[1])
		digest := m.night(t, 2)

		wrong := m.fields(t, v.contact, "statuses: [ERROR_STANDARDIZED]")
		require.Len(t, wrong, 2)
		require.Contains(t, wrong, lost[0])
		require.Contains(t, wrong, lost[1])
		require.Equal(t, 2, digest.Lost)
		require.Equal(t, 2, digest.Recipients)
		require.True(t, digest.Mail.Sends)
		require.Contains(t, digest.Mail.Subject, "2 fields cannot be read")
		alerts := m.openAlerts(t)
		for _, address := range []string{atVendor, atCustomer} {
			text := m.digestMails(t, address, 1)[0]
			require.Equal(t, digest.Mail.Text, text)
			for _, name := range lost {
				a := alerts[v.contact+"."+name]
				for _, said := range []string{name, a.Evidence, a.Fix.Who, a.Fix.Steps[0], a.Fix.DeepLink, a.Affected[0].Title, "/data-sync/" + v.contact + "?field=" + name} {
					require.Contains(t, text, said)
				}
			}
			for _, name := range five[2:] {
				require.NotContains(t, text, "* "+name+" ")
			}
		}
		_, html, err := m.mails.To(atCustomer)[0].Parts()
		require.NoError(t, err)
		require.Equal(t, digest.Mail.HTML, html)
	})
}

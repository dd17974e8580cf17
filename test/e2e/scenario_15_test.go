package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestScenario15SameLossForThreeDays: without a loss nobody is mailed, though the digest
// ran. A loss that lasts three days is three digests, but one alert that opened once
// (requirements K3, K10, K11). When it is over the next digest is silent again.
func TestScenario15SameLossForThreeDays(t *testing.T) {
	t.Parallel()
	eachVendor(t, func(t *testing.T, url string, v vendor) {
		m := newMailed(t, url, v)
		// Looked at now: opening the fields of an old verdict would check them again.
		lost := m.standardized(t, v.contact, 1)[0]
		quiet := m.night(t, 0)
		require.Equal(t, oneDigest{LocalDate: quiet.LocalDate, Mail: quiet.Mail}, quiet, "it ran: 0 losses")
		require.False(t, quiet.Mail.Sends)

		m.setRead(t, false, v.contact+"."+lost)
		events := m.alertEvents(t, m.feedCursor(t))
		for day := 1; day <= 3; day++ {
			require.Equal(t, 1, m.night(t, 1).Lost)
			for _, address := range []string{atVendor, atCustomer} {
				require.Len(t, m.digestMails(t, address, day), day)
			}
		}
		require.Len(t, m.losses(t, ""), 1)
		require.GreaterOrEqual(t, m.losses(t, "")[v.contact+"."+lost].Occurrences, 3)

		m.setRead(t, true, v.contact+"."+lost)
		over := m.night(t, 0)
		require.Zero(t, over.Lost)
		require.Equal(t, 1, over.Resolved)
		require.Contains(t, over.Mail.Text, lost)
		require.Zero(t, over.Recipients)
		require.Len(t, m.digestMails(t, atCustomer, 3), 3, "nobody is mailed when nothing is lost")
		for _, want := range []string{"OPENED", "RESOLVED"} {
			event, subject, _ := nextAlert(t, events)
			require.Equal(t, want, event)
			require.Equal(t, v.contact+"."+lost, subject)
		}
	})
}

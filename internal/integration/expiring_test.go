package integration_test

import (
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestAnAuthorizationThatIsNotRenewedIsAlerted before the CRM ends it, once; using it
// again ends the alert (requirement K4).
func TestAnAuthorizationThatIsNotRenewedIsAlerted(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		all := principal.AllWorkspaces(t.Context(), "test")
		warn := func() []crm.AlertRule {
			t.Helper()
			require.NoError(t, h.WarnCredentialsExpiring(all))
			return h.openAlerts(id)
		}
		clock.Advance(400 * 24 * time.Hour)
		require.Empty(t, warn(), "a CRM that ends nothing for want of use")

		h.crm.expire()
		_, err := h.call(id)
		require.NoError(t, err)
		for i := range h.connectors.manifest.Environments {
			h.connectors.manifest.Environments[i].OAuth.RefreshTokenIdle = 90 * 24 * time.Hour
		}
		clock.Advance(83*24*time.Hour - time.Second)
		require.Empty(t, warn(), "more than a week is left")
		clock.Advance(time.Second)
		require.Equal(t, []crm.AlertRule{crm.RuleCredentialExpiring}, warn())
		clock.Advance(time.Hour)
		require.Equal(t, []crm.AlertRule{crm.RuleCredentialExpiring}, warn())
		row := s.Read().Alert.Query().OnlyX(h.ctx)
		require.Equal(t, 1, row.Occurrences)
		require.Equal(t, crm.SeverityWarning, row.Severity)
		require.Contains(t, row.Message, "ends on")

		h.crm.expire()
		_, err = h.call(id)
		require.NoError(t, err)
		require.Empty(t, warn(), "it was renewed")
		require.Equal(t, crm.ResolvedRestored, *s.Read().Alert.Query().OnlyX(h.ctx).Resolution)

		// Not renewed again until it is refused: signing in again ends that alert as well.
		clock.Advance(85 * 24 * time.Hour)
		require.Equal(t, []crm.AlertRule{crm.RuleCredentialExpiring}, warn())
		h.crm.expire()
		h.crm.set(func() { h.crm.revoked = true })
		_, err = h.call(id)
		require.Error(t, err)
		require.Contains(t, warn(), crm.RuleCredentialExpired)
		require.Contains(t, h.openAlerts(id), crm.RuleGraceStarted)
		h.crm.set(func() { h.crm.revoked = false })
		h.reconnect(id)
		require.Empty(t, h.openAlerts(id))
		require.Empty(t, warn())
	})
}

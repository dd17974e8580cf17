package alert_test

import (
	"context"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestConnectorsThatDoNotWork alert the integrations that need them, once, and only as
// long as any node sees them fail (requirement K9).
func TestConnectorsThatDoNotWork(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		d, other, away := newDesk(t, s), newDesk(t, s), newDesk(t, s)
		away.inTx(func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Integration.UpdateOneID(away.integration.ID).SetState(crm.IntegrationDisconnected).Exec(ctx)
		})
		minute := func(connectors ...alert.ConnectorHealth) {
			t.Helper()
			clock.Advance(time.Minute)
			require.NoError(t, d.triage.WatchConnectors(principal.AllWorkspaces(t.Context(), "test"), connectors))
		}
		fails := alert.ConnectorHealth{Name: "salesforce", Title: "Salesforce", Reason: "QUARANTINED: it crashed 5 times"}
		works := alert.ConnectorHealth{Name: "salesforce", Title: "Salesforce", Works: true}
		minute(alert.ConnectorHealth{Name: "hubspot", Title: "HubSpot"}, works)
		require.Empty(t, d.all())

		minute(fails)
		minute(fails)
		for _, one := range []*desk{d, other} {
			row := one.only()
			require.Equal(t, crm.RuleConnectorUnhealthy, row.Rule)
			require.Equal(t, crm.AlertOpen, row.State)
			require.Equal(t, 1, row.Occurrences)
			require.Equal(t, "The connector for Salesforce does not work", row.Title)
			require.Equal(t, fails.Reason, row.Evidence)
			require.NotEmpty(t, row.Fix.Steps)
			require.Equal(t, []crm.AlertEvent{crm.AlertOpened}, one.events(0))
		}
		require.Empty(t, away.all(), "a disconnected one needs no connector")

		// Two nodes: it works on one and not on the other.
		for range 5 {
			minute(works)
			minute(fails)
		}
		require.Equal(t, crm.AlertOpen, d.only().State)
		minute(works)
		minute(works)
		require.Equal(t, crm.AlertOpen, d.only().State)
		minute(works)
		for _, one := range []*desk{d, other} {
			require.Equal(t, crm.AlertResolved, one.only().State)
			require.Equal(t, crm.ResolvedRestored, *one.only().Resolution)
			require.Equal(t, []crm.AlertEvent{crm.AlertOpened, crm.AlertWasResolved}, one.events(0))
		}
		require.Equal(t, []string{"OPENED ", "OPENED ", "RESOLVED ", "RESOLVED "}, d.told.batches)
	})
}

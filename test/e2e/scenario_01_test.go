package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// TestScenario01OneProductionInstanceAndASandboxBesideIt: a second Salesforce
// production integration is refused with a typed error that names the first; a sandbox
// one is connected beside it.
func TestScenario01OneProductionInstanceAndASandboxBesideIt(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{})
		production := s.connect(t, "PRODUCTION")
		another := vars{"connector": connectorName, "environment": "PRODUCTION"}
		refused := requireRefused(t, s.admin.attempt(t, "startIntegration", "integration { id }", another), "INSTANCE_LIMIT")
		require.Equal(t, []string{"environment"}, refused.Field)
		require.Equal(t, "HOST", refused.Side)
		require.Contains(t, refused.Message, production.id)
		require.Equal(t, "ONBOARDING", production.standing(t, "ONBOARDING").State, "the first is as it was")

		s.crm.put(t, salesforce.Config{Sandbox: true, OrgID: "00D8Z0000000009"})
		sandbox := s.connect(t, "SANDBOX")
		require.NotEqual(t, production.id, sandbox.id)
		type connected struct {
			Environment string
			Instance    struct{ ID string }
		}
		var both struct {
			Integrations struct {
				TotalCount int
				Edges      []struct{ Node connected }
			}
		}
		s.admin.ask(t, "{ integrations(first: 10) { totalCount edges { node { environment instance { id } } } } }", nil, &both)
		require.Equal(t, 2, both.Integrations.TotalCount)
		require.NotEqual(t, both.Integrations.Edges[0].Node.Instance.ID, both.Integrations.Edges[1].Node.Instance.ID)
		requireRefused(t, s.admin.attempt(t, "startIntegration", "", vars{"connector": connectorName, "environment": "SANDBOX"}), "INSTANCE_LIMIT")
	})
}

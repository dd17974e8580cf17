package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/server"
)

// TestMarketingAutomationIsRefused: a connector of the kind MAP is listed as what it
// is, and everything that would connect it is refused (requirement J2).
func TestMarketingAutomationIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.SQLiteURL(t), siteOptions{config: func(config *server.Config) {
		config.Connectors = append(config.Connectors, server.ConnectorConfig{Name: "automation", Path: programs.automation})
	}})
	var found struct {
		Connectors []struct{ Name, Kind, Status string }
	}
	s.admin.ask(t, "{ connectors { name kind status } }", nil, &found)
	require.Contains(t, found.Connectors, struct{ Name, Kind, Status string }{"automation", "MAP", "LOADED"})

	for name, input := range map[string]vars{
		"startIntegration": {"connector": "automation", "environment": "PRODUCTION"},
		"setOAuthClient":   {"connector": "automation", "environment": "PRODUCTION", "clientId": "id", "clientSecret": "a-secret-of-ours"},
	} {
		refused := requireRefused(t, s.admin.attempt(t, name, "", input), "CONNECTOR_KIND")
		require.Equal(t, "HOST", refused.Side)
		require.Contains(t, refused.Message, "Example Automation is marketing automation")
		require.NotEmpty(t, refused.Hint)
	}
	var listed struct{ Integrations struct{ TotalCount int } }
	s.admin.ask(t, "{ integrations { totalCount } }", nil, &listed)
	require.Zero(t, listed.Integrations.TotalCount)
}

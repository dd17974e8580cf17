package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestScenario02ConnectedSeesTheCRMUnconnectedTheStart: who is connected sees the CRM
// and when it synced last; who is not sees what is needed and the first step.
func TestScenario02ConnectedSeesTheCRMUnconnectedTheStart(t *testing.T) {
	t.Parallel()
	const screen = `{ integrations(first: 1) { totalCount edges { node { id state lastSyncedAt connector { title } instance { name }
		onboarding { step done blockers } } } }
		connectors { name prerequisites { key title required } } }`
	type step struct {
		Step     string
		Done     bool
		Blockers []string
	}
	type seen struct {
		Integrations struct {
			TotalCount int
			Edges      []struct {
				Node struct {
					ID, State    string
					LastSyncedAt *string
					Connector    struct{ Title string }
					Instance     *struct{ Name string }
					Onboarding   []step
				}
			}
		}
		Connectors []struct {
			Name          string
			Prerequisites []struct {
				Key, Title string
				Required   bool
			}
		}
	}
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{})
		connected := s.active(t)
		var there seen
		s.admin.ask(t, screen, nil, &there)
		require.Equal(t, 1, there.Integrations.TotalCount)
		node := there.Integrations.Edges[0].Node
		require.Equal(t, connected.id, node.ID)
		require.Equal(t, "ACTIVE", node.State)
		require.Equal(t, "Salesforce", node.Connector.Title)
		require.NotEmpty(t, node.Instance.Name)
		require.NotNil(t, node.LastSyncedAt)
		for _, one := range node.Onboarding {
			require.True(t, one.Done, one.Step)
		}

		newcomer := s.otherWorkspace(t)
		var before seen
		newcomer.ask(t, screen, nil, &before)
		require.Zero(t, before.Integrations.TotalCount)
		require.Equal(t, connectorName, before.Connectors[0].Name)
		require.NotEmpty(t, before.Connectors[0].Prerequisites, "what is needed is shown before the start")

		s.start(t, newcomer, "PRODUCTION")
		var begun seen
		newcomer.ask(t, screen, nil, &begun)
		node = begun.Integrations.Edges[0].Node
		require.Equal(t, "AUTHORIZING", node.State)
		require.Nil(t, node.LastSyncedAt)
		require.Nil(t, node.Instance)
		require.Equal(t, step{Step: "AUTHORIZE", Blockers: []string{"Nobody has signed in to the CRM."}}, node.Onboarding[0])
		for _, one := range node.Onboarding {
			require.False(t, one.Done, one.Step)
		}
	})
}

package server

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/plugins/host"
)

// A connector has an API to set a budget for, also one that names none, or that has
// not said anything yet.
func TestConnectorsShowTheirAPIs(t *testing.T) {
	t.Parallel()
	keys := func(status host.Status) []string {
		var keys []string
		for _, api := range (catalogue{}).show(status).APITypes {
			keys = append(keys, api.Key)
		}
		return keys
	}
	require.Equal(t, []string{"api"}, keys(host.Status{Name: "broken"}))
	require.Equal(t, []string{"api"}, keys(host.Status{Manifest: &crm.Manifest{}}))
	require.Equal(t, []string{"rest", "bulk"}, keys(host.Status{Manifest: &crm.Manifest{APITypes: []crm.APIType{{Key: "rest"}, {Key: "bulk"}}}}))
}

// TestEveryHostStateHasAConnectorStatus holds the API's enum and the host's
// states together.
func TestEveryHostStateHasAConnectorStatus(t *testing.T) {
	t.Parallel()
	for _, state := range []host.State{
		host.StateNew, host.StateLoaded, host.StateFailing, host.StateQuarantined, host.StateIncompatible,
		host.StateMissing, host.StateUntrusted, host.StateBroken,
	} {
		require.True(t, connectorStatus(state).IsValid(), "%s", state)
	}
}

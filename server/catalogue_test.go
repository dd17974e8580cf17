package server

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/host"
)

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

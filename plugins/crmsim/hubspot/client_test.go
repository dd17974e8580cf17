package hubspot_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/hubspot"
)

// clientVersion is the last one that declares Node 18 and 20.
const clientVersion = "@hubspot/api-client@13.5.0"

// TestNodeClient lets HubSpot's own client for Node go through tokens, records, search, associations and definitions.
// It needs Node and the npm registry, so it runs only when asked to. FIELDWARDEN_HUBSPOT_CLIENT_DIR may name a folder
// where the client is installed already.
func TestNodeClient(t *testing.T) {
	t.Parallel()
	if os.Getenv("FIELDWARDEN_NPM_TESTS") != "1" {
		t.Skip("FIELDWARDEN_NPM_TESTS is not 1: the simulator is not tried with " + clientVersion)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	dir := os.Getenv("FIELDWARDEN_HUBSPOT_CLIENT_DIR")
	if dir == "" {
		dir = t.TempDir()
		install := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, clientVersion)
		text, err := install.CombinedOutput()
		require.NoError(t, err, "%s", text)
	}
	here, err := os.Getwd()
	require.NoError(t, err)
	p := start(t, func(c *hubspot.Config) { c.Clock = clockwork.NewRealClock() })
	story := exec.CommandContext(ctx, "node", filepath.Join(here, "testdata/client/story.mjs"), p.url,
		hubspot.DefaultClientID, hubspot.DefaultClientSecret)
	story.Dir = dir
	text, err := story.CombinedOutput()
	require.NoError(t, err, "%s", text)
	var got struct {
		Calls, Contacts int
		Done            bool
	}
	require.NoError(t, json.Unmarshal(text, &got), "%s", text)
	require.True(t, got.Done)
	require.Equal(t, 150, got.Contacts)
	t.Logf("%d calls of %s answered as expected", got.Calls, clientVersion)
}

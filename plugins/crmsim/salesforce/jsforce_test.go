package salesforce_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
)

// jsforceVersion is the last one that runs on Node 18 and 20.
const jsforceVersion = "jsforce@3.10.16"

// TestJSForce lets an independent client, the usual one for Node, go through every main call: sign-in, describe,
// reading, writing, composites, bulk, refresh and revocation.
// It needs Node and the npm registry, so it runs only when asked to. FIELDWARDEN_JSFORCE_DIR may name a folder where
// jsforce is installed already.
func TestJSForce(t *testing.T) {
	if os.Getenv("FIELDWARDEN_NPM_TESTS") != "1" {
		t.Skip("FIELDWARDEN_NPM_TESTS is not 1: the simulator is not tried with " + jsforceVersion)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	dir := os.Getenv("FIELDWARDEN_JSFORCE_DIR")
	if dir == "" {
		dir = t.TempDir()
		install := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, jsforceVersion)
		text, err := install.CombinedOutput()
		require.NoError(t, err, "%s", text)
	}
	here, err := os.Getwd()
	require.NoError(t, err)
	org := start(t, func(c *salesforce.Config) {
		c.Records, c.AppInstalled = map[string]int{"Account": 300, "Contact": 2500, "Opportunity": 200}, true
	})
	_, err = org.Controls().DeleteRecords(salesforce.RecordChange{Object: "Contact", Count: 5, LateSeconds: 120}) // the running minute is not covered
	require.NoError(t, err)

	story := exec.CommandContext(ctx, "node", here+"/testdata/jsforce/story.mjs", org.url, salesforce.DefaultClientID, salesforce.DefaultClientSecret)
	story.Dir = dir
	text, err := story.CombinedOutput()
	require.NoError(t, err, "%s", text)
	var got struct {
		Username, IdentityURL                                                       string
		Objects, Contacts, Second, Bin, Deleted, Bulk, Namespaces, Daily, Refreshed int
		Done                                                                        bool
		Usage                                                                       struct{ Used, Limit int }
	}
	require.NoError(t, json.Unmarshal(text, &got), "%s", text)
	require.Equal(t, "integration.user@northwind-trading.example", got.Username)
	require.Contains(t, got.IdentityURL, org.url)
	require.Equal(t, []int{14, 2495, 495, 2500, 5, 301, 1}, []int{
		got.Objects, got.Contacts, got.Second, got.Bin, got.Deleted, got.Bulk, got.Namespaces,
	})
	require.Equal(t, []int{100_000, 1}, []int{got.Daily, got.Refreshed})
	require.True(t, got.Done)
	require.Equal(t, 100_000, got.Usage.Used, "the spent limit shows in the header")
	counters := org.Controls().Counters()
	require.Equal(t, 1, counters.TokenRefreshes)
	require.Equal(t, 2, counters.RevokeCalls)
	require.Equal(t, 1, org.Controls().OpenAuthorizations(), "logout(true) revoked the refresh token, logout() only a session")
}

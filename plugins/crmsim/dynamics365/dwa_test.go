package dynamics365_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/dynamics365"
)

const clientVersion = "dynamics-web-api@2.5.0"

// withoutProxy is our environment without the proxy variables, which the client would use even for loopback.
func withoutProxy() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return strings.HasSuffix(strings.ToLower(name), "_proxy")
	})
}

// TestClient lets an independent client, the usual one for Node, make every main call. It needs Node and the npm
// registry, so it runs only when asked to. FIELDWARDEN_DWA_DIR may name a folder where it is installed already.
func TestClient(t *testing.T) {
	if os.Getenv("FIELDWARDEN_NPM_TESTS") != "1" {
		t.Skip("FIELDWARDEN_NPM_TESTS is not 1: the simulator is not tried with " + clientVersion)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	dir := os.Getenv("FIELDWARDEN_DWA_DIR")
	if dir == "" {
		dir = t.TempDir()
		install := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", dir, clientVersion)
		text, err := install.CombinedOutput()
		require.NoError(t, err, "%s", text)
	}
	story, err := os.ReadFile("testdata/dwa/story.cjs")
	require.NoError(t, err)
	// Copied next to the modules, because require looks there.
	script := dir + "/fieldwarden-story.cjs"
	require.NoError(t, os.WriteFile(script, story, 0o600))

	s := start(t).login(t)
	user := s.get(t, "/WhoAmI").json(t, http.StatusOK)["UserId"].(string)
	_, err = s.Controls().AddFault(control.Fault{Kind: dynamics365.FaultRequestLimit, Object: "campaign"})
	require.NoError(t, err)
	node := exec.CommandContext(ctx, "node", script, s.url, s.access, user)
	node.Env, node.Dir = withoutProxy(), dir
	var complaints strings.Builder
	node.Stderr = &complaints
	text, err := node.Output()
	require.NoError(t, err, "%s", complaints.String())
	var seen map[string]any
	require.NoError(t, json.Unmarshal(text, &seen), "%s", text)
	checkStory(t, seen, user)
}

type fields = map[string]any

// checkStory compares what the client made of the answers with what it must be.
func checkStory(t *testing.T, seen fields, user string) {
	t.Helper()
	require.Equal(t, user, seen["whoAmI"].(fields)["UserId"])
	page := seen["page"].(fields)
	require.Regexp(t, `^W/"\d+"$`, page["etag"])
	delete(page, "etag")
	one := seen["one"].(fields)
	require.NotEmpty(t, one["fullname"])
	wanted := fields{
		"page": fields{"rows": 50.0, "count": 120.0, "formatted": "Active"},
		"next": fields{"rows": 50.0, "more": true, "fresh": true},
		"all":  120.0, "notModified": nil, "tracked": true, "count": 120.0,
		"fetched": fields{"rows": 50.0, "next": 2.0}, "fetchedAll": 120.0, "longURL": 1.0,
		"sameAccount": true, "parent": true, "representation": "B", "parties": 2.0, "updated": true, "stale": false, "title": "Z",
		"unlinked": nil, "deleted": true, "byNames": []any{"Global", "Global"}, "byName": 1.0,
		"qualified":      []any{"#Microsoft.Dynamics.CRM.account", "#Microsoft.Dynamics.CRM.contact", "#Microsoft.Dynamics.CRM.opportunity"},
		"createMultiple": 2.0, "entities": []any{[]any{"account", "accounts", 8.0}, []any{"contact", "contacts", 8.0}}, "entity": 2.0,
		"options": []any{"Any", "Email", "Phone", "Fax", "Mail"}, "csdl": true,
		"batch": fields{"task": 36.0, "contacts": 3.0, "accounts": true},
	}
	for name, want := range wanted {
		require.Equal(t, want, seen[name], name)
	}
	require.Greater(t, seen["countFiltered"], 0.0)
	require.Greater(t, seen["privileges"], 50.0)
	require.Greater(t, seen["attributes"], 300.0)
	for name, want := range map[string][2]any{
		"gone": {404.0, "0x80040217"}, "missing": {404.0, "0x80060888"}, "limited": {429.0, "0x80072322"},
	} {
		failed, ok := seen[name].(fields)
		require.True(t, ok, "%s: %v", name, seen[name])
		require.Equal(t, want, [2]any{failed["status"], failed["code"]}, name)
	}
	require.Equal(t, "3", seen["limited"].(fields)["retryAfter"])
	require.Equal(t, []any{[]any{404.0, "0x80060888"}, user}, seen["batchFailed"])
}

// Package transporttest checks a GraphQL server from outside, for the tests
// of the transports and of the server that mounts them.
package transporttest

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// HTTPAudits is the number of server audits in the pinned graphql-http.
const HTTPAudits = 61

// npmVariable says what a missing Node or npm registry means: "1" makes it a
// failure, "0" never tries; unset, the audits run where both are at hand.
const npmVariable = "FIELDWARDEN_NPM_TESTS"

//go:embed audits
var audits embed.FS

// audit is one line of the runner's report.
type audit struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
	Reason string `json:"reason"`
}

// Header is an HTTP header to send along with every request.
type Header struct{ Name, Value string }

// RunHTTPAudits runs the server audits of npm graphql-http against the
// GraphQL endpoint at url, which must allow introspection with the headers
// given, and fails t unless all of them pass. It runs where Node, npm and the npm
// registry are at hand; elsewhere it is skipped, saying so, and with
// FIELDWARDEN_NPM_TESTS=1 it fails instead.
func RunHTTPAudits(t *testing.T, url string, headers ...Header) {
	t.Helper()
	report := runNode(t, "the graphql-http audits", audits, "audits", "AUDIT_HEADERS", headers, url)
	var results []audit
	require.NoError(t, json.Unmarshal(report, &results), "report: %s", report)
	for _, result := range results {
		if result.Status != "ok" {
			t.Errorf("audit %s %q: %s: %s", result.ID, result.Name, result.Status, result.Reason)
		}
	}
	require.Len(t, results, HTTPAudits, "the pinned graphql-http has another number of audits")
	t.Logf("graphql-http: %d of %d audits pass", len(results), HTTPAudits)
}

// runNode installs the package in a folder of files and runs its run.mjs with
// arguments; headers go into an environment variable, as a JSON object, since other
// users can read arguments. It returns the standard output. what names the tests when
// they are skipped.
func runNode(t *testing.T, what string, files embed.FS, folder, variable string, headers []Header, args ...string) []byte {
	t.Helper()
	if os.Getenv(npmVariable) == "0" {
		t.Skipf("SKIPPED: %s; %s=0", what, npmVariable)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	dir := t.TempDir()
	content, err := fs.Sub(files, folder)
	require.NoError(t, err)
	require.NoError(t, os.CopyFS(dir, content))

	extra := map[string]string{}
	for _, header := range headers {
		extra[header.Name] = header.Value
	}
	encoded, err := json.Marshal(extra)
	require.NoError(t, err)
	environment := append(os.Environ(), variable+"="+string(encoded))

	_, err = run(ctx, dir, environment, "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
	if err != nil && os.Getenv(npmVariable) != "1" {
		t.Skipf("SKIPPED: %s; Node or the npm registry is not at hand: %v", what, err)
	}
	require.NoError(t, err)
	report, err := run(ctx, dir, environment, "node", append([]string{filepath.Join(dir, "run.mjs")}, args...)...)
	require.NoError(t, err)
	return report
}

// run returns the standard output of a command in dir.
func run(ctx context.Context, dir string, environment []string, name string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, name, args...)
	command.Dir, command.Env = dir, environment
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s %v: %w\n%s%s", name, args, err, stdout.String(), stderr.String())
	}
	return stdout.Bytes(), nil
}

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binaries are the programs that the tests run, built once.
type binaries struct{ server, connector, automation string }

var programs binaries

// Secrets in the environment of every process that the tests start;
// TestSecretsAreFoundNowhere looks for them. One is nobody's, the other is the
// secret of an OAuth client.
const (
	environmentCanary     = "canary-environment-5f1b0c77a9"
	environmentCanaryName = "E2E_CANARY"
	clientCanary          = "canary-client-secret-1c9f04e6d2"
	clientCanaryName      = "E2E_CLIENT_SECRET"
)

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

// buildAndRun builds the programs and runs the tests.
func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "fieldwarden-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	// Without -race: the connector runs under its real memory limit, which the race
	// detector's own needs exceed.
	build := exec.Command("go", "build", "-o", dir+"/", "../../cmd/fieldwarden", "../../plugins/salesforce/cmd/fieldwarden-connector-salesforce",
		"../../plugins/hubspot/cmd/fieldwarden-connector-hubspot", "../../plugins/dynamics365/cmd/fieldwarden-connector-dynamics365",
		"../../plugins/example/automation")
	if output, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the programs: %v\n%s", err, output)
		return 1
	}
	programs = binaries{
		server: filepath.Join(dir, "fieldwarden"), connector: filepath.Join(dir, "fieldwarden-connector-salesforce"),
		automation: filepath.Join(dir, "automation"),
	}
	for name, value := range map[string]string{environmentCanaryName: environmentCanary, clientCanaryName: clientCanary} {
		if err := os.Setenv(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

package ui

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/fieldwarden/fieldwarden/internal/simulated"
)

// programs is the folder of the server and the bundled connectors.
var programs string

// missing says what this machine lacks for a browser; empty when it has everything.
var missing string

func TestMain(m *testing.M) { os.Exit(prepareAndRun(m)) }

func prepareAndRun(m *testing.M) int {
	if err := prepareBrowser(); err != nil {
		missing = err.Error()
		if os.Getenv("CI") == "true" {
			fmt.Fprintln(os.Stderr, missing)
			return 1
		}
	}
	dir, err := os.MkdirTemp("", "fieldwarden-ui-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programs = dir
	packages := []string{"../../cmd/fieldwarden"}
	for _, name := range simulated.Names() {
		packages = append(packages, "../../plugins/"+name+"/cmd/fieldwarden-connector-"+name)
	}
	if output, err := exec.Command("go", append([]string{"build", "-o", dir + "/"}, packages...)...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the programs: %v\n%s", err, output)
		return 1
	}
	return m.Run()
}

// prepareBrowser sees to Node, the packages of web and Chromium. In CI it installs
// Chromium where it is absent; nobody else's machine is changed by a test.
func prepareBrowser() error {
	if _, err := exec.LookPath("npm"); err != nil {
		return errors.New("no npm on this machine: install Node 20.19 or newer")
	}
	if _, err := os.Stat(filepath.Join(web, "node_modules", "playwright-core")); err != nil {
		if output, err := exec.Command("npm", "--prefix", web, "ci").CombinedOutput(); err != nil {
			return fmt.Errorf("npm ci in web: %w\n%s", err, output)
		}
	}
	if _, err := exec.LookPath("chromium"); err == nil {
		return nil
	}
	if os.Getenv("CI") != "true" || os.Geteuid() != 0 {
		return errors.New("no chromium on this machine: apt install chromium")
	}
	for _, arguments := range [][]string{{"update"}, {"install", "-y", "--no-install-recommends", "chromium"}} {
		command := exec.Command("apt-get", arguments...)
		command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %v: %w\n%s", arguments, err, output)
		}
	}
	return nil
}

package ui

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestStory plays the whole story in the browser: connect, settings, standardize, sync
// with moving progress, a field switched off in the CRM, the alert without a reload,
// its fix, and the field switched on again.
func TestStory(t *testing.T) {
	browse(t, newSite(t, 30000).world, "story")
}

// TestScreens opens each screen of a workspace in which much has happened.
func TestScreens(t *testing.T) {
	s := newSite(t, 600)
	s.happen(t)
	browse(t, s.world, "screens")
}

// ready is what the server prints last when it starts.
var (
	ready    = regexp.MustCompile(`^READY (\S+)$`)
	linkLine = regexp.MustCompile(`^\s+(http\S+/signin/link\?ticket=\S+)$`)
)

// TestFirstWalk goes from the link that `make run` prints to the first live alert, by
// what a newcomer can read on the screen only.
func TestFirstWalk(t *testing.T) {
	if missing != "" {
		t.Skip("SKIPPED: no browser test: " + missing)
	}
	folder, err := os.MkdirTemp("", "fwwalk-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	listen, simulators := freePorts(t)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, filepath.Join(programs, "fieldwarden"), "serve", "--dev",
		"--listen", listen, "--data-dir", folder, "--database", "sqlite:"+folder, "--key", "file:"+filepath.Join(folder, "key"), "--simulator", simulators)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 20 * time.Second
	command.Stderr = t.Output()
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	w := world{Simulator: "http://" + simulators}
	for lines := bufio.NewScanner(out); w.URL == "" && lines.Scan(); {
		if found := linkLine.FindStringSubmatch(lines.Text()); found != nil {
			w.OwnerLink = found[1]
		}
		if found := ready.FindStringSubmatch(lines.Text()); found != nil {
			w.URL = found[1]
		}
	}
	require.NotEmpty(t, w.URL, "the server did not start")
	require.NotEmpty(t, w.OwnerLink, "the server printed no link for the owner")
	browse(t, w, "walk")
	cancel()
	_ = command.Wait()
}

// freePorts finds an address for the server, and one for the first simulator after
// which the next two are free as well.
func freePorts(t *testing.T) (listen, simulators string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	for range 50 {
		first, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		port := first.Addr().(*net.TCPAddr).Port
		second, err2 := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port + 1})
		third, err3 := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port + 2})
		for _, each := range []*net.TCPListener{second, third} {
			if each != nil {
				each.Close()
			}
		}
		first.Close()
		if err2 == nil && err3 == nil {
			return listener.Addr().String(), first.Addr().String()
		}
	}
	t.Fatal("no three free ports in a row")
	return "", ""
}

package host_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/plugins/host"
)

func installedAt(path string) func(*host.Config) {
	return func(c *host.Config) { c.Connectors[0].Path = path }
}

// file writes a file and returns its path.
func file(t *testing.T, content []byte, perm os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "connector")
	require.NoError(t, os.WriteFile(path, content, perm))
	return path
}

func TestBrokenInstallationsAreListedNotFatal(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile(connectorBinary)
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		change func(*host.Config)
		state  host.State
		code   fault.Code
		part   string
	}{
		"missing":        {installedAt("/nonexistent/connector"), host.StateMissing, fault.ConnectorNotFound, "no file at"},
		"a folder":       {installedAt(t.TempDir()), host.StateBroken, fault.ConnectorNotExecutable, "is not a file"},
		"not executable": {installedAt(file(t, good, 0o600)), host.StateBroken, fault.ConnectorNotExecutable, "is not executable"},
		"wrong machine":  {installedAt(file(t, foreign(good), 0o700)), host.StateBroken, fault.ConnectorNotExecutable, runtime.GOARCH},
		"not a program":  {installedAt(file(t, []byte("hello"), 0o700)), host.StateBroken, fault.ConnectorNotExecutable, "exec format error"},
		"wrong checksum": {func(c *host.Config) { c.Connectors[0].SHA256 = strings.Repeat("0", 64) }, host.StateUntrusted, fault.ConnectorChecksum, "expected is 000"},
		"old protocol":   {mode("old-protocol"), host.StateIncompatible, fault.ConnectorProtocol, "speaks connector protocol 0, this server speaks 1"},
		"old go-plugin":  {mode("old-core"), host.StateIncompatible, fault.ConnectorProtocol, "version 9 of go-plugin"},
		"net/rpc":        {mode("netrpc"), host.StateIncompatible, fault.ConnectorProtocol, "does not speak gRPC"},
		"tcp":            {mode("tcp"), host.StateIncompatible, fault.ConnectorProtocol, "listens on tcp"},
		"bad manifest":   {mode("bad-manifest"), host.StateBroken, fault.ConnectorAnswer, "token_url"},
		"wrong name":     {mode("wrong-name"), host.StateBroken, fault.ConnectorAnswer, `the manifest's name is "other"`},
		"exits":          {mode("exits"), host.StateFailing, fault.ConnectorStart, "exit code 4"},
		"not our kind":   {installedAt("/bin/true"), host.StateFailing, fault.ConnectorStart, "is it a Fieldwarden connector?"},
		"foreign socket": {mode("foreign-socket"), host.StateFailing, fault.ConnectorStart, "its socket is not in"},
		"dead socket":    {mode("dead-socket"), host.StateFailing, fault.ConnectorStart, "the connection failed"},
		"silent":         {mode("silent"), host.StateFailing, fault.ConnectorStart, "did not greet the host in time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := []func(*host.Config){tc.change}
			if name == "silent" {
				change = append(change, func(c *host.Config) { c.Timeouts.Start = 300 * time.Millisecond })
			}
			l := newLab(t, change...).start(t)
			status := l.status(t)
			require.Equal(t, tc.state, status.State)
			requireFault(t, status.LastFault, tc.code, tc.part)
			require.NotEmpty(t, status.LastFault.WhatToDo())
			_, err := l.Identify(within(t, 5*time.Second), "test", target(""))
			requireFault(t, err, tc.code)
			require.Empty(t, sockets(t, l))
		})
	}
}

// foreign makes a program of another machine out of ours.
func foreign(program []byte) []byte {
	other := bytes.Clone(program)
	machine := elf.EM_AARCH64
	if runtime.GOARCH == "arm64" {
		machine = elf.EM_X86_64
	}
	binary.LittleEndian.PutUint16(other[18:], uint16(machine)) // e_machine
	return other
}

// sockets lists what is in the host's run folder beside its lock.
func sockets(t *testing.T, l lab) []string {
	t.Helper()
	entries, err := os.ReadDir(host.RunFolder(l.Host))
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		if entry.Name() != "lock" {
			names = append(names, entry.Name())
		}
	}
	return names
}

func TestLastLinesTellWhyItDidNotStart(t *testing.T) {
	t.Parallel()
	l := newLab(t, mode("exits")).start(t)
	require.Contains(t, l.status(t).LastLines, "license file not found")
}

func TestNoiseOnStandardOutputIsLogged(t *testing.T) {
	t.Parallel()
	l := newLab(t, mode("noisy")).start(t)
	require.Equal(t, host.StateLoaded, l.status(t).State)
	require.Contains(t, l.log.String(), "Loading … 1|2|3")
	require.Less(t, len(l.log.String()), 100<<10, "a line of 3 MiB is cut")
}

func TestWithoutMutualTLSThePeerIsChecked(t *testing.T) {
	t.Parallel()
	l := newLab(t, mode("no-mtls")).start(t)
	_, err := l.Identify(t.Context(), "test", target(""))
	require.NoError(t, err)
	require.Contains(t, noteOf(l.status(t), "transport"), "private socket folder")
}

func noteOf(status host.Status, protection string) string {
	for _, p := range status.Protections {
		if p.Name == protection {
			return p.Note
		}
	}
	return ""
}

func TestRestartReadsARepairedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "connector")
	l := newLab(t, installedAt(path)).start(t)
	require.Equal(t, host.StateMissing, l.status(t).State)
	good, err := os.ReadFile(connectorBinary)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, good, 0o700))
	require.NoError(t, l.Restart(t.Context(), "test"))
	require.Equal(t, host.StateLoaded, l.status(t).State)
	first := l.status(t).PID
	require.NoError(t, l.Restart(t.Context(), "test"))
	require.NotEqual(t, first, l.status(t).PID)
	require.Zero(t, l.status(t).Crashes, "an asked-for stop is no crash")
}

func TestChangedCopyIsNotExecuted(t *testing.T) {
	t.Parallel()
	work := t.TempDir()
	l := newLab(t, func(c *host.Config) { c.WorkDir = work }).start(t)
	copies, err := filepath.Glob(filepath.Join(work, "bin", "*"))
	require.NoError(t, err)
	require.Len(t, copies, 1)
	info, err := os.Stat(copies[0])
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o500), info.Mode().Perm())

	_, err = l.Identify(t.Context(), "test", target("crash"))
	requireFault(t, err, fault.ConnectorCrashed)
	require.NoError(t, os.Remove(copies[0]))
	require.NoError(t, os.WriteFile(copies[0], []byte("#!/bin/sh\necho owned\n"), 0o500))
	_, err = l.Identify(t.Context(), "test", target(""))
	requireFault(t, err, fault.ConnectorChecksum, "was changed")
	require.Equal(t, host.StateUntrusted, l.status(t).State)
	require.NoError(t, l.Restart(t.Context(), "test"), "a restart makes a new copy")
}

func TestConfigurationMistakes(t *testing.T) {
	t.Parallel()
	valid := host.Config{
		Connectors: []host.Installation{{Name: "test", Path: "/c"}}, WorkDir: t.TempDir(), ShimPath: "/s", Logger: (&journal{}).logger(),
	}
	for name, change := range map[string]func(*host.Config){
		"no work folder": func(c *host.Config) { c.WorkDir = "" },
		"no shim":        func(c *host.Config) { c.ShimPath = "" },
		"no logger":      func(c *host.Config) { c.Logger = nil },
		"relative path":  func(c *host.Config) { c.Connectors[0].Path = "c" },
		"bad name":       func(c *host.Config) { c.Connectors[0].Name = "Te st" },
		"twice":          func(c *host.Config) { c.Connectors = append(c.Connectors, c.Connectors[0]) },
		"bad checksum":   func(c *host.Config) { c.Connectors[0].SHA256 = "abc" },
		"reserved":       func(c *host.Config) { c.Connectors[0].Env = []string{"PLUGIN_CLIENT_CERT=x"} },
		"bad variable":   func(c *host.Config) { c.Connectors[0].Env = []string{"novalue"} },
		"tiny memory":    func(c *host.Config) { c.MaxInFlightBytes = 1 },
	} {
		config := valid
		config.Connectors = append([]host.Installation(nil), valid.Connectors...)
		change(&config)
		_, err := host.New(config)
		require.True(t, fault.Is(err, fault.ConfigInvalid), "%s: %v", name, err)
	}
}

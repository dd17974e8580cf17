package host_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/host"
)

// promise is how long processes may outlive the server.
const promise = 2 * time.Second

// alive reports whether a process runs (a zombie does not).
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

func parentOf(t *testing.T, pid int) int {
	t.Helper()
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(stat), ") ")
	parent, err := strconv.Atoi(strings.Fields(rest)[1])
	require.NoError(t, err)
	return parent
}

// pidsIn reads the pids of two grandchildren and the connector.
func pidsIn(t *testing.T, file string) []int {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var pids []int
	for _, text := range strings.Fields(string(content)) {
		pid, err := strconv.Atoi(text)
		require.NoError(t, err)
		require.True(t, alive(pid))
		pids = append(pids, pid)
	}
	require.Len(t, pids, 3)
	return pids
}

func requireGone(t *testing.T, pids []int) {
	t.Helper()
	started := time.Now()
	for _, pid := range pids {
		require.Eventually(t, func() bool { return !alive(pid) }, promise-time.Since(started), 5*time.Millisecond, "process %d lives on", pid)
	}
	t.Logf("all gone after %s", time.Since(started).Round(time.Millisecond))
}

// helper starts a host in a process of its own, whose connector has started two
// grandchildren, one of them in a session of its own.
func helper(t *testing.T, work string) (server *exec.Cmd, pids []int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pids")
	server = exec.Command(os.Args[0], helperCommand, connectorBinary, work, file)
	server.Stderr = os.Stderr
	stdout, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "ready\n", line)
	return server, pidsIn(t, file)
}

func TestNothingOutlivesAKilledServer(t *testing.T) {
	t.Parallel()
	server, pids := helper(t, t.TempDir())
	shim := parentOf(t, pids[2])
	require.NoError(t, server.Process.Kill())
	requireGone(t, append(pids, shim))
}

func TestNothingOutlivesAKilledShim(t *testing.T) {
	t.Parallel()
	l := newLab(t).start(t)
	file := filepath.Join(t.TempDir(), "pids")
	leak := target("leak-grandchild", func(c map[string]any) { c["pidFile"] = file })
	_, err := l.Identify(t.Context(), "test", leak)
	require.NoError(t, err)
	pids := pidsIn(t, file)
	require.NoError(t, syscall.Kill(parentOf(t, pids[2]), syscall.SIGKILL))
	requireGone(t, pids)
	require.Eventually(t, func() bool {
		_, err := l.Identify(t.Context(), "test", target(""))
		return err == nil // one that was under way at the crash fails with it
	}, promise, 5*time.Millisecond, "the next call is served")
}

func TestNextServerSweepsWhatServerAndShimLeft(t *testing.T) {
	t.Parallel()
	work := t.TempDir()
	server, pids := helper(t, work)
	shim := parentOf(t, pids[2])
	// Stopped, the shim cannot react; then both die at once.
	require.NoError(t, syscall.Kill(shim, syscall.SIGSTOP))
	require.NoError(t, server.Process.Kill())
	_ = server.Wait()
	require.NoError(t, syscall.Kill(shim, syscall.SIGKILL))
	require.True(t, alive(pids[1]), "the escaped grandchild has nobody left who knows it")

	l := newLab(t, func(c *host.Config) { c.WorkDir = work }).start(t)
	requireGone(t, pids)
	folders, err := filepath.Glob(filepath.Join(filepath.Dir(host.RunFolder(l.Host)), "fw-*"))
	require.NoError(t, err)
	for _, folder := range folders {
		_, err := os.Stat(filepath.Join(folder, "lock"))
		require.True(t, err == nil || errors.Is(err, os.ErrNotExist))
	}
	require.Contains(t, l.log.String(), "swept what an earlier server left behind")
}

func TestStoppedConnectorIsKilled(t *testing.T) {
	t.Parallel()
	l := newLab(t).start(t)
	pid := l.status(t).PID
	require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	started := time.Now()
	require.NoError(t, l.Close())
	require.False(t, alive(pid))
	require.Less(t, time.Since(started), 5*time.Second)
}

func TestEnvironmentAndArgumentsHoldNothingOfTheHosts(t *testing.T) {
	t.Setenv("FIELDWARDEN_MASTER_KEY", canary)
	l := newLab(t, func(c *host.Config) { c.Connectors[0].Env = []string{"GREETING=hello"} }).start(t)
	items, err := l.Checklist(t.Context(), "test", target(""), nil)
	require.NoError(t, err)
	var names []string
	for _, variable := range lines(items[0].Evidence) {
		// A certificate is a value of several lines.
		if name, _, found := strings.Cut(variable, "="); found && name == strings.ToUpper(name) && !strings.ContainsAny(name, "+/- ") {
			names = append(names, name)
		}
	}
	require.Subset(t, []string{
		"PATH", "LANG", "TZ", "HOME", "TMPDIR", "GOMEMLIMIT", "GREETING", "FIELDWARDEN_LIFELINE", "FIELDWARDEN_CONNECTOR_INSTANCE",
		"FIELDWARDEN_CONNECTOR_COOKIE", "PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT", "PLUGIN_PROTOCOL_VERSIONS", "PLUGIN_CLIENT_CERT", "PLUGIN_UNIX_SOCKET_DIR",
	}, names)
	require.Contains(t, names, "GREETING")
	require.Equal(t, "test", items[1].Evidence, "the connector's arguments are its name alone")

	// The shim's too: its environment and command line are open to the same user.
	shim := parentOf(t, l.status(t).PID)
	for _, name := range []string{"environ", "cmdline"} {
		content, err := os.ReadFile("/proc/" + strconv.Itoa(shim) + "/" + name)
		require.NoError(t, err)
		require.NotContains(t, string(content), canary)
	}
}

func TestLimitsHoldAndAreReportedTruthfully(t *testing.T) {
	t.Parallel()
	l := newLab(t, func(c *host.Config) { c.Connectors[0].MemoryLimit = 256 << 20 }).start(t)
	limits, err := os.ReadFile("/proc/" + strconv.Itoa(l.status(t).PID) + "/limits")
	require.NoError(t, err)
	for _, line := range lines(string(limits)) {
		switch {
		case strings.HasPrefix(line, "Max core file size"):
			require.Equal(t, []string{"0", "0"}, strings.Fields(line)[4:6])
		case strings.HasPrefix(line, "Max open files"):
			require.Equal(t, []string{"4096", "4096"}, strings.Fields(line)[3:5])
		case strings.HasPrefix(line, "Max data size"):
			require.Equal(t, "268435456", strings.Fields(line)[4])
		}
	}
	status, err := os.ReadFile("/proc/" + strconv.Itoa(l.status(t).PID) + "/status")
	require.NoError(t, err)
	require.Contains(t, string(status), "NoNewPrivs:\t1")

	levels := map[string]host.Level{}
	for _, p := range l.status(t).Protections {
		levels[p.Name] = p.Level
	}
	require.Equal(t, map[string]host.Level{
		"checksum": host.Advisory, "private-copy": host.Enforced, "environment": host.Enforced, "transport": host.Enforced,
		"orphans": host.Enforced, "no-new-privileges": host.Enforced, "limits": host.Enforced, "memory": host.Enforced,
		"message-size": host.Enforced, "network": host.Advisory, "files": host.Advisory,
	}, levels)

	// A memory bomb kills the connector and nobody else.
	_, err = l.Identify(t.Context(), "test", target("memory-bomb"))
	requireFault(t, err, "CONNECTOR_CRASHED")
	_, err = l.Identify(t.Context(), "test", target(""))
	require.NoError(t, err)
}

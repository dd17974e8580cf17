package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// processes are the command lines of a server and all that it started, and the
// environments of what it started: shim and connector.
func processes(t *testing.T, server int) map[string][]byte {
	t.Helper()
	places := map[string][]byte{}
	for _, pid := range append(descendants(t, server), server) {
		command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		require.NoError(t, err)
		require.NotEmpty(t, command)
		places[fmt.Sprintf("command line of %d", pid)] = command
		if pid == server {
			continue
		}
		environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		require.NoError(t, err)
		places[fmt.Sprintf("environment of %d (%s)", pid, strings.ReplaceAll(string(command), "\x00", " "))] = environment
	}
	require.GreaterOrEqual(t, len(places), 5, "a server, a shim and a connector")
	return places
}

// descendants are the processes below one.
func descendants(t *testing.T, of int) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(t, err)
	children := map[int][]int{}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		pid, err := strconv.Atoi(strings.Fields(string(text))[0])
		require.NoError(t, err)
		// The name in parentheses may hold spaces.
		after := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		parent, err := strconv.Atoi(after[1])
		require.NoError(t, err)
		children[parent] = append(children[parent], pid)
	}
	var all []int
	for queue := children[of]; len(queue) > 0; queue = queue[1:] {
		all = append(all, queue[0])
		queue = append(queue, children[queue[0]]...)
	}
	return all
}

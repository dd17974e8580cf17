package host_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/plugins/host"
)

// logged waits for a line of the connector's that has the message.
func (l lab) logged(t *testing.T, message string) map[string]any {
	t.Helper()
	var found map[string]any
	require.Eventually(t, func() bool {
		for _, line := range lines(l.log.String()) {
			var entry map[string]any
			if json.Unmarshal([]byte(line), &entry) == nil && entry["msg"] == message {
				found = entry
				return true
			}
		}
		return false
	}, 5*time.Second, 5*time.Millisecond, "no line %q", message)
	return found
}

func TestConnectorsLinesAreOursWithoutSecrets(t *testing.T) {
	t.Parallel()
	l := newLab(t).start(t)
	_, err := l.Identify(t.Context(), "test", target("secret-log"))
	require.NoError(t, err)
	entry := l.logged(t, "token [secret]")
	require.Equal(t, "WARN", entry["level"])
	require.Equal(t, "test", entry["connector"])
	require.Equal(t, map[string]any{"token": "[secret]", "raw": "[secret]", "header": "Bearer [secret]"}, entry["fields"])
	require.Equal(t, "test", l.logged(t, "plain [secret]")["connector"])
	require.Equal(t, "printed [secret]", l.logged(t, "the connector printed to standard output")["line"])
}

func TestPanicOfAGoroutineIsInTheLog(t *testing.T) {
	t.Parallel()
	l := newLab(t).start(t)
	_, err := l.Identify(t.Context(), "test", target("panic"))
	require.Error(t, err)
	entry := l.logged(t, "panic in the connector")
	require.Equal(t, "ERROR", entry["level"])
	require.Contains(t, entry["fields"].(map[string]any)["stack"], "testconnector.go")
}

func TestFloodAndLongLinesAreBounded(t *testing.T) {
	t.Parallel()
	l := newLab(t).start(t)
	_, err := l.Identify(t.Context(), "test", target("log-flood"))
	require.NoError(t, err)
	_, err = l.Identify(t.Context(), "test", target("long-line"))
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.Less(t, len(l.log.String()), 5<<20)
	require.Equal(t, host.StateLoaded, l.status(t).State)
}

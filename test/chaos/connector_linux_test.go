package chaos

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/test/internal/rig"
)

// killConnector kills the connector's own process, not its shim.
func killConnector(t *testing.T, n *node) {
	t.Helper()
	killed := 0
	for _, pid := range rig.ProcessesBelow(n.Config.DataDir) {
		// The private copy lies in the data folder; nothing else that runs does.
		if strings.HasPrefix(rig.ProgramOf(pid), n.Config.DataDir) {
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
			killed++
		}
	}
	require.Equal(t, 1, killed, "one connector process was found")
}

// TestKillConnector kills the connector under a run and between calls.
func TestKillConnector(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3000)
	n := w.newNode(t, "n", "")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	connected, err := drive.Onboard(ctx, n.client(), rig.Connector, nil)
	require.NoError(t, err)
	select {
	case <-w.crm.NextQuery():
	case <-ctx.Done():
		require.Fail(t, "the CRM was not asked for records")
	}
	killConnector(t, n)
	run, err := connected.RunEnds(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, "SUCCEEDED", run.Status, run.Reason)
	require.Equal(t, w.records(), run.Counters.Created)

	// Whoever needs no connector notices nothing.
	others, stop := context.WithCancel(ctx)
	answered := 0
	var bystander errgroup.Group
	bystander.Go(func() error {
		for ; others.Err() == nil; answered++ {
			if _, err := connected.Runs(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	killConnector(t, n)
	killed := time.Now()
	attempts := 0
	err = drive.Until(ctx, func(ctx context.Context) (bool, error) {
		attempts++
		err := connected.RecheckFields(ctx, "Contact", fmt.Sprintf("after-kill-%d", attempts))
		if time.Since(killed) > promise {
			return false, fmt.Errorf("no call was served within %s: %w", promise, err)
		}
		return err == nil, nil
	})
	require.NoError(t, err)
	served := time.Since(killed)
	stop()
	require.NoError(t, bystander.Wait())
	require.NotZero(t, answered)
	t.Logf("the next call was served %s after the kill, at attempt %d; meanwhile %d other answers", served.Round(time.Millisecond), attempts, answered)
	n.process.Kill()
	w.requireWhole(t, n.database)
}

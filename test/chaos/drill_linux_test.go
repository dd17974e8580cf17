package chaos

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/test/internal/rig"
)

// drillRecords is the size of the CRM in the drills, contact roles apart: enough for a
// run to be under way while the operator does what is drilled.
const drillRecords = 6_000

func TestBackupDrillSQLite(t *testing.T) {
	t.Parallel()
	rounds(t, func(t *testing.T) { backupDrill(t, "", "") })
}

func TestBackupDrillPostgres(t *testing.T) {
	t.Parallel()
	rounds(t, func(t *testing.T) { backupDrill(t, storetest.PostgresURL(t), storetest.PostgresURL(t)) })
}

func TestKeyRotationDrillSQLite(t *testing.T) {
	t.Parallel()
	rounds(t, func(t *testing.T) { rotationDrill(t, "") })
}

func TestKeyRotationDrillPostgres(t *testing.T) {
	t.Parallel()
	rounds(t, func(t *testing.T) { rotationDrill(t, storetest.PostgresURL(t)) })
}

// rounds repeats a drill when there is time.
func rounds(t *testing.T, drill func(t *testing.T)) {
	t.Helper()
	n := 1
	if long() {
		n = 5
	}
	for i := range n {
		t.Run(fmt.Sprint("round ", i+1), drill)
	}
}

// operate runs a command of the program, as an operator does.
func operate(t *testing.T, arguments ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	began := time.Now()
	out, err := exec.CommandContext(ctx, programs.Server, arguments...).CombinedOutput()
	require.NoError(t, err, "fieldwarden %s:\n%s", strings.Join(arguments, " "), out)
	t.Logf("fieldwarden %s took %s:\n%s", strings.Join(arguments[:2], " "), time.Since(began).Round(time.Millisecond), out)
	return string(out)
}

// underWay onboards an integration and returns when its first run has read some of
// the records, and not yet all.
func underWay(t *testing.T, w *world, n *node) *killer {
	t.Helper()
	connected, err := drive.Onboard(t.Context(), n.client(), rig.Connector, nil)
	require.NoError(t, err)
	k := &killer{world: w, node: n, integration: connected.ID, cursor: n.feedCursor()}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	k.progress(ctx, t, func(phase string, read int) bool { return phase != "" && read >= w.records()/10 })
	require.Less(t, k.read, w.records())
	return k
}

// backupDrill makes a backup in the middle of a run, loses the server with all of its
// data, restores elsewhere, and lets the run end there. A subscriber of the lost
// server goes on at the new one with its cursor.
func backupDrill(t *testing.T, databaseURL, newDatabaseURL string) {
	t.Helper()
	w := newWorld(t, drillRecords)
	lost := w.newNode(t, "a", databaseURL)
	k := underWay(t, w, lost)
	key := "file:" + filepath.Join(w.folder, "key.json")
	file := filepath.Join(w.folder, "drill.backup")
	operate(t, "backup", "--to", file, "--data-dir", lost.Config.DataDir, "--key", key)
	readBefore := k.read
	lost.process.Kill()

	if newDatabaseURL == "" {
		newDatabaseURL = "sqlite:" + filepath.Join(w.folder, "b")
	}
	operate(t, "restore", "--from", file, "--database", newDatabaseURL, "--key", key, "--data-dir", filepath.Join(w.folder, "b"))
	restored := w.newNode(t, "b", newDatabaseURL)
	restored.token = lost.token // a token of the lost server is good at the new one
	k.node = restored
	require.NoError(t, drive.Until(t.Context(), func(ctx context.Context) (bool, error) {
		runs, err := restored.integration(k.integration).Runs(ctx)
		return len(runs) == 1 && runs[0].Ended(), err
	}))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	k.progress(ctx, t, func(phase string, _ int) bool { return phase == phaseDone })
	require.GreaterOrEqual(t, k.read, readBefore)
	operate(t, "doctor", "--config", filepath.Join(restored.Config.DataDir, "fieldwarden.yaml"))
	restored.process.Kill()

	runs := restored.database.runs(t)
	require.Len(t, runs, 1)
	requireEnded(t, runs[0])
	require.Equal(t, w.records(), runs[0].counters.Created)
	w.requireWhole(t, restored.database)
	t.Logf("backup at %d of %d records: the restored server ended the run; the subscriber went on with its cursor", readBefore, w.records())
}

// rotationDrill rotates the key several times in the middle of a run, while the CRM
// takes access tokens away so that credentials are refreshed all the time; the server
// is killed once in the middle of a rotation. At the end the old keys are gone.
func rotationDrill(t *testing.T, databaseURL string) {
	t.Helper()
	w := newWorld(t, drillRecords)
	n := w.newNode(t, "a", databaseURL)
	k := underWay(t, w, n)
	ctx, stop := context.WithCancel(t.Context())
	killed := make(chan int, 1)
	go func() {
		tokens := 0
		for ctx.Err() == nil {
			select {
			case <-w.crm.NextQuery():
				tokens += w.crm.KillAccessTokens()
			case <-ctx.Done():
			}
			select { // The connector may use a fresh token for some queries.
			case <-time.After(300 * time.Millisecond):
			case <-ctx.Done():
			}
		}
		killed <- tokens
	}()
	for range 3 {
		operate(t, "keys", "rotate", "--data-dir", n.Config.DataDir)
	}
	// Killed with a key added and nothing sealed by it yet: nothing is lost.
	operate(t, "keys", "rotate", "--stage", "add", "--data-dir", n.Config.DataDir)
	n.process.Kill()
	n.start()
	operate(t, "keys", "rotate", "--stage", "reseal", "--data-dir", n.Config.DataDir)
	require.Contains(t, operate(t, "keys", "prune", "--data-dir", n.Config.DataDir), "4 older keys removed")
	require.NoError(t, drive.Until(t.Context(), func(ctx context.Context) (bool, error) {
		runs, err := n.integration(k.integration).Runs(ctx)
		return len(runs) == 1 && runs[0].Ended(), err
	}))
	stop()
	tokens := <-killed

	// A restart reads the pruned key file, and the next run needs the credential.
	n.process.Kill()
	n.start()
	_, err := w.crm.TouchRecords(salesforce.RecordChange{Object: "Contact", Count: 50})
	require.NoError(t, err)
	_, err = n.integration(k.integration).RunNow(t.Context(), "after the rotation")
	require.NoError(t, err)
	require.NoError(t, drive.Until(t.Context(), func(ctx context.Context) (bool, error) {
		runs, err := n.integration(k.integration).Runs(ctx)
		return len(runs) == 2 && runs[0].Ended() && runs[1].Ended(), err
	}))
	n.process.Kill()
	runs := n.database.runs(t)
	for _, run := range runs {
		requireEnded(t, run)
	}
	require.Equal(t, 50, runs[1].counters.Updated)
	w.requireWhole(t, n.database)
	t.Logf("4 rotations and a kill during one run; %d access tokens taken away: 0 credentials lost", tokens)
}

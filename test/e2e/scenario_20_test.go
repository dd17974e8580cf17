package e2e

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/simulated"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/test/internal/rig"
)

// TestScenario20HostKilledMidRun: the server is killed while a run reads. Nothing that
// it started lives on, and after the restart the run goes on where it was and ends: no
// record is lost or doubled, and the next run is not held up (requirement G6).
func TestScenario20HostKilledMidRun(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		killedMidRun(t, "")
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		killedMidRun(t, storetest.PostgresURL(t))
	})
}

func killedMidRun(t *testing.T, databaseURL string) {
	t.Helper()
	site, crm := killable(t, databaseURL)
	process, err := site.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { process.Kill() })
	token, err := site.Token(t.Context())
	require.NoError(t, err)
	connected, err := drive.Onboard(within(t), process.Client(token), rig.Connector, nil)
	require.NoError(t, err)
	newest := func() (newest drive.Run) {
		runs, err := drive.Integration{Client: process.Client(token), ID: connected.ID}.Runs(within(t))
		require.NoError(t, err)
		if len(runs) > 0 {
			newest = runs[0]
		}
		return newest
	}
	eventually(t, "the first run reads", func() bool { return newest().Counters.Read > 0 })

	// Some page later, in the middle of a step.
	select {
	case <-crm.NextQuery():
	case <-within(t).Done():
		require.Fail(t, "the CRM was not asked for records any more")
	}
	process.Kill()
	require.Eventually(t, func() bool { return len(rig.ProcessesBelow(site.Config.DataDir)) == 0 }, 2*time.Second, 10*time.Millisecond,
		"what the server started lives on")

	process, err = site.Start(t.Context())
	require.NoError(t, err)
	interrupted := newest()
	var ended drive.Run
	eventually(t, "the run ends after the restart", func() bool { ended = newest(); return ended.Ended() })
	require.Equal(t, interrupted.ID, ended.ID, "it is the same run")
	require.Equal(t, "ONBOARDING", ended.Kind)
	require.Equal(t, "SUCCEEDED", ended.Status, ended.Reason)
	objects, err := drive.Integration{Client: process.Client(token), ID: connected.ID}.Objects(within(t))
	require.NoError(t, err)
	want := crm.Records(objects...)
	require.Equal(t, want, ended.Counters.Created, "each record once")
	require.Equal(t, want, ended.Counters.Read)

	again := drive.Integration{Client: process.Client(token), ID: connected.ID}
	_, err = again.RunNow(within(t), "after the kill")
	require.NoError(t, err)
	next, err := again.RunEnds(within(t), 2)
	require.NoError(t, err)
	require.Equal(t, "SUCCEEDED", next.Status, next.Reason)
	require.Zero(t, next.Counters.Created+next.Counters.Updated+next.Counters.Deleted)
}

// killable prepares a server in a process of its own and a CRM with small pages.
func killable(t *testing.T, databaseURL string) (*rig.Site, *rig.CRM) {
	t.Helper()
	crm, err := rig.StartCRM(t.Context(), salesforce.Config{
		Records: salesforce.Spread(6000), RotateRefreshTokens: true, RequirePKCE: true, DailyRequests: -1, MaxPageRows: 50,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, crm.Close()) })
	// Not t.TempDir: its path is too long for the sockets below it.
	folder, err := os.MkdirTemp("/tmp", "fwe2e-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	site, err := rig.NewSite(folder, "n", databaseURL, rig.Programs{
		Server: programs.server, Connectors: map[string]string{rig.Connector: programs.connector},
	}, []*simulated.CRM{crm.CRM})
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last log lines:\n%s", site.Log(6000))
		}
		require.NoError(t, site.Close())
	})
	return site, crm
}

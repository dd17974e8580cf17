package chaos

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/test/internal/rig"
)

const (
	// killRecords is the size of the CRM in the kill tests, contact roles apart.
	killRecords = 20_000
	// promise is how long a connector's processes may outlive the server.
	promise = 2 * time.Second
	// patience bounds the wait for what must happen by itself.
	patience = 3 * time.Minute
)

// TestKillServerSQLite kills the server during its first run and during the next
// daily one, and looks at the database file in between.
func TestKillServerSQLite(t *testing.T) {
	t.Parallel()
	killThroughRuns(t, "", 20)
}

// TestKillServerPostgres is the same on PostgreSQL.
func TestKillServerPostgres(t *testing.T) {
	t.Parallel()
	kills := 5
	if long() {
		kills = 20
	}
	killThroughRuns(t, storetest.PostgresURL(t), kills)
}

func killThroughRuns(t *testing.T, databaseURL string, kills int) {
	t.Helper()
	w := newWorld(t, killRecords)
	n := w.newNode(t, "n", databaseURL)
	connected, err := drive.Onboard(t.Context(), n.client(), rig.Connector, nil)
	require.NoError(t, err)
	k := &killer{world: w, node: n, integration: connected.ID, random: newRandom(t), cursor: n.feedCursor()}
	// Half a day away, the date does not change during the test.
	daily := time.Now().UTC().Add(12 * time.Hour)

	// The first run: everything is new.
	k.killThrough(t, kills, func() { n.database.schedule(t, daily, daily) })
	runs := n.database.runs(t)
	require.Len(t, runs, 1)
	require.Equal(t, "ONBOARDING", runs[0].kind)
	require.Equal(t, w.records(), runs[0].counters.Created)
	requireEnded(t, runs[0])
	w.requireWhole(t, n.database)

	// The daily run: every record has changed in the CRM. Before each restart the
	// date is made due again, so that every start tries to make one more run.
	for _, object := range objects {
		_, err := w.crm.TouchRecords(salesforce.RecordChange{Object: object, Count: w.crm.Records(object)})
		require.NoError(t, err)
	}
	makeDue := func() { n.database.schedule(t, daily, time.Now()) }
	makeDue()
	n.start()
	k.killThrough(t, kills, makeDue)
	makeDue()
	n.start()
	require.NoError(t, drive.Until(t.Context(), func(ctx context.Context) (bool, error) {
		next, err := n.integration(k.integration).NextRunAt(ctx)
		return next.After(time.Now()), err
	}), "the date has its run; the next day is due")
	n.process.Kill()
	runs = n.database.runs(t)
	require.Len(t, runs, 2, "one run for the date")
	require.Equal(t, "SCHEDULED", runs[1].kind)
	require.Equal(t, w.records(), runs[1].counters.Updated)
	requireEnded(t, runs[1])
	w.requireWhole(t, n.database)
}

// newRandom is seeded anew each time; FIELDWARDEN_CHAOS_SEED repeats a run.
func newRandom(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if fixed, err := strconv.ParseUint(os.Getenv("FIELDWARDEN_CHAOS_SEED"), 10, 64); err == nil {
		seed = fixed
	}
	t.Logf("FIELDWARDEN_CHAOS_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func requireEnded(t *testing.T, run storedRun) {
	t.Helper()
	require.Equal(t, "SUCCEEDED", run.status)
	require.False(t, run.active)
	c := run.counters
	require.Equal(t, c.Read, c.Created+c.Updated+c.Deleted+c.Skipped, "%+v", c)
	require.Zero(t, c.Failed)
}

// killer kills one server again and again.
type killer struct {
	*world
	node        *node
	integration string
	random      *rand.Rand

	// What the run's feed has told so far; no phase before its first word.
	cursor, phase string
	read          int
}

// moment is when a kill comes: once the run has read so many records, at the
// next query that reaches the CRM or without waiting for one, and a little later.
type moment struct {
	records int
	atQuery bool
	delay   time.Duration
}

// moments spreads n moments over a run: one in each n-th of its first four
// fifths, so that no step is killed so often that the run gives up by design, and
// the last kill still meets the run.
func (k *killer) moments(n int) []moment {
	all := make([]moment, n)
	for i := range all {
		part := k.records() * 4 / 5 / n
		all[i] = moment{
			records: i*part + k.random.IntN(part),
			atQuery: k.random.IntN(2) == 0,
			// Shorter than its n-th takes.
			delay: time.Duration(k.random.Int64N(int64(60 * time.Millisecond))),
		}
	}
	// The checks before the first record, too.
	all[0].records, all[0].delay = 0, time.Duration(k.random.Int64N(int64(400*time.Millisecond)))
	return all
}

// killThrough kills the server at n moments of the newest run, then lets the run
// end. While the server is down, meanwhile is called. At the end the server is down.
func (k *killer) killThrough(t *testing.T, n int, meanwhile func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	most := 0
	var slowest time.Duration
	for i, m := range k.moments(n) {
		k.wait(ctx, t, m)
		before := rig.ProcessesBelow(k.folder)
		most = max(most, len(before))
		k.node.process.Kill()
		killed := time.Now()
		require.Eventually(t, func() bool { return len(rig.ProcessesBelow(k.folder)) == 0 }, promise, 10*time.Millisecond,
			"kill %d: the connector's processes live on", i+1)
		slowest = max(slowest, time.Since(killed))
		runs := k.node.database.runs(t)
		run := runs[len(runs)-1]
		require.True(t, run.active, "kill %d came after the end of the run: %+v", i+1, run)
		t.Logf("kill %2d at %+v: run %s at version %d with %d records; %d processes gone", i+1, m, run.status, run.version, run.counters.Read, len(before))
		meanwhile()
		k.node.start()
	}
	require.GreaterOrEqual(t, most, 4, "shim, connector and its two children were seen alive before a kill")
	t.Logf("%d kills, the slowest end of all processes took %s", n, slowest.Round(time.Millisecond))
	k.runEnds(ctx, t)
}

// phaseDone is the phase of a run that has ended, however it ended.
const phaseDone = "DONE"

const progressOfRuns = `subscription($id: ID!, $after: FeedCursor) {
	syncRunProgress(integrationId: $id, after: $after) { cursor phase counters { read } run { id } }
}`

// wait returns at the moment.
func (k *killer) wait(ctx context.Context, t *testing.T, m moment) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// Before its first word there may be no run yet.
	k.progress(ctx, t, func(phase string, read int) bool { return phase != "" && read >= m.records })
	if m.atQuery {
		select {
		case <-k.crm.NextQuery():
		case <-ctx.Done():
			require.Fail(t, "the CRM was not asked for records any more")
		}
	}
	// Not a wait for something to be done by then: the moment itself is random.
	<-time.After(m.delay)
}

// progress follows the run's progress, over all kills, until enough holds.
func (k *killer) progress(ctx context.Context, t *testing.T, enough func(phase string, read int) bool) {
	t.Helper()
	if enough(k.phase, k.read) {
		return
	}
	subscription, err := k.node.client().Subscribe(ctx, progressOfRuns, map[string]any{"id": k.integration, "after": k.cursor})
	require.NoError(t, err)
	defer subscription.Close()
	for !enough(k.phase, k.read) {
		var event struct {
			SyncRunProgress struct {
				Cursor, Phase string
				Counters      drive.Counters
			}
		}
		require.NoError(t, subscription.Next(ctx, &event), "after %d records", k.read)
		k.cursor, k.phase, k.read = event.SyncRunProgress.Cursor, event.SyncRunProgress.Phase, event.SyncRunProgress.Counters.Read
	}
}

// runEnds follows the run to its end; the next progress is another run's.
func (k *killer) runEnds(ctx context.Context, t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	k.progress(ctx, t, func(phase string, _ int) bool { return phase == phaseDone })
	k.phase, k.read = "", 0
	k.node.process.Kill()
}

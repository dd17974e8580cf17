package chaos

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// dueZones spread the schedules of integrations that come due in the same minute.
var dueZones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Nuuk",
}

// TestTwoServersPausedOverDueTimes stops and continues two servers by turns while 48
// integrations in eight zones come due, in two minutes that follow each other: both
// servers are paused when the first minute comes, later one of them, in the middle of
// whatever it does. Each integration has one run for its local date, none has two.
func TestTwoServersPausedOverDueTimes(t *testing.T) {
	t.Parallel()
	const count = 48
	url := storetest.PostgresURL(t)
	w := newWorld(t, 50)
	nodes := []*node{w.newNode(t, "a", url), w.newNode(t, "b", url)}
	db := nodes[0].database
	first := db.now(t).Truncate(time.Minute).Add(2 * time.Minute)
	for n := range count {
		db.integrate(t, n, first.Add(time.Duration(n%2)*time.Minute), dueZones[n/2%len(dueZones)])
	}

	p := &pauser{t: t, nodes: nodes}
	defer p.goOn()
	p.pause(0)
	p.pause(1)
	waitUntil(t, first.Add(3*time.Second))
	require.Empty(t, db.daily(t), "nobody starts runs: both servers are paused over the due time")
	random := rand.New(rand.NewPCG(uint64(first.Unix()), 1))
	for turn := 0; len(db.daily(t)) < count; turn++ {
		require.Less(t, time.Since(first), 2*patience, "runs are missing: %v", db.daily(t))
		p.goOn()
		p.pause(turn % 2)
		waitUntil(t, time.Now().Add(time.Duration(20+random.IntN(400))*time.Millisecond))
	}
	p.goOn()
	// A stop waits for a poke under way, and a start pokes: neither finds anything left.
	for _, n := range nodes {
		require.NoError(t, n.process.Stop())
		n.start()
	}
	for _, n := range nodes {
		require.NoError(t, n.process.Stop())
	}
	made := db.daily(t)
	require.Len(t, made, count, "missed")
	for key, runs := range made {
		require.Equal(t, 1, runs, "doubled: %s", key)
	}
	t.Logf("%d due times, two servers stopped and continued %d times: %d runs, 0 missed, 0 doubled", count, p.pauses, len(made))
}

// pauser stops servers with SIGSTOP and lets them go on with SIGCONT.
type pauser struct {
	t      *testing.T
	nodes  []*node
	pauses int
}

func (p *pauser) pause(n int) {
	p.t.Helper()
	p.pauses++
	require.NoError(p.t, syscall.Kill(p.nodes[n].process.PID(), syscall.SIGSTOP))
}

func (p *pauser) goOn() {
	p.t.Helper()
	for _, n := range p.nodes {
		// One that has ended needs no signal.
		if err := syscall.Kill(n.process.PID(), syscall.SIGCONT); err != nil {
			require.ErrorIs(p.t, err, syscall.ESRCH)
		}
	}
}

func waitUntil(t *testing.T, at time.Time) {
	t.Helper()
	select {
	case <-time.After(time.Until(at)):
	case <-t.Context().Done():
		t.Fatal("the test ended")
	}
}

// now is the database's time, which decides what is due.
func (d database) now(t *testing.T) (now time.Time) {
	t.Helper()
	d.look(t, func(ctx context.Context, db *sql.DB) {
		require.NoError(t, db.QueryRowContext(ctx, "SELECT now()").Scan(&now))
	})
	return now
}

// integrate makes an ACTIVE integration that is due at an instant, by the clock of a
// zone. Its setting dataSync is off, so its runs call nobody and end at once.
func (d database) integrate(t *testing.T, n int, due time.Time, zone string) {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	require.NoError(t, err)
	d.look(t, func(ctx context.Context, db *sql.DB) {
		id := fmt.Sprintf("int_%026d", n)
		_, err := db.ExecContext(ctx, `
			INSERT INTO integrations (id, workspace_id, created_at, updated_at, connector, environment, state, schedule_time, schedule_zone, next_run_at)
			SELECT $1, id, now(), now(), 'salesforce', 'PRODUCTION', 'ACTIVE', $2, $3, $4 FROM workspaces`,
			id, due.In(loc).Format("15:04"), zone, due)
		require.NoError(t, err)
		_, err = db.ExecContext(ctx, `
			INSERT INTO setting_values (id, workspace_id, created_at, integration_id, key, value, updated_by, updated_at)
			SELECT $1, id, now(), $2, 'dataSync', 'false', 'test', now() FROM workspaces`, fmt.Sprintf("set_%026d", n), id)
		require.NoError(t, err)
	})
}

// daily counts the daily runs by integration and local date.
func (d database) daily(t *testing.T) map[string]int {
	t.Helper()
	made := map[string]int{}
	d.look(t, func(ctx context.Context, db *sql.DB) {
		rows, err := db.QueryContext(ctx, "SELECT integration_id || ' ' || local_date FROM sync_runs WHERE kind IN ('SCHEDULED', 'CATCH_UP')")
		require.NoError(t, err)
		defer rows.Close()
		for rows.Next() {
			var key string
			require.NoError(t, rows.Scan(&key))
			made[key]++
		}
		require.NoError(t, rows.Err())
	})
	return made
}

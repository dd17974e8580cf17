package chaos

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/test/internal/rig"
)

// onboarded connects an integration through a node and lets its first run end.
func onboarded(t *testing.T, n *node) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	connected, err := drive.Onboard(ctx, n.client(), rig.Connector, nil)
	require.NoError(t, err)
	run, err := connected.RunEnds(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, "SUCCEEDED", run.Status, run.Reason)
	return connected.ID
}

// TestTwoServersOneDies kills whichever of two servers has the run, and sees the
// other one end it.
func TestTwoServersOneDies(t *testing.T) {
	t.Parallel()
	const records = 10_000
	url := storetest.PostgresURL(t)
	w := newWorld(t, records)
	nodes := []*node{w.newNode(t, "a", url, "--dead-after", "2s"), w.newNode(t, "b", url, "--dead-after", "2s")}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	connected, err := drive.Onboard(ctx, nodes[0].client(), rig.Connector, nil)
	require.NoError(t, err)

	// Both have workers and take steps by turns, so both die and return: one
	// while it reads, the other a few steps later.
	k := &killer{world: w, node: nodes[1], integration: connected.ID, phase: "CHECKLIST", cursor: nodes[1].feedCursor()}
	for i, victim := range nodes {
		k.node = nodes[1-i]
		reached := 1 + i*records/3
		k.progress(ctx, t, func(_ string, read int) bool { return read >= reached })
		victim.process.Kill()
		killed := time.Now()
		require.Eventually(t, func() bool { return len(rig.ProcessesBelow(victim.Config.DataDir)) == 0 }, promise, 10*time.Millisecond)
		before := k.read
		k.progress(ctx, t, func(phase string, read int) bool { return read > before || phase == phaseDone })
		t.Logf("%s died after %d records, the other went on within %s", victim.process.Config.DataDir, before, time.Since(killed).Round(time.Millisecond))
		victim.start()
	}
	run, err := nodes[1].integration(connected.ID).RunEnds(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, "SUCCEEDED", run.Status, run.Reason)
	runs := nodes[0].database.runs(t)
	require.Len(t, runs, 1)
	require.Equal(t, w.records(), runs[0].counters.Created)
	requireEnded(t, runs[0])
	w.requireWhole(t, nodes[0].database)
}

// TestThreeServersOneDate starts three servers at once on a date that is due:
// each looks for due runs as it starts.
func TestThreeServersOneDate(t *testing.T) {
	t.Parallel()
	url := storetest.PostgresURL(t)
	w := newWorld(t, 500)
	nodes := []*node{w.newNode(t, "a", url), w.newNode(t, "b", url), w.newNode(t, "c", url)}
	id := onboarded(t, nodes[0])
	for _, n := range nodes {
		require.NoError(t, n.process.Stop())
	}
	nodes[0].database.schedule(t, time.Now().Add(12*time.Hour), time.Now())
	var starts errgroup.Group
	for _, n := range nodes {
		starts.Go(func() (err error) {
			n.process, err = n.Start(t.Context())
			return err
		})
	}
	require.NoError(t, starts.Wait())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, n := range nodes {
		run, err := n.integration(id).RunEnds(ctx, 2)
		require.NoError(t, err)
		require.Equal(t, "SCHEDULED", run.Kind)
		require.Equal(t, "SUCCEEDED", run.Status, run.Reason)
		// A stop waits for a poke under way: no node is yet to look.
		require.NoError(t, n.process.Stop())
	}
	require.Len(t, nodes[0].database.runs(t), 2, "the first run, and one for the date")
}

// TestTwoServersRefreshOneCredential makes two servers find the same access token
// dead at the same time, again and again, at a CRM that rotates refresh tokens
// and revokes the authorization when an old one comes back.
func TestTwoServersRefreshOneCredential(t *testing.T) {
	t.Parallel()
	const rounds = 100
	url := storetest.PostgresURL(t)
	w := newWorld(t, 200)
	nodes := []*node{w.newNode(t, "a", url), w.newNode(t, "b", url)}
	id := onboarded(t, nodes[0])
	before := w.crm.Counters()
	for round := range rounds {
		require.NotZero(t, w.crm.KillAccessTokens())
		var both errgroup.Group
		for i, n := range nodes {
			both.Go(func() error {
				return n.integration(id).RecheckFields(t.Context(), "Contact", fmt.Sprintf("round-%d-%d", round, i))
			})
		}
		require.NoError(t, both.Wait(), "round %d", round)
	}
	after := w.crm.Counters()
	require.Equal(t, rounds, after.TokenRefreshes-before.TokenRefreshes, "one refresh for each dead token")
	require.Zero(t, after.RefreshTokenReuses)
	require.Zero(t, after.AuthorizationsRevoked)
	t.Logf("%d dead tokens, %d refresh calls, 0 refresh tokens sent again, 0 authorizations revoked", rounds, after.TokenRefreshes-before.TokenRefreshes)
}

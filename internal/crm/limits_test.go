package crm_test

import (
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata" // the tests must not depend on the machine's zones

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

func TestBackoffDoublesUpToItsMost(t *testing.T) {
	t.Parallel()
	b := crm.Backoff{Base: 2 * time.Second, Most: time.Minute}
	for attempt, want := range map[int]time.Duration{
		0: 2 * time.Second, 1: 2 * time.Second, 2: 4 * time.Second, 5: 32 * time.Second, 6: time.Minute, 7: time.Minute, 1000: time.Minute,
	} {
		require.Equal(t, want, b.Ceiling(attempt), "attempt %d", attempt)
	}
	require.Zero(t, crm.Backoff{}.Wait(3, rand.Int64N))
}

func TestBackoffStaysWithinItsBoundsAndGrows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := crm.Backoff{
			Base: time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "base")),
			Most: time.Duration(rapid.Int64Range(1, int64(1000*time.Hour)).Draw(t, "most")),
		}
		attempt := rapid.IntRange(1, 200).Draw(t, "attempt")
		source := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)).Int64N
		require.LessOrEqual(t, b.Ceiling(attempt), b.Ceiling(attempt+1), "it never shrinks")
		require.LessOrEqual(t, b.Ceiling(attempt), b.Most)
		wait := b.Wait(attempt, source)
		require.GreaterOrEqual(t, wait, time.Duration(0))
		require.LessOrEqual(t, wait, b.Ceiling(attempt))
	})
}

// TestJitterIsFull draws many waits: they fill the whole room below the ceiling.
func TestJitterIsFull(t *testing.T) {
	t.Parallel()
	source := rand.New(rand.NewPCG(1, 2)).Int64N
	b := crm.Backoff{Base: time.Second, Most: time.Minute}
	var tenths [10]int
	for range 1000 {
		tenths[min(9, b.Wait(4, source)*10/b.Ceiling(4))]++
	}
	for tenth, n := range tenths {
		require.InDelta(t, 100, n, 40, "tenth %d", tenth)
	}
}

func TestBudgets(t *testing.T) {
	t.Parallel()
	api := func(used, limit int) crm.APIUse {
		return crm.APIUse{APIType: crm.APIType{Key: "rest"}, Used: used, Limit: limit}
	}
	tests := []struct {
		name      string
		allowance crm.Allowance
		stop      crm.LimitKind
		room      bool
	}{
		{"no limit of ours", crm.Allowance{APIs: []crm.APIUse{api(1_000_000, 0)}}, crm.LimitNone, true},
		{"little used", crm.Allowance{APIs: []crm.APIUse{api(79, 100)}}, crm.LimitNone, true},
		{"nearly used", crm.Allowance{APIs: []crm.APIUse{api(80, 100)}}, crm.LimitNone, false},
		{"one call left", crm.Allowance{APIs: []crm.APIUse{api(99, 100)}}, crm.LimitNone, false},
		{"used up", crm.Allowance{APIs: []crm.APIUse{api(100, 100)}}, crm.LimitBudget, false},
		{"overspent", crm.Allowance{APIs: []crm.APIUse{api(0, 0), api(103, 100)}}, crm.LimitBudget, false},
		{"the smallest budget", crm.Allowance{APIs: []crm.APIUse{api(0, 1)}}, crm.LimitNone, true},
		{"quota unknown", crm.Allowance{Quota: crm.Quota{StopPercent: 80}}, crm.LimitNone, true},
		{"below the share", crm.Allowance{Quota: crm.Quota{Used: 799, Max: 1000, StopPercent: 80}}, crm.LimitNone, true},
		{"at the share", crm.Allowance{Quota: crm.Quota{Used: 800, Max: 1000, StopPercent: 80}}, crm.LimitQuota, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			kind, _ := test.allowance.Stop()
			require.Equal(t, test.stop, kind)
			require.Equal(t, test.room, test.allowance.HasRoom())
		})
	}
}

func TestCallsAreDividedByAPI(t *testing.T) {
	t.Parallel()
	stats := crm.CallStats{CRMCalls: 10, ByType: map[string]int{"bulk": 3, "rest": 1, "none": 0}}
	require.Equal(t, map[string]int{"bulk": 3, "rest": 7}, stats.Calls("rest"))
	require.Equal(t, map[string]int{"bulk": 4}, crm.CallStats{CRMCalls: 2, ByType: map[string]int{"bulk": 4}}.Calls("rest"), "more assigned than counted: what is assigned counts")

	sum := stats.Plus(crm.CallStats{CRMCalls: 5, ByType: map[string]int{"bulk": 5}, QuotaUsed: 1, QuotaMax: 2}).Plus(crm.CallStats{CRMCalls: 1})
	require.Equal(t, crm.CallStats{CRMCalls: 16, ByType: map[string]int{"bulk": 8, "rest": 1, "none": 0}, QuotaUsed: 1, QuotaMax: 2}, sum)
	require.Equal(t, map[string]int{"bulk": 3, "rest": 1, "none": 0}, stats.ByType, "the summand is as it was")

	manifest := crm.Manifest{Costs: []crm.VerbCost{{Verb: "Checklist", CallsPerRequest: 2, CallsPerObject: 3}}}
	require.Equal(t, 14, manifest.Cost("Checklist", 4).CRMCalls)
	require.Equal(t, 1, manifest.Cost("ListPicklist", 4).CRMCalls)
}

// TestSpendingCrossesOnce spends a budget in random parts: it is warned about once, and
// what is taken back is what was spent.
func TestSpendingCrossesOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 1000).Draw(t, "limit")
		a := crm.Allowance{APIs: []crm.APIUse{{APIType: crm.DefaultAPIType(), Limit: limit}}}
		crossed, total := 0, 0
		for _, calls := range rapid.SliceOf(rapid.IntRange(0, 300)).Draw(t, "calls") {
			stats := crm.CallStats{CRMCalls: calls}
			after := a.Spend(stats)
			require.Equal(t, a, after.Without(stats))
			crossed += len(after.Crossed(a))
			a, total = after, total+calls
			kind, _ := a.Stop()
			require.Equal(t, total >= limit, kind == crm.LimitBudget)
		}
		require.Equal(t, total*100 >= limit*80, crossed == 1)
		require.LessOrEqual(t, crossed, 1)
	})
}

func TestFreshness(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 3, day, hour, minute, 0, 0, berlin) }
	tests := []struct {
		name     string
		lastRead time.Time
		now      time.Time
		paused   bool
		want     crm.Freshness
	}{
		{"nothing was read so far", time.Time{}, at(2, 12, 0), false, crm.FreshnessUnknown},
		{"nothing is due", at(1, 2, 10), at(20, 12, 0), true, crm.FreshnessUnknown},
		{"the daily run has read", at(2, 2, 10), at(2, 23, 0), false, crm.FreshnessOnTime},
		{"the next one is under way", at(2, 2, 10), at(3, 2, 30), false, crm.FreshnessOnTime},
		{"and takes its time", at(2, 2, 10), at(3, 3, 59), false, crm.FreshnessOnTime},
		{"too long", at(2, 2, 10), at(3, 4, 0), false, crm.FreshnessLate},
		{"read by hand since, so not a day old", at(2, 20, 0), at(3, 12, 0), false, crm.FreshnessOnTime},
		{"now a day old", at(2, 20, 0), at(3, 20, 1), false, crm.FreshnessLate},
		{"a day and a half", at(2, 2, 10), at(3, 14, 0), false, crm.FreshnessLate},
		{"two days", at(2, 2, 10), at(4, 4, 1), false, crm.FreshnessStale},
		{"many", at(2, 2, 10), at(20, 4, 1), false, crm.FreshnessStale},
		{"clocks set forward on the 29th", at(28, 2, 10), at(29, 3, 30), false, crm.FreshnessOnTime},
		{"and late on that day", at(28, 2, 10), at(29, 5, 1), false, crm.FreshnessLate},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, crm.FreshnessOf(crm.FreshnessInputs{
				LastRead: test.lastRead, Due: !test.paused, Hour: 2, Zone: berlin, Now: test.now,
			}))
		})
	}
}

// TestFreshnessOnlyFades walks on in time: without a reading nothing becomes fresher.
func TestFreshnessOnlyFades(t *testing.T) {
	t.Parallel()
	order := map[crm.Freshness]int{crm.FreshnessOnTime: 0, crm.FreshnessLate: 1, crm.FreshnessStale: 2}
	rapid.Check(t, func(t *rapid.T) {
		zone := time.FixedZone("some", rapid.IntRange(-12*3600, 14*3600).Draw(t, "offset"))
		read := time.Unix(rapid.Int64Range(1.7e9, 1.9e9).Draw(t, "read"), 0)
		in := crm.FreshnessInputs{
			LastRead: read, Due: true, Hour: rapid.IntRange(0, 23).Draw(t, "hour"), Minute: rapid.IntRange(0, 59).Draw(t, "minute"), Zone: zone,
		}
		before := 0
		for hours := range 24 * 5 {
			in.Now = read.Add(time.Duration(hours) * time.Hour)
			now, known := order[crm.FreshnessOf(in)]
			require.True(t, known)
			require.GreaterOrEqual(t, now, before)
			if hours <= 24 {
				require.Zero(t, now, "what is not a day old is on time")
			}
			before = now
		}
		require.Equal(t, 2, before, "after five days it is stale")
	})
}

func TestAutoPauseNeedsFailuresAndDays(t *testing.T) {
	t.Parallel()
	limits := crm.DefaultAutoPauseLimits()
	require.Equal(t, crm.AutoPauseLimits{WarnFailures: 5, WarnDays: 2, Failures: 10, Days: 5}, limits)
	const day = 24 * time.Hour
	tests := []struct {
		failures int
		lasts    time.Duration
		warned   bool
		want     crm.AutoPauseAction
	}{
		{0, 100 * day, false, crm.AutoPauseNothing},
		{4, 100 * day, false, crm.AutoPauseNothing},
		{5, 2*day - 1, false, crm.AutoPauseNothing},
		{5, 2 * day, false, crm.AutoPauseWarn},
		{6, 3 * day, true, crm.AutoPauseNothing},
		{100, day, false, crm.AutoPauseNothing},
		{9, 100 * day, true, crm.AutoPauseNothing},
		{10, 5*day - 1, true, crm.AutoPauseNothing},
		{10, 5 * day, true, crm.AutoPausePause},
		{10, 5 * day, false, crm.AutoPausePause},
	}
	for _, test := range tests {
		streak := crm.FailureStreak{Failures: test.failures, Since: noon, Warned: test.warned}
		require.Equal(t, test.want, limits.Decide(streak, noon.Add(test.lasts)), "%+v", test)
	}
}

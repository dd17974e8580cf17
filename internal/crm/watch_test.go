package crm_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

func TestProbesCostWhatTheManifestSays(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		manifest crm.Manifest
		objects  int
		want     int
	}{
		"one call for all":              {crm.Manifest{MaxObjectsPerCheck: 100, Costs: []crm.VerbCost{{Verb: "CheckPermissions", CallsPerRequest: 1}}}, 8, 1},
		"one call for each object":      {crm.Manifest{Costs: []crm.VerbCost{{Verb: "CheckPermissions", CallsPerObject: 1}}}, 8, 8},
		"requests of five objects each": {crm.Manifest{MaxObjectsPerCheck: 5, Costs: []crm.VerbCost{{Verb: "CheckPermissions", CallsPerRequest: 2, CallsPerObject: 1}}}, 8, 12},
		"the manifest does not say":     {crm.Manifest{MaxObjectsPerCheck: 5}, 8, 2},
	}
	for name, test := range tests {
		require.Equal(t, test.want, test.manifest.ProbeCalls(test.objects), name)
	}
}

// A day has room for 384 probes every 5 minutes and 108 every 15, each as early as it may be.
func TestWatchModeMayTakeAQuarterOfTheDay(t *testing.T) {
	t.Parallel()
	require.Equal(t, []int{384, 108, 0}, []int{crm.ProbesPerDay(5), crm.ProbesPerDay(15), crm.ProbesPerDay(0)})
	recommended := 1000
	api := func(limit int, recommended *int) crm.Allowance {
		return crm.Allowance{APIs: []crm.APIUse{{APIType: crm.APIType{Key: "rest", Title: "REST API", RecommendedDailyLimit: recommended}, Limit: limit}}}
	}
	tests := map[string]struct {
		allowance      crm.Allowance
		calls, minutes int
		want           string
	}{
		"nothing is limited":             {crm.Allowance{}, 8, 5, ""},
		"a budget with room":             {api(1536, nil), 1, 5, ""},
		"a budget a call too small":      {api(1535, nil), 1, 5, "A probe takes 1 CRM call, so one every 5 minutes would take up to 384 of the budget of 1535 REST API calls a day; watch mode may use 25 %."},
		"the same, less often":           {api(1535, nil), 1, 15, ""},
		"what the author recommends":     {api(0, &recommended), 8, 15, "A probe takes 8 CRM calls, so one every 15 minutes would take up to 864 of the 1000 REST API calls a day that the connector recommends at most; watch mode may use 25 %."},
		"the admin's budget counts more": {api(100_000, &recommended), 8, 15, ""},
		"the CRM's own quota":            {crm.Allowance{Quota: crm.Quota{Max: 1000, StopPercent: 80}}, 1, 5, "A probe takes 1 CRM call, so one every 5 minutes would take up to 384 of the 800 calls a day that Fieldwarden may use of the CRM's quota; watch mode may use 25 %."},
		"a CRM that has not told":        {crm.Allowance{Quota: crm.Quota{StopPercent: 80}}, 100, 5, ""},
	}
	for name, test := range tests {
		require.Equal(t, test.want, crm.WatchRefusal(test.allowance, test.calls, test.minutes), name)
	}
}

// However the jitter falls, no probe is later than the interval, and a day has no more
// of them than was reckoned with.
func TestProbesStayWithinTheirInterval(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minutes := rapid.SampledFrom(crm.WatchMinutes()).Draw(t, "minutes")
		begin := time.Date(2026, 5, 10, 0, 0, 0, 0, time.UTC)
		probes := 0
		for at := begin; at.Before(begin.Add(24 * time.Hour)); probes++ {
			next := crm.NextProbe(at, minutes, rapid.Float64Range(0, 0.999).Draw(t, "random"))
			require.False(t, next.After(at.Add(time.Duration(minutes)*time.Minute)))
			at = next
		}
		require.LessOrEqual(t, probes, crm.ProbesPerDay(minutes)+1)
	})
}

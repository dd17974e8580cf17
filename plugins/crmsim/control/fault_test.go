package control_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/plugins/crmsim/control"
)

func newFaults() *control.Faults {
	return control.NewFaults([]control.FaultKind{
		{Key: "error", Title: "500"},
		{Key: "cut", Title: "cut", Spoils: true},
		{Key: "token", Title: "token", Path: "/oauth/token"},
		{Key: "blocked", Title: "blocked", Path: "/oauth/authorize", Asked: true},
	}, "/api/", func(path string) string { return strings.TrimPrefix(path, "/api/v1") })
}

func TestRulesMeetWhatTheyName(t *testing.T) {
	t.Parallel()
	request := control.Target{Path: "/api/v1/leads/5", Object: "leads"}
	part := control.Target{Path: "/api/v1/leads/5", Object: "leads", Part: true}
	other, token := control.Target{Path: "/api/v1/x"}, control.Target{Path: "/oauth/token"}
	for name, test := range map[string]struct {
		rule  control.Fault
		meets []control.Target
	}{
		"everything":      {control.Fault{Kind: "error"}, []control.Target{request, other}},
		"object":          {control.Fault{Kind: "error", Object: "LEADS"}, []control.Target{request, part}},
		"parts":           {control.Fault{Kind: "error", Parts: true}, []control.Target{part}},
		"spoiled parts":   {control.Fault{Kind: "cut", Object: "leads"}, []control.Target{request}},
		"whole path":      {control.Fault{Kind: "error", Path: "/api/v1/leads"}, []control.Target{request, part}},
		"short path":      {control.Fault{Kind: "error", Path: "/leads"}, []control.Target{request, part}},
		"path and object": {control.Fault{Kind: "error", Path: "/leads", Object: "deals"}, nil},
		"kind's path":     {control.Fault{Kind: "token"}, []control.Target{token}},
		"named path":      {control.Fault{Kind: "error", Path: "/oauth"}, []control.Target{token}},
		"other path":      {control.Fault{Kind: "token", Path: "/api"}, nil},
	} {
		var met []control.Target
		for _, target := range []control.Target{request, part, other, token} {
			faults := newFaults()
			_, err := faults.Add(test.rule)
			require.NoError(t, err)
			if _, kind := faults.Take(target); kind != "" {
				require.Equal(t, test.rule.Kind, kind)
				require.Equal(t, 1, faults.List()[0].Hits)
				met = append(met, target)
			}
		}
		require.Equal(t, test.meets, met, name)
	}
}

func TestAskedKindsWaitForTheirEndpoint(t *testing.T) {
	t.Parallel()
	faults := newFaults()
	_, err := faults.Add(control.Fault{Kind: "blocked", Times: 1})
	require.NoError(t, err)
	_, kind := faults.Take(control.Target{Path: "/oauth/authorize"})
	require.Empty(t, kind)
	require.True(t, faults.TakeKind("blocked"))
	require.False(t, faults.TakeKind("blocked"), "used up")
}

func TestSlowAddsToOtherFaults(t *testing.T) {
	t.Parallel()
	faults := newFaults()
	require.Equal(t, control.FaultSlow, faults.Kinds()[4].Key, "every simulator can be slow")
	for _, rule := range []control.Fault{
		{Kind: "slow", DelayMS: 20}, {Kind: "error", Times: 1}, {Kind: "cut"}, {Kind: "slow", DelayMS: 30, Times: 1},
	} {
		_, err := faults.Add(rule)
		require.NoError(t, err)
	}
	target := control.Target{Path: "/api/v1/x"}
	delay, kind := faults.Take(target)
	require.Equal(t, 50*time.Millisecond, delay)
	require.Equal(t, "error", kind)
	delay, kind = faults.Take(target)
	require.Equal(t, 20*time.Millisecond, delay)
	require.Equal(t, "cut", kind)
	require.NoError(t, faults.Remove(3))
	_, kind = faults.Take(target)
	require.Equal(t, "slow", kind)
	faults.Clear()
	delay, kind = faults.Take(target)
	require.Zero(t, delay)
	require.Empty(t, kind)
}

// TestTimesAreExact: a rule of n times breaks n requests, whatever else is in force.
func TestTimesAreExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		faults, want := newFaults(), 0
		for _, times := range rapid.SliceOfN(rapid.IntRange(1, 5), 0, 6).Draw(r, "times") {
			_, err := faults.Add(control.Fault{Kind: rapid.SampledFrom([]string{"error", "cut"}).Draw(r, "kind"), Times: times})
			require.NoError(r, err)
			want += times
		}
		got := 0
		for range want + 3 {
			if _, kind := faults.Take(control.Target{Path: "/api/"}); kind != "" {
				got++
			}
		}
		require.Equal(r, want, got)
		require.Empty(r, faults.List())
	})
}

func TestRulesAreChecked(t *testing.T) {
	t.Parallel()
	for text, rule := range map[string]control.Fault{
		"no fault kind":    {Kind: "explode"},
		"times:":           {Kind: "error", Times: -1},
		"delay_ms: a slow": {Kind: "slow"},
		"delay_ms: only a": {Kind: "error", DelayMS: 5},
	} {
		_, err := newFaults().Add(rule)
		var refused *control.Error
		require.ErrorAs(t, err, &refused, text)
		require.Equal(t, 400, refused.Status)
		require.Contains(t, refused.Message, text)
	}
	require.Error(t, newFaults().Remove(1))
}

func TestPause(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	require.NoError(t, control.Pause(t.Context(), clock, 0))
	ended := make(chan error, 2)
	go func() { ended <- control.Pause(t.Context(), clock, time.Minute) }()
	require.NoError(t, clock.BlockUntilContext(t.Context(), 1))
	clock.Advance(time.Minute)
	require.NoError(t, <-ended)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- control.Pause(ctx, clock, time.Minute) }()
	require.NoError(t, clock.BlockUntilContext(t.Context(), 1))
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

package host

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCrashBudget(t *testing.T) {
	t.Parallel()
	policy := RestartPolicy{Backoff: 100 * time.Millisecond, MaxBackoff: 300 * time.Millisecond, Crashes: 5, Window: 10 * time.Minute}
	start := time.Date(2026, 3, 29, 1, 59, 59, 0, time.UTC)
	b := crashBudget{policy: policy}
	require.Zero(t, b.wait(start), "nothing has happened")
	for i, want := range []time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond} {
		require.False(t, b.record(start), "crash %d", i+1)
		require.Equal(t, want, b.wait(start), "after crash %d", i+1)
	}
	require.Equal(t, 200*time.Millisecond, b.wait(start.Add(100*time.Millisecond)), "the pause runs from the crash")
	require.Zero(t, b.wait(start.Add(time.Second)))
	require.True(t, b.record(start.Add(time.Minute)), "the fifth within the window")

	later := start.Add(10 * time.Minute)
	require.False(t, b.record(later), "the first four are forgotten")
	require.Equal(t, 100*time.Millisecond, b.wait(later))
	b.reset()
	require.Zero(t, b.wait(later))
}

func TestGreetings(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"1|1|unix|/tmp/plugin1|grpc|MIIB": true,
		"1|0|unix|/tmp/plugin1":           true,
		"  1|1|tcp|127.0.0.1:1|grpc  ":    true,
		"Loading 1|2|3":                   false,
		"1|2|3":                           false,
		"a|b|unix|x|grpc":                 false,
		"":                                false,
	} {
		_, ok := parseGreeting(line)
		require.Equal(t, want, ok, line)
	}
}

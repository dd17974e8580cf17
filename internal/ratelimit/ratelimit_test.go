package ratelimit

import (
	"fmt"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"
)

func TestEachKeyHasABucketOfItsOwn(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	limiter := New(2, 3, clock.Now)
	for range 3 {
		_, ok := limiter.Allow("a")
		require.True(t, ok)
	}
	wait, ok := limiter.Allow("a")
	require.False(t, ok)
	require.Equal(t, 500*time.Millisecond, wait)
	_, ok = limiter.Allow("b")
	require.True(t, ok)
	// Being refused costs nothing: the wait stays what it was.
	wait, _ = limiter.Allow("a")
	require.Equal(t, 500*time.Millisecond, wait)
	clock.Advance(wait)
	_, ok = limiter.Allow("a")
	require.True(t, ok)
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClock()
	limiter := New(1, 5, clock.Now)
	for i := range 3 * maxKeys {
		if i%100 == 0 {
			clock.Advance(time.Millisecond)
		}
		limiter.Allow(fmt.Sprint(i))
		require.LessOrEqual(t, len(limiter.buckets), maxKeys)
	}
	// Keys that all came at one instant are forgotten too.
	for i := range 2 * maxKeys {
		limiter.Allow(fmt.Sprint("same", i))
	}
	require.LessOrEqual(t, len(limiter.buckets), maxKeys)
	require.NotEmpty(t, limiter.buckets)
}

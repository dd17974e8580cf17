// Package ratelimit bounds how often each of many callers may do something.
//
// It keeps one token bucket per key in bounded memory: a bucket that is full again
// says nothing, so it is forgotten first; when all are in use, the one that was used
// longest ago goes, and its caller starts with a full one.
package ratelimit

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxKeys bounds the buckets.
const maxKeys = 20_000

// Limiter bounds what each key may do. It is safe for concurrent use.
type Limiter struct {
	limit rate.Limit
	burst int
	now   func() time.Time

	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	tokens *rate.Limiter
	used   time.Time
}

// New returns a Limiter that allows perSecond for long and burst at once; both must
// be above zero.
func New(perSecond float64, burst int, now func() time.Time) *Limiter {
	return &Limiter{limit: rate.Limit(perSecond), burst: burst, now: now, buckets: map[string]*bucket{}}
}

// Allow reports whether a key may do it once more now; when it may not, after how
// long it may.
func (l *Limiter) Allow(key string) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b, found := l.buckets[key]
	if !found {
		l.makeRoom(now)
		b = &bucket{tokens: rate.NewLimiter(l.limit, l.burst)}
		l.buckets[key] = b
	}
	b.used = now
	reserved := b.tokens.ReserveN(now, 1)
	if wait = reserved.DelayFrom(now); wait > 0 {
		reserved.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// makeRoom keeps the buckets bounded. It runs when there are too many only, and then
// removes a good part of them, so it costs little per call.
func (l *Limiter) makeRoom(now time.Time) {
	if len(l.buckets) < maxKeys {
		return
	}
	refill := time.Duration(float64(l.burst) / float64(l.limit) * float64(time.Second))
	for key, b := range l.buckets {
		if now.Sub(b.used) >= refill {
			delete(l.buckets, key)
		}
	}
	for len(l.buckets) >= maxKeys {
		l.removeOldest(now)
	}
}

// removeOldest forgets the half that was used longest ago, roughly: all that is older
// than the mean.
func (l *Limiter) removeOldest(now time.Time) {
	var sum time.Duration
	for _, b := range l.buckets {
		sum += now.Sub(b.used)
	}
	mean := sum / time.Duration(len(l.buckets))
	for key, b := range l.buckets {
		if now.Sub(b.used) >= mean {
			delete(l.buckets, key)
		}
	}
}

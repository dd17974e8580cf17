package crm

import "time"

// Backoff says how long to wait before something that failed is tried again
// (requirement G9): exponential, with full jitter, so that what failed together does
// not come back together.
type Backoff struct {
	// Base is the most that the first wait takes; it doubles with each attempt.
	Base time.Duration
	// Most is what no wait exceeds.
	Most time.Duration
}

// Ceiling is the longest wait after the attempt of that number, counted from 1.
func (b Backoff) Ceiling(attempt int) time.Duration {
	ceiling := b.Base
	for range attempt - 1 {
		if ceiling >= b.Most/2 {
			return b.Most
		}
		ceiling *= 2
	}
	return min(ceiling, b.Most)
}

// Wait draws a wait between nothing and the ceiling. The source gives a number in
// [0, n): rand.Int64N, or in a test that of a seeded generator.
func (b Backoff) Wait(attempt int, source func(n int64) int64) time.Duration {
	ceiling := b.Ceiling(attempt)
	if ceiling <= 0 {
		return 0
	}
	return time.Duration(source(int64(ceiling) + 1))
}

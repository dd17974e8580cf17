package dynamics365

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// window is the span of the service protection limits.
const window = 5 * time.Minute

// limiter counts requests in a sliding window.
type limiter struct {
	clock clockwork.Clock
	mu    sync.Mutex
	limit int // negative is none
	past  []time.Time
}

func newLimiter(clock clockwork.Clock, limit int) *limiter {
	return &limiter{clock: clock, limit: limit}
}

// take counts a request, or refuses it until the oldest one leaves the window.
func (l *limiter) take() (remaining int, refused *reply) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.forget()
	if l.limit < 0 {
		return 6000, nil
	}
	if len(l.past) >= l.limit {
		wait := window
		if len(l.past) > 0 {
			wait = window - now.Sub(l.past[0])
		}
		answer := throttled("0x80072322", fmt.Sprintf("Number of requests exceeded the limit of %d over time window of 300 seconds.", l.limit),
			int(wait/time.Second)+1)
		return 0, &answer
	}
	l.past = append(l.past, now)
	return l.limit - len(l.past), nil
}

// forget drops what left the window. Callers hold mu.
func (l *limiter) forget() time.Time {
	now := l.clock.Now()
	for len(l.past) > 0 && now.Sub(l.past[0]) >= window {
		l.past = l.past[1:]
	}
	return now
}

func (l *limiter) use() (used, limit int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget()
	return len(l.past), max(l.limit, 0)
}

func (l *limiter) set(limit int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit, l.past = limit, nil
}

// throttled is the answer of the service protection limits.
func throttled(code, message string, seconds int) reply {
	return failure(http.StatusTooManyRequests, code, message).set("Retry-After", fmt.Sprint(seconds))
}

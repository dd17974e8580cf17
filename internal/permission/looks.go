package permission

import (
	"maps"
	"sync"
	"time"
)

// looks remembers when a look last asked for a check of an object. It is this process's
// own: with several, a CRM that fails is asked that many times.
type looks struct {
	mu    sync.Mutex
	asked map[string]time.Time
}

// allow reports whether the last look is long enough ago, and if so remembers this one.
func (l *looks) allow(objectID string, now time.Time, apart time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.asked, func(_ string, at time.Time) bool { return now.Sub(at) >= apart })
	if _, recent := l.asked[objectID]; recent {
		return false
	}
	if l.asked == nil {
		l.asked = map[string]time.Time{}
	}
	l.asked[objectID] = now
	return true
}

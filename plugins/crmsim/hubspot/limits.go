package hubspot

import (
	"strconv"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// The policies of rate limiting, as error bodies name them.
const (
	policyTenSecondly = "TEN_SECONDLY_ROLLING"
	policySecondly    = "SECONDLY"
	policyDaily       = "DAILY"
)

// Limits says how many requests are answered. A negative number means any.
type Limits struct {
	TenSecondly int // per rolling ten seconds, all requests but searches; default 110, as OAuth apps have it
	Search      int // searches per second; default 5
	Daily       int // per day in the portal's time zone, for private apps only; default 250,000
}

// advertisedSecondly is a header that HubSpot still sends and no longer enforces.
const advertisedSecondly = 11

// meter counts requests against the limits of one portal.
type meter struct {
	clock clockwork.Clock
	zone  *time.Location

	mu       sync.Mutex
	limits   Limits
	calls    []time.Time // in the last ten seconds, oldest first
	searches []time.Time // in the last second
	day      string
	today    int
}

func newMeter(clock clockwork.Clock, zone *time.Location, limits Limits) *meter {
	return &meter{clock: clock, zone: zone, limits: limits}
}

// take counts a request. A policy that is not "" names the limit that is reached; the request then does not count.
func (m *meter) take(search, private bool) (policy string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock.Now()
	m.calls, m.searches = since(m.calls, now.Add(-10*time.Second)), since(m.searches, now.Add(-time.Second))
	m.turnDay(now)
	switch {
	case private && m.limits.Daily >= 0 && m.today >= m.limits.Daily:
		return policyDaily
	case search && m.limits.Search >= 0 && len(m.searches) >= m.limits.Search:
		return policySecondly
	case !search && m.limits.TenSecondly >= 0 && len(m.calls) >= m.limits.TenSecondly:
		return policyTenSecondly
	}
	if search {
		m.searches = append(m.searches, now)
	} else {
		m.calls = append(m.calls, now)
	}
	m.today++
	return ""
}

func (m *meter) turnDay(now time.Time) {
	if day := now.In(m.zone).Format(time.DateOnly); day != m.day {
		m.day, m.today = day, 0
	}
}

// since drops the moments at or before the edge of a window.
func since(moments []time.Time, edge time.Time) []time.Time {
	for len(moments) > 0 && !moments[0].After(edge) {
		moments = moments[1:]
	}
	return moments
}

// headers are the rate limit headers of an answer.
func (m *meter) headers(private bool) map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	limit := m.limits.TenSecondly
	if limit < 0 {
		limit = 1_000_000
	}
	headers := map[string]string{
		"X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
		"X-HubSpot-RateLimit-Max":                   strconv.Itoa(limit),
		"X-HubSpot-RateLimit-Remaining":             strconv.Itoa(max(0, limit-len(m.calls))),
		"X-HubSpot-RateLimit-Secondly":              strconv.Itoa(advertisedSecondly),
		"X-HubSpot-RateLimit-Secondly-Remaining":    strconv.Itoa(advertisedSecondly - 1),
	}
	if private && m.limits.Daily >= 0 {
		headers["X-HubSpot-RateLimit-Daily"] = strconv.Itoa(m.limits.Daily)
		headers["X-HubSpot-RateLimit-Daily-Remaining"] = strconv.Itoa(max(0, m.limits.Daily-m.today))
	}
	return headers
}

// used is today's count and the limit of private apps.
func (m *meter) used() (used int, limits Limits) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turnDay(m.clock.Now())
	return m.today, m.limits
}

// set changes the limits.
func (m *meter) set(change func(*Limits)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.limits)
}

// reset forgets what was counted.
func (m *meter) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls, m.searches, m.today = nil, nil, 0
}

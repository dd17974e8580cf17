package hubspot

import (
	"net/http"
	"strconv"
	"time"
)

// searchInterval keeps searches below HubSpot's five per second and portal. They
// have a limit of their own and carry no limit headers.
const searchInterval = 220 * time.Millisecond

// limits is what HubSpot's headers tell of its limits, and how long to hold back.
// HubSpot leaves the headers out of many answers: they are never required.
type limits struct {
	remaining, max int
	interval       time.Duration
	dailyUsed      int
	dailyMax       int
	pause          time.Duration
	lastSearch     time.Time
}

// read takes over the headers of an answer. When less than a tenth of the window's
// calls are left, the next call waits for a tenth of the window: others use the
// same portal.
func (l *limits) read(header http.Header) {
	if left, most, ok := budget(header, "X-HubSpot-RateLimit-Remaining", "X-HubSpot-RateLimit-Max"); ok {
		l.remaining, l.max, l.interval = left, most, 10*time.Second
		if milliseconds, ok := figure(header, "X-HubSpot-RateLimit-Interval-Milliseconds"); ok {
			l.interval = min(time.Duration(milliseconds)*time.Millisecond, time.Minute)
		}
		if left*10 < most {
			l.pause = l.interval / 10
		}
	}
	if left, most, ok := budget(header, "X-HubSpot-RateLimit-Daily-Remaining", "X-HubSpot-RateLimit-Daily"); ok {
		l.dailyUsed, l.dailyMax = max(0, most-left), most
	}
}

// budget reads the two headers of one limit.
func budget(header http.Header, remaining, limit string) (left, most int, ok bool) {
	left, hasLeft := figure(header, remaining)
	most, hasMost := figure(header, limit)
	return left, most, hasLeft && hasMost && most > 0
}

// takePause is how long to wait before the next call.
func (l *limits) takePause() time.Duration {
	pause := l.pause
	l.pause = 0
	return pause
}

// beforeSearch makes the next call wait until another search is allowed.
func (l *limits) beforeSearch(now time.Time) {
	if since := now.Sub(l.lastSearch); since < searchInterval {
		l.pause = max(l.pause, searchInterval-since)
	}
	l.lastSearch = now.Add(l.pause)
}

func figure(header http.Header, name string) (int, bool) {
	n, err := strconv.Atoi(header.Get(name))
	return n, err == nil && n >= 0 && n < 1_000_000_000
}

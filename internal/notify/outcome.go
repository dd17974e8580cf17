package notify

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/fieldwarden/fieldwarden/internal/crm"
)

const (
	// retryFor is for how long a delivery is tried again: the 75 hours that the Standard
	// Webhooks specification recommends.
	retryFor = 75*time.Hour + 35*time.Minute
	// firstWait is the most that the first retry waits; it doubles up to longestWait.
	firstWait   = 5 * time.Second
	longestWait = time.Hour
	// mostAsked bounds what a receiver may ask for with Retry-After.
	mostAsked = 6 * time.Hour

	maxFailure = 500
	// maxLog is how many attempts a delivery's log keeps.
	maxLog = 20
)

// verdict is what an attempt means for what comes next.
type verdict int

const (
	// delivered: the receiver has it.
	delivered verdict = iota
	// refused: the receiver answered that it does not take this one; it may take others.
	refused
	// down: the receiver takes nothing at the moment.
	down
	// hopeless: the receiver will never take this one (an address that does not exist).
	hopeless
	// gone: the receiver wants nothing any more (410).
	gone
	// interrupted: this server was stopped, and the receiver is to be asked again.
	interrupted
)

// outcome is how an attempt ended.
type outcome struct {
	verdict verdict
	// code is the answer's status code; 0 when there was no answer.
	code int
	// failure says what went wrong; it holds no secret.
	failure string
	// wait is for how long the receiver asked to be left alone.
	wait time.Duration
}

// retryWait is how long to wait after the attempt of a number failed: between half and
// all of a time that doubles, so that what failed together does not come back together,
// and never less than the receiver asked for.
func retryWait(attempt int, asked time.Duration) time.Duration {
	ceiling := crm.Backoff{Base: firstWait, Most: longestWait}.Ceiling(attempt)
	wait := ceiling/2 + rand.N(ceiling/2+1)
	return max(wait, min(asked, mostAsked))
}

// judgeHTTP turns an answer into an outcome.
func judgeHTTP(status int, header http.Header, now time.Time) outcome {
	o := outcome{code: status, failure: "The receiver answered " + statusText(status) + "."}
	switch {
	case accepted(status):
		return outcome{code: status}
	case status == http.StatusGone:
		o.verdict = gone
	case status >= 300 && status < 400:
		o.verdict, o.failure = down, o.failure+" Redirects are not followed: give the address that it leads to."
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		o.verdict, o.wait = down, retryAfter(header.Get("Retry-After"), now)
	default:
		o.verdict = refused
	}
	return o
}

func statusText(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

// retryAfter reads a header in either of its forms (RFC 9110, 10.2.3); zero when it
// says nothing.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// oneLine makes text of others fit for a log: one line, no control characters, not long.
func oneLine(text string, length int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return crm.Shorten(strings.Join(strings.Fields(text), " "), length)
}

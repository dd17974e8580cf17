package control

import (
	"maps"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// Request is one line of the request log. It never holds a token, a code, a header or a form.
type Request struct {
	Seq      int       `json:"seq"`  // given by Add
	Time     time.Time `json:"time"` // given by Add
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	Endpoint string    `json:"endpoint"`         // the simulator's own word: token, describe, search, …
	Object   string    `json:"object,omitempty"` // when the request is about one object
	Detail   string    `json:"detail,omitempty"` // what else tells requests apart: a query, a filter
	Status   int       `json:"status"`
	Counted  bool      `json:"counted"` // cost one API call
	Fault    string    `json:"fault,omitempty"`
	Parts    []Part    `json:"parts,omitempty"` // of a batch request
}

// Part is one part of a batch request in the request log.
type Part struct {
	Method   string `json:"method"`
	Path     string `json:"path"`
	Endpoint string `json:"endpoint"`
	Object   string `json:"object,omitempty"`
	Status   int    `json:"status"`
	Fault    string `json:"fault,omitempty"`
}

// The names under which simulators Bump what is not a request.
const (
	CountCodesRedeemed         = "codes_redeemed"
	CountTokenRefreshes        = "token_refreshes"        // successful ones
	CountRefreshTokenReuses    = "refresh_token_reuses"   // a rotated token came again
	CountAuthorizationsRevoked = "authorizations_revoked" // for whatever reason
	CountRevokeCalls           = "revoke_calls"
	CountIntrospections        = "introspections"
)

// Counters count since the start or the last Clear.
type Counters struct {
	Requests   int            `json:"requests"`    // requests of every kind
	APICalls   int            `json:"api_calls"`   // those that count against the limit
	ByEndpoint map[string]int `json:"by_endpoint"` // requests, parts of batches included
	ByObject   map[string]int `json:"by_object"`   // requests, parts of batches included
	Faults     int            `json:"faults"`      // requests and parts that a fault met
	Named      map[string]int `json:"named"`       // what was bumped
}

// Journal keeps the latest requests and the counters. It is safe for concurrent use.
type Journal struct {
	clock    clockwork.Clock
	capacity int

	mu       sync.Mutex
	seq      int
	requests []Request // oldest first
	counters Counters
}

// NewJournal keeps the latest capacity requests, at least one.
func NewJournal(clock clockwork.Clock, capacity int) *Journal {
	j := &Journal{clock: clock, capacity: max(capacity, 1)}
	j.Clear()
	return j
}

// Add logs a request and counts it.
func (j *Journal) Add(r Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	r.Seq, r.Time = j.seq, j.clock.Now().UTC()
	if len(j.requests) >= 2*j.capacity { // moved seldom, so that logging stays cheap
		j.requests = append(j.requests[:0], j.requests[len(j.requests)-j.capacity:]...)
	}
	j.requests = append(j.requests, r)
	c := &j.counters
	c.Requests++
	if r.Counted {
		c.APICalls++
	}
	c.count(r.Endpoint, r.Object, r.Fault)
	for _, p := range r.Parts {
		c.count(p.Endpoint, p.Object, p.Fault)
	}
}

func (c *Counters) count(endpoint, object, fault string) {
	c.ByEndpoint[endpoint]++
	if object != "" {
		c.ByObject[object]++
	}
	if fault != "" {
		c.Faults++
	}
}

// Bump counts one more of something that is not a request of its own.
func (j *Journal) Bump(name string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counters.Named[name]++
}

// After lists the kept requests with a higher sequence number, oldest first; 0 lists all that are kept.
func (j *Journal) After(seq int) []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	kept := j.requests[max(0, len(j.requests)-j.capacity):]
	for len(kept) > 0 && kept[0].Seq <= seq {
		kept = kept[1:]
	}
	return append([]Request{}, kept...)
}

// Count gives the counters of this moment.
func (j *Journal) Count() Counters {
	j.mu.Lock()
	defer j.mu.Unlock()
	c := j.counters
	c.ByEndpoint, c.ByObject, c.Named = maps.Clone(c.ByEndpoint), maps.Clone(c.ByObject), maps.Clone(c.Named)
	return c
}

// Clear forgets the requests and starts the counters again. Sequence numbers go on.
func (j *Journal) Clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.requests = nil
	j.counters = Counters{ByEndpoint: map[string]int{}, ByObject: map[string]int{}, Named: map[string]int{}}
}

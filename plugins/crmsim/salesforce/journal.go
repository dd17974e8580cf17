package salesforce

import (
	"maps"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// Request is one line of the request log. It never holds a token, a code, a header or a form.
type Request struct {
	Seq      int       `json:"seq"`
	Time     time.Time `json:"time"`
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	Endpoint string    `json:"endpoint"`         // token, describe, query, composite, …
	Object   string    `json:"object,omitempty"` // when the request is about one object
	SOQL     string    `json:"soql,omitempty"`
	Status   int       `json:"status"`
	Counted  bool      `json:"counted"` // cost one API call
	Fault    FaultKind `json:"fault,omitempty"`
	Parts    []Part    `json:"parts,omitempty"` // of a composite request
}

// Part is one part of a composite request in the request log.
type Part struct {
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	Endpoint string    `json:"endpoint"`
	Object   string    `json:"object,omitempty"`
	Status   int       `json:"status"`
	Fault    FaultKind `json:"fault,omitempty"`
}

// Counters count since the start or the last clearing of the request log.
type Counters struct {
	Requests   int            `json:"requests"`    // requests of every kind
	APICalls   int            `json:"api_calls"`   // those that count against the daily limit
	ByEndpoint map[string]int `json:"by_endpoint"` // requests, composite parts included
	ByObject   map[string]int `json:"by_object"`   // requests, composite parts included
	Faults     int            `json:"faults"`      // requests and parts that a fault met

	CodesRedeemed         int `json:"codes_redeemed"`
	TokenRefreshes        int `json:"token_refreshes"`        // successful ones
	RefreshTokenReuses    int `json:"refresh_token_reuses"`   // a rotated token came again: authorization revoked
	AuthorizationsRevoked int `json:"authorizations_revoked"` // for whatever reason
	RevokeCalls           int `json:"revoke_calls"`           // calls of the revoke endpoint
}

// journal keeps the latest requests and the counters.
type journal struct {
	clock    clockwork.Clock
	capacity int

	mu       sync.Mutex
	seq      int
	requests []Request // oldest first
	counters Counters
}

func newJournal(clock clockwork.Clock, capacity int) *journal {
	j := &journal{clock: clock, capacity: capacity}
	j.clear()
	return j
}

func (j *journal) add(r Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	r.Seq, r.Time = j.seq, j.clock.Now().UTC()
	if len(j.requests) >= 2*j.capacity {
		j.requests = append(j.requests[:0], j.requests[len(j.requests)-j.capacity:]...)
	}
	j.requests = append(j.requests, r)
	c := &j.counters
	c.Requests++
	if r.Counted {
		c.APICalls++
	}
	count := func(endpoint, object string, fault FaultKind) {
		c.ByEndpoint[endpoint]++
		if object != "" {
			c.ByObject[object]++
		}
		if fault != "" {
			c.Faults++
		}
	}
	count(r.Endpoint, r.Object, r.Fault)
	for _, p := range r.Parts {
		count(p.Endpoint, p.Object, p.Fault)
	}
}

// after lists the kept requests with a higher sequence number, oldest first.
func (j *journal) after(seq int) []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	kept := j.requests[max(0, len(j.requests)-j.capacity):]
	for len(kept) > 0 && kept[0].Seq <= seq {
		kept = kept[1:]
	}
	return append([]Request{}, kept...)
}

func (j *journal) count() Counters {
	j.mu.Lock()
	defer j.mu.Unlock()
	c := j.counters
	c.ByEndpoint, c.ByObject = maps.Clone(c.ByEndpoint), maps.Clone(c.ByObject)
	return c
}

// clear forgets the requests and starts the counters again. Sequence numbers go on.
func (j *journal) clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.requests = nil
	j.counters = Counters{ByEndpoint: map[string]int{}, ByObject: map[string]int{}}
}

package control

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// FaultSlow is the kind of fault that every simulator has: the answer comes DelayMS later. It adds to other kinds.
const FaultSlow = "slow"

// maxDelay bounds a slow fault.
const maxDelay = time.Hour

// FaultKind describes a way in which a simulator breaks.
type FaultKind struct {
	Key    string `json:"key"`
	Title  string `json:"title"`            // what a client sees
	Spoils bool   `json:"spoils,omitempty"` // answers really, then spoils the answer: cut, truncated; never a part of a batch
	Path   string `json:"path,omitempty"`   // meets requests below this path only
	// Asked kinds are left alone by Take: the one endpoint that can break so asks with TakeKind.
	Asked bool `json:"asked,omitempty"`
}

// Fault is a rule: which requests break, how, and how often. Without Path and Object it meets every request below the
// default path, or below the path of its kind.
type Fault struct {
	ID   int    `json:"id"` // given by Add
	Kind string `json:"kind"`
	// Path is a prefix of the URL path, whole or as the simulator shortens it (without the version, for example).
	Path string `json:"path,omitempty"`
	// Object meets requests about this object, in any case of letters.
	Object string `json:"object,omitempty"`
	// Parts meets only the parts of batch requests, not requests of their own.
	Parts   bool `json:"parts,omitempty"`
	Times   int  `json:"times,omitempty"`    // how many requests still break; 0 means until removed
	DelayMS int  `json:"delay_ms,omitempty"` // for slow
	Hits    int  `json:"hits"`               // how many requests broke so far
}

// Target is a request, or a part of one, as rules see it.
type Target struct {
	Path   string // the whole URL path
	Object string // "" when the request is about no single object
	Part   bool   // part of a batch request
}

// Faults is the list of rules in force. It is safe for concurrent use.
type Faults struct {
	kinds       []FaultKind
	byKey       map[string]FaultKind
	defaultPath string
	relative    func(path string) string

	mu     sync.Mutex
	nextID int
	rules  []*Fault
}

// NewFaults makes an empty list. Rules without path and object meet requests below defaultPath; relative shortens a
// path for rules that leave out a version or the like, and may be nil. Slow is added to kinds where it is missing.
func NewFaults(kinds []FaultKind, defaultPath string, relative func(path string) string) *Faults {
	f := &Faults{kinds: slices.Clone(kinds), byKey: map[string]FaultKind{}, defaultPath: defaultPath, relative: relative}
	if !slices.ContainsFunc(kinds, func(k FaultKind) bool { return k.Key == FaultSlow }) {
		f.kinds = append(f.kinds, FaultKind{Key: FaultSlow, Title: "slow answer"})
	}
	for _, kind := range f.kinds {
		f.byKey[kind.Key] = kind
	}
	return f
}

// Kinds lists the kinds of faults.
func (f *Faults) Kinds() []FaultKind { return slices.Clone(f.kinds) }

// Add puts a rule in force and returns its id. Errors are *Error.
func (f *Faults) Add(rule Fault) (int, error) {
	_, known := f.byKey[rule.Kind]
	switch {
	case !known:
		return 0, BadRequest("there is no fault kind %q", rule.Kind)
	case rule.Times < 0:
		return 0, BadRequest("times: want 0 (until cleared) or more, got %d", rule.Times)
	case rule.Kind == FaultSlow && (rule.DelayMS <= 0 || rule.DelayMS > int(maxDelay/time.Millisecond)):
		return 0, BadRequest("delay_ms: a slow fault wants 1 to 3,600,000, got %d", rule.DelayMS)
	case rule.Kind != FaultSlow && rule.DelayMS != 0:
		return 0, BadRequest("delay_ms: only a slow fault has a delay; add one of its own")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nextID++
	rule.ID, rule.Hits = f.nextID, 0
	f.rules = append(f.rules, &rule)
	return rule.ID, nil
}

// Remove ends one rule. Errors are *Error.
func (f *Faults) Remove(id int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.rules)
	f.rules = slices.DeleteFunc(f.rules, func(rule *Fault) bool { return rule.ID == id })
	if len(f.rules) == before {
		return NotFound("there is no fault %d (any more)", id)
	}
	return nil
}

// Clear ends every rule.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

// List gives the rules in force, oldest first.
func (f *Faults) List() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	rules := make([]Fault, len(f.rules))
	for i, rule := range f.rules {
		rules[i] = *rule
	}
	return rules
}

// Take collects the rules that meet this request and counts them as used: the delays of all slow ones, and the kind of
// at most one other. The kind is FaultSlow when only slow ones met it, and "" when none did.
func (f *Faults) Take(t Target) (delay time.Duration, kind string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var used []*Fault
	for _, rule := range f.rules {
		slow := rule.Kind == FaultSlow
		if f.byKey[rule.Kind].Asked || !f.meets(rule, t) || (kind != "" && !slow) {
			continue
		}
		if slow {
			delay += time.Duration(rule.DelayMS) * time.Millisecond
		} else {
			kind = rule.Kind
		}
		used = append(used, rule)
	}
	f.spend(used)
	if kind == "" && len(used) > 0 {
		kind = FaultSlow
	}
	return delay, kind
}

// TakeKind uses a rule of an Asked kind and says whether there was one.
func (f *Faults) TakeKind(kind string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, rule := range f.rules {
		if rule.Kind == kind {
			f.spend([]*Fault{rule})
			return true
		}
	}
	return false
}

// meets compares a rule with a request.
func (f *Faults) meets(rule *Fault, t Target) bool {
	kind := f.byKey[rule.Kind]
	switch {
	case rule.Parts && !t.Part:
		return false
	case t.Part && kind.Spoils: // only whole answers can break off
		return false
	case kind.Path != "" && !f.below(t.Path, kind.Path):
		return false
	case rule.Object != "" && !strings.EqualFold(rule.Object, t.Object):
		return false
	case rule.Path != "":
		return f.below(t.Path, rule.Path)
	case rule.Object != "" || rule.Parts || kind.Path != "":
		return true
	}
	// Unscoped rules meet the outer request only; its parts never run then.
	return !t.Part && strings.HasPrefix(t.Path, f.defaultPath)
}

func (f *Faults) below(path, prefix string) bool {
	return strings.HasPrefix(path, prefix) || (f.relative != nil && strings.HasPrefix(f.relative(path), prefix))
}

// spend counts a use and removes rules that are used up. Callers hold mu.
func (f *Faults) spend(rules []*Fault) {
	for _, rule := range rules {
		rule.Hits++
		if rule.Times == 0 {
			continue
		}
		if rule.Times--; rule.Times == 0 {
			f.rules = slices.DeleteFunc(f.rules, func(other *Fault) bool { return other == rule })
		}
	}
}

// Pause waits on the simulator's clock, or until the client goes away.
func Pause(ctx context.Context, clock clockwork.Clock, delay time.Duration) error {
	if delay <= 0 {
		return nil
	}
	timer := clock.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.Chan():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("slow fault: %w", ctx.Err())
	}
}

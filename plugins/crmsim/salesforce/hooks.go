package salesforce

import "sync"

// Page is a page of records that is about to be read.
type Page struct {
	Object string
	Bulk   bool // of a Bulk API job's results; else of a query
	Offset int  // records before this page
	Rows   int  // records of the whole answer
}

// OnPage registers a function that runs before each page of a query or of a bulk job's results is made, on the
// goroutine of the request and without any lock, so that it may change records through Controls: that is how a test
// changes what is being read. nil takes it away.
func (c *Controls) OnPage(hook func(Page)) {
	h := &c.sim.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	h.page = hook
}

// hooks are functions of a test that the simulator calls.
type hooks struct {
	mu   sync.Mutex
	page func(Page)
}

func (h *hooks) beforePage(p Page) {
	h.mu.Lock()
	hook := h.page
	h.mu.Unlock()
	if hook != nil {
		hook(p)
	}
}

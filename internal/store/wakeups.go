package store

import "sync"

// wakeups tells followers in this process that a workspace's feed may have
// grown. A wake-up carries nothing and may be spurious: whoever gets one reads.
type wakeups struct {
	mu      sync.Mutex
	waiting map[string]map[chan struct{}]struct{} // by workspace id
}

func newWakeups() *wakeups { return &wakeups{waiting: map[string]map[chan struct{}]struct{}{}} }

// subscribe returns a channel that holds at most one wake-up, and the function
// that ends it.
func (w *wakeups) subscribe(workspaceID string) (<-chan struct{}, func()) {
	signal := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting[workspaceID] == nil {
		w.waiting[workspaceID] = map[chan struct{}]struct{}{}
	}
	w.waiting[workspaceID][signal] = struct{}{}
	return signal, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.waiting[workspaceID], signal)
		if len(w.waiting[workspaceID]) == 0 {
			delete(w.waiting, workspaceID)
		}
	}
}

// wake wakes the followers of one workspace.
func (w *wakeups) wake(workspaceID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for signal := range w.waiting[workspaceID] {
		offer(signal)
	}
}

// wakeAll wakes everyone, after wake-ups may have been missed.
func (w *wakeups) wakeAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, signals := range w.waiting {
		for signal := range signals {
			offer(signal)
		}
	}
}

func offer(signal chan<- struct{}) {
	select {
	case signal <- struct{}{}:
	default: // one is waiting already, and one is enough
	}
}

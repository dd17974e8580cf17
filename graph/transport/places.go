package transport

import (
	"context"
	"fmt"
	"sync"
)

// places counts the long-lived connections of a handler, bounds them, and ends
// them when the server shuts down.
type places struct {
	most int
	// down is closed when the server shuts down.
	down chan struct{}

	mu     sync.Mutex
	taken  int
	closed bool
	done   sync.WaitGroup
}

func newPlaces(most int) *places { return &places{most: most, down: make(chan struct{})} }

// take takes a place, to be released; what is wrong is for the client.
func (p *places) take() (problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return "the server is shutting down"
	}
	if p.taken >= p.most {
		return fmt.Sprintf("the server has its %d connections in use", p.most)
	}
	p.taken++
	p.done.Add(1)
	return ""
}

func (p *places) release() {
	p.mu.Lock()
	p.taken--
	p.mu.Unlock()
	p.done.Done()
}

func (p *places) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken
}

// shutdown refuses new connections, tells those that there are, and returns once
// they have ended, or with the error of ctx when that ends first.
func (p *places) shutdown(ctx context.Context) error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.down)
	}
	p.mu.Unlock()

	ended := make(chan struct{})
	go func() {
		p.done.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

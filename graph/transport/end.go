package transport

import (
	"context"
	"sync"
)

type endingKey struct{}

// ending holds the error that a subscription ends with.
type ending struct {
	mu  sync.Mutex
	err error
}

func withEnding(ctx context.Context) (context.Context, *ending) {
	e := &ending{}
	return context.WithValue(ctx, endingKey{}, e), e
}

func (e *ending) get() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// EndWith makes the subscription that ctx belongs to end with err instead of
// a plain completion. gqlgen's subscription resolvers return a channel, which
// can only be closed; so a resolver's producer does
//
//	transport.EndWith(ctx, fault.New(fault.CursorExpired, …))
//	close(events)
//
// in this order, with the ctx that the resolver was given. The error passes
// through the executor's error presenter and reaches the client as an error
// message on the operation's id. The first error given stands. EndWith
// returns false, and does nothing, where no subscription runs.
func EndWith(ctx context.Context, err error) bool {
	e, ok := ctx.Value(endingKey{}).(*ending)
	if !ok {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
	}
	return true
}

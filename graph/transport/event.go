package transport

import (
	"context"
	"sync"
)

type (
	eventIDsKey    struct{}
	lastEventIDKey struct{}
)

// eventIDs are the ids of events that a resolver is handing over, in order: each
// response that the executor gives belongs to the first of them.
type eventIDs struct {
	mu  sync.Mutex
	ids []string
}

func withEventIDs(ctx context.Context) (context.Context, *eventIDs) {
	ids := &eventIDs{}
	return context.WithValue(ctx, eventIDsKey{}, ids), ids
}

func (e *eventIDs) take() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.ids) == 0 {
		return ""
	}
	id := e.ids[0]
	e.ids = e.ids[1:]
	return id
}

// NextEventID names the event that a subscription's producer is about to put into
// its channel, for transports that tell clients where they are. A producer calls it
// for every event, before each, or for none:
//
//	transport.NextEventID(ctx, cursor)
//	events <- event
//
// with the ctx that the resolver was given. It does nothing elsewhere.
func NextEventID(ctx context.Context, id string) {
	ids, ok := ctx.Value(eventIDsKey{}).(*eventIDs)
	if !ok {
		return
	}
	ids.mu.Lock()
	defer ids.mu.Unlock()
	ids.ids = append(ids.ids, id)
}

// LastEventID is the id of the last event that the client of a stream of events saw
// before it connected again; "" when it sent none. A browser's EventSource sends the
// request again as it was, so this is newer than any position in its variables.
func LastEventID(ctx context.Context) string {
	id, _ := ctx.Value(lastEventIDKey{}).(string)
	return id
}

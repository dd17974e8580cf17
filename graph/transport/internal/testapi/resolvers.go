// Package testapi is a small executable schema for the tests of package
// transport.
package testapi

import (
	"context"
	"errors"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// API answers the operations of the schema, and lets a test steer them.
type API struct {
	// Started gets a value whenever block or events begins.
	Started chan string
	// Stopped gets a value whenever block or events ends.
	Stopped chan string
	// Release lets one block answer.
	Release chan struct{}
	// Source is what events streams: each subscription runs it, on a
	// goroutine of its own, with the resolver's context.
	Source func(ctx context.Context, emit func(string) bool)
	// Inspect, if set, sees the context of hello, which answers its result.
	Inspect func(ctx context.Context) string
}

// New returns an API whose channels hold 100 values, beyond which it blocks.
func New() *API {
	return &API{
		Started: make(chan string, 100),
		Stopped: make(chan string, 100),
		Release: make(chan struct{}, 100),
	}
}

// Query returns the resolvers of queries.
func (a *API) Query() QueryResolver { return query{a} }

// Mutation returns the resolvers of mutations.
func (a *API) Mutation() MutationResolver { return mutation{} }

// Subscription returns the resolvers of subscriptions.
func (a *API) Subscription() SubscriptionResolver { return subscription{a} }

// Item returns the resolvers of items.
func (a *API) Item() ItemResolver { return item{} }

// Failing returns the resolvers of Failing.
func (a *API) Failing() FailingResolver { return failing{} }

type (
	query        struct{ api *API }
	mutation     struct{}
	subscription struct{ api *API }
	item         struct{}
	failing      struct{}
)

func (q query) Hello(ctx context.Context) (string, error) {
	if q.api.Inspect != nil {
		return q.api.Inspect(ctx), nil
	}
	return "world", nil
}

func (query) Echo(_ context.Context, text string) (string, error) { return text, nil }

func (query) Fail(_ context.Context, how string) (*Failing, error) {
	switch how {
	case "CODED":
		return nil, &gqlerror.Error{Message: "no such thing", Extensions: map[string]any{"code": "NOT_FOUND"}}
	case "PANIC":
		panic("secret of a panic")
	case "NULL", "NESTED_PANIC":
		return &Failing{Value: how}, nil
	}
	return nil, errors.New("secret of a plain error")
}

func (failing) Value(_ context.Context, obj *Failing) (string, error) {
	if obj.Value == "NESTED_PANIC" {
		panic("secret of a nested panic")
	}
	return "", errors.New("secret of a null")
}

func (query) List(_ context.Context, first, last *int) (*ItemConnection, error) {
	return page(first, last), nil
}

func (item) Children(_ context.Context, _ *Item, first, last *int) (*ItemConnection, error) {
	return page(first, last), nil
}

func page(first, last *int) *ItemConnection {
	size := 2
	for _, n := range []*int{first, last} {
		if n != nil {
			size = *n
		}
	}
	connection := &ItemConnection{TotalCount: size, Nodes: make([]*Item, size)}
	for i := range connection.Nodes {
		connection.Nodes[i] = &Item{ID: "i"}
	}
	return connection
}

func (q query) Block(ctx context.Context) (string, error) {
	q.api.Started <- "block"
	defer func() { q.api.Stopped <- "block" }()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-q.api.Release:
		return "released", nil
	}
}

func (query) Large(_ context.Context, bytes int) (string, error) {
	return strings.Repeat("x", bytes), nil
}

func (mutation) Set(_ context.Context, text string) (string, error) { return text, nil }

func (subscription) Count(ctx context.Context, to int) (<-chan int, error) {
	numbers := make(chan int)
	go func() {
		defer close(numbers)
		for i := range to {
			select {
			case numbers <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	return numbers, nil
}

func (s subscription) Events(ctx context.Context) (<-chan string, error) {
	events := make(chan string)
	s.api.Started <- "events"
	go func() {
		defer func() { s.api.Stopped <- "events" }()
		defer close(events)
		if s.api.Source == nil {
			<-ctx.Done()
			return
		}
		s.api.Source(ctx, func(event string) bool {
			select {
			case events <- event:
				return true
			case <-ctx.Done():
				return false
			}
		})
	}()
	return events, nil
}

func (subscription) Refused(context.Context) (<-chan int, error) {
	return nil, &gqlerror.Error{Message: "not for you", Extensions: map[string]any{"code": "FORBIDDEN"}}
}

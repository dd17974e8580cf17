package transport

import (
	"context"
	"crypto/rand"
)

type requestIDKey struct{}

// RequestID returns the id of the request that ctx belongs to, for logs and
// error presenters; "" outside of a request. Operations of one socket have
// ids that begin with the id of the socket's HTTP request.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

func withRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// requestID returns the id given to the request outside, else a new one.
func (c *Config) requestID(ctx context.Context) string {
	if c.RequestID != nil {
		if id := c.RequestID(ctx); id != "" {
			return id
		}
	}
	return rand.Text()
}

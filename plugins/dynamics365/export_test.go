package dynamics365

import "context"

// NewWithoutPause is New for tests outside the package: calls are repeated
// without waiting.
func NewWithoutPause() *Connector {
	c := New()
	c.pause = func(ctx context.Context, _ int) error { return ctx.Err() }
	return c
}

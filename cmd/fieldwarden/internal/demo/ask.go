package demo

import (
	"context"
	"errors"

	"github.com/fieldwarden/fieldwarden/internal/drive"
)

// with returns the variables of a mutation: an idempotency key, and the
// integration's id once there is one.
func (s *story) with(name string) map[string]any {
	return map[string]any{"key": "demo-" + s.crm.Name + "-" + name, "id": s.integration.ID}
}

// query asks one root field with $id.
func (s *story) query(ctx context.Context, selection string, out any) error {
	return s.client.Do(ctx, "query($id: ID!) { "+selection+" }", map[string]any{"id": s.integration.ID}, out)
}

// cursorNow remembers where the feed stands.
func (s *story) cursorNow(ctx context.Context) error {
	var found struct{ Workspace struct{ FeedCursor string } }
	err := s.client.Do(ctx, `{ workspace { feedCursor } }`, nil, &found)
	s.last = found.Workspace.FeedCursor
	return err
}

// runEnds waits until the integration has n runs and the newest has ended.
func (s *story) runEnds(ctx context.Context, n int) (drive.Run, error) {
	ctx, cancel := patiently(ctx)
	defer cancel()
	return s.integration.RunEnds(ctx, n)
}

// eventually asks until the answer is yes, for as long as the story's patience.
func eventually(ctx context.Context, ask func() (bool, error)) error {
	ctx, cancel := patiently(ctx)
	defer cancel()
	return drive.Until(ctx, func(context.Context) (bool, error) { return ask() })
}

// patiently is ctx until the story's patience ends.
func patiently(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, patience, errors.New("it took too long"))
}

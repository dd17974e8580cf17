package demo

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// with returns the variables of a mutation: an idempotency key, and the
// integration's id once there is one.
func (s *story) with(name string) map[string]any {
	return map[string]any{"key": "demo-" + s.crm.Name + "-" + name, "id": s.integration}
}

// query asks one root field with $id.
func (s *story) query(ctx context.Context, selection string, out any) error {
	return s.client.Do(ctx, "query($id: ID!) { "+selection+" }", map[string]any{"id": s.integration}, out)
}

// cursorNow remembers where the feed stands.
func (s *story) cursorNow(ctx context.Context) error {
	var found struct{ Workspace struct{ FeedCursor string } }
	err := s.client.Do(ctx, `{ workspace { feedCursor } }`, nil, &found)
	s.last = found.Workspace.FeedCursor
	return err
}

// run is what the steps look at of a run.
type run struct {
	Status, Reason string
	CRMCalls       int
	Counters       struct{ Read, Created, Updated, Deleted, Skipped, Failed int }
}

// runEnds waits until the integration has n runs and the newest has ended.
func (s *story) runEnds(ctx context.Context, n int) (run, error) {
	var newest run
	err := eventually(ctx, func() (bool, error) {
		var found struct {
			Integration struct {
				Runs struct {
					TotalCount int
					Edges      []struct{ Node run }
				}
			}
		}
		err := s.query(ctx, `integration(id: $id) { runs(first: 1) { totalCount edges { node {
			status reason crmCalls counters { read created updated deleted skipped failed }
		} } } }`, &found)
		if err != nil || found.Integration.Runs.TotalCount < n || len(found.Integration.Runs.Edges) == 0 {
			return false, err
		}
		newest = found.Integration.Runs.Edges[0].Node
		return newest.Status != "QUEUED" && newest.Status != "RUNNING", nil
	})
	return newest, err
}

// eventually asks until the answer is yes, for as long as the story's patience.
func eventually(ctx context.Context, ask func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("it took too long"))
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		done, err := ask()
		if done || err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("demo: %w", context.Cause(ctx))
		}
	}
}

package store

import (
	"context"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
)

// followPoll is how long a follower trusts that no wake-up means no news. It is
// the net under lost notifications, not the way entries arrive.
const followPoll = 15 * time.Second

// Follower reads a workspace's feed from a place on: first what is there, then
// what comes, each entry once and in order. It holds one page at most, so a slow
// reader costs no memory. It is used by one goroutine; Close it.
type Follower struct {
	store       *Store
	workspaceID string
	after       int64
	head        int64
	signal      <-chan struct{}
	end         func()
}

// Follow starts a Follower behind the sequence *after, or behind the newest entry
// for nil. It fails like FeedAfter for a sequence outside the feed.
func (s *Store) Follow(ctx context.Context, workspaceID string, after *int64) (*Follower, error) {
	// Listening begins before the head is read: an entry committed in between
	// wakes us, and none falls between the two.
	signal, end := s.wakeups.subscribe(workspaceID)
	f := &Follower{store: s, workspaceID: workspaceID, signal: signal, end: end}
	if err := f.begin(ctx, after); err != nil {
		end()
		return nil, err
	}
	return f, nil
}

func (f *Follower) begin(ctx context.Context, after *int64) error {
	head, floor, err := f.store.feedBounds(ctx, f.workspaceID)
	f.head = head
	switch {
	case err != nil:
		return err
	case after == nil:
		f.after = head
	case *after < 0 || *after > head:
		return beyondHead()
	case *after < floor:
		return expired(f.workspaceID, floor)
	default:
		f.after = *after
	}
	return nil
}

// Next returns the next entries, at least one. It blocks until there are any or
// ctx ends. CURSOR_EXPIRED means that the reader was so slow that retention
// overtook it.
func (f *Follower) Next(ctx context.Context) ([]*ent.FeedEntry, error) {
	for {
		entries, err := f.store.FeedAfter(ctx, f.workspaceID, f.after, feedPage)
		if err != nil {
			return nil, err
		}
		if len(entries) > 0 {
			f.after = entries[len(entries)-1].Seq
			return entries, nil
		}
		if err := f.wait(ctx); err != nil {
			return nil, err
		}
	}
}

func (f *Follower) wait(ctx context.Context) error {
	poll := f.store.clock.NewTimer(followPoll)
	defer poll.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-f.signal:
	case <-poll.Chan():
	}
	return nil
}

// Cursor returns the place after the last entry that Next returned.
func (f *Follower) Cursor() string { return FormatCursor(f.workspaceID, f.after) }

// Head returns the place of the newest entry there was when the follower began: what
// comes after it is news, what comes before it is replayed.
func (f *Follower) Head() string { return FormatCursor(f.workspaceID, f.head) }

// CaughtUp reports whether Next has returned all that was there when the follower
// began.
func (f *Follower) CaughtUp() bool { return f.after >= f.head }

// CameLater reports whether an entry was written after the follower began.
func (f *Follower) CameLater(entry *ent.FeedEntry) bool { return entry.Seq > f.head }

// Close ends the follower.
func (f *Follower) Close() { f.end() }

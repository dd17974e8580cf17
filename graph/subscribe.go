package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/graph/transport"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Kinds of feed entries, one per subscription.
const (
	feedAlert      = "alert"
	feedPermission = "permission"
	feedSettings   = "settings"
	feedRun        = "run"
	feedLog        = "log"
)

// subscription is what a client asked to follow, in the terms of the feed.
type subscription[T any] struct {
	// wanted chooses feed entries, by what they say themselves.
	wanted func(*ent.FeedEntry) bool
	// integrationID must be one of the principal's workspace; nil is all.
	integrationID *string
	// after is the cursor to replay from; nil begins with what comes next.
	after *string
	// event tells an entry; nil when it says nothing to this subscriber.
	event func(ctx context.Context, entry *ent.FeedEntry) (*T, error)
	// marker is the event that only says where the feed stands; nil when the client did
	// not ask for it.
	marker func(ctx context.Context, stands mark) (*T, error)
}

// mark is a place in the feed.
type mark struct {
	cursor string
	at     time.Time
}

// ofKind wants the entries of one kind, of one integration or of all.
func ofKind(kind string, integrationID *string) func(*ent.FeedEntry) bool {
	return func(entry *ent.FeedEntry) bool {
		return entry.Kind == kind && (integrationID == nil || entry.IntegrationID == *integrationID)
	}
}

// marked is what marker makes when it was asked for.
func marked[T any](asked bool, marker func(mark) *T) func(context.Context, mark) (*T, error) {
	if !asked {
		return nil
	}
	return func(_ context.Context, stands mark) (*T, error) { return marker(stands), nil }
}

// follow turns feed entries into events: first what came after the cursor, then the
// marker, then what comes. The marker thus divides what was missed from what is
// live, and is the first event where nothing is replayed: whoever loads the present
// state when the marker has come, and then applies what follows, misses nothing. The
// channel has no buffer: a client that does not read holds one entry, and the
// transport cuts it off.
func follow[T any](ctx context.Context, r *Resolver, s subscription[T]) (<-chan *T, error) {
	p, ok := principal.From(ctx)
	if !ok {
		return nil, fault.New(fault.Unauthenticated, "A subscription needs a bearer token.")
	}
	if s.integrationID != nil {
		if _, err := r.integration(ctx, *s.integrationID); err != nil {
			return nil, err
		}
	}
	// A client of events that comes back repeats its request as it was, and says in a
	// header how far it got since.
	if last := transport.LastEventID(ctx); last != "" {
		s.after = &last
	}
	var from *int64
	if s.after != nil {
		seq, err := store.ParseCursor(p.WorkspaceID, *s.after)
		if err != nil {
			return nil, err
		}
		from = &seq
	}
	follower, err := r.Store.Follow(ctx, p.WorkspaceID, from)
	if err != nil {
		return nil, err
	}
	events := make(chan *T)
	go func() {
		defer close(events)
		defer follower.Close()
		err := s.pump(ctx, follower, r.Store.Clock().Now(), events)
		if ctx.Err() == nil && err != nil {
			if fault.CodeOf(err) == fault.Internal {
				r.Logger.ErrorContext(ctx, "a subscription ended with an error", slog.String("error", err.Error()))
			}
			transport.EndWith(ctx, err)
		}
	}()
	return events, nil
}

// pump sends events until the client leaves. began is when it came.
func (s subscription[T]) pump(ctx context.Context, follower *store.Follower, began time.Time, events chan<- *T) error {
	live := s.marker == nil
	for {
		if !live && follower.CaughtUp() {
			if err := s.mark(ctx, follower.Head(), began, events); err != nil {
				return err
			}
			live = true
		}
		entries, err := follower.Next(ctx)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			// The page that ends the replay may hold what came since, too.
			if !live && follower.CameLater(entry) {
				if err := s.mark(ctx, follower.Head(), began, events); err != nil {
					return err
				}
				live = true
			}
			if !s.wanted(entry) {
				continue
			}
			made, err := s.event(ctx, entry)
			if err != nil {
				return err
			}
			if err := send(ctx, position(entry), made, events); err != nil {
				return err
			}
		}
	}
}

// mark sends the marker.
func (s subscription[T]) mark(ctx context.Context, cursor string, at time.Time, events chan<- *T) error {
	made, err := s.marker(ctx, mark{cursor: cursor, at: at})
	if err != nil {
		return err
	}
	return send(ctx, cursor, made, events)
}

// send gives an event to the transport; nil says nothing to this subscriber.
func send[T any](ctx context.Context, cursor string, event *T, events chan<- *T) error {
	if event == nil {
		return nil
	}
	transport.NextEventID(ctx, cursor)
	select {
	case events <- event:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// payload reads the facts of a feed entry.
func payload[T any](entry *ent.FeedEntry) (T, error) {
	var facts T
	if err := json.Unmarshal(entry.Payload, &facts); err != nil {
		return facts, fmt.Errorf("graph: feed entry %s: %w", entry.ID, err)
	}
	return facts, nil
}

func position(entry *ent.FeedEntry) string { return store.FormatCursor(entry.WorkspaceID, entry.Seq) }

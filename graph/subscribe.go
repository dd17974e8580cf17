package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

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

// follow turns the feed entries of one kind into events.
func follow[T any](
	ctx context.Context, r *Resolver, kind string, integrationID *string, after *string,
	event func(ctx context.Context, entry *ent.FeedEntry) (*T, error),
) (<-chan *T, error) {
	wanted := func(entry *ent.FeedEntry) bool {
		return entry.Kind == kind && (integrationID == nil || entry.IntegrationID == *integrationID)
	}
	return followWanted(ctx, r, wanted, integrationID, after, event)
}

// followWanted turns feed entries into events: first what came after the cursor,
// then what comes. The channel has no buffer: a client that does not read holds one
// entry, and the transport cuts it off. An integrationID must be one of the
// principal's workspace.
func followWanted[T any](
	ctx context.Context, r *Resolver, wanted func(*ent.FeedEntry) bool, integrationID *string, after *string,
	event func(ctx context.Context, entry *ent.FeedEntry) (*T, error),
) (<-chan *T, error) {
	p, ok := principal.From(ctx)
	if !ok {
		return nil, fault.New(fault.Unauthenticated, "A subscription needs a bearer token.")
	}
	if integrationID != nil {
		if _, err := r.integration(ctx, *integrationID); err != nil {
			return nil, err
		}
	}
	// A client of events that comes back repeats its request as it was, and says in a
	// header how far it got since.
	if last := transport.LastEventID(ctx); last != "" {
		after = &last
	}
	var from *int64
	if after != nil {
		seq, err := store.ParseCursor(p.WorkspaceID, *after)
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
		err := pump(ctx, follower, wanted, event, events)
		if ctx.Err() == nil && err != nil {
			if fault.CodeOf(err) == fault.Internal {
				r.Logger.ErrorContext(ctx, "a subscription ended with an error", slog.String("error", err.Error()))
			}
			transport.EndWith(ctx, err)
		}
	}()
	return events, nil
}

func pump[T any](
	ctx context.Context, follower *store.Follower, wanted func(*ent.FeedEntry) bool,
	event func(ctx context.Context, entry *ent.FeedEntry) (*T, error), events chan<- *T,
) error {
	for {
		entries, err := follower.Next(ctx)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if !wanted(entry) {
				continue
			}
			made, err := event(ctx, entry)
			if err != nil {
				return err
			}
			if made == nil {
				continue // it says nothing to this subscriber
			}
			transport.NextEventID(ctx, position(entry))
			select {
			case events <- made:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
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

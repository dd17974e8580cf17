package graph

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// feedKinds are all kinds of feed entries, as the schema lists them.
func feedKinds() []string {
	return []string{feedAlert, feedPermission, "check", feedSettings, feedRun, "log", "integration", "member", "workspace"}
}

// workspaceEvents follows the whole feed, or some kinds of it; nil is all. What is
// said of settings is left out for whoever may not view them.
func (r *Resolver) workspaceEvents(ctx context.Context, kinds []string, after *string) (<-chan *model.WorkspaceEvent, error) {
	if kinds != nil && len(kinds) == 0 {
		return nil, fault.New(fault.BadInput, "kinds names none. Leave it out to follow all of them.", fault.Field("kinds"))
	}
	for _, kind := range kinds {
		if !slices.Contains(feedKinds(), kind) {
			message := fmt.Sprintf("There is no kind %.40q; there are: %s.", kind, strings.Join(feedKinds(), ", "))
			return nil, fault.New(fault.BadInput, message, fault.Field("kinds"))
		}
	}
	wanted := func(entry *ent.FeedEntry) bool {
		return (kinds == nil || slices.Contains(kinds, entry.Kind)) && mayShow(ctx, entry.Kind)
	}
	return followWanted(ctx, r, wanted, nil, after, func(_ context.Context, entry *ent.FeedEntry) (*model.WorkspaceEvent, error) {
		return &model.WorkspaceEvent{Cursor: position(entry), At: entry.CreatedAt, Entry: entry}, nil
	})
}

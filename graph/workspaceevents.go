package graph

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/integration"
)

// feedKinds are all kinds of feed entries, as the schema lists them.
func feedKinds() []string {
	return []string{
		feedAlert, feedPermission, "check", feedSettings, feedRun, feedLog, feedIntegration, "member", "channel", "workspace",
		crm.FeedOnboarding, integration.FeedSimulation,
	}
}

// followWorkspace follows the whole feed, or some kinds of it; nil is all. What is
// said of settings is left out for whoever may not view them.
func (r *Resolver) followWorkspace(
	ctx context.Context, kinds []string, integrationID *string, snapshot bool, after *string,
) (<-chan *model.WorkspaceEvent, error) {
	if kinds != nil && len(kinds) == 0 {
		return nil, fault.New(fault.BadInput, "kinds names none. Leave it out to follow all of them.", fault.Field("kinds"))
	}
	for _, kind := range kinds {
		if !slices.Contains(feedKinds(), kind) {
			message := fmt.Sprintf("There is no kind %.40q; there are: %s.", kind, strings.Join(feedKinds(), ", "))
			return nil, fault.New(fault.BadInput, message, fault.Field("kinds"))
		}
	}
	return follow(ctx, r, subscription[model.WorkspaceEvent]{
		wanted: func(entry *ent.FeedEntry) bool {
			return among(entry.Kind, kinds) && (integrationID == nil || entry.IntegrationID == *integrationID) && mayShow(ctx, entry.Kind)
		},
		integrationID: integrationID, after: after,
		event: func(_ context.Context, entry *ent.FeedEntry) (*model.WorkspaceEvent, error) {
			return &model.WorkspaceEvent{Cursor: position(entry), At: entry.CreatedAt, Entry: entry}, nil
		},
		marker: marked(snapshot, func(stands mark) *model.WorkspaceEvent {
			return &model.WorkspaceEvent{Cursor: stands.cursor, At: stands.at, Snapshot: true}
		}),
	})
}

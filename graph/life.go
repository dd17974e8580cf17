package graph

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/syncrun"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/integration"
)

// feedIntegration is the kind of the feed entries about states of integrations.
const feedIntegration = "integration"

// integrationAfter loads an integration for the payload of a mutation about it:
// what the mutation refused are userErrors, anything else is an error.
func (r *Resolver) integrationAfter(ctx context.Context, id string, failure error) (*ent.Integration, []*model.UserError, error) {
	problems, err := r.userErrors(failure)
	if err != nil || len(problems) > 0 {
		return nil, problems, err
	}
	found, err := r.integration(ctx, id)
	return found, noErrors(), err
}

// signInAgain shows an integration to which a sign-in was opened, and its link; no
// link where the app signed in as itself.
func (r *Resolver) signInAgain(ctx context.Context, started integration.StartResult, failure error) (
	found *ent.Integration, link *string, problems []*model.UserError, err error,
) {
	found, problems, err = r.integrationAfter(ctx, started.IntegrationID, failure)
	if found != nil && started.SignInURL != "" {
		link = &started.SignInURL
	}
	return found, link, problems, err
}

// activeRun is the run of an integration that is under way; nil when there is none.
func (r *Resolver) activeRun(ctx context.Context, integrationID string) (*ent.SyncRun, error) {
	found, err := r.Store.Read().SyncRun.Query().Where(syncrun.ActiveKey(integrationID)).Only(ctx)
	if ent.MaskNotFound(err) != nil {
		return nil, fmt.Errorf("graph: loading the active run: %w", err)
	}
	return found, nil
}

func (r *Resolver) integrationStateEvent(ctx context.Context, entry *ent.FeedEntry) (*model.IntegrationStateEvent, error) {
	facts, err := payload[struct {
		State  crm.IntegrationState `json:"state"`
		Reason string               `json:"reason"`
	}](entry)
	if err != nil {
		return nil, err
	}
	found, err := r.integration(ctx, entry.IntegrationID)
	if err != nil {
		return nil, err
	}
	return &model.IntegrationStateEvent{
		Cursor: position(entry), At: entry.CreatedAt, Integration: found, State: &facts.State, Reason: facts.Reason,
	}, nil
}

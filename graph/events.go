package graph

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// The functions below turn a feed entry into the event of one subscription. The
// entity is loaded as it is now; what the event itself says comes from the entry.

func (r *Resolver) alertEvent(ctx context.Context, entry *ent.FeedEntry) (*model.AlertEvent, error) {
	facts, err := payload[struct {
		Event crm.AlertEvent `json:"event"`
	}](entry)
	if err != nil {
		return nil, err
	}
	found, err := r.Store.Read().Alert.Get(ctx, entry.SubjectID)
	if err != nil {
		return nil, fmt.Errorf("graph: loading alert: %w", err)
	}
	return &model.AlertEvent{Cursor: position(entry), At: entry.CreatedAt, Event: &facts.Event, Alert: found}, nil
}

func (r *Resolver) permissionChangeEvent(ctx context.Context, entry *ent.FeedEntry) (*model.PermissionChangeEvent, error) {
	found, err := r.Store.Read().PermissionChange.Get(ctx, entry.SubjectID)
	if err != nil {
		return nil, fmt.Errorf("graph: loading permission change: %w", err)
	}
	return &model.PermissionChangeEvent{Cursor: position(entry), At: entry.CreatedAt, Change: found}, nil
}

func (r *Resolver) settingsChangedEvent(ctx context.Context, entry *ent.FeedEntry) (*model.SettingsChangedEvent, error) {
	facts, err := payload[struct {
		Version int      `json:"version"`
		Keys    []string `json:"keys"`
	}](entry)
	if err != nil {
		return nil, err
	}
	found, err := r.integration(ctx, entry.IntegrationID)
	if err != nil {
		return nil, err
	}
	return &model.SettingsChangedEvent{
		Cursor: position(entry), At: entry.CreatedAt, Integration: found, Version: &facts.Version, Keys: facts.Keys,
	}, nil
}

func (r *Resolver) syncRunProgressEvent(ctx context.Context, entry *ent.FeedEntry) (*model.SyncRunProgressEvent, error) {
	facts, err := payload[struct {
		Status   crm.RunStatus `json:"status"`
		Phase    crm.RunPhase  `json:"phase"`
		Object   *string       `json:"object"`
		Counters crm.Counters  `json:"counters"`
	}](entry)
	if err != nil {
		return nil, err
	}
	found, err := r.Store.Read().SyncRun.Get(ctx, entry.SubjectID)
	if err != nil {
		return nil, fmt.Errorf("graph: loading run: %w", err)
	}
	return &model.SyncRunProgressEvent{
		Cursor: position(entry), At: entry.CreatedAt, Run: found, Status: &facts.Status, Phase: &facts.Phase,
		Object: facts.Object, Counters: &facts.Counters,
	}, nil
}

package graph

import (
	"context"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/runlog"
)

// The functions below open the subscriptions, one each: what is wanted of the feed,
// what it becomes, and what the marker looks like. A filter that is left out wants
// everything, an empty one is refused.

func (r *Resolver) followAlerts(
	ctx context.Context, integrationID *string, filter *model.AlertEventFilterInput, snapshot bool, after *string,
) (<-chan *model.AlertEvent, error) {
	if filter == nil {
		filter = &model.AlertEventFilterInput{}
	}
	if err := anyOrAll(
		list{"filter.rules", filter.Rules == nil, len(filter.Rules)},
		list{"filter.severities", filter.Severities == nil, len(filter.Severities)},
		list{"filter.events", filter.Events == nil, len(filter.Events)},
	); err != nil {
		return nil, err
	}
	return follow(ctx, r, subscription[model.AlertEvent]{
		wanted: ofKind(feedAlert, integrationID), integrationID: integrationID, after: after,
		event: func(ctx context.Context, entry *ent.FeedEntry) (*model.AlertEvent, error) {
			event, err := r.alertEvent(ctx, entry)
			if err != nil || !among(*event.Event, filter.Events) || !among(event.Alert.Rule, filter.Rules) ||
				!among(event.Alert.Severity, filter.Severities) {
				return nil, err
			}
			return event, nil
		},
		marker: marked(snapshot, func(stands mark) *model.AlertEvent {
			return &model.AlertEvent{Cursor: stands.cursor, At: stands.at, Snapshot: true}
		}),
	})
}

func (r *Resolver) followPermissionChanges(
	ctx context.Context, integrationID *string, filter *model.PermissionChangeFilterInput, snapshot bool, after *string,
) (<-chan *model.PermissionChangeEvent, error) {
	if filter == nil {
		filter = &model.PermissionChangeFilterInput{}
	}
	if err := anyOrAll(
		list{"filter.objects", filter.Objects == nil, len(filter.Objects)},
		list{"filter.changes", filter.Changes == nil, len(filter.Changes)},
	); err != nil {
		return nil, err
	}
	return follow(ctx, r, subscription[model.PermissionChangeEvent]{
		wanted: ofKind(feedPermission, integrationID), integrationID: integrationID, after: after,
		event: func(ctx context.Context, entry *ent.FeedEntry) (*model.PermissionChangeEvent, error) {
			event, err := r.permissionChangeEvent(ctx, entry)
			if err != nil {
				return nil, err
			}
			change := event.Change
			if !among(change.ObjectName, filter.Objects) || !among(change.Change, filter.Changes) ||
				filter.StandardizedOnly && !change.Standardized && change.FieldName != "" {
				return nil, nil // it says nothing to this subscriber
			}
			return event, nil
		},
		marker: marked(snapshot, func(stands mark) *model.PermissionChangeEvent {
			return &model.PermissionChangeEvent{Cursor: stands.cursor, At: stands.at, Snapshot: true}
		}),
	})
}

func (r *Resolver) followSettings(
	ctx context.Context, integrationID *string, keys []string, snapshot bool, after *string,
) (<-chan *model.SettingsChangedEvent, error) {
	if err := someOrAll("keys", keys); err != nil {
		return nil, err
	}
	return follow(ctx, r, subscription[model.SettingsChangedEvent]{
		wanted: ofKind(feedSettings, integrationID), integrationID: integrationID, after: after,
		event: func(ctx context.Context, entry *ent.FeedEntry) (*model.SettingsChangedEvent, error) {
			event, err := r.settingsChangedEvent(ctx, entry)
			isWanted := func(key string) bool { return among(key, keys) }
			if err != nil || keys != nil && !slices.ContainsFunc(event.Keys, isWanted) {
				return nil, err
			}
			return event, nil
		},
		marker: marked(snapshot, func(stands mark) *model.SettingsChangedEvent {
			return &model.SettingsChangedEvent{Cursor: stands.cursor, At: stands.at, Snapshot: true, Keys: []string{}}
		}),
	})
}

func (r *Resolver) followRuns(
	ctx context.Context, integrationID, runID *string, statuses []crm.RunStatus, snapshot bool, after *string,
) (<-chan *model.SyncRunProgressEvent, error) {
	if err := anyOrAll(list{"statuses", statuses == nil, len(statuses)}); err != nil {
		return nil, err
	}
	wanted := ofKind(feedRun, integrationID)
	if runID != nil {
		if err := r.RunLogs.Exists(ctx, *runID); err != nil {
			return nil, err
		}
		all := wanted
		wanted = func(entry *ent.FeedEntry) bool { return entry.SubjectID == *runID && all(entry) }
	}
	return follow(ctx, r, subscription[model.SyncRunProgressEvent]{
		wanted: wanted, integrationID: integrationID, after: after,
		event: func(ctx context.Context, entry *ent.FeedEntry) (*model.SyncRunProgressEvent, error) {
			event, err := r.syncRunProgressEvent(ctx, entry)
			if err != nil || !among(*event.Status, statuses) {
				return nil, err
			}
			return event, nil
		},
		marker: marked(snapshot, func(stands mark) *model.SyncRunProgressEvent {
			return &model.SyncRunProgressEvent{Cursor: stands.cursor, At: stands.at, Snapshot: true}
		}),
	})
}

// followRunLog follows the log of one run. It goes on after the run has ended, whose
// last line says so, until the client leaves.
func (r *Resolver) followRunLog(
	ctx context.Context, runID string, filter runlog.Filter, snapshot bool, after *string,
) (<-chan *model.RunLogEvent, error) {
	if err := r.RunLogs.Exists(ctx, runID); err != nil {
		return nil, err
	}
	if _, err := filter.Predicates(runID); err != nil {
		return nil, err // now, and not with the first line
	}
	return follow(ctx, r, subscription[model.RunLogEvent]{
		wanted: func(entry *ent.FeedEntry) bool { return entry.Kind == feedLog && entry.SubjectID == runID },
		after:  after,
		event: func(ctx context.Context, entry *ent.FeedEntry) (*model.RunLogEvent, error) {
			lines, err := payload[runlog.Lines](entry)
			if err != nil {
				return nil, err
			}
			entries, err := r.RunLogs.Lines(ctx, lines, filter)
			if err != nil || len(entries) == 0 {
				return nil, err // none: filtered out, or past their retention
			}
			return &model.RunLogEvent{Cursor: position(entry), At: entry.CreatedAt, Entries: entries}, nil
		},
		marker: marked(snapshot, func(stands mark) *model.RunLogEvent {
			return &model.RunLogEvent{Cursor: stands.cursor, At: stands.at, Snapshot: true, Entries: []*ent.RunLogEntry{}}
		}),
	})
}

func (r *Resolver) followStates(
	ctx context.Context, integrationID *string, states []crm.IntegrationState, snapshot bool, after *string,
) (<-chan *model.IntegrationStateEvent, error) {
	if err := anyOrAll(list{"states", states == nil, len(states)}); err != nil {
		return nil, err
	}
	return follow(ctx, r, subscription[model.IntegrationStateEvent]{
		wanted: ofKind(feedIntegration, integrationID), integrationID: integrationID, after: after,
		event: func(ctx context.Context, entry *ent.FeedEntry) (*model.IntegrationStateEvent, error) {
			event, err := r.integrationStateEvent(ctx, entry)
			if err != nil || !among(*event.State, states) {
				return nil, err
			}
			return event, nil
		},
		marker: marked(snapshot, func(stands mark) *model.IntegrationStateEvent {
			return &model.IntegrationStateEvent{Cursor: stands.cursor, At: stands.at, Snapshot: true}
		}),
	})
}

func (r *Resolver) followOnboarding(
	ctx context.Context, integrationID string, steps []crm.OnboardingStep, snapshot bool, after *string,
) (<-chan *model.OnboardingProgressEvent, error) {
	if err := anyOrAll(list{"steps", steps == nil, len(steps)}); err != nil {
		return nil, err
	}
	s := subscription[model.OnboardingProgressEvent]{
		wanted: ofKind(crm.FeedOnboarding, &integrationID), integrationID: &integrationID, after: after,
		event: func(ctx context.Context, entry *ent.FeedEntry) (*model.OnboardingProgressEvent, error) {
			event, err := r.onboardingProgressEvent(ctx, entry)
			if err != nil || !among(*event.Step, steps) {
				return nil, err
			}
			return event, nil
		},
	}
	if snapshot {
		// The integration is known, so this marker tells at once how far the check is.
		s.marker = func(ctx context.Context, stands mark) (*model.OnboardingProgressEvent, error) {
			found, err := r.integration(ctx, integrationID)
			if err != nil {
				return nil, err
			}
			event := &model.OnboardingProgressEvent{Cursor: stands.cursor, At: stands.at, Snapshot: true, Integration: found}
			event.Checked, event.Total, err = checkedOf(ctx, found)
			return event, err
		}
	}
	return follow(ctx, r, s)
}

// list is a filter's list as far as anyOrAll looks at it.
type list struct {
	field   string
	leftOut bool
	length  int
}

// anyOrAll refuses lists that are there and empty: they would let nothing through.
func anyOrAll(lists ...list) error {
	for _, l := range lists {
		if !l.leftOut && l.length == 0 {
			return errEmptyList(l.field)
		}
	}
	return nil
}

// among reports whether a list that was left out, or has the value, lets it through.
func among[T comparable](value T, list []T) bool { return list == nil || slices.Contains(list, value) }

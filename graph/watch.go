package graph

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// watchInterval is an interval in minutes as the API names it.
func watchInterval(minutes int) model.WatchInterval {
	switch minutes {
	case 5:
		return model.WatchIntervalEvery5Minutes
	case 15:
		return model.WatchIntervalEvery15Minutes
	default:
		return model.WatchIntervalOff
	}
}

// watchMinutes is an interval of the API in minutes; 0 is off.
func watchMinutes(interval model.WatchInterval) int {
	for _, minutes := range crm.WatchMinutes() {
		if watchInterval(minutes) == interval {
			return minutes
		}
	}
	return 0
}

func (r *Resolver) watchMode(ctx context.Context, integrationID string) (*model.WatchMode, error) {
	watching, err := r.Permissions.Watching(ctx, integrationID)
	if err != nil {
		return nil, err
	}
	return &model.WatchMode{
		Interval: watchInterval(watching.Minutes), LastProbeAt: watching.LastProbe, NextProbeAt: watching.NextProbe,
		CallsPerProbe: watching.CallsPerProbe, CallsPerDayAtMost: watching.CallsPerDay, UnavailableReason: watching.Unavailable,
	}, nil
}

// checkedObjects loads objects of an integration by name, all when none is named, in
// the order of the package.
func (r *Resolver) checkedObjects(ctx context.Context, integrationID string, names []string) ([]*ent.CrmObject, error) {
	query := r.Store.Read().CrmObject.Query().Where(crmobject.IntegrationID(integrationID))
	if len(names) > 0 {
		query.Where(crmobject.NameIn(names...))
	}
	found, err := query.Order(crmobject.ByPosition(), crmobject.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("graph: loading objects: %w", err)
	}
	return found, nil
}

// onboardingProgressEvent shows a tick. One about a step counts the objects as they
// are now.
func (r *Resolver) onboardingProgressEvent(ctx context.Context, entry *ent.FeedEntry) (*model.OnboardingProgressEvent, error) {
	facts, err := payload[crm.OnboardingProgress](entry)
	if err != nil {
		return nil, err
	}
	found, err := r.integration(ctx, entry.IntegrationID)
	if err != nil {
		return nil, err
	}
	if facts.Object == "" {
		if facts.Checked, facts.Total, err = checkedOf(ctx, found); err != nil {
			return nil, err
		}
	}
	return &model.OnboardingProgressEvent{
		Cursor: position(entry), At: entry.CreatedAt, Integration: found, Step: &facts.Step, StepDone: facts.StepDone,
		ObjectName: facts.Object, Readable: facts.Readable, Checked: facts.Checked, Total: facts.Total,
	}, nil
}

// checkedOf counts the objects of an integration, and those that were checked.
func checkedOf(ctx context.Context, integration *ent.Integration) (checked, total int, err error) {
	objects := integration.QueryObjects()
	if total, err = objects.Clone().Count(ctx); err != nil {
		return 0, 0, fmt.Errorf("graph: counting objects: %w", err)
	}
	if checked, err = objects.Where(crmobject.CheckedAtNotNil()).Count(ctx); err != nil {
		return 0, 0, fmt.Errorf("graph: counting objects: %w", err)
	}
	return checked, total, nil
}

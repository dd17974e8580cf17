package graph

import (
	"context"
	"fmt"
	"time"

	"github.com/vikstrous/dataloadgen"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/syncrun"
)

// workspaceHealths is made at first use, since it asks who may look where.
func (l *loaders) workspaceHealths(r *Resolver) *dataloadgen.Loader[string, *model.WorkspaceHealth] {
	l.healthOnce.Do(func() {
		l.healths = dataloadgen.NewLoader(workspaceHealthsOf(r), dataloadgen.WithWait(time.Millisecond))
	})
	return l.healths
}

// workspaceHealthsOf loads the health of workspaces with a fixed number of statements,
// as far as whoever acts may look into them.
func workspaceHealthsOf(r *Resolver) func(context.Context, []string) ([]*model.WorkspaceHealth, []error) {
	return func(ctx context.Context, workspaceIDs []string) ([]*model.WorkspaceHealth, []error) {
		found := map[string]*model.WorkspaceHealth{}
		err := r.Identities.Across(ctx, workspaceIDs, func(ctx context.Context, visible []string) error {
			rows, err := r.Store.Read().Integration.Query().Where(integration.WorkspaceIDIn(visible...)).All(ctx)
			if err != nil {
				return fmt.Errorf("graph: loading integrations of workspaces: %w", err)
			}
			alerts, err := r.openAlerts(ctx, visible)
			if err != nil {
				return err
			}
			of := map[string][]*ent.Integration{}
			for _, row := range rows {
				of[row.WorkspaceID] = append(of[row.WorkspaceID], row)
			}
			now := r.Store.Clock().Now()
			for _, id := range visible {
				found[id] = healthOf(of[id], alerts, now)
			}
			return nil
		})
		if err != nil {
			return nil, []error{err}
		}
		return inOrder(workspaceIDs, found, func(string) (*model.WorkspaceHealth, error) {
			return nil, fault.New(fault.NotFound, "There is no such workspace.")
		})
	}
}

// alertKind is what open alerts are counted by.
type alertKind struct {
	integrationID string
	severity      crm.Severity
}

// openAlerts counts the alerts of workspaces that are not resolved. Those that an
// object's alert stands for do not count: nobody is told of them either.
func (r *Resolver) openAlerts(ctx context.Context, workspaceIDs []string) (map[alertKind]int, error) {
	var rows []struct {
		IntegrationID string       `json:"integration_id"`
		Severity      crm.Severity `json:"severity"`
		Count         int          `json:"count"`
	}
	err := r.Store.Read().Alert.Query().
		Where(alert.WorkspaceIDIn(workspaceIDs...), alert.OpenKeyNotNil(), alert.Folded(false)).
		GroupBy(alert.FieldIntegrationID, alert.FieldSeverity).Aggregate(ent.Count()).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("graph: counting alerts of workspaces: %w", err)
	}
	counts := make(map[alertKind]int, len(rows))
	for _, row := range rows {
		counts[alertKind{integrationID: row.IntegrationID, severity: row.Severity}] = row.Count
	}
	return counts, nil
}

// healthOf adds up the integrations of one workspace.
func healthOf(rows []*ent.Integration, alerts map[alertKind]int, now time.Time) *model.WorkspaceHealth {
	health := &model.WorkspaceHealth{Integrations: len(rows), States: []*model.IntegrationStateCount{}}
	states := map[crm.IntegrationState]int{}
	for _, row := range rows {
		states[row.State]++
		freshness := syncrun.FreshnessOf(row, now)
		critical := alerts[alertKind{integrationID: row.ID, severity: crm.SeverityCritical}]
		health.OpenCritical += critical
		health.OpenWarning += alerts[alertKind{integrationID: row.ID, severity: crm.SeverityWarning}]
		switch freshness {
		case crm.FreshnessLate:
			health.Late++
		case crm.FreshnessStale:
			health.Stale++
		case crm.FreshnessOnTime, crm.FreshnessUnknown:
		}
		behind := freshness == crm.FreshnessLate || freshness == crm.FreshnessStale
		if row.State == crm.IntegrationGrace || behind || critical > 0 {
			health.NeedAttention++
		}
		if at := row.LastSyncedAt; at != nil && (health.LastSyncedAt == nil || at.After(*health.LastSyncedAt)) {
			health.LastSyncedAt = at
		}
	}
	for _, name := range crm.IntegrationState("").Values() {
		state := crm.IntegrationState(name)
		if states[state] > 0 {
			health.States = append(health.States, &model.IntegrationStateCount{State: state, Count: states[state]})
		}
	}
	return health
}

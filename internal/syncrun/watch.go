package syncrun

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/usage"
)

// watched is how many integrations are loaded at a time.
const watched = 500

// FreshnessOf says whether an integration's data is as new as its schedule promises.
func FreshnessOf(row *ent.Integration, now time.Time) crm.Freshness {
	in := crm.FreshnessInputs{Due: row.State == crm.IntegrationActive, Hour: 2, Zone: usage.Zone(row), Now: now}
	if at, err := time.Parse("15:04", row.ScheduleTime); err == nil {
		in.Hour, in.Minute = at.Hour(), at.Minute()
	}
	if row.LastSyncedAt != nil {
		in.LastRead = *row.LastSyncedAt
	}
	return crm.FreshnessOf(in)
}

// WatchFreshness opens SYNC_DELAYED for the integrations whose data is late, as far as
// the principal of ctx may see them, and resolves it for those that are on time again
// (requirement K6). Call it now and then; repeating it changes nothing.
func (s *Service) WatchFreshness(ctx context.Context) error {
	now := s.store.Clock().Now().UTC()
	open := integration.HasAlertsWith(alert.RuleEQ(crm.RuleSyncDelayed), alert.OpenKeyNotNil())
	late := func(_ context.Context, _ *ent.Client, row *ent.Integration) (bool, error) {
		freshness := FreshnessOf(row, now)
		return freshness == crm.FreshnessLate || freshness == crm.FreshnessStale, nil
	}
	onTime := func(_ context.Context, _ *ent.Client, row *ent.Integration) (bool, error) {
		return FreshnessOf(row, now) == crm.FreshnessOnTime, nil
	}
	return errors.Join(
		s.watch(ctx, late, func(ctx context.Context, tx *store.Tx, row *ent.Integration) error {
			return s.alerts.Apply(ctx, tx, row, []crm.AlertIntent{crm.SyncDelayed(FreshnessOf(row, now), *row.LastSyncedAt)})
		}, integration.StateEQ(crm.IntegrationActive), integration.LastSyncedAtLT(now.Add(-23*time.Hour)), integration.Not(open)),
		s.watch(ctx, onTime, func(ctx context.Context, tx *store.Tx, row *ent.Integration) error {
			return s.alerts.ResolveAll(ctx, tx, row, crm.ResolvedRestored, crm.RuleSyncDelayed)
		}, open),
	)
}

// WatchLimits resolves the alerts on limits of integrations whose next local day has
// begun, with room (requirement K5). Call it now and then; repeating it changes
// nothing.
func (s *Service) WatchLimits(ctx context.Context) error {
	of := func(rule crm.AlertRule) error {
		open := []predicate.Alert{alert.RuleEQ(rule), alert.OpenKeyNotNil()}
		over := func(ctx context.Context, client *ent.Client, row *ent.Integration) (bool, error) {
			opened, err := client.Alert.Query().Where(alert.IntegrationID(row.ID)).Where(open...).Only(ctx)
			if err != nil {
				return false, ent.MaskNotFound(err)
			}
			now := s.store.Clock().Now()
			if usage.Day(row, opened.LastSeenAt) == usage.Day(row, now) {
				return false, nil
			}
			allowance, err := s.meter.Allowance(ctx, client, row, now)
			return allowance.HasRoom(), err
		}
		return s.watch(ctx, over, func(ctx context.Context, tx *store.Tx, row *ent.Integration) error {
			return s.alerts.ResolveAll(ctx, tx, row, crm.ResolvedRestored, rule)
		}, integration.HasAlertsWith(open...))
	}
	return errors.Join(of(crm.RuleAPILimitNear), of(crm.RuleAPILimitReached))
}

// watch does something to the integrations that match and of which it is true, each in
// a transaction that holds its lock and asks again.
func (s *Service) watch(
	ctx context.Context, isTrue func(ctx context.Context, client *ent.Client, row *ent.Integration) (bool, error),
	do func(ctx context.Context, tx *store.Tx, row *ent.Integration) error, which ...predicate.Integration,
) error {
	var failures []error
	for last := ""; ; {
		rows, err := s.store.Read().Integration.Query().Where(which...).Where(integration.IDGT(last)).
			Order(integration.ByID()).Limit(watched).All(ctx)
		if err != nil {
			return errors.Join(append(failures, fmt.Errorf("syncrun: looking for integrations to watch: %w", err))...)
		}
		for _, row := range rows {
			last = row.ID
			if ask, err := isTrue(ctx, s.store.Read(), row); err != nil || !ask {
				failures = append(failures, err)
				continue
			}
			failures = append(failures, s.store.WithTx(principal.System(ctx, row.WorkspaceID, "watching runs"), func(ctx context.Context, tx *store.Tx) error {
				locked, err := snapshot.Lock(ctx, tx, row.ID)
				if err != nil {
					return err
				}
				if still, err := isTrue(ctx, tx.Ent(), locked); err != nil || !still {
					return err
				}
				return do(ctx, tx, locked)
			}))
		}
		if len(rows) < watched {
			return errors.Join(failures...)
		}
	}
}

package permission

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/usage"
)

// Watching is an integration's watch mode.
type Watching struct {
	// Minutes is the interval; 0 is off.
	Minutes int
	// LastProbe is when the last probe answered, NextProbe when the next one is due;
	// nil when there was none, or none is due in the integration's state.
	LastProbe, NextProbe *time.Time
	// CallsPerProbe and CallsPerDay are CRM calls by the connector's word, the latter at
	// the most frequent interval; both are 0 while the connector does not say.
	CallsPerProbe, CallsPerDay int
	// Unavailable says why no interval can be chosen; empty when one can.
	Unavailable string
}

// Watching shows the watch mode of an integration.
func (s *Service) Watching(ctx context.Context, integrationID string) (Watching, error) {
	integration, err := snapshot.Find(ctx, s.store.Read(), integrationID)
	if err != nil {
		return Watching{}, err
	}
	price, err := s.priceOf(ctx, s.store.Read(), integration)
	if err != nil {
		return Watching{}, err
	}
	intervals := crm.WatchMinutes()
	shown := Watching{
		Minutes: integration.WatchMinutes, LastProbe: integration.WatchedAt, CallsPerProbe: price.calls,
		CallsPerDay: price.calls * crm.ProbesPerDay(intervals[0]), Unavailable: price.refusal(intervals[len(intervals)-1]),
	}
	if isWatched(integration) {
		shown.NextProbe = integration.NextWatchAt
	}
	return shown, nil
}

// WatchInput says how often to probe.
type WatchInput struct {
	IntegrationID string `json:"integrationId"`
	// Minutes is one of crm.WatchMinutes, or 0 for off.
	Minutes        int    `json:"minutes"`
	IdempotencyKey string `json:"-"`
}

// SetWatch switches watch mode; it is off by default. The first probe is due at once.
// SETTING_UNAVAILABLE says why the integration cannot be probed that often; switching
// it off is always possible. It stays as it was while the integration is paused or
// in its grace period, and goes on after.
func (s *Service) SetWatch(ctx context.Context, in WatchInput) error {
	if p, ok := principal.From(ctx); !ok || !p.IsAdmin() {
		return fault.New(fault.Forbidden, "Only an admin switches watch mode.")
	}
	if in.Minutes != 0 && !slices.Contains(crm.WatchMinutes(), in.Minutes) {
		return fault.New(fault.BadInput, fmt.Sprintf("Watch mode does not probe every %d minutes.", in.Minutes), fault.Field("interval"))
	}
	now, err := s.dueTime(ctx)
	if err != nil {
		return err
	}
	_, err = store.Idempotent(ctx, s.store, in.IdempotencyKey, "permission.setWatchMode", in,
		func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, s.setWatch(ctx, tx, in, now)
		})
	return err
}

func (s *Service) setWatch(ctx context.Context, tx *store.Tx, in WatchInput, now time.Time) error {
	integration, err := snapshot.Lock(ctx, tx, in.IntegrationID)
	if err != nil {
		return err
	}
	update := tx.Ent().Integration.UpdateOneID(integration.ID).SetWatchMinutes(in.Minutes).SetUpdatedAt(tx.Now())
	if in.Minutes == 0 {
		update.ClearNextWatchAt()
	} else {
		price, err := s.priceOf(ctx, tx.Ent(), integration)
		if err != nil {
			return err
		}
		if reason := price.refusal(in.Minutes); reason != "" {
			return fault.New(fault.SettingUnavailable, reason+price.alternative(in.Minutes), fault.Field("interval"))
		}
		update.SetNextWatchAt(now)
	}
	if err := update.Exec(ctx); err != nil {
		return fmt.Errorf("permission: saving watch mode: %w", err)
	}
	return tx.Audit(ctx, store.AuditItem{
		Action: "setWatchMode", Target: integration.ID, Outcome: crm.AuditSucceeded,
		Before: map[string]any{"minutes": integration.WatchMinutes}, After: map[string]any{"minutes": in.Minutes},
	})
}

// price is what probes of an integration cost, and what may be spent on them.
type price struct {
	calls     int
	allowance crm.Allowance
	// never says why the integration cannot be probed at all.
	never string
}

func (s *Service) priceOf(ctx context.Context, client *ent.Client, integration *ent.Integration) (price, error) {
	manifest, err := s.meter.Describe(integration.Connector)
	if err != nil {
		return price{never: "The connector does not run, so what a probe costs is not known."}, nil //nolint:nilerr // it is the answer
	}
	if !manifest.CanCheck() {
		return price{never: manifest.Title + " does not read rights, so there is nothing to watch."}, nil
	}
	pkg, _, err := s.packages.Of(ctx, client, integration)
	if err != nil {
		return price{}, err
	}
	allowance, err := s.allowance(ctx, client, integration)
	return price{calls: manifest.ProbeCalls(len(pkg.Objects)), allowance: allowance}, err
}

// refusal says why there cannot be a probe every so many minutes; empty when there can.
func (p price) refusal(minutes int) string {
	if p.never != "" {
		return p.never
	}
	return crm.WatchRefusal(p.allowance, p.calls, minutes)
}

// alternative names a less frequent interval that is possible.
func (p price) alternative(minutes int) string {
	for _, slower := range crm.WatchMinutes() {
		if slower > minutes && p.refusal(slower) == "" {
			return fmt.Sprintf(" Every %d minutes is possible.", slower)
		}
	}
	return ""
}

// allowance is what may be spent now. The CRM's own figure counts on the local day on
// which it was told: an older one, from before the CRM's own reset, would keep every
// probe from asking for the new one.
func (s *Service) allowance(ctx context.Context, client *ent.Client, integration *ent.Integration) (crm.Allowance, error) {
	allowance, err := s.meter.Allowance(ctx, client, integration, s.now())
	if err == nil && (integration.QuotaAt == nil || usage.Day(integration, *integration.QuotaAt) != usage.Day(integration, s.now())) {
		allowance.Quota.Used = 0
	}
	return allowance, err
}

// isWatched reports whether probes of the integration are due now and then: paused,
// in grace and disconnected ones are not asked (requirement C11).
func isWatched(integration *ent.Integration) bool {
	return integration.WatchMinutes > 0 && integration.State == crm.IntegrationActive
}

// dueTime is the time that decides what is due, the same on all nodes.
func (s *Service) dueTime(ctx context.Context) (time.Time, error) {
	now, err := s.dueNow(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("permission: asking the time: %w", err)
	}
	return now.UTC().Truncate(time.Microsecond), nil
}

package usage_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"
	_ "time/tzdata" // the tests must not depend on the machine's zones

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/internal/usage"
)

// host is a connector host whose answers cost what it is told.
type host struct {
	usage.Host
	stats   crm.CallStats
	failure error
}

func (h *host) Describe(string) (crm.Manifest, error) {
	recommended := 10_000
	return crm.Manifest{
		APITypes: []crm.APIType{{Key: "rest", Title: "REST API", RecommendedDailyLimit: &recommended}, {Key: "bulk", Title: "Bulk API"}},
		Costs:    []crm.VerbCost{{Verb: "Checklist", CallsPerRequest: 2, CallsPerObject: 1}},
	}, nil
}

func (h *host) Checklist(context.Context, string, crm.Target, []string) ([]crm.ChecklistItem, error) {
	return nil, h.failure
}

func (h *host) CheckPermissions(context.Context, string, crm.Target, crm.CheckRequest) ([]crm.ObjectCheck, crm.CheckOutcome, error) {
	return nil, crm.CheckOutcome{Stats: h.stats}, h.failure
}

func (h *host) Read(_ context.Context, _ string, _ crm.Target, _ crm.ReadRequest, yield func(crm.Batch) error) error {
	for range 3 {
		if err := yield(crm.Batch{Stats: h.stats}); err != nil {
			return err
		}
	}
	return h.failure
}

type fixture struct {
	t     *testing.T
	ctx   context.Context
	store *store.Store
	host  *host
	meter *usage.Meter
	row   *ent.Integration
}

func newFixture(t *testing.T, s *store.Store, zone string) *fixture {
	t.Helper()
	ctx, workspace := storetest.Workspace(t, s)
	f := &fixture{t: t, ctx: ctx, store: s, host: &host{}}
	var err error
	f.meter, err = usage.New(usage.Config{Store: s, Host: f.host, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		f.row, err = tx.Ent().Integration.Create().SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector("fake").SetEnvironment(crm.Production).SetState(crm.IntegrationActive).SetScheduleZone(zone).Save(ctx)
		return err
	}))
	return f
}

func (f *fixture) target() crm.Target { return crm.Target{IntegrationID: f.row.ID} }

// used are today's calls by API.
func (f *fixture) used() map[string]int {
	f.t.Helper()
	row := f.store.Read().Integration.GetX(f.ctx, f.row.ID)
	allowance, err := f.meter.Allowance(f.ctx, f.store.Read(), row, f.store.Clock().Now())
	require.NoError(f.t, err)
	used := map[string]int{}
	for _, use := range allowance.APIs {
		used[use.Key] = use.Used
	}
	return used
}

func TestEveryCallIsCounted(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s, "UTC")
		_, err := f.meter.Checklist(f.ctx, "fake", f.target(), []string{"Account", "Contact"})
		require.NoError(t, err)
		require.Equal(t, map[string]int{"rest": 4, "bulk": 0}, f.used(), "by the manifest")

		f.host.stats = crm.CallStats{CRMCalls: 5, ByType: map[string]int{"bulk": 2}, QuotaUsed: 70, QuotaMax: 100}
		_, _, err = f.meter.CheckPermissions(f.ctx, "fake", f.target(), crm.CheckRequest{})
		require.NoError(t, err)
		require.Equal(t, map[string]int{"rest": 7, "bulk": 2}, f.used())
		row := s.Read().Integration.GetX(f.ctx, f.row.ID)
		require.Equal(t, []int{70, 100}, []int{row.QuotaUsed, row.QuotaMax})
		require.NotNil(t, row.QuotaAt)

		enough := errors.New("enough")
		f.host.stats = crm.CallStats{CRMCalls: 1}
		err = f.meter.Read(f.ctx, "fake", f.target(), crm.ReadRequest{}, func(crm.Batch) error { return enough })
		require.ErrorIs(t, err, enough)
		f.host.failure = fault.New(fault.CRMUnavailable, "down")
		require.Error(t, f.meter.Read(f.ctx, "fake", f.target(), crm.ReadRequest{}, func(crm.Batch) error { return nil }))
		require.Equal(t, 7+1+3, f.used()["rest"], "as far as the answers came")

		_, err = f.meter.Checklist(f.ctx, "fake", f.target(), nil)
		require.Error(t, err)
		f.host.failure = fault.New(fault.ConnectorStart, "it does not start")
		_, err = f.meter.Checklist(f.ctx, "fake", f.target(), nil)
		require.Error(t, err)
		require.Equal(t, 13, f.used()["rest"], "what failed at the CRM counts, what never got there does not")
	})
}

func TestATallyIsSavedByItsHolder(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s, "UTC")
		f.host.stats = crm.CallStats{CRMCalls: 3}
		ctx, tally := usage.Hold(f.ctx, f.row.ID)
		check := func() {
			_, _, err := f.meter.CheckPermissions(ctx, "fake", f.target(), crm.CheckRequest{})
			require.NoError(t, err)
		}
		check()
		check()
		require.Zero(t, f.used()["rest"])
		require.Equal(t, 6, tally.Spent().CRMCalls)

		rollback := errors.New("no")
		require.ErrorIs(t, s.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
			require.NoError(t, f.meter.Save(ctx, tx, tally))
			return rollback
		}), rollback)
		require.Equal(t, 6, tally.Spent().CRMCalls, "what was rolled back is still to be saved")
		require.NoError(t, s.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error { return f.meter.Save(ctx, tx, tally) }))
		require.Zero(t, tally.Spent().CRMCalls)
		require.Equal(t, 6, f.used()["rest"])
	})
}

func TestDaysAreTheIntegrationsOwn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s, "Asia/Tokyo") // 08:00 UTC is 17:00 there
		f.host.stats = crm.CallStats{CRMCalls: 3}
		check := func() {
			_, _, err := f.meter.CheckPermissions(f.ctx, "fake", f.target(), crm.CheckRequest{})
			require.NoError(t, err)
		}
		check()
		ends := usage.DayEnds(f.row, clock.Now())
		require.Equal(t, 7*time.Hour, ends.Sub(clock.Now()))
		clock.Advance(7*time.Hour - time.Second)
		check()
		require.Equal(t, 6, f.used()["rest"])
		clock.Advance(time.Second)
		require.Zero(t, f.used()["rest"])
		check()
		require.Equal(t, 3, f.used()["rest"])
	})
}

func TestDaysEndWhereClocksChange(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string]struct{ at, ends string }{
		"Europe/Berlin":    {"2026-03-29T12:00:00Z", "2026-03-29T22:00:00Z"},
		"America/Havana":   {"2026-03-07T20:00:00Z", "2026-03-08T05:00:00Z"}, // midnight is skipped
		"Atlantic/Azores":  {"2026-10-25T20:00:00Z", "2026-10-26T01:00:00Z"},
		"Pacific/Auckland": {"2026-04-05T01:00:00Z", "2026-04-05T12:00:00Z"},
	} {
		at, err := time.Parse(time.RFC3339, want.at)
		require.NoError(t, err)
		ends := usage.DayEnds(&ent.Integration{ScheduleZone: zone}, at)
		require.Equal(t, want.ends, ends.Format(time.RFC3339), zone)
		require.NotEqual(t, usage.Day(&ent.Integration{ScheduleZone: zone}, at), usage.Day(&ent.Integration{ScheduleZone: zone}, ends))
		require.Equal(t, usage.Day(&ent.Integration{ScheduleZone: zone}, at), usage.Day(&ent.Integration{ScheduleZone: zone}, ends.Add(-time.Second)))
	}
}

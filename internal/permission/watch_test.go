package permission_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/permission"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// watched is an ACTIVE integration that is probed every so many minutes.
func watched(t *testing.T, s *store.Store, clock *clockwork.FakeClock, minutes int) *fixture {
	t.Helper()
	f := active(t, s, clock)
	f.setState(crm.IntegrationActive)
	require.NoError(t, f.watch(minutes))
	return f
}

func (f *fixture) watch(minutes int) error {
	return f.permissions.SetWatch(f.ctx, permission.WatchInput{IntegrationID: f.integration.ID, Minutes: minutes, IdempotencyKey: f.key()})
}

// look asks for the probes that are due and returns how many jobs wait then.
func (f *fixture) look() int {
	f.t.Helper()
	require.NoError(f.t, f.permissions.WatchDue(principal.AllWorkspaces(f.ctx, "test")))
	return len(f.jobs.waiting)
}

func (f *fixture) row() *ent.Integration {
	f.t.Helper()
	return f.store.Read().Integration.GetX(f.ctx, f.integration.ID)
}

func (f *fixture) watching() permission.Watching {
	f.t.Helper()
	watching, err := f.permissions.Watching(f.ctx, f.integration.ID)
	require.NoError(f.t, err)
	return watching
}

// A loss between two daily runs shows within one interval and the confirmation.
func TestAProbeNoticesALoss(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := watched(t, s, clock, 5)
		require.Equal(t, 1, f.look(), "the first probe is due at once")
		require.Zero(t, f.look()-1, "and asked for once")
		head := f.head()
		require.NoError(t, f.jobs.run(f.ctx))
		require.Empty(t, f.feed(head), "a probe that finds nothing new says nothing")
		require.Equal(t, clock.Now(), f.row().WatchedAt.UTC())
		next := f.row().NextWatchAt.UTC()
		require.LessOrEqual(t, next.Sub(clock.Now()), 4*time.Minute, "a look later is within the interval still")
		require.Greater(t, next.Sub(clock.Now()), 3*time.Minute)

		f.crm.hide("Contact", "Email")
		clock.Advance(3 * time.Minute)
		require.Zero(t, f.look())
		clock.Advance(time.Minute)
		require.Equal(t, 1, f.look())
		require.NoError(t, f.jobs.run(f.ctx))
		require.False(t, f.crm.requests[len(f.crm.requests)-1].Unconditional, "a probe is conditional")
		require.Equal(t, []string{"SUSPECTED Contact.Email"}, f.changes())
		require.Empty(t, f.openAlerts())
		f.confirm()
		require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST Contact.Email"}, f.openAlerts())
	})
}

// A server that was away makes one probe, not all that it missed.
func TestProbesAreNotMadeUpFor(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := watched(t, s, clock, 15)
		clock.Advance(72 * time.Hour)
		require.Equal(t, 1, f.look())
		require.NoError(t, f.jobs.run(f.ctx))
		require.Zero(t, f.look())
	})
}

func TestTwoNodesProbeOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := watched(t, s, clock, 5)
		other, err := permission.New(f.config)
		require.NoError(t, err)
		for range 5 {
			var nodes sync.WaitGroup
			for _, node := range []*permission.Service{f.permissions, other, f.permissions, other} {
				nodes.Go(func() {
					if err := node.WatchDue(principal.AllWorkspaces(f.ctx, "test")); err != nil {
						t.Error(err)
					}
				})
			}
			nodes.Wait()
			require.Len(t, f.jobs.waiting, 1)
			require.NoError(t, f.jobs.run(f.ctx))
			clock.Advance(5 * time.Minute)
		}
	})
}

// Nothing is probed while the integration is not active, or while a run checks anyway.
func TestProbesRestWhereNothingIsAsked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := watched(t, s, clock, 5)
		calls := f.crm.calls()
		for _, state := range []crm.IntegrationState{
			crm.IntegrationDraft, crm.IntegrationAuthorizing, crm.IntegrationOnboarding, crm.IntegrationPaused, crm.IntegrationGrace, crm.IntegrationDisconnected,
		} {
			f.setState(state)
			require.Zero(t, f.look(), state)
			require.Nil(t, f.watching().NextProbe, state)
			require.Equal(t, 5, f.watching().Minutes, "the choice stays")
		}
		f.setState(crm.IntegrationActive)
		end := f.beginRun()
		require.Zero(t, f.look(), "during a run")
		end()
		require.Equal(t, 1, f.look())
		f.beginRun()
		require.NoError(t, f.jobs.run(f.ctx))
		require.Equal(t, calls, f.crm.calls(), "the run began after the probe was asked for")

		require.NoError(t, f.watch(0))
		require.Nil(t, f.row().NextWatchAt)
		clock.Advance(time.Hour)
		require.Zero(t, f.look())
	})
}

// beginRun makes a run that is under way, and returns what ends it.
func (f *fixture) beginRun() (end func()) {
	f.t.Helper()
	var run *ent.SyncRun
	require.NoError(f.t, f.store.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		run, err = tx.Ent().SyncRun.Create().SetWorkspaceID(f.integration.WorkspaceID).SetIntegrationID(f.integration.ID).SetCreatedAt(tx.Now()).
			SetKind(crm.RunManual).SetLocalDate("2026-05-10").SetActiveKey(f.integration.ID).Save(ctx)
		return err
	}))
	return func() {
		require.NoError(f.t, f.store.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().SyncRun.UpdateOneID(run.ID).ClearActiveKey().Exec(ctx)
		}))
	}
}

// Probes leave a day's calls to the runs, and go on the next day.
func TestProbesStopAtTheLimitsOfTheDay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		api := crm.APIUse{APIType: crm.DefaultAPIType(), Limit: 10_000, Used: 8_000}
		for name, allowance := range map[string]crm.Allowance{
			"the budget is nearly used":      {APIs: []crm.APIUse{api}},
			"the CRM's own quota is reached": {Quota: crm.Quota{Used: 80_000, Max: 100_000, StopPercent: 80}},
		} {
			f := watched(t, s, clock, 5)
			f.told(clock.Now())
			f.crm.allowance = allowance
			calls := f.crm.calls()
			require.Equal(t, 1, f.look(), name)
			require.NoError(t, f.jobs.run(f.ctx))
			require.Equal(t, calls, f.crm.calls(), name)
			midnight := clock.Now().Truncate(24 * time.Hour).Add(24 * time.Hour)
			require.Equal(t, midnight, f.row().NextWatchAt.UTC(), name)
			require.Nil(t, f.row().WatchedAt, "nothing was asked")

			// The CRM's figure is of the day before then.
			clock.Advance(midnight.Sub(clock.Now()))
			if len(allowance.APIs) > 0 {
				f.crm.allowance.APIs = nil
			}
			require.Equal(t, 1, f.look(), name)
			require.NoError(t, f.jobs.run(f.ctx))
			require.Equal(t, calls+1, f.crm.calls(), name)
			require.NoError(t, f.watch(0))
		}
	})
}

// told notes that the CRM told of its quota.
func (f *fixture) told(at time.Time) {
	f.t.Helper()
	require.NoError(f.t, f.store.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().Integration.UpdateOneID(f.integration.ID).SetQuotaAt(at).Exec(ctx)
	}))
}

// A probe that fails is no loss, is not repeated, and waits as long as the CRM says.
func TestAProbeThatFailsWaits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := watched(t, s, clock, 5)
		at := clock.Now()
		for _, test := range []struct {
			failure error
			next    time.Duration
		}{
			{fault.New(fault.CRMRateLimited, "Slow down.", fault.RetryAfter(20*time.Minute)), 20 * time.Minute},
			{fault.New(fault.CRMQuotaExhausted, "Nothing is left."), clock.Now().Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(clock.Now())},
		} {
			f.crm.fail(test.failure)
			require.NoError(t, f.watch(5))
			require.Equal(t, 1, f.look())
			require.NoError(t, f.jobs.run(f.ctx))
			require.Equal(t, at.Add(test.next), f.row().NextWatchAt.UTC())
			require.True(t, f.object("Contact").Stale)
		}
		f.crm.fail(outage())
		require.NoError(t, f.watch(5))
		require.Equal(t, 1, f.look())
		require.NoError(t, f.jobs.run(f.ctx), "the next probe is the repetition")
		require.LessOrEqual(t, f.row().NextWatchAt.Sub(at), 5*time.Minute)
		require.Nil(t, f.row().WatchedAt)
		require.Empty(t, f.changes())
	})
}

func TestWatchModeIsRefusedWhereItIsTooDear(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		require.Equal(t, permission.Watching{CallsPerProbe: 1, CallsPerDay: 384}, f.watching(), "it is off by default")
		f.crm.allowance = crm.Allowance{APIs: []crm.APIUse{{APIType: crm.DefaultAPIType(), Limit: 1000}}}
		err := f.watch(5)
		require.Equal(t, fault.SettingUnavailable, fault.CodeOf(err))
		require.ErrorContains(t, err, "384 of the budget of 1000 API calls a day; watch mode may use 25 %. Every 15 minutes is possible.")
		require.Zero(t, f.row().WatchMinutes)
		require.NoError(t, f.watch(15))
		require.Equal(t, 15, f.row().WatchMinutes)

		f.crm.allowance.APIs[0].Limit = 100
		require.ErrorContains(t, f.watch(15), "watch mode may use 25 %.")
		require.NotEmpty(t, f.watching().Unavailable)
		require.NoError(t, f.watch(0), "switching it off is always possible")

		require.Equal(t, fault.BadInput, fault.CodeOf(f.watch(1)))
		viewer := principal.With(t.Context(), principal.Principal{ID: "v", WorkspaceID: f.integration.WorkspaceID, Role: principal.RoleViewer})
		err = f.permissions.SetWatch(viewer, permission.WatchInput{IntegrationID: f.integration.ID, Minutes: 15, IdempotencyKey: f.key()})
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
		err = f.permissions.SetWatch(f.ctx, permission.WatchInput{IntegrationID: "int_nothing", Minutes: 15, IdempotencyKey: f.key()})
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
	})
}

// Rights to write that are gone are asked for again, as losses are: an alert needs two
// checks that missed them.
func TestReducedRightsAreProbedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		f.crm.mu.Lock()
		f.crm.fields["Contact"][1].Rights.Update = false
		f.crm.mu.Unlock()
		clock.Advance(time.Hour)
		f.check(permission.Normal)
		require.Equal(t, []string{"RIGHTS_REDUCED Contact.Email"}, f.changes())
		require.Len(t, f.jobs.waiting, 1)
		calls := f.crm.calls()
		f.confirm()
		require.Equal(t, calls+1, f.crm.calls())
		require.Equal(t, []string{"Contact"}, objectNames(f.crm.requests[calls]))
		require.True(t, f.crm.requests[calls].Unconditional)
		require.Empty(t, f.jobs.waiting, "once")
	})
}

// When damping ends, what holds then is alerted, and the CRM is not asked.
func TestSettlingAlertsWhatHolds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := active(t, s, clock)
		f.setState(crm.IntegrationActive)
		f.crm.hide("Contact", "Email")
		f.nextDay()
		f.dropAlerts()
		calls := f.crm.calls()
		settle := func() {
			require.NoError(t, s.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
				return f.permissions.EnqueueSettle(ctx, tx, f.integration, clock.Now())
			}))
			require.NoError(t, f.jobs.run(f.ctx))
		}
		f.setState(crm.IntegrationDisconnected)
		settle()
		require.Empty(t, f.openAlerts())
		f.setState(crm.IntegrationActive)
		settle()
		require.Equal(t, []string{"STANDARD_FIELD_ACCESS_LOST Contact.Email"}, f.openAlerts())
		require.Equal(t, calls, f.crm.calls())
		// The integration may be gone: the job ends.
		require.NoError(t, f.jobs.handlers[permission.SettleKind](f.ctx, job.Job{Payload: []byte(`{"integrationId":"int_nothing"}`)}))
	})
}

// dropAlerts forgets all alerts, as if they had been damped.
func (f *fixture) dropAlerts() {
	f.t.Helper()
	require.NoError(f.t, f.store.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Ent().Alert.Delete().Exec(ctx)
		return err
	}))
}

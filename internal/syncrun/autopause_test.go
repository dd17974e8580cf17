package syncrun_test

import (
	"context"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	entalert "github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/internal/syncrun"
)

// failAll makes the next run fail at every object.
func (b *bench) failAll() {
	refused := fault.New(fault.CRMInvalidRequest, "The CRM refuses the request.")
	b.org.failures = map[string][]error{"Account": {refused}, "Contact": {refused}, "Lead": {refused}}
}

func TestFailingIntegrationsAreWarnedAboutAndPaused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		b := newBench(t, s)
		b.stop(t)
		b.config.AutoPause = crm.AutoPauseLimits{WarnFailures: 2, WarnDays: 1, Failures: 4, Days: 2}
		b.start(t)
		day := func(fail bool, kind crm.RunKind) {
			t.Helper()
			clock.Advance(24 * time.Hour)
			if fail {
				b.failAll()
			}
			run := b.daily(t, kind, crm.LocalDate(clock.Now(), time.UTC).String())
			require.Equal(t, fail, run.Status == crm.RunFailed, run.Reason)
		}
		day(true, crm.RunScheduled)
		require.Equal(t, 1, b.row(t).ConsecutiveFailures)
		require.Empty(t, b.openAlerts(t))

		day(true, crm.RunCatchUp)
		require.Equal(t, []string{"RUN_FAILED_REPEATEDLY"}, b.openAlerts(t))
		warnedAt := b.row(t).FailureWarnedAt
		require.NotNil(t, warnedAt)

		b.failAll()
		require.Equal(t, crm.RunFailed, b.run(t, "by hand").Status)
		require.Equal(t, 2, b.row(t).ConsecutiveFailures, "a manual run does not count")

		b.dataSync(t, false)
		clock.Advance(24 * time.Hour)
		require.Equal(t, crm.RunSkipped, b.daily(t, crm.RunScheduled, "2026-04-01").Status)
		require.Equal(t, 2, b.row(t).ConsecutiveFailures, "a skipped run neither counts nor ends the row")
		b.dataSync(t, true)

		day(false, crm.RunScheduled)
		require.Zero(t, b.row(t).ConsecutiveFailures)
		require.Nil(t, b.row(t).FailingSince)
		require.Empty(t, b.openAlerts(t), "a run that reads ends it")

		for range 3 {
			day(true, crm.RunScheduled)
		}
		require.Equal(t, crm.IntegrationActive, b.row(t).State)
		day(true, crm.RunScheduled)
		require.Equal(t, crm.IntegrationPaused, b.row(t).State)
		require.Equal(t, []string{"AUTO_PAUSED", "RUN_FAILED_REPEATEDLY"}, b.openAlerts(t))
		require.Contains(t, b.row(t).StateReason, "AUTO_PAUSED: The daily run failed 4 times in a row")
		told := s.Read().Alert.Query().Where(entalert.RuleEQ(crm.RuleAutoPaused)).OnlyX(b.ctx)
		require.Contains(t, told.Evidence, "The CRM refuses the request.")
	})
}

func TestLateDataIsTold(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		b := newBench(t, s)
		require.Equal(t, crm.FreshnessUnknown, syncrun.FreshnessOf(b.row(t), clock.Now()))
		b.run(t, "first") // at 08:00; the schedule says 02:00
		b.watch(t)
		require.Empty(t, b.openAlerts(t))

		clock.Advance(24*time.Hour + time.Minute)
		require.Equal(t, crm.FreshnessLate, syncrun.FreshnessOf(b.row(t), clock.Now()))
		b.watch(t)
		b.watch(t)
		require.Equal(t, []string{"SYNC_DELAYED"}, b.openAlerts(t))
		require.Equal(t, 1, s.Read().Alert.Query().OnlyX(b.ctx).Occurrences, "the same look again is no news")

		b.failAll()
		require.Equal(t, crm.RunFailed, b.run(t, "fails").Status)
		require.Equal(t, []string{"SYNC_DELAYED"}, b.openAlerts(t), "freshness is apart from how the last run ended")

		b.run(t, "through")
		require.Empty(t, b.openAlerts(t))
		require.Equal(t, crm.FreshnessOnTime, syncrun.FreshnessOf(b.row(t), clock.Now()))

		b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Integration.UpdateOneID(b.integration.ID).SetState(crm.IntegrationPaused).Exec(ctx)
		})
		clock.Advance(72 * time.Hour)
		b.watch(t)
		require.Empty(t, b.openAlerts(t), "nothing is due of what is paused")
	})
}

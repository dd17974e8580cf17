package syncrun_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	entalert "github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/ent/apiusage"
	"github.com/fieldwarden/fieldwarden/ent/runlogentry"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/internal/syncrun"
)

// daily makes the run of a date and follows it until it has ended.
func (b *bench) daily(t *testing.T, kind crm.RunKind, date string) *ent.SyncRun {
	t.Helper()
	return b.follow(t, func() string {
		var id string
		b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
			row, err := tx.Ent().Integration.Get(ctx, b.integration.ID)
			if err != nil {
				return err
			}
			run, err := b.runs.Insert(ctx, tx, row, kind, date)
			if err == nil {
				id = run.ID
			}
			return err
		})
		return id
	}, nil)
}

func (b *bench) inTx(t *testing.T, do func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	require.NoError(t, b.store.WithTx(b.ctx, do))
}

// budget allows calls to the fake CRM's only API.
func (b *bench) budget(t *testing.T, calls int) {
	t.Helper()
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Ent().ApiBudget.Delete().Exec(ctx); err != nil {
			return err
		}
		return tx.Ent().ApiBudget.Create().SetWorkspaceID(b.integration.WorkspaceID).SetIntegrationID(b.integration.ID).
			SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).SetUpdatedBy("test").SetAPIType("api").SetDailyLimit(calls).Exec(ctx)
	})
}

// openAlerts names the rules of the alerts that are open.
func (b *bench) openAlerts(t *testing.T) []string {
	t.Helper()
	rules, err := b.store.Read().Alert.Query().Where(entalert.OpenKeyNotNil()).Order(entalert.ByRule()).Select(entalert.FieldRule).Strings(b.ctx)
	require.NoError(t, err)
	return rules
}

func (b *bench) row(t *testing.T) *ent.Integration {
	t.Helper()
	row, err := b.store.Read().Integration.Get(b.ctx, b.integration.ID)
	require.NoError(t, err)
	return row
}

// log lists the messages of a run's log.
func (b *bench) log(t *testing.T, run *ent.SyncRun) []string {
	t.Helper()
	lines, err := b.store.Read().RunLogEntry.Query().Where(runlogentry.RunID(run.ID)).Order(runlogentry.BySeq()).Select(runlogentry.FieldMessage).Strings(b.ctx)
	require.NoError(t, err)
	return lines
}

func (b *bench) used(t *testing.T, date string) int {
	t.Helper()
	row, err := b.store.Read().ApiUsage.Query().Where(apiusage.LocalDate(date)).Only(b.ctx)
	require.NoError(t, err)
	return row.Calls
}

// watch does the housekeeping that a poke does.
func (b *bench) watch(t *testing.T) {
	t.Helper()
	ctx := principal.AllWorkspaces(b.ctx, "test")
	require.NoError(t, b.runs.WatchFreshness(ctx))
	require.NoError(t, b.runs.WatchLimits(ctx))
}

const budgetPages = 120

func pagesOrg(b *bench) {
	b.org.page = 1
	b.org.records = map[string]int{"Account": budgetPages, "Contact": budgetPages, "Lead": budgetPages}
}

// TestBudgetReachedInTheMiddleOfTheThirdObject compares the calls of a limited reading
// with those of an unlimited one (requirement G5).
func TestBudgetReachedInTheMiddleOfTheThirdObject(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		free := newBench(t, s)
		pagesOrg(free)
		whole := free.run(t, "whole")
		require.Equal(t, crm.RunSucceeded, whole.Status, whole.Reason)
		unlimited := free.org.calls
		require.Equal(t, 2+3*budgetPages, unlimited)
		require.Equal(t, unlimited, whole.CrmCalls, "what the CRM counts is what we count")

		free.stop(t)

		b := newBench(t, s)
		pagesOrg(b)
		const limit = 2 + 2*budgetPages + budgetPages/2
		b.budget(t, limit)
		tomorrow := clock.Now().Add(18 * time.Hour).UTC()
		b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Integration.UpdateOneID(b.integration.ID).SetNextRunAt(tomorrow).Exec(ctx)
		})
		first := b.run(t, "first day")
		require.Equal(t, crm.RunRateLimited, first.Status, first.Reason)
		require.Equal(t, string(fault.BudgetExhausted), first.FaultCode)
		require.NotNil(t, first.FinishedAt)
		require.Nil(t, first.ActiveKey)
		require.Equal(t, tomorrow, first.ResumeAt.UTC())
		require.Equal(t, limit, b.org.calls, "not one call more than allowed")
		require.Equal(t, limit, b.used(t, "2026-03-02"))
		require.Equal(t, budgetPages/2, b.stored(t, "Lead"))
		objects := b.objects(t, first)
		require.Equal(t, crm.RunObjectSkipped, objects["Lead"].Status)
		require.Equal(t, budgetPages/2, objects["Lead"].CrmCalls)
		require.Equal(t, crm.SyncOnboarding, objects["Lead"].Phase)
		require.Equal(t, []string{"API_LIMIT_NEAR", "API_LIMIT_REACHED"}, b.openAlerts(t))
		require.Nil(t, b.row(t).LastSyncedAt)

		clock.Advance(24 * time.Hour)
		second := b.run(t, "second day")
		require.Equal(t, crm.RunSucceeded, second.Status, second.Reason)
		require.Equal(t, budgetPages, b.stored(t, "Lead"))
		objects = b.objects(t, second)
		require.Equal(t, 0, objects["Lead"].Position, "it comes first")
		require.Equal(t, budgetPages/2, objects["Lead"].Counters.Read, "and goes on where it stopped")
		require.Equal(t, crm.SyncOnboarding, objects["Lead"].Phase)
		require.Equal(t, crm.SyncDaily, objects["Account"].Phase)
		require.LessOrEqual(t, float64(b.org.calls), 1.02*float64(unlimited))
		t.Logf("%d calls unlimited, %d limited: %+.1f %%", unlimited, b.org.calls, 100*float64(b.org.calls-unlimited)/float64(unlimited))
		require.Empty(t, b.openAlerts(t))

		third := b.run(t, "third")
		require.Equal(t, crm.Counters{}, third.Counters)
		require.Equal(t, crm.SyncDaily, b.objects(t, third)["Lead"].Phase)
		require.Equal(t, 2, b.objects(t, third)["Lead"].Position, "the package's order again")
	})
}

func TestAReadingFromTheBeginningSurvivesALimitAndSweeps(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		b := newBench(t, s)
		b.run(t, "first")
		b.org.page = 1
		b.org.lose("Account", 3, 100)
		b.newField(t, "Account", "Phone")
		b.budget(t, b.used(t, "2026-03-02")+2+60)
		require.Equal(t, crm.RunRateLimited, b.run(t, "limited").Status)
		require.Equal(t, numbers(0, 130), b.alive(t, "Account"), "nothing is swept before the end")
		clock.Advance(24 * time.Hour)
		b.budget(t, 1000)
		require.Equal(t, 2, b.counters(t, b.run(t, "whole"), "Account").Deleted)
		require.Equal(t, numbers(0, 130, 3, 100), b.alive(t, "Account"))
	})
}

func TestABudgetThatIsTooSmallEndsEachRunWithAReason(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		b := newBench(t, s)
		for limit, wanted := range map[int]int{1: 1, 2: 2} {
			clock.Advance(24 * time.Hour)
			b.budget(t, limit)
			b.org.calls = 0
			run := b.run(t, fmt.Sprintf("limit %d", limit))
			require.Equal(t, crm.RunRateLimited, run.Status)
			require.Equal(t, wanted, b.org.calls)
			require.Contains(t, run.Reason, "is used up")
			if limit == 2 {
				require.Contains(t, run.Reason, "nothing was read: raise the budget")
			}
			again := b.run(t, fmt.Sprintf("limit %d again", limit))
			require.Equal(t, crm.RunRateLimited, again.Status)
			require.Equal(t, wanted, b.org.calls, "no further call on this day")
		}
		b.budget(t, 1000)
		require.Equal(t, crm.RunSucceeded, b.run(t, "raised").Status, "raising the budget goes on at once")
	})
}

func TestRunsStopAtAShareOfTheCRMsOwnQuota(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		b := newBench(t, s)
		b.org.quota = crm.CallStats{QuotaUsed: 8000, QuotaMax: 10000}
		run := b.run(t, "at the share")
		require.Equal(t, crm.RunRateLimited, run.Status)
		require.Equal(t, string(fault.CRMQuotaExhausted), run.FaultCode)
		require.Contains(t, run.Reason, "80 % of the CRM's own API quota")
		require.Equal(t, 2, b.org.calls)
		require.Equal(t, 8000, b.row(t).QuotaUsed)
		require.Equal(t, []string{"API_LIMIT_REACHED"}, b.openAlerts(t))

		b.org.quota.QuotaUsed = 7999
		clock.Advance(time.Hour)
		require.Equal(t, crm.RunSucceeded, b.run(t, "below it").Status, "the old figure stops nobody from asking for the new one")
		require.Equal(t, 7999, b.row(t).QuotaUsed)
		require.Empty(t, b.openAlerts(t))
	})
}

func TestLimitAlertsEndWithTheDay(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		b := newBench(t, s)
		b.budget(t, 5)
		b.run(t, "limited")
		both := []string{"API_LIMIT_NEAR", "API_LIMIT_REACHED"}
		require.Equal(t, both, b.openAlerts(t))
		b.watch(t)
		require.Equal(t, both, b.openAlerts(t), "the day is not over")
		clock.Advance(16 * time.Hour)
		b.watch(t)
		require.Empty(t, b.openAlerts(t))
	})
}

func TestShortLimitsAreSatOut(t *testing.T) {
	t.Parallel()
	limited := func(after time.Duration) error {
		return fault.New(fault.CRMRateLimited, "Too many calls.", fault.RetryAfter(after))
	}
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		b := newBench(t, s)
		b.org.denials = []error{limited(time.Millisecond)}
		b.org.failures["Contact"] = []error{limited(0)}
		var waited []syncrun.Progress
		run := b.follow(t, b.runNow(t, "waits"), func(p syncrun.Progress) {
			if p.Status == crm.RunRateLimited {
				waited = append(waited, p)
			}
		})
		require.Equal(t, crm.RunSucceeded, run.Status, run.Reason)
		require.Empty(t, run.Reason)
		require.Nil(t, run.ResumeAt)
		require.Len(t, waited, 2)
		require.Equal(t, []crm.RunPhase{crm.PhaseCheck, crm.PhaseRead}, []crm.RunPhase{waited[0].Phase, waited[1].Phase})
		require.Equal(t, 185, run.Counters.Created)

		b.org.failures["Contact"] = []error{limited(61 * time.Minute)}
		long := b.run(t, "too long")
		require.Equal(t, crm.RunRateLimited, long.Status)
		require.NotNil(t, long.FinishedAt)
		require.Equal(t, string(fault.CRMRateLimited), long.FaultCode)
		require.Equal(t, crm.RunObjectSucceeded, b.objects(t, long)["Account"].Status)

		b.org.failures["Contact"] = []error{limited(1), limited(1), limited(1)}
		require.Equal(t, crm.RunRateLimited, b.run(t, "again and again").Status, "three times where two are borne")
	})
}

func TestWhatCameBeforeAFailureIsKept(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		b.org.breakAfter = map[string]int{"Account": 40}
		run := b.run(t, "breaks")
		require.Equal(t, crm.RunSucceeded, run.Status, run.Reason)
		require.Equal(t, 185, run.Counters.Read, "nothing was read twice")
		require.Equal(t, 185, run.Counters.Created)
	})
}

func TestDataSyncOffSkipsRuns(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		b.dataSync(t, false)
		for _, run := range []*ent.SyncRun{b.run(t, "by hand"), b.daily(t, crm.RunScheduled, "2026-03-02")} {
			require.Equal(t, crm.RunSkipped, run.Status)
			require.Equal(t, string(fault.DataSyncOff), run.FaultCode)
			require.NotNil(t, run.FinishedAt)
		}
		require.Zero(t, b.org.calls)
		require.Zero(t, b.row(t).ConsecutiveFailures)
		require.Nil(t, b.row(t).LastSyncedAt)

		b.dataSync(t, true)
		b.org.onCheck = func([]string) error { b.dataSync(t, false); return nil }
		run := b.run(t, "switched off meanwhile")
		require.Equal(t, crm.RunCancelled, run.Status)
		require.Zero(t, b.stored(t, "Account"))
	})
}

func (b *bench) dataSync(t *testing.T, on bool) {
	t.Helper()
	value, err := json.Marshal(on)
	require.NoError(t, err)
	b.inTx(t, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Ent().SettingValue.Delete().Exec(ctx); err != nil {
			return err
		}
		return tx.Ent().SettingValue.Create().SetWorkspaceID(b.integration.WorkspaceID).SetIntegrationID(b.integration.ID).
			SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).SetUpdatedBy("test").SetKey(crm.SettingDataSync).SetValue(value).Exec(ctx)
	})
}

func TestRefusedRecordsMakeTheRunPartial(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		b.run(t, "first")
		b.org.refused = map[string]bool{"Contact-3": true, "Contact-40": true}
		b.newField(t, "Contact", "Phone")
		run := b.run(t, "refused")
		require.Equal(t, crm.RunPartial, run.Status)
		require.Equal(t, string(fault.RecordRefused), run.FaultCode)
		contact := b.objects(t, run)["Contact"]
		require.Equal(t, crm.RunObjectSucceeded, contact.Status)
		require.Equal(t, crm.Counters{Read: 55, Updated: 53, Failed: 2}, contact.Counters)
		require.Equal(t, numbers(0, 55), b.alive(t, "Contact"), "what was refused is not gone")
		require.Equal(t, 2, s.Read().FailedRecord.Query().CountX(b.ctx))
		require.Equal(t, 1, s.Read().RunError.Query().CountX(b.ctx))
		require.NotNil(t, b.row(t).LastSyncedAt)

		b.org.refused = nil
		b.newField(t, "Contact", "Fax")
		require.Equal(t, crm.RunSucceeded, b.run(t, "well again").Status)
		require.Zero(t, s.Read().FailedRecord.Query().CountX(b.ctx))
	})
}

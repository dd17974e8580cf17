package syncrun_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/apibudget"
	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/failedrecord"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/internal/syncrun"
)

// each runs body with a bench on both databases.
func each(t *testing.T, body func(t *testing.T, b *bench)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) { body(t, newBench(t, s)) })
}

func (b *bench) object(t *testing.T, name string) *ent.CrmObject {
	t.Helper()
	found, err := b.store.Read().CrmObject.Query().Where(crmobject.Name(name)).Only(b.ctx)
	require.NoError(t, err)
	return found
}

func (b *bench) failed(t *testing.T) map[string]int {
	t.Helper()
	rows, err := b.store.Read().FailedRecord.Query().Order(failedrecord.ByRecordID()).All(b.ctx)
	require.NoError(t, err)
	attempts := map[string]int{}
	for _, row := range rows {
		attempts[row.RecordID] = row.Attempts
	}
	return attempts
}

func (b *bench) viewer() context.Context {
	return principal.With(b.ctx, principal.Principal{ID: "mbr_viewer", WorkspaceID: b.integration.WorkspaceID, Role: principal.RoleViewer})
}

// TestCancelEndsAStepUnderWay stops a run in the middle of a reading: that step saves
// nothing, what came before stays, and the next run goes on from there.
func TestCancelEndsAStepUnderWay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		var once sync.Once
		b.org.onRead = func(request crm.ReadRequest) {
			if request.Object == "Account" && string(request.ResumeToken) == "60" {
				once.Do(func() {
					active, err := b.store.Read().SyncRun.Query().Only(b.ctx)
					require.NoError(t, err)
					require.NoError(t, b.runs.Cancel(b.ctx, active.ID, "stop"))
				})
			}
		}
		run := b.run(t, "one")
		require.Equal(t, crm.RunCancelled, run.Status)
		require.Equal(t, "Stopped by Test admin.", run.Reason)
		require.Nil(t, run.ActiveKey)
		require.NotNil(t, run.FinishedAt)
		require.Equal(t, 60, b.stored(t, "Account"))
		for name, object := range b.objects(t, run) {
			require.Equal(t, crm.RunObjectSkipped, object.Status, name)
		}
		require.True(t, b.object(t, "Account").Partial)
		require.Equal(t, "60", string(b.object(t, "Account").PartialToken))

		require.NoError(t, b.runs.Cancel(b.ctx, run.ID, "stop"), "the same request again")
		err := b.runs.Cancel(b.ctx, run.ID, "again")
		require.True(t, fault.Is(err, fault.RunEnded), "%v", err)
		require.Equal(t, 1, must(b.store.Read().AuditEntry.Query().Where(auditentry.Action("cancelRun")).Count(b.ctx)))

		next := b.run(t, "two")
		require.Equal(t, crm.RunSucceeded, next.Status, next.Reason)
		require.Equal(t, 130-60, b.objects(t, next)["Account"].Counters.Read, "it goes on where the other stopped")
		require.Equal(t, 130, b.stored(t, "Account"))
	})
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// TestCancelNeedsNoWorker stops a run that nobody will ever take up.
func TestCancelNeedsNoWorker(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		b.stop(t)
		id, err := b.runs.RunNow(b.ctx, b.integration.ID, "one")
		require.NoError(t, err)
		for name, ctx := range map[string]context.Context{"a viewer": b.viewer(), "somebody else": must2(storetest.Workspace(t, b.store))} {
			require.True(t, fault.Is(b.runs.Cancel(ctx, id, "no"), fault.Forbidden, fault.NotFound), name)
		}
		require.NoError(t, b.runs.Cancel(b.ctx, id, "stop"))
		run, err := b.store.Read().SyncRun.Get(b.ctx, id)
		require.NoError(t, err)
		require.Equal(t, crm.RunCancelled, run.Status)
		b.start(t)
		next := b.run(t, "two")
		require.Equal(t, crm.RunSucceeded, next.Status, "the way is free")
		run, err = b.store.Read().SyncRun.Get(b.ctx, id)
		require.NoError(t, err)
		require.Equal(t, crm.RunCancelled, run.Status, "its job, found late, does nothing")
	})
}

func must2(ctx context.Context, _ *ent.Workspace) context.Context { return ctx }

func TestCancelEndsAWait(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		b.org.failures["Account"] = []error{fault.New(fault.CRMRateLimited, "Slow down.", fault.RetryAfter(10*time.Minute))}
		run := b.follow(t, b.runNow(t, "one"), func(seen syncrun.Progress) {
			if seen.Status == crm.RunRateLimited {
				require.NoError(t, b.runs.Cancel(b.ctx, seen.RunID, "stop"))
			}
		})
		require.Equal(t, crm.RunCancelled, run.Status)
		require.Nil(t, run.ResumeAt)
		require.Empty(t, run.FaultCode)
		require.Equal(t, crm.RunSucceeded, b.run(t, "two").Status)
	})
}

func TestRunNowOfSomeObjects(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		_, err := b.runs.RunNow(b.ctx, b.integration.ID, "unknown", "Contact", "Kontakt")
		require.True(t, fault.Is(err, fault.BadInput), "%v", err)
		require.ErrorContains(t, err, `"Kontakt"`)
		_, err = b.runs.RunNow(b.viewer(), b.integration.ID, "viewer")
		require.True(t, fault.Is(err, fault.Forbidden), "%v", err)
		held := make(chan struct{})
		b.org.onCheck = func([]string) error { <-held; return nil }
		run := b.follow(t, func() string {
			id, err := b.runs.RunNow(b.ctx, b.integration.ID, "one", "Contact", "Contact")
			require.NoError(t, err)
			_, err = b.runs.RunNow(b.ctx, b.integration.ID, "another", "Lead")
			close(held)
			require.True(t, fault.Is(err, fault.RunActive), "%v", err)
			return id
		}, nil)
		require.Equal(t, crm.RunManual, run.Kind)
		require.Nil(t, run.DateKey, "it does not count as the day's run")
		require.Len(t, b.objects(t, run), 1)
		require.Equal(t, 55, b.stored(t, "Contact"))
		require.Zero(t, b.stored(t, "Account"))
	})
}

func TestResetCursorReadsFromTheBeginning(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		require.Equal(t, crm.RunSucceeded, b.run(t, "one").Status)
		require.Equal(t, crm.SyncDaily, b.object(t, "Contact").SyncPhase)
		reset := func(key string, change func(*syncrun.ResetInput)) error {
			input := syncrun.ResetInput{IdempotencyKey: key, IntegrationID: b.integration.ID, Objects: []string{"Contact"}, Confirm: true}
			if change != nil {
				change(&input)
			}
			return b.runs.ResetCursor(b.ctx, input)
		}
		err := reset("a", func(i *syncrun.ResetInput) { i.Confirm = false })
		require.True(t, fault.Is(err, fault.ConfirmRequired), "%v", err)
		err = reset("b", func(i *syncrun.ResetInput) { i.Objects = []string{"Kontakt"} })
		require.True(t, fault.Is(err, fault.BadInput), "%v", err)
		err = b.runs.ResetCursor(b.viewer(), syncrun.ResetInput{IdempotencyKey: "c", IntegrationID: b.integration.ID, Confirm: true})
		require.True(t, fault.Is(err, fault.Forbidden), "%v", err)
		require.NotEmpty(t, b.object(t, "Contact").ResumeToken)

		require.NoError(t, reset("d", nil))
		require.Equal(t, crm.SyncOnboarding, b.object(t, "Contact").SyncPhase)
		require.Equal(t, crm.SyncDaily, b.object(t, "Account").SyncPhase)
		// While it checks, the run is active for certain; by its feed it may have ended.
		var whileActive error
		b.org.onCheck = func([]string) error { whileActive = reset("active", nil); return nil }
		run := b.run(t, "two")
		require.True(t, fault.Is(whileActive, fault.RunActive), "%v", whileActive)
		require.Equal(t, crm.RunSucceeded, run.Status, run.Reason)
		require.Equal(t, crm.Counters{Read: 55, Skipped: 55}, b.objects(t, run)["Contact"].Counters)
		require.Zero(t, b.objects(t, run)["Account"].Counters.Read)
		require.Equal(t, crm.SyncDaily, b.object(t, "Contact").SyncPhase)
	})
}

// TestFailedRecordsAreTriedWithEachRun has records that nobody takes, then some are,
// though the CRM does not tell of them again.
func TestFailedRecordsAreTriedWithEachRun(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		b.org.single = true
		b.org.refused = map[string]bool{"Contact-3": true, "Contact-4": true, "Contact-5": true}
		require.Equal(t, crm.RunPartial, b.run(t, "one").Status)
		require.Equal(t, map[string]int{"Contact-3": 1, "Contact-4": 1, "Contact-5": 1}, b.failed(t))
		require.Empty(t, b.org.asked, "not in the run that failed")

		b.org.refused = map[string]bool{"Contact-4": true}
		b.org.lose("Contact", 5)
		run := b.run(t, "two")
		require.Equal(t, crm.RunPartial, run.Status)
		require.Equal(t, map[string]int{"Contact-4": 2}, b.failed(t))
		require.Equal(t, []string{"Contact-3", "Contact-4", "Contact-5"}, b.org.asked[0].IDs)
		require.Equal(t, 1, b.objects(t, run)["Contact"].Counters.Created)
		require.Contains(t, b.log(t, run), "Failed records were tried again: 3, not stored: 1.")

		b.org.refused = nil
		require.Equal(t, crm.RunSucceeded, b.run(t, "three").Status)
		require.Empty(t, b.failed(t))
		b.run(t, "four")
		require.Len(t, b.org.asked, 2, "nobody asks when nothing has failed")
	})
}

func (b *bench) retry(key string, change func(*syncrun.RetryInput)) (string, error) {
	input := syncrun.RetryInput{IdempotencyKey: key, IntegrationID: b.integration.ID}
	if change != nil {
		change(&input)
	}
	return b.runs.RetryFailedRecords(b.ctx, input)
}

func TestRetryFailedRecordsReadsNothingElse(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		b.org.single = true
		_, err := b.retry("nothing", nil)
		require.True(t, fault.Is(err, fault.BadInput), "%v", err)
		b.org.refused = map[string]bool{"Contact-3": true}
		for i := range 130 {
			b.org.refused[fmt.Sprintf("Account-%d", i)] = true
		}
		b.run(t, "one")
		reads := len(b.org.reads)
		require.Len(t, b.failed(t), 131)
		ids := must(b.store.Read().FailedRecord.Query().Where(failedrecord.ObjectName("Contact")).IDs(b.ctx))
		for field, change := range map[string]func(*syncrun.RetryInput){
			"failedRecordIds": func(i *syncrun.RetryInput) { i.FailedRecordIDs = slices.Concat(ids, []string{"frc_unknown"}) },
			"objects":         func(i *syncrun.RetryInput) { i.Objects = []string{"Kontakt"} },
		} {
			_, err := b.retry(field, change)
			require.True(t, fault.Is(err, fault.NotFound, fault.BadInput), "%v", err)
		}

		delete(b.org.refused, "Account-7")
		run := b.follow(t, func() string { return must(b.retry("all", nil)) }, nil)
		require.Equal(t, crm.RunPartial, run.Status, "something still fails")
		require.Equal(t, crm.RunManual, run.Kind)
		require.Len(t, b.org.reads, reads, "nothing is read but single records")
		require.Len(t, b.failed(t), 130)
		require.Equal(t, 2, b.failed(t)["Contact-3"])
		require.NotContains(t, b.failed(t), "Account-7")

		b.org.refused = nil
		run = b.follow(t, func() string {
			return must(b.retry("named", func(i *syncrun.RetryInput) { i.FailedRecordIDs = ids }))
		}, nil)
		require.Equal(t, crm.RunSucceeded, run.Status)
		require.Len(t, b.failed(t), 129)
		require.NotContains(t, b.failed(t), "Contact-3")
		require.Equal(t, "55", string(b.object(t, "Contact").ResumeToken), "the position of the daily reading is as it was")
	})
}

// TestRetryFailedRecordsWithoutSingleReads reads the object from the beginning, since
// the connector can do no better.
func TestRetryFailedRecordsWithoutSingleReads(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		b.org.refused = map[string]bool{"Contact-3": true}
		b.run(t, "one")
		b.org.refused = nil
		run := b.follow(t, func() string { return must(b.retry("all", nil)) }, nil)
		require.Equal(t, crm.RunSucceeded, run.Status, run.Reason)
		require.Equal(t, 55, b.objects(t, run)["Contact"].Counters.Read)
		require.Len(t, b.objects(t, run), 1)
		require.Empty(t, b.failed(t))
	})
}

func TestBudgetsAndShares(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *bench) {
		limit := func(n int) *int { return &n }
		api := must(b.org.meter.Allowance(b.ctx, b.store.Read(), b.integration, storetest.Start())).APIs[0].Key
		set := func(ctx context.Context, key, apiType string, calls *int) error {
			return b.runs.SetBudget(ctx, syncrun.BudgetInput{IdempotencyKey: key, IntegrationID: b.integration.ID, APIType: apiType, DailyLimit: calls})
		}
		for key, err := range map[string]error{
			"zero": set(b.ctx, "zero", api, limit(0)), "negative": set(b.ctx, "negative", api, limit(-5)), "unknown": set(b.ctx, "unknown", "soap", limit(5)),
			"share of 0": b.runs.SetQuotaShare(b.ctx, syncrun.QuotaShareInput{IdempotencyKey: "s0", IntegrationID: b.integration.ID}),
			"share over": b.runs.SetQuotaShare(b.ctx, syncrun.QuotaShareInput{IdempotencyKey: "s1", IntegrationID: b.integration.ID, Percent: 101}),
		} {
			require.True(t, fault.Is(err, fault.BadInput), "%s: %v", key, err)
		}
		require.True(t, fault.Is(set(b.viewer(), "viewer", api, limit(5)), fault.Forbidden))
		budget := func() []int {
			return must(b.store.Read().ApiBudget.Query().Where(apibudget.APIType(api)).Select(apibudget.FieldDailyLimit).Ints(b.ctx))
		}
		require.Empty(t, budget())
		require.NoError(t, set(b.ctx, "one", api, limit(100)))
		require.NoError(t, set(b.ctx, "two", api, limit(250)))
		require.Equal(t, []int{250}, budget())
		entry := must(b.store.Read().AuditEntry.Query().Where(auditentry.Action("setApiBudget")).Order(auditentry.ByID()).All(b.ctx))[1]
		require.JSONEq(t, fmt.Sprintf(`{"apiType":%q,"dailyLimit":100}`, api), string(entry.Before))
		require.JSONEq(t, fmt.Sprintf(`{"apiType":%q,"dailyLimit":250}`, api), string(entry.After))
		require.NoError(t, set(b.ctx, "none", api, nil))
		require.NoError(t, set(b.ctx, "none again", api, nil))
		require.Empty(t, budget())
		require.NoError(t, b.runs.SetQuotaShare(b.ctx, syncrun.QuotaShareInput{IdempotencyKey: "s2", IntegrationID: b.integration.ID, Percent: 55}))
		require.Equal(t, 55, b.row(t).QuotaPercent)
	})
}

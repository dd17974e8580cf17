package syncrun_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func TestRunReadsEverythingOnceAndNothingTwice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		run := b.run(t, "first")
		require.Equal(t, crm.RunSucceeded, run.Status, run.Reason)
		require.Equal(t, crm.Counters{Read: 185, Created: 185}, run.Counters)
		require.Equal(t, 1, b.org.refreshed, "the choices of settings, too; their failure is not the run's")
		require.Nil(t, run.ActiveKey)
		require.NotNil(t, run.StartedAt)
		require.NotNil(t, run.FinishedAt)
		require.Equal(t, 130, b.stored(t, "Account"))
		require.Equal(t, 55, b.stored(t, "Contact"))
		require.Equal(t, crm.RunObjectSucceeded, b.objects(t, run)["Lead"].Status)

		again := b.run(t, "second")
		require.Equal(t, crm.RunSucceeded, again.Status)
		require.Zero(t, again.Counters, "nothing changed, so nothing is read or written")

		b.org.mu.Lock()
		b.org.records["Account"] = 131
		b.org.mu.Unlock()
		require.Equal(t, crm.Counters{Read: 1, Created: 1}, b.run(t, "third").Counters)
	})
}

func TestRunNowIsIdempotentAndAlone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		held := make(chan struct{})
		b.org.onCheck = func([]string) error { <-held; return nil }
		id, err := b.runs.RunNow(b.ctx, b.integration.ID, "one")
		require.NoError(t, err)
		same, err := b.runs.RunNow(b.ctx, b.integration.ID, "one")
		require.NoError(t, err)
		require.Equal(t, id, same)
		_, err = b.runs.RunNow(b.ctx, b.integration.ID, "two")
		require.Equal(t, fault.RunActive, fault.CodeOf(err))
		close(held)
	})
}

func TestUnreadableObjectMakesTheRunPartial(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		require.NoError(t, s.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().CrmObject.Update().Where(crmobject.Name("Contact")).SetStatus(crm.ObjectPermissionMissing).Exec(ctx)
		}))
		run := b.run(t, "run")
		require.Equal(t, crm.RunPartial, run.Status)
		require.Contains(t, run.Reason, "Contact")
		require.Equal(t, crm.RunObjectSkipped, b.objects(t, run)["Contact"].Status)
		require.Equal(t, 130, b.stored(t, "Account"))
		require.Zero(t, b.stored(t, "Contact"))
	})
}

// An object that was taken out, or that the package has lost, is no part of a run: its
// state does not matter, and nobody can ask for it.
func TestOnlyPublishedObjectsOfThePackageAreRead(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		require.NoError(t, s.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().CrmObject.Update().Where(crmobject.Name("Contact")).SetPublished(false).SetStatus(crm.ObjectPermissionMissing).Exec(ctx)
		}))
		b.dropped.Store(new("Lead"))
		for object, words := range map[string]string{"Contact": "not published", "Lead": "no object of the package"} {
			_, err := b.runs.RunNow(b.ctx, b.integration.ID, object, "Account", object)
			require.Equal(t, fault.BadInput, fault.CodeOf(err), object)
			require.ErrorContains(t, err, words)
		}
		run := b.run(t, "run")
		require.Equal(t, crm.RunSucceeded, run.Status, run.Reason)
		require.Equal(t, []string{"Account"}, slices.Collect(maps.Keys(b.objects(t, run))))

		require.NoError(t, s.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().CrmObject.Update().Where(crmobject.Name("Contact")).SetPublished(true).SetStatus(crm.ObjectOK).Exec(ctx)
		}))
		require.Len(t, b.objects(t, b.run(t, "again")), 2)
		require.Equal(t, 55, b.stored(t, "Contact"))
	})
}

func TestFailuresOfReading(t *testing.T) {
	t.Parallel()
	unavailable := fault.New(fault.CRMUnavailable, "The CRM is in maintenance.")
	tests := []struct {
		name     string
		failures map[string][]error
		status   crm.RunStatus
		code     fault.Code
		contacts int
	}{
		{"once is tried again", map[string][]error{"Contact": {unavailable}}, crm.RunSucceeded, "", 55},
		{"for good fails the object only", map[string][]error{"Contact": {unavailable, unavailable}}, crm.RunPartial, fault.CRMUnavailable, 0},
		{"a spent quota ends the run", map[string][]error{"Contact": {fault.New(fault.CRMQuotaExhausted, "used up")}}, crm.RunRateLimited, fault.CRMQuotaExhausted, 0},
		{"everywhere fails the run", map[string][]error{
			"Account": {unavailable, unavailable}, "Contact": {unavailable, unavailable}, "Lead": {unavailable, unavailable},
		}, crm.RunFailed, fault.CRMUnavailable, 0},
		{"a revoked grant ends the run", map[string][]error{"Account": {fault.New(fault.CRMGrantRevoked, "revoked")}}, crm.RunFailed, fault.CRMGrantRevoked, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
				b := newBench(t, s)
				b.org.failures = map[string][]error{}
				for object, failures := range test.failures {
					b.org.failures[object] = append([]error{}, failures...)
				}
				run := b.run(t, "run")
				require.Equal(t, test.status, run.Status, run.Reason)
				require.Equal(t, string(test.code), run.FaultCode)
				require.Equal(t, test.contacts, b.stored(t, "Contact"))
				require.Nil(t, run.ActiveKey, "the next run is not blocked")
			})
		})
	}
}

func TestStepThatFailedIsTriedAgainWithHalf(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		b.org.failures["Account"] = []error{fault.New(fault.CRMUnavailable, "down")}
		run := b.run(t, "once")
		require.Equal(t, crm.RunSucceeded, run.Status, run.Reason)
		require.Equal(t, 185, run.Counters.Created)
		var asked []int
		for _, read := range b.org.reads {
			if read.Object == "Account" {
				asked = append(asked, read.BatchSize)
			}
		}
		require.Equal(t, []int{50, 25, 50, 50}, asked, "a full step, half of it, then full ones again")
	})
}

func TestRecordsThatCannotBeStoredFailTheirObject(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		b.org.spoilt = "Contact"
		run := b.run(t, "once")
		require.Equal(t, crm.RunPartial, run.Status, run.Reason)
		contact := b.objects(t, run)["Contact"]
		require.Equal(t, crm.RunObjectFailed, contact.Status)
		require.Equal(t, string(fault.ConnectorAnswer), contact.FaultCode)
		require.Equal(t, 130, b.stored(t, "Account"))
	})
}

func TestRunEndsWhenTheIntegrationIsNoLongerActive(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		b.org.onCheck = func([]string) error {
			return s.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
				return tx.Ent().Integration.UpdateOneID(b.integration.ID).SetState(crm.IntegrationGrace).Exec(ctx)
			})
		}
		run := b.run(t, "run")
		require.Equal(t, crm.RunCancelled, run.Status)
		require.Equal(t, string(fault.IntegrationState), run.FaultCode)
		_, err := b.runs.RunNow(b.ctx, b.integration.ID, "later")
		require.Equal(t, fault.IntegrationState, fault.CodeOf(err))
	})
}

func TestDailyRunOncePerDate(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		insert := func(kind crm.RunKind, date string) error {
			return s.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
				found, err := tx.Ent().Integration.Get(ctx, b.integration.ID)
				if err != nil {
					return err
				}
				run, err := b.runs.Insert(ctx, tx, found, kind, date)
				if err != nil {
					return err
				}
				// It ends at once: this test is about the date, not about activity.
				return tx.Ent().SyncRun.UpdateOneID(run.ID).ClearActiveKey().Exec(ctx)
			})
		}
		require.NoError(t, insert(crm.RunScheduled, "2026-03-02"))
		require.Equal(t, fault.Conflict, fault.CodeOf(insert(crm.RunScheduled, "2026-03-02")))
		require.Equal(t, fault.Conflict, fault.CodeOf(insert(crm.RunCatchUp, "2026-03-02")))
		require.NoError(t, insert(crm.RunManual, "2026-03-02"), "manual runs are apart from the daily one")
		require.NoError(t, insert(crm.RunScheduled, "2026-03-03"))
	})
}

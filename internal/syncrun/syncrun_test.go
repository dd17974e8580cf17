package syncrun_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/record"
	"github.com/fieldwarden/fieldwarden/ent/runobject"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/runlog"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/internal/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/usage"
)

// crmOrg is a CRM of numbered records; it plays integration, permission and
// connector for the runs under test.
type crmOrg struct {
	mu      sync.Mutex
	records map[string]int
	// failures are answered by the next reads of an object, one each.
	failures map[string][]error
	// spoilt is the object whose records come without data that can be stored.
	spoilt string
	// checks are the objects of each check.
	checks [][]string
	// onCheck runs inside each check.
	onCheck func(objects []string) error
	// reads are the requests that were served, memos what came with them.
	reads []crm.ReadRequest
	memos []string
	// gone are the records, by id, that the CRM has no more; deleted are sent by the
	// next reading of their object.
	gone    map[string]bool
	deleted map[string][]string
	// expired are objects whose tokens are worth nothing at the next reading.
	expired   map[string]bool
	refreshed int
	// onChecklist runs before each connection test.
	onChecklist func(integrationID string)
	// onRead runs before each reading, without the lock.
	onRead func(request crm.ReadRequest)
	// meter counts the calls; calls is what the CRM counted itself.
	meter *usage.Meter
	calls int
	// pages is how many records come with a call.
	page int
	// refused are ids of records that the host does not take.
	refused map[string]bool
	// single says that the connector can read single records; asked are the requests.
	single bool
	asked  []crm.ReadRecordsRequest
	// quota is what the CRM tells of its own quota with each check.
	quota crm.CallStats
	// breakAfter ends the next reading of an object with a failure before the record of
	// that number.
	breakAfter map[string]int
	// denials are answered by the next checks, one each.
	denials []error
}

func (o *crmOrg) Call(ctx context.Context, id string, do func(context.Context, string, crm.Target) error) error {
	return do(ctx, "fake", crm.Target{IntegrationID: id})
}

// Refresh notes that the choices of settings were brought up to date, and fails.
func (o *crmOrg) Refresh(context.Context, string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refreshed++
	return errors.New("no choices today")
}

func (o *crmOrg) RunChecklist(ctx context.Context, id string) error {
	if o.onChecklist != nil {
		o.onChecklist(id)
	}
	_, err := o.meter.Checklist(ctx, "fake", crm.Target{IntegrationID: id}, nil)
	return err
}

func (o *crmOrg) CheckForRun(ctx context.Context, id string, objects []string) error {
	if _, _, err := o.meter.CheckPermissions(ctx, "fake", crm.Target{IntegrationID: id}, crm.CheckRequest{}); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.checks = append(o.checks, objects)
	if o.onCheck != nil {
		return o.onCheck(objects)
	}
	return nil
}

// Read sends records from the token on, 20 per batch; a token counts records.
func (o *crmOrg) Read(_ context.Context, _ string, target crm.Target, request crm.ReadRequest, yield func(crm.Batch) error) error {
	if o.onRead != nil {
		o.onRead(request)
	}
	o.mu.Lock()
	o.reads, o.memos = append(o.reads, request), append(o.memos, string(target.Memo))
	var failure error
	if pending := o.failures[request.Object]; len(pending) > 0 {
		failure, o.failures[request.Object] = pending[0], pending[1:]
	}
	total := o.records[request.Object]
	deletions := o.deleted[request.Object]
	delete(o.deleted, request.Object)
	from, restarted := 0, false
	if len(request.ResumeToken) > 0 {
		restarted = o.expired[request.Object]
		delete(o.expired, request.Object)
	}
	if len(request.ResumeToken) > 0 && !restarted {
		_, _ = fmt.Sscanf(string(request.ResumeToken), "%d", &from)
	}
	o.mu.Unlock()
	for {
		if failure != nil {
			return failure
		}
		if at, breaks := o.breakAfter[request.Object]; breaks && from >= at {
			delete(o.breakAfter, request.Object)
			return fault.New(fault.CRMUnavailable, "The connection broke.")
		}
		batch := crm.Batch{Restarted: restarted}
		restarted = false
		for _, id := range deletions {
			batch.Records = append(batch.Records, crm.Record{ID: id, ModifiedAt: storetest.Start(), Deleted: true})
		}
		deletions = nil
		for ; from < total && len(batch.Records) < o.page; from++ {
			data, _ := json.Marshal(map[string]any{"n": from, "fields": len(request.Fields)})
			if request.Object == o.spoilt {
				data = json.RawMessage("[]")
			}
			id := fmt.Sprintf("%s-%d", request.Object, from)
			if o.isRefused(id) {
				batch.Refused = append(batch.Refused, crm.RefusedRecord{ID: id, Code: string(fault.RecordRefused), Message: "It is no good."})
			} else if !o.isGone(id) {
				batch.Records = append(batch.Records, crm.Record{ID: id, ModifiedAt: storetest.Start(), Data: data})
			}
		}
		batch.ResumeToken = []byte(fmt.Sprint(from))
		batch.Done = from >= total
		batch.Stats = o.called()
		if err := yield(batch); err != nil || batch.Done {
			return err
		}
	}
}

func (o *crmOrg) isGone(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.gone[id]
}

// lose takes records out of the CRM, give puts them back; neither is told to those
// who read on.
func (o *crmOrg) lose(object string, numbers ...int) { o.setGone(true, object, numbers) }
func (o *crmOrg) give(object string, numbers ...int) { o.setGone(false, object, numbers) }

func (o *crmOrg) setGone(gone bool, object string, numbers []int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, n := range numbers {
		o.gone[fmt.Sprintf("%s-%d", object, n)] = gone
	}
}

func (o *crmOrg) expire(object string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.expired[object] = true
}

func (o *crmOrg) isRefused(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.refused[id]
}

// bench is a store with one ACTIVE integration of three objects.
type bench struct {
	store       *store.Store
	org         *crmOrg
	config      syncrun.Config
	runs        *syncrun.Service
	jobs        *job.Engine
	ctx         context.Context
	integration *ent.Integration
}

func newBench(t *testing.T, s *store.Store) *bench {
	t.Helper()
	ctx, workspace := storetest.Workspace(t, s)
	b := &bench{store: s, ctx: ctx, org: &crmOrg{
		records: map[string]int{"Account": 130, "Contact": 55, "Lead": 0}, failures: map[string][]error{},
		gone: map[string]bool{}, deleted: map[string][]string{}, expired: map[string]bool{}, refused: map[string]bool{}, page: 20,
	}, config: syncrun.Config{
		Limits: syncrun.Limits{
			Records: 50, Bytes: 1 << 20, Time: 5 * time.Second, Crashes: 3, Attempts: 2, Backoff: time.Millisecond,
			Waits: 2, LimitBackoff: time.Millisecond,
		},
	}}
	require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		b.integration, err = tx.Ent().Integration.Create().SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector("fake").SetEnvironment(crm.Production).SetState(crm.IntegrationActive).Save(ctx)
		if err != nil {
			return err
		}
		for i, name := range []string{"Account", "Contact", "Lead"} {
			object, err := tx.Ent().CrmObject.Create().SetWorkspaceID(workspace.ID).SetIntegrationID(b.integration.ID).SetCreatedAt(tx.Now()).
				SetName(name).SetPosition(i).SetStatus(crm.ObjectOK).Save(ctx)
			if err != nil {
				return err
			}
			for _, field := range []string{"Id", "Name"} {
				if err := tx.Ent().CrmField.Create().SetWorkspaceID(workspace.ID).SetIntegrationID(b.integration.ID).SetObjectID(object.ID).
					SetCreatedAt(tx.Now()).SetName(field).SetReadable(true).SetStandardized(true).Exec(ctx); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	b.start(t)
	t.Cleanup(func() { b.stop(t) })
	return b
}

// start starts a process that makes runs.
func (b *bench) start(t *testing.T) {
	t.Helper()
	b.makeRuns(t, job.Config{Store: b.store, Logger: slog.New(slog.DiscardHandler), PollInterval: 5 * time.Millisecond, FetchCooldown: time.Millisecond})
	require.NoError(t, b.jobs.Start(context.WithoutCancel(b.ctx)))
}

// makeRuns makes the runs with a job engine that does not run yet.
func (b *bench) makeRuns(t *testing.T, config job.Config) {
	t.Helper()
	jobs, err := job.New(config)
	require.NoError(t, err)
	b.org.meter, err = usage.New(usage.Config{Store: b.store, Host: b.org, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	log, err := runlog.New(runlog.Config{Store: b.store, Redactor: obs.NewRedactor()})
	require.NoError(t, err)
	alerts, err := alert.New(alert.Config{Connectors: b.org, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	c := b.config
	c.Store, c.Jobs, c.Integrations, c.Permissions, c.Picklists, c.Reader = b.store, jobs, b.org, b.org, b.org, b.org.meter
	c.Meter, c.Log, c.Alerts, c.Pauser, c.Logger = b.org.meter, log, alerts, pauser{}, slog.New(slog.DiscardHandler)
	b.runs, err = syncrun.New(c)
	require.NoError(t, err)
	b.jobs = jobs
}

// stop ends the process after the step that it is at.
func (b *bench) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, b.jobs.Stop(context.WithoutCancel(b.ctx)))
}

// run starts a manual run and follows the feed until it has ended.
func (b *bench) run(t *testing.T, key string) *ent.SyncRun {
	t.Helper()
	return b.runWith(t, key, func() {})
}

// runWith does something at every progress of the run.
func (b *bench) runWith(t *testing.T, key string, onProgress func()) *ent.SyncRun {
	t.Helper()
	return b.follow(t, b.runNow(t, key), func(syncrun.Progress) { onProgress() })
}

// runNow starts a manual run.
func (b *bench) runNow(t *testing.T, key string) func() string {
	return func() string {
		t.Helper()
		id, err := b.runs.RunNow(b.ctx, b.integration.ID, key)
		require.NoError(t, err)
		return id
	}
}

// follow starts a run and follows the feed until it has ended.
func (b *bench) follow(t *testing.T, start func() string, onProgress func(syncrun.Progress)) *ent.SyncRun {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 60*time.Second)
	defer cancel()
	follower, err := b.store.Follow(ctx, b.integration.WorkspaceID, nil)
	require.NoError(t, err)
	defer follower.Close()
	id := start()
	for {
		entries, err := follower.Next(ctx)
		require.NoError(t, err, "the run did not end")
		for _, entry := range entries {
			var seen syncrun.Progress
			if entry.Kind != syncrun.FeedKind {
				continue
			}
			require.NoError(t, json.Unmarshal(entry.Payload, &seen))
			if seen.Phase == crm.PhaseDone && seen.RunID == id {
				run, err := b.store.Read().SyncRun.Get(b.ctx, id)
				require.NoError(t, err)
				return run
			}
			if onProgress != nil {
				onProgress(seen)
			}
		}
	}
}

func (b *bench) objects(t *testing.T, run *ent.SyncRun) map[string]*ent.RunObject {
	t.Helper()
	rows, err := b.store.Read().RunObject.Query().Where(runobject.RunID(run.ID)).All(b.ctx)
	require.NoError(t, err)
	byName := map[string]*ent.RunObject{}
	for _, row := range rows {
		byName[row.Name] = row
	}
	return byName
}

func (b *bench) stored(t *testing.T, object string) int {
	t.Helper()
	n, err := b.store.Read().Record.Query().Where(record.ObjectName(object)).Count(b.ctx)
	require.NoError(t, err)
	return n
}

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

func TestRightLostWhileReadingIsCheckedAndLeftOut(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		b.org.failures["Account"] = []error{fault.New(fault.CRMFieldDenied, "No such column 'Name'")}
		b.org.onCheck = func(objects []string) error {
			if len(objects) == 0 {
				return nil
			}
			return s.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
				return tx.Ent().CrmField.Update().Where(crmfield.Name("Name"), crmfield.HasObjectWith(crmobject.Name("Account"))).
					SetSuspectedAt(tx.Now()).Exec(ctx)
			})
		}
		run := b.run(t, "run")
		require.Equal(t, crm.RunSucceeded, run.Status, run.Reason)
		require.Equal(t, [][]string{nil, {"Account"}}, b.org.checks)
		require.Equal(t, []string{"Id", "Name"}, b.org.reads[0].Fields)
		require.Equal(t, []string{"Id"}, b.org.reads[1].Fields)
		require.Equal(t, 130, b.stored(t, "Account"))
	})
}

func TestFieldThatBecomesReadableIsReadForAllRecords(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		b.run(t, "first")
		require.NoError(t, s.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
			object, err := tx.Ent().CrmObject.Query().Where(crmobject.Name("Contact")).Only(ctx)
			if err != nil {
				return err
			}
			return tx.Ent().CrmField.Create().SetWorkspaceID(object.WorkspaceID).SetIntegrationID(object.IntegrationID).
				SetObjectID(object.ID).SetCreatedAt(tx.Now()).SetName("Email").SetReadable(true).SetStandardized(true).Exec(ctx)
		}))
		run := b.run(t, "second")
		require.Equal(t, crm.Counters{Read: 55, Updated: 55}, b.objects(t, run)["Contact"].Counters)
		require.Zero(t, b.objects(t, run)["Account"].Counters, "the other objects go on from where they were")
	})
}

func TestAnObjectWhoseStandardizedFieldsAreAllLostMakesTheRunPartial(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		require.NoError(t, s.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().CrmField.Update().SetReadable(false).Where(crmfield.HasObjectWith(crmobject.Name("Contact"))).Exec(ctx)
		}))
		run := b.run(t, "run")
		require.Equal(t, crm.RunPartial, run.Status)
		require.Equal(t, crm.RunObjectSkipped, b.objects(t, run)["Contact"].Status)
	})
}

func TestOnlyStandardizedFieldsAreRead(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		b := newBench(t, s)
		standardize := func(object, field string, standardized bool) {
			require.NoError(t, s.WithTx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
				return tx.Ent().CrmField.Update().SetStandardized(standardized).
					Where(crmfield.HasObjectWith(crmobject.Name(object)), crmfield.Name(field)).Exec(ctx)
			}))
		}
		standardize("Account", "Name", false)
		standardize("Contact", "Id", false)
		standardize("Contact", "Name", false)
		run := b.run(t, "first")
		require.Equal(t, crm.RunSucceeded, run.Status, run.Reason)
		require.Equal(t, []string{"Id"}, b.org.reads[0].Fields)
		contact := b.objects(t, run)["Contact"]
		require.Equal(t, crm.RunObjectSucceeded, contact.Status)
		require.Zero(t, contact.Counters.Read, "nothing of it is mapped")

		// Who is mapped later is read for all records.
		standardize("Account", "Name", true)
		standardize("Contact", "Id", true)
		run = b.run(t, "second")
		require.Equal(t, crm.Counters{Read: 130, Updated: 130}, b.objects(t, run)["Account"].Counters)
		require.Equal(t, 55, b.objects(t, run)["Contact"].Counters.Created)
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

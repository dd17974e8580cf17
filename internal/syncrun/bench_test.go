package syncrun_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/record"
	"github.com/fieldwarden/fieldwarden/ent/runobject"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/runlog"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/internal/syncrun"
	"github.com/fieldwarden/fieldwarden/internal/usage"
)

// bench is a store with one ACTIVE integration of three objects.
type bench struct {
	store       *store.Store
	org         *crmOrg
	config      syncrun.Config
	runs        *syncrun.Service
	jobs        *job.Engine
	ctx         context.Context
	integration *ent.Integration
	// dropped is the object that the package has lost.
	dropped atomic.Pointer[string]
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
	c.Packages = func(key, crmName string, version int) (crm.Package, error) {
		pkg := crm.Package{Key: key, CRM: crmName, Version: version}
		for _, name := range []string{"Account", "Contact", "Lead"} {
			if dropped := b.dropped.Load(); dropped == nil || *dropped != name {
				pkg.Objects = append(pkg.Objects, crm.PackageObject{Name: name})
			}
		}
		return pkg, nil
	}
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

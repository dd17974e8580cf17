package notify_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/delivery"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/notify"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
	"github.com/fieldwarden/fieldwarden/test/internal/sink"
)

// patience bounds every wait for a signal; only a failing test waits so long.
const patience = 30 * time.Second

// fixture is a workspace with a running engine and a service that may reach the sinks.
type fixture struct {
	t           *testing.T
	ctx         context.Context
	store       *store.Store
	clock       *clockwork.FakeClock
	box         *secret.Box
	service     *notify.Service
	integration *ent.Integration
	used        int
}

// options change what a fixture is made of.
type options struct {
	mail    *notify.MailServer
	allow   []string
	attempt time.Duration
}

func newFixture(t *testing.T, s *store.Store, clock *clockwork.FakeClock, o options) *fixture {
	t.Helper()
	ctx, workspace := storetest.Workspace(t, s)
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	engine, err := job.New(job.Config{
		Store: s, Logger: logger, PollInterval: 10 * time.Millisecond, FetchCooldown: 5 * time.Millisecond, GraceOnStop: 200 * time.Millisecond,
	})
	require.NoError(t, err)
	key := filepath.Join(t.TempDir(), "key.json")
	require.NoError(t, secret.Generate(key))
	box, err := secret.OpenBox("file:" + key)
	require.NoError(t, err)
	service, err := notify.New(notify.Config{
		Store: s, Jobs: engine, Box: box, Connectors: describer{}, Logger: logger, PublicURL: "https://fieldwarden.example.com",
		AllowedHosts: o.allow, Mail: o.mail, AttemptTimeout: o.attempt,
	})
	require.NoError(t, err)
	require.NoError(t, engine.Start(t.Context()))
	t.Cleanup(func() {
		stopping, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, engine.Stop(stopping))
	})
	return &fixture{
		t: t, ctx: ctx, store: s, clock: clock, box: box, service: service,
		integration: &ent.Integration{
			ID: gid.New(gid.Integration), WorkspaceID: workspace.ID, Connector: "salesforce", Environment: crm.Production, InstanceName: "Acme",
		},
	}
}

type describer struct{}

// Describe knows a title.
func (describer) Describe(name string) (crm.Manifest, error) {
	return crm.Manifest{Name: name, Title: "Salesforce"}, nil
}

// key is a new idempotency key.
func (f *fixture) key() string {
	f.used++
	return fmt.Sprint("key ", f.used)
}

// webhook makes a channel to a sink.
func (f *fixture) webhook(name string, to *sink.Web, change ...func(*notify.CreateInput)) notify.Made {
	f.t.Helper()
	in := notify.CreateInput{Kind: crm.ChannelWebhook, Name: name, URL: to.URL, MinSeverity: crm.SeverityInfo, IdempotencyKey: f.key()}
	for _, one := range change {
		one(&in)
	}
	made, err := f.service.Create(f.ctx, in)
	require.NoError(f.t, err)
	return made
}

// newAlert is an alert that has just been opened.
func (f *fixture) newAlert(rule crm.AlertRule, severity crm.Severity, object, field string) *ent.Alert {
	now := f.clock.Now().UTC()
	return &ent.Alert{
		ID: gid.New(gid.Alert), WorkspaceID: f.integration.WorkspaceID, IntegrationID: f.integration.ID, CreatedAt: now, OpenedAt: &now,
		Rule: rule, Severity: severity, Mandatory: crm.Mandatory(rule), State: crm.AlertOpen, ObjectName: object, FieldName: field,
		Title: "Lost <b>" + object + "</b>", Message: "It cannot be read.", Evidence: "403 & more",
		Fix:      crm.Fix{Steps: []string{"Open Setup", "Grant read"}, DeepLink: "https://acme.example.com/setup?a=1&b=2", Who: "a CRM admin"},
		Affected: []crm.Affected{{Kind: crm.AffectedFeature, Key: "scores", Title: "Scores"}},
	}
}

// tell commits changes of alerts.
func (f *fixture) tell(changes ...alert.Change) {
	f.t.Helper()
	require.NoError(f.t, f.store.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
		return f.service.AlertsChanged(ctx, tx, f.integration, changes)
	}))
}

// deliveries lists all, oldest first.
func (f *fixture) deliveries() []*ent.Delivery {
	f.t.Helper()
	rows, err := f.store.Read().Delivery.Query().Order(delivery.ByID()).All(f.ctx)
	require.NoError(f.t, err)
	return rows
}

// settles waits until a look at the deliveries is content with them. Their last write
// is a job's, which tells nobody.
func (f *fixture) settles(content func([]*ent.Delivery) bool) []*ent.Delivery {
	f.t.Helper()
	require.Eventually(f.t, func() bool { return content(f.deliveries()) }, patience, 10*time.Millisecond)
	return f.deliveries()
}

// all reports whether there are n deliveries, in one state.
func all(n int, state crm.DeliveryState) func([]*ent.Delivery) bool {
	return func(rows []*ent.Delivery) bool {
		for _, row := range rows {
			if row.State != state {
				return false
			}
		}
		return len(rows) == n
	}
}

// later lets time pass and housekeeping look.
func (f *fixture) later(d time.Duration) {
	f.t.Helper()
	f.clock.Advance(d)
	require.NoError(f.t, f.service.Housekeep(principal.AllWorkspaces(f.t.Context(), "test")))
}

// owner adds an owner, recipient a recipient.
func (f *fixture) owner(address string) {
	f.t.Helper()
	require.NoError(f.t, f.store.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().Member.Create().SetWorkspaceID(f.integration.WorkspaceID).SetCreatedAt(tx.Now()).
			SetEmail(address).SetEmailKey(address).SetRole(principal.RoleOwner).Exec(ctx)
	}))
}

func (f *fixture) recipient(address string, class crm.RecipientClass, least crm.Severity) string {
	f.t.Helper()
	var id string
	require.NoError(f.t, f.store.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := tx.Ent().Recipient.Create().SetWorkspaceID(f.integration.WorkspaceID).SetCreatedAt(tx.Now()).
			SetAddress(address).SetClass(class).SetMinSeverity(least).SetAddedBy("test").Save(ctx)
		if err == nil {
			id = row.ID
		}
		return err
	}))
	return id
}

func mailTo(server *sink.MailServer) *notify.MailServer {
	return &notify.MailServer{
		Address: server.Address, Security: notify.SecuritySTARTTLS, From: "Fieldwarden <alerts@vendor.example.com>", AllowPrivate: true, RootCAs: server.Roots,
	}
}

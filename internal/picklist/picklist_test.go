package picklist_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	entpicklist "github.com/fieldwarden/fieldwarden/ent/picklist"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/packages"
	"github.com/fieldwarden/fieldwarden/internal/picklist"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// fakeCRM gives stages; it plays integration and connector.
type fakeCRM struct {
	choices []crm.Choice
	failure error
	can     []crm.Capability
	asked   []crm.PicklistSource
	during  func()
}

func (c *fakeCRM) Call(ctx context.Context, integrationID string, do func(context.Context, string, crm.Target) error) error {
	return do(ctx, "salesforce", crm.Target{IntegrationID: integrationID})
}

func (c *fakeCRM) Describe(name string) (crm.Manifest, error) {
	return crm.Manifest{Name: name, Title: "Salesforce", Capabilities: c.can}, nil
}

func (c *fakeCRM) ListPicklist(_ context.Context, _ string, _ crm.Target, source crm.PicklistSource) ([]crm.Choice, error) {
	c.asked = append(c.asked, source)
	if c.during != nil {
		c.during()
	}
	return c.choices, c.failure
}

type fixture struct {
	t           *testing.T
	ctx         context.Context
	store       *store.Store
	crm         *fakeCRM
	picklists   *picklist.Service
	workspace   *ent.Workspace
	integration *ent.Integration
}

func newFixture(t *testing.T, s *store.Store) *fixture {
	t.Helper()
	f := &fixture{t: t, store: s, crm: &fakeCRM{
		can: []crm.Capability{crm.CanListPicklist, crm.CanRead},
		choices: []crm.Choice{
			{Value: "new", Label: "New", Active: true, Group: "p1", GroupLabel: "Sales", Probability: new(10)},
			{Value: "won", Label: "Won", Active: true, Group: "p1", GroupLabel: "Sales", Closed: true, Won: true, Probability: new(100)},
		},
	}}
	f.ctx, f.workspace = storetest.Workspace(t, s)
	var err error
	f.picklists, err = picklist.New(picklist.Config{
		Store: s, Caller: f.crm, Connectors: f.crm, Logger: slog.New(slog.DiscardHandler),
		Packages: func(_, crmName string, version int) (crm.Package, error) {
			return packages.Load("sales-engagement", crmName, version)
		},
	})
	require.NoError(t, err)
	require.NoError(t, s.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
		f.integration, err = tx.Ent().Integration.Create().SetWorkspaceID(f.workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector("salesforce").SetEnvironment(crm.Production).SetState(crm.IntegrationOnboarding).Save(ctx)
		return err
	}))
	return f
}

func (f *fixture) refresh() {
	f.t.Helper()
	require.NoError(f.t, f.picklists.Refresh(f.ctx, f.integration.ID))
}

func (f *fixture) stored() *ent.Picklist {
	f.t.Helper()
	row, err := f.store.Read().Picklist.Query().Where(entpicklist.SourceEQ(crm.OpportunityStages)).Only(f.ctx)
	require.NoError(f.t, err)
	return row
}

func TestChoicesAreKeptAndWrittenOnlyWhenTheyChange(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.refresh()
		require.Equal(t, []crm.PicklistSource{crm.OpportunityStages}, f.crm.asked)
		first := f.stored()
		require.Equal(t, f.crm.choices, first.Choices)
		require.False(t, first.Stale)

		clock.Advance(24 * time.Hour)
		f.refresh()
		require.Equal(t, first.FetchedAt, f.stored().FetchedAt, "nothing is written")

		f.crm.failure = fault.New(fault.CRMUnavailable, "The CRM is in maintenance.")
		f.refresh()
		stale := f.stored()
		require.True(t, stale.Stale)
		require.Equal(t, "The CRM is in maintenance. (CRM_UNAVAILABLE)", stale.StaleReason)
		require.Equal(t, first.Choices, stale.Choices, "a failure keeps what there is")

		f.crm.failure = nil
		f.refresh()
		fresh := f.stored()
		require.False(t, fresh.Stale)
		require.Empty(t, fresh.StaleReason)
		require.Equal(t, first.FetchedAt, fresh.FetchedAt)

		f.crm.choices = f.crm.choices[:1]
		f.refresh()
		require.Equal(t, f.crm.choices, f.stored().Choices)
		require.Equal(t, clock.Now(), f.stored().FetchedAt.UTC())
		require.Equal(t, first.ID, f.stored().ID)
	})
}

func TestWithoutAnAnswerThereIsNothingToKeep(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		f.crm.failure = errors.New("a bug")
		f.refresh()
		require.Zero(t, s.Read().Picklist.Query().CountX(f.ctx))

		ctx, cancel := context.WithCancel(f.ctx)
		f.crm.during = cancel
		require.ErrorIs(t, f.picklists.Refresh(ctx, f.integration.ID), context.Canceled)

		require.Equal(t, fault.NotFound, fault.CodeOf(f.picklists.Refresh(f.ctx, "int_unknown")))
	})
}

func TestOnlyWhatSettingsNeedIsFetched(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(storetest.Start())
	f := newFixture(t, storetest.Open(t, storetest.SQLiteURL(t), clock))
	f.crm.can = []crm.Capability{crm.CanRead}
	f.refresh()
	require.Empty(t, f.crm.asked, "the connector cannot list choices")

	f.crm.can = []crm.Capability{crm.CanListPicklist}
	require.NoError(t, f.store.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().Workspace.UpdateOneID(f.workspace.ID).SetEdition(crm.EditionCore).Exec(ctx)
	}))
	f.refresh()
	require.Empty(t, f.crm.asked, "the edition has no setting that needs them")
}

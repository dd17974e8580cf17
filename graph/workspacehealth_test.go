package graph

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent"
	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// tenant is a workspace for health: one integration for each state, read so long ago.
func tenant(t *testing.T, s *store.Store, read time.Duration, states ...crm.IntegrationState) (ctx context.Context, id string, integrations []string) {
	t.Helper()
	ctx, workspace := storetest.Workspace(t, s)
	require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		for i, state := range states {
			made, err := tx.Ent().Integration.Create().
				SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).SetConnector(fmt.Sprint("crm", i)).
				SetEnvironment(crm.Production).SetState(state).SetLastSyncedAt(tx.Now().Add(-read)).Save(ctx)
			if err != nil {
				return err
			}
			integrations = append(integrations, made.ID)
		}
		return nil
	}))
	return ctx, workspace.ID, integrations
}

// open opens an alert; a folded one is a field's below its object's.
func open(ctx context.Context, t *testing.T, s *store.Store, integrationID string, severity crm.Severity, state crm.AlertState, folded bool) {
	t.Helper()
	who, _ := principal.From(ctx)
	require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		create := tx.Ent().Alert.Create().SetWorkspaceID(who.WorkspaceID).SetIntegrationID(integrationID).SetCreatedAt(tx.Now()).SetLastSeenAt(tx.Now()).
			SetRule(crm.RuleStandardFieldLost).SetSeverity(severity).SetState(state).SetTitle("Lost").SetMessage("Lost").SetFolded(folded)
		if state != crm.AlertResolved {
			create.SetOpenKey(fmt.Sprint(integrationID, severity, state, folded))
		}
		return create.Exec(ctx)
	}))
}

// Nobody but vendor-side staff gets a number of another workspace, and the number of
// statements does not grow with the workspaces.
func TestHealthOfWorkspacesStaysInsideThem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		people, err := auth.New(auth.Config{Store: s, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		r := &Resolver{Deps{Store: s, Identities: people}}
		ours, our, integrations := tenant(t, s, 3*24*time.Hour, crm.IntegrationActive, crm.IntegrationPaused, crm.IntegrationGrace)
		theirs, their, theirIntegrations := tenant(t, s, time.Hour, crm.IntegrationActive, crm.IntegrationActive)
		_, empty, _ := tenant(t, s, 0)
		open(ours, t, s, integrations[1], crm.SeverityCritical, crm.AlertOpen, false)
		open(ours, t, s, integrations[1], crm.SeverityCritical, crm.AlertSnoozed, false)
		open(ours, t, s, integrations[1], crm.SeverityCritical, crm.AlertOpen, true)
		open(ours, t, s, integrations[1], crm.SeverityWarning, crm.AlertResolved, false)
		open(theirs, t, s, theirIntegrations[0], crm.SeverityWarning, crm.AlertAcknowledged, false)
		now := s.Clock().Now().UTC()
		read := func(ago time.Duration) *time.Time { at := now.Add(-ago); return &at }
		want := map[string]*model.WorkspaceHealth{
			our: {
				Integrations: 3, NeedAttention: 3, Stale: 1, OpenCritical: 2, LastSyncedAt: read(3 * 24 * time.Hour),
				States: []*model.IntegrationStateCount{
					{State: crm.IntegrationActive, Count: 1}, {State: crm.IntegrationPaused, Count: 1}, {State: crm.IntegrationGrace, Count: 1},
				},
			},
			their: {
				Integrations: 2, OpenWarning: 1, LastSyncedAt: read(time.Hour),
				States: []*model.IntegrationStateCount{{State: crm.IntegrationActive, Count: 2}},
			},
			empty: {States: []*model.IntegrationStateCount{}},
		}
		var statements atomic.Int64
		s.Read().Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
			return ent.QuerierFunc(func(ctx context.Context, query ent.Query) (ent.Value, error) {
				statements.Add(1)
				return next.Query(ctx, query)
			})
		}))
		asked := []string{our, their, empty}
		healths := func(ctx context.Context) ([]*model.WorkspaceHealth, []error) {
			statements.Store(0)
			found, failures := workspaceHealthsOf(r)(ctx, asked)
			require.LessOrEqual(t, statements.Load(), int64(3))
			for _, one := range found {
				if one != nil && one.LastSyncedAt != nil {
					*one.LastSyncedAt = one.LastSyncedAt.UTC()
				}
			}
			return found, failures
		}

		home, _ := principal.From(theirs)
		for _, role := range []principal.Role{principal.RoleOwner, principal.RoleAdmin, principal.RoleViewer} {
			home.Role = role
			found, failures := healths(principal.With(t.Context(), home))
			require.Equal(t, []*model.WorkspaceHealth{nil, want[their], nil}, found, role)
			require.Equal(t, fault.NotFound, fault.CodeOf(failures[0]))
			require.NoError(t, failures[1])
			require.Equal(t, fault.NotFound, fault.CodeOf(failures[2]))
		}
		home.Role = principal.RoleCSM
		found, failures := healths(principal.With(t.Context(), home))
		require.Equal(t, []error{nil, nil, nil}, failures)
		require.Equal(t, []*model.WorkspaceHealth{want[our], want[their], want[empty]}, found)
		_, failures = healths(t.Context())
		require.Equal(t, fault.Unauthenticated, fault.CodeOf(failures[0]))
	})
}

package inbox_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/inboxitem"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/inbox"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

type fixture struct {
	t           *testing.T
	ctx         context.Context
	store       *store.Store
	inbox       *inbox.Service
	integration *ent.Integration
	used        int
}

func newFixture(t *testing.T, s *store.Store) *fixture {
	t.Helper()
	ctx, workspace := storetest.Workspace(t, s)
	f := &fixture{t: t, ctx: ctx, store: s, inbox: inbox.New(s)}
	require.NoError(t, s.WithTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		f.integration, err = tx.Ent().Integration.Create().
			SetWorkspaceID(workspace.ID).SetCreatedAt(tx.Now()).SetUpdatedAt(tx.Now()).
			SetConnector("salesforce").SetEnvironment(crm.Production).SetState(crm.IntegrationActive).Save(ctx)
		return err
	}))
	return f
}

// member adds a member of the workspace and returns a context in which it acts.
func (f *fixture) member(name string) context.Context {
	f.t.Helper()
	var row *ent.Member
	require.NoError(f.t, f.store.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		row, err = tx.Ent().Member.Create().SetWorkspaceID(f.integration.WorkspaceID).SetCreatedAt(tx.Now()).
			SetEmail(name + "@example.com").SetName(name).SetRole(principal.RoleViewer).Save(ctx)
		return err
	}))
	return principal.With(f.ctx, principal.Principal{
		ID: row.ID, Kind: principal.KindMember, WorkspaceID: f.integration.WorkspaceID, Role: principal.RoleViewer,
	})
}

// tell tells of changed alerts in one transaction.
func (f *fixture) tell(changes ...alert.Change) {
	f.t.Helper()
	require.NoError(f.t, f.store.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
		return f.inbox.AlertsChanged(ctx, tx, f.integration, changes)
	}))
}

func opened(id string) alert.Change {
	return alert.Change{Alert: &ent.Alert{ID: id, Severity: crm.SeverityCritical}, Event: crm.AlertOpened}
}

// items lists the ids of the items, oldest first.
func (f *fixture) items() []string {
	return f.store.Read().InboxItem.Query().Order(inboxitem.ByID()).IDsX(f.ctx)
}

func (f *fixture) unread(ctx context.Context) int {
	f.t.Helper()
	n, err := f.inbox.UnreadCount(ctx)
	require.NoError(f.t, err)
	return n
}

func (f *fixture) mark(ctx context.Context, through *string, ids ...string) error {
	f.used++
	return f.inbox.Mark(ctx, inbox.MarkInput{ItemIDs: ids, ThroughItemID: through, IdempotencyKey: fmt.Sprint("mark ", f.used)})
}

func TestWhatMembersAreTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		folded := opened("alr_1")
		folded.Alert.Folded = true
		by := func(event crm.AlertEvent) alert.Change {
			return alert.Change{Alert: opened("alr_2").Alert, Event: event}
		}
		f.tell(folded, by(crm.AlertWasAcknowledged), by(crm.AlertWasSnoozed))
		require.Empty(t, f.items())
		f.tell(opened("alr_2"), by(crm.AlertWoke), by(crm.AlertWasResolved), by(crm.AlertReopened))
		require.Len(t, f.items(), 4)
	})
}

func TestWhatIsReadIsEachMembersOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s)
		ann, bob := f.member("ann"), f.member("bob")
		for i := range 3 {
			f.tell(opened(fmt.Sprint("alr_a", i)), opened(fmt.Sprint("alr_b", i)))
			clock.Advance(45 * time.Second)
		}
		items := f.items()
		require.Equal(t, 6, f.unread(ann))
		require.NoError(t, f.mark(ann, nil, items[5], items[5]))
		require.NoError(t, f.mark(ann, nil, items[5]), "twice is once")
		require.Equal(t, 5, f.unread(ann))
		require.NoError(t, f.mark(ann, &items[2]), "also one of two that came together")
		require.Equal(t, 2, f.unread(ann))
		unread, err := f.inbox.UnreadOf(ann, items)
		require.NoError(t, err)
		require.Equal(t, map[string]bool{items[3]: true, items[4]: true}, unread)
		require.NoError(t, f.mark(ann, &items[0]), "never back")
		require.Equal(t, 2, f.unread(ann))
		require.Equal(t, 6, f.unread(bob))
		clock.Advance(time.Hour)
		f.tell(opened("alr_c"))
		require.Equal(t, 3, f.unread(ann))
	})
}

func TestRefusals(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f, other := newFixture(t, s), newFixture(t, s)
		ann := f.member("ann")
		other.tell(opened("alr_1"))
		foreign, through := other.items()[0], "x"
		service := principal.With(f.ctx, principal.Principal{ID: "tok_1", Kind: principal.KindService, WorkspaceID: f.integration.WorkspaceID, Role: principal.RoleAdmin})
		require.Equal(t, fault.Forbidden, fault.CodeOf(f.mark(service, nil, foreign)))
		require.Zero(t, f.unread(service))
		require.Equal(t, fault.NotFound, fault.CodeOf(f.mark(ann, nil, foreign)))
		require.Equal(t, fault.NotFound, fault.CodeOf(f.mark(ann, &foreign)))
		require.Equal(t, fault.BadInput, fault.CodeOf(f.mark(ann, nil)))
		require.Equal(t, fault.BadInput, fault.CodeOf(f.mark(ann, &through, "y")))
		require.Equal(t, fault.BadInput, fault.CodeOf(f.mark(ann, nil, make([]string, 101)...)))
	})
}

func TestItemsAreKeptForNinetyDays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		f := newFixture(t, s)
		ann := f.member("ann")
		f.tell(opened("alr_1"))
		require.NoError(t, f.mark(ann, nil, f.items()...))
		clock.Advance(inbox.Retention)
		f.tell(opened("alr_2"))
		clock.Advance(time.Second)
		require.NoError(t, f.inbox.Housekeep(principal.AllWorkspaces(context.Background(), "test")))
		require.Len(t, f.items(), 1)
		require.Zero(t, s.Read().InboxRead.Query().CountX(f.ctx))
		require.Equal(t, 1, f.unread(ann))
	})
}

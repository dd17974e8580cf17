package recipient_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/recipient"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// fixture is a workspace in which an admin acts.
type fixture struct {
	t       *testing.T
	ctx     context.Context
	store   *store.Store
	service *recipient.Service
	used    int
}

func newFixture(t *testing.T, s *store.Store) *fixture {
	t.Helper()
	ctx, _ := storetest.Workspace(t, s)
	return &fixture{t: t, ctx: ctx, store: s, service: recipient.New(s)}
}

func (f *fixture) add(addresses string, class crm.RecipientClass) ([]string, error) {
	f.used++
	return f.service.Add(f.ctx, recipient.AddInput{Addresses: addresses, Class: class, IdempotencyKey: fmt.Sprint("add ", f.used)})
}

func (f *fixture) remove(id string) error {
	f.used++
	return f.service.Remove(f.ctx, recipient.RemoveInput{RecipientID: id, IdempotencyKey: fmt.Sprint("remove ", f.used)})
}

// all lists "address class", by address.
func (f *fixture) all() []string {
	f.t.Helper()
	rows, err := f.service.All(f.ctx, f.store.Read())
	require.NoError(f.t, err)
	list := []string{}
	for _, row := range rows {
		list = append(list, row.Address+" "+string(row.Class))
	}
	return list
}

func TestAddSeveralAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		ids, err := f.add(" Bob@Example.com,ann@example.com ,\n\tops-list@example.com,, bob@example.com", crm.RecipientExternal)
		require.NoError(t, err)
		require.Len(t, ids, 3, "each once, in the order given")
		want := []string{"ann@example.com EXTERNAL", "bob@example.com EXTERNAL", "ops-list@example.com EXTERNAL"}
		require.Equal(t, want, f.all())
		again, err := f.add("BOB@example.com", crm.RecipientInternal)
		require.NoError(t, err)
		require.Equal(t, ids[:1], again)
		require.Equal(t, want, f.all(), "who is one already stays, also in its class")
		require.Equal(t, 1, s.Read().AuditEntry.Query().Where(auditentry.Action("addRecipients")).CountX(f.ctx))
	})
}

func TestAddIsAllOrNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		_, err := f.add("ann@example.com, nobody, bob@example.com, Eve <eve@example.com>", crm.RecipientExternal)
		require.Equal(t, fault.BadInput, fault.CodeOf(err))
		for _, named := range []string{`"nobody", number 2`, `"Eve", number 4`, `"<eve@example.com>", number 5`} {
			require.ErrorContains(t, err, named)
		}
		for name, c := range map[string]struct {
			addresses string
			class     crm.RecipientClass
		}{
			"nobody":          {" , ", crm.RecipientExternal},
			"no class":        {"ann@example.com", ""},
			"unknown class":   {"ann@example.com", "FRIEND"},
			"too many":        {numbered(0, 501), crm.RecipientExternal},
			"a header inside": {"ann@example.com\x00bcc", crm.RecipientExternal},
		} {
			_, err := f.add(c.addresses, c.class)
			require.Equal(t, fault.BadInput, fault.CodeOf(err), name)
		}
		require.Empty(t, f.all())
	})
}

func numbered(from, to int) string {
	var list []string
	for i := from; i < to; i++ {
		list = append(list, fmt.Sprintf("p%d@example.com", i))
	}
	return strings.Join(list, ",")
}

func TestAWorkspaceHasAThousandAtMost(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		for _, part := range [][2]int{{0, 500}, {500, 1000}} {
			_, err := f.add(numbered(part[0], part[1]), crm.RecipientInternal)
			require.NoError(t, err)
		}
		_, err := f.add("one.more@example.com", crm.RecipientExternal)
		require.Equal(t, fault.BadInput, fault.CodeOf(err))
		_, err = f.add(numbered(0, 3), crm.RecipientInternal)
		require.NoError(t, err, "who is one already adds nobody")
	})
}

func TestTheLastExternalRecipientStays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		ids, err := f.add(numbered(0, 4), crm.RecipientExternal)
		require.NoError(t, err)
		inside, err := f.add("vendor@example.com", crm.RecipientInternal)
		require.NoError(t, err)
		require.NoError(t, f.remove(inside[0]))
		require.Equal(t, fault.NotFound, fault.CodeOf(f.remove(inside[0])))
		require.Equal(t, fault.NotFound, fault.CodeOf(newFixture(t, s).remove(ids[0])), "of another workspace")

		results := make([]error, len(ids))
		var all sync.WaitGroup
		for i, id := range ids {
			all.Go(func() {
				results[i] = f.service.Remove(f.ctx, recipient.RemoveInput{RecipientID: id, IdempotencyKey: id})
			})
		}
		all.Wait()
		refused := 0
		for _, err := range results {
			if err != nil {
				require.Equal(t, fault.RecipientRequired, fault.CodeOf(err))
				refused++
			}
		}
		require.Equal(t, 1, refused, "of those who go at once one stays")
		require.Len(t, f.all(), 1)
	})
}

func TestWhoMayChangeRecipients(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		admin, _ := principal.From(f.ctx)
		ids, err := f.add("ann@example.com,bob@example.com", crm.RecipientExternal)
		require.NoError(t, err)
		for _, who := range []principal.Principal{
			{Role: principal.RoleViewer}, {Role: principal.RoleCSM}, {Role: principal.RoleAdmin, Scopes: []principal.Scope{principal.ScopeRead}},
		} {
			who.ID, who.WorkspaceID = "x", admin.WorkspaceID
			other := &fixture{t: t, ctx: principal.With(t.Context(), who), store: s, service: f.service}
			_, err := other.add("eve@example.com", crm.RecipientExternal)
			require.Equal(t, fault.Forbidden, fault.CodeOf(err), who.Role)
			require.Equal(t, fault.Forbidden, fault.CodeOf(other.remove(ids[0])), who.Role)
		}
		require.Len(t, f.all(), 2)
	})
}

// TestReplacingKeepsWhatPeoplePrefer: a document of whom to tell says nothing of kinds
// and severities, so it takes none away, also when it gives another class.
func TestReplacingKeepsWhatPeoplePrefer(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		_, err := f.service.Add(f.ctx, recipient.AddInput{
			Addresses: "list@example.com, ann@example.com, gone@example.com", Class: crm.RecipientExternal, Kind: crm.RecipientList,
			MinSeverity: crm.SeverityCritical, IdempotencyKey: "list",
		})
		require.NoError(t, err)
		require.NoError(t, s.WithTx(f.ctx, func(ctx context.Context, tx *store.Tx) error {
			changed, err := f.service.Replace(ctx, tx, []recipient.Address{
				{Address: "ann@example.com", Class: crm.RecipientExternal},
				{Address: "list@example.com", Class: crm.RecipientInternal},
				{Address: "new@example.com", Class: crm.RecipientInternal},
			})
			require.Len(t, changed, 3)
			return err
		}))
		require.Equal(t, []string{"ann@example.com EXTERNAL", "list@example.com INTERNAL", "new@example.com INTERNAL"}, f.all())
		for _, row := range s.Read().Recipient.Query().AllX(f.ctx) {
			if row.Address == "new@example.com" {
				require.Equal(t, crm.RecipientPerson, row.Kind)
				require.Equal(t, crm.SeverityInfo, row.MinSeverity)
				continue
			}
			require.Equal(t, crm.RecipientList, row.Kind, row.Address)
			require.Equal(t, crm.SeverityCritical, row.MinSeverity, row.Address)
		}
	})
}

// TestTenThousandAtOnceAreRefused at once, and so are addresses that would be more than
// one, or a header.
func TestTenThousandAtOnceAreRefused(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		f := newFixture(t, s)
		for name, addresses := range map[string]string{
			"ten thousand":     numbered(0, 10_000),
			"a megabyte":       strings.Repeat("x", 1<<20) + "@example.com",
			"a header":         "ann@example.com\r\nBcc:eve@example.com",
			"markup":           "<script>@example.com",
			"right to left":    "ann\u202e@example.com",
			"a quoted comma":   `"a,b"@example.com`,
			"two at signs":     "ann@example.com@evil.example",
			"no domain":        "ann@",
			"a formula":        "=cmd()",
			"another protocol": "javascript:alert(1)@x",
		} {
			_, err := f.add(addresses, crm.RecipientExternal)
			require.Equal(t, fault.BadInput, fault.CodeOf(err), name)
			require.Less(t, len(err.Error()), 5000, name)
		}
		require.Empty(t, f.all())
	})
}

package auth_test

import (
	"context"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/member"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// Who asks across workspaces gets those that it may look into, and no other, whatever
// it asks for.
func TestAcrossLeavesOutWhatSomebodyMayNotLookInto(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		idp := newProvider(t, s.Clock().Now)
		service := withProvider(t, s, idp)
		var ids []string
		for range 3 {
			_, made := storetest.Workspace(t, s)
			ids = append(ids, made.ID)
			clock.Advance(time.Second)
		}
		ann := addMember(t, s, ids[0], "ann@example.com", principal.RoleViewer)
		addMember(t, s, ids[1], "ann@example.com", principal.RoleAdmin)
		seen := func(ctx context.Context) []string {
			found := []string{}
			require.NoError(t, service.Across(ctx, append(ids, "wks_none"), func(_ context.Context, visible []string) error {
				found = append(found, visible...)
				return nil
			}))
			return found
		}
		as := func(in auth.SignedIn) context.Context {
			who, session, err := act(t, service, in, "")
			require.NoError(t, err)
			return auth.With(t.Context(), who, session)
		}
		token := func(role principal.Role) context.Context {
			issued, err := service.Issue(principal.System(t.Context(), ids[1], "admin socket"), auth.IssueInput{WorkspaceID: ids[1], Name: string(role), Role: role})
			require.NoError(t, err)
			who, session, err := service.Authenticate(t.Context(), auth.Credentials{Bearer: issued.Token})
			require.NoError(t, err)
			return auth.With(t.Context(), who, session)
		}

		both := as(idp.signIn(t, service, person("sub-ann", "ann@example.com")))
		require.ElementsMatch(t, ids[:2], seen(both), "the workspaces of a member")
		inTx(t, s, ids[1], func(tx *store.Tx, ctx txContext) error {
			return tx.Ent().Member.Update().Where(member.IDNEQ(ann.ID)).SetRemovedAt(tx.Now()).Exec(ctx)
		})
		require.Equal(t, ids[:1], seen(both), "not one that she was removed from")
		require.Equal(t, ids[1:2], seen(token(principal.RoleAdmin)), "a token's own workspace")
		require.ElementsMatch(t, ids, seen(token(principal.RoleCSM)), "vendor-side staff see all")
		staff := as(idp.signIn(t, service, person("sub-csm", "casey@vendor.example", "vendor-csm")))
		require.ElementsMatch(t, ids, seen(staff))
		err := service.Across(t.Context(), ids, func(context.Context, []string) error { return nil })
		require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
	})
}

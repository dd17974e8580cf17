package store_test

import (
	"fmt"
	"testing"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func TestRecordIDsByValue(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		integrationID := gid.New(gid.Integration)
		gone := crmRecord("8", `{"Email":"gone@example.com"}`)
		gone.Deleted = true
		_, err := upsert(ctx, t, s, workspace.ID, integrationID,
			crmRecord("1", `{"Email":"Ann@Example.COM","IsActive":true}`),
			crmRecord("2", `{"Email":"bob@example.com","IsActive":false}`),
			crmRecord("3", `{"Email":"twice@example.com"}`), crmRecord("4", `{"Email":"TWICE@example.com"}`),
			crmRecord("5", `{"Email":null}`), crmRecord("6", `{"Name":"nobody","Zero":"\u0000"}`),
			crmRecord("7", `{"Email":"text@example.com","IsActive":"False"}`), gone,
			crmRecord("9", `{"Email":"o'br\"ien\\@example.com"}`), crmRecord("10", `{"e.mail":"dotted@example.com"}`),
		)
		require.NoError(t, err)
		_, err = upsert(ctx, t, s, workspace.ID, gid.New(gid.Integration), crmRecord("99", `{"Email":"elsewhere@example.com"}`))
		require.NoError(t, err)

		lookup := store.RecordLookup{Object: "Contact", Field: "Email", Values: []string{
			"ann@example.com", "bob@example.com", "twice@example.com", "text@example.com", "gone@example.com",
			"elsewhere@example.com", "nobody@example.com", `o'br"ien\@example.com`, "",
		}}
		find := func(lookup store.RecordLookup) map[string]string {
			t.Helper()
			found, err := s.RecordIDsByValue(ctx, workspace.ID, integrationID, lookup)
			require.NoError(t, err)
			return found
		}
		require.Equal(t, map[string]string{
			"ann@example.com": "1", "bob@example.com": "2", "twice@example.com": "3", "text@example.com": "7", `o'br"ien\@example.com`: "9",
		}, find(lookup))
		active := lookup
		active.Flag = "IsActive"
		require.Equal(t, map[string]string{"ann@example.com": "1", "twice@example.com": "3", `o'br"ien\@example.com`: "9"}, find(active))
		disabled := active
		disabled.FlagExcludes = true
		require.Equal(t, map[string]string{
			"bob@example.com": "2", "twice@example.com": "3", "text@example.com": "7", `o'br"ien\@example.com`: "9",
		}, find(disabled))
		require.Equal(t, map[string]string{"dotted@example.com": "10"},
			find(store.RecordLookup{Object: "Contact", Field: "e.mail", Values: []string{"dotted@example.com"}}))
		require.Empty(t, find(store.RecordLookup{Object: "Contact", Field: "Email"}))
		require.Empty(t, find(store.RecordLookup{Object: "Lead", Field: "Email", Values: lookup.Values}))

		many := store.RecordLookup{Object: "Contact", Field: "Email"}
		for i := range 2500 {
			many.Values = append(many.Values, fmt.Sprintf("p%d@example.com", i))
		}
		many.Values = append(many.Values, "ann@example.com")
		require.Equal(t, map[string]string{"ann@example.com": "1"}, find(many), "in parts")

		other, _ := storetest.Workspace(t, s)
		_, err = s.RecordIDsByValue(other, workspace.ID, integrationID, lookup)
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
	})
}

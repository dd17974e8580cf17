package e2e

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/record"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// matches are the answer of userMatches.
type matches struct {
	TotalCount int
	PageInfo   struct {
		HasNextPage, HasPreviousPage bool
		EndCursor, StartCursor       string
	}
	Edges []struct {
		Node struct {
			Status, CrmUserID string
			Member            struct{ ID, Email string }
		}
	}
}

// matches looks at a page of the members as CRM users.
func (i *integration) matches(t *testing.T, arguments string) matches {
	t.Helper()
	var found struct{ UserMatches matches }
	i.look(t, "userMatches("+arguments+") { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { node { status crmUserId member { id email } } } }", &found)
	return found.UserMatches
}

// join invites somebody and accepts the invitation.
func (s *site) join(t *testing.T, email, role string) (memberID string) {
	t.Helper()
	var invited struct{ AcceptURL string }
	s.admin.change(t, "inviteMember", "acceptUrl", vars{"email": email, "role": role}, &invited)
	link, err := url.Parse(invited.AcceptURL)
	require.NoError(t, err)
	_, err = s.Auth().AcceptInvitation(t.Context(), crm.Secret(link.Query().Get("ticket")), "")
	require.NoError(t, err)
	var found struct {
		Members struct {
			Edges []struct{ Node struct{ ID, Email string } }
		}
	}
	s.admin.ask(t, "{ members(first: 100) { edges { node { id email } } } }", nil, &found)
	for _, edge := range found.Members.Edges {
		if edge.Node.Email == strings.ToLower(email) {
			return edge.Node.ID
		}
	}
	t.Fatalf("%s did not become a member", email)
	return ""
}

// TestMembersAreMatchedWithCRMUsers: by the e-mail addresses that the run stored; a
// member's new address matches at once.
func TestMembersAreMatchedWithCRMUsers(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{})
		i := s.active(t)
		userID, address := s.activeUser(t)
		nobody, somebody := s.join(t, "a.nobody@example.com", "VIEWER"), s.join(t, "b.somebody@example.com", "ADMIN")

		all := i.matches(t, "first: 10")
		require.Equal(t, 2, all.TotalCount)
		require.Equal(t, 2, i.matches(t, "status: NOT_MATCHED").TotalCount)
		s.admin.change(t, "updateMember", "", vars{"memberId": somebody, "email": strings.ToUpper(address)}, nil)
		matched := i.matches(t, "status: MATCHED")
		require.Len(t, matched.Edges, 1)
		require.Equal(t, []string{somebody, userID}, []string{matched.Edges[0].Node.Member.ID, matched.Edges[0].Node.CrmUserID})
		left := i.matches(t, "status: NOT_MATCHED")
		require.Len(t, left.Edges, 1)
		require.Equal(t, nobody, left.Edges[0].Node.Member.ID)

		// Page by page it is the same.
		first := i.matches(t, "first: 1")
		require.True(t, first.PageInfo.HasNextPage)
		second := i.matches(t, `first: 1, after: "`+first.PageInfo.EndCursor+`"`)
		require.False(t, second.PageInfo.HasNextPage)
		require.True(t, second.PageInfo.HasPreviousPage)
		require.ElementsMatch(t, []string{nobody, somebody}, []string{first.Edges[0].Node.Member.ID, second.Edges[0].Node.Member.ID})
		back := i.matches(t, `last: 1, before: "`+second.PageInfo.StartCursor+`"`)
		require.Equal(t, first.Edges, back.Edges)

		s.admin.change(t, "removeMember", "member { removedAt }", vars{"memberId": somebody}, nil)
		require.Equal(t, 1, i.matches(t, "first: 10").TotalCount)
		require.Zero(t, i.matches(t, "status: MATCHED").TotalCount)
	})
}

// activeUser finds an active CRM user among the records of the first run.
func (s *site) activeUser(t *testing.T) (id, email string) {
	t.Helper()
	ctx := principal.System(t.Context(), s.WorkspaceID(), "test")
	rows, err := s.Store().Read().Record.Query().Where(record.ObjectName("User"), record.Deleted(false)).Order(record.ByExternalID()).All(ctx)
	require.NoError(t, err)
	for _, row := range rows {
		var user struct {
			Email    string
			IsActive bool
		}
		require.NoError(t, json.Unmarshal([]byte(row.Data), &user))
		if user.IsActive && user.Email != "" {
			return row.ExternalID, user.Email
		}
	}
	t.Fatal("the run stored no active user")
	return "", ""
}

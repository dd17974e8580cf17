package e2e

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestAuditLog: what is refused is recorded without its secrets, and whoever reads or
// downloads the log is in it.
func TestAuditLog(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		const canary = "canary-audit-77e1"
		s := newSite(t, url, siteOptions{config: manyRequests})
		admin := s.somebody(t, s.WorkspaceID(), principal.RoleAdmin, nil)
		viewer := s.somebody(t, s.WorkspaceID(), principal.RoleViewer, nil)
		for _, one := range []somebody{viewer, admin} {
			one.user.attempt(t, "setOAuthClient", "", vars{"connector": "nope", "environment": "SANDBOX", "clientId": "app-77e1", "clientSecret": canary})
			one.user.attempt(t, "startIntegration", "", vars{"connector": "nope", "environment": "SANDBOX", "config": vars{"password": canary}})
		}
		require.Equal(t, []string{"setOAuthClient", "startIntegration"}, s.entriesOf(t, viewer, crm.AuditDenied))
		require.Equal(t, []string{"setOAuthClient", "startIntegration"}, s.entriesOf(t, admin, crm.AuditFailed))

		type page struct {
			A, B struct {
				TotalCount int
				Edges      []struct{ Node auditRow }
			}
		}
		var read page
		const both = `{ a: auditLog(first: 50) { totalCount edges { node { actor action outcome errorCode after interface } } }
			b: auditLog(filter: {outcomes: [DENIED]}) { totalCount edges { node { actor action outcome errorCode after interface } } } }`
		admin.user.ask(t, both, nil, &read)
		require.Equal(t, 2, read.B.TotalCount)
		for _, edge := range read.B.Edges {
			require.Equal(t, viewer.who.ID, edge.Node.Actor)
			require.Equal(t, "FORBIDDEN", edge.Node.ErrorCode)
			require.Contains(t, string(edge.Node.After), "nope")
		}
		require.Equal(t, []string{"auditLog"}, s.entriesOf(t, admin, crm.AuditSucceeded), "one request, one reading")

		downloads(t, s, admin, viewer)
		for _, form := range []string{"csv", "json"} {
			_, body := download(t, admin.user, form, nil)
			require.NotContains(t, body, canary)
			require.Contains(t, body, "app-77e1", "what is no secret is kept")
		}
	})
}

type auditRow struct {
	Actor, Action, Outcome, ErrorCode, Interface string
	After                                        json.RawMessage
}

// downloads asks for the log as files.
func downloads(t *testing.T, s *site, admin, viewer somebody) {
	t.Helper()
	response, body := download(t, admin.user, "json", url.Values{"outcomes": {"DENIED"}, "actions": {"setOAuthClient", "runNow"}})
	require.Equal(t, http.StatusOK, response.StatusCode, body)
	var rows []auditRow
	require.NoError(t, json.Unmarshal([]byte(body), &rows))
	require.Len(t, rows, 1)
	require.Equal(t, []string{viewer.who.ID, "setOAuthClient"}, []string{rows[0].Actor, rows[0].Action})

	_, body = download(t, admin.user, "csv", nil)
	table, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, "id", table[0][0])
	require.Equal(t, "auditLog", table[1][5], "the download itself is the newest")
	require.Equal(t, "export", table[1][9])

	for name, try := range map[string]struct {
		who    user
		query  url.Values
		status int
	}{
		"nobody":       {user{Client: drive.Client{URL: admin.user.URL}}, nil, http.StatusUnauthorized},
		"viewer":       {viewer.user, nil, http.StatusForbidden},
		"no parameter": {admin.user, url.Values{"outcome": {"DENIED"}}, http.StatusBadRequest},
		"no instant":   {admin.user, url.Values{"since": {"yesterday"}}, http.StatusBadRequest},
	} {
		response, body := download(t, try.who, "csv", try.query)
		require.Equal(t, try.status, response.StatusCode, "%s: %s", name, body)
	}
	require.Contains(t, s.entriesOf(t, viewer, crm.AuditDenied), "auditLog")
	other := s.somebody(t, s.fillWorkspace(t, "canaryC").workspaceID, principal.RoleAdmin, nil)
	_, body = download(t, other.user, "csv", nil)
	require.NotContains(t, body, viewer.who.ID, "another workspace's log")
	require.Contains(t, body, "canaryC")
}

func download(t *testing.T, who user, form string, query url.Values) (*http.Response, string) {
	t.Helper()
	target := strings.TrimSuffix(who.URL, "/graphql") + "/export/audit." + form + "?" + query.Encode()
	request, err := http.NewRequestWithContext(within(t), http.MethodGet, target, nil)
	require.NoError(t, err)
	if who.Token != "" {
		request.Header.Set("Authorization", "Bearer "+who.Token)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response, string(body)
}

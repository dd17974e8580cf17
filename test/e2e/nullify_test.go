package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestRefusedRootFieldsNullTheData: a root field that must not be null takes the whole
// data with it when it is refused, one that may be null only itself.
func TestRefusedRootFieldsNullTheData(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.SQLiteURL(t), siteOptions{})
	viewer := s.user(t, s.WorkspaceID(), principal.RoleViewer)
	for name, c := range map[string]struct{ query, token, want, not string }{
		"nobody, not null":        {"{ viewer { name } }", "", `"data":null`, `"viewer":null`},
		"nobody, may be null":     {`{ node(id: \"x\") { id } }`, "", `"data":{"node":null}`, `"data":null`},
		"without scope, not null": {"{ serverInfo { version } auditLog(first: 1) { totalCount } }", viewer.Token, `"data":null`, `"version"`},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/graphql", strings.NewReader(`{"query":"`+c.query+`"}`))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		if c.token != "" {
			request.Header.Set("Authorization", "Bearer "+c.token)
		}
		answer, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Contains(t, string(body), c.want, name)
		require.NotContains(t, string(body), c.not, name)
		require.Contains(t, string(body), `"errors"`, name)
	}
}

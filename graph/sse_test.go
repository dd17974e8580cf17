package graph

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/graph/transport"
	"github.com/fieldwarden/fieldwarden/internal/audit"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// eventsOf serves the schema as server-sent events to whoever ctx says.
func eventsOf(t *testing.T, ctx context.Context, s *store.Store) string {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	schema, err := NewSchema(Deps{Store: s, Logger: log})
	require.NoError(t, err)
	executor := transport.NewExecutor(schema, transport.ExecutorConfig{Presenter: NewPresenter(log, "http://host/docs/errors")})
	Protect(executor, schema, audit.New(s), log)
	streams := transport.NewEventStreams(transport.Config{Executor: executor})
	who, ok := principal.From(ctx)
	require.True(t, ok)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		streams.ServeHTTP(w, r.WithContext(principal.With(r.Context(), who)))
	}))
	t.Cleanup(func() {
		stop, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, streams.Shutdown(stop))
		server.Close()
	})
	return server.URL
}

// idsOf opens a stream and reads the ids of its first n events.
func idsOf(t *testing.T, address, query, last string, n int) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(`{"query":"`+query+`"}`))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	if last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var ids []string
	lines := bufio.NewScanner(response.Body)
	for len(ids) < n && lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			ids = append(ids, id)
		}
		require.NotContains(t, lines.Text(), `"errors"`)
	}
	require.Len(t, ids, n, lines.Err())
	return ids
}

// An event's id is its place in the feed, selected or not, and a client that comes
// back with it goes on right after it, although its request still says where it
// began.
func TestEventsResumeByTheirID(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		head, err := s.FeedHead(ctx, workspace.ID)
		require.NoError(t, err)
		require.NoError(t, s.WithTx(ctx, func(_ context.Context, tx *store.Tx) error {
			for range 5 {
				tx.Feed(store.FeedItem{WorkspaceID: workspace.ID, Kind: "member"})
				tx.Feed(store.FeedItem{WorkspaceID: workspace.ID, Kind: "workspace"})
			}
			return nil
		}))
		place := func(n int64) string { return store.FormatCursor(workspace.ID, head+n) }
		address := eventsOf(t, ctx, s)
		query := `subscription { workspaceEvents(kinds: [\"member\"], after: \"` + place(0) + `\") { at } }`
		require.Equal(t, []string{place(1), place(3), place(5)}, idsOf(t, address, query, "", 3))
		require.Equal(t, []string{place(7), place(9)}, idsOf(t, address, query, place(5), 2))
	})
}

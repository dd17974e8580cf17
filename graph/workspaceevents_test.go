package graph

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// take reads n events.
func take(t *testing.T, events <-chan *model.WorkspaceEvent, n int) []*model.WorkspaceEvent {
	t.Helper()
	var all []*model.WorkspaceEvent
	patience := time.After(20 * time.Second)
	for len(all) < n {
		select {
		case event, ok := <-events:
			require.True(t, ok, "the subscription ended")
			all = append(all, event)
		case <-patience:
			require.FailNow(t, "no event came", "%d of %d", len(all), n)
		}
	}
	return all
}

func TestWorkspaceEvents(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		ctx, workspace := storetest.Workspace(t, s)
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		r := &Resolver{Deps{Store: s, Logger: slog.New(slog.DiscardHandler)}}
		start, err := s.FeedHead(ctx, workspace.ID)
		require.NoError(t, err)
		require.NoError(t, s.WithTx(ctx, func(_ context.Context, tx *store.Tx) error {
			for _, kind := range feedKinds() {
				tx.Feed(store.FeedItem{WorkspaceID: workspace.ID, Kind: kind, SubjectID: "subject-" + kind})
			}
			return nil
		}))
		from := store.FormatCursor(workspace.ID, start)
		kindsOf := func(ctx context.Context, n int, after string, kinds ...string) []string {
			t.Helper()
			events, err := r.followWorkspace(ctx, kinds, nil, false, &after)
			require.NoError(t, err)
			var found []string
			for _, event := range take(t, events, n) {
				require.Equal(t, event.Cursor, position(event.Entry))
				found = append(found, event.Entry.Kind)
			}
			return found
		}
		require.Equal(t, feedKinds(), kindsOf(ctx, len(feedKinds()), from))
		require.Equal(t, []string{"run", "member"}, kindsOf(ctx, 2, from, "member", "run"))
		require.Equal(t, []string{"check", "settings"}, kindsOf(ctx, 2, store.FormatCursor(workspace.ID, start+2), "alert", "check", "settings"), "after the position")

		// Whoever may not view settings gets the feed without them.
		reader := principal.With(ctx, principal.Principal{
			ID: "x", Kind: principal.KindService, WorkspaceID: workspace.ID, Role: principal.RoleAdmin, Scopes: []principal.Scope{principal.ScopeRead},
		})
		require.Equal(t, []string{"check", "run"}, kindsOf(reader, 2, from, "check", "settings", "run"))

		for name, kinds := range map[string][]string{"an unknown kind": {"alert", "secrets"}, "none": {}} {
			_, err := r.followWorkspace(ctx, kinds, nil, false, nil)
			require.True(t, fault.Is(err, fault.BadInput), name)
		}
		_, err = r.followWorkspace(ctx, []string{"secrets"}, nil, false, nil)
		require.ErrorContains(t, err, "there are: alert, permission, check, settings, run, log, integration, member, channel, workspace, onboarding, simulation.")
	})
}

func TestErrorCodesAndServerInfo(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		r := &Resolver{Deps{Store: s, DocsURL: "http://host/docs/errors", About: About{
			Version: "1.2.3", ProtocolVersion: 1, SchemaURL: "http://host/graphql/schema.graphql", FeedRetention: 30 * 24 * time.Hour,
			SignInMethods: []model.SignInMethod{model.SignInMethodLink},
		}}}
		require.Equal(t, &model.ServerInfo{
			Version: "1.2.3", ProtocolVersion: 1, SchemaURL: "http://host/graphql/schema.graphql", Now: clock.Now(),
			SignInMethods: []model.SignInMethod{model.SignInMethodLink}, FeedRetentionDays: 30, MaxPageSize: 100,
		}, r.serverInfo())
		codes := r.errorCodes()
		require.Len(t, codes, len(fault.Codes()))
		for _, info := range codes {
			require.NotEmpty(t, info.Hint, info.Code)
			require.Equal(t, "http://host/docs/errors#"+string(info.Code), info.DocsURL)
		}
	})
}

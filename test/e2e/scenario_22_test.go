package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// TestScenario22SubscriberMissesNothing: a subscriber disconnects, three alerts open,
// it comes back with its cursor and gets exactly these three, in order (requirement
// K16); and what else a cursor is good for.
func TestScenario22SubscriberMissesNothing(t *testing.T) {
	t.Parallel()
	eachVendor(t, func(t *testing.T, url string, v vendor) {
		i := newSite(t, url, siteOptions{vendor: v}).active(t)
		whoReturnsGetsExactlyWhatWasMissed(t, i)
		foreignCursorIsRefused(t, i)
		expiredCursorIsRefused(t, i)
	})
}

// lose takes read of a field away and waits until its alert is open.
func (i *integration) lose(t *testing.T, subject string) {
	t.Helper()
	i.setRead(t, false, subject)
	i.check(t)
	eventually(t, "an alert about "+subject, func() bool {
		_, open := i.openAlerts(t)[subject]
		return open
	})
}

func foreignCursorIsRefused(t *testing.T, i *integration) {
	t.Helper()
	other := i.otherWorkspace(t)
	require.Equal(t, "CURSOR_INVALID", subscriptionEnd(t, other, i.admin.feedCursor(t)))
	require.Equal(t, "CURSOR_INVALID", subscriptionEnd(t, i.admin, other.feedCursor(t)))
	for _, cursor := range []string{"", "x", "AQ", "____________________"} {
		require.Equal(t, "CURSOR_INVALID", subscriptionEnd(t, i.admin, cursor), "cursor %q", cursor)
	}
}

// subscriptionEnd subscribes after a cursor and returns the code of the error that
// ends it.
func subscriptionEnd(t *testing.T, who user, cursor string) string {
	t.Helper()
	followed, err := who.Subscribe(within(t), `subscription($after: FeedCursor) { alertEvents(after: $after) { cursor } }`, vars{"after": cursor})
	require.NoError(t, err)
	defer followed.Close()
	return codeOf(t, followed.Next(within(t), &struct{}{}))
}

// The entries are made old by hand: nobody waits for 30 days.
func expiredCursorIsRefused(t *testing.T, i *integration) {
	t.Helper()
	var found struct {
		FeedEntries struct {
			Edges []struct{ Node struct{ Cursor string } }
		}
	}
	i.ask(t, "{ feedEntries(last: 1) { edges { node { cursor } } } }", nil, &found)
	oldest := found.FeedEntries.Edges[0].Node.Cursor
	ctx := principal.System(t.Context(), i.WorkspaceID(), "test")
	require.NoError(t, i.Store().WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.SQL().ExecContext(ctx, "UPDATE feed_entries SET created_at = $1", tx.Now().Add(-store.DefaultFeedRetention-time.Hour))
		return err
	}))
	newest := i.feedCursor(t)
	require.NoError(t, i.Store().PruneFeed(t.Context()))
	require.Equal(t, "CURSOR_EXPIRED", subscriptionEnd(t, i.admin, oldest))
	followed := i.alertEvents(t, newest)
	i.setRead(t, true, i.vendor.email)
	i.check(t)
	event, subject, _ := nextAlert(t, followed)
	require.Equal(t, []string{"RESOLVED", i.vendor.email}, []string{event, subject}, "the newest cursor is good for ever")
}

// Revoking a token ends what it opened.
func TestRevokedTokenEndsItsSubscriptionsAndRequests(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := newSite(t, url, siteOptions{})
		spared, revoked := s.user(t, s.WorkspaceID(), principal.RoleViewer), s.user(t, s.WorkspaceID(), principal.RoleViewer)
		follow := func(who user) (end <-chan error) {
			followed, err := who.Subscribe(within(t), "subscription { alertEvents { cursor } }", nil)
			require.NoError(t, err)
			t.Cleanup(followed.Close)
			ended := make(chan error, 1)
			go func() { ended <- followed.Next(context.WithoutCancel(t.Context()), &struct{}{}) }()
			return ended
		}
		sparedEnd, revokedEnd := follow(spared), follow(revoked)
		require.NoError(t, s.Auth().Revoke(principal.System(t.Context(), s.WorkspaceID(), "test"), s.WorkspaceID(), revoked.tokenID))
		select {
		case err := <-revokedEnd:
			require.Equal(t, websocket.StatusCode(4401), websocket.CloseStatus(err), "%v", err)
		case <-within(t).Done():
			require.FailNow(t, "the subscription of a revoked token goes on")
		}
		require.Equal(t, 401, revoked.post(t, "{ viewer { id } }", nil).Status)
		spared.ask(t, "{ viewer { id } }", nil, nil)
		select {
		case err := <-sparedEnd:
			require.NoError(t, err, "another token's subscription ended, too")
		default:
		}
	})
}

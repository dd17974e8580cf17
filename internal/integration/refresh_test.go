package integration_test

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	connect "github.com/fieldwarden/fieldwarden/internal/integration"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func TestCallRefreshesOnceAndRepeats(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.connect()
		h.crm.expire()
		calls, err := h.call(id)
		require.NoError(t, err)
		require.Equal(t, 2, calls)
		require.Equal(t, 2, h.credential().Version)
		require.Empty(t, h.credential().LeaseOwner)
		calls, err = h.call(id)
		require.NoError(t, err)
		require.Equal(t, 1, calls, "the new token was kept")

		// Another kind of error is the caller's; a refusal of the new token, too.
		err = h.Call(h.ctx, id, func(context.Context, string, crm.Target) error { return fault.New(fault.CRMTimeout, "No answer.") })
		require.Equal(t, fault.CRMTimeout, fault.CodeOf(err))
		require.Equal(t, 1, h.crm.tally().refreshes)
		err = h.Call(h.ctx, id, func(context.Context, string, crm.Target) error { return fault.New(fault.CRMUnauthenticated, "No.") })
		require.Equal(t, fault.CRMUnauthenticated, fault.CodeOf(err))
		require.Equal(t, 2, h.crm.tally().refreshes, "one refresh for a call")
		require.Equal(t, crm.IntegrationOnboarding, h.row(id).State)
		h.requireNoSecrets()
	})
}

func TestCallFollowsAnInstanceThatMoves(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.connect()
		h.crm.expire()
		h.crm.set(func() { h.crm.extra["instance_url"] = "https://acme2.my.salesforce.com/" })
		var endpoints []string
		err := h.Call(h.ctx, id, func(_ context.Context, _ string, target crm.Target) error {
			endpoints = append(endpoints, target.Endpoint)
			if !h.crm.accepts(target.AccessToken) {
				return fault.New(fault.CRMUnauthenticated, "Session expired.")
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, []string{h.crm.URL, "https://acme2.my.salesforce.com"}, endpoints)

		h.crm.expire()
		h.crm.set(func() { h.crm.extra["instance_url"] = "https://evil.example.com" })
		err = h.Call(h.ctx, id, func(_ context.Context, _ string, target crm.Target) error {
			require.Equal(t, "https://acme2.my.salesforce.com", target.Endpoint)
			if !h.crm.accepts(target.AccessToken) {
				return fault.New(fault.CRMUnauthenticated, "Session expired.")
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, "https://acme2.my.salesforce.com", h.row(id).Endpoint)
	})
}

func TestCallWhereNobodyIsSignedIn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id, _ := h.start()
		calls, err := h.call(id)
		require.Equal(t, fault.IntegrationState, fault.CodeOf(err))
		require.Zero(t, calls)
		_, err = h.call("int_unknown")
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
		id = h.connect()
		foreign, _ := storetest.Workspace(t, s)
		err = h.Call(foreign, id, func(context.Context, string, crm.Target) error { t.Fatal("called"); return nil })
		require.Equal(t, fault.NotFound, fault.CodeOf(err))
	})
}

// TestRefusedRefreshIsFinal is scenario 19, up to the disconnection and back.
func TestRefusedRefreshIsFinal(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		require.Equal(t, storetest.Start().Truncate(24*time.Hour).AddDate(0, 0, 1).Add(2*time.Hour), h.row(id).NextRunAt.UTC())
		h.crm.set(func() { h.crm.revoked = true })
		calls, err := h.call(id)
		require.Equal(t, fault.CRMGrantRevoked, fault.CodeOf(err))
		require.Equal(t, 1, calls)
		row := h.row(id)
		require.Equal(t, crm.IntegrationGrace, row.State)
		require.Equal(t, "REAUTH_REQUIRED: Salesforce does not accept the authorization (invalid_grant: expired access/refresh token).", row.StateReason)
		require.Equal(t, clock.Now().Add(72*time.Hour), row.GraceUntil.UTC())
		require.Nil(t, row.NextRunAt, "nothing syncs")
		require.Equal(t, []crm.AlertRule{crm.RuleCredentialExpired, crm.RuleGraceStarted}, h.openAlerts(id))

		_, err = h.call(id)
		require.Equal(t, fault.CRMGrantRevoked, fault.CodeOf(err))
		require.Equal(t, 1, h.crm.tally().refreshes, "never tried again")

		all := principal.AllWorkspaces(t.Context(), "test")
		clock.Advance(72*time.Hour - time.Second)
		require.NoError(t, h.ExpireGrace(all))
		require.Equal(t, crm.IntegrationGrace, h.row(id).State)

		// A sign-in to another org is refused and changes nothing.
		h.connectors.identity.InstanceID, h.connectors.identity.InstanceName = "00D000000000002AAA", "Other"
		_, ticket := h.start()
		_, err = h.Callback(t.Context(), h.open(ticket))
		require.Equal(t, fault.InstanceMismatch, fault.CodeOf(err))
		require.ErrorContains(t, err, "Other (00D000000000002AAA)")
		require.ErrorContains(t, err, "Acme (00D000000000001AAA)")
		require.Equal(t, crm.IntegrationGrace, h.row(id).State)
		require.Contains(t, h.row(id).StateReason, "REAUTH_REQUIRED")
		// So is a denial.
		_, ticket = h.start()
		denied := h.open(ticket)
		denied.Error = "access_denied"
		_, err = h.Callback(t.Context(), denied)
		require.Equal(t, fault.OAuthDenied, fault.CodeOf(err))
		require.Equal(t, crm.IntegrationGrace, h.row(id).State)

		clock.Advance(time.Second)
		require.NoError(t, h.ExpireGrace(all))
		require.NoError(t, h.ExpireGrace(all))
		require.Equal(t, crm.IntegrationDisconnected, h.row(id).State)
		require.Equal(t, []crm.AlertRule{crm.RuleAutoDisconnected}, h.openAlerts(id), "told once, and nothing else is open")
		require.Nil(t, h.row(id).Slot)
		require.NotContains(t, h.opened(), "canary", "the tokens are gone")
		_, err = h.call(id)
		require.Equal(t, fault.IntegrationState, fault.CodeOf(err))

		h.connectors.identity.InstanceID, h.connectors.identity.InstanceName = "00D000000000001AAA", "Acme"
		h.reconnect(id)
		require.Equal(t, crm.IntegrationActive, h.row(id).State)
		require.NotNil(t, h.row(id).NextRunAt)
		require.NotNil(t, h.row(id).Slot)
		require.Empty(t, h.openAlerts(id))
		_, err = h.call(id)
		require.NoError(t, err)
		require.Equal(t, []crm.IntegrationState{crm.IntegrationGrace, crm.IntegrationDisconnected, crm.IntegrationActive}, changes(h.states())[3:])
	})
}

func TestReconnectInGraceResolvesTheAlert(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		h.crm.set(func() { h.crm.revoked = true })
		_, err := h.call(id)
		require.Error(t, err)
		require.Equal(t, id, h.connect())
		row := h.row(id)
		require.Equal(t, crm.IntegrationActive, row.State)
		require.Empty(t, row.StateReason)
		require.Nil(t, row.GraceUntil)
		require.Empty(t, h.openAlerts(id))
		require.NoError(t, h.ExpireGrace(h.ctx))
		require.Equal(t, crm.IntegrationActive, h.row(id).State)
	})
}

func TestACredentialLostInOnboardingAsksToSignInAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.connect()
		h.crm.set(func() { h.crm.revoked = true })
		_, err := h.call(id)
		require.Equal(t, fault.CRMGrantRevoked, fault.CodeOf(err))
		require.Equal(t, crm.IntegrationDraft, h.row(id).State)
		require.Empty(t, h.row(id).StepsDone)
		require.Equal(t, id, h.connect())
		require.Equal(t, crm.IntegrationOnboarding, h.row(id).State)
		require.Empty(t, h.openAlerts(id))
	})
}

// TestARefreshThatTheCRMDidNotTakeIsTriedAgain: the token was not spent, so the
// trouble passes without a trace.
func TestARefreshThatTheCRMDidNotTakeIsTriedAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		for _, status := range []int{429, 500, 503, 403} {
			h.crm.expire()
			answer := func(w http.ResponseWriter, _ url.Values) bool {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(status)
				return true
			}
			h.crm.set(func() { h.crm.instead = answer })
			_, err := h.call(id)
			require.NotEqual(t, fault.RetryNever, infoOf(t, err).Retry, "%d: %v", status, err)
			h.crm.set(func() { h.crm.instead = nil })
			calls, err := h.call(id)
			require.NoError(t, err, status)
			require.Equal(t, 2, calls)
		}
		// The OAuth client is at fault, not the grant.
		h.crm.expire()
		h.remake(func(c *connect.Config) {
			c.OAuthClients[connect.Slot("salesforce", crm.Production)] = connect.OAuthClient{ID: clientID}
		})
		_, err := h.call(id)
		require.Equal(t, fault.OAuthClientMissing, fault.CodeOf(err))
		h.remake(func(c *connect.Config) {
			c.OAuthClients[connect.Slot("salesforce", crm.Production)] = connect.OAuthClient{ID: clientID, Secret: clientSecret}
		})
		// Nobody listens: nothing was sent.
		h.remake(func(c *connect.Config) { c.HTTP = unreachable{} })
		_, err = h.call(id)
		require.Equal(t, fault.CRMUnavailable, fault.CodeOf(err))
		h.remake(func(c *connect.Config) { c.HTTP = h.client() })
		_, err = h.call(id)
		require.NoError(t, err)
		require.Equal(t, crm.IntegrationActive, h.row(id).State)
		require.Empty(t, h.openAlerts(id))
		require.False(t, h.crm.tally().revoked)
	})
}

// TestARefreshWhoseAnswerIsLostIsNeverRepeated: the CRM spent the token, and to
// show it again would revoke everything.
func TestARefreshWhoseAnswerIsLostIsNeverRepeated(t *testing.T) {
	t.Parallel()
	gateway := func(w http.ResponseWriter) bool { w.WriteHeader(http.StatusGatewayTimeout); return true }
	page := func(w http.ResponseWriter) bool { _, _ = w.Write([]byte("<html>")); return true }
	for name, lose := range map[string]func(http.ResponseWriter) bool{"connection": drop, "gateway": gateway, "page": page} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
				h := newHouse(t, s)
				id := h.activate()
				h.crm.expire()
				h.crm.set(func() { h.crm.after = lose })
				_, err := h.call(id)
				require.Equal(t, fault.CRMGrantRevoked, fault.CodeOf(err))
				require.Equal(t, crm.IntegrationGrace, h.row(id).State)
				require.Equal(t, []crm.AlertRule{crm.RuleCredentialExpired, crm.RuleGraceStarted}, h.openAlerts(id))
				require.Equal(t, 1, h.crm.tally().refreshes)
				require.False(t, h.crm.tally().revoked)
			})
		})
	}
}

// TestALeaseWhoseHolderDied: first the stored access token, as long as it lasts,
// then GRACE; the refresh token stays where it is.
func TestALeaseWhoseHolderDied(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		h.leave("node-2/dead", clock.Now().Add(-time.Second))
		calls, err := h.call(id)
		require.NoError(t, err, "the stored access token still works")
		require.Equal(t, 1, calls)
		require.Equal(t, crm.IntegrationActive, h.row(id).State)

		h.crm.expire()
		_, err = h.call(id)
		require.Equal(t, fault.CRMGrantRevoked, fault.CodeOf(err))
		require.Equal(t, crm.IntegrationGrace, h.row(id).State)
		require.Zero(t, h.crm.tally().refreshes)
	})
}

// TestALeaseThatIsNotRotatedIsTakenOver: a refresh token that never changes may be
// sent again.
func TestALeaseThatIsNotRotatedIsTakenOver(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		for i := range h.connectors.manifest.Environments {
			h.connectors.manifest.Environments[i].OAuth.RotatesRefreshToken = false
		}
		id := h.activate()
		h.crm.expire()
		h.leave("node-2/dead", clock.Now().Add(-time.Second))
		_, err := h.call(id)
		require.NoError(t, err)
		require.Equal(t, 1, h.crm.tally().refreshes)

		h.crm.expire()
		h.crm.set(func() { h.crm.instead = func(w http.ResponseWriter, _ url.Values) bool { return drop(w) } })
		_, err = h.call(id)
		require.Equal(t, fault.CRMUnavailable, fault.CodeOf(err))
		h.crm.set(func() { h.crm.instead = nil })
		_, err = h.call(id)
		require.NoError(t, err)
	})
}

// TestACallWaitsForAnothersRefresh, and takes its tokens or, when the other one
// dies, gives up at the end of the lease.
func TestACallWaitsForAnothersRefresh(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		answer := make(chan error, 1)
		waiting := func() { // runs in the CRM's goroutine, too
			go func() { _, err := h.call(id); answer <- err }()
			assert.NoError(t, clock.BlockUntilContext(t.Context(), 1))
		}
		h.crm.expire()
		other, err := connect.New(h.config)
		require.NoError(t, err)
		h.crm.set(func() { h.crm.before = waiting }) // while the other's request is under way
		require.NoError(t, other.Call(h.ctx, id, func(_ context.Context, _ string, target crm.Target) error {
			if !h.crm.accepts(target.AccessToken) {
				return fault.New(fault.CRMUnauthenticated, "Session expired.")
			}
			return nil
		}))
		h.crm.set(func() { h.crm.before = nil })
		clock.Advance(time.Second)
		require.NoError(t, <-answer)
		require.Equal(t, 1, h.crm.tally().refreshes)

		h.crm.expire()
		h.leave("node-2/slow", clock.Now().Add(2*time.Minute))
		waiting()
		clock.Advance(2 * time.Minute)
		require.Equal(t, fault.CRMGrantRevoked, fault.CodeOf(<-answer))
		require.Equal(t, 1, h.crm.tally().refreshes)

		// A caller that goes away stops waiting.
		h.connect()
		h.crm.expire()
		h.leave("node-2/slow", clock.Now().Add(2*time.Minute))
		ctx, cancel := context.WithCancel(h.ctx)
		go func() {
			assert.NoError(t, clock.BlockUntilContext(t.Context(), 1))
			cancel()
		}()
		err = h.Call(ctx, id, func(context.Context, string, crm.Target) error {
			return fault.New(fault.CRMUnauthenticated, "Session expired.")
		})
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestATokenWhoseEndIsKnownIsRenewedAhead(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		h.crm.set(func() { h.crm.extra["expires_in"] = 1800 })
		id := h.activate()
		clock.Advance(29*time.Minute - time.Second)
		_, err := h.call(id)
		require.NoError(t, err)
		require.Zero(t, h.crm.tally().refreshes)
		clock.Advance(time.Second)
		calls, err := h.call(id)
		require.NoError(t, err)
		require.Equal(t, 1, calls, "no call was wasted on the old token")
		require.Equal(t, 1, h.crm.tally().refreshes)

		// When that fails, the old token is used to its end; also while another
		// server is at it.
		clock.Advance(29*time.Minute + time.Second)
		h.leave("node-2/slow", clock.Now().Add(time.Minute))
		_, err = h.call(id)
		require.NoError(t, err)
		require.NoError(t, s.WithTx(h.ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Ent().Credential.Update().ClearLeaseOwner().ClearLeaseUntil().Exec(ctx)
		}))
		h.crm.set(func() {
			h.crm.instead = func(w http.ResponseWriter, _ url.Values) bool { w.WriteHeader(503); return true }
		})
		_, err = h.call(id)
		require.NoError(t, err)
		// Also when nobody knows what became of it.
		h.crm.set(func() { h.crm.instead, h.crm.after = nil, drop })
		_, err = h.call(id)
		require.NoError(t, err)
		require.Equal(t, crm.IntegrationActive, h.row(id).State)
		_, err = h.call(id)
		require.NoError(t, err)
		require.Equal(t, 3, h.crm.tally().refreshes, "and is not tried again")
	})
}

// TestACallerThatGoesAwayDoesNotCutOffARefresh: the answer is saved all the same.
func TestACallerThatGoesAwayDoesNotCutOffARefresh(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		h.crm.expire()
		ctx, cancel := context.WithCancel(h.ctx)
		h.crm.set(func() { h.crm.instead = func(http.ResponseWriter, url.Values) bool { cancel(); return false } })
		_ = h.Call(ctx, id, func(_ context.Context, _ string, target crm.Target) error {
			if !h.crm.accepts(target.AccessToken) {
				return fault.New(fault.CRMUnauthenticated, "Session expired.")
			}
			return nil
		})
		require.Error(t, ctx.Err())
		calls, err := h.call(id)
		require.NoError(t, err)
		require.Equal(t, 1, calls)
		require.Equal(t, 1, h.crm.tally().refreshes)
	})
}

// TestASignInDuringARefreshStands: the refreshed tokens of the old authorization do
// not overwrite the new one's.
func TestASignInDuringARefreshStands(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		h.crm.expire()
		h.crm.set(func() {
			h.crm.before = func() { // another sign-in replaces the credential
				h.crm.set(func() { h.crm.before = nil })
				assert.NoError(t, s.WithTx(h.ctx, func(ctx context.Context, tx *store.Tx) error {
					return tx.Ent().Credential.Update().AddVersion(1).ClearLeaseOwner().ClearLeaseUntil().Exec(ctx)
				}))
			}
		})
		sealed := h.credential().Sealed
		_, err := h.call(id)
		require.Equal(t, fault.CRMUnauthenticated, fault.CodeOf(err), "the replacement was tried")
		require.Equal(t, sealed, h.credential().Sealed)
		require.Equal(t, 2, h.credential().Version)
		require.Equal(t, 1, h.crm.tally().refreshes)
		require.Equal(t, crm.IntegrationActive, h.row(id).State)
	})
}

// TestTwoServersRefreshOneCredential: 100 rotations, each wanted by eight callers
// on two servers at the same moment, make 100 refreshes and revoke nothing. On
// SQLite, which one process holds, the two share the store.
func TestTwoServersRefreshOneCredential(t *testing.T) {
	t.Parallel()
	const rotations, callers = 100, 8
	storetest.EachURL(t, func(t *testing.T, dsn string) {
		first := storetest.Open(t, dsn, clockwork.NewRealClock())
		second := first
		if first.Dialect() == store.Postgres {
			second = storetest.Open(t, dsn, clockwork.NewRealClock())
		}
		h := newHouse(t, first)
		id := h.activate()
		config := h.config
		config.Store, config.NodeID = second, "node-2"
		other, err := connect.New(config)
		require.NoError(t, err)
		servers := []*connect.Service{h.Service, other}
		for rotation := range rotations {
			h.crm.expire()
			errs := make([]error, callers)
			var all sync.WaitGroup
			for i := range callers {
				all.Go(func() {
					errs[i] = servers[i%2].Call(h.ctx, id, func(_ context.Context, _ string, target crm.Target) error {
						if !h.crm.accepts(target.AccessToken) {
							return fault.New(fault.CRMUnauthenticated, "Session expired.")
						}
						return nil
					})
				})
			}
			all.Wait()
			for _, err := range errs {
				require.NoError(t, err, "rotation %d", rotation)
			}
		}
		require.Equal(t, rotations, h.crm.tally().refreshes)
		require.False(t, h.crm.tally().revoked)
		require.Equal(t, crm.IntegrationActive, h.row(id).State)
		require.Equal(t, rotations+1, h.credential().Version)
		t.Logf("%d rotations, %d callers on two servers: %d refresh calls, authorization revoked: %t", rotations, callers, h.crm.tally().refreshes, h.crm.tally().revoked)
	})
}

// leave writes a lease of another node.
func (h *house) leave(owner string, until time.Time) {
	h.t.Helper()
	require.NoError(h.t, h.store.WithTx(h.ctx, func(ctx context.Context, tx *store.Tx) error {
		return tx.Ent().Credential.Update().SetLeaseOwner(owner).SetLeaseUntil(until).Exec(ctx)
	}))
}

// changes drops repetitions.
func changes(states []crm.IntegrationState) (changed []crm.IntegrationState) {
	for _, state := range states {
		if len(changed) == 0 || changed[len(changed)-1] != state {
			changed = append(changed, state)
		}
	}
	return changed
}

func infoOf(t *testing.T, err error) fault.Info {
	t.Helper()
	found, ok := fault.From(err)
	require.True(t, ok, "%v", err)
	return found.Info()
}

package integration_test

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	connect "github.com/fieldwarden/fieldwarden/internal/integration"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/netguard"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func (h *house) disconnect(id string) {
	h.t.Helper()
	_, err := h.Disconnect(h.ctx, connect.DisconnectInput{IntegrationID: id, Confirm: true, IdempotencyKey: h.key()})
	require.NoError(h.t, err)
	require.Equal(h.t, crm.IntegrationDisconnected, h.row(id).State)
}

// restart makes the Service and its job engine anew, as another process would.
func (h *house) restart(change func(*connect.Config)) {
	h.t.Helper()
	var err error
	h.jobs, err = job.New(job.Config{Store: h.store, Logger: slog.New(slog.DiscardHandler), PollInterval: 10 * time.Millisecond, FetchCooldown: 5 * time.Millisecond})
	require.NoError(h.t, err)
	h.config.Jobs = h.jobs
	h.remake(change)
}

func (h *house) forgotten() bool { return !strings.Contains(h.opened(), "canary") }

// TestARevocationOutlivesTheProcess that disconnected: it died after the commit, before
// anything was said to the CRM.
func TestARevocationOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		h.disconnect(id)
		require.Zero(t, h.crm.tally().returned)
		h.disconnect(id) // once more asks for nothing more, and forgets nothing too early
		require.False(t, h.forgotten())
		_, err := h.call(id)
		require.Error(t, err, "what waits for its revocation is of no other use")

		h.restart(func(*connect.Config) {})
		h.runJobs()
		require.Eventually(t, h.forgotten, 30*time.Second, 10*time.Millisecond)
		require.Equal(t, 1, h.crm.tally().returned)
		require.Equal(t, "Disconnected by admin.", h.row(id).StateReason)
		audited, err := s.Read().AuditEntry.Query().Where(auditentry.Action("integration.revokeCredential")).Only(h.ctx)
		require.NoError(t, err)
		require.Equal(t, crm.AuditSucceeded, audited.Outcome)
		h.requireNoSecrets()
	})
}

// flaky is a client whose first requests do not leave.
type flaky struct {
	connect.HTTPClient
	failures chan struct{}
}

func (f flaky) Do(request *http.Request) (*netguard.Response, error) {
	select {
	case <-f.failures:
		return unreachable{}.Do(request)
	default:
		return f.HTTPClient.Do(request)
	}
}

// TestACRMThatIsAwayIsToldAgain of a revocation.
func TestACRMThatIsAwayIsToldAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		failures := make(chan struct{}, 1)
		failures <- struct{}{}
		h.restart(func(c *connect.Config) { c.HTTP = flaky{c.HTTP, failures} })
		h.disconnect(id)
		h.runJobs()
		require.Eventually(t, h.forgotten, 30*time.Second, 10*time.Millisecond)
		require.Empty(t, failures)
		require.Equal(t, 1, h.crm.tally().returned)
		require.Equal(t, "Disconnected by admin.", h.row(id).StateReason)
	})
}

// TestARevocationThatFailsIsToldAndStopsNothing, after a day of tries.
func TestARevocationThatFailsIsToldAndStopsNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		h.restart(func(c *connect.Config) { c.HTTP = unreachable{} })
		h.disconnect(id)
		clock.Advance(24 * time.Hour)
		h.runJobs()
		require.Eventually(t, h.forgotten, 30*time.Second, 10*time.Millisecond)
		require.Contains(t, h.row(id).StateReason, "Disconnected by admin. The authorization was forgotten here, but could not be ended at the CRM (CRM_UNAVAILABLE:")
		audited, err := s.Read().AuditEntry.Query().Where(auditentry.Action("integration.revokeCredential")).Only(h.ctx)
		require.NoError(t, err)
		require.Equal(t, crm.AuditFailed, audited.Outcome)
		require.Equal(t, "CRM_UNAVAILABLE", audited.FaultCode)
	})
}

// TestWhoSignsInAgainIsNotSignedOut by the revocation of what was there before.
func TestWhoSignsInAgainIsNotSignedOut(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		h.disconnect(id)
		h.reconnect(id)
		h.runJobs()
		table := map[store.Dialect]string{store.SQLite: "river_job", store.Postgres: "river.river_job"}[s.Dialect()]
		require.Eventually(t, func() bool {
			var done int
			query := "SELECT count(*) FROM " + table + " WHERE kind = $1 AND state = 'completed'"
			require.NoError(t, s.SQL().QueryRowContext(h.ctx, query, connect.RevokeKind).Scan(&done))
			return done == 1
		}, 30*time.Second, 10*time.Millisecond)
		_, err := h.call(id)
		require.NoError(t, err)
		require.Zero(t, h.crm.tally().returned, "the same user's authorization may be the new one as well")
		require.False(t, h.forgotten())
	})
}

// TestACredentialWithoutItsKey stops no disconnection, and is told at once.
func TestACredentialWithoutItsKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		h.remake(func(c *connect.Config) { c.Box = lost{} })
		h.disconnect(id)
		require.Contains(t, h.row(id).StateReason, "could not be ended at the CRM (KEY_WRONG:")
		require.Zero(t, s.Read().Credential.Query().CountX(h.ctx))
	})
}

// lost is a box whose key is gone.
type lost struct{}

func (lost) Seal(string, string, []byte) ([]byte, error) { return nil, errors.New("no key") }
func (lost) Open(string, string, []byte) ([]byte, error) { return nil, errors.New("no key") }

package integration_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	connect "github.com/fieldwarden/fieldwarden/internal/integration"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

// again names an integration with a fresh idempotency key.
func (h *house) again(id string) connect.SignInAgainInput {
	return connect.SignInAgainInput{IntegrationID: id, IdempotencyKey: h.key()}
}

func (h *house) pause(id, reason string) error {
	return h.Pause(h.ctx, connect.PauseInput{IntegrationID: id, Reason: reason, IdempotencyKey: h.key()})
}

func (h *house) resume(id string) error {
	return h.Resume(h.ctx, connect.ResumeInput{IntegrationID: id, IdempotencyKey: h.key()})
}

// TestAPausedIntegrationCallsNobody: requirement C11.
func TestAPausedIntegrationCallsNobody(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		require.Equal(t, fault.BadInput, fault.CodeOf(h.pause(id, strings.Repeat("x", 301))))
		require.Equal(t, fault.IntegrationState, fault.CodeOf(h.resume(id)))
		require.NoError(t, h.pause(id, "The CRM is being migrated."))
		row := h.row(id)
		require.Equal(t, crm.IntegrationPaused, row.State)
		require.Equal(t, "Paused by admin: The CRM is being migrated.", row.StateReason)
		require.Nil(t, row.NextRunAt)
		calls, err := h.call(id)
		require.Equal(t, fault.IntegrationState, fault.CodeOf(err))
		require.Zero(t, calls)
		require.Equal(t, fault.IntegrationState, fault.CodeOf(h.RunChecklist(h.ctx, id)))
		require.Equal(t, fault.IntegrationState, fault.CodeOf(h.pause(id, "")))

		// Over the time of a daily run: it is not made up for.
		clock.Advance(20 * time.Hour)
		require.NoError(t, h.resume(id))
		row = h.row(id)
		require.Equal(t, crm.IntegrationActive, row.State)
		require.Empty(t, row.StateReason)
		require.Equal(t, storetest.Start().Truncate(24*time.Hour).AddDate(0, 0, 2).Add(2*time.Hour), row.NextRunAt.UTC())
		_, err = h.call(id)
		require.NoError(t, err)
		require.Equal(t, []crm.IntegrationState{crm.IntegrationActive, crm.IntegrationPaused, crm.IntegrationActive}, changes(h.states())[2:])
	})
}

func TestResumingEndsAnAutomaticPause(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		require.NoError(t, s.WithTx(h.ctx, func(ctx context.Context, tx *store.Tx) error {
			row, err := tx.Ent().Integration.UpdateOneID(id).
				SetConsecutiveFailures(10).SetFailingSince(tx.Now()).SetFailureWarnedAt(tx.Now()).Save(ctx)
			require.NoError(t, err)
			require.NoError(t, h.config.Alerts.Apply(ctx, tx, row, []crm.AlertIntent{
				{Action: crm.ActionOpen, Key: crm.AlertKey{Rule: crm.RuleAutoPaused}, Severity: crm.SeverityCritical, Title: "Paused"},
				{Action: crm.ActionOpen, Key: crm.AlertKey{Rule: crm.RuleRunFailedRepeatedly}, Severity: crm.SeverityWarning, Title: "Failing"},
			}))
			return h.AutoPause(ctx, tx, row, "10 runs failed.")
		}))
		require.Equal(t, "AUTO_PAUSED: 10 runs failed.", h.row(id).StateReason)
		require.Len(t, h.openAlerts(id), 2)
		audited, err := s.Read().AuditEntry.Query().Where(auditentry.Action("integration.paused")).Only(h.ctx)
		require.NoError(t, err)
		require.Equal(t, "system:automatic pause", audited.Actor)

		require.NoError(t, h.resume(id))
		row := h.row(id)
		require.Zero(t, row.ConsecutiveFailures)
		require.Nil(t, row.FailingSince)
		require.Nil(t, row.FailureWarnedAt)
		require.Empty(t, h.openAlerts(id))
		require.Equal(t, crm.ResolvedResumed, *s.Read().Alert.Query().FirstX(h.ctx).Resolution)
	})
}

// TestOnlyAdminsChangeTheLifeOfAnIntegration, whatever the role table says.
func TestOnlyAdminsChangeTheLifeOfAnIntegration(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		who, _ := principal.From(h.ctx)
		who.Role = principal.RoleViewer
		h.ctx = principal.With(t.Context(), who)
		_, reconnect := h.Reconnect(h.ctx, h.again(id))
		_, replace := h.ReplaceUser(h.ctx, h.again(id))
		_, disconnect := h.Disconnect(h.ctx, connect.DisconnectInput{IntegrationID: id, Confirm: true, IdempotencyKey: h.key()})
		for _, err := range []error{h.pause(id, ""), h.resume(id), reconnect, replace, disconnect} {
			require.Equal(t, fault.Forbidden, fault.CodeOf(err))
		}
		require.Equal(t, crm.IntegrationActive, h.row(id).State)
	})
}

// TestGraceIsWarnedOfOnce, a day before it ends (requirement K7).
func TestGraceIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		all := principal.AllWorkspaces(t.Context(), "test")
		h.crm.set(func() { h.crm.revoked = true })
		_, err := h.call(id)
		require.Equal(t, fault.CRMGrantRevoked, fault.CodeOf(err))
		clock.Advance(48*time.Hour - time.Second)
		require.NoError(t, h.WarnGraceEnding(all))
		require.Equal(t, []crm.AlertRule{crm.RuleCredentialExpired, crm.RuleGraceStarted}, h.openAlerts(id))
		clock.Advance(time.Second)
		require.NoError(t, h.WarnGraceEnding(all))
		require.NoError(t, h.WarnGraceEnding(all))
		require.ElementsMatch(t, []crm.AlertRule{crm.RuleCredentialExpired, crm.RuleGraceStarted, crm.RuleGraceEnding}, h.openAlerts(id))
		for _, row := range s.Read().Alert.Query().AllX(h.ctx) {
			require.Equal(t, 1, row.Occurrences, row.Rule)
			require.Contains(t, row.Message, "On 5 March 2026 at 08:00 UTC")
		}
		require.Equal(t, 1, h.crm.tally().refreshes, "no further token calls")
		h.reconnect(id)
		require.Empty(t, h.openAlerts(id))
		require.Nil(t, h.row(id).GraceWarnedAt)
	})
}

func TestDisconnectNeedsAConfirmationAndRevokes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		h.importRecords(id, 3)
		in := connect.DisconnectInput{IntegrationID: id, IdempotencyKey: h.key()}
		result, err := h.Disconnect(h.ctx, in)
		require.Equal(t, fault.ConfirmRequired, fault.CodeOf(err))
		require.ErrorContains(t, err, "keeps the 3 imported records")
		require.Zero(t, result.PurgedRecords)
		in.Purge = true
		result, err = h.Disconnect(h.ctx, in)
		require.Equal(t, fault.ConfirmRequired, fault.CodeOf(err))
		require.ErrorContains(t, err, "deletes 3 imported records")
		require.Equal(t, 3, result.PurgedRecords)
		require.Equal(t, crm.IntegrationActive, h.row(id).State)

		in.Purge, in.Confirm = false, true
		result, err = h.Disconnect(h.ctx, in)
		require.NoError(t, err)
		require.Zero(t, result.PurgedRecords)
		row := h.row(id)
		require.Equal(t, crm.IntegrationDisconnected, row.State)
		require.Equal(t, "Disconnected by admin.", row.StateReason)
		require.Nil(t, row.NextRunAt)
		require.Nil(t, row.Slot)
		_, err = h.call(id)
		require.Equal(t, fault.IntegrationState, fault.CodeOf(err))
		h.runJobs()
		require.Eventually(t, func() bool { return !strings.Contains(h.opened(), "canary") }, 30*time.Second, 10*time.Millisecond, "the tokens are gone")
		require.Equal(t, 1, h.crm.tally().returned)
		require.Equal(t, "Disconnected by admin.", h.row(id).StateReason)
		require.Equal(t, 3, s.Read().Record.Query().CountX(h.ctx), "what was imported is kept")
		_, err = h.Disconnect(h.ctx, in)
		require.NoError(t, err)
		require.Equal(t, 1, h.crm.tally().returned, "a repeated request does nothing")

		h.reconnect(id)
		require.Equal(t, crm.IntegrationActive, h.row(id).State)
		_, err = h.call(id)
		require.NoError(t, err)
		h.requireNoSecrets()
	})
}

// TestPurgingDeletesEverythingImported, and until that is done nobody signs in.
func TestPurgingDeletesEverythingImported(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		h.importRecords(id, 2500)
		who, _ := principal.From(h.ctx)
		require.NoError(t, s.WithTx(h.ctx, func(ctx context.Context, tx *store.Tx) error {
			tx.Ent().CrmObject.Create().SetWorkspaceID(who.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(id).SetName("Lead").
				SetResumeToken([]byte("here")).SetReadFields([]string{"Id"}).SetSyncPhase(crm.SyncDaily).SetLastReadAt(tx.Now()).ExecX(ctx)
			tx.Ent().Integration.UpdateOneID(id).SetLastSyncedAt(tx.Now()).ExecX(ctx)
			return nil
		}))
		result, err := h.Disconnect(h.ctx, connect.DisconnectInput{IntegrationID: id, Purge: true, Confirm: true, IdempotencyKey: h.key()})
		require.NoError(t, err)
		require.Equal(t, 2500, result.PurgedRecords)
		require.Nil(t, h.row(id).LastSyncedAt)
		_, err = h.Reconnect(h.ctx, h.again(id))
		require.Equal(t, fault.IntegrationState, fault.CodeOf(err))
		require.ErrorContains(t, err, "is being deleted")

		h.runJobs()
		require.Eventually(t, func() bool { return h.row(id).PurgeRequestedAt == nil }, 30*time.Second, 10*time.Millisecond)
		require.Zero(t, s.Read().Record.Query().CountX(h.ctx))
		lead := s.Read().CrmObject.Query().OnlyX(h.ctx)
		require.Empty(t, lead.ResumeToken)
		require.Empty(t, lead.ReadFields)
		require.Equal(t, crm.SyncOnboarding, lead.SyncPhase)
		h.reconnect(id)
		require.Equal(t, crm.IntegrationActive, h.row(id).State)
	})
}

// TestWhatNobodyFinishedIsNotActiveAfterAReconnection: disconnecting is no way around
// the onboarding.
func TestWhatNobodyFinishedIsNotActiveAfterAReconnection(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.connect()
		_, err := h.Disconnect(h.ctx, connect.DisconnectInput{IntegrationID: id, Confirm: true, IdempotencyKey: h.key()})
		require.NoError(t, err)
		started, err := h.Reconnect(h.ctx, h.again(id))
		require.NoError(t, err)
		// Disconnected once more, the sign-in that is under way counts no more.
		answer := h.open(ticketOf(t, started.SignInURL))
		_, err = h.Disconnect(h.ctx, connect.DisconnectInput{IntegrationID: id, Confirm: true, IdempotencyKey: h.key()})
		require.NoError(t, err)
		_, err = h.Callback(t.Context(), answer)
		require.Equal(t, fault.OAuthStateInvalid, fault.CodeOf(err))
		require.Equal(t, crm.IntegrationDisconnected, h.row(id).State)
		h.reconnect(id)
		require.Equal(t, crm.IntegrationOnboarding, h.row(id).State)
		require.Nil(t, h.row(id).NextRunAt)
	})
}

func TestReplacingTheUserKeepsTheOldOneUntilTheNewOneIsThere(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		checked := 0
		h.remake(func(c *connect.Config) {
			c.OnAuthorized = func(context.Context, *store.Tx, *ent.Integration) error { checked++; return nil }
		})
		id := h.activate()
		next := h.row(id).NextRunAt
		replace := func() error {
			started, err := h.ReplaceUser(h.ctx, h.again(id))
			require.NoError(t, err)
			require.Equal(t, crm.IntegrationActive, h.row(id).State)
			answer := h.open(ticketOf(t, started.SignInURL))
			_, err = h.call(id)
			require.NoError(t, err, "the present user goes on")
			_, err = h.Callback(t.Context(), answer)
			return err
		}
		version := h.credential().Version
		h.connectors.set(func() { h.connectors.identity.InstanceID = "00D000000000002AAA" })
		require.Equal(t, fault.InstanceMismatch, fault.CodeOf(replace()))
		require.Equal(t, version, h.credential().Version)
		require.Equal(t, "integration@acme.com", h.row(id).IntegrationUser)
		require.Equal(t, 1, checked)

		h.connectors.set(func() {
			h.connectors.identity.InstanceID = "00D000000000001AAA"
			h.connectors.identity.UserName, h.connectors.identity.DedicatedUser = "anna@acme.com", false
		})
		returned := h.crm.tally().returned
		require.NoError(t, replace())
		row := h.row(id)
		require.Equal(t, crm.IntegrationActive, row.State)
		require.Equal(t, next, row.NextRunAt, "the schedule goes on")
		require.Equal(t, "anna@acme.com", row.IntegrationUser)
		require.Equal(t, version+1, h.credential().Version)
		require.Equal(t, returned+1, h.crm.tally().returned, "the former user's authorization is given back")
		require.Equal(t, 2, checked, "the rights are checked anew")
		user := row.Checklist[len(row.Checklist)-1]
		require.Equal(t, []string{"dedicated-user", "WARN"}, []string{user.Key, string(user.Status)})
		_, err := h.call(id)
		require.NoError(t, err)

		require.NoError(t, h.pause(id, "why"))
		started, err := h.ReplaceUser(h.ctx, h.again(id))
		require.NoError(t, err)
		_, err = h.Callback(t.Context(), h.open(ticketOf(t, started.SignInURL)))
		require.NoError(t, err)
		require.Equal(t, crm.IntegrationPaused, h.row(id).State)
		require.Equal(t, "Paused by admin: why", h.row(id).StateReason)
		require.Equal(t, 2, checked, "a paused integration is checked when it goes on")
		draft, _ := h.startSandbox()
		_, err = h.ReplaceUser(h.ctx, h.again(draft))
		require.Equal(t, fault.IntegrationState, fault.CodeOf(err))
	})
}

// startSandbox starts a sandbox integration.
func (h *house) startSandbox() (id, ticket string) {
	h.t.Helper()
	started, err := h.Start(h.ctx, connect.StartInput{Connector: "salesforce", Environment: crm.Sandbox, IdempotencyKey: h.key()})
	require.NoError(h.t, err)
	return started.IntegrationID, ticketOf(h.t, started.SignInURL)
}

// TestAsManyInstancesAsTheOperatorAllows: requirement C2.
func TestAsManyInstancesAsTheOperatorAllows(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		sandbox := connect.Slot("salesforce", crm.Sandbox)
		h.remake(func(c *connect.Config) { c.MaxInstances = map[string]int{sandbox: 2} })
		signIn := func(org string) (string, error) {
			h.connectors.set(func() {
				h.connectors.identity.Environment, h.connectors.identity.InstanceID, h.connectors.identity.InstanceName = crm.Sandbox, org, org
			})
			id, ticket := h.startSandbox()
			_, err := h.Callback(t.Context(), h.open(ticket))
			return id, err
		}
		first, err := signIn("one")
		require.NoError(t, err)
		second, err := signIn("one")
		require.Equal(t, fault.InstanceLimit, fault.CodeOf(err), "the same org is not connected twice")
		require.ErrorContains(t, err, first)
		again, err := signIn("two")
		require.NoError(t, err)
		require.Equal(t, second, again)
		require.Equal(t, []string{sandbox, sandbox + "#2"}, []string{*h.row(first).Slot, *h.row(second).Slot})
		_, err = h.Start(h.ctx, connect.StartInput{Connector: "salesforce", Environment: crm.Sandbox, IdempotencyKey: h.key()})
		require.Equal(t, fault.InstanceLimit, fault.CodeOf(err))
		require.ErrorContains(t, err, "one")
		require.ErrorContains(t, err, first)

		// A place that was given up can be taken, and then there is no way back.
		_, err = h.Disconnect(h.ctx, connect.DisconnectInput{IntegrationID: first, Confirm: true, IdempotencyKey: h.key()})
		require.NoError(t, err)
		third, err := signIn("three")
		require.NoError(t, err)
		require.Equal(t, sandbox, *h.row(third).Slot)
		_, err = h.Reconnect(h.ctx, h.again(first))
		require.Equal(t, fault.InstanceLimit, fault.CodeOf(err))
		require.Equal(t, crm.IntegrationDisconnected, h.row(first).State)

		for _, limits := range []map[string]int{{sandbox: 0}, {"salesforce": 2}, {"salesforce:TEST": 2}} {
			h.config.MaxInstances = limits
			_, err := connect.New(h.config)
			require.Equal(t, fault.ConfigInvalid, fault.CodeOf(err), "%v", limits)
		}
	})
}

// TestAnAppReconnectsAsItself, after its credential was refused and after it was
// disconnected.
func TestAnAppReconnectsAsItself(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		server := newVendor(t, func(_ string, form url.Values) (int, map[string]any) { return tokenFor(form) })
		h.use(entra(), server)
		started, err := h.Start(h.ctx, connect.StartInput{
			Connector: "dynamics365", Environment: crm.Production, IdempotencyKey: h.key(), Grant: crm.GrantClientCredentials,
			Config: json.RawMessage(`{"environmentUrl":"https://contoso.crm.dynamics.com","tenant":"contoso"}`),
		})
		require.NoError(t, err)
		id := started.IntegrationID
		h.finish(id)
		server.set(func(string, url.Values) (int, map[string]any) {
			return http.StatusBadRequest, map[string]any{"error": "interaction_required"}
		})
		refused := func(context.Context, string, crm.Target) error { return fault.New(fault.CRMUnauthenticated, "No.") }
		require.Equal(t, fault.CRMGrantRevoked, fault.CodeOf(h.Call(h.ctx, id, refused)))
		require.Equal(t, crm.IntegrationGrace, h.row(id).State)
		_, err = h.Reconnect(h.ctx, h.again(id))
		require.Error(t, err)
		require.Equal(t, crm.IntegrationGrace, h.row(id).State)
		require.Contains(t, h.row(id).StateReason, "REAUTH_REQUIRED")

		server.set(func(_ string, form url.Values) (int, map[string]any) { return tokenFor(form) })
		started, err = h.Reconnect(h.ctx, h.again(id))
		require.NoError(t, err)
		require.Empty(t, started.SignInURL)
		require.Equal(t, crm.IntegrationActive, h.row(id).State)
		_, err = h.Disconnect(h.ctx, connect.DisconnectInput{IntegrationID: id, Confirm: true, IdempotencyKey: h.key()})
		require.NoError(t, err)
		require.Equal(t, "Disconnected by admin.", h.row(id).StateReason)
		in := h.again(id)
		_, err = h.Reconnect(h.ctx, in)
		require.NoError(t, err)
		require.Equal(t, crm.IntegrationActive, h.row(id).State)
		asked := len(server.requests())
		_, err = h.Reconnect(h.ctx, in)
		require.NoError(t, err)
		require.Len(t, server.requests(), asked, "a repeated request asks for no other token")
	})
}

// TestAuthorizationsAreKeptAlive before they end for want of use, also while paused.
func TestAuthorizationsAreKeptAlive(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.activate()
		h.runJobs()
		all := principal.AllWorkspaces(t.Context(), "test")
		clock.Advance(400 * 24 * time.Hour)
		require.NoError(t, h.KeepAlive(all))
		for i := range h.connectors.manifest.Environments {
			h.connectors.manifest.Environments[i].OAuth.RefreshTokenIdle = 30 * 24 * time.Hour
		}
		h.crm.expire()
		_, err := h.call(id)
		require.NoError(t, err)
		require.Equal(t, 1, h.crm.tally().refreshes, "nothing was refreshed without a limit")

		require.NoError(t, h.pause(id, ""))
		clock.Advance(15*24*time.Hour - time.Second)
		require.NoError(t, h.KeepAlive(all))
		clock.Advance(time.Second)
		require.NoError(t, h.KeepAlive(all))
		require.NoError(t, h.KeepAlive(all))
		require.Eventually(t, func() bool { return h.credential().RefreshedAt.Equal(clock.Now()) }, 30*time.Second, 10*time.Millisecond)
		require.NoError(t, h.KeepAlive(all))
		require.Equal(t, 2, h.crm.tally().refreshes, "once, at half of the limit")
		require.Equal(t, crm.IntegrationPaused, h.row(id).State)

		// One that the CRM refuses is final here, too.
		h.crm.set(func() { h.crm.revoked = true })
		clock.Advance(15 * 24 * time.Hour)
		require.Eventually(t, func() bool {
			require.NoError(t, h.KeepAlive(all)) // asks for nothing while the last job is not quite over
			return h.row(id).State == crm.IntegrationGrace
		}, 30*time.Second, 10*time.Millisecond)
		require.NoError(t, h.KeepAlive(all))
		require.Equal(t, 3, h.crm.tally().refreshes)
	})
}

// importRecords stores records of an integration.
func (h *house) importRecords(id string, n int) {
	h.t.Helper()
	who, _ := principal.From(h.ctx)
	records := make([]crm.Record, n)
	for i := range records {
		records[i] = crm.Record{ID: time.Duration(i).String(), ModifiedAt: storetest.Start(), Data: json.RawMessage(`{"Name":"x"}`)}
	}
	prepared, err := store.PrepareRecords(records)
	require.NoError(h.t, err)
	require.NoError(h.t, h.store.WithTx(h.ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.UpsertRecords(ctx, who.WorkspaceID, id, "Lead", prepared)
		return err
	}))
}

// runJobs works the jobs until the test ends.
func (h *house) runJobs() {
	h.t.Helper()
	h.Register(h.jobs)
	require.NoError(h.t, h.jobs.Start(h.t.Context()))
	h.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		require.NoError(h.t, h.jobs.Stop(ctx))
	})
}

package integration_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	connect "github.com/fieldwarden/fieldwarden/internal/integration"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

func TestStartRefusesBadInputAndChangesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		viewer, _ := principal.From(h.ctx)
		viewer.Role = principal.RoleViewer
		good := connect.StartInput{Connector: "salesforce", Environment: crm.Production, ScheduleTime: "04:30", TimeZone: "Europe/Berlin", IdempotencyKey: "k"}
		for name, c := range map[string]struct {
			change func(*connect.StartInput)
			want   fault.Code
		}{
			"unknown connector":   {func(in *connect.StartInput) { in.Connector = "acme" }, fault.ConnectorNotFound},
			"unknown environment": {func(in *connect.StartInput) { in.Environment = "STAGING" }, fault.ConnectorUnsupported},
			"a time without zero": {func(in *connect.StartInput) { in.ScheduleTime = "4:30" }, fault.BadInput},
			"no time of the day":  {func(in *connect.StartInput) { in.ScheduleTime = "24:00" }, fault.BadInput},
			"no zone":             {func(in *connect.StartInput) { in.TimeZone = "Mars/Olympus" }, fault.BadInput},
			"the machine's zone":  {func(in *connect.StartInput) { in.TimeZone = "Local" }, fault.BadInput},
			"a path as the zone":  {func(in *connect.StartInput) { in.TimeZone = "../../etc/passwd" }, fault.BadInput},
			"no idempotency key":  {func(in *connect.StartInput) { in.IdempotencyKey = "" }, fault.BadInput},
		} {
			in := good
			c.change(&in)
			_, err := h.Start(h.ctx, in)
			require.Equal(t, c.want, fault.CodeOf(err), "%s: %v", name, err)
		}
		_, err := h.Start(t.Context(), good)
		require.Equal(t, fault.Unauthenticated, fault.CodeOf(err))
		_, err = h.Start(principal.With(t.Context(), viewer), good)
		require.Equal(t, fault.Forbidden, fault.CodeOf(err))
		h.remake(func(c *connect.Config) { c.OAuthClients = nil })
		_, err = h.Start(h.ctx, good)
		require.Equal(t, fault.OAuthClientMissing, fault.CodeOf(err))
		require.Zero(t, s.Read().Integration.Query().CountX(h.ctx))
		require.Empty(t, h.states())
	})
}

func TestStartIsIdempotentAndResumesWhatNobodySignedInTo(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		in := connect.StartInput{Connector: "salesforce", Environment: crm.Production, ScheduleTime: "04:30", IdempotencyKey: "k"}
		first, err := h.Start(h.ctx, in)
		require.NoError(t, err)
		again, err := h.Start(h.ctx, in)
		require.NoError(t, err)
		require.Equal(t, first, again, "the same key gives the same link")
		require.Equal(t, []crm.IntegrationState{crm.IntegrationAuthorizing}, h.states())

		in.ScheduleTime = "05:00"
		_, err = h.Start(h.ctx, in)
		require.Equal(t, fault.IdempotencyMismatch, fault.CodeOf(err))

		in.IdempotencyKey, in.ScheduleTime, in.TimeZone = "another", "", "Asia/Tokyo"
		resumed, err := h.Start(h.ctx, in)
		require.NoError(t, err)
		require.Equal(t, first.IntegrationID, resumed.IntegrationID)
		require.NotEqual(t, first.SignInURL, resumed.SignInURL)
		row := h.row(first.IntegrationID)
		require.Equal(t, crm.IntegrationAuthorizing, row.State)
		require.Equal(t, "04:30", row.ScheduleTime, "what is not given stays")
		require.Equal(t, "Asia/Tokyo", row.ScheduleZone)

		_, _, err = h.OpenSignIn(t.Context(), ticketOf(t, first.SignInURL))
		require.Equal(t, fault.OAuthStateInvalid, fault.CodeOf(err), "the earlier link has ended")
		_, _, err = h.OpenSignIn(t.Context(), ticketOf(t, resumed.SignInURL))
		require.NoError(t, err)
		h.requireNoSecrets(ticketOf(t, first.SignInURL), ticketOf(t, resumed.SignInURL))
	})
}

// TestOneInstanceForEachConnectorAndEnvironment is scenario 1.
func TestOneInstanceForEachConnectorAndEnvironment(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		id := h.connect()
		second := connect.StartInput{Connector: "salesforce", Environment: crm.Production, IdempotencyKey: "second"}
		_, err := h.Start(h.ctx, second)
		require.Equal(t, fault.InstanceLimit, fault.CodeOf(err))
		found, _ := fault.From(err)
		require.Equal(t, id, found.Details["integrationId"])

		sandbox := connect.StartInput{Connector: "salesforce", Environment: crm.Sandbox, IdempotencyKey: "sandbox"}
		started, err := h.Start(h.ctx, sandbox)
		require.NoError(t, err)
		require.NotEqual(t, id, started.IntegrationID)

		// The same org again, where the CRM does not tell what it is.
		h.connectors.identity.Environment = ""
		_, err = h.Callback(t.Context(), h.open(ticketOf(t, started.SignInURL)))
		require.Equal(t, fault.InstanceLimit, fault.CodeOf(err))
		require.Equal(t, crm.IntegrationDraft, h.row(started.IntegrationID).State)

		h.connectors.identity.InstanceID, h.connectors.identity.Environment = "00D000000000002AAA", crm.Sandbox
		sandbox.IdempotencyKey = "sandbox again"
		started, err = h.Start(h.ctx, sandbox)
		require.NoError(t, err)
		_, err = h.Callback(t.Context(), h.open(ticketOf(t, started.SignInURL)))
		require.NoError(t, err)
		require.Equal(t, crm.IntegrationOnboarding, h.row(started.IntegrationID).State)
	})
}

func TestOpenSignInRefusesWhatIsNotAGoodLink(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		for _, ticket := range []string{"", "unknown"} {
			_, _, err := h.OpenSignIn(t.Context(), ticket)
			require.Equal(t, fault.OAuthStateInvalid, fault.CodeOf(err))
		}
		_, ticket := h.start()
		clients := h.config.OAuthClients
		h.remake(func(c *connect.Config) { c.OAuthClients = nil })
		_, _, err := h.OpenSignIn(t.Context(), ticket)
		require.Equal(t, fault.OAuthClientMissing, fault.CodeOf(err))
		h.remake(func(c *connect.Config) { c.OAuthClients = clients })
		_, _, err = h.OpenSignIn(t.Context(), ticket)
		require.NoError(t, err, "what fails does not use the link up")
		_, _, err = h.OpenSignIn(t.Context(), ticket)
		require.Equal(t, fault.OAuthStateUsed, fault.CodeOf(err), "a link works once")

		_, ticket = h.start()
		clock.Advance(10 * time.Minute)
		_, _, err = h.OpenSignIn(t.Context(), ticket)
		require.Equal(t, fault.OAuthStateExpired, fault.CodeOf(err))

		_, ticket = h.start()
		who, _ := principal.From(h.ctx)
		require.NoError(t, h.auth.Revoke(h.ctx, who.WorkspaceID, h.adminToken.ID))
		_, _, err = h.OpenSignIn(t.Context(), ticket)
		require.Equal(t, fault.Unauthenticated, fault.CodeOf(err), "whoever made the link may no longer connect")
	})
}

func TestSetOAuthClientIsWriteOnlyAndComesBeforeTheOperators(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		h.remake(func(c *connect.Config) {
			c.OAuthClients = map[string]connect.OAuthClient{connect.Slot("salesforce", crm.Production): {ID: "operators", Secret: "wrong"}}
		})
		good := connect.SetOAuthClientInput{Connector: "salesforce", Environment: crm.Production, ClientID: "first", ClientSecret: "canary-first-secret", IdempotencyKey: "k"}
		viewer, _ := principal.From(h.ctx)
		viewer.Role = principal.RoleViewer
		require.Equal(t, fault.Forbidden, fault.CodeOf(h.SetOAuthClient(principal.With(t.Context(), viewer), good)))
		for name, c := range map[string]struct {
			change func(*connect.SetOAuthClientInput)
			want   fault.Code
		}{
			"unknown connector":   {func(in *connect.SetOAuthClientInput) { in.Connector = "acme" }, fault.ConnectorNotFound},
			"unknown environment": {func(in *connect.SetOAuthClientInput) { in.Environment = "" }, fault.ConnectorUnsupported},
			"no id":               {func(in *connect.SetOAuthClientInput) { in.ClientID = "" }, fault.BadInput},
			"no secret":           {func(in *connect.SetOAuthClientInput) { in.ClientSecret = "" }, fault.BadInput},
		} {
			in := good
			c.change(&in)
			require.Equal(t, c.want, fault.CodeOf(h.SetOAuthClient(h.ctx, in)), name)
		}
		require.NoError(t, h.SetOAuthClient(h.ctx, good))
		require.NoError(t, h.SetOAuthClient(h.ctx, good))
		good.ClientSecret = "canary-other-secret"
		require.Equal(t, fault.IdempotencyMismatch, fault.CodeOf(h.SetOAuthClient(h.ctx, good)), "another secret is another request")
		good.ClientID, good.ClientSecret, good.IdempotencyKey = clientID, clientSecret, "k2"
		require.NoError(t, h.SetOAuthClient(h.ctx, good))
		require.Equal(t, 1, s.Read().OAuthClient.Query().CountX(h.ctx))
		h.connect() // the CRM accepts the workspace's client only
		h.requireNoSecrets("canary-first-secret", "canary-other-secret")
	})
}

func ticketOf(t *testing.T, link string) string {
	t.Helper()
	u, err := url.Parse(link)
	require.NoError(t, err)
	return u.Query().Get("ticket")
}

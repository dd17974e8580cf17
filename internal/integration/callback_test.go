package integration_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
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

func TestConnectFromStartToOnboarding(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		var authorized []string
		h.remake(func(c *connect.Config) {
			c.OnAuthorized = func(ctx context.Context, _ *store.Tx, row *ent.Integration) error {
				who, _ := principal.From(ctx)
				authorized = append(authorized, who.Name+" "+string(row.State))
				return nil
			}
			c.Objects = func(context.Context, *ent.Integration) ([]string, error) { return []string{"Contact"}, nil }
		})
		id, ticket := h.start()
		redirect, cookie, err := h.OpenSignIn(t.Context(), ticket)
		require.NoError(t, err)
		u, err := url.Parse(redirect)
		require.NoError(t, err)
		require.Equal(t, publicURL+"/oauth/callback", u.Query().Get("redirect_uri"))
		require.Equal(t, "api refresh_token openid", u.Query().Get("scope"))
		require.Equal(t, "login", u.Query().Get("prompt"))
		require.NotContains(t, redirect, clientSecret)

		state, code := h.crm.approve(redirect)
		result, err := h.Callback(t.Context(), connect.CallbackInput{State: state, Code: code, BrowserCookie: cookie})
		require.NoError(t, err)
		who, _ := principal.From(h.ctx)
		require.Equal(t, connect.CallbackResult{WorkspaceID: who.WorkspaceID, IntegrationID: id, State: crm.IntegrationOnboarding}, result)

		row := h.row(id)
		require.Equal(t, crm.IntegrationOnboarding, row.State)
		require.Equal(t, []string{"00D000000000001AAA", "Acme", "https://acme.my.salesforce.com", "Enterprise Edition", "66.0", "integration@acme.com", h.crm.URL},
			[]string{row.InstanceID, row.InstanceName, row.InstanceURL, row.InstanceEdition, row.APIVersion, row.IntegrationUser, row.Endpoint})
		require.True(t, row.IntegrationUserDedicated)
		require.Equal(t, []crm.OnboardingStep{crm.StepAuthorize}, row.StepsDone)
		require.Equal(t, []string{
			"edition", "object-Contact", "token", "right-instance", "api-budget", "daily-budget", "required-objects", "required-fields", "dedicated-user",
		}, keysOf(row.Checklist), "what the connector tests, then what the host knows")
		require.NotNil(t, row.ChecklistAt)
		require.Nil(t, row.NextRunAt)
		require.Equal(t, []string{"admin ONBOARDING"}, authorized, "it acts as whoever started")
		require.Equal(t, []crm.IntegrationState{crm.IntegrationAuthorizing, crm.IntegrationOnboarding}, h.states())
		audited, err := s.Read().AuditEntry.Query().Where(auditentry.Action("integration.authorized")).Only(h.ctx)
		require.NoError(t, err)
		require.Equal(t, h.adminToken.ID, audited.Actor)

		calls, err := h.call(id)
		require.NoError(t, err)
		require.Equal(t, 1, calls)
		require.Zero(t, h.crm.tally().returned)
		h.requireNoSecrets(ticket, state, cookie, h.adminToken.Token.Reveal())
	})
}

// TestTheSystemConnectsToo: a demo has no token.
func TestTheSystemConnectsToo(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		who, _ := principal.From(h.ctx)
		h.ctx = principal.System(t.Context(), who.WorkspaceID, "demo")
		id := h.connect()
		audited, err := s.Read().AuditEntry.Query().Where(auditentry.Action("integration.authorized"), auditentry.Target(id)).Only(h.ctx)
		require.NoError(t, err)
		require.Equal(t, "system:demo", audited.Actor)
	})
}

// TestCallbackThatIsNotOursChangesNothing: afterwards the right browser still can
// finish.
func TestCallbackThatIsNotOursChangesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		id, ticket := h.start()
		good := h.open(ticket)
		for name, c := range map[string]struct {
			change func(*connect.CallbackInput)
			want   fault.Code
		}{
			"unknown state":   {func(in *connect.CallbackInput) { in.State = "guessed" }, fault.OAuthStateInvalid},
			"no state":        {func(in *connect.CallbackInput) { in.State = "" }, fault.OAuthStateInvalid},
			"other browser":   {func(in *connect.CallbackInput) { in.BrowserCookie = "another" }, fault.OAuthStateInvalid},
			"no cookie":       {func(in *connect.CallbackInput) { in.BrowserCookie = "" }, fault.OAuthStateInvalid},
			"ticket as state": {func(in *connect.CallbackInput) { in.State = ticket }, fault.OAuthStateInvalid},
			"foreign denial":  {func(in *connect.CallbackInput) { in.Error, in.BrowserCookie = "access_denied", "x" }, fault.OAuthStateInvalid},
		} {
			in := good
			c.change(&in)
			result, err := h.Callback(t.Context(), in)
			require.Equal(t, c.want, fault.CodeOf(err), "%s: %v", name, err)
			require.Empty(t, result)
			require.Equal(t, crm.IntegrationAuthorizing, h.row(id).State, name)
		}
		require.Zero(t, h.crm.tally().exchanges, "the CRM was not asked")
		_, err := h.Callback(t.Context(), good)
		require.NoError(t, err)

		_, err = h.Callback(t.Context(), good)
		require.Equal(t, fault.OAuthStateUsed, fault.CodeOf(err))
		require.Equal(t, crm.IntegrationOnboarding, h.row(id).State)
		require.Equal(t, 1, h.crm.tally().exchanges)
		clock.Advance(time.Hour)
		_, err = h.Callback(t.Context(), good)
		require.Equal(t, fault.OAuthStateUsed, fault.CodeOf(err))
	})
}

func TestCallbackComesTooLate(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, clock *clockwork.FakeClock) {
		h := newHouse(t, s)
		id, ticket := h.start()
		in := h.open(ticket)
		clock.Advance(10 * time.Minute)
		_, err := h.Callback(t.Context(), in)
		require.Equal(t, fault.OAuthStateExpired, fault.CodeOf(err))
		require.Equal(t, crm.IntegrationAuthorizing, h.row(id).State)

		_, ticket = h.start()
		in = h.open(ticket)
		who, _ := principal.From(h.ctx)
		require.NoError(t, h.auth.Revoke(h.ctx, who.WorkspaceID, h.adminToken.ID))
		_, err = h.Callback(t.Context(), in)
		require.Equal(t, fault.Unauthenticated, fault.CodeOf(err), "whoever started may no longer connect")
		require.Zero(t, h.crm.tally().exchanges)
	})
}

// TestSignInThatFailsLeavesADraftWithTheReason goes through everything that the
// CRM, the connector and a wrong choice can do to a sign-in.
func TestSignInThatFailsLeavesADraftWithTheReason(t *testing.T) {
	t.Parallel()
	const evil = "https://evil.example.com"
	status := func(code int, body string) func(*house) {
		return func(h *house) {
			answer := func(w http.ResponseWriter, _ url.Values) bool {
				w.WriteHeader(code)
				_, _ = w.Write([]byte(body))
				return true
			}
			h.crm.set(func() { h.crm.instead = answer })
		}
	}
	extra := func(name string, value any) func(*house) {
		return func(h *house) { h.crm.set(func() { h.crm.extra[name] = value }) }
	}
	cases := map[string]struct {
		in   func(*connect.CallbackInput)
		with func(*house)
		want fault.Code
		says string
		// returned is whether tokens were issued, and so given back.
		returned bool
	}{
		"denied":            {in: func(in *connect.CallbackInput) { in.Error = "access_denied" }, want: fault.OAuthDenied},
		"app blocked":       {in: func(in *connect.CallbackInput) { in.Error = "OAUTH_APP_BLOCKED" }, want: fault.CRMAppBlocked},
		"redirect mismatch": {in: func(in *connect.CallbackInput) { in.Error = "redirect_uri_mismatch" }, want: fault.CRMInvalidRequest},
		"an error of markup": {in: func(in *connect.CallbackInput) {
			in.Error, in.ErrorDescription = "<script>alert(1)</script>", "<b>"
		}, want: fault.CRMBadResponse},
		"a description with secrets": {in: func(in *connect.CallbackInput) {
			in.Error, in.ErrorDescription = "server_error", "token 00D000000000001!canary.access.9 \x1b[31m\nfailed"
		}, want: fault.CRMInvalidRequest, says: "token [secret] [31mfailed"},
		"neither code nor error": {in: func(in *connect.CallbackInput) { in.Code = "" }, want: fault.CRMBadResponse},
		"a code of somebody":     {in: func(in *connect.CallbackInput) { in.Code = "canary-code-of-somebody" }, want: fault.CRMInvalidRequest, says: "invalid authorization code"},
		"wrong client secret": {with: func(h *house) {
			h.remake(func(c *connect.Config) {
				c.OAuthClients[connect.Slot("salesforce", crm.Production)] = connect.OAuthClient{ID: clientID, Secret: "canary-wrong-secret"}
			})
		}, want: fault.OAuthClientMissing, says: "invalid client credentials"},
		"token service down":        {with: status(503, "maintenance"), want: fault.CRMUnavailable},
		"token service limited":     {with: status(429, ""), want: fault.CRMRateLimited},
		"a gateway's page":          {with: status(502, "<html>"), want: fault.CRMBadResponse},
		"a proxy's login page":      {with: status(200, "<html>canary-code</html>"), want: fault.CRMBadResponse},
		"a redirect":                {with: status(302, ""), want: fault.CRMBadResponse},
		"an error that echoes":      {with: echo, want: fault.CRMInvalidRequest, says: "(invalid_request)."},
		"an endless answer":         {with: status(200, strings.Repeat("x", 2<<20)), want: fault.CRMUnavailable},
		"connection lost":           {with: func(h *house) { h.crm.set(func() { h.crm.after = drop }) }, want: fault.CRMUnavailable},
		"another token type":        {with: extra("token_type", "mac"), want: fault.CRMBadResponse},
		"an access token too long":  {with: extra("access_token", strings.Repeat("x", 20<<10)), want: fault.CRMBadResponse},
		"no access token":           {with: extra("access_token", nil), want: fault.CRMBadResponse},
		"an access token of no use": {with: extra("access_token", map[string]any{"a": 1}), want: fault.CRMBadResponse},
		"no refresh token":          {with: extra("refresh_token", nil), want: fault.CRMForbidden, returned: true},
		"a scope is missing":        {with: extra("scope", "api"), want: fault.CRMForbidden, says: "refresh_token, openid", returned: true},
		"an evil instance":          {with: extra("instance_url", evil), want: fault.HostBlocked, says: "evil.example.com", returned: true},
		"an evil look-alike":        {with: extra("instance_url", "https://evilmy.salesforce.com"), want: fault.HostBlocked, returned: true},
		"an instance without TLS":   {with: extra("instance_url", "http://acme.my.salesforce.com"), want: fault.HostBlocked, returned: true},
		"an instance with a query":  {with: extra("instance_url", "https://acme.my.salesforce.com/?x=1"), want: fault.HostBlocked, returned: true},
		"an instance with a user":   {with: extra("instance_url", "https://acme.my.salesforce.com@evil.example.com"), want: fault.HostBlocked, returned: true},
		"metadata address":          {with: extra("instance_url", "http://169.254.169.254"), want: fault.HostBlocked, returned: true},
		"no instance":               {with: extra("instance_url", nil), want: fault.CRMBadResponse, returned: true},
		"connector crashed": {with: func(h *house) {
			h.connectors.err = fault.New(fault.ConnectorCrashed, "The connector crashed.")
		}, want: fault.ConnectorCrashed, returned: true},
		"connector knows no instance": {with: func(h *house) { h.connectors.identity.InstanceID = "" }, want: fault.ConnectorAnswer, returned: true},
		"a sandbox": {with: func(h *house) {
			h.connectors.identity.Environment = crm.Sandbox
		}, want: fault.EnvironmentMismatch, says: "Acme is SANDBOX, but PRODUCTION was chosen", returned: true},
		"the next step fails": {with: func(h *house) {
			h.remake(func(c *connect.Config) {
				c.OnAuthorized = func(context.Context, *store.Tx, *ent.Integration) error {
					return fault.New(fault.ShuttingDown, "Shutting down.")
				}
			})
		}, want: fault.ShuttingDown, returned: true},
	}
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		for name, c := range cases {
			h := newHouse(t, s)
			if c.with != nil {
				c.with(h)
			}
			id, ticket := h.start()
			in := h.open(ticket)
			if c.in != nil {
				c.in(&in)
			}
			result, err := h.Callback(t.Context(), in)
			require.Equal(t, c.want, fault.CodeOf(err), "%s: %v", name, err)
			require.ErrorContains(t, err, c.says, name)
			require.Equal(t, id, result.IntegrationID, name)
			row := h.row(id)
			require.Equal(t, crm.IntegrationDraft, row.State, name)
			require.Contains(t, row.StateReason, string(c.want), name)
			require.Empty(t, row.InstanceID, name)
			require.Zero(t, s.Read().Credential.Query().CountX(h.ctx), name)
			require.Equal(t, c.returned, h.crm.tally().returned == 1, "%s: tokens given back", name)
			require.NotContains(t, err.Error(), "canary", name)
			h.requireNoSecrets("canary-wrong-secret")

			// Nothing is stuck: the next try succeeds.
			fresh := newHouseLike(h)
			require.Equal(t, id, fresh.connect(), name)
			require.Empty(t, h.row(id).StateReason, name)
		}
	})
}

// echo answers with an error that repeats what was sent.
func echo(h *house) {
	answer := func(w http.ResponseWriter, form url.Values) bool {
		refuse(w, "invalid_request", "bad: "+form.Get("client_secret")+form.Get("code"))
		return true
	}
	h.crm.set(func() { h.crm.instead = answer })
}

// newHouseLike heals everything that a case broke.
func newHouseLike(h *house) *house {
	h.crm.set(func() { h.crm.instead, h.crm.after, h.crm.extra = nil, nil, map[string]any{} })
	h.connectors.err, h.connectors.identity.Environment, h.connectors.identity.InstanceID = nil, crm.Production, "00D000000000001AAA"
	h.remake(func(c *connect.Config) {
		c.OnAuthorized = nil
		c.OAuthClients = map[string]connect.OAuthClient{connect.Slot("salesforce", crm.Production): {ID: clientID, Secret: clientSecret}}
	})
	return h
}

// TestAConnectionTestThatFailsDoesNotUndoTheSignIn: it is made again later.
func TestAConnectionTestThatFailsDoesNotUndoTheSignIn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		h.connectors.checkErr = fault.New(fault.CRMTimeout, "The CRM did not answer.")
		row := h.row(h.connect())
		require.Equal(t, crm.IntegrationOnboarding, row.State)
		require.Nil(t, row.ChecklistAt)
	})
}

func TestOfManyCallbacksAtTheSameMomentOneWins(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store, _ *clockwork.FakeClock) {
		h := newHouse(t, s)
		const rounds, browsers = 10, 8
		h.connectors.set(func() { h.connectors.err = fault.New(fault.CRMTimeout, "No answer.") }) // so that there is another round
		for round := range rounds {
			id, ticket := h.start()
			in := h.open(ticket)
			codes := make([]fault.Code, browsers)
			var all sync.WaitGroup
			for i := range browsers {
				all.Go(func() {
					_, err := h.Callback(t.Context(), in)
					codes[i] = fault.CodeOf(err)
				})
			}
			all.Wait()
			won := 0
			for _, code := range codes {
				if code == fault.CRMTimeout {
					won++
				} else {
					require.Equal(t, fault.OAuthStateUsed, code)
				}
			}
			require.Equal(t, 1, won)
			require.Equal(t, round+1, h.crm.tally().exchanges)
			require.Equal(t, crm.IntegrationDraft, h.row(id).State)
		}
	})
}

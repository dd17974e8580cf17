package integration_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	alerts "github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	connect "github.com/fieldwarden/fieldwarden/internal/integration"
	"github.com/fieldwarden/fieldwarden/internal/job"
	"github.com/fieldwarden/fieldwarden/internal/netguard"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest"
)

const publicURL = "https://fieldwarden.example.com"

// house is a Service with a real store, real tokens and a CRM on loopback.
type house struct {
	*connect.Service
	t          *testing.T
	ctx        context.Context // an admin acts
	store      *store.Store
	clock      clockwork.Clock
	crm        *crmServer
	connectors *connectors
	auth       *auth.Service
	adminToken auth.Issued
	jobs       *job.Engine
	config     connect.Config
	log        *lockedBuffer
	keys       int
}

// connectors plays the connector host with one connector, "salesforce".
type connectors struct {
	mu        sync.Mutex
	manifest  crm.Manifest
	identity  crm.Identity
	err       error
	checklist []crm.ChecklistItem
	checkErr  error
}

// set changes how the connector behaves.
func (c *connectors) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

func (c *connectors) Describe(name string) (crm.Manifest, error) {
	if name != c.manifest.Name {
		return crm.Manifest{}, fault.New(fault.ConnectorNotFound, "There is no such connector.")
	}
	return c.manifest, nil
}

func (c *connectors) Identify(context.Context, string, crm.Target) (crm.Identity, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.identity, c.err
}

func (c *connectors) Checklist(_ context.Context, _ string, t crm.Target, objects []string) ([]crm.ChecklistItem, error) {
	items := append([]crm.ChecklistItem{}, c.checklist...)
	for _, object := range objects {
		items = append(items, crm.ChecklistItem{Key: "object-" + object, Status: crm.ChecklistPass, Evidence: t.Endpoint})
	}
	return items, c.checkErr
}

func salesforce() crm.Manifest {
	oauth := func(login string) crm.OAuthSpec {
		return crm.OAuthSpec{
			AuthorizeURL: login + "/services/oauth2/authorize", TokenURL: login + "/services/oauth2/token", RevokeURL: login + "/services/oauth2/revoke",
			Scopes: []string{"api", "refresh_token", "openid"}, PKCE: true, RotatesRefreshToken: true, EndpointField: "instance_url",
			AuthorizeParams: map[string]string{"prompt": "login"},
		}
	}
	return crm.Manifest{
		Name: "salesforce", Title: "Salesforce",
		Environments: []crm.EnvironmentSpec{
			{Environment: crm.Production, OAuth: oauth("https://login.salesforce.com")},
			{Environment: crm.Sandbox, OAuth: oauth("https://test.salesforce.com")},
		},
		AllowedHosts:  []string{"login.salesforce.com", "test.salesforce.com", "*.my.salesforce.com"},
		Prerequisites: []crm.Prerequisite{{Key: "edition", Required: true}, {Key: "integration-user"}},
	}
}

func newHouse(t *testing.T, s *store.Store) *house {
	t.Helper()
	h := &house{t: t, store: s, clock: s.Clock(), crm: newCRM(t), log: &lockedBuffer{}}
	h.connectors = &connectors{manifest: salesforce(), identity: crm.Identity{
		InstanceID: "00D000000000001AAA", InstanceName: "Acme", InstanceURL: "https://acme.my.salesforce.com", Environment: crm.Production,
		Edition: "Enterprise Edition", APIVersion: "66.0", UserName: "integration@acme.com", DedicatedUser: true,
	}, checklist: []crm.ChecklistItem{{Key: "edition", Title: "Edition", Status: crm.ChecklistPass}}}
	logger := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	h.auth, err = auth.New(auth.Config{Store: s, Logger: logger})
	require.NoError(t, err)
	ctx, workspace := storetest.Workspace(t, s)
	h.adminToken, err = h.auth.Issue(ctx, auth.IssueInput{WorkspaceID: workspace.ID, Name: "admin", Role: principal.RoleAdmin})
	require.NoError(t, err)
	h.ctx = principal.With(t.Context(), principal.Principal{ID: h.adminToken.ID, Name: "admin", WorkspaceID: workspace.ID, Role: principal.RoleAdmin})
	alertService, err := alerts.New(alerts.Config{Connectors: h.connectors, Logger: logger})
	require.NoError(t, err)
	h.jobs, err = job.New(job.Config{Store: s, Logger: slog.New(slog.DiscardHandler), PollInterval: 10 * time.Millisecond, FetchCooldown: 5 * time.Millisecond})
	require.NoError(t, err)
	h.config = connect.Config{
		Store: s, Box: newBox(t), Connectors: h.connectors, SignIns: h.auth, HTTP: h.client(), Alerts: alertService, Jobs: h.jobs, Logger: logger,
		NodeID: "node-1", PublicURL: publicURL,
		OAuthClients: map[string]connect.OAuthClient{
			connect.Slot("salesforce", crm.Production): {ID: clientID, Secret: clientSecret},
			connect.Slot("salesforce", crm.Sandbox):    {ID: clientID, Secret: clientSecret},
		},
		Endpoints: map[string]string{
			connect.Slot("salesforce", crm.Production): h.crm.URL,
			connect.Slot("salesforce", crm.Sandbox):    h.crm.URL + "/",
		},
	}
	h.remake(func(*connect.Config) {})
	return h
}

// remake makes the Service anew with another configuration.
func (h *house) remake(change func(*connect.Config)) {
	h.t.Helper()
	change(&h.config)
	var err error
	h.Service, err = connect.New(h.config)
	require.NoError(h.t, err)
}

func (h *house) client() *netguard.Client {
	c, err := netguard.New(netguard.Config{Allow: []string{h.crm.Listener.Addr().String()}, Timeout: 5 * time.Second})
	require.NoError(h.t, err)
	return c
}

func newBox(t *testing.T) *secret.Box {
	t.Helper()
	path := t.TempDir() + "/key"
	require.NoError(t, secret.Generate(path))
	keys, err := secret.Load("file:" + path)
	require.NoError(t, err)
	box, err := secret.NewBox(keys)
	require.NoError(t, err)
	return box
}

// key is a fresh idempotency key.
func (h *house) key() string {
	h.keys++
	return fmt.Sprintf("key-%d", h.keys)
}

// start opens a sign-in and returns the integration and the link's ticket.
func (h *house) start() (integrationID, ticket string) {
	h.t.Helper()
	started, err := h.Start(h.ctx, connect.StartInput{Connector: "salesforce", Environment: crm.Production, IdempotencyKey: h.key()})
	require.NoError(h.t, err)
	u, err := url.Parse(started.SignInURL)
	require.NoError(h.t, err)
	require.Equal(h.t, publicURL+"/oauth/start", u.Scheme+"://"+u.Host+u.Path)
	return started.IntegrationID, u.Query().Get("ticket")
}

// open goes as far as the CRM's answer.
func (h *house) open(ticket string) connect.CallbackInput {
	h.t.Helper()
	redirect, cookie, err := h.OpenSignIn(h.t.Context(), ticket)
	require.NoError(h.t, err)
	state, code := h.crm.approve(redirect)
	return connect.CallbackInput{State: state, Code: code, BrowserCookie: cookie}
}

// connect signs in and returns the integration, which is in onboarding.
func (h *house) connect() string {
	h.t.Helper()
	id, ticket := h.start()
	result, err := h.Callback(h.t.Context(), h.open(ticket))
	require.NoError(h.t, err)
	require.Equal(h.t, id, result.IntegrationID)
	return id
}

// activate connects and finishes the onboarding.
func (h *house) activate() string {
	h.t.Helper()
	id := h.connect()
	h.finish(id)
	return id
}

// finish takes an integration through the rest of the onboarding.
func (h *house) finish(id string) {
	h.t.Helper()
	require.NoError(h.t, h.store.WithTx(h.ctx, func(ctx context.Context, tx *store.Tx) error {
		return h.MarkStep(ctx, tx, id, crm.StepCheck)
	}))
	for _, step := range []crm.OnboardingStep{crm.StepSettings, crm.StepStandardization} {
		require.NoError(h.t, h.CompleteStep(h.ctx, connect.CompleteStepInput{IntegrationID: id, Step: step, IdempotencyKey: h.key()}))
	}
	require.NoError(h.t, h.FinishOnboarding(h.ctx, connect.FinishInput{IntegrationID: id, IdempotencyKey: h.key()}))
}

// reconnect signs in again to an integration that exists.
func (h *house) reconnect(id string) {
	h.t.Helper()
	started, err := h.Reconnect(h.ctx, connect.SignInAgainInput{IntegrationID: id, IdempotencyKey: h.key()})
	require.NoError(h.t, err)
	require.Equal(h.t, id, started.IntegrationID)
	_, err = h.Callback(h.t.Context(), h.open(ticketOf(h.t, started.SignInURL)))
	require.NoError(h.t, err)
}

func keysOf(items []crm.ChecklistItem) []string {
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = item.Key
	}
	return keys
}

func (h *house) row(id string) *ent.Integration {
	h.t.Helper()
	row, err := h.store.Read().Integration.Get(h.ctx, id)
	require.NoError(h.t, err)
	return row
}

// credential returns the row of the only credential.
func (h *house) credential() *ent.Credential {
	h.t.Helper()
	row, err := h.store.Read().Credential.Query().Only(h.ctx)
	require.NoError(h.t, err)
	return row
}

// opened is what the only credential holds, in clear.
func (h *house) opened() string {
	h.t.Helper()
	row := h.credential()
	plain, err := h.config.Box.Open(row.WorkspaceID, row.IntegrationID, row.Sealed)
	require.NoError(h.t, err)
	return string(plain)
}

// call makes a call that the CRM accepts or refuses for its access token.
func (h *house) call(id string) (calls int, err error) {
	err = h.Call(h.ctx, id, func(_ context.Context, connector string, t crm.Target) error {
		calls++
		if connector != "salesforce" || t.IntegrationID != id || t.Endpoint != h.crm.URL {
			return fault.New(fault.Internal, "wrong target "+t.Endpoint)
		}
		if !h.crm.accepts(t.AccessToken) {
			return fault.New(fault.CRMUnauthenticated, "Session expired or invalid")
		}
		return nil
	})
	return calls, err
}

// openAlerts lists the rules of the integration's open alerts.
func (h *house) openAlerts(id string) (rules []crm.AlertRule) {
	h.t.Helper()
	rows, err := h.store.Read().Alert.Query().
		Where(alert.HasIntegrationWith(integration.ID(id)), alert.StateNEQ(crm.AlertResolved)).All(h.ctx)
	require.NoError(h.t, err)
	for _, row := range rows {
		rules = append(rules, row.Rule)
	}
	return rules
}

// states lists the states that the feed told of, in order.
func (h *house) states() (states []crm.IntegrationState) {
	h.t.Helper()
	who, _ := principal.From(h.ctx)
	entries, err := h.store.FeedAfter(h.ctx, who.WorkspaceID, 0, 1000)
	require.NoError(h.t, err)
	for _, entry := range entries {
		if entry.Kind == "integration" {
			var payload struct{ State crm.IntegrationState }
			require.NoError(h.t, json.Unmarshal(entry.Payload, &payload))
			states = append(states, payload.State)
		}
	}
	return states
}

// requireNoSecrets looks for the canaries in all that was stored and logged.
func (h *house) requireNoSecrets(secrets ...string) {
	h.t.Helper()
	read := h.store.Read()
	var all bytes.Buffer
	add := func(value any, err error) {
		require.NoError(h.t, err)
		encoded, err := json.Marshal(value)
		require.NoError(h.t, err)
		all.Write(encoded)
	}
	add(read.Integration.Query().All(h.ctx))
	add(read.AuditEntry.Query().All(h.ctx))
	add(read.FeedEntry.Query().All(h.ctx))
	add(read.IdempotencyKey.Query().All(h.ctx))
	add(read.Alert.Query().All(h.ctx))
	credentials, err := read.Credential.Query().All(h.ctx)
	require.NoError(h.t, err)
	for _, row := range credentials {
		all.Write(row.Sealed)
	}
	clients, err := read.OAuthClient.Query().All(h.ctx)
	require.NoError(h.t, err)
	for _, row := range clients {
		all.Write(row.SealedSecret)
	}
	signIns, err := read.OAuthState.Query().All(h.ctx)
	require.NoError(h.t, err)
	for _, row := range signIns {
		all.Write(bytes.Join([][]byte{row.StateHash, row.TicketHash, row.BrowserHash, row.SealedVerifier}, nil))
	}
	all.WriteString(h.log.String())
	for _, canary := range append(secrets, clientSecret, "canary.access", "canary.refresh", "canary-code") {
		require.NotContains(h.t, all.String(), canary)
	}
}

// lockedBuffer is a log that goroutines may write to.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// unreachable is a client whose requests certainly never leave.
type unreachable struct{}

func (unreachable) Do(*http.Request) (*netguard.Response, error) {
	return nil, &netguard.Error{Host: "login.example.com"}
}

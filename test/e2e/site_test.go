package e2e

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"
	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/simulated"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/server"
)

const (
	connectorName = "salesforce"
	// patience is how long a test waits for what must happen by itself. It is long:
	// the machines that run this are shared.
	patience = 90 * time.Second
)

// crmSite is the address at which the server finds its CRM. Other orgs can be put
// behind it while the server runs.
type crmSite struct {
	url     string
	current atomic.Pointer[salesforce.Simulator]
	// watch, when set, sees every exchange; it must call next.
	watch func(w http.ResponseWriter, r *http.Request, next http.Handler)
}

// controls are the switches of the org that stands there now.
func (c *crmSite) controls() *salesforce.Controls { return c.current.Load().Controls() }

// put places another org behind the address.
func (c *crmSite) put(t *testing.T, config salesforce.Config) {
	t.Helper()
	config.RotateRefreshTokens, config.RequirePKCE = true, true
	if config.Records == nil {
		config.Records = map[string]int{"User": 5, "Account": 40, "Contact": 80, "Lead": 40, "Opportunity": 35}
	}
	simulator, err := salesforce.New(config)
	require.NoError(t, err)
	c.current.Store(simulator)
}

// ServeHTTP answers as the org that stands there now.
func (c *crmSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	next := c.current.Load().Handler()
	if c.watch != nil {
		c.watch(w, r, next)
		return
	}
	next.ServeHTTP(w, r)
}

// newCRM serves an org on loopback until the test ends.
func newCRM(t *testing.T, config salesforce.Config) *crmSite {
	t.Helper()
	listener, err := crmsim.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	c := &crmSite{url: "http://" + listener.Addr().String()}
	c.put(t, config)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- crmsim.Serve(ctx, listener, c, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	return c
}

// site is a running server with its CRM.
type site struct {
	*server.Server
	config server.Config
	vendor vendor
	// crm is the CRM where the vendor is Salesforce, simulated where it is another.
	crm       *crmSite
	simulated *simulated.CRM
	// admin acts in the workspace that the server made at its first start.
	admin user
}

// siteOptions change what a site is made of.
type siteOptions struct {
	// vendor is Salesforce unless it is given.
	vendor vendor
	crm    salesforce.Config
	clock  clockwork.Clock
	config func(*server.Config)
	tuning func(*server.Tuning)
}

// newSite starts a server in this process on the database at url. It ends, orderly,
// with the test.
func newSite(t *testing.T, url string, options siteOptions) *site {
	t.Helper()
	s := &site{vendor: options.vendor}
	switch s.vendor.connector {
	case "", connectorName:
		s.vendor, s.crm = salesforceVendor(), newCRM(t, options.crm)
		s.config = configure(t, url, s.crm.url)
	default:
		s.config = configure(t, url, "")
		s.simulated = s.vendor.simulate(t, &s.config)
	}
	if options.config != nil {
		options.config(&s.config)
	}
	// A confirmation that is due at once does not wait for the job engine's scheduler,
	// which looks every five seconds.
	tuning := server.Tuning{ConfirmDelay: time.Nanosecond, JobPoll: 150 * time.Millisecond, TxTimeout: 30 * time.Second}
	if options.tuning != nil {
		options.tuning(&tuning)
	}
	var err error
	s.Server, err = server.New(t.Context(), s.config, server.Options{
		Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		Clock:  options.clock, ShimPath: programs.server, Tuning: tuning,
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	s.admin = s.user(t, s.WorkspaceID(), principal.RoleAdmin)
	return s
}

// configure makes a configuration with a data folder and a key of its own and with
// the Salesforce connector, pointed at a simulator.
func configure(t *testing.T, url, simulator string) server.Config {
	t.Helper()
	config := server.DefaultConfig()
	config.Listen, config.Database, config.DataDir = "127.0.0.1:0", url, dataDir(t)
	config.Key = "file:" + filepath.Join(config.DataDir, "key.json")
	require.NoError(t, secret.Generate(filepath.Join(config.DataDir, "key.json")))
	config.Connectors = []server.ConnectorConfig{{Name: connectorName, Path: programs.connector}}
	clientSecret := filepath.Join(config.DataDir, "client-secret")
	require.NoError(t, os.WriteFile(clientSecret, []byte(salesforce.DefaultClientSecret), 0o600))
	config.Endpoints, config.OAuthClients = map[string]string{}, map[string]server.OAuthClientConfig{}
	for _, environment := range []crm.Environment{crm.Production, crm.Sandbox} {
		slot := connectorName + ":" + string(environment)
		config.Endpoints[slot] = simulator
		config.OAuthClients[slot] = server.OAuthClientConfig{ID: salesforce.DefaultClientID, Secret: "file:" + clientSecret}
	}
	return config
}

// dataDir is a folder with a short path: it holds a socket, whose path may have
// about a hundred bytes.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fwe2e-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// user is somebody with a bearer token.
type user struct {
	drive.Client
	tokenID string
}

// user issues a token of a workspace.
func (s *site) user(t *testing.T, workspaceID string, role principal.Role) user {
	t.Helper()
	issued, err := s.Auth().Issue(principal.System(t.Context(), workspaceID, "test"), auth.IssueInput{
		WorkspaceID: workspaceID, Name: "test " + rand.Text(), Role: role,
	})
	require.NoError(t, err)
	return user{Client: drive.Client{URL: s.URL() + "/graphql", Token: issued.Token.Reveal()}, tokenID: issued.ID}
}

// otherWorkspace makes another workspace and an admin of it.
func (s *site) otherWorkspace(t *testing.T) user {
	t.Helper()
	made, err := s.Auth().EnsureWorkspace(t.Context(), auth.WorkspaceInput{
		Name: "Other " + rand.Text(), Edition: crm.EditionAdvancedPlus, PackageKey: "sales-engagement", TimeZone: "UTC",
	})
	require.NoError(t, err)
	return s.user(t, made.ID, principal.RoleAdmin)
}

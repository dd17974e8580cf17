package ui

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"entgo.io/ent"
	"github.com/stretchr/testify/require"

	"github.com/99designs/gqlgen/graphql"

	entgen "github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/notify"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/simulated"
	"github.com/fieldwarden/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/test/internal/sink"
)

// web is the folder of the UI's sources.
const web = "../../web"

// world is what the browser's tests are told; web/e2e/world.ts reads it.
type world struct {
	// URL is the server's, Simulator that of the first simulator's control API.
	URL       string `json:"url"`
	Simulator string `json:"simulator"`
	// OwnerLink signs in once, as the workspace's first owner.
	OwnerLink string `json:"ownerLink"`
	// Counts answers with the SQL statements by operation name and forgets them.
	Counts string `json:"counts,omitempty"`
	// Tokens by role.
	Tokens map[string]string `json:"tokens"`
	// Integrations by the name of their connector, and others that screens need an id of.
	Integrations map[string]string `json:"integrations"`
	Artifacts    string            `json:"artifacts"`
	Chromium     string            `json:"chromium"`
}

// site is a server in this process with all simulated CRMs.
type site struct {
	*server.Server
	client  drive.Client
	mails   *sink.MailServer
	hook    *sink.Web
	counter *counter
	world   world
}

// counter counts Ent's queries through the reader, each of which is one statement, by
// the GraphQL operation that they are for.
type counter struct {
	mu         sync.Mutex
	statements map[string]int
}

func (c *counter) intercept(next ent.Querier) ent.Querier {
	return ent.QuerierFunc(func(ctx context.Context, query ent.Query) (ent.Value, error) {
		if graphql.HasOperationContext(ctx) {
			c.mu.Lock()
			c.statements[graphql.GetOperationContext(ctx).OperationName]++
			c.mu.Unlock()
		}
		return next.Query(ctx, query)
	})
}

func (c *counter) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = json.NewEncoder(w).Encode(c.statements)
	c.statements = map[string]int{}
}

// newSite starts a server on SQLite whose CRMs have this many records in all. It ends with the test.
func newSite(t *testing.T, records int) *site {
	t.Helper()
	if missing != "" {
		t.Skip("SKIPPED: no browser test: " + missing)
	}
	s := &site{mails: sink.SMTP(t), hook: sink.Webhook(t), counter: &counter{statements: map[string]int{}}}
	// Short: a socket lives below it.
	folder, err := os.MkdirTemp("", "fwui-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	simulators := startSimulators(t, records)
	config := server.DefaultConfig()
	config.Listen, config.DataDir, config.Database = "127.0.0.1:0", folder, "sqlite:"+folder
	config.Key = "file:" + filepath.Join(folder, "key.json")
	require.NoError(t, secret.Generate(filepath.Join(folder, "key.json")))
	config.Mail = server.MailConfig{Server: s.mails.Address, Security: notify.SecurityNone, From: "Fieldwarden <alerts@fieldwarden.example>", AllowPrivate: true}
	config.Webhooks.AllowedHosts = []string{s.hook.Host}
	config.RateLimits.SignInPerMinute = 1000
	for _, one := range simulators.CRMs {
		config.Connectors = append(config.Connectors, server.ConnectorConfig{Name: one.Name, Path: filepath.Join(programs, "fieldwarden-connector-"+one.Name)})
		require.NoError(t, one.PointAt(&config, folder))
	}
	s.Server, err = server.New(t.Context(), config, server.Options{
		Logger:   slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		ShimPath: filepath.Join(programs, "fieldwarden"), Tuning: server.Tuning{TxTimeout: 30 * time.Second},
	})
	require.NoError(t, err)
	s.Store().Read().Intercept(entgen.InterceptFunc(s.counter.intercept))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	s.describe(t, simulators)
	return s
}

func startSimulators(t *testing.T, records int) *simulated.Running {
	t.Helper()
	var crms []*simulated.CRM
	for _, name := range simulated.Names() {
		one, err := simulated.New(name, simulated.Options{Records: records, Unlimited: true})
		require.NoError(t, err)
		crms = append(crms, one)
	}
	running, err := simulated.Start(context.WithoutCancel(t.Context()), "127.0.0.1:0", slog.New(slog.DiscardHandler), crms...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, running.Close()) })
	return running
}

// describe fills in what the browser is told, but for the integrations.
func (s *site) describe(t *testing.T, simulators *simulated.Running) {
	t.Helper()
	counts := httptest.NewServer(s.counter)
	t.Cleanup(counts.Close)
	link, err := s.FirstOwnerLink(t.Context())
	require.NoError(t, err)
	s.world = world{
		URL: s.URL(), Simulator: "http://" + simulators.CRMs[0].Address, OwnerLink: link, Counts: counts.URL,
		Tokens: map[string]string{}, Integrations: map[string]string{},
	}
	for _, role := range []principal.Role{principal.RoleAdmin, principal.RoleViewer, principal.RoleCSM} {
		issued, err := s.Auth().Issue(principal.System(t.Context(), s.WorkspaceID(), "test"), auth.IssueInput{
			WorkspaceID: s.WorkspaceID(), Name: "ui " + string(role), Role: role,
		})
		require.NoError(t, err)
		s.world.Tokens[string(role)] = issued.Token.Reveal()
	}
	s.client = drive.Client{URL: s.URL() + "/graphql", Token: s.world.Tokens[string(principal.RoleAdmin)]}
}

// browse runs one of the browser's tests in the world.
func browse(t *testing.T, w world, name string) {
	t.Helper()
	w.Artifacts = os.Getenv("FIELDWARDEN_UI_ARTIFACTS")
	if w.Artifacts == "" {
		w.Artifacts = filepath.Join(t.TempDir(), "artifacts")
	}
	path, err := exec.LookPath("chromium")
	require.NoError(t, err)
	w.Chromium = path
	told, err := json.Marshal(w)
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), "npm", "--prefix", web, "run", "--silent", "e2e", "--", name)
	command.Env = append(os.Environ(), "FIELDWARDEN_UI_WORLD="+string(told))
	output, err := command.CombinedOutput()
	t.Logf("%s", output)
	require.NoError(t, err, "what the browser saw is above, and in %s", w.Artifacts)
}

// Package rig sets a whole Fieldwarden up for the tests and benchmarks that use
// it from outside: freshly built programs, a simulated CRM in this process, and
// server processes with data folders of their own.
package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/internal/drive"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/simulated"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/server"
)

// Connector is the name of the connector that most tests use.
const Connector = "salesforce"

// module is where our packages are.
const module = "github.com/fieldwarden/fieldwarden/"

// Programs are the built binaries: the server, and connectors by name.
type Programs struct {
	Server     string
	Connectors map[string]string
}

// Bundled are the packages of the bundled connectors by name.
func Bundled() map[string]string {
	bundled := map[string]string{}
	for _, name := range simulated.Names() {
		bundled[name] = module + "plugins/" + name + "/cmd/fieldwarden-connector-" + name
	}
	return bundled
}

// Build builds the server and connectors, packages by name, into folder.
func Build(ctx context.Context, folder string, connectors map[string]string) (Programs, error) {
	programs := Programs{Server: filepath.Join(folder, "fieldwarden"), Connectors: map[string]string{}}
	sources := map[string]string{programs.Server: module + "cmd/fieldwarden"}
	for name, source := range connectors {
		programs.Connectors[name] = filepath.Join(folder, "fieldwarden-connector-"+name)
		sources[programs.Connectors[name]] = source
	}
	for path, source := range sources {
		out, err := exec.CommandContext(ctx, "go", "build", "-o", path, source).CombinedOutput()
		if err != nil {
			return Programs{}, fmt.Errorf("rig: building %s: %w\n%s", source, err, out)
		}
	}
	return programs, nil
}

// CRM is a running Salesforce simulator.
type CRM struct {
	*salesforce.Controls
	*simulated.CRM

	stop   context.CancelFunc
	served chan error

	mu    sync.Mutex
	next  chan struct{}
	token string
}

// StartCRM starts a simulator on a free port of this machine.
func StartCRM(ctx context.Context, config salesforce.Config) (*CRM, error) {
	simulator, err := salesforce.New(config)
	if err != nil {
		return nil, err
	}
	listener, err := crmsim.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	c := &CRM{
		Controls: simulator.Controls(),
		CRM: &simulated.CRM{
			Name: Connector, Panel: simulator.Panel(), API: simulator.API(), Address: listener.Addr().String(),
			ClientID: salesforce.DefaultClientID, ClientSecret: salesforce.DefaultClientSecret,
		},
		stop: stop, served: make(chan error, 1), next: make(chan struct{}),
	}
	handler := simulator.Handler()
	noted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/query") {
			c.note(r.Header.Get("Authorization"))
		}
		handler.ServeHTTP(w, r)
	})
	go func() { c.served <- crmsim.Serve(serving, listener, noted, slog.New(slog.DiscardHandler)) }()
	return c, nil
}

func (c *CRM) note(authorization string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token = strings.TrimPrefix(authorization, "Bearer ")
	close(c.next)
	c.next = make(chan struct{})
}

// NextQuery is closed when the CRM is asked for records the next time.
func (c *CRM) NextQuery() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next
}

// Token is the access token with which records were asked for the last time.
func (c *CRM) Token() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.token
}

// Close stops the simulator.
func (c *CRM) Close() error {
	c.stop()
	return <-c.served
}

// Site is one place where a server runs: its folder and its configuration.
type Site struct {
	Config   server.Config
	programs Programs
	flags    []string
	log      *os.File
}

// NewSite prepares a data folder below folder for a server that talks to CRMs,
// which must listen already. An empty database means SQLite in the same folder. The
// sites of a folder share one encryption key. Keep folder's path short: unix sockets
// live below it.
func NewSite(folder, name, database string, programs Programs, crms []*simulated.CRM, flags ...string) (*Site, error) {
	config := server.DefaultConfig()
	config.Listen, config.DataDir = "127.0.0.1:0", filepath.Join(folder, name)
	if err := os.MkdirAll(config.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	config.Database = database
	if database == "" {
		config.Database = "sqlite:" + config.DataDir
	}
	key := filepath.Join(folder, "key.json")
	if _, err := os.Stat(key); errors.Is(err, os.ErrNotExist) {
		if err := secret.Generate(key); err != nil {
			return nil, err
		}
	}
	config.Key = "file:" + key
	for _, one := range crms {
		config.Connectors = append(config.Connectors, server.ConnectorConfig{Name: one.Name, Path: programs.Connectors[one.Name]})
		if err := one.PointAt(&config, folder); err != nil {
			return nil, err
		}
	}
	log, err := os.Create(filepath.Join(folder, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	return &Site{Config: config, programs: programs, flags: flags, log: log}, nil
}

// Start starts the site's server. The caller ends it.
func (s *Site) Start(ctx context.Context) (*drive.Process, error) {
	return drive.Start(ctx, s.programs.Server, s.Config, s.log, s.flags...)
}

// Program is the path of the server's binary.
func (s *Site) Program() string { return s.programs.Server }

// Token issues an admin's token; the site's server must run.
func (s *Site) Token(ctx context.Context) (string, error) {
	issued, err := drive.NewAdmin(s.Config.DataDir).IssueToken(ctx, "rig "+filepath.Base(s.Config.DataDir), principal.RoleAdmin, time.Hour)
	return issued.Token, err
}

// Log returns the last bytes that the site's servers have logged.
func (s *Site) Log(most int64) string {
	info, err := s.log.Stat()
	if err != nil {
		return err.Error()
	}
	text, err := io.ReadAll(io.NewSectionReader(s.log, max(0, info.Size()-most), most))
	return string(text) + errorText(err)
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Close ends the logging.
func (s *Site) Close() error { return s.log.Close() }

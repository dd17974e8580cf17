package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/integration"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim"
	"github.com/fieldwarden/fieldwarden/plugins/crmsim/salesforce"
	"github.com/fieldwarden/fieldwarden/server"
)

// Bundled connector and simulator.
const (
	salesforceName   = "salesforce"
	salesforceBinary = "fieldwarden-connector-salesforce"
	// simulatorSecretEnv carries the simulator's public client secret to the
	// configuration, which takes references only.
	simulatorSecretEnv = "FIELDWARDEN_SIMULATOR_SECRET"
)

type serveCommand struct {
	Config    string `help:"Configuration file (YAML)." type:"existingfile" env:"FIELDWARDEN_CONFIG"`
	Dev       bool   `help:"Everything on this machine: makes a key, starts a Salesforce simulator, prints a fresh token."`
	Simulator string `help:"Address of the simulator that --dev starts." default:"127.0.0.1:8090"`
	// ConfirmDelay and what follows exist for demonstrations and tests.
	ConfirmDelay time.Duration `help:"Wait before a suspected loss is probed again." default:"5s" hidden:""`
	JobPoll      time.Duration `help:"How often jobs are looked for on SQLite." hidden:""`
	Memory       int64         `help:"Memory limit of a connector in bytes; negative is none." name:"connector-memory" hidden:""`
	DeadAfter    time.Duration `help:"How long another server may be silent before its jobs are taken over." hidden:""`
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(r *run) error {
	config, err := c.config()
	if err != nil {
		return err
	}
	shimPath, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this binary: %w", err)
	}
	group, ctx := errgroup.WithContext(r.ctx)
	if c.Dev {
		if err := c.prepareDev(ctx, r, group, &config); err != nil {
			return err
		}
	}
	s, err := server.New(ctx, config, server.Options{
		Logger: r.logger, ShimPath: shimPath,
		Tuning: server.Tuning{ConfirmDelay: c.ConfirmDelay, JobPoll: c.JobPoll, ConnectorMemory: c.Memory, DeadAfter: c.DeadAfter},
	})
	if err != nil {
		return err
	}
	if c.Dev {
		if err := c.welcome(ctx, r, s, config.DataDir); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	group.Go(func() error {
		defer fmt.Fprintln(r.out, "stopped")
		return s.Run(ctx)
	})
	if _, err := fmt.Fprintln(r.out, "READY "+s.URL()); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return group.Wait()
}

func (c *serveCommand) config() (server.Config, error) {
	if c.Config == "" {
		return server.DefaultConfig(), nil
	}
	return server.ReadConfig(c.Config)
}

// prepareDev makes what a first look needs: a key, the bundled connector, and a
// simulator that the Salesforce integration points at.
func (c *serveCommand) prepareDev(ctx context.Context, r *run, group *errgroup.Group, config *server.Config) error {
	if err := os.MkdirAll(config.DataDir, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	key := filepath.Join(config.DataDir, "key.json")
	if _, err := os.Stat(key); errors.Is(err, os.ErrNotExist) {
		if err := secret.Generate(key); err != nil {
			return err
		}
	}
	config.Key = "file:" + key
	bundled, err := bundledConnector()
	if err != nil {
		return err
	}
	config.Connectors = append(config.Connectors, bundled)
	simulator, err := salesforce.New(salesforce.Config{Logger: r.logger, RotateRefreshTokens: true, RequirePKCE: true})
	if err != nil {
		return err
	}
	listener, err := crmsim.Listen(ctx, c.Simulator)
	if err != nil {
		return err
	}
	group.Go(func() error { return crmsim.Serve(ctx, listener, simulator.Handler(), r.logger) })
	return pointAt(config, listener.Addr())
}

// pointAt sends the Salesforce integrations of a configuration to a simulator.
func pointAt(config *server.Config, simulator net.Addr) error {
	if err := os.Setenv(simulatorSecretEnv, salesforce.DefaultClientSecret); err != nil {
		return fmt.Errorf("naming the simulator's client: %w", err)
	}
	config.Endpoints, config.OAuthClients = map[string]string{}, map[string]server.OAuthClientConfig{}
	for _, environment := range []crm.Environment{crm.Production, crm.Sandbox} {
		slot := integration.Slot(salesforceName, environment)
		config.Endpoints[slot] = "http://" + simulator.String()
		config.OAuthClients[slot] = server.OAuthClientConfig{ID: salesforce.DefaultClientID, Secret: "env:" + simulatorSecretEnv}
	}
	return nil
}

// bundledConnector is the Salesforce connector beside this binary.
func bundledConnector() (server.ConnectorConfig, error) {
	self, err := os.Executable()
	if err != nil {
		return server.ConnectorConfig{}, fmt.Errorf("finding this binary: %w", err)
	}
	return server.ConnectorConfig{Name: salesforceName, Path: filepath.Join(filepath.Dir(self), salesforceBinary)}, nil
}

// welcome prints where to go and a token that ends with the day.
func (c *serveCommand) welcome(ctx context.Context, r *run, s *server.Server, dataFolder string) error {
	ctx = principal.System(ctx, s.WorkspaceID(), "serve --dev")
	issued, err := s.Auth().Issue(ctx, auth.IssueInput{
		WorkspaceID: s.WorkspaceID(), Name: "dev " + time.Now().UTC().Format(time.RFC3339Nano), Role: principal.RoleAdmin, TTL: 24 * time.Hour,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(r.out, `
Fieldwarden is running.

  GraphiQL        %s/graphiql
  CRM simulator   http://%s/sim/
  Bearer token    %s   (ADMIN, good for 24 hours)

Paste the token into GraphiQL, then run the mutation startIntegration for the
connector "salesforce" and open the sign-in URL that it returns.
Ctrl-C stops everything; the data stays in %s.

`, s.URL(), c.Simulator, issued.Token.Reveal(), dataFolder)
	return err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/simulated"
	"github.com/fieldwarden/fieldwarden/server"
)

type serveCommand struct {
	configFlags
	Dev       bool   `help:"Everything on this machine: makes a key, starts simulated CRMs, prints a fresh token."`
	Simulator string `help:"Address of the first simulator that --dev starts; the others take the ports after it." default:"127.0.0.1:8090"`
	// ConfirmDelay and what follows exist for demonstrations and tests.
	ConfirmDelay time.Duration `help:"Wait before a suspected loss is probed again." default:"5s" hidden:""`
	Damping      time.Duration `help:"How long an alert stays resolved although its problem is back." name:"damping-window" hidden:""`
	JobPoll      time.Duration `help:"How often jobs are looked for on SQLite." hidden:""`
	Memory       int64         `help:"Memory limit of a connector in bytes; negative is none." name:"connector-memory" hidden:""`
	DeadAfter    time.Duration `help:"How long another server may be silent before its jobs are taken over." hidden:""`
}

// Run serves until it is told to stop.
func (c *serveCommand) Run(r *run) error {
	loaded, err := c.load()
	if err != nil {
		return err
	}
	config := loaded.Config
	shimPath, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this binary: %w", err)
	}
	group, ctx := errgroup.WithContext(r.ctx)
	var simulators *simulated.Running
	if c.Dev {
		if simulators, err = c.prepareDev(ctx, r, group, &config); err != nil {
			return err
		}
	}
	s, err := server.New(ctx, config, server.Options{
		Logger: r.logger, Redactor: r.redactor, Version: version, ShimPath: shimPath,
		Tuning: server.Tuning{ConfirmDelay: c.ConfirmDelay, DampingWindow: c.Damping, JobPoll: c.JobPoll, ConnectorMemory: c.Memory, DeadAfter: c.DeadAfter},
	})
	if err != nil {
		return err
	}
	if err := inviteOwner(ctx, r, s); err != nil {
		return errors.Join(err, s.Close())
	}
	if c.Dev {
		if err := welcome(ctx, r, s, simulators, config.DataDir); err != nil {
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

// prepareDev makes what a first look needs: a key, the bundled connectors, and
// simulators that the integrations point at.
func (c *serveCommand) prepareDev(ctx context.Context, r *run, group *errgroup.Group, config *server.Config) (*simulated.Running, error) {
	if err := os.MkdirAll(config.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	key := filepath.Join(config.DataDir, "key.json")
	if _, err := os.Stat(key); errors.Is(err, os.ErrNotExist) {
		if err := secret.Generate(key); err != nil {
			return nil, err
		}
	}
	config.Key = "file:" + key
	var crms []*simulated.CRM
	for _, name := range simulated.Names() {
		bundled, err := bundledConnector(name)
		if err != nil {
			return nil, err
		}
		config.Connectors = append(config.Connectors, bundled)
		one, err := simulated.New(name, simulated.Options{Logger: r.logger})
		if err != nil {
			return nil, err
		}
		crms = append(crms, one)
	}
	running, err := simulated.Start(ctx, c.Simulator, r.logger, crms...)
	if err != nil {
		return nil, err
	}
	group.Go(running.Wait)
	for _, one := range crms {
		if err := one.PointAt(config, config.DataDir); err != nil {
			return nil, err
		}
	}
	return running, nil
}

// bundledConnector is a connector beside this binary.
func bundledConnector(name string) (server.ConnectorConfig, error) {
	self, err := os.Executable()
	if err != nil {
		return server.ConnectorConfig{}, fmt.Errorf("finding this binary: %w", err)
	}
	return server.ConnectorConfig{Name: name, Path: filepath.Join(filepath.Dir(self), "fieldwarden-connector-"+name)}, nil
}

// inviteOwner prints a link for the first owner while there is none.
func inviteOwner(ctx context.Context, r *run, s *server.Server) error {
	link, err := s.FirstOwnerLink(ctx)
	if err != nil || link == "" {
		return err
	}
	_, err = fmt.Fprintf(r.out, "The workspace has no owner. Whoever opens this link becomes it (once, within 24 hours):\n  %s\n", link)
	return err
}

// welcome prints where to go and a token that ends with the day.
func welcome(ctx context.Context, r *run, s *server.Server, simulators *simulated.Running, dataFolder string) error {
	ctx = principal.System(ctx, s.WorkspaceID(), "serve --dev")
	issued, err := s.Auth().Issue(ctx, auth.IssueInput{
		WorkspaceID: s.WorkspaceID(), Name: "dev " + time.Now().UTC().Format(time.RFC3339Nano), Role: principal.RoleAdmin, TTL: 24 * time.Hour,
	})
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, one := range simulators.CRMs {
		fmt.Fprintf(&lines, "  %-15s connector %q, config %s\n", one.Title(), one.Name, configLiteral(one.Config))
	}
	_, err = fmt.Fprintf(r.out, `
Fieldwarden is running.

  GraphiQL        %s/graphiql
  CRM simulators  http://%s/sim/
  Bearer token    %s   (ADMIN, good for 24 hours)

Paste the token into GraphiQL, then run the mutation startIntegration for one of
the simulated CRMs and open the sign-in URL that it returns:

%s
Ctrl-C stops everything; the data stays in %s.

`, s.URL(), simulators.CRMs[0].Address, issued.Token.Reveal(), lines.String(), dataFolder)
	return err
}

// configLiteral writes an integration's configuration as a GraphQL literal.
func configLiteral(config map[string]any) string {
	pairs := make([]string, 0, len(config))
	for _, name := range slices.Sorted(maps.Keys(config)) {
		pairs = append(pairs, fmt.Sprintf("%s: %q", name, config[name]))
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}

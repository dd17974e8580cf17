package server

import (
	"cmp"
	"context"
	"path/filepath"

	"github.com/fieldwarden/fieldwarden/internal/auth"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/plugins/host"
)

// open opens the store, proves the key, and makes the connector host and the
// first workspace.
func (s *Server) open(ctx context.Context, options Options) error {
	box, err := secret.OpenBox(s.config.Key)
	if err != nil {
		return err
	}
	s.store, err = store.Open(ctx, store.Config{
		URL: s.config.Database, Clock: options.Clock, Logger: options.Logger, TxTimeout: options.Tuning.TxTimeout,
		Observer: s.watch,
	})
	if err != nil {
		return err
	}
	if err := box.Verify(ctx, s.store); err != nil {
		return err
	}
	if s.auth, err = s.newAuth(box); err != nil {
		return err
	}
	first := s.config.Workspace.ofNew()
	workspace, err := s.auth.EnsureWorkspace(ctx, auth.WorkspaceInput{
		Name: first.Name, Edition: first.Edition, PackageKey: first.Package, TimeZone: first.TimeZone,
	})
	if err != nil {
		return err
	}
	s.workspaceID = workspace.ID
	if owner := s.config.Workspace.OwnerEmail; owner != "" {
		if err := s.auth.EnsureOwner(ctx, workspace.ID, owner); err != nil {
			return err
		}
	}
	installations := make([]host.Installation, len(s.config.Connectors))
	for i, connector := range s.config.Connectors {
		installations[i] = host.Installation{
			Name: connector.Name, Path: connector.Path, SHA256: connector.SHA256, MemoryLimit: options.Tuning.ConnectorMemory,
		}
	}
	check := cmp.Or(options.Tuning.CheckTimeout, checkTimeout)
	s.host, err = host.New(host.Config{
		Connectors: installations, WorkDir: filepath.Join(s.config.DataDir, "connectors"),
		ShimPath: options.ShimPath, Logger: options.Logger, Clock: options.Clock, Observe: s.watch.call,
		Timeouts: host.Timeouts{Check: check, Checklist: check},
	})
	if err != nil {
		return err
	}
	s.watch.metrics.Add(newGauges(s.store, s.host))
	s.watch.metrics.AddPool("writer", s.store.SQL())
	s.cases = &useCases{box: box}
	return nil
}

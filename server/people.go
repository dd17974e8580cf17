package server

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/configuration"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/member"
	"github.com/fieldwarden/fieldwarden/internal/recipient"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/upgrade"
)

// wirePeople makes the use cases about the people of a workspace.
func (s *Server) wirePeople() (err error) {
	c := s.cases
	c.recipients = recipient.New(s.store)
	c.members, err = member.New(member.Config{
		Store: s.store, Auth: s.auth, Settings: c.settings, Packages: c.packages, KnownPackages: c.catalogue.Known(),
		Switch: func(ctx context.Context, tx *store.Tx, found *ent.Integration, to crm.Package) (*ent.Integration, error) {
			return c.upgrades.Switch(ctx, tx, found, to)
		},
	})
	return err
}

// wireConfigurations makes the use cases that stand on those of settings, mappings,
// permissions, schedules, budgets and recipients.
func (s *Server) wireConfigurations(alerts *alert.Service) (err error) {
	c := s.cases
	c.upgrades, err = upgrade.New(upgrade.Config{
		Store: s.store, Alerts: alerts, Mappings: c.mappings, Settings: c.settings, Checks: c.permissions, Packages: c.packages,
	})
	if err != nil {
		return err
	}
	c.configurations, err = configuration.New(configuration.Config{
		Store: s.store, Settings: c.settings, Mappings: c.mappings, Recipients: c.recipients, Schedules: c.schedules, Budgets: c.runs, Packages: c.packages,
	})
	return err
}

// applyEntitlements gives the first workspace what the configuration says that it
// bought. The connectors run: their manifests say which settings that concerns.
func (s *Server) applyEntitlements(ctx context.Context) error {
	err := s.cases.members.ApplyConfigured(ctx, s.workspaceID, member.Entitlements{
		Edition: s.config.Workspace.Edition, PackageKey: s.config.Workspace.Package,
	})
	if known, ok := fault.From(err); ok && known.Code == fault.BadInput {
		return fault.New(fault.ConfigInvalid, "workspace: "+known.Message, fault.Field("workspace"), fault.Cause(err))
	}
	if err != nil {
		return fmt.Errorf("server: what the workspace bought: %w", err)
	}
	return nil
}

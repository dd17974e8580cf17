// Package upgrade moves an integration to another version of what its workspace
// bought (requirement F1). A new version never comes over an integration by itself:
// it changes what is checked, alerted and mapped, so somebody sees the plan first and
// confirms it.
//
// What holds: plan and change are made from the same state under the integration's
// lock; a mapping whose standard field is gone goes with the version, and its alerts
// with it; what is new is NOT_CHECKED until the check that the same transaction asks
// for; nothing is decided for an admin, so new standard fields are mapped by people.
package upgrade

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/alert"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/settings"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Checks asks for a check of all objects of an integration; permission.Service is one.
type Checks interface {
	EnqueueOnboarding(ctx context.Context, tx *store.Tx, integration *ent.Integration) error
}

// Config is what a Service is made of; all of it is required.
type Config struct {
	Store    *store.Store
	Alerts   *alert.Service
	Mappings *mapping.Service
	Settings *settings.Service
	Checks   Checks
	Packages snapshot.Packages
}

// Service plans and makes upgrades. It is safe for concurrent use.
type Service struct{ c Config }

// New makes a Service.
func New(c Config) (*Service, error) {
	if c.Store == nil || c.Alerts == nil || c.Mappings == nil || c.Settings == nil || c.Checks == nil || c.Packages == nil {
		return nil, errors.New("upgrade: incomplete config")
	}
	return &Service{c: c}, nil
}

// Input says which version an integration is to go by.
type Input struct {
	IntegrationID string
	// ToVersion may be older than the present one; 0 is the newest.
	ToVersion int
	// Confirm makes the change; without it there is only the plan.
	Confirm        bool
	IdempotencyKey string
}

// Plan says what the newest version would change for an integration; nil when the
// integration goes by it already.
func (s *Service) Plan(ctx context.Context, found *ent.Integration) (*crm.PackagePlan, error) {
	client := s.c.Store.Read()
	from, _, err := s.c.Packages.Of(ctx, client, found)
	if err != nil {
		return nil, err
	}
	newest, err := s.c.Packages(from.Key, from.CRM, 0)
	if err != nil {
		return nil, fmt.Errorf("upgrade: the newest version: %w", err)
	}
	if newest.Version == from.Version {
		return nil, nil //nolint:nilnil // nothing to upgrade to is an answer
	}
	plan, err := s.plan(ctx, client, found, from, newest)
	if err != nil {
		return nil, err
	}
	return &plan, nil
}

// Upgrade moves an integration to a version of its workspace's package, if the input
// confirms it, and returns what that does, or would do. Without confirm nothing
// happens and the idempotency key stays free: the same key can carry the change.
//
// Errors: FORBIDDEN, NOT_FOUND; BAD_INPUT for a version that there is not;
// CONFIG_INVALID when the files of the package are gone.
func (s *Service) Upgrade(ctx context.Context, in Input) (crm.PackagePlan, error) {
	p, ok := principal.From(ctx)
	if !ok || !p.May(principal.ScopeConfigure) {
		return crm.PackagePlan{}, fault.New(fault.Forbidden, "Only an admin changes the version of a package.",
			fault.Detail("scope", string(principal.ScopeConfigure)))
	}
	if in.Confirm {
		return store.Idempotent(ctx, s.c.Store, in.IdempotencyKey, "upgradePackage", in,
			func(ctx context.Context, tx *store.Tx) (crm.PackagePlan, error) { return s.apply(ctx, tx, in) })
	}
	found, err := snapshot.Find(ctx, s.c.Store.Read(), in.IntegrationID)
	if err != nil {
		return crm.PackagePlan{}, err
	}
	from, to, err := s.versions(ctx, s.c.Store.Read(), found, in.ToVersion)
	if err != nil {
		return crm.PackagePlan{}, err
	}
	return s.plan(ctx, s.c.Store.Read(), found, from, to)
}

// versions are the package as it is and as it is to be.
func (s *Service) versions(ctx context.Context, client *ent.Client, found *ent.Integration, toVersion int) (from, to crm.Package, err error) {
	if from, _, err = s.c.Packages.Of(ctx, client, found); err != nil {
		return from, to, err
	}
	if toVersion < 0 {
		return from, to, fault.New(fault.BadInput, "Versions count from 1.", fault.Field("toVersion"))
	}
	if to, err = s.c.Packages(from.Key, from.CRM, toVersion); err != nil {
		return from, to, fault.New(fault.BadInput, fmt.Sprintf("The package %q for %s has no version %d.", from.Key, from.CRM, toVersion),
			fault.Field("toVersion"), fault.Cause(err))
	}
	return from, to, nil
}

// plan works out what a change does to what is stored.
func (s *Service) plan(ctx context.Context, client *ent.Client, found *ent.Integration, from, to crm.Package) (crm.PackagePlan, error) {
	mapped, err := s.c.Mappings.Mapped(ctx, client, found.ID)
	if err != nil {
		return crm.PackagePlan{}, err
	}
	objects, err := snapshot.Objects(ctx, client, found.ID)
	if err != nil {
		return crm.PackagePlan{}, fmt.Errorf("upgrade: objects: %w", err)
	}
	if names := wanted(to, mapped); len(names) > 0 {
		if err := snapshot.LoadNamed(ctx, client, objects, names); err != nil {
			return crm.PackagePlan{}, fmt.Errorf("upgrade: fields: %w", err)
		}
	}
	states := make(map[string]crm.ObjectState, len(objects))
	for name, object := range objects {
		states[name] = object.State
	}
	return crm.PlanPackage(crm.PackagePlanInputs{From: from, To: to, Objects: states, Mapped: mapped}), nil
}

// wanted names the CRM fields that stand, or could stand, for a standard field.
func wanted(pkg crm.Package, mapped map[string]string) []string {
	seen := map[string]bool{}
	var names []string
	add := func(name string) {
		if name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, object := range pkg.Objects {
		for _, field := range object.Fields {
			add(mapped[field.Key])
			for _, candidate := range field.Candidates {
				add(candidate)
			}
		}
	}
	return names
}

package upgrade

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// announcement is what a feed entry about an integration says: those who follow it
// load the integration, and with it its package.
type announcement struct {
	State  crm.IntegrationState `json:"state"`
	Reason string               `json:"reason"`
}

// audited is what the audit says of an upgrade.
type audited struct {
	Package string `json:"package"`
	Version int    `json:"version"`
	// Unmapped counts the mappings that went.
	Unmapped int `json:"unmapped,omitempty"`
}

// apply makes the change under the integration's lock.
func (s *Service) apply(ctx context.Context, tx *store.Tx, in Input) (crm.PackagePlan, error) {
	found, err := snapshot.Lock(ctx, tx, in.IntegrationID)
	if err != nil {
		return crm.PackagePlan{}, err
	}
	from, to, err := s.versions(ctx, tx.Ent(), found, in.ToVersion)
	if err != nil {
		return crm.PackagePlan{}, err
	}
	plan, err := s.plan(ctx, tx.Ent(), found, from, to)
	if err != nil {
		return crm.PackagePlan{}, err
	}
	if found.PackageVersion == to.Version {
		return plan, nil
	}
	had, err := s.settings(ctx, tx, found)
	if err != nil {
		return crm.PackagePlan{}, err
	}
	found, unmapped, err := s.move(ctx, tx, found, to, fmt.Sprintf("Version %d of the package has no such standard field.", to.Version))
	if err != nil {
		return crm.PackagePlan{}, err
	}
	if err := s.tell(ctx, tx, found, had); err != nil {
		return crm.PackagePlan{}, err
	}
	return plan, tx.Audit(ctx, store.AuditItem{
		Action: "upgradePackage", Target: found.ID, Outcome: crm.AuditSucceeded,
		Before: audited{Package: from.Key, Version: from.Version},
		After:  audited{Package: to.Key, Version: to.Version, Unmapped: unmapped},
	})
}

// Switch moves an integration to a version of another package, in the transaction of
// whoever gives the workspace that package (requirement A4), who holds the locks of
// the workspace and the integration and has seen to who may. It returns the integration
// as it is then. Versions of two packages have nothing to do with each other, so there
// is no plan; mappings, alerts and objects follow as in an upgrade.
func (s *Service) Switch(ctx context.Context, tx *store.Tx, found *ent.Integration, to crm.Package) (*ent.Integration, error) {
	moved, _, err := s.move(ctx, tx, found, to, fmt.Sprintf("The package %s has no such standard field.", to.Title))
	return moved, err
}

// move gives an integration another package. Mappings that have no place there go
// first, for the reason given; alerts are judged by the new package, so that nothing
// opens only to be resolved. It returns the integration as it is then, and how many
// mappings went.
func (s *Service) move(ctx context.Context, tx *store.Tx, found *ent.Integration, to crm.Package, reason string) (*ent.Integration, int, error) {
	unmapped, err := s.c.Mappings.Vanish(ctx, tx, found, to, reason)
	if err != nil {
		return nil, 0, err
	}
	moved, err := tx.Ent().Integration.UpdateOne(found).SetPackageVersion(to.Version).SetUpdatedAt(tx.Now()).Save(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("upgrade: saving the version: %w", err)
	}
	return moved, unmapped, s.settle(ctx, tx, moved, to)
}

// settle brings alerts and objects in line with the new package, and has the CRM
// asked about what is new.
func (s *Service) settle(ctx context.Context, tx *store.Tx, found *ent.Integration, to crm.Package) error {
	objects, err := snapshot.Objects(ctx, tx.Ent(), found.ID)
	if err != nil {
		return fmt.Errorf("upgrade: objects: %w", err)
	}
	if len(objects) == 0 {
		return nil // nothing was checked yet; the first check goes by the new package
	}
	if err := snapshot.LoadStandardized(ctx, tx.Ent(), objects); err != nil {
		return fmt.Errorf("upgrade: fields: %w", err)
	}
	if err := s.c.Alerts.Evaluate(ctx, tx, found, to, snapshot.States(objects)); err != nil {
		return err
	}
	if err := place(ctx, tx, found, to, objects); err != nil {
		return err
	}
	if err := retire(ctx, tx, found, to); err != nil {
		return err
	}
	if found.State != crm.IntegrationActive && found.State != crm.IntegrationOnboarding {
		return nil // the check that follows a sign-in, or the next run, comes anyway
	}
	return s.c.Checks.EnqueueOnboarding(ctx, tx, found)
}

// place gives each object of the package its row, its rank and its place in the order.
func place(ctx context.Context, tx *store.Tx, found *ent.Integration, to crm.Package, objects map[string]*snapshot.Object) error {
	var creates []*ent.CrmObjectCreate
	for position, object := range to.Objects {
		stored, known := objects[object.Name]
		if !known {
			creates = append(creates, tx.Ent().CrmObject.Create().
				SetID(gid.New(gid.Object)).SetWorkspaceID(found.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(found.ID).
				SetName(object.Name).SetLabel(object.Label).SetRequirement(object.Requirement).SetPosition(position).
				SetStatus(crm.ObjectNotChecked))
			continue
		}
		if stored.Row.Position == position && stored.Row.Requirement == object.Requirement {
			continue
		}
		err := tx.Ent().CrmObject.UpdateOne(stored.Row).SetPosition(position).SetRequirement(object.Requirement).Exec(ctx)
		if err != nil {
			return fmt.Errorf("upgrade: placing %s: %w", object.Name, err)
		}
	}
	if len(creates) == 0 {
		return nil
	}
	if err := tx.Ent().CrmObject.CreateBulk(creates...).Exec(ctx); err != nil {
		return fmt.Errorf("upgrade: adding objects: %w", err)
	}
	return nil
}

// retire marks the objects that are no longer part: their last verdict stays to be
// seen, and says that nobody keeps it up to date. A suspicion has nobody left to
// confirm it.
func retire(ctx context.Context, tx *store.Tx, found *ent.Integration, to crm.Package) error {
	err := tx.Ent().CrmObject.Update().Where(crmobject.IntegrationID(found.ID), crmobject.NameNotIn(to.ObjectNames()...)).
		SetStale(true).SetStaleReason("The package has no such object any more, so it is not checked.").
		SetRequirement(crm.Optional).SetPosition(len(to.Objects)).ClearSuspectedAt().Exec(ctx)
	if err != nil {
		return fmt.Errorf("upgrade: retiring objects: %w", err)
	}
	return nil
}

// settings evaluates the settings as they are in tx; nil when the connector cannot be
// asked, and then nobody is told of them.
func (s *Service) settings(ctx context.Context, tx *store.Tx, found *ent.Integration) ([]crm.SettingState, error) {
	states, err := s.c.Settings.States(ctx, tx.Ent(), found)
	if known, ok := fault.From(err); ok && known.Info().Side == fault.Connector {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("upgrade: settings: %w", err)
	}
	return states, nil
}

// tell says to subscribers that the version is another, and which settings have
// another effect by it.
func (s *Service) tell(ctx context.Context, tx *store.Tx, found *ent.Integration, had []crm.SettingState) error {
	tx.Feed(store.FeedItem{
		WorkspaceID: found.WorkspaceID, Kind: "integration", IntegrationID: found.ID, SubjectID: found.ID,
		Payload: announcement{State: found.State, Reason: found.StateReason},
	})
	has, err := s.settings(ctx, tx, found)
	if err != nil || len(has) != len(had) {
		return err
	}
	var changed []string
	for i, now := range has {
		then := had[i]
		if then.Available != now.Available || then.UnavailableReason != now.UnavailableReason || then.EffectiveValue != now.EffectiveValue {
			changed = append(changed, now.Definition.Key)
		}
	}
	if len(changed) > 0 {
		s.c.Settings.Announce(tx, found, changed)
	}
	return nil
}

package member

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Entitlements is what a workspace bought.
type Entitlements struct {
	// Edition and PackageKey stay as they are when empty.
	Edition    crm.Edition `json:"edition"`
	PackageKey string      `json:"packageKey"`
}

// EntitlementsInput sets what a workspace bought.
type EntitlementsInput struct {
	// WorkspaceID is the one that the request is about.
	WorkspaceID string
	Entitlements
	IdempotencyKey string
}

// Disabled is a setting that has no effect any more; its value is kept.
type Disabled struct {
	IntegrationID string                `json:"integrationId"`
	Key           string                `json:"key"`
	Reason        crm.UnavailableReason `json:"reason"`
}

// SetEntitlements sets the edition and the package of a workspace (requirement A4).
// Settings that are no longer included have no effect from this moment on. Their
// values are kept, and have effect again when they are bought again. Integrations go by
// the newest version of another package from this moment on: mappings that have no place
// in it go, with history and alerts, and a check asks about what is new. It returns the
// settings that lost their effect, by integration and in the order of the page.
//
// Errors: FORBIDDEN for everybody but vendor-side staff and the system, NOT_FOUND
// for another workspace than the request's, BAD_INPUT for an edition or a package
// that there is not.
func (s *Service) SetEntitlements(ctx context.Context, in EntitlementsInput) ([]Disabled, error) {
	p, err := acting(ctx, principal.ScopeEntitle, "Only the vendor's staff sets what a workspace bought.")
	if err != nil {
		return nil, err
	}
	if in.WorkspaceID != p.WorkspaceID {
		return nil, fault.New(fault.NotFound, "The request is about another workspace.", fault.Field("workspaceId"),
			fault.Hint("Name the workspace in the header Fieldwarden-Workspace too."))
	}
	if err := s.validEntitlements(in.Entitlements); err != nil {
		return nil, err
	}
	return store.Idempotent(ctx, s.Store, in.IdempotencyKey, "workspace.setEntitlements", in,
		func(ctx context.Context, tx *store.Tx) ([]Disabled, error) { return s.entitle(ctx, tx, in) })
}

// ApplyConfigured sets what the operator's configuration says that a workspace
// bought. Nothing happens, and nothing is audited, when the workspace has it already.
func (s *Service) ApplyConfigured(ctx context.Context, workspaceID string, wanted Entitlements) error {
	if err := s.validEntitlements(wanted); err != nil {
		return err
	}
	ctx = principal.System(ctx, workspaceID, "configuration")
	return s.Store.WithTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := s.entitle(ctx, tx, EntitlementsInput{WorkspaceID: workspaceID, Entitlements: wanted})
		return err
	})
}

func (s *Service) validEntitlements(wanted Entitlements) error {
	if wanted.Edition != "" && !slices.Contains(wanted.Edition.Values(), string(wanted.Edition)) {
		return fault.New(fault.BadInput, fmt.Sprintf("There is no edition %q.", wanted.Edition), fault.Field("edition"))
	}
	known := slices.ContainsFunc(s.KnownPackages, func(name string) bool {
		key, _, _ := strings.Cut(name, ".")
		return key == wanted.PackageKey
	})
	if wanted.PackageKey != "" && !known {
		return fault.New(fault.BadInput, fmt.Sprintf("There is no package %q.", wanted.PackageKey), fault.Field("packageKey"))
	}
	return nil
}

func (s *Service) entitle(ctx context.Context, tx *store.Tx, in EntitlementsInput) ([]Disabled, error) {
	integrations, err := lockAll(ctx, tx, in.PackageKey)
	if err != nil {
		return nil, err
	}
	tenant, err := snapshot.LockWorkspace(ctx, tx, in.WorkspaceID)
	if err != nil {
		return nil, err
	}
	before := Entitlements{Edition: tenant.Edition, PackageKey: tenant.PackageKey}
	after := Entitlements{Edition: cmp.Or(in.Edition, before.Edition), PackageKey: cmp.Or(in.PackageKey, before.PackageKey)}
	if after == before {
		return []Disabled{}, nil
	}
	if err := s.covers(after.PackageKey, integrations); err != nil {
		return nil, err
	}
	had, err := s.states(ctx, tx, integrations)
	if err != nil {
		return nil, err
	}
	if err := tx.Ent().Workspace.UpdateOne(tenant).SetEdition(after.Edition).SetPackageKey(after.PackageKey).Exec(ctx); err != nil {
		return nil, fmt.Errorf("member: saving entitlements: %w", err)
	}
	if after.PackageKey != before.PackageKey {
		if err := s.useNewest(ctx, tx, after.PackageKey, integrations); err != nil {
			return nil, err
		}
	}
	has, err := s.states(ctx, tx, integrations)
	if err != nil {
		return nil, err
	}
	disabled := s.announce(tx, integrations, had, has)
	tx.Feed(store.FeedItem{WorkspaceID: tenant.ID, Kind: "workspace", SubjectID: tenant.ID, Payload: after})
	return disabled, tx.Audit(ctx, store.AuditItem{
		Action: "setEntitlements", Target: tenant.ID, Outcome: crm.AuditSucceeded, Before: before,
		After: map[string]any{"edition": after.Edition, "packageKey": after.PackageKey, "disabledSettings": disabled},
	})
}

// lockAll loads the integrations of the workspace, oldest first. When its package may
// change they are locked, too: before the workspace is, as those do it that need both.
func lockAll(ctx context.Context, tx *store.Tx, packageKey string) ([]*ent.Integration, error) {
	integrations, err := tx.Ent().Integration.Query().Order(integration.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("member: integrations: %w", err)
	}
	if packageKey == "" {
		return integrations, nil
	}
	for i := range integrations {
		if integrations[i], err = snapshot.Lock(ctx, tx, integrations[i].ID); err != nil {
			return nil, err
		}
	}
	return integrations, nil
}

// useNewest gives each integration the newest version of another package: versions of
// two packages have nothing to do with each other. The rows in hand are brought up to
// date too.
func (s *Service) useNewest(ctx context.Context, tx *store.Tx, packageKey string, integrations []*ent.Integration) error {
	for i, row := range integrations {
		newest, err := s.Packages(packageKey, row.Connector, 0)
		if err != nil {
			return fmt.Errorf("member: the newest version of %s for %s: %w", packageKey, row.Connector, err)
		}
		if integrations[i], err = s.Switch(ctx, tx, row, newest); err != nil {
			return fmt.Errorf("member: giving %s the package %s: %w", row.ID, packageKey, err)
		}
	}
	return nil
}

// covers refuses a package that has no part for the CRM of an integration.
func (s *Service) covers(packageKey string, integrations []*ent.Integration) error {
	for _, row := range integrations {
		if !slices.Contains(s.KnownPackages, packageKey+"."+row.Connector) {
			return fault.New(fault.BadInput, fmt.Sprintf("The package %q has no part for %s, which the workspace has an integration with.", packageKey, row.Connector),
				fault.Field("packageKey"))
		}
	}
	return nil
}

// states evaluates the settings of integrations, by their ids. The settings of an
// integration whose connector is missing or does not start cannot be told, and have
// no effect.
func (s *Service) states(ctx context.Context, tx *store.Tx, integrations []*ent.Integration) (map[string][]crm.SettingState, error) {
	states := make(map[string][]crm.SettingState, len(integrations))
	for _, row := range integrations {
		found, err := s.Settings.States(ctx, tx.Ent(), row)
		if known, ok := fault.From(err); ok && known.Info().Side == fault.Connector {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("member: settings of %s: %w", row.ID, err)
		}
		states[row.ID] = found
	}
	return states, nil
}

// announce tells subscribers which settings of each integration changed their
// effect, and returns those that lost it.
func (s *Service) announce(tx *store.Tx, integrations []*ent.Integration, had, has map[string][]crm.SettingState) []Disabled {
	disabled := []Disabled{}
	for _, row := range integrations {
		changed, lost := effects(had[row.ID], has[row.ID])
		for _, state := range lost {
			disabled = append(disabled, Disabled{IntegrationID: row.ID, Key: state.Definition.Key, Reason: state.UnavailableReason})
		}
		if len(changed) > 0 {
			s.Settings.Announce(tx, row, changed)
		}
	}
	return disabled
}

// effects compares two evaluations of the same settings: the keys whose availability
// or effect differs, and the states of those that had an effect and are unavailable
// now.
func effects(had, has []crm.SettingState) (changed []string, lost []crm.SettingState) {
	for i, now := range has {
		if i >= len(had) {
			break // the connector has started in between
		}
		then := had[i]
		if then.Available != now.Available || then.UnavailableReason != now.UnavailableReason || then.EffectiveValue != now.EffectiveValue {
			changed = append(changed, now.Definition.Key)
		}
		hadEffect := then.EffectiveValue != nil && then.EffectiveValue != false
		if hadEffect && !now.Available {
			lost = append(lost, now)
		}
	}
	return changed, lost
}

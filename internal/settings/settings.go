// Package settings keeps what an admin decided about an integration (requirement
// D) and answers what holds now: each setting with its value, whether it can be
// used, what it needs in the CRM and whether that is there.
//
// crm.Evaluate decides; this package gathers what it needs, stores what was
// decided, and says so in feed and audit. Changes carry the version they were made
// from (requirement API6), are taken all or not at all, and leave the version one
// higher.
package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/settingvalue"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Describer gives a connector's manifest; the connector host implements it.
type Describer interface {
	Describe(name string) (crm.Manifest, error)
}

// Alerts keeps alerts; alert.Service implements it.
type Alerts interface {
	Apply(ctx context.Context, tx *store.Tx, integration *ent.Integration, intents []crm.AlertIntent) error
}

// Config is what the Service needs.
type Config struct {
	Store      *store.Store
	Connectors Describer
	Packages   snapshot.Packages
	// Alerts is told of settings that point to choices which have gone; nil tells nobody.
	Alerts Alerts
	// OnDecided is called when settings were decided anew: what they need is another
	// than before. Nil is nobody.
	OnDecided func(ctx context.Context, tx *store.Tx, integration *ent.Integration) error
}

// Service answers and changes settings. It is safe for concurrent use.
type Service struct {
	store      *store.Store
	connectors Describer
	packages   snapshot.Packages
	alerts     Alerts
	onDecided  func(ctx context.Context, tx *store.Tx, integration *ent.Integration) error
}

// New makes a Service.
func New(c Config) *Service {
	if c.OnDecided == nil {
		c.OnDecided = func(context.Context, *store.Tx, *ent.Integration) error { return nil }
	}
	return &Service{store: c.Store, connectors: c.Connectors, packages: c.Packages, alerts: c.Alerts, onDecided: c.OnDecided}
}

// Tree returns every setting of an integration in the order of the page, and the
// version to change them from.
func (s *Service) Tree(ctx context.Context, integrationID string) ([]crm.SettingState, int, error) {
	found, err := snapshot.Find(ctx, s.store.Read(), integrationID)
	if err != nil {
		return nil, 0, err
	}
	inputs, err := s.inputs(ctx, s.store.Read(), found)
	if err != nil {
		return nil, 0, err
	}
	return crm.Evaluate(inputs), found.SettingsVersion, nil
}

// Undecided lists the keys that onboarding still waits for (scenario 3).
func (s *Service) Undecided(ctx context.Context, integrationID string) ([]string, error) {
	states, _, err := s.Tree(ctx, integrationID)
	if err != nil {
		return nil, err
	}
	return crm.Undecided(states), nil
}

// UpdateInput is a change of settings.
type UpdateInput struct {
	IntegrationID string
	// ExpectedVersion is the version that the admin saw.
	ExpectedVersion int
	// Changes holds each key at most once; a value is a bool or a string.
	Changes        []crm.SettingChange
	IdempotencyKey string
}

// Update decides settings and returns the new version; the old one when every value
// was already decided so.
//
// Nothing is saved when one change is refused. The error then joins one *fault.Error
// per refused change (errors.Join, perhaps nested): SETTING_UNAVAILABLE or SETTING_INVALID, with
// Field ["changes", index, "key" or "value"] and the details "key" and "reason"
// (crm.SettingErrorReason). Another version than expected is CONFLICT with the
// present one in the detail "version".
func (s *Service) Update(ctx context.Context, in UpdateInput) (int, error) {
	if p, ok := principal.From(ctx); !ok || !p.IsAdmin() {
		return 0, fault.New(fault.Forbidden, "Only an admin changes settings.")
	}
	if err := refuseShape(in.Changes); err != nil {
		return 0, err
	}
	return store.Idempotent(ctx, s.store, in.IdempotencyKey, "settings.update", in,
		func(ctx context.Context, tx *store.Tx) (int, error) { return s.update(ctx, tx, in) })
}

// refuseShape refuses an empty change and keys that come twice.
func refuseShape(changes []crm.SettingChange) error {
	if len(changes) == 0 {
		return fault.New(fault.BadInput, "There is no change in the request.", fault.Field("changes"))
	}
	first := map[string]int{}
	var problems []error
	for i, change := range changes {
		if at, twice := first[change.Key]; twice {
			problems = append(problems, fault.New(fault.BadInput,
				fmt.Sprintf("%s is changed twice, at %d and at %d.", change.Key, at, i),
				fault.Field("changes", fmt.Sprint(i), "key"), fault.Detail("key", change.Key)))
			continue
		}
		first[change.Key] = i
	}
	return errors.Join(problems...)
}

func (s *Service) update(ctx context.Context, tx *store.Tx, in UpdateInput) (int, error) {
	found, err := snapshot.Lock(ctx, tx, in.IntegrationID)
	if err != nil {
		return 0, err
	}
	if found.SettingsVersion != in.ExpectedVersion {
		return 0, fault.New(fault.Conflict,
			fmt.Sprintf("The settings are at version %d, the change was made from version %d.", found.SettingsVersion, in.ExpectedVersion),
			fault.Field("expectedVersion"), fault.Detail("version", fmt.Sprint(found.SettingsVersion)))
	}
	decided, err := s.Apply(ctx, tx, found, in.Changes)
	if err != nil || len(decided) == 0 {
		return found.SettingsVersion, err
	}
	return found.SettingsVersion + 1, nil
}

// refusals puts the rules' refusals into faults that name the input at fault.
func refusals(err error, changes []crm.SettingChange) error {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return err
	}
	var problems []error
	for _, err := range joined.Unwrap() {
		var refused crm.SettingError
		if !errors.As(err, &refused) {
			return err
		}
		code, part := fault.SettingInvalid, "value"
		switch refused.Reason {
		case crm.SettingUnknown:
			part = "key"
		case crm.SettingUnavailable:
			code = fault.SettingUnavailable
		default: // the value is at fault
		}
		at := slices.IndexFunc(changes, func(c crm.SettingChange) bool { return c.Key == refused.Key })
		problems = append(problems, fault.New(code, fmt.Sprintf("%s cannot be set: %s", refused.Key, refused.Message),
			fault.Field("changes", fmt.Sprint(at), part),
			fault.Detail("key", refused.Key), fault.Detail("reason", string(refused.Reason))))
	}
	return errors.Join(problems...)
}

// Payload is what a "settings" feed entry says.
type Payload struct {
	Version int      `json:"version"`
	Keys    []string `json:"keys"`
}

// save stores decided values under the next version.
func (s *Service) save(ctx context.Context, tx *store.Tx, found *ent.Integration, stored map[string]crm.StoredSetting, changed []crm.SettingChange) error {
	before, after := map[string]any{}, map[string]any{}
	rows := make([]*ent.SettingValueCreate, len(changed))
	for i, change := range changed {
		value, err := json.Marshal(change.Value)
		if err != nil {
			return err
		}
		p, _ := principal.From(ctx)
		rows[i] = tx.Ent().SettingValue.Create().SetWorkspaceID(found.WorkspaceID).SetCreatedAt(tx.Now()).
			SetIntegrationID(found.ID).SetKey(change.Key).SetValue(value).SetUpdatedBy(p.ID).SetUpdatedAt(tx.Now())
		before[change.Key], after[change.Key] = nil, change.Value
		if old, there := stored[change.Key]; there {
			before[change.Key] = old.Value
		}
	}
	err := tx.Ent().SettingValue.CreateBulk(rows...).
		OnConflict(
			sql.ConflictColumns(settingvalue.FieldWorkspaceID, settingvalue.FieldIntegrationID, settingvalue.FieldKey),
			sql.ResolveWith(func(u *sql.UpdateSet) {
				u.SetExcluded(settingvalue.FieldValue).SetExcluded(settingvalue.FieldUpdatedBy).SetExcluded(settingvalue.FieldUpdatedAt)
			})).
		Exec(ctx)
	if err != nil {
		return err
	}
	if err := s.tellChoices(ctx, tx, found); err != nil {
		return err
	}
	if err := s.onDecided(ctx, tx, found); err != nil {
		return err
	}
	version := found.SettingsVersion + 1
	// The version in the condition is a second wall behind the lock.
	n, err := tx.Ent().Integration.Update().
		Where(integration.ID(found.ID), integration.SettingsVersion(found.SettingsVersion)).
		SetSettingsVersion(version).SetUpdatedAt(tx.Now()).Save(ctx)
	if err != nil {
		return err
	}
	if n != 1 {
		return fault.New(fault.Conflict, "The settings were changed at the same time.", fault.Field("expectedVersion"))
	}
	tx.Feed(store.FeedItem{
		WorkspaceID: found.WorkspaceID, Kind: "settings", IntegrationID: found.ID, SubjectID: found.ID,
		Payload: Payload{Version: version, Keys: slices.Sorted(maps.Keys(after))},
	})
	return tx.Audit(ctx, store.AuditItem{
		Action: "updateSettings", Target: found.ID, Outcome: crm.AuditSucceeded, Before: before, After: after,
	})
}

package settings

import (
	"context"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Decided is a setting that a change decided anew.
type Decided struct {
	Key string
	// Before is a bool, a string, or nil when nobody had decided; After is a bool or a
	// string.
	Before, After any
}

// Apply decides settings in the transaction of a higher use case, which holds the
// integration's lock (snapshot.Lock) and has seen to who may. It is all or nothing
// and refuses as Update does. What is decided so already is left out of the answer,
// and is not judged again: a setting that has become unavailable keeps its value.
func (s *Service) Apply(ctx context.Context, tx *store.Tx, found *ent.Integration, changes []crm.SettingChange) ([]Decided, error) {
	inputs, err := s.inputs(ctx, tx.Ent(), found)
	if err != nil {
		return nil, err
	}
	changed := news(inputs, changes)
	if len(changed) == 0 {
		return nil, nil
	}
	if err := refuseEarly(found); err != nil {
		return nil, err
	}
	if _, err := crm.ApplyChanges(inputs, changed); err != nil {
		return nil, refusals(err, changes)
	}
	decided := make([]Decided, len(changed))
	for i, change := range changed {
		decided[i] = Decided{Key: change.Key, Before: inputs.Stored[change.Key].Value, After: change.Value}
	}
	return decided, s.save(ctx, tx, found, inputs.Stored, changed)
}

// news are the changes without those that are decided so already.
func news(inputs crm.SettingInputs, changes []crm.SettingChange) []crm.SettingChange {
	return slices.DeleteFunc(slices.Clone(changes), func(change crm.SettingChange) bool {
		return inputs.Stored[change.Key] == crm.StoredSetting{Value: change.Value, Decided: true}
	})
}

// refuseEarly refuses decisions before anything is known of the CRM.
func refuseEarly(found *ent.Integration) error {
	if found.State == crm.IntegrationDraft || found.State == crm.IntegrationAuthorizing {
		return fault.New(fault.IntegrationState, "Settings are decided once the sign-in to the CRM is done.",
			fault.Detail("state", string(found.State)))
	}
	return nil
}

// Preflight is what changes of settings would do.
type Preflight struct {
	// Version is the version of the settings that it is told of.
	Version int
	Effects []crm.SettingEffect
	// Problems is what Update would refuse, as its error; nil when it would not.
	Problems error
}

// Preflight tells what Update would do with changes (requirement D23). It changes nothing.
func (s *Service) Preflight(ctx context.Context, integrationID string, changes []crm.SettingChange) (Preflight, error) {
	found, err := snapshot.Find(ctx, s.store.Read(), integrationID)
	if err != nil {
		return Preflight{}, err
	}
	told := Preflight{Version: found.SettingsVersion, Problems: refuseShape(changes)}
	if told.Problems != nil {
		return told, nil //nolint:nilerr // the refusal is the answer
	}
	inputs, err := s.inputs(ctx, s.store.Read(), found)
	if err != nil {
		return Preflight{}, err
	}
	changed := news(inputs, changes)
	if len(changed) == 0 {
		return told, nil
	}
	if told.Problems = refuseEarly(found); told.Problems != nil {
		return told, nil //nolint:nilerr // the refusal is the answer
	}
	told.Effects, err = crm.Preflight(inputs, changed)
	if err != nil {
		told.Problems = refusals(err, changes)
	}
	return told, nil
}

// Stored returns the decided values of an integration by key, as client sees them.
func (s *Service) Stored(ctx context.Context, client *ent.Client, integrationID string) (map[string]any, error) {
	rows, err := stored(ctx, client, integrationID)
	if err != nil {
		return nil, err
	}
	values := make(map[string]any, len(rows))
	for key, row := range rows {
		values[key] = row.Value
	}
	return values, nil
}

// States evaluates every setting of an integration as client sees it, in the order
// of the page.
func (s *Service) States(ctx context.Context, client *ent.Client, found *ent.Integration) ([]crm.SettingState, error) {
	inputs, err := s.inputs(ctx, client, found)
	if err != nil {
		return nil, err
	}
	return crm.Evaluate(inputs), nil
}

// Announce tells subscribers that settings have another effect than before without
// having been changed: what the workspace bought is another. The version stays.
func (s *Service) Announce(tx *store.Tx, found *ent.Integration, keys []string) {
	tx.Feed(store.FeedItem{
		WorkspaceID: found.WorkspaceID, Kind: "settings", IntegrationID: found.ID, SubjectID: found.ID,
		Payload: Payload{Version: found.SettingsVersion, Keys: keys},
	})
}

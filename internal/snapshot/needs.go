package snapshot

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/mapping"
	"github.com/fieldwarden/fieldwarden/ent/settingvalue"
	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// Settings reads what was decided of the settings of integrations, by integration and
// key; a key that is not there is undecided.
func Settings(ctx context.Context, client *ent.Client, integrationIDs ...string) (map[string]map[string]crm.StoredSetting, error) {
	rows, err := client.SettingValue.Query().Where(settingvalue.IntegrationIDIn(integrationIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("snapshot: settings: %w", err)
	}
	decided := make(map[string]map[string]crm.StoredSetting, len(integrationIDs))
	for _, row := range rows {
		var value any
		if err := json.Unmarshal(row.Value, &value); err != nil {
			return nil, fmt.Errorf("snapshot: value of setting %s: %w", row.Key, err)
		}
		if decided[row.IntegrationID] == nil {
			decided[row.IntegrationID] = map[string]crm.StoredSetting{}
		}
		decided[row.IntegrationID][row.Key] = crm.StoredSetting{Value: value, Decided: true}
	}
	return decided, nil
}

// Mappings reads the CRM field of each mapped standard field of integrations, by
// integration and standard field.
func Mappings(ctx context.Context, client *ent.Client, integrationIDs ...string) (map[string]map[string]string, error) {
	rows, err := client.Mapping.Query().Where(mapping.IntegrationIDIn(integrationIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("snapshot: mappings: %w", err)
	}
	mapped := make(map[string]map[string]string, len(integrationIDs))
	for _, row := range rows {
		if mapped[row.IntegrationID] == nil {
			mapped[row.IntegrationID] = map[string]string{}
		}
		mapped[row.IntegrationID][row.StandardField] = row.CrmField
	}
	return mapped, nil
}

// Needs works out who needs which right on the objects and fields of an integration,
// in three statements.
func Needs(ctx context.Context, client *ent.Client, integration *ent.Integration, pkg crm.Package, manifest crm.Manifest) (crm.Needs, error) {
	inputs := crm.SettingInputs{Manifest: manifest, Package: pkg}
	decided, err := Settings(ctx, client, integration.ID)
	if err != nil {
		return crm.Needs{}, err
	}
	mapped, err := Mappings(ctx, client, integration.ID)
	if err != nil {
		return crm.Needs{}, err
	}
	tenant, err := client.Workspace.Get(ctx, integration.WorkspaceID)
	if err != nil {
		return crm.Needs{}, fmt.Errorf("snapshot: workspace: %w", err)
	}
	inputs.Stored, inputs.Mappings, inputs.Edition = decided[integration.ID], mapped[integration.ID], tenant.Edition
	return crm.CollectNeeds(inputs), nil
}

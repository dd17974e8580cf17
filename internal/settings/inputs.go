package settings

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/mapping"
	"github.com/fieldwarden/fieldwarden/ent/picklist"
	"github.com/fieldwarden/fieldwarden/ent/settingvalue"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
)

// inputs gathers everything that the settings of an integration depend on, in a
// fixed number of statements.
func (s *Service) inputs(ctx context.Context, client *ent.Client, integration *ent.Integration) (crm.SettingInputs, error) {
	manifest, err := s.connectors.Describe(integration.Connector)
	if err != nil {
		return crm.SettingInputs{}, err
	}
	pkg, tenant, err := s.packages.Of(ctx, client, integration)
	if err != nil {
		return crm.SettingInputs{}, err
	}
	inputs := crm.SettingInputs{Edition: tenant.Edition, Manifest: manifest, Package: pkg}
	if inputs.Stored, err = stored(ctx, client, integration.ID); err != nil {
		return crm.SettingInputs{}, fmt.Errorf("settings: values: %w", err)
	}
	if inputs.Mappings, err = mappings(ctx, client, integration.ID); err != nil {
		return crm.SettingInputs{}, fmt.Errorf("settings: mappings: %w", err)
	}
	objects, err := snapshot.Objects(ctx, client, integration.ID)
	if err != nil {
		return crm.SettingInputs{}, fmt.Errorf("settings: objects: %w", err)
	}
	if err := snapshot.LoadNamed(ctx, client, objects, neededFields(pkg, inputs.Mappings)); err != nil {
		return crm.SettingInputs{}, fmt.Errorf("settings: fields: %w", err)
	}
	inputs.Objects = make(map[string]crm.ObjectState, len(objects))
	for name, object := range objects {
		inputs.Objects[name] = object.State
	}
	listed, err := picklists(ctx, client, integration.ID)
	if err != nil {
		return crm.SettingInputs{}, fmt.Errorf("settings: choices: %w", err)
	}
	inputs.Options = options(pkg, inputs.Mappings, objects, listed)
	return inputs, nil
}

// Inputs gathers what the settings of an integration depend on.
func (s *Service) Inputs(ctx context.Context, client *ent.Client, integration *ent.Integration) (crm.SettingInputs, error) {
	return s.inputs(ctx, client, integration)
}

// stored reads the decided values; a row exists only for a decision.
func stored(ctx context.Context, client *ent.Client, integrationID string) (map[string]crm.StoredSetting, error) {
	rows, err := client.SettingValue.Query().Where(settingvalue.IntegrationID(integrationID)).All(ctx)
	if err != nil {
		return nil, err
	}
	values := make(map[string]crm.StoredSetting, len(rows))
	for _, row := range rows {
		var value any
		if err := json.Unmarshal(row.Value, &value); err != nil {
			return nil, fmt.Errorf("value of %s: %w", row.Key, err)
		}
		values[row.Key] = crm.StoredSetting{Value: value, Decided: true}
	}
	return values, nil
}

func mappings(ctx context.Context, client *ent.Client, integrationID string) (map[string]string, error) {
	rows, err := client.Mapping.Query().Where(mapping.IntegrationID(integrationID)).All(ctx)
	if err != nil {
		return nil, err
	}
	byStandardField := make(map[string]string, len(rows))
	for _, row := range rows {
		byStandardField[row.StandardField] = row.CrmField
	}
	return byStandardField, nil
}

// neededFields names the CRM fields that any setting's requirement is about, or takes
// its options from, so that a page of settings does not load thousands of fields.
func neededFields(pkg crm.Package, mappings map[string]string) []string {
	var names []string
	for _, definition := range crm.SettingDefinitions() {
		keys := []string{definition.OptionsFrom}
		for _, requirement := range definition.Requires {
			keys = append(keys, requirement.Field)
		}
		for _, key := range keys {
			if _, standard, found := pkg.StandardField(key); found {
				names = append(names, standard.CRMField(mappings))
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// options gives the choices of each ENUM setting: what the CRM gave for its source,
// else the picklist of the field that it is about, once a check has seen it.
func options(
	pkg crm.Package, mappings map[string]string, objects map[string]*snapshot.Object, listed map[crm.PicklistSource][]crm.Choice,
) map[string][]crm.SettingOption {
	choices := map[string][]crm.SettingOption{}
	for _, definition := range crm.SettingDefinitions() {
		if definition.Type != crm.SettingEnum {
			continue
		}
		if given, known := listed[definition.Source]; known {
			choices[definition.Key] = crm.ChoiceOptions(given)
			continue
		}
		object, standard, found := pkg.StandardField(definition.OptionsFrom)
		if !found || objects[object.Name] == nil {
			continue
		}
		if field := objects[object.Name].Fields[standard.CRMField(mappings)]; field != nil && len(field.Picklist) > 0 {
			choices[definition.Key] = crm.PicklistOptions(field.Picklist)
		}
	}
	return choices
}

// picklists reads the choices that the CRM gave, by source.
func picklists(ctx context.Context, client *ent.Client, integrationID string) (map[crm.PicklistSource][]crm.Choice, error) {
	rows, err := client.Picklist.Query().Where(picklist.IntegrationID(integrationID)).All(ctx)
	if err != nil {
		return nil, err
	}
	listed := make(map[crm.PicklistSource][]crm.Choice, len(rows))
	for _, row := range rows {
		listed[row.Source] = row.Choices
	}
	return listed, nil
}

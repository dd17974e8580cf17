package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/settingvalue"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// acting returns who a request acts as.
func acting(ctx context.Context) (principal.Principal, error) {
	p, ok := principal.From(ctx)
	if !ok {
		return p, fault.New(fault.Unauthenticated, "This request carries no valid bearer token.")
	}
	return p, nil
}

func (r *Resolver) workspace(ctx context.Context) (*ent.Workspace, error) {
	p, err := acting(ctx)
	if err != nil {
		return nil, err
	}
	return r.Store.Read().Workspace.Get(ctx, p.WorkspaceID)
}

// missingConnector shows an integration's connector that this server no longer
// offers.
func (r *Resolver) missingConnector(name string) *model.Connector {
	info, _ := fault.Lookup(fault.ConnectorNotFound)
	return &model.Connector{
		Name: name, Title: name, Kind: crm.KindCRM, Status: model.ConnectorStatusMissing,
		Problem:      r.problem(string(info.Code), "This server offers no connector of this name."),
		Capabilities: []crm.Capability{}, Environments: []crm.Environment{},
		Prerequisites: []*crm.Prerequisite{}, Protections: []*model.Protection{},
	}
}

// onboarding lists the steps with what blocks them now.
func (r *Resolver) onboarding(ctx context.Context, found *ent.Integration) ([]*model.OnboardingStepState, error) {
	steps, err := r.Integrations.Onboarding(ctx, found.ID)
	if err != nil {
		return nil, err
	}
	states := make([]*model.OnboardingStepState, len(steps))
	for i, step := range steps {
		states[i] = &model.OnboardingStepState{Step: step.Step, Done: step.Done, Blockers: append([]string{}, step.Blockers...)}
	}
	return states, nil
}

// settings shows the settings as a tree and as typed effective values.
func (r *Resolver) settings(ctx context.Context, integrationID string) (*model.Settings, error) {
	states, version, err := r.Settings.Tree(ctx, integrationID)
	if err != nil {
		return nil, err
	}
	rows, err := r.Store.Read().SettingValue.Query().Where(settingvalue.IntegrationID(integrationID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("graph: loading settings: %w", err)
	}
	changed := make(map[string]*ent.SettingValue, len(rows))
	for _, row := range rows {
		changed[row.Key] = row
	}
	fixes, err := r.rightFixes(ctx, integrationID, states)
	if err != nil {
		return nil, err
	}
	shown := &model.Settings{Version: version, Groups: []*model.SettingGroup{}, Effective: effective(states)}
	for _, state := range states {
		key := string(state.Definition.Group)
		at := slices.IndexFunc(shown.Groups, func(g *model.SettingGroup) bool { return g.Key == key })
		if at < 0 {
			at = len(shown.Groups)
			shown.Groups = append(shown.Groups, &model.SettingGroup{Key: key, Title: state.Definition.Group.Title()})
		}
		one, err := setting(state, changed[state.Definition.Key], fixes)
		if err != nil {
			return nil, err
		}
		shown.Groups[at].Settings = append(shown.Groups[at].Settings, one)
	}
	return shown, nil
}

func setting(state crm.SettingState, row *ent.SettingValue, fixes rightFixes) (*model.Setting, error) {
	shown := &model.Setting{
		Key: state.Definition.Key, Title: state.Definition.Title, Help: state.Definition.Help, Type: state.Definition.Type,
		Decided: state.Decided, MustDecide: state.Definition.MustDecide, Available: state.Available,
		UnavailableMessage: state.UnavailableMessage, ValueGone: state.ValueGone,
		Options: []*crm.SettingOption{}, Requires: requirements(state.Requires, fixes),
	}
	if state.UnavailableReason != "" {
		shown.UnavailableReason = &state.UnavailableReason
	}
	if state.Definition.Parent != "" {
		shown.Parent = &state.Definition.Parent
	}
	for i := range state.Options {
		shown.Options = append(shown.Options, &state.Options[i])
	}
	if row != nil {
		shown.Value = row.Value
		shown.UpdatedBy, shown.UpdatedAt = &row.UpdatedBy, &row.UpdatedAt
	}
	for target, value := range map[*json.RawMessage]any{&shown.DefaultValue: state.Definition.Default, &shown.EffectiveValue: state.EffectiveValue} {
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("graph: setting %s: %w", state.Definition.Key, err)
		}
		*target = raw
	}
	return shown, nil
}

// effective is the typed mirror of the tree.
func effective(states []crm.SettingState) *model.EffectiveSettings {
	on := map[string]bool{}
	choice := map[string]*string{}
	for _, state := range states {
		on[state.Definition.Key] = state.On()
		if text, ok := state.EffectiveValue.(string); ok {
			choice[state.Definition.Key] = &text
		}
	}
	return &model.EffectiveSettings{
		DataSync: on["dataSync"],
		AutoSave: &model.EffectiveAutoSave{Enabled: on["autoSave.enabled"], PipelineEntryStage: choice["autoSave.pipelineEntryStage"]},
		ContactsCreate: &model.EffectiveContactsCreate{
			Enabled: on["contacts.create"], Bulk: on["contacts.create.bulk"], EmailRequired: on["contacts.create.emailRequired"],
		},
		RestrictedDataMode: on["restrictedDataMode"],
	}
}

func noErrors() []*model.UserError { return []*model.UserError{} }

// valueOf reads an optional argument; left out is "".
func valueOf[T ~string](text *T) T {
	if text == nil {
		return ""
	}
	return *text
}

// packageOf returns the package of an integration's workspace.
func (r *Resolver) packageOf(ctx context.Context, found *ent.Integration) (crm.Package, error) {
	tenant, err := r.loaders(ctx).tenants.Load(ctx, found.WorkspaceID)
	if err != nil {
		return crm.Package{}, err
	}
	return r.Packages.For(tenant, found)
}

package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/auditentry"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// right is a right on an object of an integration, or on a field of it.
type right struct {
	object, field string
	right         crm.Right
}

func rightOf(need crm.RequirementState) right {
	return right{need.ObjectName, need.FieldName, need.Right}
}

// rightFixes tells how to get the rights that are missing.
type rightFixes map[right]*crm.Fix

// requirements shows what a setting needs.
func requirements(needs []crm.RequirementState, fixes rightFixes) []*model.SettingRequirement {
	shown := make([]*model.SettingRequirement, len(needs))
	for i, need := range needs {
		shown[i] = &model.SettingRequirement{
			Object: need.ObjectName, Field: need.FieldName, Right: need.Right, Status: need.Status, Stale: need.Stale,
			Fix: fixes[rightOf(need)],
		}
	}
	return shown
}

// rightFixes loads how to get what settings lack; where nothing is missing nothing is
// loaded.
func (r *Resolver) rightFixes(ctx context.Context, integrationID string, states []crm.SettingState) (rightFixes, error) {
	var missing []crm.RequirementState
	for _, state := range states {
		for _, need := range state.Requires {
			if need.Status == crm.RightMissing {
				missing = append(missing, need)
			}
		}
	}
	if len(missing) == 0 {
		return nil, nil
	}
	explained, err := r.loaders(ctx).explanations(r).Load(ctx, integrationID)
	if err != nil {
		return nil, err
	}
	rows, err := r.loaders(ctx).objectsOf.Load(ctx, integrationID)
	if err != nil {
		return nil, err
	}
	objects := make(map[string]*ent.CrmObject, len(rows))
	for _, row := range rows {
		objects[row.Name] = row
	}
	fields, err := r.fieldsNamed(ctx, objects, missing)
	if err != nil {
		return nil, err
	}
	fixes := rightFixes{}
	for _, need := range missing {
		if object := objects[need.ObjectName]; object != nil {
			field := fields[object.ID+"."+need.FieldName]
			fixes[rightOf(need)] = explained.RightFix(object, need.FieldName, field, need.Right)
		}
	}
	return fixes, nil
}

// fieldsNamed loads the fields that requirements are about, by the object's id and the
// field's name with a dot between.
func (r *Resolver) fieldsNamed(ctx context.Context, objects map[string]*ent.CrmObject, needs []crm.RequirementState) (map[string]*ent.CrmField, error) {
	var objectIDs, names []string
	for _, need := range needs {
		if object := objects[need.ObjectName]; object != nil && need.FieldName != "" {
			objectIDs, names = append(objectIDs, object.ID), append(names, need.FieldName)
		}
	}
	if len(names) == 0 {
		return nil, nil
	}
	rows, err := r.Store.Read().CrmField.Query().Where(crmfield.ObjectIDIn(objectIDs...), crmfield.NameIn(names...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("graph: loading the fields of settings: %w", err)
	}
	found := make(map[string]*ent.CrmField, len(rows))
	for _, row := range rows {
		found[row.ObjectID+"."+row.Name] = row
	}
	return found, nil
}

// settingsPreflight shows what changes of settings would do.
func (r *Resolver) settingsPreflight(ctx context.Context, integrationID string, inputs []*model.SettingChangeInput) (*model.SettingsPreflight, error) {
	changes, err := settingChanges(inputs)
	if err != nil {
		return nil, err
	}
	told, err := r.Settings.Preflight(ctx, integrationID, changes)
	if err != nil {
		return nil, err
	}
	shown := &model.SettingsPreflight{Version: told.Version, Effects: make([]*model.SettingEffect, len(told.Effects))}
	if shown.Problems, err = r.userErrors(told.Problems); err != nil {
		return nil, err
	}
	after := make([]crm.SettingState, len(told.Effects))
	for i, effect := range told.Effects {
		after[i] = effect.After
	}
	fixes, err := r.rightFixes(ctx, integrationID, after)
	if err != nil {
		return nil, err
	}
	for i, effect := range told.Effects {
		if shown.Effects[i], err = settingEffect(effect, fixes); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

func settingEffect(effect crm.SettingEffect, fixes rightFixes) (*model.SettingEffect, error) {
	before, after := effect.Before, effect.After
	shown := &model.SettingEffect{
		Key: after.Definition.Key, Title: after.Definition.Title, Requested: effect.Requested,
		Undecided: slices.Contains(crm.Undecided([]crm.SettingState{after}), after.Definition.Key),
		Available: after.Available, UnavailableMessage: after.UnavailableMessage, Missing: requirements(after.Missing(), fixes),
	}
	if after.UnavailableReason != "" {
		shown.UnavailableReason = &after.UnavailableReason
	}
	var failures []error
	raw := func(value any) json.RawMessage {
		text, err := optionalJSON(value)
		failures = append(failures, err)
		return text
	}
	decided := func(state crm.SettingState) any {
		if !state.Decided {
			return nil
		}
		return state.Value
	}
	shown.Before, shown.After = raw(decided(before)), raw(decided(after))
	shown.EffectiveBefore, shown.EffectiveAfter = raw(before.EffectiveValue), raw(after.EffectiveValue)
	return shown, errors.Join(failures...)
}

// settingsHistory pages through what was decided, newest first: the entries of the
// audit log that the settings' use case leaves.
func (r *Resolver) settingsHistory(ctx context.Context, found *ent.Integration, p page) (*ent.AuditEntryConnection, error) {
	return r.Store.Read().AuditEntry.Query().
		Where(auditentry.Target(found.ID), auditentry.Action("updateSettings"), auditentry.OutcomeEQ(crm.AuditSucceeded)).
		Paginate(ctx, p.after, p.first, p.before, p.last, ent.WithAuditEntryOrder(newestAudit()))
}

// settingDecisions shows the settings of one entry of that history, in the order of
// the page; what is no setting any more comes last.
func settingDecisions(entry *ent.AuditEntry) ([]*model.SettingDecision, error) {
	var before, after map[string]json.RawMessage
	if err := errors.Join(unpacked(entry.Before, &before), unpacked(entry.After, &after)); err != nil {
		return nil, fmt.Errorf("graph: the decisions of %s: %w", entry.ID, err)
	}
	shown := []*model.SettingDecision{}
	add := func(key, title string) {
		shown = append(shown, &model.SettingDecision{Key: key, Title: title, Before: decidedAs(before[key]), After: decidedAs(after[key])})
		delete(after, key)
	}
	for _, definition := range crm.SettingDefinitions() {
		if _, there := after[definition.Key]; there {
			add(definition.Key, definition.Title)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(after)) {
		add(key, key)
	}
	return shown, nil
}

// unpacked reads values by key; none is none.
func unpacked(raw json.RawMessage, values *map[string]json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, values)
}

// decidedAs is a value; JSON's null is none.
func decidedAs(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

package configuration

import (
	"context"
	"errors"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// CopyInput copies from one integration to another of the same connector, say from
// SANDBOX to PRODUCTION.
type CopyInput struct {
	FromIntegrationID string
	ToIntegrationID   string
	// DryRun only says what would change.
	DryRun         bool
	IdempotencyKey string
}

// CopySettings decides the settings of one integration as they are decided of
// another (requirement D21). What is undecided there stays as it is here.
//
// Errors: FORBIDDEN, NOT_FOUND, BAD_INPUT for integrations of two connectors or one
// and the same, and one SETTING_UNAVAILABLE or SETTING_INVALID for each value that
// cannot be had here (joined); nothing is copied then.
func (s *Service) CopySettings(ctx context.Context, in CopyInput) (Result, error) {
	return s.copied(ctx, in, "copySettings", func(ctx context.Context, tx *store.Tx, from, to *ent.Integration) ([]Effect, error) {
		values, err := s.Settings.Stored(ctx, tx.Ent(), from.ID)
		if err != nil {
			return nil, err
		}
		var changes []crm.SettingChange
		for _, definition := range crm.SettingDefinitions() {
			if value, decided := values[definition.Key]; decided {
				changes = append(changes, crm.SettingChange{Key: definition.Key, Value: value})
			}
		}
		effects, err := s.decide(ctx, tx, to, changes)
		return effects, atTarget(err)
	})
}

// CopyMapping maps the standard fields of one integration as they are mapped at
// another (requirement D21). What is not mapped there stays as it is here. A mapping
// that cannot be had here, because no check has seen the field or because it stands
// for another standard field, is in the plan as left out.
//
// Errors: as CopySettings, but for those of the values.
func (s *Service) CopyMapping(ctx context.Context, in CopyInput) (Result, error) {
	return s.copied(ctx, in, "copyMapping", func(ctx context.Context, tx *store.Tx, from, to *ent.Integration) ([]Effect, error) {
		source, err := s.Mappings.Mapped(ctx, tx.Ent(), from.ID)
		if err != nil {
			return nil, err
		}
		now, err := s.present(ctx, tx.Ent(), to)
		if err != nil {
			return nil, err
		}
		seen, err := seenFields(ctx, tx.Ent(), to.ID, source)
		if err != nil {
			return nil, err
		}
		changes, leftOut := transferable(now, source, seen)
		effects, err := s.standardize(ctx, tx, now, changes, "")
		return append(effects, leftOut...), atTarget(err)
	})
}

// copied finds both integrations, the target locked, and lets do copy.
func (s *Service) copied(
	ctx context.Context, in CopyInput, action string, do func(ctx context.Context, tx *store.Tx, from, to *ent.Integration) ([]Effect, error),
) (Result, error) {
	if err := mayConfigure(ctx); err != nil {
		return Result{}, err
	}
	if in.FromIntegrationID == in.ToIntegrationID {
		return Result{}, fault.New(fault.BadInput, "Both are the same integration.", fault.Field("toIntegrationId"))
	}
	return s.change(ctx, in.IdempotencyKey, action, in, in.DryRun, func(ctx context.Context, tx *store.Tx) ([]Effect, error) {
		to, err := snapshot.Lock(ctx, tx, in.ToIntegrationID)
		if err != nil {
			return nil, inField(err, "toIntegrationId")
		}
		from, err := snapshot.Find(ctx, tx.Ent(), in.FromIntegrationID)
		if err != nil {
			return nil, inField(err, "fromIntegrationId")
		}
		if from.Connector != to.Connector {
			return nil, fault.New(fault.BadInput, fmt.Sprintf("One integration is with %s, the other with %s.", from.Connector, to.Connector),
				fault.Field("toIntegrationId"))
		}
		plan, err := do(ctx, tx, from, to)
		if err != nil || len(plan) == 0 {
			return []Effect{}, err
		}
		return plan, auditChange(ctx, tx, action, to, plan)
	})
}

// fieldKey names a CRM field.
type fieldKey struct{ object, field string }

// seenFields tells which of the mapped CRM fields checks of an integration have seen.
func seenFields(ctx context.Context, client *ent.Client, integrationID string, mapped map[string]string) (map[fieldKey]bool, error) {
	names := make([]string, 0, len(mapped))
	for _, name := range mapped {
		names = append(names, name)
	}
	rows, err := client.CrmField.Query().Where(crmfield.IntegrationID(integrationID), crmfield.NameIn(names...)).WithObject().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("configuration: fields of the target: %w", err)
	}
	seen := make(map[fieldKey]bool, len(rows))
	for _, row := range rows {
		seen[fieldKey{row.Edges.Object.Name, row.Name}] = true
	}
	return seen, nil
}

// transferable parts the mappings of a source into those that the target can take
// and effects that tell what is left out, both in the package's order.
func transferable(now present, source map[string]string, seen map[fieldKey]bool) (changes []mapping.Change, leftOut []Effect) {
	refused := map[string]string{}
	// What is refused stays as it is, which may stand in the way of another one.
	for before := -1; len(refused) > before; {
		before = len(refused)
		for key, standing := range holders(now, source, refused) {
			for _, standard := range standing {
				wanted := source[standard] == key.field && now.mapped[standard] != key.field && refused[standard] == ""
				switch {
				case wanted && !seen[key]:
					refused[standard] = "no check of it has seen the field"
				case wanted && len(standing) > 1:
					refused[standard] = "the field stands for another standard field there"
				}
			}
		}
	}
	for _, object := range now.pkg.Objects {
		for _, field := range object.Fields {
			name := source[field.Key]
			why := refused[field.Key]
			switch {
			case name == "" || name == now.mapped[field.Key]:
			case why == "":
				changes = append(changes, mapping.Change{StandardField: field.Key, CRMField: name})
			default:
				leftOut = append(leftOut, Effect{
					Subject: field.Key, Kind: KindMapping, Before: orNil(now.mapped[field.Key]), After: orNil(now.mapped[field.Key]),
					Description: fmt.Sprintf("%s.%s is left out of the target: %s.", object.Name, name, why),
				})
			}
		}
	}
	return changes, leftOut
}

// holders lists the standard fields that stand for each CRM field of the target once
// all of the source's mappings that are not refused are taken over.
func holders(now present, source, refused map[string]string) map[fieldKey][]string {
	standing := map[fieldKey][]string{}
	for _, object := range now.pkg.Objects {
		for _, field := range object.Fields {
			name := source[field.Key]
			if name == "" || refused[field.Key] != "" {
				name = now.mapped[field.Key]
			}
			if name != "" {
				key := fieldKey{object.Name, name}
				standing[key] = append(standing[key], field.Key)
			}
		}
	}
	return standing
}

// inField names the input at fault.
func inField(err error, field string) error {
	known, ok := fault.From(err)
	if !ok {
		return err
	}
	shown := *known
	shown.Field = []string{field}
	return &shown
}

// atTarget names the target as the input at fault in each of the errors.
func atTarget(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, one := range joined.Unwrap() {
			all = append(all, atTarget(one))
		}
		return errors.Join(all...)
	}
	return inField(err, "toIntegrationId")
}

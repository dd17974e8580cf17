package configuration

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/goccy/go-yaml/token"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/mapping"
	"github.com/fieldwarden/fieldwarden/internal/plural"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// ImportInput applies a document to an integration.
type ImportInput struct {
	IntegrationID string
	Document      string
	// DryRun only says what would change. Confirm is needed when something is taken
	// away.
	DryRun         bool
	Confirm        bool
	IdempotencyKey string
}

// Import applies a document: all of it, or nothing.
//
// Errors: DOCUMENT_INVALID with line and column, and the errors of the single
// changes with their lines (SETTING_UNAVAILABLE, SETTING_INVALID, MAPPING_CONFLICT,
// NOT_FOUND for a field that no check has seen, RECIPIENT_REQUIRED), all that are
// found of a kind joined; CONFIRM_REQUIRED when something would be taken away without confirm.
func (s *Service) Import(ctx context.Context, in ImportInput) (Result, error) {
	if err := mayConfigure(ctx); err != nil {
		return Result{}, err
	}
	wanted, err := parse(in.Document)
	if err != nil {
		return Result{}, err
	}
	return s.change(ctx, in.IdempotencyKey, "importConfiguration", in, in.DryRun, func(ctx context.Context, tx *store.Tx) ([]Effect, error) {
		found, err := snapshot.Lock(ctx, tx, in.IntegrationID)
		if err != nil {
			return nil, err
		}
		plan, err := s.apply(ctx, tx, found, wanted)
		if err != nil {
			return nil, err
		}
		if err := confirmed(plan, in.Confirm || in.DryRun); err != nil || len(plan) == 0 {
			return plan, err
		}
		return plan, auditChange(ctx, tx, "importConfiguration", found, plan)
	})
}

// confirmed refuses a plan that takes something away and that nobody confirmed.
func confirmed(plan []Effect, confirm bool) error {
	if confirm {
		return nil
	}
	taken := 0
	first := ""
	for _, effect := range plan {
		if effect.Destructive {
			taken++
			first = cmp.Or(first, effect.Description)
		}
	}
	if taken == 0 {
		return nil
	}
	return fault.New(fault.ConfirmRequired, fmt.Sprintf("The document takes %s away: %s", plural.Of(taken, "thing", "things"), first), fault.Field("confirm"))
}

// auditChange records that a change came as a whole; the single changes have entries
// of their own, with their values.
func auditChange(ctx context.Context, tx *store.Tx, action string, found *ent.Integration, plan []Effect) error {
	counts := map[Kind]int{}
	for _, effect := range plan {
		counts[effect.Kind]++
	}
	return tx.Audit(ctx, store.AuditItem{Action: action, Target: found.ID, Outcome: crm.AuditSucceeded, After: map[string]any{"effects": counts}})
}

// apply makes the changes that a document asks for and returns them as a plan.
func (s *Service) apply(ctx context.Context, tx *store.Tx, found *ent.Integration, wanted document) ([]Effect, error) {
	if wanted.connector != found.Connector {
		return nil, invalid(wanted.places[keyConnector],
			fmt.Sprintf("the document is for %s, the integration is one with %s", crm.Shorten(wanted.connector, 60), found.Connector))
	}
	now, err := s.present(ctx, tx.Ent(), found)
	if err != nil {
		return nil, err
	}
	plan := []Effect{}
	for _, step := range []func(context.Context, *store.Tx, present, document) ([]Effect, error){
		s.applySchedule, s.applyQuotaShare, s.applyBudgets, s.applySettings, s.applyMappings, s.applyRecipients,
	} {
		effects, err := step(ctx, tx, now, wanted)
		if err != nil {
			return nil, err
		}
		plan = append(plan, effects...)
	}
	return plan, nil
}

func (s *Service) applySchedule(ctx context.Context, tx *store.Tx, now present, wanted document) ([]Effect, error) {
	before := scheduled{Time: now.integration.ScheduleTime, Zone: now.integration.ScheduleZone}
	if wanted.schedule == nil || *wanted.schedule == before {
		return nil, nil
	}
	if _, err := s.Schedules.SetScheduleTx(ctx, tx, now.integration.ID, wanted.schedule.Time, wanted.schedule.Zone); err != nil {
		return nil, located(err, wanted, keySchedule)
	}
	return []Effect{{
		Subject: "schedule", Kind: KindSchedule, Before: before, After: *wanted.schedule,
		Description: fmt.Sprintf("The daily run starts at %s (%s).", wanted.schedule.Time, wanted.schedule.Zone),
	}}, nil
}

func (s *Service) applyQuotaShare(ctx context.Context, tx *store.Tx, now present, wanted document) ([]Effect, error) {
	if wanted.quotaShare == nil || *wanted.quotaShare == now.integration.QuotaPercent {
		return nil, nil
	}
	if err := s.Budgets.SetQuotaShareTx(ctx, tx, now.integration.ID, *wanted.quotaShare); err != nil {
		return nil, located(err, wanted, keyQuotaShare)
	}
	return []Effect{{
		Subject: "budget", Kind: KindBudget,
		Before: map[string]any{keyQuotaShare: now.integration.QuotaPercent}, After: map[string]any{keyQuotaShare: *wanted.quotaShare},
		Description: fmt.Sprintf("Runs stop at %d %% of the CRM's own quota.", *wanted.quotaShare),
	}}, nil
}

func (s *Service) applyBudgets(ctx context.Context, tx *store.Tx, now present, wanted document) ([]Effect, error) {
	var effects []Effect
	for _, one := range wanted.budgets {
		limit, limited := now.budgets[one.api]
		if one.limit == nil && !limited || one.limit != nil && limited && *one.limit == limit {
			continue
		}
		if err := s.Budgets.SetBudgetTx(ctx, tx, now.integration.ID, one.api, one.limit); err != nil {
			return nil, located(err, wanted, keyBudgets+"."+one.api)
		}
		effect := Effect{Subject: "budget", Kind: KindBudget, Description: fmt.Sprintf("There is no limit of calls to the API %s any more.", one.api)}
		if limited {
			effect.Before = map[string]any{"apiType": one.api, "dailyLimit": limit}
		}
		if one.limit != nil {
			effect.After = map[string]any{"apiType": one.api, "dailyLimit": *one.limit}
			effect.Description = fmt.Sprintf("Runs make at most %d calls to the API %s in a day.", *one.limit, one.api)
		}
		effects = append(effects, effect)
	}
	return effects, nil
}

func (s *Service) applySettings(ctx context.Context, tx *store.Tx, now present, wanted document) ([]Effect, error) {
	effects, err := s.decide(ctx, tx, now.integration, wanted.settings)
	return effects, located(err, wanted, keySettings)
}

// decide decides settings, in the order of the page.
func (s *Service) decide(ctx context.Context, tx *store.Tx, found *ent.Integration, changes []crm.SettingChange) ([]Effect, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	position := map[string]int{}
	for i, definition := range crm.SettingDefinitions() {
		position[definition.Key] = i
	}
	changes = slices.SortedFunc(slices.Values(changes), func(a, b crm.SettingChange) int { return cmp.Compare(position[a.Key], position[b.Key]) })
	decided, err := s.Settings.Apply(ctx, tx, found, changes)
	if err != nil {
		return nil, err
	}
	effects := make([]Effect, len(decided))
	for i, one := range decided {
		definition, _ := crm.FindSetting(one.Key)
		effects[i] = Effect{Subject: one.Key, Kind: KindSetting, Before: one.Before, After: one.After}
		switch one.After {
		case true:
			effects[i].Description = fmt.Sprintf("%q is switched on.", definition.Title)
		case false:
			effects[i].Description = fmt.Sprintf("%q is switched off.", definition.Title)
		default:
			effects[i].Description = fmt.Sprintf("%q is set to %v.", definition.Title, one.After)
		}
	}
	return effects, nil
}

func (s *Service) applyMappings(ctx context.Context, tx *store.Tx, now present, wanted document) ([]Effect, error) {
	effects, err := s.standardize(ctx, tx, now, wanted.mappings, "A configuration document takes the mapping away.")
	return effects, located(err, wanted, keyMappings)
}

// standardize changes mappings, in the package's order.
func (s *Service) standardize(ctx context.Context, tx *store.Tx, now present, changes []mapping.Change, reason string) ([]Effect, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	position := map[string]int{}
	for _, object := range now.pkg.Objects {
		for _, field := range object.Fields {
			position[field.Key] = len(position)
		}
	}
	changes = slices.SortedFunc(slices.Values(changes), func(a, b mapping.Change) int {
		return cmp.Compare(position[a.StandardField], position[b.StandardField])
	})
	changed, err := s.Mappings.Apply(ctx, tx, now.integration, changes, reason)
	if err != nil {
		return nil, err
	}
	effects := make([]Effect, len(changed))
	for i, one := range changed {
		effects[i] = Effect{
			Subject: one.StandardField, Kind: KindMapping, Before: orNil(one.Before), After: orNil(one.After), Destructive: one.After == "",
			Description: fmt.Sprintf("%s.%s stands for %s.", one.Object, one.After, one.StandardField),
		}
		if one.After == "" {
			effects[i].Description = fmt.Sprintf("Nothing stands for %s any more; %s.%s is no longer watched.", one.StandardField, one.Object, one.Before)
		}
	}
	return effects, nil
}

// orNil is a text, or nil for none.
func orNil[T ~string](text T) any {
	if text == "" {
		return nil
	}
	return text
}

func (s *Service) applyRecipients(ctx context.Context, tx *store.Tx, _ present, wanted document) ([]Effect, error) {
	if wanted.recipients == nil {
		return nil, nil
	}
	changed, err := s.Recipients.Replace(ctx, tx, *wanted.recipients)
	if err != nil {
		return nil, located(err, wanted, keyRecipients)
	}
	effects := make([]Effect, len(changed))
	for i, one := range changed {
		effects[i] = Effect{
			Subject: one.Address, Kind: KindRecipient, Before: orNil(one.Before), After: orNil(one.After), Destructive: one.After == "",
			Description: fmt.Sprintf("%s is told, as %s.", one.Address, one.After),
		}
		if one.After == "" {
			effects[i].Description = fmt.Sprintf("%s is not told any more.", one.Address)
		}
	}
	return effects, nil
}

// located gives the errors of a change the place in the document that they are
// about: the detail "key" or "subject" below a section, else the section.
func located(err error, d document, section string) error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, one := range joined.Unwrap() {
			all = append(all, located(one, d, section))
		}
		return errors.Join(all...)
	}
	known, ok := fault.From(err)
	if !ok {
		return err
	}
	at := d.places[section]
	for _, key := range []string{"key", "subject"} {
		if exact := d.places[section+"."+known.Details[key]]; exact != nil {
			at = exact
		}
	}
	return withPlace(known, at)
}

// withPlace is a fault with the place in the document.
func withPlace(known *fault.Error, at *token.Position) error {
	if at == nil {
		return known
	}
	shown := *known
	if known.Code == fault.BadInput {
		shown.Code = fault.DocumentInvalid
	}
	shown.Message = fmt.Sprintf("Line %d, column %d: %s", at.Line, at.Column, known.Message)
	shown.Field = []string{"document"}
	shown.Details = maps.Clone(known.Details)
	if shown.Details == nil {
		shown.Details = map[string]string{}
	}
	shown.Details["line"], shown.Details["column"] = fmt.Sprint(at.Line), fmt.Sprint(at.Column)
	return &shown
}

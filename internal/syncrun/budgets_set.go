package syncrun

import (
	"context"
	"fmt"
	"strings"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/apibudget"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// BudgetInput says how many calls runs may make of one API in a local day.
type BudgetInput struct {
	IdempotencyKey string `json:"-"`
	IntegrationID  string `json:"integrationId"`
	// APIType is the key of an API of the connector.
	APIType string `json:"apiType"`
	// DailyLimit is at least 1; nil removes the limit.
	DailyLimit *int `json:"dailyLimit"`
}

// SetBudget sets or removes an API budget (requirements G5, D17). It holds from the
// next step on; a run that the old one ended goes on with the next run.
func (s *Service) SetBudget(ctx context.Context, input BudgetInput) error {
	_, err := store.Idempotent(ctx, s.store, input.IdempotencyKey, "setApiBudget", input, func(ctx context.Context, tx *store.Tx) (string, error) {
		return input.IntegrationID, s.SetBudgetTx(ctx, tx, input.IntegrationID, input.APIType, input.DailyLimit)
	})
	return err
}

// SetBudgetTx is SetBudget inside a transaction of the caller's.
func (s *Service) SetBudgetTx(ctx context.Context, tx *store.Tx, integrationID, apiType string, dailyLimit *int) error {
	p, err := admin(ctx)
	if err != nil {
		return err
	}
	if dailyLimit != nil && *dailyLimit < 1 {
		return fault.New(fault.BadInput, "A budget is at least 1 call a day; leave the limit out for none.", fault.Field("dailyLimit"))
	}
	found, err := snapshot.Lock(ctx, tx, integrationID)
	if err != nil {
		return err
	}
	if err := s.knownAPI(ctx, tx, found, apiType); err != nil {
		return err
	}
	row, err := tx.Ent().ApiBudget.Query().Where(apibudget.IntegrationID(found.ID), apibudget.APIType(apiType)).Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return fmt.Errorf("syncrun: loading budget: %w", err)
	}
	before := map[string]any{"apiType": apiType, "dailyLimit": nil}
	if row != nil {
		before["dailyLimit"] = row.DailyLimit
	}
	switch {
	case dailyLimit == nil && row != nil:
		err = tx.Ent().ApiBudget.DeleteOne(row).Exec(ctx)
	case dailyLimit == nil:
		err = nil // there was no limit
	case row != nil:
		err = row.Update().SetDailyLimit(*dailyLimit).SetUpdatedBy(p.ID).SetUpdatedAt(tx.Now()).Exec(ctx)
	default:
		err = tx.Ent().ApiBudget.Create().SetWorkspaceID(found.WorkspaceID).SetCreatedAt(tx.Now()).SetIntegrationID(found.ID).
			SetAPIType(apiType).SetDailyLimit(*dailyLimit).SetUpdatedBy(p.ID).SetUpdatedAt(tx.Now()).Exec(ctx)
	}
	if err != nil {
		return fmt.Errorf("syncrun: saving budget: %w", err)
	}
	return tx.Audit(ctx, store.AuditItem{
		Action: "setApiBudget", Target: found.ID, Outcome: crm.AuditSucceeded,
		Before: before, After: map[string]any{"apiType": apiType, "dailyLimit": dailyLimit},
	})
}

// knownAPI refuses an API that the integration's CRM does not have.
func (s *Service) knownAPI(ctx context.Context, tx *store.Tx, found *ent.Integration, apiType string) error {
	allowance, err := s.meter.Allowance(ctx, tx.Ent(), found, tx.Now())
	if err != nil {
		return err
	}
	var keys []string
	for _, api := range allowance.APIs {
		if api.Key == apiType {
			return nil
		}
		keys = append(keys, api.Key)
	}
	return fault.New(fault.BadInput, fmt.Sprintf("The integration has no API %q; it has %s.", crm.Shorten(apiType, 40), strings.Join(keys, ", ")), fault.Field("apiType"))
}

// QuotaShareInput says at which share of the CRM's own quota runs stop.
type QuotaShareInput struct {
	IdempotencyKey string `json:"-"`
	IntegrationID  string `json:"integrationId"`
	// Percent is 1 to 100.
	Percent int `json:"percent"`
}

// SetQuotaShare sets the share of the CRM's own API quota, used by anybody, at which
// runs stop (requirement G5).
func (s *Service) SetQuotaShare(ctx context.Context, input QuotaShareInput) error {
	_, err := store.Idempotent(ctx, s.store, input.IdempotencyKey, "setQuotaShare", input, func(ctx context.Context, tx *store.Tx) (string, error) {
		return input.IntegrationID, s.SetQuotaShareTx(ctx, tx, input.IntegrationID, input.Percent)
	})
	return err
}

// SetQuotaShareTx is SetQuotaShare inside a transaction of the caller's.
func (s *Service) SetQuotaShareTx(ctx context.Context, tx *store.Tx, integrationID string, percent int) error {
	if _, err := admin(ctx); err != nil {
		return err
	}
	if percent < 1 || percent > 100 {
		return fault.New(fault.BadInput, "The share is 1 to 100 percent.", fault.Field("percent"))
	}
	found, err := snapshot.Lock(ctx, tx, integrationID)
	if err != nil {
		return err
	}
	if err := tx.Ent().Integration.UpdateOneID(found.ID).SetQuotaPercent(percent).SetUpdatedAt(tx.Now()).Exec(ctx); err != nil {
		return fmt.Errorf("syncrun: saving the share: %w", err)
	}
	return tx.Audit(ctx, store.AuditItem{
		Action: "setQuotaShare", Target: found.ID, Outcome: crm.AuditSucceeded,
		Before: map[string]any{"percent": found.QuotaPercent}, After: map[string]any{"percent": percent},
	})
}

package graph

import (
	"context"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/usage"
)

// apiBudgets shows what an integration may spend and has spent today.
func (r *Resolver) apiBudgets(ctx context.Context, row *ent.Integration) ([]*model.APIBudget, error) {
	now := r.Store.Clock().Now()
	allowance, err := r.Usage.Allowance(ctx, r.Store.Read(), row, now)
	if err != nil {
		return nil, err
	}
	budgets := make([]*model.APIBudget, len(allowance.APIs))
	for i, use := range allowance.APIs {
		budgets[i] = &model.APIBudget{
			APIType: use.Key, Title: use.Title, RecommendedDailyLimit: use.RecommendedDailyLimit,
			UsedToday: use.Used, ResetsAt: usage.DayEnds(row, now),
		}
		if use.Limit > 0 {
			budgets[i].DailyLimit = &use.Limit
		}
	}
	return budgets, nil
}

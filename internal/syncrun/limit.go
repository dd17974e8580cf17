package syncrun

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/snapshot"
	"github.com/fieldwarden/fieldwarden/internal/store"
	"github.com/fieldwarden/fieldwarden/internal/usage"
)

// allowance is what the step may spend. The CRM's own quota counts with what it told
// during this run: an old figure, from before the CRM's own reset, would keep every
// run from asking for the new one.
func (s *Service) allowance(ctx context.Context, t *turn) (crm.Allowance, error) {
	allowance, err := s.meter.Allowance(ctx, s.store.Read(), t.integration, s.store.Clock().Now())
	if err != nil {
		return allowance, err
	}
	told := t.integration.QuotaAt
	if told == nil || t.run.StartedAt == nil || told.Before(*t.run.StartedAt) {
		allowance.Quota.Max = 0
	}
	return allowance, nil
}

// limited ends the run when a limit of the day forbids the step's first call. It
// reports whether it did; else it gives what the step may spend.
func (s *Service) limited(ctx context.Context, t *turn) (crm.Allowance, bool, error) {
	allowance, err := s.allowance(ctx, t)
	if err != nil {
		return allowance, false, err
	}
	kind, use := allowance.Stop()
	switch kind {
	case crm.LimitBudget:
		reason := fmt.Sprintf("The budget of %d %s calls for %s is used up: %d were made.",
			use.Limit, use.Title, usage.Day(t.integration, s.store.Clock().Now()), use.Used)
		if t.run.Counters == (crm.Counters{}) && t.run.Phase == crm.PhaseRead && t.run.ObjectIndex == 0 {
			reason += " Testing the connection and the rights took all of it, nothing was read: raise the budget."
		}
		return allowance, true, s.endLimited(ctx, t, kind, fault.BudgetExhausted, reason)
	case crm.LimitQuota:
		reason := fmt.Sprintf("%d %% of the CRM's own API quota are used, by all apps together (%d of %d calls); runs stop at %d %%.",
			allowance.Quota.Percent(), allowance.Quota.Used, allowance.Quota.Max, allowance.Quota.StopPercent)
		return allowance, true, s.endLimited(ctx, t, kind, fault.CRMQuotaExhausted, reason)
	default:
		return allowance, false, nil
	}
}

// endLimited ends the run until the next day; the next run goes on where it stopped.
func (s *Service) endLimited(ctx context.Context, t *turn, kind crm.LimitKind, code fault.Code, reason string) error {
	return s.end(ctx, t, ending{status: crm.RunRateLimited, code: code, reason: reason, keep: true, limit: kind})
}

// wait makes the run wait for a short limit of the CRM; it goes on by itself.
func (s *Service) wait(ctx context.Context, t *turn, cause *fault.Error, wait time.Duration) error {
	at := s.store.Clock().Now().Add(wait).UTC()
	t.say(crm.LogWarn, cause.Code, fmt.Sprintf("The CRM limits the rate of calls; the run goes on in %s.", wait.Round(time.Second)),
		"wait", wait.String(), "waits", fmt.Sprint(t.payload.Waits+1))
	return s.saveThen(ctx, t, nextStep{at: at, waits: t.payload.Waits + 1}, func(u *ent.SyncRunUpdate) {
		u.SetStatus(crm.RunRateLimited).SetResumeAt(at).SetReason(cause.Message).SetFaultCode(string(cause.Code))
	}, nil)
}

// spend counts the step's calls and warns once a day that a budget is nearly used.
func (s *Service) spend(ctx context.Context, tx *store.Tx, t *turn) error {
	spent := t.tally.Spent()
	if err := s.meter.Save(ctx, tx, t.tally); err != nil || spent.CRMCalls == 0 {
		return err
	}
	after, err := s.meter.Allowance(ctx, tx.Ent(), t.integration, tx.Now())
	if err != nil {
		return err
	}
	crossed := after.Crossed(after.Without(spent))
	if len(crossed) == 0 {
		return nil
	}
	row, err := snapshot.Lock(ctx, tx, t.run.IntegrationID)
	if err != nil {
		return err
	}
	t.say(crm.LogWarn, "", fmt.Sprintf("Most of the daily budget of %s calls is used: %d of %d.", crossed[0].Title, crossed[0].Used, crossed[0].Limit))
	return s.alerts.Apply(ctx, tx, row, []crm.AlertIntent{crm.LimitNear(crossed[0], usage.Day(row, tx.Now()))})
}

package usage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/apibudget"
	"github.com/fieldwarden/fieldwarden/ent/apiusage"
	"github.com/fieldwarden/fieldwarden/internal/crm"
)

// Zone is the time zone of an integration's schedule. A name that this machine does
// not know reads as UTC; names are checked when they are set.
func Zone(row *ent.Integration) *time.Location {
	loc, err := time.LoadLocation(row.ScheduleZone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// Day is the integration's local date at an instant, as calls are counted by it.
func Day(row *ent.Integration, at time.Time) string { return crm.LocalDate(at, Zone(row)).String() }

// DayEnds is when the local day of an instant ends and the count begins again: the
// first instant of the next date.
func DayEnds(row *ent.Integration, at time.Time) time.Time {
	loc := Zone(row)
	today := crm.LocalDate(at, loc)
	// Midnight may be skipped, or come twice: the date itself is what counts.
	next := time.Date(today.Year, today.Month, today.Day+1, 0, 0, 0, 0, loc)
	for crm.LocalDate(next, loc) == today {
		next = next.Add(time.Hour)
	}
	return next.UTC()
}

// apis lists the APIs of an integration's CRM, at least one.
func apis(connectors Catalogue, row *ent.Integration) []crm.APIType {
	// A connector that does not run at the moment has the APIs that it counted by
	// before, of which the first one is enough to go on.
	manifest, err := connectors.Describe(row.Connector)
	if err != nil {
		return []crm.APIType{crm.DefaultAPIType()}
	}
	return manifest.APIs()
}

// Allowance is what an integration may still spend at an instant: its budgets with
// what was used of them on that local day, the connector's first API first, and the
// CRM's own quota as it was last told. A row of a budget is a decision: an API without
// one has no limit of ours.
func (m *Meter) Allowance(ctx context.Context, client *ent.Client, row *ent.Integration, at time.Time) (crm.Allowance, error) {
	budgets, err := client.ApiBudget.Query().Where(apibudget.IntegrationID(row.ID)).All(ctx)
	if err != nil {
		return crm.Allowance{}, fmt.Errorf("usage: reading budgets: %w", err)
	}
	used, err := client.ApiUsage.Query().
		Where(apiusage.IntegrationID(row.ID), apiusage.LocalDate(Day(row, at))).Order(apiusage.ByAPIType()).All(ctx)
	if err != nil {
		return crm.Allowance{}, fmt.Errorf("usage: reading counts: %w", err)
	}
	allowance := crm.Allowance{Quota: crm.Quota{Used: row.QuotaUsed, Max: row.QuotaMax, StopPercent: row.QuotaPercent}}
	for _, api := range apis(m.host, row) {
		allowance.APIs = append(allowance.APIs, crm.APIUse{APIType: api})
	}
	place := func(key string) *crm.APIUse {
		at := slices.IndexFunc(allowance.APIs, func(use crm.APIUse) bool { return use.Key == key })
		if at < 0 {
			// The connector does not name it any more; what was counted stays visible.
			allowance.APIs = append(allowance.APIs, crm.APIUse{APIType: crm.APIType{Key: key, Title: key}})
			at = len(allowance.APIs) - 1
		}
		return &allowance.APIs[at]
	}
	for _, row := range used {
		place(row.APIType).Used = row.Calls
	}
	for _, budget := range budgets {
		place(budget.APIType).Limit = budget.DailyLimit
	}
	return allowance, nil
}

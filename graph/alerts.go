package graph

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"entgo.io/contrib/entgql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/alert"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/inbox"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// alertPredicates turns the filter of alerts into predicates.
func alertPredicates(filter *model.AlertFilterInput) []predicate.Alert {
	if filter == nil {
		return nil
	}
	var all []predicate.Alert
	if filter.States != nil {
		all = append(all, alert.StateIn(filter.States...))
	}
	if filter.Rules != nil {
		all = append(all, alert.RuleIn(filter.Rules...))
	}
	if filter.IntegrationID != nil {
		all = append(all, alert.IntegrationID(*filter.IntegrationID))
	}
	if filter.Severities != nil {
		all = append(all, alert.SeverityIn(filter.Severities...))
	}
	if filter.Since != nil {
		all = append(all, alert.LastSeenAtGTE(filter.Since.UTC()))
	}
	if filter.Search != nil && *filter.Search != "" {
		all = append(all, alert.Or(
			alert.ObjectNameContainsFold(*filter.Search), alert.FieldNameContainsFold(*filter.Search), alert.TitleContainsFold(*filter.Search),
		))
	}
	if filter.HideFolded {
		all = append(all, alert.Folded(false))
	}
	return all
}

// alertCounts counts alerts by something; what there is none of is left out.
func (r *Resolver) alertCounts(ctx context.Context, filter *model.AlertFilterInput, by model.AlertGrouping) ([]*model.AlertCount, error) {
	column := alert.FieldSeverity
	switch by {
	case model.AlertGroupingState:
		column = alert.FieldState
	case model.AlertGroupingRule:
		column = alert.FieldRule
	case model.AlertGroupingIntegration:
		column = alert.FieldIntegrationID
	case model.AlertGroupingSeverity:
	}
	var rows []struct {
		Severity      string `json:"severity"`
		State         string `json:"state"`
		Rule          string `json:"rule"`
		IntegrationID string `json:"integration_id"`
		Count         int    `json:"count"`
	}
	err := r.Store.Read().Alert.Query().Where(alertPredicates(filter)...).GroupBy(column).Aggregate(ent.Count()).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("graph: counting alerts: %w", err)
	}
	counts := make([]*model.AlertCount, len(rows))
	for i, row := range rows {
		// One of them is the column; the others are empty.
		counts[i] = &model.AlertCount{Key: row.Severity + row.State + row.Rule + row.IntegrationID, Count: row.Count}
	}
	slices.SortFunc(counts, func(a, b *model.AlertCount) int { return strings.Compare(a.Key, b.Key) })
	return counts, nil
}

// alertRules says of every rule what it watches and whether it is muted.
func (r *Resolver) alertRules(ctx context.Context) ([]*model.AlertRuleInfo, error) {
	rows, err := r.Store.Read().MutedRule.Query().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("graph: loading muted rules: %w", err)
	}
	muted := make(map[crm.AlertRule]*ent.MutedRule, len(rows))
	for _, row := range rows {
		muted[row.Rule] = row
	}
	var infos []*model.AlertRuleInfo
	for _, rule := range crm.AlertRules() {
		info := &model.AlertRuleInfo{
			Rule: rule.Rule, Title: rule.Title, Description: rule.Description, Severity: rule.Severity,
			Mandatory: crm.Mandatory(rule.Rule), Mailed: model.AlertMailing(crm.MailingOf(rule.Rule)),
		}
		if row := muted[rule.Rule]; row != nil {
			info.MutedAt, info.MutedReason = &row.CreatedAt, row.Reason
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// alertRule is one of alertRules.
func (r *Resolver) alertRule(ctx context.Context, rule crm.AlertRule) (*model.AlertRuleInfo, error) {
	infos, err := r.alertRules(ctx)
	if err != nil {
		return nil, err
	}
	for _, info := range infos {
		if info.Rule == rule {
			return info, nil
		}
	}
	return nil, fmt.Errorf("graph: the rule %s has no words", rule)
}

// foldedAlerts are the open alerts on fields that an object's open alert stands for.
func (r *Resolver) foldedAlerts(ctx context.Context, object *ent.Alert) ([]*ent.Alert, error) {
	if object.FieldName != "" || object.ObjectName == "" || object.State == crm.AlertResolved {
		return []*ent.Alert{}, nil
	}
	return r.loaders(ctx).folded.Load(ctx, subject{integrationID: object.IntegrationID, object: object.ObjectName})
}

// subject is an object of an integration.
type subject struct{ integrationID, object string }

func foldedOf(s *store.Store) func(context.Context, []subject) ([][]*ent.Alert, []error) {
	return func(ctx context.Context, subjects []subject) ([][]*ent.Alert, []error) {
		var integrations, objects []string
		for _, one := range subjects {
			integrations, objects = append(integrations, one.integrationID), append(objects, one.object)
		}
		rows, err := s.Read().Alert.Query().
			Where(alert.IntegrationIDIn(integrations...), alert.ObjectNameIn(objects...), alert.Folded(true), alert.OpenKeyNotNil()).
			Order(alert.ByFieldName(), alert.ByID()).All(ctx)
		if err != nil {
			return nil, []error{fmt.Errorf("graph: loading folded alerts: %w", err)}
		}
		found := map[subject][]*ent.Alert{}
		for _, row := range rows {
			of := subject{integrationID: row.IntegrationID, object: row.ObjectName}
			found[of] = append(found[of], row)
		}
		lists := make([][]*ent.Alert, len(subjects))
		for i, one := range subjects {
			lists[i] = append([]*ent.Alert{}, found[one]...)
		}
		return lists, nil
	}
}

// alertsByID loads alerts; nil for one that retention deleted.
func alertsByID(s *store.Store) func(context.Context, []string) ([]*ent.Alert, []error) {
	return rowsOrNil("alerts", func(ctx context.Context, ids []string) ([]*ent.Alert, error) {
		return s.Read().Alert.Query().Where(alert.IDIn(ids...)).All(ctx)
	}, func(row *ent.Alert) string { return row.ID })
}

// unreadItems tells which items of the inbox whoever acts has not read.
func unreadItems(s *store.Store) func(context.Context, []string) ([]bool, []error) {
	return func(ctx context.Context, ids []string) ([]bool, []error) {
		found, err := inbox.New(s).UnreadOf(ctx, ids)
		if err != nil {
			return nil, []error{err}
		}
		unread := make([]bool, len(ids))
		for i, id := range ids {
			unread[i] = found[id]
		}
		return unread, nil
	}
}

func newestItems() *ent.InboxItemOrder {
	return &ent.InboxItemOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultInboxItemOrder.Field}
}

func newestDeliveriesOfAlert() *ent.DeliveryOrder {
	return &ent.DeliveryOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultDeliveryOrder.Field}
}

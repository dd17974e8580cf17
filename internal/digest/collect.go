package digest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/alert"
	entdigest "github.com/fieldwarden/fieldwarden/ent/digest"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/mailview"
)

const (
	// maxObjects and maxFields bound the losses that a digest keeps; the rest is counted.
	// A mail names fewer.
	maxObjects = 120
	maxFields  = 300
	// maxDetailed is how many of each keep their steps and evidence.
	maxDetailed = 60
	// maxRestored bounds the list of what was resolved.
	maxRestored = 60
)

// objectRules and fieldRules are the rules whose alerts the digest tells: the mandatory
// ones (requirement K3).
func objectRules() []crm.AlertRule {
	return []crm.AlertRule{crm.RuleObjectAccessMissing, crm.RuleRequiredObjectLost}
}

func fieldRules() []crm.AlertRule {
	return []crm.AlertRule{crm.RuleStandardFieldLost, crm.RuleMissingAtStandardization}
}

// told selects the alerts that the digest is about. A field folded under its lost object
// is told with the object. What an onboarding found is told at once, to the customer
// alone (requirement K1, reading 1b.7); it is a daily matter when the onboarding is over.
func told(rules []crm.AlertRule) predicate.Alert {
	return alert.And(alert.RuleIn(rules...), alert.Folded(false), alert.Or(
		alert.RuleNEQ(crm.RuleObjectAccessMissing),
		alert.HasIntegrationWith(integration.StateNotIn(crm.IntegrationDraft, crm.IntegrationAuthorizing, crm.IntegrationOnboarding)),
	))
}

func open(rules []crm.AlertRule) predicate.Alert {
	return alert.And(alert.OpenKeyNotNil(), told(rules))
}

// collector gathers the content of one digest.
type collector struct {
	*Service
	client  *ent.Client
	content mailview.DigestContent
	// rows are the losses that are kept, whole objects first; over are those that ended.
	rows   []*ent.Alert
	over   []*ent.Alert
	counts map[string]int // losses by integration
	names  map[string]mailview.Integration
	people map[string]string
}

// collect says what a workspace's digest tells at an instant.
func (s *Service) collect(ctx context.Context, client *ent.Client, found *ent.Workspace, date crm.Date, now time.Time) (mailview.DigestContent, error) {
	c := &collector{Service: s, client: client, counts: map[string]int{}, names: map[string]mailview.Integration{}}
	c.content = mailview.DigestContent{Workspace: found.Name, LocalDate: date.String(), Zone: dailyOf(found).Zone.String(), At: now}
	if s.c.PublicURL != "" {
		c.content.AlertsURL = s.c.PublicURL + "/alerts"
	}
	for _, step := range []func(context.Context) error{c.losses, c.restored, c.nameAll, c.arrange} {
		if err := step(ctx); err != nil {
			return mailview.DigestContent{}, err
		}
	}
	return c.content, nil
}

// losses counts the open losses and loads those that are kept.
func (c *collector) losses(ctx context.Context) error {
	for _, kind := range []struct {
		rules []crm.AlertRule
		most  int
		total *int
	}{{objectRules(), maxObjects, &c.content.LostObjects}, {fieldRules(), maxFields, &c.content.LostFields}} {
		var counted []struct {
			IntegrationID string `json:"integration_id"`
			Count         int    `json:"count"`
		}
		err := c.client.Alert.Query().Where(open(kind.rules)).GroupBy(alert.FieldIntegrationID).Aggregate(ent.Count()).Scan(ctx, &counted)
		if err != nil {
			return fmt.Errorf("counting losses: %w", err)
		}
		for _, one := range counted {
			c.counts[one.IntegrationID] += one.Count
			*kind.total += one.Count
		}
		rows, err := c.client.Alert.Query().Where(open(kind.rules)).
			Order(alert.ByIntegrationID(), alert.ByObjectName(), alert.ByFieldName(), alert.ByID()).Limit(kind.most).All(ctx)
		if err != nil {
			return fmt.Errorf("loading losses: %w", err)
		}
		c.rows = append(c.rows, rows...)
	}
	return nil
}

// restored loads what was resolved since the digest before, or within a day when there
// is none.
func (c *collector) restored(ctx context.Context) error {
	since := c.content.At.Add(-24 * time.Hour)
	before, err := c.client.Digest.Query().Order(entdigest.ByCreatedAt(sql.OrderDesc())).First(ctx)
	switch {
	case err == nil:
		since = before.CreatedAt
	case !ent.IsNotFound(err):
		return fmt.Errorf("the digest before: %w", err)
	}
	resolved := c.client.Alert.Query().Where(
		told(slices.Concat(objectRules(), fieldRules())), alert.StateEQ(crm.AlertResolved), alert.ResolvedAtGTE(since), alert.ResolvedAtLT(c.content.At))
	if c.content.Resolved, err = resolved.Clone().Count(ctx); err != nil {
		return fmt.Errorf("counting what was resolved: %w", err)
	}
	if c.over, err = resolved.Order(alert.ByResolvedAt(sql.OrderDesc()), alert.ByID()).Limit(maxRestored).All(ctx); err != nil {
		return fmt.Errorf("loading what was resolved: %w", err)
	}
	return nil
}

// arrange groups what is kept: integration, object, field.
func (c *collector) arrange(ctx context.Context) error {
	objects, err := c.loadObjects(ctx)
	if err != nil {
		return err
	}
	integrations := map[string]*mailview.DigestIntegration{}
	var order []*mailview.DigestIntegration
	places := map[place]int{}
	details := map[bool]int{}
	for _, row := range c.rows {
		group := integrations[row.IntegrationID]
		if group == nil {
			group = &mailview.DigestIntegration{Integration: c.names[row.IntegrationID], Lost: c.counts[row.IntegrationID]}
			integrations[row.IntegrationID] = group
			order = append(order, group)
		}
		at := place{row.IntegrationID, row.ObjectName}
		index, known := places[at]
		if !known {
			index = len(group.Objects)
			places[at] = index
			group.Objects = append(group.Objects, mailview.DigestObject{Name: row.ObjectName, Label: objects[at].label})
		}
		whole := slices.Contains(objectRules(), row.Rule)
		problem := c.problem(row, details[whole] < maxDetailed)
		details[whole]++
		if object := &group.Objects[index]; whole {
			problem.Status, object.Problem, object.Folded = objects[at].status, &problem, objects[at].mapped
		} else {
			problem.Status = string(crm.FieldErrorStandardized)
			object.Fields = append(object.Fields, problem)
		}
	}
	slices.SortStableFunc(order, func(a, b *mailview.DigestIntegration) int { return cmp.Compare(a.Name(), b.Name()) })
	for _, group := range order {
		slices.SortStableFunc(group.Objects, func(a, b mailview.DigestObject) int { return cmp.Compare(a.Name, b.Name) })
		c.content.Integrations = append(c.content.Integrations, *group)
	}
	for _, row := range c.over {
		one := mailview.Restored{Integration: c.names[row.IntegrationID].Name(), Object: row.ObjectName, Field: row.FieldName, At: row.ResolvedAt.UTC()}
		if row.Resolution != nil {
			one.Resolution = *row.Resolution
		}
		c.content.Restored = append(c.content.Restored, one)
	}
	return nil
}

// problem is what the digest says of an alert. Beyond the first ones it is brief.
func (c *collector) problem(row *ent.Alert, detailed bool) mailview.Problem {
	p := mailview.Problem{
		Rule: row.Rule, Severity: row.Severity, State: row.State, Object: row.ObjectName, Field: row.FieldName, StandardField: row.StandardField,
		Title: row.Title, PageURL: c.page(row.IntegrationID, row.ObjectName, row.FieldName),
	}
	if row.Cause != nil {
		p.Cause = *row.Cause
	}
	if row.Since != nil {
		p.Since = row.Since.UTC()
	}
	p.OpenedAt = row.CreatedAt.UTC()
	if row.OpenedAt != nil {
		p.OpenedAt = row.OpenedAt.UTC()
	}
	if !detailed {
		return p
	}
	p.Evidence, p.Fix, p.Affected, p.Note = row.Evidence, row.Fix, row.Affected, row.Note
	p.AcknowledgedBy = cmp.Or(c.people[row.AcknowledgedBy], row.AcknowledgedBy)
	if row.SnoozedUntil != nil {
		p.SnoozedUntil = row.SnoozedUntil.UTC()
	}
	return p
}

// page is the absolute address of the page where something is handled.
func (c *collector) page(integrationID, object, field string) string {
	if c.c.PublicURL == "" {
		return ""
	}
	return c.c.PublicURL + crm.PagePath(integrationID, object, field)
}

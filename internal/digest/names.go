package digest

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/mapping"
	"github.com/fieldwarden/fieldwarden/ent/member"
	"github.com/fieldwarden/fieldwarden/internal/mailview"
)

// nameAll loads how people call the integrations that are spoken of, and who is on the
// losses.
func (c *collector) nameAll(ctx context.Context) error {
	ids, who := map[string]bool{}, map[string]bool{}
	for _, row := range c.rows {
		ids[row.IntegrationID] = true
		if row.AcknowledgedBy != "" {
			who[row.AcknowledgedBy] = true
		}
	}
	for _, row := range c.over {
		ids[row.IntegrationID] = true
	}
	if err := c.nameIntegrations(ctx, slices.Collect(maps.Keys(ids))); err != nil || len(who) == 0 {
		return err
	}
	members, err := c.client.Member.Query().Where(member.IDIn(slices.Collect(maps.Keys(who))...)).All(ctx)
	if err != nil {
		return fmt.Errorf("loading members: %w", err)
	}
	c.people = make(map[string]string, len(members))
	for _, one := range members {
		if c.people[one.ID] = one.Name; one.Name == "" {
			c.people[one.ID] = one.Email
		}
	}
	return nil
}

func (c *collector) nameIntegrations(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	rows, err := c.client.Integration.Query().Where(integration.IDIn(ids...)).All(ctx)
	if err != nil {
		return fmt.Errorf("loading integrations: %w", err)
	}
	for _, row := range rows {
		c.names[row.ID] = mailview.Integration{
			CRM: c.title(row), Environment: row.Environment, Instance: row.InstanceName, URL: c.page(row.ID, "", ""),
		}
	}
	return nil
}

// title is what people call a connector's CRM; a connector that does not describe itself
// is called by its name.
func (c *collector) title(row *ent.Integration) string {
	if manifest, err := c.c.Connectors.Describe(row.Connector); err == nil && manifest.Title != "" {
		return manifest.Title
	}
	return row.Connector
}

// place is an object of an integration.
type place struct{ integrationID, object string }

// seen is what the digest says of an object beside its losses.
type seen struct {
	label, status string
	// mapped are the fields that are standardized.
	mapped []string
}

// maxMapped bounds the fields that are loaded to be named with their lost objects.
const maxMapped = 3000

// loadObjects loads the objects of the losses, and the standardized fields of those that
// are lost as a whole.
func (c *collector) loadObjects(ctx context.Context) (map[place]seen, error) {
	found := map[place]seen{}
	if len(c.rows) == 0 {
		return found, nil
	}
	ids, objects, whole := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, row := range c.rows {
		ids[row.IntegrationID], objects[row.ObjectName] = true, true
		if slices.Contains(objectRules(), row.Rule) {
			whole[row.ObjectName] = true
		}
	}
	integrations := slices.Collect(maps.Keys(ids))
	rows, err := c.client.CrmObject.Query().
		Where(crmobject.IntegrationIDIn(integrations...), crmobject.NameIn(slices.Collect(maps.Keys(objects))...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading objects: %w", err)
	}
	for _, row := range rows {
		found[place{row.IntegrationID, row.Name}] = seen{label: row.Label, status: string(row.Status)}
	}
	if len(whole) == 0 {
		return found, nil
	}
	mapped, err := c.client.Mapping.Query().
		Where(mapping.IntegrationIDIn(integrations...), mapping.ObjectNameIn(slices.Collect(maps.Keys(whole))...)).
		Order(mapping.ByIntegrationID(), mapping.ByCrmField()).Limit(maxMapped).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading mappings: %w", err)
	}
	for _, row := range mapped {
		at := place{row.IntegrationID, row.ObjectName}
		object := found[at]
		object.mapped = append(object.mapped, row.CrmField)
		found[at] = object
	}
	return found, nil
}

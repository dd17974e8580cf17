package permission

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/crmobject"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/mappingchange"
	"github.com/fieldwarden/fieldwarden/ent/permissionchange"
	"github.com/fieldwarden/fieldwarden/ent/workspace"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// MaxHealthDays is how many days Health looks back at most.
const MaxHealthDays = 90

// Health counts what integrations had lost at the end of each of the last days, today
// included, in their workspace's zone and not before they were made. It takes a fixed
// number of statements, however many integrations there are.
func (s *Service) Health(ctx context.Context, integrationIDs []string, days int) (map[string][]crm.HealthDay, error) {
	if days < 1 || days > MaxHealthDays {
		return nil, fault.New(fault.BadInput, fmt.Sprintf("Ask for 1 to %d days.", MaxHealthDays), fault.Field("days"))
	}
	client := s.store.Read()
	rows, err := client.Integration.Query().Where(integration.IDIn(integrationIDs...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("permission: integrations: %w", err)
	}
	zones, err := zonesOf(ctx, client, rows)
	if err != nil {
		return nil, err
	}
	now := s.store.Clock().Now()
	// No zone's day begins earlier than a day before UTC's does.
	since := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -days)
	histories, err := healthHistories(ctx, client, integrationIDs, since)
	if err != nil {
		return nil, err
	}
	found := make(map[string][]crm.HealthDay, len(rows))
	for _, row := range rows {
		zone := zones[row.WorkspaceID]
		today, made := crm.LocalDate(now, zone), crm.LocalDate(row.CreatedAt, zone)
		first := today.AddDays(1 - days)
		if made.String() > first.String() {
			first = made
		}
		found[row.ID] = crm.Health(*histories.of(row.ID), first, today, zone)
	}
	return found, nil
}

func zonesOf(ctx context.Context, client *ent.Client, rows []*ent.Integration) (map[string]*time.Location, error) {
	var owners []string
	for _, row := range rows {
		owners = append(owners, row.WorkspaceID)
	}
	slices.Sort(owners)
	tenants, err := client.Workspace.Query().Where(workspace.IDIn(slices.Compact(owners)...)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("permission: workspaces: %w", err)
	}
	zones := make(map[string]*time.Location, len(tenants))
	for _, tenant := range tenants {
		if zones[tenant.ID], err = crm.ParseZone(tenant.TimeZone); err != nil {
			return nil, fmt.Errorf("permission: workspace %s: %w", tenant.ID, err)
		}
	}
	return zones, nil
}

// histories are what the count is worked out from, by integration.
type histories map[string]*crm.HealthHistory

func (h histories) of(integrationID string) *crm.HealthHistory {
	if h[integrationID] == nil {
		h[integrationID] = &crm.HealthHistory{LostBefore: map[crm.HealthSubject]bool{}}
	}
	return h[integrationID]
}

func (h histories) add(integrationID string, at time.Time, subject crm.HealthSubject, kind crm.HealthEventType) {
	of := h.of(integrationID)
	of.Events = append(of.Events, crm.HealthEvent{At: at, Subject: subject, Type: kind})
}

// healthHistories loads the histories since an instant.
func healthHistories(ctx context.Context, client *ent.Client, integrationIDs []string, since time.Time) (histories, error) {
	found := histories{}
	if err := found.addPresent(ctx, client, integrationIDs); err != nil {
		return nil, fmt.Errorf("permission: what is lost now: %w", err)
	}
	if err := found.addMappings(ctx, client, integrationIDs, since); err != nil {
		return nil, fmt.Errorf("permission: the history of mappings: %w", err)
	}
	if err := found.addChanges(ctx, client, integrationIDs, since); err != nil {
		return nil, fmt.Errorf("permission: the history of access: %w", err)
	}
	for _, of := range found {
		slices.SortStableFunc(of.Events, func(a, b crm.HealthEvent) int {
			return cmp.Or(a.At.Compare(b.At), order(a.Type)-order(b.Type))
		})
	}
	return found, nil
}

// order puts what happens at one instant in its order: a check sees its subjects, its
// answer changes access, and mappings follow.
func order(kind crm.HealthEventType) int {
	switch kind {
	case crm.HealthSeen:
		return 0
	case crm.HealthLost, crm.HealthRestored:
		return 1
	default:
		return 2
	}
}

// addPresent adds what cannot be read now: objects, and standardized fields that are
// not lost only with their object.
func (h histories) addPresent(ctx context.Context, client *ent.Client, integrationIDs []string) error {
	objects, err := client.CrmObject.Query().
		Where(crmobject.IntegrationIDIn(integrationIDs...), crmobject.StatusIn(crm.ObjectPermissionMissing, crm.ObjectNotFound)).
		All(ctx)
	if err != nil {
		return err
	}
	for _, row := range objects {
		h.addLost(row.IntegrationID, row.CreatedAt, crm.HealthSubject{Object: row.Name})
	}
	fields, err := client.CrmField.Query().
		Where(crmfield.IntegrationIDIn(integrationIDs...), crmfield.Standardized(true), crmfield.Readable(false), crmfield.Folded(false)).
		WithObject().All(ctx)
	if err != nil {
		return err
	}
	for _, row := range fields {
		h.addLost(row.IntegrationID, row.CreatedAt, crm.HealthSubject{Object: row.Edges.Object.Name, Field: row.Name})
	}
	return nil
}

func (h histories) addLost(integrationID string, seen time.Time, subject crm.HealthSubject) {
	of := h.of(integrationID)
	of.LostNow = append(of.LostNow, subject)
	h.add(integrationID, seen, subject, crm.HealthSeen)
}

// addMappings adds when fields became standardized and ceased to be, and whether those
// that ceased to be had been lost before the time that is looked at.
func (h histories) addMappings(ctx context.Context, client *ent.Client, integrationIDs []string, since time.Time) error {
	rows, err := client.MappingChange.Query().
		Where(mappingchange.IntegrationIDIn(integrationIDs...), mappingchange.CreatedAtGTE(since),
			mappingchange.ActionIn(crm.MappingMapped, crm.MappingRemapped, crm.MappingUnmapped)).
		Order(mappingchange.ByCreatedAt(), mappingchange.ByID()).All(ctx)
	if err != nil {
		return err
	}
	var unmapped []string
	for _, row := range rows {
		if before := row.CrmFieldBefore; before != "" {
			unmapped = append(unmapped, before)
			h.add(row.IntegrationID, row.CreatedAt, crm.HealthSubject{Object: row.ObjectName, Field: before}, crm.HealthUnmapped)
		}
		if after := row.CrmFieldAfter; after != "" {
			h.add(row.IntegrationID, row.CreatedAt, crm.HealthSubject{Object: row.ObjectName, Field: after}, crm.HealthMapped)
		}
	}
	if len(unmapped) == 0 {
		return nil
	}
	slices.Sort(unmapped)
	earlier, err := client.PermissionChange.Query().
		Where(permissionchange.IntegrationIDIn(integrationIDs...), permissionchange.CreatedAtLT(since),
			permissionchange.FieldNameIn(slices.Compact(unmapped)...),
			permissionchange.ChangeIn(crm.ChangeLost, crm.ChangeRestored)).
		Order(permissionchange.ByCreatedAt(), permissionchange.ByID()).All(ctx)
	if err != nil {
		return err
	}
	for _, row := range earlier {
		h.of(row.IntegrationID).LostBefore[crm.HealthSubject{Object: row.ObjectName, Field: row.FieldName}] = row.Change == crm.ChangeLost
	}
	return nil
}

// addChanges adds what was lost and restored: whole objects, and fields that were
// standardized at that time.
func (h histories) addChanges(ctx context.Context, client *ent.Client, integrationIDs []string, since time.Time) error {
	rows, err := client.PermissionChange.Query().
		Where(permissionchange.IntegrationIDIn(integrationIDs...), permissionchange.CreatedAtGTE(since),
			permissionchange.ChangeIn(crm.ChangeLost, crm.ChangeRestored),
			permissionchange.Or(permissionchange.Standardized(true), permissionchange.FieldName(""), permissionchange.FieldNameIsNil())).
		Order(permissionchange.ByCreatedAt(), permissionchange.ByID()).All(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		kind := crm.HealthLost
		if row.Change == crm.ChangeRestored {
			kind = crm.HealthRestored
		}
		h.add(row.IntegrationID, row.CreatedAt, crm.HealthSubject{Object: row.ObjectName, Field: row.FieldName}, kind)
	}
	return nil
}

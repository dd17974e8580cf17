package graph

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/ent"
	"github.com/fieldwarden/fieldwarden/ent/crmfield"
	"github.com/fieldwarden/fieldwarden/ent/feedentry"
	"github.com/fieldwarden/fieldwarden/ent/integration"
	"github.com/fieldwarden/fieldwarden/ent/predicate"
	"github.com/fieldwarden/fieldwarden/graph/model"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// integration loads one integration of the principal's workspace.
func (r *Resolver) integration(ctx context.Context, id string) (*ent.Integration, error) {
	found, err := r.Store.Read().Integration.Query().Where(integration.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.New(fault.NotFound, "There is no integration with this id.", fault.Field("integrationId"))
	}
	if err != nil {
		return nil, fmt.Errorf("graph: loading integration: %w", err)
	}
	return found, nil
}

// tableOf names the table of a global id; only types that are Nodes of the
// schema resolve.
func tableOf(_ context.Context, id string) (string, error) {
	prefix, ok := gid.PrefixOf(id)
	if !ok {
		return "", errNoNode
	}
	tables := map[gid.Prefix]string{
		gid.Workspace: "workspaces", gid.Integration: "integrations", gid.Object: "crm_objects", gid.Field: "crm_fields",
		gid.Mapping: "mappings", gid.MappingChange: "mapping_changes", gid.PermissionChange: "permission_changes", gid.Snapshot: "permission_snapshots", gid.SyncRun: "sync_runs",
		gid.RunObject: "run_objects", gid.Alert: "alerts", gid.FeedEntry: "feed_entries",
		gid.FailedRecord: "failed_records",
		gid.Member:       "members", gid.Recipient: "recipients", gid.Channel: "channels", gid.Delivery: "deliveries", gid.InboxItem: "inbox_items",
		gid.Digest: "digests", gid.Simulation: "identity_simulations",
	}
	table, ok := tables[prefix]
	if !ok {
		return "", errNoNode
	}
	return table, nil
}

var errNoNode = fault.New(fault.NotFound, "This id names nothing.")

func feedPredicates(filter *model.FeedEntryFilterInput) []predicate.FeedEntry {
	if filter == nil {
		return nil
	}
	var all []predicate.FeedEntry
	if filter.Kinds != nil {
		all = append(all, feedentry.KindIn(filter.Kinds...))
	}
	if filter.IntegrationID != nil {
		all = append(all, feedentry.IntegrationID(*filter.IntegrationID))
	}
	return all
}

// fieldPredicates turns the arguments of CrmObject.fields into predicates. The
// statuses are the four rows of requirement I2, turned round.
func fieldPredicates(search *string, statuses []crm.FieldStatus, includeInaccessible bool) []predicate.CrmField {
	var all []predicate.CrmField
	if search != nil && *search != "" {
		all = append(all, crmfield.Or(crmfield.NameContainsFold(*search), crmfield.LabelContainsFold(*search)))
	}
	if statuses != nil {
		matching := make([]predicate.CrmField, 0, len(statuses))
		for _, status := range statuses {
			matching = append(matching, withStatus(status))
		}
		all = append(all, crmfield.Or(matching...))
	}
	if !includeInaccessible {
		all = append(all, crmfield.Or(crmfield.Readable(true), crmfield.Standardized(true)))
	}
	return all
}

// withStatus matches the fields of one status.
func withStatus(status crm.FieldStatus) predicate.CrmField {
	for _, readable := range []bool{true, false} {
		for _, standardized := range []bool{true, false} {
			if crm.StatusOf(readable, standardized) == status {
				return crmfield.And(crmfield.Readable(readable), crmfield.Standardized(standardized))
			}
		}
	}
	return crmfield.IDIn()
}

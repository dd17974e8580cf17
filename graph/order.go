package graph

import (
	"entgo.io/contrib/entgql"

	"github.com/fieldwarden/fieldwarden/ent"
)

// Ids sort by creation, so newest first is by id, descending: a stable order
// with a cursor that needs nothing beside the id.

func newestIntegrations() *ent.IntegrationOrder {
	return &ent.IntegrationOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultIntegrationOrder.Field}
}

func newestAlerts() *ent.AlertOrder {
	return &ent.AlertOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultAlertOrder.Field}
}

func newestRuns() *ent.SyncRunOrder {
	return &ent.SyncRunOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultSyncRunOrder.Field}
}

func newestChanges() *ent.PermissionChangeOrder {
	return &ent.PermissionChangeOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultPermissionChangeOrder.Field}
}

func newestSnapshots() *ent.PermissionSnapshotOrder {
	return &ent.PermissionSnapshotOrder{Direction: entgql.OrderDirectionDesc, Field: ent.DefaultPermissionSnapshotOrder.Field}
}

func newestEntries() *ent.FeedEntryOrder {
	return &ent.FeedEntryOrder{Direction: entgql.OrderDirectionDesc, Field: ent.FeedEntryOrderFieldSeq}
}

func fieldsByName() *ent.CrmFieldOrder {
	return &ent.CrmFieldOrder{Direction: entgql.OrderDirectionAsc, Field: ent.CrmFieldOrderFieldName}
}

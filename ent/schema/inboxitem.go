package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// InboxItem is one line of the in-app inbox of a workspace's members: an alert that changed its state (requirement K13).
type InboxItem struct{ ent.Schema }

// Mixin of the InboxItem.
func (InboxItem) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.InboxItem}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the InboxItem.
func (InboxItem) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("alert_id").MaxLen(40).NotEmpty().Immutable(),
		field.Enum("event").GoType(crm.AlertEvent("")).Immutable(),
		field.Enum("severity").GoType(crm.Severity("")).Immutable(),
	}
}

// Indexes of the InboxItem.
func (InboxItem) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "created_at"),
	}
}

// Annotations of the InboxItem.
func (InboxItem) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

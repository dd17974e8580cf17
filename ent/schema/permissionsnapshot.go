package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// PermissionSnapshot is what checks of an integration saw, from the first that saw it to the last (requirement J3): a check that sees the same adds no row.
type PermissionSnapshot struct{ ent.Schema }

// Mixin of the PermissionSnapshot.
func (PermissionSnapshot) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Snapshot}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the PermissionSnapshot.
func (PermissionSnapshot) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.Enum("trigger").GoType(crm.CheckTrigger("")).Immutable().Comment("of the first check that saw it"),
		field.Time("last_seen_at"),
		field.Int("checks").Default(1).Comment("how many checks saw it"),
		field.String("api_version").MaxLen(40).Optional().Immutable(),
		field.String("identity").MaxLen(300).Optional().Immutable().Comment("the integration user"),
		field.String("content_hash").MaxLen(64).NotEmpty().Immutable(),
		field.JSON("objects", map[string]string{}).Immutable().Comment("the content hash of each object"),
	}
}

// Edges of the PermissionSnapshot.
func (PermissionSnapshot) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("integration", Integration.Type).Ref("snapshots").Field("integration_id").Unique().Required().Immutable(),
	}
}

// Indexes of the PermissionSnapshot.
func (PermissionSnapshot) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "integration_id", "created_at"),
	}
}

// Annotations of the PermissionSnapshot.
func (PermissionSnapshot) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

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

// PermissionChange is one difference between two checks (requirement J3).
type PermissionChange struct{ ent.Schema }

// Mixin of the PermissionChange.
func (PermissionChange) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.PermissionChange}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the PermissionChange.
func (PermissionChange) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("object_name").MaxLen(120).NotEmpty().Immutable(),
		field.String("field_name").MaxLen(120).Optional().Immutable(),
		field.Enum("change").GoType(crm.ChangeType("")).Immutable(),
		field.Enum("cause").GoType(crm.Cause("")).Optional().Nillable().Immutable(),
		field.String("evidence").MaxLen(1000).Optional().Immutable(),
		field.Bool("standardized").Default(false).Immutable(),
	}
}

// Edges of the PermissionChange.
func (PermissionChange) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("integration", Integration.Type).Ref("permission_changes").Field("integration_id").Unique().Required().Immutable(),
	}
}

// Indexes of the PermissionChange.
func (PermissionChange) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "integration_id", "created_at"),
	}
}

// Annotations of the PermissionChange.
func (PermissionChange) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

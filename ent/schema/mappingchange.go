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

// MappingChange is one step of the history of standardization (requirement H4).
type MappingChange struct{ ent.Schema }

// Mixin of the MappingChange.
func (MappingChange) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.MappingChange}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the MappingChange.
func (MappingChange) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.Enum("action").GoType(crm.MappingAction("")).Immutable(),
		field.String("object_name").MaxLen(120).Optional().Immutable(),
		field.String("standard_field").MaxLen(120).Optional().Immutable(),
		field.String("crm_field_before").MaxLen(120).Optional().Immutable(),
		field.String("crm_field_after").MaxLen(120).Optional().Immutable(),
		field.Enum("origin").GoType(crm.MappingOrigin("")).Optional().Nillable().Immutable(),
		field.String("reason").MaxLen(500).Optional().Immutable(),
		field.String("changed_by").MaxLen(80).Immutable(),
	}
}

// Edges of the MappingChange.
func (MappingChange) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("integration", Integration.Type).Ref("mapping_changes").Field("integration_id").Unique().Required().Immutable(),
	}
}

// Indexes of the MappingChange.
func (MappingChange) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "integration_id", "created_at"),
	}
}

// Annotations of the MappingChange.
func (MappingChange) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// Mapping says which CRM field stands for a standard field (requirement H1); the field is thereby standardized.
type Mapping struct{ ent.Schema }

// Mixin of the Mapping.
func (Mapping) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Mapping}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the Mapping.
func (Mapping) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("object_name").MaxLen(120).NotEmpty().Immutable(),
		field.String("standard_field").MaxLen(120).NotEmpty().Immutable(),
		field.String("crm_field").MaxLen(120).NotEmpty(),
		field.Enum("origin").GoType(crm.MappingOrigin("")),
		field.String("created_by").MaxLen(80),
	}
}

// Edges of the Mapping.
func (Mapping) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("integration", Integration.Type).Ref("mappings").Field("integration_id").Unique().Required().Immutable(),
	}
}

// Indexes of the Mapping.
func (Mapping) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "integration_id", "standard_field").Unique(),
		index.Fields("workspace_id", "integration_id", "object_name", "crm_field").Unique(),
	}
}

package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// MappingDefault says which CRM field stands for a standard field in all integrations of a workspace with one CRM, unless one of them overrides it (requirement H6).
type MappingDefault struct{ ent.Schema }

// Mixin of the MappingDefault.
func (MappingDefault) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.MappingDefault}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the MappingDefault.
func (MappingDefault) Fields() []ent.Field {
	return []ent.Field{
		field.String("connector").MaxLen(64).NotEmpty().Immutable(),
		field.String("standard_field").MaxLen(120).NotEmpty().Immutable(),
		field.String("crm_field").MaxLen(120).NotEmpty(),
		field.String("updated_by").MaxLen(80),
		field.Time("updated_at"),
	}
}

// Indexes of the MappingDefault.
func (MappingDefault) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "connector", "standard_field").Unique(),
	}
}

// Annotations of the MappingDefault.
func (MappingDefault) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

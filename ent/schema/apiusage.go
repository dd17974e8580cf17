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

// ApiUsage counts the CRM API calls of an integration on one day, by API type (requirement G5).
type ApiUsage struct{ ent.Schema }

// Mixin of the ApiUsage.
func (ApiUsage) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.APIUsage}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the ApiUsage.
func (ApiUsage) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("api_type").MaxLen(40).NotEmpty().Immutable(),
		field.String("local_date").MaxLen(10).Immutable().Comment("YYYY-MM-DD in the integration's zone"),
		field.Int("calls").Default(0),
	}
}

// Indexes of the ApiUsage.
func (ApiUsage) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "integration_id", "local_date", "api_type").Unique(),
	}
}

// Annotations of the ApiUsage.
func (ApiUsage) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

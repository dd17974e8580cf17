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

// ApiBudget is how many CRM API calls an integration may make in one day, by API type (requirements G5, D17).
type ApiBudget struct{ ent.Schema }

// Mixin of the ApiBudget.
func (ApiBudget) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.APIBudget}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the ApiBudget.
func (ApiBudget) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("api_type").MaxLen(40).NotEmpty().Immutable(),
		field.Int("daily_limit").Positive(),
		field.String("updated_by").MaxLen(80),
		field.Time("updated_at"),
	}
}

// Indexes of the ApiBudget.
func (ApiBudget) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "integration_id", "api_type").Unique(),
	}
}

// Annotations of the ApiBudget.
func (ApiBudget) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

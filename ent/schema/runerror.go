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

// RunError groups the errors of a run that have the same code, object and field (requirement G12, pain 17).
type RunError struct{ ent.Schema }

// Mixin of the RunError.
func (RunError) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.RunError}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the RunError.
func (RunError) Fields() []ent.Field {
	return []ent.Field{
		field.String("run_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("fault_code").MaxLen(60).Immutable(),
		field.String("object_name").MaxLen(120).Default("").Immutable(),
		field.String("field_name").MaxLen(120).Default("").Immutable(),
		field.String("message").MaxLen(500).Comment("of the newest"),
		field.Int("count").Default(1),
		field.JSON("record_ids", []string{}).Optional().Comment("the first records that it hit"),
		field.Time("last_seen_at"),
	}
}

// Indexes of the RunError.
func (RunError) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "run_id", "fault_code", "object_name", "field_name").Unique(),
	}
}

// Annotations of the RunError.
func (RunError) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

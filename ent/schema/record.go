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

// Record is one synced record under the CRM's own field names. Rows are written in bulk by the store, never one by one.
type Record struct{ ent.Schema }

// Mixin of the Record.
func (Record) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Record}, mixin.Workspace{}}
}

// Fields of the Record.
func (Record) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("object_name").MaxLen(120).NotEmpty().Immutable(),
		field.String("external_id").MaxLen(120).NotEmpty().Immutable(),
		field.Time("modified_at").Comment("the CRM's own stamp"),
		field.Bool("deleted").Default(false),
		field.String("content_hash").MaxLen(64),
		field.Text("data").Comment("JSON object"),
		field.Time("synced_at"),
		field.Int("generation").Default(0).Comment("the last reading from the beginning that met it; see CrmObject.generation"),
	}
}

// Indexes of the Record.
func (Record) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "integration_id", "object_name", "external_id").Unique(),
	}
}

// Annotations of the Record.
func (Record) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

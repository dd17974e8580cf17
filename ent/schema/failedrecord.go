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

// FailedRecord is a record that the CRM has and that could not be stored; it is tried again until it is (requirement E9).
type FailedRecord struct{ ent.Schema }

// Mixin of the FailedRecord.
func (FailedRecord) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.FailedRecord}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the FailedRecord.
func (FailedRecord) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("object_name").MaxLen(120).NotEmpty().Immutable(),
		field.String("record_id").MaxLen(200).NotEmpty().Immutable().Comment("the CRM's id"),
		field.String("run_id").MaxLen(40).Comment("of the newest failure"),
		field.String("fault_code").MaxLen(60),
		field.String("message").MaxLen(500),
		field.Int("attempts").Default(1),
		field.Time("last_seen_at"),
	}
}

// Indexes of the FailedRecord.
func (FailedRecord) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "integration_id", "object_name", "record_id").Unique(),
	}
}

// Annotations of the FailedRecord.
func (FailedRecord) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

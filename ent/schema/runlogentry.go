package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// RunLogEntry is one line of the log of a run (requirement G12).
type RunLogEntry struct{ ent.Schema }

// Mixin of the RunLogEntry.
func (RunLogEntry) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.RunLogEntry}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the RunLogEntry.
func (RunLogEntry) Fields() []ent.Field {
	return []ent.Field{
		field.String("run_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.Int("seq").Immutable().Annotations(entgql.OrderField("SEQ")).Comment("counts up in the run, from 1"),
		field.Enum("level").GoType(crm.LogLevel("")).Immutable(),
		field.String("message").MaxLen(1000).Immutable(),
		field.String("object_name").MaxLen(120).Optional().Immutable(),
		field.String("fault_code").MaxLen(60).Optional().Immutable(),
		field.JSON("attributes", map[string]string{}).Optional().Immutable(),
	}
}

// Indexes of the RunLogEntry.
func (RunLogEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "run_id", "seq").Unique(),
		index.Fields("created_at"),
	}
}

// Annotations of the RunLogEntry.
func (RunLogEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

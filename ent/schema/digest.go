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

// Digest is the consolidated mail of one local day (requirement K3): one row for each day and workspace, also when nothing was lost, so that a missing row means that it did not run.
type Digest struct{ ent.Schema }

// Mixin of the Digest.
func (Digest) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Digest}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the Digest.
func (Digest) Fields() []ent.Field {
	return []ent.Field{
		field.String("local_date").MaxLen(10).NotEmpty().Immutable(),
		field.String("zone").MaxLen(64).NotEmpty().Immutable(),
		field.Int("lost").Default(0).Comment("alerts on lost access that were open"),
		field.Int("resolved").Default(0).Comment("such alerts resolved since the digest before"),
		field.Int("recipients").Default(0).Comment("to how many it was sent; 0 when nothing is lost"),
		field.Bytes("content").Immutable().Comment("what it says, as JSON"),
	}
}

// Indexes of the Digest.
func (Digest) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "local_date").Unique(),
	}
}

// Annotations of the Digest.
func (Digest) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

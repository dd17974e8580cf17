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

// ConnectorMemo is what a connector asked to have kept for an integration: a cache
// of its own, opaque to us. It has a row of its own because it is large and rarely
// wanted, unlike the integration.
type ConnectorMemo struct{ ent.Schema }

// Mixin of the ConnectorMemo.
func (ConnectorMemo) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Memo}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the ConnectorMemo.
func (ConnectorMemo) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.Bytes("content").MaxLen(64 << 10),
		field.Time("updated_at"),
	}
}

// Indexes of the ConnectorMemo.
func (ConnectorMemo) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "integration_id").Unique(),
	}
}

// Annotations of the ConnectorMemo.
func (ConnectorMemo) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

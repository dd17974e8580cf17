package schema

import (
	"encoding/json"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// IdempotencyKey remembers a mutation's answer, so that a repeated request changes nothing.
type IdempotencyKey struct{ ent.Schema }

// Mixin of the IdempotencyKey.
func (IdempotencyKey) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Idempotency}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the IdempotencyKey.
func (IdempotencyKey) Fields() []ent.Field {
	return []ent.Field{
		field.String("principal_id").MaxLen(80).NotEmpty().Immutable(),
		field.String("key").MaxLen(200).NotEmpty().Immutable(),
		field.String("operation").MaxLen(80).NotEmpty().Immutable(),
		field.Bytes("request_hash").MaxLen(32).Immutable(),
		field.JSON("answer", json.RawMessage{}).Optional(),
	}
}

// Indexes of the IdempotencyKey.
func (IdempotencyKey) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "principal_id", "key").Unique(),
		index.Fields("created_at"),
	}
}

// Annotations of the IdempotencyKey.
func (IdempotencyKey) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

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

// FeedEntry is one line of a workspace's feed. The sequence has no gaps and follows the order of commits.
type FeedEntry struct{ ent.Schema }

// Mixin of the FeedEntry.
func (FeedEntry) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.FeedEntry}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the FeedEntry.
func (FeedEntry) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("seq").Immutable().Annotations(entgql.OrderField("SEQ")),
		field.String("kind").MaxLen(60).NotEmpty().Immutable(),
		field.String("integration_id").MaxLen(40).Optional().Immutable(),
		field.String("subject_id").MaxLen(40).Optional().Immutable(),
		field.JSON("payload", json.RawMessage{}).Optional().Immutable(),
	}
}

// Indexes of the FeedEntry.
func (FeedEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "seq").Unique(),
		index.Fields("created_at"),
	}
}

// Annotations of the FeedEntry.
func (FeedEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

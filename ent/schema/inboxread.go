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

// InboxRead says that a member has read an item of the inbox that is newer than what the member has read as a whole.
type InboxRead struct{ ent.Schema }

// Mixin of the InboxRead.
func (InboxRead) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.InboxRead}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the InboxRead.
func (InboxRead) Fields() []ent.Field {
	return []ent.Field{
		field.String("member_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("item_id").MaxLen(40).NotEmpty().Immutable(),
	}
}

// Indexes of the InboxRead.
func (InboxRead) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "member_id", "item_id").Unique(),
	}
}

// Annotations of the InboxRead.
func (InboxRead) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

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

// SignInLink is a one-time link that signs a person in: the first owner of a workspace, or a member whom the operator lets in.
type SignInLink struct{ ent.Schema }

// Mixin of the SignInLink.
func (SignInLink) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.SignInLink}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the SignInLink.
func (SignInLink) Fields() []ent.Field {
	return []ent.Field{
		field.String("member_id").MaxLen(40).Optional().Nillable().Immutable().Comment("whom it signs in; absent: who opens it becomes the first owner"),
		field.Bytes("ticket_hash").MaxLen(32).Immutable().Sensitive(),
		field.Time("expires_at").Immutable(),
		field.Time("used_at").Optional().Nillable(),
	}
}

// Indexes of the SignInLink.
func (SignInLink) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("ticket_hash").Unique(),
		index.Fields("workspace_id", "created_at"),
	}
}

// Annotations of the SignInLink.
func (SignInLink) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

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

// Session is a browser that somebody signed in with. The cookie is stored as a hash.
type Session struct{ ent.Schema }

// Mixin of the Session.
func (Session) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Session}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the Session.
func (Session) Fields() []ent.Field {
	return []ent.Field{
		field.Bytes("hash").MaxLen(32).Immutable().Sensitive().Comment("SHA-256 of the cookie"),
		field.String("member_id").MaxLen(40).Optional().Nillable().Immutable().Comment("the member of the home workspace; absent for a CSM"),
		field.Bool("csm").Default(false).Immutable(),
		field.String("issuer").MaxLen(500).Optional().Immutable(),
		field.String("subject").MaxLen(300).Optional().Immutable(),
		field.String("email").MaxLen(320).Optional().Immutable(),
		field.String("name").MaxLen(200).Optional().Immutable(),
		field.String("address").MaxLen(64).Optional().Immutable(),
		field.String("user_agent").MaxLen(300).Optional().Immutable(),
		field.Time("expires_at").Comment("at the latest"),
		field.Time("seen_at").Comment("of the last request, to some minutes; a session that is not used ends"),
		field.Time("ended_at").Optional().Nillable(),
	}
}

// Indexes of the Session.
func (Session) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("hash").Unique(),
		index.Fields("workspace_id", "member_id"),
		index.Fields("expires_at"),
	}
}

// Annotations of the Session.
func (Session) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

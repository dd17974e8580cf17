package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/internal/gid"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// Member is a person of a workspace, with a role (requirement A3). The row of a member who was removed stays: the audit names it.
type Member struct{ ent.Schema }

// Mixin of the Member.
func (Member) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Member}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the Member.
func (Member) Fields() []ent.Field {
	return []ent.Field{
		field.String("email").MaxLen(320).NotEmpty().Comment("lower case").Annotations(entgql.OrderField("EMAIL")),
		field.String("name").MaxLen(200).Optional(),
		field.Enum("role").GoType(principal.Role("")),
		field.String("issuer").MaxLen(500).Optional().Comment("of the OIDC identity that the member signed in with"),
		field.String("subject").MaxLen(300).Optional().Comment("of that identity; with the issuer it is what later sign-ins are known by"),
		field.String("invited_by").MaxLen(80).Optional().Immutable(),
		field.Time("last_seen_at").Optional().Nillable().Comment("of the last sign-in"),
		field.Time("inbox_read_through").Optional().Nillable().Comment("items of the inbox up to here are read"),
		field.Time("removed_at").Optional().Nillable(),
		field.String("email_key").MaxLen(320).Optional().Nillable().Comment("the e-mail while the member is not removed; unique, so an address is one member"),
	}
}

// Indexes of the Member.
func (Member) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "email_key").Unique(),
		index.Fields("email"),
		index.Fields("issuer", "subject"),
	}
}

// Annotations of the Member.
func (Member) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

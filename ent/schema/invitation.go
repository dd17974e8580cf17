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

// Invitation asks a person to become a member of a workspace. Its ticket is stored as a hash.
type Invitation struct{ ent.Schema }

// Mixin of the Invitation.
func (Invitation) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Invitation}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the Invitation.
func (Invitation) Fields() []ent.Field {
	return []ent.Field{
		field.String("email").MaxLen(320).NotEmpty().Immutable().Comment("lower case"),
		field.Enum("role").GoType(principal.Role("")).Immutable(),
		field.Bytes("ticket_hash").MaxLen(32).Immutable().Sensitive(),
		field.String("invited_by").MaxLen(80).Immutable(),
		field.Time("expires_at").Immutable(),
		field.Time("accepted_at").Optional().Nillable(),
		field.Time("revoked_at").Optional().Nillable(),
		field.String("open_key").MaxLen(320).Optional().Nillable().Comment("the e-mail while the invitation is open; unique, so an address has one"),
	}
}

// Indexes of the Invitation.
func (Invitation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "open_key").Unique(),
		index.Fields("ticket_hash").Unique(),
	}
}

// Annotations of the Invitation.
func (Invitation) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

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

// ApiToken is a bearer token, stored as a hash, bound to a workspace and a role.
type ApiToken struct{ ent.Schema }

// Mixin of the ApiToken.
func (ApiToken) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Token}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the ApiToken.
func (ApiToken) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").MaxLen(200).NotEmpty(),
		field.Enum("role").GoType(principal.Role("")),
		field.Bytes("hash").MaxLen(32).Immutable().Sensitive().Comment("SHA-256 of the token"),
		field.JSON("scopes", []principal.Scope{}).Optional().Immutable().Comment("narrow what the role allows; absent: all of it"),
		field.String("created_by").MaxLen(80).Optional().Immutable(),
		field.Time("last_used_at").Optional().Nillable().Comment("to some minutes"),
		field.Time("expires_at").Optional().Nillable(),
		field.Time("revoked_at").Optional().Nillable(),
	}
}

// Indexes of the ApiToken.
func (ApiToken) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "name").Unique(),
		index.Fields("hash").Unique(),
	}
}

// Annotations of the ApiToken.
func (ApiToken) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Type("ServiceToken"), entgql.RelayConnection()}
}

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

// OAuthState is one sign-in under way at a CRM: bound to its principal and browser, used once.
type OAuthState struct{ ent.Schema }

// Mixin of the OAuthState.
func (OAuthState) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.OAuthState}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the OAuthState.
func (OAuthState) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("principal_id").MaxLen(80).NotEmpty().Immutable(),
		field.Bytes("state_hash").MaxLen(32).Immutable().Sensitive(),
		field.Bytes("ticket_hash").MaxLen(32).Immutable().Sensitive().Comment("of the one-time ticket in the link that opens the sign-in"),
		field.Bytes("browser_hash").MaxLen(32).Optional().Sensitive().Comment("of the cookie of the browser that opened the link"),
		field.Bytes("sealed_verifier").Immutable().Sensitive().Comment("PKCE code verifier"),
		field.String("redirect_uri").MaxLen(500).Immutable(),
		field.String("simulation_id").MaxLen(40).Optional().Immutable().Comment("of the simulation that the sign-in is for; its tokens are not kept"),
		field.Time("expires_at").Immutable(),
		field.Time("used_at").Optional().Nillable(),
	}
}

// Indexes of the OAuthState.
func (OAuthState) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "integration_id"),
		index.Fields("state_hash").Unique(),
		index.Fields("ticket_hash").Unique(),
	}
}

// Annotations of the OAuthState.
func (OAuthState) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

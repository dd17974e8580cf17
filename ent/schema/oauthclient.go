package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// OAuthClient is the OAuth client of a workspace at a CRM; its secret is sealed.
type OAuthClient struct{ ent.Schema }

// Mixin of the OAuthClient.
func (OAuthClient) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.OAuthClient}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the OAuthClient.
func (OAuthClient) Fields() []ent.Field {
	return []ent.Field{
		field.String("connector").MaxLen(64).NotEmpty().Immutable(),
		field.Enum("environment").GoType(crm.Environment("")).Immutable(),
		field.String("client_id").MaxLen(512).NotEmpty(),
		field.Bytes("sealed_secret").Sensitive(),
		field.Time("updated_at"),
	}
}

// Indexes of the OAuthClient.
func (OAuthClient) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "connector", "environment").Unique(),
	}
}

// Annotations of the OAuthClient.
func (OAuthClient) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

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

// Credential is the OAuth tokens held for an integration, sealed. Refresh is a lease on this row plus compare-and-swap on its version.
type Credential struct{ ent.Schema }

// Mixin of the Credential.
func (Credential) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Credential}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the Credential.
func (Credential) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.Bytes("sealed").Sensitive(),
		field.Int("version").Default(1),
		field.String("lease_owner").MaxLen(80).Optional(),
		field.Time("lease_until").Optional().Nillable(),
		field.Bool("revoked").Default(false).Comment("the CRM refused the refresh token for good"),
		field.Time("refreshed_at"),
	}
}

// Indexes of the Credential.
func (Credential) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "integration_id").Unique(),
	}
}

// Annotations of the Credential.
func (Credential) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

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

// MutedRule is an alert rule that a workspace does not want to be told of (requirement K10); mandatory rules have none.
type MutedRule struct{ ent.Schema }

// Mixin of the MutedRule.
func (MutedRule) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.MutedRule}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the MutedRule.
func (MutedRule) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("rule").GoType(crm.AlertRule("")).Immutable(),
		field.String("reason").MaxLen(500).Optional().Immutable(),
		field.String("muted_by").MaxLen(80).Immutable(),
	}
}

// Indexes of the MutedRule.
func (MutedRule) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "rule").Unique(),
	}
}

// Annotations of the MutedRule.
func (MutedRule) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

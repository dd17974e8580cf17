package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema/field"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/ent/privacy"
	"github.com/fieldwarden/fieldwarden/ent/rule"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// Workspace is the tenant (requirement A1).
type Workspace struct{ ent.Schema }

// Mixin of the Workspace.
func (Workspace) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Workspace}, mixin.Created{}}
}

// Fields of the Workspace.
func (Workspace) Fields() []ent.Field {
	return []ent.Field{
		field.String("name").MaxLen(200).NotEmpty().Annotations(entgql.OrderField("NAME")),
		field.Enum("edition").GoType(crm.Edition("")).Default(string(crm.EditionAdvancedPlus)),
		field.String("package_key").MaxLen(100).NotEmpty(),
		field.String("time_zone").MaxLen(64).Default("UTC").Comment("IANA name; the default zone of schedules"),
		field.String("digest_time").MaxLen(5).Default("07:00").Comment("local time of the daily digest, HH:MM"),
		field.String("digest_zone").MaxLen(64).Optional().Comment("IANA name; empty is the workspace's"),
		field.Time("next_digest_at").Optional().Nillable().Comment("when the next digest is due; empty before the first"),
	}
}

// Policy of the Workspace: a principal sees its own, only the system makes one.
func (Workspace) Policy() ent.Policy {
	return privacy.Policy{
		Query:    privacy.QueryPolicy{rule.FilterByOwnID()},
		Mutation: privacy.MutationPolicy{rule.OnlySystemCreates(), rule.FilterByOwnID()},
	}
}

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

// Picklist holds the choices that an integration's CRM gave for one source. A row
// is written only when something about it changed.
type Picklist struct{ ent.Schema }

// Mixin of the Picklist.
func (Picklist) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Picklist}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the Picklist.
func (Picklist) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.Enum("source").GoType(crm.PicklistSource("")).Immutable(),
		field.JSON("choices", []crm.Choice{}).Comment("in the CRM's order"),
		field.Time("fetched_at").Comment("when the CRM first gave these choices"),
		field.Bool("stale").Default(false).Comment("the last attempt to fetch them failed"),
		field.String("stale_reason").MaxLen(500).Optional(),
	}
}

// Indexes of the Picklist.
func (Picklist) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "integration_id", "source").Unique(),
	}
}

// Annotations of the Picklist.
func (Picklist) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// CrmField is one field of an object. Its status is derived from readable and standardized, never stored (requirement I2).
type CrmField struct{ ent.Schema }

// Mixin of the CrmField.
func (CrmField) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Field}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the CrmField.
func (CrmField) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("object_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("name").MaxLen(120).NotEmpty().Immutable().Annotations(entgql.OrderField("NAME")),
		field.String("label").MaxLen(300).Optional(),
		field.String("data_type").MaxLen(60).Optional(),
		field.Bool("readable").Default(false),
		field.Bool("creatable").Default(false),
		field.Bool("updatable").Default(false),
		field.Time("rights_since").Optional().Nillable().Comment("when the right to create or update last changed"),
		field.Bool("standardized").Default(false),
		field.Bool("hideable").Default(true),
		field.Bool("custom").Default(false),
		field.Bool("required_on_create").Default(false),
		field.JSON("picklist", []crm.PicklistValue{}).Optional(),
		field.Enum("cause").GoType(crm.Cause("")).Optional().Nillable(),
		field.String("evidence").MaxLen(1000).Optional(),
		field.Bool("folded").Default(false).Comment("unreadable only because its object is, as far as is known"),
		field.String("candidate").MaxLen(120).Optional().Comment("the field that this one may have been renamed to (cause RENAMED_CANDIDATE)"),
		field.Time("since").Optional().Nillable().Comment("when readable last changed"),
		field.Time("suspected_at").Optional().Nillable(),
	}
}

// Edges of the CrmField.
func (CrmField) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("object", CrmObject.Type).Ref("fields").Field("object_id").Unique().Required().Immutable(),
	}
}

// Indexes of the CrmField.
func (CrmField) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "object_id", "name").Unique(),
		index.Fields("workspace_id", "integration_id"),
	}
}

// Annotations of the CrmField.
func (CrmField) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

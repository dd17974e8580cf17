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

// Alert is one open problem (requirement K10): opened once per rule, integration, object and field, updated after.
type Alert struct{ ent.Schema }

// Mixin of the Alert.
func (Alert) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Alert}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the Alert.
func (Alert) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.Enum("rule").GoType(crm.AlertRule("")).Immutable(),
		field.Enum("severity").GoType(crm.Severity("")),
		field.Bool("mandatory").Default(false),
		field.Enum("state").GoType(crm.AlertState("")).Default(string(crm.AlertOpen)),
		field.String("object_name").MaxLen(120).Optional().Immutable(),
		field.String("field_name").MaxLen(120).Optional().Immutable(),
		field.String("standard_field").MaxLen(120).Optional(),
		field.Enum("cause").GoType(crm.Cause("")).Optional().Nillable(),
		field.String("evidence").MaxLen(1000).Optional(),
		field.String("title").MaxLen(300),
		field.String("message").MaxLen(2000),
		field.JSON("fix", crm.Fix{}).Optional(),
		field.JSON("affected", []crm.Affected{}).Optional(),
		field.String("open_key").MaxLen(400).Optional().Nillable().Comment("rule, integration, object and field while the alert is not resolved; unique, so one alert per problem"),
		field.Int("occurrences").Default(1),
		field.Time("last_seen_at"),
		field.Time("resolved_at").Optional().Nillable(),
		field.Enum("resolution").GoType(crm.AlertResolution("")).Optional().Nillable(),
		field.Time("opened_at").Optional().Nillable().Comment("when it was opened, or opened again, last"),
		field.Time("since").Optional().Nillable().Comment("since when the problem holds, as the CRM's answers tell"),
		field.Bool("folded").Default(false).Comment("its object is lost as well, whose alert tells the story"),
		field.Int("flaps").Default(0).Comment("how often its problem came back within the damping window of an opening (requirement J5)"),
		field.Time("acknowledged_at").Optional().Nillable(),
		field.String("acknowledged_by").MaxLen(80).Optional(),
		field.Time("snoozed_until").Optional().Nillable(),
		field.String("snoozed_by").MaxLen(80).Optional(),
		field.String("resolved_by").MaxLen(80).Optional().Comment("who dismissed it; empty when it resolved by itself"),
		field.String("note").MaxLen(500).Optional().Comment("what was said with the last of these"),
	}
}

// Edges of the Alert.
func (Alert) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("integration", Integration.Type).Ref("alerts").Field("integration_id").Unique().Required().Immutable(),
	}
}

// Indexes of the Alert.
func (Alert) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "open_key").Unique(),
		index.Fields("workspace_id", "integration_id", "created_at"),
	}
}

// Annotations of the Alert.
func (Alert) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

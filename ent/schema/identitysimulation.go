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

// IdentitySimulation is the answer to what would work if an integration signed in as somebody else (requirement J7). No credential is kept.
type IdentitySimulation struct{ ent.Schema }

// Mixin of the IdentitySimulation.
func (IdentitySimulation) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Simulation}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the IdentitySimulation.
func (IdentitySimulation) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.Enum("state").GoType(crm.SimulationState("")).Default(string(crm.SimulationWaiting)),
		field.String("identity").MaxLen(300).Optional().Comment("whom the CRM said it was"),
		field.Bytes("report").Optional().Comment("objects and settings as JSON"),
		field.String("failure_code").MaxLen(60).Optional(),
		field.String("failure").MaxLen(500).Optional(),
		field.String("requested_by").MaxLen(80).Immutable(),
		field.Time("expires_at"),
		field.Time("finished_at").Optional().Nillable(),
	}
}

// Edges of the IdentitySimulation.
func (IdentitySimulation) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("integration", Integration.Type).Ref("identity_simulations").Field("integration_id").Unique().Required().Immutable(),
	}
}

// Indexes of the IdentitySimulation.
func (IdentitySimulation) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "integration_id", "created_at"),
	}
}

// Annotations of the IdentitySimulation.
func (IdentitySimulation) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

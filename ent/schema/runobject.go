package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// RunObject is how a run fared with one object.
type RunObject struct{ ent.Schema }

// Mixin of the RunObject.
func (RunObject) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.RunObject}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the RunObject.
func (RunObject) Fields() []ent.Field {
	return []ent.Field{
		field.String("run_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("name").MaxLen(120).NotEmpty().Immutable(),
		field.Int("position").Immutable(),
		field.Enum("status").GoType(crm.RunObjectStatus("")).Default(string(crm.RunObjectPending)),
		field.String("reason").MaxLen(500).Optional(),
		field.String("fault_code").MaxLen(60).Optional(),
		field.Enum("phase").GoType(crm.SyncPhase("")).Default(string(crm.SyncOnboarding)),
		field.Int("crm_calls").Default(0),
		field.Time("started_at").Optional().Nillable(),
		field.Time("finished_at").Optional().Nillable(),
		field.JSON("counters", crm.Counters{}).Optional(),
	}
}

// Edges of the RunObject.
func (RunObject) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("run", SyncRun.Type).Ref("objects").Field("run_id").Unique().Required().Immutable(),
	}
}

// Indexes of the RunObject.
func (RunObject) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "run_id", "name").Unique(),
	}
}

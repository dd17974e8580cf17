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

// SyncRun is one sync of an integration; it advances in short steps (requirements G1 to G6).
type SyncRun struct{ ent.Schema }

// Mixin of the SyncRun.
func (SyncRun) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.SyncRun}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the SyncRun.
func (SyncRun) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.Enum("kind").GoType(crm.RunKind("")).Immutable(),
		field.String("local_date").MaxLen(10).Immutable().Comment("YYYY-MM-DD in the integration's zone"),
		field.Enum("status").GoType(crm.RunStatus("")).Default(string(crm.RunQueued)),
		field.String("reason").MaxLen(500).Optional(),
		field.String("fault_code").MaxLen(60).Optional(),
		field.Time("resume_at").Optional().Nillable().Comment("of RATE_LIMITED: when it goes on, or, when it has ended, when the next run does"),
		field.JSON("objects_wanted", []string{}).Optional().Immutable().Comment("of a manual run: only these; absent: all"),
		field.JSON("records_wanted", map[string][]string{}).Optional().Immutable().Comment("of a retry of failed records: only these, by object"),
		field.Int("log_seq").Default(0).Comment("of the newest line of the log"),
		field.Enum("phase").GoType(crm.RunPhase("")).Default(string(crm.PhaseChecklist)),
		field.String("requested_by").MaxLen(80).Optional().Immutable(),
		field.String("date_key").MaxLen(60).Optional().Nillable().Immutable().Comment("integration and date of SCHEDULED and CATCH_UP runs; unique, so one a day (requirement G1)"),
		field.String("active_key").MaxLen(40).Optional().Nillable().Comment("the integration while the run is active; unique, so one at a time (requirement G7)"),
		field.Int("version").Default(1).Comment("the fence: every step saves under the version it read"),
		field.Int("object_index").Default(0),
		field.Bytes("resume_token").Optional(),
		field.JSON("read_fields", []string{}).Optional().Comment("fields of the object being read, fixed at its first step"),
		field.Int("generation").Default(0).Comment("the reading from the beginning that is under way; 0 while reading goes on from where it was"),
		field.Bool("sweeping").Default(false).Comment("the object was read to the end; records that it did not meet are being deleted"),
		field.JSON("counters", crm.Counters{}).Optional(),
		field.Int("crm_calls").Default(0),
		field.Int("steps").Default(0),
		field.Time("started_at").Optional().Nillable(),
		field.Time("finished_at").Optional().Nillable(),
	}
}

// Edges of the SyncRun.
func (SyncRun) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("integration", Integration.Type).Ref("runs").Field("integration_id").Unique().Required().Immutable(),
		edge.To("objects", RunObject.Type),
	}
}

// Indexes of the SyncRun.
func (SyncRun) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "date_key").Unique(),
		index.Fields("workspace_id", "active_key").Unique(),
		index.Fields("workspace_id", "integration_id", "created_at"),
	}
}

// Annotations of the SyncRun.
func (SyncRun) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

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

// CrmObject is one object of an integration's CRM and the present verdict on it (requirement F4).
type CrmObject struct{ ent.Schema }

// Mixin of the CrmObject.
func (CrmObject) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Object}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the CrmObject.
func (CrmObject) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("name").MaxLen(120).NotEmpty().Immutable().Annotations(entgql.OrderField("NAME")),
		field.String("label").MaxLen(300).Optional(),
		field.Enum("requirement").GoType(crm.Requirement("")).Default(string(crm.Optional)),
		field.Enum("status").GoType(crm.ObjectStatus("")).Default(string(crm.ObjectNotChecked)),
		field.JSON("rights", crm.Rights{}).Optional(),
		field.Time("rights_since").Optional().Nillable().Comment("when the right to create or update last changed"),
		field.Bool("published").Default(true).Comment("whether it is standardized and synced (requirement F4)"),
		field.Enum("cause").GoType(crm.Cause("")).Optional().Nillable(),
		field.String("evidence").MaxLen(1000).Optional(),
		field.Time("since").Optional().Nillable().Comment("when the present status began"),
		field.Time("suspected_at").Optional().Nillable().Comment("a loss seen once, not yet confirmed (requirement J5)"),
		field.Time("checked_at").Optional().Nillable().Comment("of the last check that answered, for the object and all its fields"),
		field.Bool("stale").Default(false),
		field.String("stale_reason").MaxLen(500).Optional(),
		field.String("content_hash").MaxLen(64).Optional(),
		field.String("api_version").MaxLen(40).Optional(),
		field.Enum("record_access").GoType(crm.RecordAccess("")).Default(string(crm.RecordsUnknown)),
		field.String("record_access_note").MaxLen(1000).Optional().Comment("what limits the records that can be read"),
		field.Bytes("resume_token").Optional().Comment("where the next read starts"),
		field.JSON("read_fields", []string{}).Optional().Comment("fields of the last complete read; a field beyond them needs a read from the beginning"),
		field.Enum("sync_phase").GoType(crm.SyncPhase("")).Default(string(crm.SyncOnboarding)).Comment("ONBOARDING until all history is read (requirement G3)"),
		field.Time("last_read_at").Optional().Nillable().Comment("when it was last read to the end"),
		field.Bytes("partial_token").Optional().Comment("where a reading that a limit stopped goes on (requirement G5)"),
		field.JSON("partial_fields", []string{}).Optional(),
		field.Int("partial_generation").Default(0),
		field.Bool("partial").Default(false).Comment("a reading was stopped by a limit and goes on with the next run"),
		field.Int("generation").Default(0).Comment("number of the last reading from the beginning that had records to compare with"),
		field.Int("position").Default(0).Comment("order in the package"),
	}
}

// Edges of the CrmObject.
func (CrmObject) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("integration", Integration.Type).Ref("objects").Field("integration_id").Unique().Required().Immutable(),
		edge.To("fields", CrmField.Type).Annotations(entgql.RelayConnection()),
	}
}

// Indexes of the CrmObject.
func (CrmObject) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "integration_id", "name").Unique(),
	}
}

// Annotations of the CrmObject.
func (CrmObject) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

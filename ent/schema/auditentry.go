package schema

import (
	"encoding/json"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// AuditEntry is one audited action; rows are only ever added. Its policy refuses
// every change, and triggers of the database refuse it once more.
type AuditEntry struct{ ent.Schema }

// Mixin of the AuditEntry.
func (AuditEntry) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Audit}, mixin.Workspace{AppendOnly: true}, mixin.Created{}}
}

// Fields of the AuditEntry.
func (AuditEntry) Fields() []ent.Field {
	return []ent.Field{
		field.String("actor").MaxLen(80).Immutable(),
		field.String("actor_name").MaxLen(200).Immutable(),
		field.String("action").MaxLen(80).Immutable(),
		field.String("target").MaxLen(80).Optional().Immutable(),
		field.Enum("outcome").GoType(crm.AuditOutcome("")).Immutable(),
		field.String("via").MaxLen(40).Optional().Immutable().Comment("csm when vendor-side staff acted (requirement O5)"),
		field.String("interface").MaxLen(40).Optional().Immutable(),
		field.String("address").MaxLen(64).Optional().Immutable(),
		field.String("user_agent").MaxLen(300).Optional().Immutable(),
		field.String("request_id").MaxLen(64).Optional().Immutable(),
		field.String("fault_code").MaxLen(60).Optional().Immutable().Comment("why it was denied or failed"),
		field.JSON("before", json.RawMessage{}).Optional().Immutable(),
		field.JSON("after", json.RawMessage{}).Optional().Immutable(),
	}
}

// Indexes of the AuditEntry.
func (AuditEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "created_at"),
		index.Fields("workspace_id", "target"),
	}
}

// Annotations of the AuditEntry.
func (AuditEntry) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

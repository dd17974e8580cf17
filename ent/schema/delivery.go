package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// Delivery is one sending to one receiver: the outbox and its log in one (requirement K13). It is written in the transaction of the change that it tells.
type Delivery struct{ ent.Schema }

// Mixin of the Delivery.
func (Delivery) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Delivery}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the Delivery.
func (Delivery) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").GoType(crm.DeliveryKind("")).Immutable(),
		field.Enum("medium").GoType(crm.Medium("")).Immutable(),
		field.String("channel_id").MaxLen(40).Optional().Immutable(),
		field.String("address").MaxLen(320).Optional().Immutable().Comment("of an e-mail, lower case"),
		field.String("integration_id").MaxLen(40).Optional().Immutable(),
		field.String("alert_id").MaxLen(40).Optional().Immutable(),
		field.String("digest_id").MaxLen(40).Optional().Immutable(),
		field.Enum("event").GoType(crm.AlertEvent("")).Optional().Nillable().Immutable(),
		field.String("dedup_key").MaxLen(400).NotEmpty().Immutable().Comment("unique, so that nothing is told twice to one receiver"),
		field.Bytes("payload").Immutable().Comment("what is told, as JSON, frozen when it happened"),
		field.Enum("state").GoType(crm.DeliveryState("")).Default(string(crm.DeliveryPending)),
		field.Int("attempts").Default(0),
		field.Time("next_attempt_at").Optional().Nillable(),
		field.Time("attempted_at").Optional().Nillable(),
		field.Time("delivered_at").Optional().Nillable(),
		field.Int("response_code").Optional().Comment("of HTTP or SMTP"),
		field.String("failure").MaxLen(500).Optional(),
		field.JSON("log", []crm.DeliveryAttempt{}).Optional().Comment("the last attempts, oldest first"),
	}
}

// Indexes of the Delivery.
func (Delivery) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "dedup_key").Unique(),
		index.Fields("workspace_id", "created_at"),
		index.Fields("workspace_id", "channel_id", "state"),
		index.Fields("workspace_id", "alert_id"),
		// Of what waits only: the log is long, the queue is short.
		index.Fields("next_attempt_at").Annotations(entsql.IndexWhere("next_attempt_at IS NOT NULL")),
		index.Fields("workspace_id", "address").Annotations(entsql.IndexWhere("next_attempt_at IS NOT NULL")),
	}
}

// Annotations of the Delivery.
func (Delivery) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

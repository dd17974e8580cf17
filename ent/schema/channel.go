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

// Channel is a webhook, or a Slack-compatible one, that a workspace gets its alerts by (requirement K13).
type Channel struct{ ent.Schema }

// Mixin of the Channel.
func (Channel) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Channel}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the Channel.
func (Channel) Fields() []ent.Field {
	return []ent.Field{
		field.Enum("kind").GoType(crm.ChannelKind("")).Immutable(),
		field.String("name").MaxLen(120).NotEmpty().Annotations(entgql.OrderField("NAME")),
		field.String("host").MaxLen(300).NotEmpty().Comment("scheme and host of the address; the rest of it is a secret"),
		field.JSON("header_names", []string{}).Optional(),
		field.Bytes("sealed").Sensitive().Comment("address, headers, signing secrets"),
		field.Enum("min_severity").GoType(crm.Severity("")).Default(string(crm.SeverityInfo)),
		field.Bool("enabled").Default(true),
		field.String("disabled_reason").MaxLen(500).Optional(),
		field.Time("disabled_at").Optional().Nillable(),
		field.Int("failures").Default(0).Comment("attempts in a row that failed"),
		field.Time("retry_at").Optional().Nillable().Comment("nothing is sent before: the receiver failed or asked to wait"),
		field.Time("last_delivered_at").Optional().Nillable(),
		field.String("created_by").MaxLen(80).Immutable(),
		field.Time("updated_at"),
	}
}

// Indexes of the Channel.
func (Channel) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "name").Unique(),
	}
}

// Annotations of the Channel.
func (Channel) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

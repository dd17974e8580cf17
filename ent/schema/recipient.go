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

// Recipient is an address or distribution list that system notifications go to (requirement K12).
type Recipient struct{ ent.Schema }

// Mixin of the Recipient.
func (Recipient) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Recipient}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the Recipient.
func (Recipient) Fields() []ent.Field {
	return []ent.Field{
		field.String("address").MaxLen(320).NotEmpty().Immutable().Comment("lower case").Annotations(entgql.OrderField("ADDRESS")),
		field.Enum("class").GoType(crm.RecipientClass("")).Immutable(),
		field.Enum("kind").GoType(crm.RecipientKind("")).Default(string(crm.RecipientPerson)),
		field.Enum("min_severity").GoType(crm.Severity("")).Default(string(crm.SeverityInfo)).Comment("of what is mailed at once; mandatory mails go out in any case (requirement K15)"),
		field.String("added_by").MaxLen(80).Immutable(),
	}
}

// Indexes of the Recipient.
func (Recipient) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "address").Unique(),
	}
}

// Annotations of the Recipient.
func (Recipient) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.RelayConnection()}
}

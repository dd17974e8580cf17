package schema

import (
	"encoding/json"

	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// SettingValue is the stored value of one setting of an integration.
type SettingValue struct{ ent.Schema }

// Mixin of the SettingValue.
func (SettingValue) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.Setting}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the SettingValue.
func (SettingValue) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("key").MaxLen(120).NotEmpty().Immutable(),
		field.JSON("value", json.RawMessage{}),
		field.String("updated_by").MaxLen(80),
		field.Time("updated_at"),
	}
}

// Indexes of the SettingValue.
func (SettingValue) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("workspace_id", "integration_id", "key").Unique(),
	}
}

// Annotations of the SettingValue.
func (SettingValue) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

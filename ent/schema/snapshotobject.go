package schema

import (
	"entgo.io/contrib/entgql"
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"github.com/fieldwarden/fieldwarden/ent/mixin"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// SnapshotObject is what a check saw of one object, stored once however many snapshots hold it (requirement J3).
type SnapshotObject struct{ ent.Schema }

// Mixin of the SnapshotObject.
func (SnapshotObject) Mixin() []ent.Mixin {
	return []ent.Mixin{mixin.ID{Prefix: gid.SnapshotObject}, mixin.Workspace{}, mixin.Created{}}
}

// Fields of the SnapshotObject.
func (SnapshotObject) Fields() []ent.Field {
	return []ent.Field{
		field.String("integration_id").MaxLen(40).NotEmpty().Immutable(),
		field.String("object_name").MaxLen(120).NotEmpty().Immutable(),
		field.String("content_hash").MaxLen(64).NotEmpty().Immutable(),
		field.Bytes("body").Immutable().Comment("the object and its fields as gzipped JSON"),
	}
}

// Indexes of the SnapshotObject.
func (SnapshotObject) Indexes() []ent.Index {
	return []ent.Index{
		// A name of its own: the one that would be made of its fields is too long, and would
		// be cut differently for each database.
		index.Fields("workspace_id", "integration_id", "object_name", "content_hash").Unique().StorageKey("snapshotobject_content"),
	}
}

// Annotations of the SnapshotObject.
func (SnapshotObject) Annotations() []schema.Annotation {
	return []schema.Annotation{entgql.Skip(entgql.SkipAll)}
}

// Package mixin holds what all entities share: the prefixed id, the immutable
// workspace with its privacy policy, and the creation time.
package mixin

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/mixin"

	"github.com/fieldwarden/fieldwarden/ent/privacy"
	"github.com/fieldwarden/fieldwarden/ent/rule"
	"github.com/fieldwarden/fieldwarden/internal/gid"
)

// ID gives an entity a global id with a prefix.
type ID struct {
	mixin.Schema
	Prefix gid.Prefix
}

// Fields of the mixin.
func (m ID) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").MaxLen(40).Immutable().DefaultFunc(func() string { return gid.New(m.Prefix) }),
	}
}

// Workspace gives an entity its immutable tenant and the policy that keeps every
// query and mutation inside it (requirements A1, O4).
type Workspace struct {
	mixin.Schema
	// AppendOnly refuses everybody, the system too, to change or delete a row
	// (requirement O2). It is the first rule: the others would allow what is inside.
	AppendOnly bool
}

// Fields of the mixin.
func (Workspace) Fields() []ent.Field {
	return []ent.Field{field.String("workspace_id").MaxLen(40).NotEmpty().Immutable()}
}

// Policy of the mixin.
func (w Workspace) Policy() ent.Policy {
	mutation := privacy.MutationPolicy{rule.WriteInsideWorkspace(), rule.FilterByWorkspace()}
	if w.AppendOnly {
		mutation = append(privacy.MutationPolicy{rule.OnlyAdded()}, mutation...)
	}
	return privacy.Policy{Query: privacy.QueryPolicy{rule.FilterByWorkspace()}, Mutation: mutation}
}

// Created gives an entity the time of its creation. It has no default: the
// caller's injected clock sets it.
type Created struct{ mixin.Schema }

// Fields of the mixin.
func (Created) Fields() []ent.Field {
	return []ent.Field{field.Time("created_at").Immutable()}
}

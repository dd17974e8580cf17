// Package schema declares the entities, one per file. Every entity has an
// immutable workspace id, which is the first column of every unique index that
// serves the workspace, and a privacy policy from its mixin.
package schema

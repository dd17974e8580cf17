// Package configuration carries what an admin decided about an integration from one
// place to another (requirements O6, D21): as a YAML document that is written and
// read, and as copies of settings and mappings between two integrations of one
// connector.
//
// A document says what is wanted; what it leaves out stays as it is. It is applied
// in one transaction, all of it or nothing, through the use cases that also serve
// the single changes, so every rule of theirs holds. A dry run does the same and
// rolls it back: its plan is what would happen, not a guess. Documents hold no
// secrets.
//
// Invariant: reading what was written is an empty plan.
package configuration

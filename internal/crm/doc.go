// Package crm is Fieldwarden's vocabulary and its pure rules: field statuses,
// the settings tree and its dependencies, packages, the difference of two
// checks, what a loss breaks, and the arithmetic of local days.
//
// It imports the standard library only and does no I/O, so every rule here is
// tested by tables and properties. The words are those of the glossary.
package crm

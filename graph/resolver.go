// Package graph is thin: a resolver takes what the SDL gives, calls a use case
// or reads through Ent, and returns the result.
package graph

// Resolver resolves everything.
type Resolver struct{}

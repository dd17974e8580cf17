// Package ent is the database in Go: schema/ declares the entities by hand, one per
// file, mixin/ and rule/ hold what they share, and everything else is generated from
// them, except migrate/, whose SQL is generated once and then kept by hand.
//
// Whoever reads or writes through it acts as the principal of the context: the
// privacy policies of rule/ refuse a query without one. Writes go through
// store.WithTx; nothing opens a transaction here.
package ent

//go:generate go run entc.go

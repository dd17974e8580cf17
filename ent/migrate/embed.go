// Package migrate holds the versioned SQL of both databases. What Ent generates
// beside it (schema.go) is what the SQL is compared with: diff.go writes the next
// migration from the difference, and nothing migrates a database automatically.
package migrate

import "embed"

// Migrations holds the versioned SQL in goose's format, one folder for each
// dialect ("migrations/sqlite", "migrations/postgres").
//
//go:embed migrations
var Migrations embed.FS

package migrate

import "embed"

// Migrations holds the versioned SQL in goose's format, one folder for each
// dialect ("migrations/sqlite", "migrations/postgres").
//
//go:embed migrations
var Migrations embed.FS

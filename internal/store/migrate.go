package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/fieldwarden/fieldwarden/ent/migrate"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// JobSchema is the PostgreSQL schema that holds the job engine's tables.
const JobSchema = "river"

// migrate brings the database to this version: our tables by goose, the job
// engine's by its own migrator.
func (s *Store) migrate(ctx context.Context, db *sql.DB) error {
	if err := refuseFuture(ctx, db, s.dialect); err != nil {
		return err
	}
	folder, err := migrationFolder(s.dialect)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(gooseDialect(s.dialect), db, folder, goose.WithSlog(WarningsOnly(s.log)), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	if s.dialect == SQLite {
		return migrateJobs(ctx, riversqlite.New(db), "", s.log)
	}
	// River's migrations fail without the schema.
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS "+JobSchema); err != nil {
		return fmt.Errorf("store: migrate jobs: %w", err)
	}
	return migrateJobs(ctx, riverdatabasesql.New(db), JobSchema, s.log)
}

func migrateJobs[T any](ctx context.Context, driver riverdriver.Driver[T], schema string, log *slog.Logger) error {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Schema: schema, Logger: WarningsOnly(log)})
	if err != nil {
		return fmt.Errorf("store: migrate jobs: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("store: migrate jobs: %w", err)
	}
	return nil
}

// refuseFuture returns DATABASE_FUTURE when the database has a migration that
// this program does not know. It writes nothing.
func refuseFuture(ctx context.Context, db *sql.DB, d Dialect) error {
	migrated := "SELECT count(*) > 0 FROM sqlite_master WHERE name = 'goose_db_version'"
	if d == Postgres {
		migrated = "SELECT to_regclass('goose_db_version') IS NOT NULL"
	}
	var exists bool
	if err := db.QueryRowContext(ctx, migrated).Scan(&exists); err != nil || !exists {
		return err
	}
	var newest int64
	if err := db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&newest); err != nil {
		return err
	}
	known, err := newestKnown(d)
	if err != nil {
		return err
	}
	if newest > known {
		return fault.New(fault.DatabaseFuture, fmt.Sprintf("The database has version %d; this program knows versions up to %d.", newest, known))
	}
	return nil
}

// newestKnown is the highest version among the embedded migrations.
func newestKnown(d Dialect) (int64, error) {
	folder, err := migrationFolder(d)
	if err != nil {
		return 0, err
	}
	names, err := fs.Glob(folder, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("store: no embedded migrations for %s", d)
	}
	return goose.NumericComponent(slices.Max(names))
}

func migrationFolder(d Dialect) (fs.FS, error) {
	folder, err := fs.Sub(migrate.Migrations, "migrations/"+string(d))
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return folder, nil
}

func gooseDialect(d Dialect) goose.Dialect {
	if d == Postgres {
		return goose.DialectPostgres
	}
	return goose.DialectSQLite3
}

// WarningsOnly returns a logger for a library that says more than an operator
// needs: only its warnings and errors pass.
func WarningsOnly(log *slog.Logger) *slog.Logger { return slog.New(warnings{log.Handler()}) }

type warnings struct{ slog.Handler }

// Enabled reports whether the level is a warning or worse.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the limit.
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the limit.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }

//go:build ignore

// Command diff writes the next migration: the difference between the migrations
// in ./migrations and the entities, once for each dialect.
//
//	go run ent/migrate/diff.go NAME
//
// Each dialect's migrations are replayed on an empty development database. For
// SQLite that is one in memory. For PostgreSQL it is the database of
// FIELDWARDEN_DEV_POSTGRES_DSN, which must be empty, else one of a throw-away
// cluster from locally installed binaries.
package main

import (
	"context"
	"database/sql"
	"log"
	"os"
	"path/filepath"

	atlas "ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/fieldwarden/fieldwarden/ent/migrate"
	"github.com/fieldwarden/fieldwarden/internal/store/storetest/pgcluster"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go run ent/migrate/diff.go NAME")
	}
	if err := run(context.Background(), os.Args[1]); err != nil {
		log.Fatalf("diff: %v", err)
	}
}

func run(ctx context.Context, name string) (err error) {
	if err := diff(ctx, name, dialect.SQLite, "sqlite", "file:diff?mode=memory&_pragma=foreign_keys(1)"); err != nil {
		return err
	}
	dsn := os.Getenv("FIELDWARDEN_DEV_POSTGRES_DSN")
	if dsn == "" {
		cluster, err := pgcluster.Start(ctx)
		if err != nil {
			return err
		}
		defer func() {
			if stopErr := cluster.Stop(); err == nil {
				err = stopErr
			}
		}()
		dsn = cluster.DSN("postgres")
	}
	return diff(ctx, name, dialect.Postgres, "pgx", dsn)
}

func diff(ctx context.Context, name, dialectName, driver, dsn string) error {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	folder := map[string]string{dialect.SQLite: "sqlite", dialect.Postgres: "postgres"}[dialectName]
	dir, err := sqltool.NewGooseDir(filepath.Join("ent", "migrate", "migrations", folder))
	if err != nil {
		return err
	}
	// Migrations may hold hand-written SQL, so the folder's checksum is renewed
	// first; without a checksum file Ent refuses the folder.
	sum, err := dir.Checksum()
	if err != nil {
		return err
	}
	if err := atlas.WriteSumFile(dir, sum); err != nil {
		return err
	}
	migration, err := schema.NewMigrate(entsql.OpenDB(dialectName, db),
		schema.WithDir(dir),
		schema.WithMigrationMode(schema.ModeReplay),
		schema.WithFormatter(sqltool.GooseFormatter),
		schema.WithDropColumn(true),
		schema.WithDropIndex(true),
	)
	if err != nil {
		return err
	}
	return migration.NamedDiff(ctx, name, migrate.Tables...)
}

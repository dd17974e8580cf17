package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// Schemas in which a restore prepares the tables. They hold nothing that is needed
// when a restore ended half-way; the next one removes them.
const (
	stagingSchema     = "fieldwarden_restore"
	stagingJobSchema  = "fieldwarden_restore_jobs"
	restoreConnection = applicationName + " restore"
	// aliveFor is for how long after its last sign of life a server counts as one
	// that uses the database.
	aliveFor = "20 seconds"
)

// restorePostgres makes the tables of the dump's version in schemas of their own,
// loads them, migrates them to this version, and then exchanges them for the
// present tables in one transaction.
func restorePostgres(ctx context.Context, c RestoreConfig, info DumpInfo, from DumpReader) (err error) {
	conn, err := connectPostgres(ctx, c.URL, map[string]string{"application_name": restoreConnection})
	if err != nil {
		return err
	}
	// Closing the session gives the advisory lock back, whatever happened.
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return unavailable("The database gave no lock.", err)
	}
	if err := mayReplacePostgres(ctx, conn, c.Replace); err != nil {
		return err
	}
	if err := dropStaging(ctx, conn); err != nil {
		return err
	}
	r := &postgresRestore{config: c}
	if err := r.stage(ctx, conn, info, from); err != nil {
		return errors.Join(err, dropStaging(context.WithoutCancel(ctx), conn))
	}
	return r.exchange(ctx, conn)
}

// mayReplacePostgres refuses a database that a server uses, that is of a newer
// version, or that holds something which the operator does not want to lose.
func mayReplacePostgres(ctx context.Context, conn *pgx.Conn, replace bool) error {
	var migrated bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass('goose_db_version') IS NOT NULL AND to_regclass('workspaces') IS NOT NULL").Scan(&migrated); err != nil {
		return unavailable("The database cannot be read.", err)
	}
	if !migrated {
		return nil
	}
	var newest, alive int64
	var full bool
	err := conn.QueryRow(ctx, `
		SELECT (SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied),
		       (SELECT count(*) FROM worker WHERE seen_at > now() - interval '`+aliveFor+`'),
		       EXISTS (SELECT 1 FROM workspaces)`).Scan(&newest, &alive, &full)
	if err != nil {
		return unavailable("The database cannot be read.", err)
	}
	known, err := newestKnown(Postgres)
	switch {
	case err != nil:
		return err
	case newest > known:
		return future(newest, known)
	case alive > 0:
		return inUse(alive)
	case full && !replace:
		return notEmpty()
	default:
		return nil
	}
}

func inUse(servers int64) error {
	return fault.New(fault.DatabaseLocked, fmt.Sprintf("Servers use this database: %d gave a sign of life within %s.", servers, aliveFor),
		fault.Hint("Stop every server of this database. After a kill -9, wait %s.", aliveFor))
}

func dropStaging(ctx context.Context, conn *pgx.Conn) error {
	for _, schema := range []string{stagingSchema, stagingJobSchema} {
		if _, err := conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+schema+" CASCADE"); err != nil {
			return unavailable("The schemas of a restore cannot be removed.", err)
		}
	}
	return nil
}

type postgresRestore struct{ config RestoreConfig }

// stage makes, loads and migrates the tables aside.
func (r *postgresRestore) stage(ctx context.Context, conn *pgx.Conn, info DumpInfo, from DumpReader) error {
	for _, schema := range []string{stagingSchema, stagingJobSchema} {
		if _, err := conn.Exec(ctx, "CREATE SCHEMA "+schema); err != nil {
			return fault.New(fault.DatabaseUnavailable, "The database user may not make a schema.", fault.Cause(err),
				fault.Hint("GRANT CREATE ON DATABASE to the user of the database URL."))
		}
	}
	if err := r.migrateTo(ctx, info.Schema, int(info.JobSchema)); err != nil {
		return err
	}
	if err := r.load(ctx, info, from); err != nil {
		return err
	}
	if err := r.migrateTo(ctx, -1, -1); err != nil {
		return err
	}
	db, err := r.openStaged()
	if err != nil {
		return err
	}
	return errors.Join(noteRestore(ctx, r.config, info, db), db.Close())
}

// openStaged opens a pool whose sessions see the staged tables.
func (r *postgresRestore) openStaged() (*sql.DB, error) {
	config, err := pgx.ParseConfig(r.config.URL)
	if err != nil {
		return nil, fmt.Errorf("store: restore: %w", err)
	}
	return openPool(config, 4, map[string]string{"application_name": restoreConnection, "search_path": stagingSchema}), nil
}

// migrateTo brings the staged tables to a version; -1 is the newest.
func (r *postgresRestore) migrateTo(ctx context.Context, schema int64, jobs int) (err error) {
	db, err := r.openStaged()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	folder, err := migrationFolder(Postgres)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, folder, goose.WithSlog(WarningsOnly(r.config.Logger)), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("store: restore: %w", err)
	}
	if schema < 0 {
		_, err = provider.Up(ctx)
	} else {
		_, err = provider.UpTo(ctx, schema)
	}
	if err != nil {
		return fmt.Errorf("store: restore: %w", err)
	}
	migrator, err := rivermigrate.New(riverdatabasesql.New(db), &rivermigrate.Config{Schema: stagingJobSchema, Logger: WarningsOnly(r.config.Logger)})
	if err != nil {
		return fmt.Errorf("store: restore: %w", err)
	}
	var options *rivermigrate.MigrateOpts
	if jobs >= 0 {
		options = &rivermigrate.MigrateOpts{TargetVersion: jobs}
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, options); err != nil {
		return fmt.Errorf("store: restore: %w", err)
	}
	return nil
}

// load fills the staged tables in one transaction.
func (r *postgresRestore) load(ctx context.Context, info DumpInfo, from DumpReader) (err error) {
	conn, err := connectPostgres(ctx, r.config.URL, map[string]string{"application_name": restoreConnection, "search_path": stagingSchema})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	tx, err := conn.Begin(ctx)
	if err != nil {
		return unavailable("The database did not begin a transaction.", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // nothing to undo after the commit
	for _, table := range info.Tables {
		if err := loadTable(ctx, conn, table, from); err != nil {
			return err
		}
	}
	for _, sequence := range info.Sequences {
		name := pgx.Identifier{stagingJobSchema, sequence.Name}.Sanitize()
		if _, err := tx.Exec(ctx, "SELECT setval($1::regclass, $2)", name, sequence.Value); err != nil {
			return brokenDump(fmt.Sprintf("The sequence %s of the backup cannot be set.", sequence.Name), err)
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return unavailable("The database did not commit what was restored.", err)
	}
	return nil
}

func loadTable(ctx context.Context, conn *pgx.Conn, table DumpTable, from DumpReader) error {
	schema := stagingSchema
	if table.Jobs {
		schema = stagingJobSchema
	}
	rows := &partReader{from: from, table: table}
	done, err := conn.PgConn().CopyFrom(ctx, rows, "COPY "+copyTarget(schema, table)+" FROM STDIN")
	switch {
	case rows.err != nil:
		return rows.err
	case err != nil:
		return brokenDump(fmt.Sprintf("The table %s of the backup cannot be loaded.", table.Name), err)
	case done.RowsAffected() != table.Rows:
		return brokenDump(fmt.Sprintf("The table %s has %d rows in the backup instead of %d.", table.Name, done.RowsAffected(), table.Rows), nil)
	default:
		return nil
	}
}

// partReader joins a table's files to one stream.
type partReader struct {
	from    DumpReader
	table   DumpTable
	part    int
	current io.Reader
	err     error
}

// Read reads from the present part, then from the next ones.
func (r *partReader) Read(p []byte) (int, error) {
	for {
		if r.current == nil {
			if r.part == r.table.Parts {
				return 0, io.EOF
			}
			if r.current, r.err = nextFile(r.from, partName(r.table, r.part)); r.err != nil {
				return 0, r.err
			}
			r.part++
		}
		n, err := r.current.Read(p)
		if errors.Is(err, io.EOF) {
			r.current, err = nil, nil
			if n == 0 {
				continue
			}
		}
		if err != nil {
			r.err = err
		}
		return n, err
	}
}

// exchange puts the staged tables in the place of the present ones, in one
// transaction.
func (r *postgresRestore) exchange(ctx context.Context, conn *pgx.Conn) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return unavailable("The database did not begin a transaction.", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // nothing to undo after the commit
	var target string
	if err := tx.QueryRow(ctx, "SELECT current_schema()").Scan(&target); err != nil {
		return unavailable("The database names no schema to restore into.", err)
	}
	tables, err := namesIn(ctx, tx, "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = $1 ORDER BY 1")
	if err != nil {
		return err
	}
	// Those of triggers; they come after the tables that use them.
	functions, err := namesIn(ctx, tx, `
		SELECT quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')'
		FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1 ORDER BY 1`)
	if err != nil {
		return err
	}
	for _, statement := range exchangeStatements(pgx.Identifier{target}.Sanitize(), tables, functions) {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return unavailable("The restored tables cannot take their place; nothing was changed.", err)
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return unavailable("The database did not commit the exchange of tables.", err)
	}
	return nil
}

// namesIn asks for names in the staging schema.
func namesIn(ctx context.Context, tx pgx.Tx, query string) ([]string, error) {
	rows, err := tx.Query(ctx, query, stagingSchema)
	if err != nil {
		return nil, unavailable("The restored tables cannot be listed.", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, unavailable("The restored tables cannot be listed.", err)
	}
	return names, nil
}

// exchangeStatements drop what is there and move what was staged. All names are
// quoted already.
func exchangeStatements(target string, tables, functions []string) []string {
	var drop, move []string
	present := make([]string, len(tables))
	for i, table := range tables {
		present[i] = target + "." + table
		move = append(move, "ALTER TABLE "+stagingSchema+"."+table+" SET SCHEMA "+target)
	}
	drop = append(drop, "DROP TABLE IF EXISTS "+strings.Join(present, ", "))
	for _, function := range functions {
		drop = append(drop, "DROP FUNCTION IF EXISTS "+target+"."+function)
		move = append(move, "ALTER FUNCTION "+stagingSchema+"."+function+" SET SCHEMA "+target)
	}
	return slices.Concat(drop, move, []string{
		"DROP SCHEMA " + stagingSchema,
		"DROP SCHEMA IF EXISTS " + JobSchema + " CASCADE",
		"ALTER SCHEMA " + stagingJobSchema + " RENAME TO " + JobSchema,
	})
}

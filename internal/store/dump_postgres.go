package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	entmigrate "github.com/fieldwarden/fieldwarden/ent/migrate"
	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// dumpPart is how much of a table goes into one file: files must tell their size
// before their content, so one part is held in memory.
const dumpPart = 4 << 20

// ownTables are tables of ours that no entity describes. "worker" is not among
// them: its rows are about processes, and a restored database has none.
var ownTables = []string{"feed_head", "key_check"} //nolint:gochecknoglobals // a constant

// jobTablesLeft are tables of the job engine that tell about processes, or that its
// migrations fill.
var jobTablesLeft = []string{"river_migration", "river_leader", "river_client", "river_client_queue"} //nolint:gochecknoglobals // a constant

// dumpPostgres copies all tables in one REPEATABLE READ transaction: all rows are of
// one instant, and nobody waits. It needs no program of PostgreSQL's own, whose
// version would have to fit the server's.
func dumpPostgres(ctx context.Context, databaseURL string, to DumpWriter) (info DumpInfo, err error) {
	conn, err := connectPostgres(ctx, databaseURL, map[string]string{"application_name": applicationName + " backup"})
	if err != nil {
		return info, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return info, unavailable("The database did not begin a transaction.", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // it only read
	info = DumpInfo{Dialect: Postgres}
	ask := func(query string, into any) error { return tx.QueryRow(ctx, query).Scan(into) }
	if err := describe(ctx, ask, &info, JobSchema+".river_migration"); err != nil {
		return info, err
	}
	if info.Tables, err = tablesOf(ctx, tx); err != nil {
		return info, err
	}
	for i := range info.Tables {
		if err := dumpTable(ctx, conn, &info.Tables[i], to); err != nil {
			return info, err
		}
	}
	info.Sequences, err = sequencesOf(ctx, tx)
	return info, err
}

// connectPostgres opens one connection without timeouts.
func connectPostgres(ctx context.Context, databaseURL string, parameters map[string]string) (*pgx.Conn, error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, fault.New(fault.ConfigInvalid, "The database URL cannot be read.", fault.Cause(err),
			fault.Hint("Set the database URL to sqlite:/path/to/folder or postgres://user@host/database."))
	}
	maps.Copy(config.RuntimeParams, parameters)
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, unavailable("The PostgreSQL database cannot be reached.", err)
	}
	return conn, nil
}

// tablesOf lists the tables to copy with their columns, referred ones first.
func tablesOf(ctx context.Context, tx pgx.Tx) ([]DumpTable, error) {
	ours := slices.Clone(ownTables)
	for _, table := range entmigrate.Tables {
		ours = append(ours, table.Name)
	}
	rows, err := tx.Query(ctx, `
		SELECT n.nspname = $1 AS jobs, c.relname::text,
		       array_agg(a.attname::text ORDER BY a.attnum),
		       coalesce((SELECT array_agg(DISTINCT r.relname::text) FROM pg_constraint f JOIN pg_class r ON r.oid = f.confrelid
		                 WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid), '{}')
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		WHERE c.relkind = 'r' AND ((n.nspname = $1 AND NOT c.relname = ANY($2)) OR (n.nspname = current_schema() AND c.relname = ANY($3)))
		GROUP BY n.nspname, c.oid, c.relname ORDER BY 1, 2`, JobSchema, jobTablesLeft, ours)
	if err != nil {
		return nil, fmt.Errorf("store: dump: %w", err)
	}
	refers := map[string][]string{}
	tables, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (DumpTable, error) {
		var t DumpTable
		var to []string
		err := row.Scan(&t.Jobs, &t.Name, &t.Columns, &to)
		refers[t.Name] = to
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("store: dump: %w", err)
	}
	return inOrder(tables, refers)
}

// inOrder sorts tables so that each comes after those it refers to.
func inOrder(tables []DumpTable, refers map[string][]string) ([]DumpTable, error) {
	placed := map[string]bool{}
	var sorted []DumpTable
	for len(sorted) < len(tables) {
		before := len(sorted)
		for _, table := range tables {
			if !placed[table.Name] && !slices.ContainsFunc(refers[table.Name], func(name string) bool { return !placed[name] }) {
				placed[table.Name] = true
				sorted = append(sorted, table)
			}
		}
		if len(sorted) == before {
			return nil, errors.New("store: dump: tables refer to each other in a circle")
		}
	}
	return sorted, nil
}

// dumpTable copies one table's rows, as PostgreSQL's own text, in parts.
func dumpTable(ctx context.Context, conn *pgx.Conn, table *DumpTable, to DumpWriter) error {
	parts := &partWriter{to: to, table: table}
	schema := ""
	if table.Jobs {
		schema = JobSchema
	}
	done, err := conn.PgConn().CopyTo(ctx, parts, "COPY "+copyTarget(schema, *table)+" TO STDOUT")
	if err != nil {
		return errors.Join(parts.err, fmt.Errorf("store: dump of %s: %w", table.Name, err))
	}
	table.Rows = done.RowsAffected()
	return parts.flush()
}

// copyTarget names a table and its columns for COPY; schema empty is ours.
func copyTarget(schema string, table DumpTable) string {
	name := pgx.Identifier{table.Name}
	if schema != "" {
		name = pgx.Identifier{schema, table.Name}
	}
	columns := make([]string, len(table.Columns))
	for i, column := range table.Columns {
		columns[i] = pgx.Identifier{column}.Sanitize()
	}
	return name.Sanitize() + " (" + strings.Join(columns, ", ") + ")"
}

// partWriter cuts a stream into files.
type partWriter struct {
	to     DumpWriter
	table  *DumpTable
	buffer bytes.Buffer
	err    error
}

// Write keeps p and writes a file whenever there is enough for one.
func (w *partWriter) Write(p []byte) (int, error) {
	w.buffer.Write(p)
	if w.buffer.Len() < dumpPart {
		return len(p), nil
	}
	if w.err = w.flush(); w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

func (w *partWriter) flush() error {
	if w.buffer.Len() == 0 {
		return nil
	}
	name := partName(*w.table, w.table.Parts)
	w.table.Parts++
	defer w.buffer.Reset()
	return w.to.WriteFile(name, int64(w.buffer.Len()), bytes.NewReader(w.buffer.Bytes()))
}

// partName is the name of a table's part in a dump.
func partName(table DumpTable, part int) string {
	folder := "tables"
	if table.Jobs {
		folder = "jobs"
	}
	return fmt.Sprintf("postgres/%s/%s.%06d", folder, table.Name, part)
}

// sequencesOf reads where the sequences of the job engine's tables stand.
func sequencesOf(ctx context.Context, tx pgx.Tx) ([]DumpSequence, error) {
	rows, err := tx.Query(ctx, "SELECT sequencename::text, last_value FROM pg_sequences WHERE schemaname = $1 AND last_value IS NOT NULL ORDER BY 1", JobSchema)
	if err != nil {
		return nil, fmt.Errorf("store: dump: %w", err)
	}
	sequences, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (DumpSequence, error) {
		var s DumpSequence
		err := row.Scan(&s.Name, &s.Value)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("store: dump: %w", err)
	}
	return sequences, nil
}

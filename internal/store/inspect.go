package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"strings"
	"time"
)

// Inspection is what a look at a database tells that changes nothing.
type Inspection struct {
	Dialect Dialect
	// Server is the version that the database server tells of itself.
	Server string
	// Schema is the newest migration of the database, zero when it has none; Known the
	// newest of this program.
	Schema, Known int64
	// Skew is how far the database's clock is ahead of this machine's; zero on SQLite.
	Skew time.Duration
	// KeyCheck is the canary that the encryption key sealed; nil when there is none.
	KeyCheck []byte
}

// Inspect looks at a database without opening it as a server does: it takes no lock
// for longer than the look, migrates nothing and makes nothing.
func Inspect(ctx context.Context, databaseURL string) (i Inspection, err error) {
	path, isSQLite := strings.CutPrefix(databaseURL, "sqlite:")
	if !isSQLite {
		return inspectPostgres(ctx, databaseURL)
	}
	i.Dialect = SQLite
	if i.Known, err = newestKnown(SQLite); err != nil {
		return i, err
	}
	file, err := sqliteFilePath(path)
	if err != nil {
		return i, err
	}
	if info, err := os.Stat(file); errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0 {
		return i, nil // the first start makes it
	}
	lock, err := acquireLock(file + ".lock")
	if err != nil {
		return i, err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	if err := inspectSQLite(ctx, file); err != nil {
		return i, err
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return i, unavailable("The SQLite file cannot be opened.", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	ask := func(query string, into any) error { return db.QueryRowContext(ctx, query).Scan(into) }
	if err := ask("SELECT sqlite_version()", &i.Server); err != nil {
		return i, sqliteFault(file, err)
	}
	return i, i.lookInside(ask, "SELECT count(*) > 0 FROM sqlite_master WHERE name = 'key_check'")
}

func inspectPostgres(ctx context.Context, databaseURL string) (i Inspection, err error) {
	i.Dialect = Postgres
	if i.Known, err = newestKnown(Postgres); err != nil {
		return i, err
	}
	conn, err := connectPostgres(ctx, databaseURL, map[string]string{"application_name": applicationName + " doctor", "statement_timeout": "10s"})
	if err != nil {
		return i, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	ask := func(query string, into any) error { return conn.QueryRow(ctx, query).Scan(into) }
	if err := ask("SHOW server_version", &i.Server); err != nil {
		return i, unavailable("The database does not tell its version.", err)
	}
	var now time.Time
	asked := time.Now()
	if err := ask("SELECT clock_timestamp()", &now); err != nil {
		return i, unavailable("The database did not tell the time.", err)
	}
	// It told the time about half-way between question and answer.
	i.Skew = now.Sub(asked.Add(time.Since(asked) / 2))
	return i, i.lookInside(ask, "SELECT to_regclass('key_check') IS NOT NULL")
}

func (i *Inspection) lookInside(ask func(query string, into any) error, migrated string) error {
	var exists bool
	if err := ask(migrated, &exists); err != nil {
		return unavailable("The database cannot be read.", err)
	}
	if !exists {
		return nil
	}
	if err := ask("SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied", &i.Schema); err != nil {
		return unavailable("The database does not tell its version.", err)
	}
	if err := ask("SELECT (SELECT sealed FROM key_check WHERE id = 1)", &i.KeyCheck); err != nil {
		return unavailable("The database cannot be read.", err)
	}
	return nil
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

const (
	sqliteFile    = "fieldwarden.db"
	sqliteReaders = 4
)

// openSQLite opens one connection that writes, shared by Ent and the job engine,
// and a pool of connections that can only read. A single writer cannot collide
// with itself, and readers never wait for it (WAL).
func (s *Store) openSQLite(ctx context.Context, path string) error {
	file, err := sqlitePath(path)
	if err != nil {
		return err
	}
	if s.lock, err = acquireLock(file + ".lock"); err != nil {
		return err
	}
	if err := inspectSQLite(ctx, file); err != nil {
		return err
	}
	if err := s.migrateSQLite(ctx, file); err != nil {
		return sqliteFault(file, err)
	}
	if s.writer, err = sql.Open("sqlite", sqliteDSN(file, "_pragma=foreign_keys(1)", "_txlock=immediate")); err != nil {
		return unavailable("The SQLite file cannot be opened.", err)
	}
	s.writer.SetMaxOpenConns(1)
	if s.reader, err = sql.Open("sqlite", sqliteDSN(file, "_pragma=query_only(1)")); err != nil {
		return unavailable("The SQLite file cannot be opened.", err)
	}
	s.reader.SetMaxOpenConns(sqliteReaders)
	s.reader.SetMaxIdleConns(sqliteReaders)
	return nil
}

// migrateSQLite migrates through a connection of its own that does not enforce
// foreign keys: SQLite changes a table by making a new one and dropping the old,
// and the switch has no effect inside a migration's transaction. What was not
// enforced is checked afterwards.
func (s *Store) migrateSQLite(ctx context.Context, file string) (err error) {
	db, err := sql.Open("sqlite", sqliteDSN(file, "_txlock=immediate"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if err := s.migrate(ctx, db); err != nil {
		return err
	}
	var orphans int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM pragma_foreign_key_check").Scan(&orphans); err != nil {
		return err
	}
	if orphans > 0 {
		return corrupt(file, fmt.Errorf("%d rows refer to rows that do not exist", orphans))
	}
	return nil
}

// sqlitePath resolves the path of the URL to a file, and makes its folder and
// the file itself readable by nobody else: it holds customer data.
func sqlitePath(path string) (string, error) {
	path = strings.TrimPrefix(path, "//")
	if path == "" {
		return "", fault.New(fault.ConfigInvalid, "The database URL names no path.", fault.Hint("Set the database URL to sqlite:/path/to/folder."))
	}
	if filepath.Ext(path) != ".db" {
		path = filepath.Join(path, sqliteFile)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", unavailable("The database's path cannot be resolved.", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", folderFault(path, err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", folderFault(path, err)
	}
	return path, file.Close()
}

func folderFault(path string, err error) error {
	return fault.New(fault.DatabaseUnavailable, fmt.Sprintf("The database file %s cannot be opened for writing.", path), fault.Cause(err),
		fault.Hint("Check that the folder exists and that this user may write to it."))
}

// sqliteDSN writes the connection string. Times are stored as text in UTC, in
// the one format that also sorts; the integer formats break River.
func sqliteDSN(file string, extra ...string) string {
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + strings.Join(append([]string{
		"_pragma=busy_timeout(5000)", "_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)",
		"_time_format=sqlite", "_timezone=UTC",
	}, extra...), "&")
}

// inspectSQLite looks at a database through a connection that cannot change the
// file: is it whole, and is it not from a newer version? A new file passes.
func inspectSQLite(ctx context.Context, file string) (err error) {
	if info, err := os.Stat(file); err != nil || info.Size() == 0 {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return unavailable("The SQLite file cannot be opened.", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return sqliteFault(file, err)
	}
	if verdict != "ok" {
		return corrupt(file, errors.New(verdict))
	}
	if err := refuseFuture(ctx, db, SQLite); err != nil {
		return sqliteFault(file, err)
	}
	return nil
}

// sqliteFault gives an error of opening a code, unless it has one.
func sqliteFault(file string, err error) error {
	if _, ok := fault.From(err); ok {
		return err
	}
	var driverErr *sqlite.Error
	if errors.As(err, &driverErr) {
		switch driverErr.Code() & 0xff {
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return corrupt(file, err)
		}
	}
	return unavailable(fmt.Sprintf("The database %s cannot be opened.", file), err)
}

func corrupt(file string, cause error) error {
	return fault.New(fault.DatabaseCorrupt, fmt.Sprintf("The database %s is damaged or is no SQLite database. It was not changed.", file), fault.Cause(cause))
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// DumpInfo is what a dump says of itself. All of it belongs to one instant: the
// snapshot that the dump is of.
type DumpInfo struct {
	Dialect Dialect `json:"dialect"`
	// Schema is the newest of our migrations, JobSchema the job engine's.
	Schema    int64 `json:"schema"`
	JobSchema int64 `json:"jobSchema"`
	// KeyCheck is the canary that the encryption key sealed; nil in a database
	// that was never used with a key.
	KeyCheck []byte `json:"keyCheck,omitempty"`
	// Workspaces and Records are counted for the operator to see.
	Workspaces int64 `json:"workspaces"`
	Records    int64 `json:"records"`
	// Tables are in the order in which they can be loaded: what a foreign key
	// refers to comes first. PostgreSQL only.
	Tables    []DumpTable    `json:"tables,omitempty"`
	Sequences []DumpSequence `json:"sequences,omitempty"`
}

// DumpTable is one table of a PostgreSQL dump.
type DumpTable struct {
	// Jobs says that the table is in the job engine's schema, else it is in ours.
	Jobs    bool     `json:"jobs,omitempty"`
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	// Parts is how many files hold the rows; see partName.
	Parts int `json:"parts"`
}

// DumpSequence is where a sequence of the job engine stood; our own tables have none.
type DumpSequence struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

// DumpWriter takes the files of a dump, one after the other.
type DumpWriter interface {
	// WriteFile adds a file of exactly size bytes.
	WriteFile(name string, size int64, content io.Reader) error
}

// DumpReader gives the files of a dump back in the order in which they were written.
type DumpReader interface {
	// NextFile returns the next file, valid until the next call, and io.EOF after
	// the last one.
	NextFile() (name string, content io.Reader, err error)
}

// sqliteDump is the one file of a SQLite dump: a whole database.
const sqliteDump = "sqlite/fieldwarden.db"

// Dump writes a consistent copy of the open database while others go on reading
// and writing. Rows committed after it began are not in it.
func (s *Store) Dump(ctx context.Context, to DumpWriter) (DumpInfo, error) {
	return dump(ctx, s.config.URL, to)
}

// DumpStopped writes a copy of a database that no server has open. It changes
// nothing, and migrates nothing: it is what an operator runs before an upgrade. A
// SQLite database that another process holds is DATABASE_LOCKED.
func DumpStopped(ctx context.Context, databaseURL string, to DumpWriter) (info DumpInfo, err error) {
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		file, err := existingSQLite(path)
		if err != nil {
			return DumpInfo{}, err
		}
		lock, err := acquireLock(file + ".lock")
		if err != nil {
			return DumpInfo{}, err
		}
		defer func() { err = errors.Join(err, lock.release()) }()
		if err := inspectSQLite(ctx, file); err != nil {
			return DumpInfo{}, err
		}
	}
	return dump(ctx, databaseURL, to)
}

func dump(ctx context.Context, databaseURL string, to DumpWriter) (DumpInfo, error) {
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		file, err := existingSQLite(path)
		if err != nil {
			return DumpInfo{}, err
		}
		return dumpSQLite(ctx, file, to)
	}
	return dumpPostgres(ctx, databaseURL, to)
}

// existingSQLite finds the file of a database that must be there.
func existingSQLite(path string) (string, error) {
	file, err := sqliteFilePath(path)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(file); err != nil || info.Size() == 0 {
		return "", fault.New(fault.DatabaseUnavailable, fmt.Sprintf("There is no database at %s.", file), fault.Cause(err),
			fault.Hint("Check the database URL and the folder that the command is run in."))
	}
	return file, nil
}

// sqliteFilePath resolves the path of a database URL to its file and makes nothing.
func sqliteFilePath(path string) (string, error) {
	path = strings.TrimPrefix(path, "//")
	if path == "" {
		return "", fault.New(fault.ConfigInvalid, "The database URL names no path.", fault.Hint("Set the database URL to sqlite:/path/to/folder."))
	}
	if filepath.Ext(path) != ".db" {
		path = filepath.Join(path, sqliteFile)
	}
	file, err := filepath.Abs(path)
	if err != nil {
		return "", unavailable("The database's path cannot be resolved.", err)
	}
	return file, nil
}

// dumpSQLite copies the database by VACUUM INTO: one read transaction of a
// connection of its own. In WAL mode it waits for no writer and none waits for it.
func dumpSQLite(ctx context.Context, file string, to DumpWriter) (info DumpInfo, err error) {
	// Made before SQLite does, so that nobody else can read it. A copy that a killed
	// process left behind is removed by the next dump.
	if err := removeAll(file + ".dump-*"); err != nil {
		return info, err
	}
	target, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".dump-*")
	if err != nil {
		return info, unavailable("There is no room for a copy beside the database.", err)
	}
	defer func() { err = errors.Join(err, target.Close(), os.Remove(target.Name())) }()
	source, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return info, unavailable("The SQLite file cannot be opened.", err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	source.SetMaxOpenConns(1)
	if _, err := source.ExecContext(ctx, "VACUUM INTO ?", target.Name()); err != nil {
		return info, sqliteFault(file, err)
	}
	if info, err = describeSQLite(ctx, target.Name()); err != nil {
		return info, err
	}
	// SQLite wrote to the file by its name; this handle has it all the same.
	stat, err := target.Stat()
	if err != nil {
		return info, fmt.Errorf("store: dump: %w", err)
	}
	return info, to.WriteFile(sqliteDump, stat.Size(), io.NewSectionReader(target, 0, stat.Size()))
}

func removeAll(pattern string) error {
	found, err := filepath.Glob(pattern)
	if err != nil {
		return fmt.Errorf("store: dump: %w", err)
	}
	var failures []error
	for _, file := range found {
		failures = append(failures, os.Remove(file))
	}
	return errors.Join(failures...)
}

// describeSQLite reads what a dump says of itself from a copy.
func describeSQLite(ctx context.Context, file string) (info DumpInfo, err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?mode=ro")
	if err != nil {
		return info, unavailable("The copy cannot be opened.", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	info = DumpInfo{Dialect: SQLite}
	return info, describe(ctx, func(query string, into any) error { return db.QueryRowContext(ctx, query).Scan(into) }, &info, "river_migration")
}

// describe fills in what both databases answer by the same statements.
func describe(_ context.Context, ask func(query string, into any) error, info *DumpInfo, jobMigrations string) error {
	for _, question := range []struct {
		query string
		into  any
	}{
		{"SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied", &info.Schema},
		{"SELECT coalesce(max(version), 0) FROM " + jobMigrations, &info.JobSchema},
		{"SELECT count(*) FROM workspaces", &info.Workspaces},
		{"SELECT count(*) FROM records", &info.Records},
		{"SELECT (SELECT sealed FROM key_check WHERE id = 1)", &info.KeyCheck},
	} {
		if err := ask(question.query, question.into); err != nil {
			return fmt.Errorf("store: dump: %w", err)
		}
	}
	known, err := newestKnown(info.Dialect)
	if err != nil {
		return err
	}
	if info.Schema > known {
		return future(info.Schema, known)
	}
	return nil
}

func future(found, known int64) error {
	return fault.New(fault.DatabaseFuture, fmt.Sprintf("The database has version %d; this program knows versions up to %d.", found, known))
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jonboulle/clockwork"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/principal"
)

// RestoreConfig says where a dump goes.
type RestoreConfig struct {
	// URL is the database, as in Config.
	URL string
	// Replace discards what is in the database; else a database that holds a
	// workspace is refused.
	Replace bool
	// MadeAt is when the dump was made; the audit tells it.
	MadeAt time.Time
	// Logger may be nil.
	Logger *slog.Logger
}

// ActionRestore is the action of the audit entry that a restore leaves in every
// workspace: what is there now is of an earlier day, what came after is gone.
const ActionRestore = "operator.restore"

// restoreNoteTime bounds the transaction that leaves these entries, thousands maybe.
const restoreNoteTime = time.Minute

// Restore puts a dump into a database that no server uses, migrates it to this version,
// and leaves an audit entry in each of its workspaces (ActionRestore). It does all or
// nothing: what it loads lies aside until it is whole, and takes its place in one step.
//
// It refuses, as a *fault.Error and before it changes anything, a dump of the other
// kind of database and a database that is not empty (BACKUP_FOREIGN), a dump or a
// database of a newer version (DATABASE_FUTURE), one that a server uses
// (DATABASE_LOCKED), and files that are not those that info tells of
// (BACKUP_INVALID).
func Restore(ctx context.Context, c RestoreConfig, info DumpInfo, from DumpReader) error {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	path, sqlite := strings.CutPrefix(c.URL, "sqlite:")
	target := Postgres
	if sqlite {
		target = SQLite
	}
	if info.Dialect != target {
		return fault.New(fault.BackupForeign, fmt.Sprintf("The backup is of a %s database; the configured one is %s.", info.Dialect, target),
			fault.Hint("Restore it into a %s database. A backup does not move between the two kinds.", info.Dialect))
	}
	known, err := newestKnown(target)
	if err != nil {
		return err
	}
	if info.Schema > known {
		return fault.New(fault.DatabaseFuture, fmt.Sprintf("The backup has version %d; this program knows versions up to %d.", info.Schema, known),
			fault.Hint("Restore it with the version of Fieldwarden that made it, or a newer one."))
	}
	if sqlite {
		return restoreSQLite(ctx, c, path, info, from)
	}
	return restorePostgres(ctx, c, info, from)
}

// notEmpty is the refusal of a database that holds something.
func notEmpty() error {
	return fault.New(fault.BackupForeign, "The database is not empty; a restore would discard what is in it.",
		fault.Hint("Restore into an empty database, or say --replace=discard to discard the present one."))
}

func brokenDump(message string, cause error) error {
	return fault.New(fault.BackupInvalid, message, fault.Cause(cause))
}

// nextFile returns the next file of a dump, which must have this name.
func nextFile(from DumpReader, want string) (io.Reader, error) {
	name, content, err := from.NextFile()
	if errors.Is(err, io.EOF) {
		return nil, brokenDump(fmt.Sprintf("The backup ends before %s.", want), nil)
	}
	if err != nil {
		return nil, err
	}
	if name != want {
		return nil, brokenDump(fmt.Sprintf("The backup has %s where %s belongs.", name, want), nil)
	}
	return content, nil
}

// restoreSQLite makes the new database beside the present one, and renames it into
// its place once it is whole and migrated.
func restoreSQLite(ctx context.Context, c RestoreConfig, path string, info DumpInfo, from DumpReader) (err error) {
	file, err := sqliteFilePath(path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return folderFault(file, err)
	}
	lock, err := acquireLock(file + ".lock")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	if err := mayReplaceSQLite(ctx, file, c.Replace); err != nil {
		return err
	}
	if err := removeAll(file + ".restore-*"); err != nil {
		return err
	}
	fresh, err := loadSQLite(ctx, file, from)
	if err != nil {
		return err
	}
	defer os.Remove(fresh) // it has another name when all went well
	s := &Store{dialect: SQLite, log: c.Logger}
	if err := s.migrateSQLite(ctx, fresh); err != nil {
		return sqliteFault(fresh, err)
	}
	db, err := sql.Open("sqlite", sqliteDSN(fresh, "_pragma=foreign_keys(1)", "_txlock=immediate"))
	if err != nil {
		return sqliteFault(fresh, err)
	}
	// Closed, the write-ahead log is in the file.
	if err := errors.Join(noteRestore(ctx, c, info, db), db.Close()); err != nil {
		return sqliteFault(fresh, err)
	}
	return swapSQLite(ctx, fresh, file)
}

// noteRestore leaves an audit entry in every workspace of a restored database that has
// not yet taken its place.
func noteRestore(ctx context.Context, c RestoreConfig, info DumpInfo, db *sql.DB) error {
	s := &Store{dialect: info.Dialect, writer: db, log: c.Logger, clock: clockwork.NewRealClock(), config: Config{TxTimeout: restoreNoteTime}}
	item := AuditItem{Action: ActionRestore, Outcome: crm.AuditSucceeded, After: map[string]any{
		"backupMadeAt": c.MadeAt.UTC().Format(time.RFC3339), "backupVersion": info.Schema,
	}}
	return s.WithTx(ctx, func(ctx context.Context, tx *Tx) error {
		ids, err := tx.Ent().Workspace.Query().IDs(principal.AllWorkspaces(ctx, "restore"))
		if err != nil {
			return fmt.Errorf("store: restore: listing workspaces: %w", err)
		}
		for _, id := range ids {
			if err := tx.Audit(principal.System(ctx, id, "restore"), item); err != nil {
				return fmt.Errorf("store: restore: audit: %w", err)
			}
		}
		return nil
	})
}

// loadSQLite copies the dump's file beside the database and looks whether it is whole.
func loadSQLite(ctx context.Context, file string, from DumpReader) (fresh string, err error) {
	content, err := nextFile(from, sqliteDump)
	if err != nil {
		return "", err
	}
	out, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".restore-*")
	if err != nil {
		return "", folderFault(file, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(out.Name()))
		}
	}()
	if _, err := io.Copy(out, content); err != nil {
		return "", errors.Join(fmt.Errorf("store: restore: %w", err), out.Close())
	}
	if err := errors.Join(out.Sync(), out.Close()); err != nil {
		return "", fmt.Errorf("store: restore: %w", err)
	}
	err = inspectSQLite(ctx, out.Name())
	if fault.Is(err, fault.DatabaseCorrupt) {
		err = brokenDump("The database in the backup is damaged.", err)
	}
	return out.Name(), err
}

// mayReplaceSQLite refuses to replace a database that holds something, unless that
// is what the operator wants. A damaged one counts as full.
func mayReplaceSQLite(ctx context.Context, file string, replace bool) (err error) {
	info, err := os.Stat(file)
	if errors.Is(err, os.ErrNotExist) || (err == nil && info.Size() == 0) {
		return nil
	}
	if err != nil {
		return folderFault(file, err)
	}
	if err := inspectSQLite(ctx, file); fault.Is(err, fault.DatabaseFuture) || (err != nil && !replace) {
		return err
	}
	if replace {
		return nil
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return unavailable("The SQLite file cannot be opened.", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var tables, full int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name = 'workspaces'").Scan(&tables); err != nil {
		return sqliteFault(file, err)
	}
	if tables == 0 {
		return nil
	}
	if err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM workspaces)").Scan(&full); err != nil {
		return sqliteFault(file, err)
	}
	if full != 0 {
		return notEmpty()
	}
	return nil
}

// swapSQLite puts the fresh database in the place of the present one. The present
// one's write-ahead log must be gone first: SQLite would apply it to the fresh one.
func swapSQLite(ctx context.Context, fresh, file string) error {
	if info, err := os.Stat(file); err == nil && info.Size() > 0 {
		// What the log holds goes into the old file, so that a crash between here and
		// the renaming leaves the old database whole. A damaged one cannot do that.
		if db, err := sql.Open("sqlite", sqliteDSN(file)); err == nil {
			_, _ = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
			_ = db.Close()
		}
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		for _, path := range []string{file + suffix, fresh + suffix} {
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				return folderFault(file, err)
			}
		}
	}
	if err := os.Rename(fresh, file); err != nil {
		return folderFault(file, err)
	}
	folder, err := os.Open(filepath.Dir(file))
	if err != nil {
		return folderFault(file, err)
	}
	return errors.Join(folder.Sync(), folder.Close())
}

package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/secret"
	"github.com/fieldwarden/fieldwarden/internal/store"
)

// Save makes a file of what write writes, and reads it back whole before it gives
// the file its name: there is never half a backup under that name. Only its owner
// can read it (0600). An existing file is never replaced.
func Save(path string, write func(io.Writer) error) (m Manifest, err error) {
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return m, fault.New(fault.BadInput, fmt.Sprintf("There is a file at %s already.", path), fault.Cause(err),
			fault.Hint("Name a new file; a backup never replaces one."))
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return m, fault.New(fault.BadInput, fmt.Sprintf("No file can be written in %s.", filepath.Dir(path)), fault.Cause(err),
			fault.Hint("Check that the folder exists and that this user may write to it."))
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	if err := write(file); err != nil {
		return m, err
	}
	if err := file.Sync(); err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	if m, err = Verify(file); err != nil {
		return m, err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return m, fmt.Errorf("backup: naming the file: %w", err)
	}
	return m, nil
}

// Options of Restore.
type Options struct {
	store.RestoreConfig
	// Box must open what the archive's database has sealed.
	Box *secret.Box
}

// Restore verifies an archive and puts it into a database. See store.Restore for
// what it refuses; a key that is not the archive's is BACKUP_FOREIGN.
func Restore(ctx context.Context, path string, o Options) (m Manifest, err error) {
	file, err := os.Open(path)
	if err != nil {
		return m, fault.New(fault.BackupInvalid, fmt.Sprintf("The backup %s cannot be read.", path), fault.Cause(err))
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if m, err = Verify(file); err != nil {
		return m, err
	}
	if check := m.Database.KeyCheck; check != nil {
		if err := o.Box.Proves(check); err != nil {
			return m, fault.New(fault.BackupForeign, "The backup was made with another encryption key than the configured one.", fault.Cause(err),
				fault.Hint("Configure the key of the day of the backup. Keys are never in a backup."))
		}
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	opened, err := open(file)
	if err != nil {
		return m, err
	}
	o.MadeAt = m.CreatedAt
	return m, store.Restore(ctx, o.RestoreConfig, m.Database, opened)
}

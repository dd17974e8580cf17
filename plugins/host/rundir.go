package host

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	runPrefix = "fw-"
	lockName  = "lock"
	// maxRunDir leaves room below the 104 or 108 bytes of a socket address for
	// what go-plugin adds: "/plugin-dir4294967295/plugin4294967295".
	maxRunDir = 60
)

// runDir is the folder of one host's sockets and temporary files. Its lock is
// held as long as the host lives, so another host can tell a folder in use from
// one that a kill left behind.
type runDir struct {
	path string
	lock *os.File
}

// newRunDir makes the run folder: below workDir if socket addresses fit, else in
// the system's folder for temporary files.
func newRunDir(workDir string) (*runDir, error) {
	base := runBase(workDir)
	if err := os.MkdirAll(base, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder for sockets: %w", err)
	}
	var random [6]byte
	_, _ = rand.Read(random[:]) // never fails
	id := hex.EncodeToString(random[:])
	// Under its final name the folder is locked from its first moment on.
	hidden := filepath.Join(base, "."+runPrefix+id)
	if err := os.Mkdir(hidden, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder for sockets: %w", err)
	}
	lock, ok := tryLock(filepath.Join(hidden, lockName))
	if !ok {
		return nil, fmt.Errorf("locking the folder for sockets %s", hidden)
	}
	path := filepath.Join(base, runPrefix+id)
	if err := os.Rename(hidden, path); err != nil {
		return nil, errors.Join(fmt.Errorf("making the folder for sockets: %w", err), lock.Close())
	}
	return &runDir{path: path, lock: lock}, nil
}

func runBase(workDir string) string {
	base := filepath.Join(workDir, "run")
	if len(base)+len("/"+runPrefix)+12 <= maxRunDir {
		return base
	}
	if temporary := os.TempDir(); len(temporary)+len("/"+runPrefix)+12 <= maxRunDir {
		return temporary
	}
	return "/tmp"
}

// id marks the processes of this host.
func (d *runDir) id() string { return filepath.Base(d.path) }

func (d *runDir) close() error { return errors.Join(os.RemoveAll(d.path), d.lock.Close()) }

// sweep removes what hosts that are gone have left behind: their processes, if
// any outlived them, and their sockets.
func (d *runDir) sweep(logger *slog.Logger) {
	folders, _ := filepath.Glob(filepath.Join(filepath.Dir(d.path), runPrefix+"*")) // the pattern is well-formed
	for _, folder := range folders {
		info, err := os.Lstat(folder)
		if folder == d.path || err != nil || !info.IsDir() || !ownedByUs(info) {
			continue
		}
		lock, ok := tryLock(filepath.Join(folder, lockName))
		if !ok {
			continue // its host lives
		}
		killed := killMarked(filepath.Base(folder) + ".")
		err = errors.Join(os.RemoveAll(folder), lock.Close())
		logger.Info("swept what an earlier server left behind", "folder", folder, "processes", killed, "error", err)
	}
}

func ownedByUs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// tryLock takes the lock file's lock unless a living process holds it.
func tryLock(path string) (*os.File, bool) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, false
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, false
	}
	return file, true
}

package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/fieldwarden/fieldwarden/internal/fault"
)

// fileLock keeps a second process off a SQLite database. The kernel gives it
// back when the process ends, however it ends.
type fileLock struct{ file *os.File }

// acquireLock takes the lock file, or says which process holds it.
func acquireLock(path string) (*fileLock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, folderFault(path, err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder := lockHolder(file)
		closeErr := file.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(unavailable("The lock file beside the database cannot be locked.", err), closeErr)
		}
		return nil, fault.New(fault.DatabaseLocked, fmt.Sprintf("Another Fieldwarden process%s uses this database.", holder), fault.Cause(closeErr),
			fault.Hint("Stop the other process, or give this one another data folder. Command-line tools talk to the running server instead."))
	}
	// The process id is for the message only; the lock is the kernel's.
	if err := errors.Join(file.Truncate(0), writeHolder(file)); err != nil {
		return nil, errors.Join(unavailable("The lock file beside the database cannot be written.", err), file.Close())
	}
	return &fileLock{file: file}, nil
}

func writeHolder(file *os.File) error {
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	return err
}

func lockHolder(file *os.File) string {
	content, err := io.ReadAll(io.LimitReader(file, 20))
	pid, convErr := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil || convErr != nil {
		return ""
	}
	return fmt.Sprintf(" (%d)", pid)
}

// release gives the lock back. The file stays: removing it could let two
// processes lock two files of the same name.
func (l *fileLock) release() error { return l.file.Close() }
